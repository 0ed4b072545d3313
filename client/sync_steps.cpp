#include "client/sync_steps.hpp"

#include "client/account.hpp"
#include "client/messages.hpp"
#include "client/sync_client.hpp"

namespace satchel::client {

Result<storage::SyncLease> lease_of(const storage::Replica& replica) {
    auto lease = storage::SyncLease::acquire(replica.path());
    if (!lease && lease.error().code == ErrorCode::busy)
        return failure(ErrorCode::busy, "sync_busy");
    return lease;
}

Error refused(storage::Replica& replica, const Error& error) {
    if (error.code != ErrorCode::unauthorized) return error;
    const Status forgotten = forget_token(replica);
    return forgotten ? error : forgotten.error();
}

Result<std::optional<Bytes>> next_request(DeviceSession& session, std::int64_t now_ms) {
    auto request = session.next_request(now_ms);
    if (!request || *request || session.report().refusal.empty()) return request;
    return failure(ErrorCode::limit, "too_large", {session.report().refusal});
}

Status take_reply(DeviceSession& session, ByteView body, std::int64_t now_ms) {
    const Status taken = session.take_reply(body, now_ms);
    if (taken) return {};
    const ErrorCode code = taken.error().code;
    const bool damaged =
        code == ErrorCode::corrupt || code == ErrorCode::limit || code == ErrorCode::bad_reply;
    if (damaged && !decode_reply(body, session_services()))
        return failure(ErrorCode::bad_reply, "reply_damaged");
    if (code == ErrorCode::upgrade_needed) return failure(ErrorCode::upgrade_needed, "upgrade");
    return taken.error();
}

}  // namespace satchel::client
