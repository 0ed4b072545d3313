#include "server/http_server.hpp"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <set>
#include <string_view>
#include <thread>

namespace satchel::server {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::int64_t kNoDeadline = 0;
constexpr milliseconds kLastWords{2'000};  // for sending the replies that stop() itself gives
constexpr const char* kTlsVersions = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

std::int64_t now_ms() {
    return std::chrono::duration_cast<milliseconds>(Clock::now().time_since_epoch()).count();
}

std::string peer_text(const sockaddr* address) {
    char text[INET6_ADDRSTRLEN] = "";
    if (address->sa_family == AF_INET)
        inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text,
                  sizeof text);
    else if (address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text,
                  sizeof text);
    return text;
}

std::string header(MHD_Connection* connection, const char* name) {
    const char* value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value == nullptr ? "" : value;
}

std::optional<std::uint64_t> content_length(MHD_Connection* connection) {
    const std::string text = header(connection, "Content-Length");
    std::uint64_t length = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (text.empty() || failure != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return length;
}

MHD_Result add_query(void* query, MHD_ValueKind, const char* key, const char* value) {
    auto& map = *static_cast<std::map<std::string, std::string>*>(query);
    map[key] = value == nullptr ? "" : value;
    return MHD_YES;
}

HttpRequest read_head(MHD_Connection* connection, const char* url, const char* method) {
    HttpRequest head;
    head.method = method;
    head.path = url;
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, &add_query, &head.query);
    head.authorization = header(connection, "Authorization");
    head.content_type = header(connection, "Content-Type");
    head.content_length = content_length(connection);
    const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info != nullptr) head.peer = peer_text(info->client_addr);
    return head;
}

// One accepted socket and the moment after which it is cut off.
struct Socket {
    int descriptor = -1;
    std::atomic<std::int64_t> deadline{kNoDeadline};
};

class PendingExchange : public Exchange {
  public:
    PendingExchange(HttpRequest head, std::shared_ptr<std::atomic<std::size_t>> buffered)
        : request_(std::move(head)), buffered_(std::move(buffered)) {}
    ~PendingExchange() override { drop_body(); }

    const HttpRequest& request() const override { return request_; }

    void reply(HttpReply reply) override {
        const std::lock_guard lock(mutex_);
        if (reply_) return;
        reply_ = std::move(reply);
        if (suspended_ != nullptr) MHD_resume_connection(std::exchange(suspended_, nullptr));
    }

    // I/O thread: stops the connection until there is a reply.
    void suspend(MHD_Connection* connection) {
        const std::lock_guard lock(mutex_);
        MHD_suspend_connection(connection);
        suspended_ = connection;
    }

    bool answered() {
        const std::lock_guard lock(mutex_);
        return reply_.has_value();
    }

    HttpReply take_answer() {
        const std::lock_guard lock(mutex_);
        return std::exchange(*reply_, {});
    }

    bool append(std::string_view part, std::size_t max_bytes, std::size_t max_buffered) {
        if (request_.body.size() + part.size() > max_bytes) return false;
        if (buffered_->fetch_add(part.size()) + part.size() > max_buffered) {
            buffered_->fetch_sub(part.size());
            return false;
        }
        request_.body += part;
        return true;
    }

    void drop_body() {
        buffered_->fetch_sub(request_.body.size());
        request_.body.clear();
        request_.body.shrink_to_fit();
    }

    std::size_t max_body_bytes = 0;   // I/O thread only, as are the next two
    std::size_t discarded_bytes = 0;  // of a refused body
    bool handed_over = false;

  private:
    HttpRequest request_;
    std::shared_ptr<std::atomic<std::size_t>> buffered_;
    std::mutex mutex_;
    std::optional<HttpReply> reply_;
    MHD_Connection* suspended_ = nullptr;
};
using PendingPointer = std::shared_ptr<PendingExchange>;

class MicroHttpServer : public HttpServer {
  public:
    MicroHttpServer(const HttpOptions& options, HttpHandler& handler)
        : options_(options), handler_(handler) {}
    ~MicroHttpServer() override { stop(milliseconds{0}); }

