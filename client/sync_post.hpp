// SyncPost: carries the messages of one sync to `POST /v1/sync` and back, within the caller's time
// and with progress told. Used by sync_once and by the handing-in of a device that is shut out.
//
// Threads: one at a time. Errors: those of Transport and judge().
#pragma once

#include <optional>

#include "client/account.hpp"
#include "client/http_answer.hpp"
#include "client/sync_client.hpp"

namespace satchel::client {

class SyncPost {
  public:
    SyncPost(Transport& transport, const SyncOptions& options);

    void use(const Account& account);
    // cancelled or time_out when the caller's patience has ended.
    Status may_go_on() const;
    // The reply's body. `so_far`: what progress counts on top of. `once`: HttpRequest::once.
    Result<Bytes> send(const Bytes& request, const SessionReport& so_far, bool once);
    void tell(const SessionReport& so_far) const;

    // The last request went into a connection that had ended, and may have arrived (`once`).
    bool lost_kept_connection() const { return lost_kept_connection_; }
    // What the last failed reply said.
    const HttpAnswer& answer() const { return answer_; }
    std::chrono::milliseconds back_off() const;
    // The last request was allowed to wait for news.
    bool waiting() const { return waiting_; }
    std::int64_t now_ms() const;

  private:
    HttpRequest prepare(const Bytes& request) const;

    Transport& transport_;
    const SyncOptions& options_;
    CancelToken own_cancel_;
    std::string url_;
    std::string token_;
    HttpAnswer answer_;
    bool waiting_ = false;
    bool lost_kept_connection_ = false;
};

}  // namespace satchel::client
