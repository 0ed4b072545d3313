#include "client/log_out.hpp"

#include <algorithm>

#include "client/account.hpp"
#include "client/messages.hpp"
#include "client/sealing.hpp"

namespace satchel::client {
namespace {

constexpr std::chrono::seconds kEndTokenTime{15};

bool end_token(Transport& transport, const Account& account, CancelToken& cancel) {
    if (!account.logged_in()) return true;
    HttpRequest http{.method = "POST", .url = account.url + "/v1/logout"};
    http.headers = {{"Authorization", "Bearer " + account.token}};
    http.deadline = std::chrono::steady_clock::now() + kEndTokenTime;
    const auto reply = ask(transport, http, cancel);
    return reply || reply.error().code == ErrorCode::unauthorized;
}

}  // namespace

Result<LogOutOutcome> log_out(storage::Replica& replica, Transport& transport,
                              const LogOutOptions& options) {
    SATCHEL_ASSIGN(const Account account, client::account(replica));
    SATCHEL_ASSIGN(const storage::ReplicaStatus before, replica.status());
    CancelToken none;
    CancelToken& cancel = options.cancel == nullptr ? none : *options.cancel;

    const SyncOutcome sync =
        sync_once(replica, transport, {.deadline = options.deadline, .cancel = &cancel});
    if (sync.wiped) return sync.status.error();
    if (!sync.status && sync.status.error().code == ErrorCode::busy) return sync.status.error();

    SATCHEL_ASSIGN(const storage::ReplicaStatus status, replica.status());
    if (status.pending > 0 && !options.force) {
        const auto code = sync.status ? ErrorCode::busy : sync.status.error().code;
        const auto why = sync.status ? std::string("-") : sync.status.error().message;
        return failure(code, "log_out_pending", {std::to_string(status.pending), why});
    }
    LogOutOutcome outcome;
    outcome.sent = before.pending - std::min(before.pending, status.pending);
    // What waits may be here alone: a head office that was restored may never have seen it.
    outcome.sealed = status.pending + (sync.status ? 0 : status.held);
    SATCHEL_TRY(outcome.sealed > 0 ? wipe_and_seal(replica) : replica.wipe(false));
    outcome.token_ended = end_token(transport, account, cancel);
    SATCHEL_TRY(outcome.sealed > 0 ? forget_token(replica) : forget_account(replica));
    return outcome;
}

}  // namespace satchel::client