    Status begin();
    std::uint16_t port() const override { return port_; }
    std::size_t connections() const override;
    void stop_accepting() override;
    void stop(milliseconds patience) override;

  private:
    static MHD_Result on_request(void* self, MHD_Connection* connection, const char* url,
                                 const char* method, const char* version, const char* data,
                                 std::size_t* size, void** context);
    static void on_completed(void* self, MHD_Connection* connection, void** context,
                             MHD_RequestTerminationCode code);
    static void on_connection(void* self, MHD_Connection* connection, void** context,
                              MHD_ConnectionNotificationCode code);
    static void on_log(void* self, const char* format, va_list arguments);

    MHD_Daemon* start_daemon(int listener);
    MHD_Result take_head(MHD_Connection* connection, const char* url, const char* method,
                         void** context);
    MHD_Result take_body(PendingExchange& exchange, std::string_view part);
    MHD_Result finish(MHD_Connection* connection, const PendingPointer& exchange);
    MHD_Result send(MHD_Connection* connection, HttpReply reply);
    void set_deadline(MHD_Connection* connection, std::optional<milliseconds> after);
    milliseconds time_for_body(const HttpRequest& head, const Admission& admission) const;
    milliseconds time_for(std::uint64_t bytes) const;
    void cut_off_slow_ones();
    void wait_for_open(milliseconds patience);

    const HttpOptions options_;
    HttpHandler& handler_;
    MHD_Daemon* daemon_ = nullptr;
    std::uint16_t port_ = 0;
    std::atomic<bool> started_{false};
    std::string last_log_;  // of starting
    std::shared_ptr<std::atomic<std::size_t>> buffered_ =
        std::make_shared<std::atomic<std::size_t>>(0);

    mutable std::mutex mutex_;  // over what follows
    std::condition_variable changed_;
    std::set<Socket*> sockets_;
    std::set<PendingPointer> open_;
    bool accepting_ = true;
    bool stopping_ = false;
    std::thread sweeper_;
};

Status MicroHttpServer::begin() {
    SATCHEL_ASSIGN(const Listener listener, listen_on(options_.address));
    port_ = listener.port;
    daemon_ = start_daemon(listener.socket);
    if (daemon_ == nullptr) {
        close(listener.socket);
        return Error{ErrorCode::invalid_argument,
                     "the HTTP server does not start: " +
                         (last_log_.empty() ? std::string(std::strerror(errno)) : last_log_)};
    }
    started_ = true;
    sweeper_ = std::thread([this] { cut_off_slow_ones(); });
    return {};
}

MHD_Daemon* MicroHttpServer::start_daemon(int listener) {
    std::vector<MHD_OptionItem> items;
    if (!options_.certificate_pem.empty()) {
        items = {
            {MHD_OPTION_HTTPS_MEM_CERT, 0, const_cast<char*>(options_.certificate_pem.c_str())},
            {MHD_OPTION_HTTPS_MEM_KEY, 0, const_cast<char*>(options_.key_pem.c_str())},
            {MHD_OPTION_HTTPS_PRIORITIES, 0, const_cast<char*>(kTlsVersions)}};
    }
    items.push_back({MHD_OPTION_END, 0, nullptr});
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME;
    if (!options_.certificate_pem.empty()) flags |= MHD_USE_TLS;
    // A pool holds the head twice over and the buffer that the body passes through.
    return MHD_start_daemon(flags, 0, nullptr, nullptr, &on_request, this,          //
                            MHD_OPTION_EXTERNAL_LOGGER, &on_log, this,              //
                            MHD_OPTION_LISTEN_SOCKET, listener,                     //
                            MHD_OPTION_CONNECTION_LIMIT, options_.max_connections,  //
                            MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                            options_.max_connections_per_address,                             //
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, options_.max_head_bytes * 2,  //
                            MHD_OPTION_NOTIFY_COMPLETED, &on_completed, this,                 //
                            MHD_OPTION_NOTIFY_CONNECTION, &on_connection, this,               //
                            MHD_OPTION_ARRAY, items.data(), MHD_OPTION_END);
}

std::size_t MicroHttpServer::connections() const {
    const std::lock_guard lock(mutex_);
    return sockets_.size();
}

