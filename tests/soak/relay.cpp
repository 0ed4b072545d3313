#include "tests/soak/relay.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace satchel::soak {
namespace {

constexpr int kTickMs = 5;
constexpr std::size_t kBufferBytes = 64U << 10;
constexpr std::size_t kDribbleBytes = 40;  // per tick and direction: 8 KB a second
constexpr std::uint64_t kNoCut = std::numeric_limits<std::uint64_t>::max();

constexpr std::string_view kPortalPage =
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 31\r\nConnection: close\r\n\r\n"
    "<html>Welcome, log in!</html>\r\n";

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int connect_to(int port) {
    const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    if (::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(made);
        return -1;
    }
    ::fcntl(made, F_SETFL, O_NONBLOCK);
    return made;
}

void close_socket(int& socket, bool reset) {
    if (socket < 0) return;
    const linger now{1, 0};
    if (reset) ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(socket);
    socket = -1;
}

bool would_block(ssize_t result) {
    return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

// One direction of a connection.
struct Flow {
    std::string waiting;  // read and not yet written
    bool ended = false;   // the sender has ended

    // How many bytes were written; -1: the connection is over.
    ssize_t move(int from, int to, std::size_t at_most) {
        char buffer[kBufferBytes];
        if (waiting.empty() && !ended) {
            const ssize_t got = ::recv(from, buffer, std::min(at_most, sizeof buffer), 0);
            if (got == 0) ended = true;
            if (got < 0 && !would_block(got)) return -1;
            if (got > 0) waiting.assign(buffer, static_cast<std::size_t>(got));
        }
        if (waiting.empty()) return ended ? -1 : 0;
        const ssize_t sent =
            ::send(to, waiting.data(), std::min(at_most, waiting.size()), MSG_NOSIGNAL);
        if (sent < 0) return would_block(sent) ? 0 : -1;
        waiting.erase(0, static_cast<std::size_t>(sent));
        return sent;
    }
};

}  // namespace

struct Relay::Pair {
    int device = -1;
    int server = -1;
    Flow up, down;

    void close(bool reset) {
        close_socket(device, reset);
        close_socket(server, reset);
    }
};

struct Relay::Line {
    int listener = -1;
    int port = 0;
    LineMode mode = LineMode::pass;
    std::uint64_t cut_in = kNoCut;
    std::vector<Pair> pairs;
    LineFigures figures;
};

Relay::Relay() = default;

Relay::~Relay() {
    ends_ = true;
    if (thread_.joinable()) thread_.join();
    for (const auto& line : lines_) {
        for (Pair& pair : line->pairs)
            pair.close(false);
        ::close(line->listener);
    }
}

std::size_t Relay::add_line() {
    auto line = std::make_unique<Line>();
    line->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(line->listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(line->listener, 64) != 0 ||
        ::getsockname(line->listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        fail("the relay cannot listen");
    line->port = ntohs(address.sin_port);
    lines_.push_back(std::move(line));
    return lines_.size() - 1;
}

int Relay::port(std::size_t line) const {
    return lines_[line]->port;
}

void Relay::serve(int server_port) {
    server_port_ = server_port;
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void Relay::set(std::size_t line, LineMode mode) {
    const std::lock_guard lock(mutex_);
    lines_[line]->mode = mode;
    for (Pair& pair : lines_[line]->pairs) {
        if (mode == LineMode::half_open) close_socket(pair.server, false);
        if (mode == LineMode::refuse || mode == LineMode::portal) pair.close(false);
        // Nobody would ever answer on a connection that was half open.
        if (mode == LineMode::pass && pair.server < 0) pair.close(true);
    }
}

void Relay::cut(std::size_t line) {
    const std::lock_guard lock(mutex_);
    for (Pair& pair : lines_[line]->pairs)
        pair.close(true);
}

void Relay::cut_after(std::size_t line, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    lines_[line]->cut_in = bytes;
}

LineFigures Relay::figures(std::size_t line) const {
    const std::lock_guard lock(mutex_);
    return lines_[line]->figures;
}

void Relay::accept(Line& line) {
    while (true) {
        const int device = ::accept4(line.listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (device < 0) return;
        ++line.figures.connections;
        Pair pair;
        pair.device = device;
        if (line.mode == LineMode::pass || line.mode == LineMode::dribble ||
            line.mode == LineMode::stall)
            pair.server = connect_to(server_port_);
        const bool serves_itself =
            line.mode == LineMode::half_open || line.mode == LineMode::portal;
        if (pair.server < 0 && !serves_itself) pair.close(true);
        if (pair.device >= 0) line.pairs.push_back(std::move(pair));
    }
}

void Relay::answer_as_portal(Pair& pair) {
    char buffer[kBufferBytes];
    const ssize_t got = ::recv(pair.device, buffer, sizeof buffer, 0);
    if (would_block(got)) return;
    if (got > 0) ::send(pair.device, kPortalPage.data(), kPortalPage.size(), MSG_NOSIGNAL);
    close_socket(pair.device, false);
}

void Relay::move(Line& line, Pair& pair) {
    if (line.mode == LineMode::stall) return;
    if (line.mode == LineMode::portal) return answer_as_portal(pair);
    if (pair.server < 0) {  // half open
        char buffer[kBufferBytes];
        const ssize_t got = ::recv(pair.device, buffer, sizeof buffer, 0);
        if (got <= 0 && !would_block(got)) pair.close(false);
        return;
    }
    const std::size_t at_most = line.mode == LineMode::dribble ? kDribbleBytes : kBufferBytes;
    const ssize_t up = pair.up.move(pair.device, pair.server, at_most);
    if (up > 0) line.figures.up_bytes += static_cast<std::uint64_t>(up);
    const std::size_t until_cut =
        static_cast<std::size_t>(std::min<std::uint64_t>(line.cut_in, kBufferBytes));
    const ssize_t down =
        up < 0 ? -1 : pair.down.move(pair.server, pair.device, std::min(at_most, until_cut));
    if (up < 0 || down < 0) return pair.close(false);
    line.figures.down_bytes += static_cast<std::uint64_t>(down);
    if (line.cut_in == kNoCut || down == 0) return;
    line.cut_in -= static_cast<std::uint64_t>(down);
    if (line.cut_in > 0) return;
    line.cut_in = kNoCut;
    ++line.figures.cut_in_answer;
    pair.close(true);
}

void Relay::run() {
    std::vector<pollfd> watched;
    while (!ends_) {
        watched.clear();
        bool mistreats = false;
        {
            const std::lock_guard lock(mutex_);
            for (const auto& line : lines_) {
                accept(*line);
                for (Pair& pair : line->pairs)
                    move(*line, pair);
                std::erase_if(line->pairs, [](const Pair& pair) { return pair.device < 0; });
                watched.push_back({line->listener, POLLIN, 0});
                mistreats = mistreats || line->mode != LineMode::pass;
                if (line->mode != LineMode::pass) continue;
                for (const Pair& pair : line->pairs)
                    for (const int socket : {pair.device, pair.server})
                        watched.push_back({socket, POLLIN, 0});
            }
        }
        ::poll(watched.data(), watched.size(), kTickMs);
        // A line that is slow moves a little per tick, however often the others wake us.
        if (mistreats) ::usleep(1'000);
    }
}

}  // namespace satchel::soak
