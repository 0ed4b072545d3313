// TestServer: an HTTP server on 127.0.0.1 that does what a script says, down to the last byte: for
// everything that a well-behaved server never does.
//
//     TestServer server([](Connection& connection) {
//         connection.read_request();
//         connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
//     });                                       // the connection closes when the script returns
//
// Threads: one per connection; the destructor ends them all, whatever they wait for.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace satchel::client::testing_support {

class TestServer;

class Connection {
  public:
    Connection(TestServer& server, int socket, SSL* tls);

    // Head and body (by Content-Length) of the next request; "" when the peer has gone.
    std::string read_request();
    void write(std::string_view bytes);
    // Until the peer closes, or the server ends.
    void wait_for_close();
    // False: the server ends.
    bool pause(std::chrono::milliseconds time);
    // The next close is a reset.
    void reset();
    // Which connection of this server it is, from 0.
    int number() const { return number_; }

  private:
    friend class TestServer;
    std::size_t read_some(char* into, std::size_t size);

    TestServer& server_;
    int socket_;
    SSL* tls_;
    int number_ = 0;
    std::string read_;
};

class TestServer {
  public:
    using Script = std::function<void(Connection&)>;

    // `tls`: a context with certificate and key; it must outlive the server.
    explicit TestServer(Script script, SSL_CTX* tls = nullptr);
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;
    ~TestServer();

    int port() const { return port_; }
    std::string url(std::string_view path = "") const;
    int connections() const { return accepted_; }

  private:
    friend class Connection;
    void accept_all();
    void serve(int socket, int number);

    Script script_;
    SSL_CTX* tls_;
    int listener_ = -1;
    int port_ = 0;
    std::atomic<int> accepted_{0};
    std::mutex mutex_;
    std::condition_variable ending_;
    bool ends_ = false;
    std::vector<int> sockets_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

// A port of this machine where a connection is neither taken nor refused.
class DeafPort {
  public:
    DeafPort();
    DeafPort(const DeafPort&) = delete;
    DeafPort& operator=(const DeafPort&) = delete;
    ~DeafPort();
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

  private:
    int listener_ = -1;
    int port_ = 0;
    std::vector<int> fillers_;
};

// A port of this machine where nobody listens.
int closed_port();

// A reply as our server gives it.
std::string reply(int status, std::string_view body, std::string_view headers = "");

}  // namespace satchel::client::testing_support