void MicroHttpServer::on_log(void* self, const char* format, va_list arguments) {
    auto& server = *static_cast<MicroHttpServer*>(self);
    if (server.started_) return;  // later lines tell of single connections only
    char line[256];
    std::vsnprintf(line, sizeof line, format, arguments);
    server.last_log_ = line;
    while (!server.last_log_.empty() && server.last_log_.back() == '\n')
        server.last_log_.pop_back();
}

void MicroHttpServer::on_connection(void* self, MHD_Connection* connection, void** context,
                                    MHD_ConnectionNotificationCode code) {
    auto& server = *static_cast<MicroHttpServer*>(self);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        auto socket = std::make_unique<Socket>();
        const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        socket->descriptor = info->connect_fd;
        socket->deadline = now_ms() + server.options_.head_time.count();
        const std::lock_guard lock(server.mutex_);
        server.sockets_.insert(socket.get());
        *context = socket.release();
        return;
    }
    const std::unique_ptr<Socket> socket(static_cast<Socket*>(std::exchange(*context, nullptr)));
    const std::lock_guard lock(server.mutex_);  // the sweeper is not at its descriptor now
    server.sockets_.erase(socket.get());
}

void MicroHttpServer::set_deadline(MHD_Connection* connection, std::optional<milliseconds> after) {
    const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (info == nullptr || info->socket_context == nullptr) return;
    static_cast<Socket*>(info->socket_context)->deadline =
        after ? now_ms() + after->count() : kNoDeadline;
}

// For what will be read of the body: of what the client announced, or of all that the path takes.
// A refused body without a length, which no client of ours sends, gets no time for more bytes.
milliseconds MicroHttpServer::time_for_body(const HttpRequest& head,
                                            const Admission& admission) const {
    const bool refused = admission.refusal.has_value();
    const std::uint64_t most = refused ? options_.max_discarded_bytes : admission.max_body_bytes;
    return time_for(std::min(head.content_length.value_or(refused ? 0 : most), most));
}

milliseconds MicroHttpServer::time_for(std::uint64_t bytes) const {
    constexpr std::uint64_t kLongest = std::uint64_t{1} << 32;  // no overflow, and long enough
    const std::uint64_t counted = std::min(bytes, kLongest) * 1'000;
    return options_.body_time + milliseconds{counted / options_.slowest_bytes_per_second};
}

MHD_Result MicroHttpServer::on_request(void* self, MHD_Connection* connection, const char* url,
                                       const char* method, const char*, const char* data,
                                       std::size_t* size, void** context) {
    auto& server = *static_cast<MicroHttpServer*>(self);
    if (*context == nullptr) return server.take_head(connection, url, method, context);
    const PendingPointer exchange = *static_cast<PendingPointer*>(*context);
    if (*size == 0) return server.finish(connection, exchange);
    return server.take_body(*exchange, {data, std::exchange(*size, 0)});
}

// The answer to a body that will not be read goes out at once where the client waits for a word
// (Expect: 100-continue) or would send too much; else after the body, which it then has time for.
MHD_Result MicroHttpServer::take_head(MHD_Connection* connection, const char* url,
                                      const char* method, void** context) {
    const auto exchange =
        std::make_shared<PendingExchange>(read_head(connection, url, method), buffered_);
    *context = new PendingPointer(exchange);
    {
        const std::lock_guard lock(mutex_);
        open_.insert(exchange);
    }
    Admission admission = handler_.admit(exchange->request());
    exchange->max_body_bytes = admission.max_body_bytes;
    const std::uint64_t length = exchange->request().content_length.value_or(0);
    if (!admission.refusal && length > admission.max_body_bytes)
        admission.refusal = handler_.refuse(413);
    set_deadline(connection, time_for_body(exchange->request(), admission));
    if (!admission.refusal) return MHD_YES;
    const bool waits_for_word = !header(connection, "Expect").empty();
    if (length > 0 && (waits_for_word || length > options_.max_discarded_bytes))
        return send(connection, *std::move(admission.refusal));
    exchange->reply(*std::move(admission.refusal));
    return MHD_YES;
}

