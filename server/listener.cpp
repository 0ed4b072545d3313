#include "server/listener.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace satchel::server {
namespace {

constexpr int kBacklog = 1024;  // a whole fleet reconnects at once after an outage

struct FreeAddresses {
    void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Error bad_form(std::string_view text) {
    return {ErrorCode::invalid_argument, "'" + std::string(text) +
                                             "' is not an address to listen on; give HOST:PORT, "
                                             "such as 127.0.0.1:8080 or [::]:443"};
}

Result<Addresses> resolve(const ListenAddress& address) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    const int code =
        getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
    if (code == 0) return Addresses(found);
    return Error{ErrorCode::invalid_argument, "cannot listen on '" + address.host +
                                                  "': " + gai_strerror(code) +
                                                  "; give an address of this machine"};
}

Error listen_error(const ListenAddress& address, int error_number) {
    const std::string where = "cannot listen on " + address.text() + ": ";
    switch (error_number) {
        case EADDRINUSE:
            return {ErrorCode::busy,
                    where + "the port is taken; stop the other program, or choose another port"};
        case EACCES:
            return {ErrorCode::read_only, where +
                                              "this user may not use ports below 1024; choose a "
                                              "higher one, or give the right (see operations.md)"};
        case EADDRNOTAVAIL:
            return {ErrorCode::invalid_argument,
                    where + "this machine has no such address; 0.0.0.0 stands for all it has"};
        default:
            return {ErrorCode::io, where + std::strerror(error_number)};
    }
}

std::uint16_t bound_port(int socket) {
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return 0;
    if (bound.ss_family == AF_INET6)
        return ntohs(reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port);
    return ntohs(reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
}

}  // namespace

Result<ListenAddress> ListenAddress::parse(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return bad_form(text);
    ListenAddress address;
    std::string_view host = text.substr(0, colon);
    if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    address.host = host;
    const std::string_view port = text.substr(colon + 1);
    const auto [end, failure] =
        std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (failure != std::errc{} || end != port.data() + port.size()) return bad_form(text);
    return address;
}

std::string ListenAddress::text() const {
    const bool brackets = host.find(':') != std::string::npos;
    return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Listener> listen_on(const ListenAddress& address) {
    SATCHEL_ASSIGN(const Addresses found, resolve(address));
    const int type = found->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK;
    const int made = socket(found->ai_family, type, found->ai_protocol);
    if (made < 0) return listen_error(address, errno);
    const int on = 1;
    setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(made, found->ai_addr, found->ai_addrlen) == 0 && listen(made, kBacklog) == 0)
        return Listener{made, bound_port(made)};
    const int error_number = errno;
    close(made);
    return listen_error(address, error_number);
}

}  // namespace satchel::server
