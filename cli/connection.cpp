#include "cli/connection.hpp"

#include <pthread.h>

#include <csignal>

#include "client/messages.hpp"
#include "client/sync_client.hpp"
#include "client/sync_post.hpp"
#include "storage/services.hpp"

namespace satchel::cli {
namespace {

sigset_t stopping_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    return signals;
}

Result<SyncRequest> question(storage::Replica& replica, const std::vector<RecordId>& wanted) {
    SATCHEL_ASSIGN(SyncState state, replica.sync_state());
    SyncRequest request = request_at(state, storage::SystemClock().now_ms());
    request.lists_scopes = true;
    request.scopes = std::move(state.scopes);
    request.loading = std::move(state.loading);
    request.wanted = wanted;
    return request;
}

}  // namespace

// The signals must be blocked before the thread begins, so that it alone receives them.
Interrupt::Interrupt() {
    const sigset_t signals = stopping_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    thread_ = std::thread([this, signals] {
        int signal = 0;
        sigwait(&signals, &signal);
        token_.cancel();
    });
}

Interrupt::~Interrupt() {
    if (!token_.cancelled()) pthread_kill(thread_.native_handle(), SIGTERM);
    wait();
    const sigset_t signals = stopping_signals();
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

void Interrupt::wait() {
    if (thread_.joinable()) thread_.join();
}

Result<std::unique_ptr<client::CurlTransport>> connect(storage::Replica& replica) {
    SATCHEL_ASSIGN(client::CurlOptions options, client::connection(replica));
    return client::CurlTransport::make(std::move(options));
}

Result<SyncReply> probe(storage::Replica& replica, client::Transport& transport,
                        client::CancelToken& cancel, const std::vector<RecordId>& wanted) {
    SATCHEL_ASSIGN(const client::Account account, client::account(replica));
    SATCHEL_TRY(client::check_logged_in(account));
    SATCHEL_ASSIGN(const SyncRequest request, question(replica, wanted));
    client::SyncOptions options;
    options.cancel = &cancel;
    client::SyncPost post(transport, options);
    post.use(account);
    SATCHEL_ASSIGN(const Bytes bytes,
                   post.send(encode(request, client::session_services()), {}, false));
    SATCHEL_ASSIGN(SyncReply reply, decode_reply(bytes, client::session_services()));
    if (reply.status == ReplyStatus::upgrade_needed)
        return client::failure(ErrorCode::upgrade_needed, "upgrade");
    if (reply.status != ReplyStatus::ok)
        return Error{ErrorCode::busy, "this device has to sync first: 'satchel sync'"};
    return reply;
}

}  // namespace satchel::cli