MHD_Result MicroHttpServer::take_body(PendingExchange& exchange, std::string_view part) {
    if (!exchange.answered()) {
        if (exchange.append(part, exchange.max_body_bytes, options_.max_buffered_bytes))
            return MHD_YES;
        const bool too_large =
            exchange.request().body.size() + part.size() > exchange.max_body_bytes;
        exchange.reply(handler_.refuse(too_large ? 413 : 503));
        exchange.drop_body();
    }
    exchange.discarded_bytes += part.size();
    return exchange.discarded_bytes > options_.max_discarded_bytes ? MHD_NO : MHD_YES;
}

MHD_Result MicroHttpServer::finish(MHD_Connection* connection, const PendingPointer& exchange) {
    if (exchange->answered()) return send(connection, exchange->take_answer());
    if (std::exchange(exchange->handed_over, true)) return MHD_YES;
    set_deadline(connection, std::nullopt);
    exchange->suspend(connection);
    handler_.handle(exchange);
    return MHD_YES;
}

MHD_Result MicroHttpServer::send(MHD_Connection* connection, HttpReply reply) {
    set_deadline(connection, time_for(reply.body.size()));
    auto* body = new std::string(std::move(reply.body));
    MHD_Response* response = MHD_create_response_from_buffer_with_free_callback_cls(
        body->size(), body->data(), [](void* text) { delete static_cast<std::string*>(text); },
        body);
    if (response == nullptr) {
        delete body;
        return MHD_NO;
    }
    MHD_add_response_header(response, "Content-Type", reply.content_type.c_str());
    for (const auto& [name, value] : options_.headers)
        MHD_add_response_header(response, name.c_str(), value.c_str());
    for (const auto& [name, value] : reply.headers)
        MHD_add_response_header(response, name.c_str(), value.c_str());
    const MHD_Result queued =
        MHD_queue_response(connection, static_cast<unsigned>(reply.status), response);
    MHD_destroy_response(response);
    return queued;
}

void MicroHttpServer::on_completed(void* self, MHD_Connection* connection, void** context,
                                   MHD_RequestTerminationCode) {
    auto& server = *static_cast<MicroHttpServer*>(self);
    server.set_deadline(connection, server.options_.idle_time);
    if (*context == nullptr) return;
    const std::unique_ptr<PendingPointer> exchange(
        static_cast<PendingPointer*>(std::exchange(*context, nullptr)));
    const std::lock_guard lock(server.mutex_);
    server.open_.erase(*exchange);
    server.changed_.notify_all();
}

// A socket that is shut down here is closed by the I/O thread, which takes it out of the set first;
// so the descriptor is never another one's.
void MicroHttpServer::cut_off_slow_ones() {
    const milliseconds pause =
        std::clamp(options_.head_time / 4, milliseconds{20}, milliseconds{1'000});
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, pause, [this] { return stopping_; })) {
        const std::int64_t now = now_ms();
        for (Socket* socket : sockets_) {
            const std::int64_t deadline = socket->deadline;
            if (deadline == kNoDeadline || now < deadline) continue;
            shutdown(socket->descriptor, SHUT_RDWR);
            socket->deadline = kNoDeadline;
        }
    }
}

void MicroHttpServer::stop_accepting() {
    if (daemon_ == nullptr || !std::exchange(accepting_, false)) return;
    const int listener = MHD_quiesce_daemon(daemon_);
    if (listener >= 0) close(listener);
}

void MicroHttpServer::wait_for_open(milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return open_.empty(); });
}

void MicroHttpServer::stop(milliseconds patience) {
    if (daemon_ == nullptr) return;
    stop_accepting();
    wait_for_open(patience);
    std::set<PendingPointer> left;
    {
        const std::lock_guard lock(mutex_);
        left = open_;
    }
    for (const PendingPointer& exchange : left)
        exchange->reply(handler_.refuse(503));
    if (!left.empty()) wait_for_open(kLastWords);
    MHD_stop_daemon(std::exchange(daemon_, nullptr));
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
    }
    sweeper_.join();
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(const HttpOptions& options,
                                                      HttpHandler& handler) {
    auto server = std::make_unique<MicroHttpServer>(options, handler);
    SATCHEL_TRY(server->begin());
    return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace satchel::server
