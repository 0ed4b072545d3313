// Status, login, sync, agent: satchel.h, "Syncing", but for sessions (session.cpp).
#include <algorithm>

#include "bindings/c/handles.hpp"
#include "client/account.hpp"
#include "client/curl_transport.hpp"
#include "client/messages.hpp"

using satchel::Error;
using satchel::ErrorCode;
using satchel::Result;
using satchel::Status;
using satchel::c_api::guarded;
using satchel::c_api::missing;
using satchel::c_api::Shared;
using satchel::c_api::SharedPointer;
using satchel::c_api::Turn;
using satchel::c_api::TurnGuard;
using satchel::c_api::TurnPause;
using satchel::client::CancelToken;
using satchel::client::CurlTransport;
using satchel::client::HttpReply;
using satchel::client::HttpRequest;
using satchel::client::Transport;
using satchel::storage::Replica;

namespace {

// Others use the replica while this one waits for the network.
class PausingTransport : public Transport {
  public:
    PausingTransport(std::unique_ptr<Transport> line, Turn& turn)
        : line_(std::move(line)), turn_(turn) {}

    Result<HttpReply> exchange(const HttpRequest& request, CancelToken& cancel) override {
        const TurnPause pause(turn_);
        return line_->exchange(request, cancel);
    }

  private:
    std::unique_ptr<Transport> line_;
    Turn& turn_;
};

// A log-in or a sync, while satchel_cancel can end it.
class Talk {
  public:
    explicit Talk(Shared& shared) : shared_(shared) {
        const std::lock_guard lock(shared_.talking);
        shared_.talks.insert(&token_);
    }
    ~Talk() {
        const std::lock_guard lock(shared_.talking);
        shared_.talks.erase(&token_);
    }
    Talk(const Talk&) = delete;
    Talk& operator=(const Talk&) = delete;

    CancelToken& token() { return token_; }

  private:
    Shared& shared_;
    CancelToken token_;
};

// Does `work` with the server: with the turn, but for the waiting.
template <typename Work>
Status talk(const SharedPointer& shared, Work&& work) {
    Talk talk(*shared);
    if (!shared->turn.take_unless(talk.token()))
        return satchel::client::failure(ErrorCode::cancelled, "cancelled");
    const TurnGuard turn(shared->turn, std::adopt_lock);
    SATCHEL_ASSIGN(const auto options, satchel::client::connection(*shared->replica));
    SATCHEL_ASSIGN(auto line, CurlTransport::make(options));
    PausingTransport transport(std::move(line), shared->turn);
    return work(*shared->replica, transport, talk.token());
}

// On the agent's thread. A file that is in use now is looked at again the next time.
void tell_observers(satchel_agent& agent) {
    if (!agent.shared->turn.take_unless(agent.stopping)) return;
    const TurnGuard turn(agent.shared->turn, std::adopt_lock);
    static_cast<void>(agent.shared->replica->poll());
}

Status read_status(satchel::storage::Replica& replica, satchel_status* out) {
    SATCHEL_ASSIGN(const auto status, replica.status());
    satchel_status full{};
    full.struct_size = std::min(out->struct_size, sizeof full);
    full.pending = status.pending;
    full.held = status.held;
    full.not_accepted = status.not_accepted;
    full.conflicts = status.conflicts;
    full.parked = status.parked;
    full.oldest_pending_ms = status.oldest_pending_at;
    full.last_success_ms = status.last_success_at;
    full.loading = status.loading ? 1 : 0;
    std::copy_n(reinterpret_cast<const char*>(&full), full.struct_size,
                reinterpret_cast<char*>(out));
    return {};
}

}  // namespace

satchel_code satchel_read_status(satchel_replica* replica, satchel_status* status,
                                 satchel_error** error) {
    return guarded(error, [&]() -> Status {
        if (replica == nullptr || status == nullptr) return missing("replica and status");
        if (status->struct_size < sizeof(size_t))
            return Error{ErrorCode::invalid_argument, "set struct_size first"};
        const TurnGuard turn(replica->shared->turn);
        return read_status(*replica->shared->replica, status);
    });
}

satchel_code satchel_login(satchel_replica* replica, const char* url, const char* login,
                           const char* password, const char* device_name, satchel_error** error) {
    return guarded(error, [&]() -> Status {
        if (replica == nullptr || url == nullptr || login == nullptr || password == nullptr)
            return missing("replica, url, login and password");
        const satchel::client::LoginRequest request{
            url, login, password, device_name == nullptr ? "device" : device_name};
        const SharedPointer shared = replica->shared;
        return talk(shared, [&](Replica& own, Transport& transport, CancelToken& cancel) {
            const auto account = satchel::client::login(own, transport, request, &cancel);
            return account ? Status{} : Status{account.error()};
        });
    });
}

satchel_code satchel_sync(satchel_replica* replica, uint64_t limit_ms, satchel_error** error) {
    return guarded(error, [&]() -> Status {
        if (replica == nullptr) return missing("replica");
        satchel::client::SyncOptions sync;
        if (limit_ms > 0)
            sync.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(limit_ms);
        const SharedPointer shared = replica->shared;
        return talk(shared, [&](Replica& own, Transport& transport, CancelToken& cancel) {
            sync.cancel = &cancel;
            return satchel::client::sync_once(own, transport, sync).status;
        });
    });
}

void satchel_cancel(satchel_replica* replica) {
    if (replica == nullptr) return;
    const std::lock_guard lock(replica->shared->talking);
    for (CancelToken* token : replica->shared->talks)
        token->cancel();
}

satchel_code satchel_agent_start(satchel_replica* replica, int live, satchel_agent** agent,
                                 satchel_error** error) {
    return guarded(error, [&]() -> Status {
        if (replica == nullptr || agent == nullptr) return missing("replica and agent");
        auto handle = std::make_unique<satchel_agent>();
        handle->shared = replica->shared;
        satchel::client::AgentOptions options;
        options.path = replica->shared->path;
        options.replica.key = replica->shared->key;
        options.live = live != 0;
        options.listener = [own = handle.get()](const auto&) { tell_observers(*own); };
        handle->agent = satchel::client::Agent::start(std::move(options));
        *agent = handle.release();
        return {};
    });
}

void satchel_agent_sync_now(satchel_agent* agent) {
    if (agent != nullptr) agent->agent->sync_now();
}

void satchel_agent_stop(satchel_agent* agent) {
    if (agent == nullptr) return;
    agent->stopping.cancel();
    agent->agent->stop();
    delete agent;
}

satchel_code satchel_server(satchel_replica* replica, const char** url, const char** token,
                            satchel_error** error) {
    return guarded(error, [&]() -> Status {
        if (replica == nullptr || url == nullptr || token == nullptr)
            return missing("replica, url and token");
        const TurnGuard turn(replica->shared->turn);
        SATCHEL_ASSIGN(const auto account, satchel::client::account(*replica->shared->replica));
        replica->url = account.url;
        replica->bearer = account.token;
        *url = replica->url.c_str();
        *token = replica->bearer.c_str();
        return {};
    });
}
