// HtmlServer: what answers in a hotel before one has signed in: a page of HTML with status 200,
// whatever is asked.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

namespace satchel::cli {

class HtmlServer {
  public:
    HtmlServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size);
        ::listen(socket_, 8);
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
        url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
        thread_ = std::thread([this] { serve(); });
    }
    HtmlServer(const HtmlServer&) = delete;
    HtmlServer& operator=(const HtmlServer&) = delete;
    ~HtmlServer() {
        ::shutdown(socket_, SHUT_RDWR);
        thread_.join();
        ::close(socket_);
    }

    const std::string& url() const { return url_; }

  private:
    void serve() {
        while (true) {
            const int connection = ::accept(socket_, nullptr, nullptr);
            if (connection < 0) return;
            char request[4096];
            [[maybe_unused]] const ssize_t got = ::read(connection, request, sizeof request);
            const std::string page = "<html><body>Welcome. Please sign in.</body></html>";
            const std::string reply =
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: " +
                std::to_string(page.size()) + "\r\nConnection: close\r\n\r\n" + page;
            [[maybe_unused]] const ssize_t sent = ::write(connection, reply.data(), reply.size());
            ::close(connection);
        }
    }

    int socket_;
    std::string url_;
    std::thread thread_;
};

}  // namespace satchel::cli
