// FrontDesk: takes every request in, decides from its head alone how much of it may come, and hands
// it to whoever answers it: the worker (one request after the other against the one store), the
// few threads for what takes long (passwords, backups), or the list of those that wait.
//
// Threads: the HttpHandler part on the I/O thread, the rest one at a time. Errors: become replies.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "server/api.hpp"
#include "server/http_server.hpp"
#include "server/routes.hpp"
#include "server/sync_service.hpp"
#include "server/work_queue.hpp"

namespace satchel::server {

struct FrontDeskOptions {
    std::size_t max_queued = 512;      // requests that wait for the worker
    std::size_t max_slow_queued = 64;  // log-ins: 64 are some 4 seconds of hashing
    WaitingOptions waiting;
};

class FrontDesk : public HttpHandler {
  public:
    static Result<std::unique_ptr<FrontDesk>> open(Office& office, const FrontDeskOptions& options);
    ~FrontDesk() override { close(); }

    Admission admit(const HttpRequest& head) override;
    void handle(ExchangePointer exchange) override;
    HttpReply refuse(int status) override;

    // From now on nothing new is taken and nothing waits; what is queued is still answered.
    void begin_stop();
    // Answers what is queued and ends the threads. After it nobody may call handle().
    void close();

    void count_connections(std::function<std::size_t()> count) { connections_ = std::move(count); }

  private:
    FrontDesk(Office& office, storage::Database reader, const FrontDeskOptions& options);

    std::optional<HttpReply> refusal(const HttpRequest& head, const Route& route);
    void answer(const ExchangePointer& exchange, const Route& route);
    HttpReply answer_quick(const HttpRequest& request, const Route& route);
    HttpReply answer_slow(const HttpRequest& request, const Route& route);
    HttpReply answer_metrics(const HttpRequest& request);
    HttpReply health();
    HttpReply too_much();

    Office& office_;
    storage::Database reader_;  // I/O thread: only whether a token exists
    const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    std::function<std::size_t()> connections_;
    WorkQueue worker_;
    WorkQueue slow_;
    SyncService sync_;
};

}  // namespace satchel::server
