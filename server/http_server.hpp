// HttpServer: HTTP/1.1 over libmicrohttpd, and the only file that knows it. It moves bytes and
// keeps time; what a path means, who may ask and what is answered is the HttpHandler's.
//
//     SATCHEL_ASSIGN(auto http, HttpServer::start(options, handler));
//     print(http->port());
//     …
//     http->stop_accepting();   // then the handler answers what waits
//     http->stop();
//
// A request costs no thread while it is answered: the handler keeps the Exchange and replies when
// it can. A client that dribbles its head or body, or reads its reply too slowly, is cut off.
//
// Threads: HttpServer one at a time; the handler is called on the one I/O thread and must not
// block; Exchange::reply() from any thread. Errors: only start() fails.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/listener.hpp"
#include "sync/result.hpp"

namespace satchel::server {

struct HttpRequest {
    std::string method;
    std::string path;                          // decoded, without the query
    std::map<std::string, std::string> query;  // decoded; of a repeated name the last
    std::string authorization;                 // header fields; "" = not given
    std::string content_type;
    std::string peer;  // address of the other end, without the port
    std::optional<std::uint64_t> content_length;
    std::string body;  // empty in admit()
};

struct HttpReply {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
};

// What the handler says about a request whose head has come.
struct Admission {
    std::size_t max_body_bytes = 0;    // a longer body gives refuse(413)
    std::optional<HttpReply> refusal;  // given: the body is discarded and this is the answer
};

// One complete request and the one reply it gets.
class Exchange {
  public:
    virtual ~Exchange() = default;
    virtual const HttpRequest& request() const = 0;
    // The first call counts, later ones do nothing. Also after the client or the server has gone.
    virtual void reply(HttpReply reply) = 0;
};
using ExchangePointer = std::shared_ptr<Exchange>;

class HttpHandler {
  public:
    virtual ~HttpHandler() = default;
    virtual Admission admit(const HttpRequest& head) = 0;
    // Must see to it that exchange->reply() is called some time, from any thread.
    virtual void handle(ExchangePointer exchange) = 0;
    // What the adapter itself answers: 413 body too large, 503 no memory for it or shutting down.
    virtual HttpReply refuse(int status) = 0;
};

struct HttpOptions {
    ListenAddress address{"127.0.0.1", 0};  // port 0: any free one
    std::string certificate_pem;            // with its chain; empty: no TLS
    std::string key_pem;
    std::vector<std::pair<std::string, std::string>> headers;  // of every reply

    unsigned max_connections = 4'500;            // each keeps twice a head while it waits
    unsigned max_connections_per_address = 512;  // an office behind one address
    std::size_t max_head_bytes = 8U << 10;
    std::size_t max_discarded_bytes = 4U << 20;    // of a refused body; a longer one is cut off
    std::size_t max_buffered_bytes = 256U << 20;   // bodies of all requests together
    std::chrono::milliseconds head_time{20'000};   // from connecting to the end of the head
    std::chrono::milliseconds idle_time{75'000};   // from a reply to the next request's head
    std::chrono::milliseconds body_time{30'000};   // … plus bytes at the slowest rate
    std::size_t slowest_bytes_per_second = 1'024;  // a bad mobile network does better
};

class HttpServer {
  public:
    // Listens and serves. Fails with busy (the port is taken), read_only (the port needs more
    // rights), invalid_argument (no such address, a certificate or key that cannot be used).
    static Result<std::unique_ptr<HttpServer>> start(const HttpOptions& options,
                                                     HttpHandler& handler);
    virtual ~HttpServer() = default;  // stops

    virtual std::uint16_t port() const = 0;
    virtual std::size_t connections() const = 0;
    // No new connections; open requests go on.
    virtual void stop_accepting() = 0;
    // Waits up to `patience` for open requests, answers what is left with refuse(503), and closes.
    virtual void stop(std::chrono::milliseconds patience) = 0;
};

}  // namespace satchel::server
