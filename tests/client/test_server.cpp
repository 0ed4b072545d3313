#include "tests/client/test_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

namespace satchel::client::testing_support {
namespace {

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

int bound_socket(int& port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    bind(socket, reinterpret_cast<sockaddr*>(&address), size);
    getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    return socket;
}

std::size_t content_length(const std::string& head) {
    const auto at = head.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
}

}  // namespace

Connection::Connection(TestServer& server, int socket, SSL* tls)
    : server_(server), socket_(socket), tls_(tls) {}

std::size_t Connection::read_some(char* into, std::size_t size) {
    if (tls_ != nullptr) {
        const int got = SSL_read(tls_, into, static_cast<int>(size));
        return got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    const ssize_t got = recv(socket_, into, size, 0);
    return got > 0 ? static_cast<std::size_t>(got) : 0;
}

std::string Connection::read_request() {
    std::array<char, 16384> buffer{};
    while (true) {
        const auto end = read_.find("\r\n\r\n");
        if (end != std::string::npos) {
            const std::size_t whole = end + 4 + content_length(read_.substr(0, end));
            if (read_.size() >= whole) {
                std::string request = read_.substr(0, whole);
                read_.erase(0, whole);
                return request;
            }
        }
        const std::size_t got = read_some(buffer.data(), buffer.size());
        if (got == 0) return {};
        read_.append(buffer.data(), got);
    }
}

void Connection::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = tls_ != nullptr
                                 ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                 : send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void Connection::wait_for_close() {
    std::array<char, 4096> buffer{};
    while (read_some(buffer.data(), buffer.size()) > 0) {
    }
}

bool Connection::pause(std::chrono::milliseconds time) {
    std::unique_lock lock(server_.mutex_);
    return !server_.ending_.wait_for(lock, time, [&] { return server_.ends_; });
}

void Connection::reset() {
    const linger now{1, 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

TestServer::TestServer(Script script, SSL_CTX* tls) : script_(std::move(script)), tls_(tls) {
    signal(SIGPIPE, SIG_IGN);  // OpenSSL's writes of this side
    listener_ = bound_socket(port_);
    listen(listener_, 64);
    acceptor_ = std::thread([this] { accept_all(); });
}

TestServer::~TestServer() {
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
        for (const int socket : sockets_)
            shutdown(socket, SHUT_RDWR);
    }
    ending_.notify_all();
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (std::thread& thread : threads_)
        thread.join();
    close(listener_);
}

std::string TestServer::url(std::string_view path) const {
    return std::string(tls_ == nullptr ? "http" : "https") +
           "://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

void TestServer::accept_all() {
    while (true) {
        const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) return;
        const std::lock_guard lock(mutex_);
        if (ends_) {
            close(socket);
            return;
        }
        sockets_.push_back(socket);
        threads_.emplace_back([this, socket, number = accepted_++] { serve(socket, number); });
    }
}

void TestServer::serve(int socket, int number) {
    SSL* tls = nullptr;
    if (tls_ != nullptr) {
        tls = SSL_new(tls_);
        SSL_set_fd(tls, socket);
    }
    if (tls == nullptr || SSL_accept(tls) == 1) {
        Connection connection(*this, socket, tls);
        connection.number_ = number;
        script_(connection);
    }
    SSL_free(tls);
    const std::lock_guard lock(mutex_);
    std::erase(sockets_, socket);
    close(socket);
}

DeafPort::DeafPort() {
    listener_ = bound_socket(port_);
    listen(listener_, 0);
    // Once the queue is full the kernel leaves further ones without an answer.
    for (int i = 0; i < 4; ++i) {
        const int filler = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const sockaddr_in address = loopback(port_);
        (void)connect(filler, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        fillers_.push_back(filler);
    }
}

DeafPort::~DeafPort() {
    for (const int filler : fillers_)
        close(filler);
    close(listener_);
}

int closed_port() {
    int port = 0;
    close(bound_socket(port));
    return port;
}

std::string reply(int status, std::string_view body, std::string_view headers) {
    std::string text = "HTTP/1.1 " + std::to_string(status) + " X\r\nSatchel-Server: 0.1.0\r\n";
    text += headers;
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    return text + std::string(body);
}

}  // namespace satchel::client::testing_support
