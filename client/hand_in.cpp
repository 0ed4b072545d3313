#include "client/hand_in.hpp"

#include "client/messages.hpp"
#include "client/sealing.hpp"
#include "client/upload_part.hpp"

namespace satchel::client {
namespace {

// Empties the replica for good. It then has another identity, which tells that only the tidying
// of the file behind it failed.
Status wipe_all(storage::Replica& replica) {
    SATCHEL_ASSIGN(const SyncState before, replica.sync_state());
    const Status wiped = replica.wipe(false);
    if (wiped) return {};
    SATCHEL_ASSIGN(const SyncState after, replica.sync_state());
    if (after.replica.id == before.replica.id) return wiped.error();
    return {};
}

}  // namespace

// A part that cannot be read, or made durable, is not handed in: it stays sealed.
std::optional<Bytes> HandIn::next_request(std::int64_t now_ms) {
    if (stuck_) return std::nullopt;
    auto part = next_part(now_ms);
    return part ? *std::move(part) : std::nullopt;
}

Result<std::optional<Bytes>> HandIn::next_part(std::int64_t now_ms) {
    SATCHEL_ASSIGN(const auto request, upload_part(replica_, acked_, now_ms));
    if (!request) return std::optional<Bytes>{};
    SATCHEL_ASSIGN(const SyncState state, replica_.sync_state());
    SATCHEL_TRY(replica_.make_durable(state.replica, state.last_counter));
    return std::optional<Bytes>(encode(*request, session_services()));
}

void HandIn::take(const HttpAnswer& answer) {
    stuck_ = !answer.wiped || answer.acked_counter <= acked_;
    if (!stuck_) acked_ = answer.acked_counter;
}

Status HandIn::finish() {
    SATCHEL_ASSIGN(const SyncState state, replica_.sync_state());
    SATCHEL_ASSIGN(const bool has_all, replica_.is_handed_over(state.replica, acked_));
    if (has_all) {
        SATCHEL_TRY(wipe_all(replica_));
        SATCHEL_TRY(forget_account(replica_));
        return failure(ErrorCode::forbidden, "revoked");
    }
    SATCHEL_TRY(wipe_and_seal(replica_));
    SATCHEL_ASSIGN(const storage::ReplicaStatus status, replica_.status());
    return failure(ErrorCode::forbidden, "revoked_sealed",
                   {std::to_string(status.pending + status.held)});
}

Status hand_in_and_wipe(storage::Replica& replica, SyncPost& post) {
    HandIn hand_in(replica, post.answer().acked_counter);
    while (post.may_go_on()) {
        const auto request = hand_in.next_request(post.now_ms());
        if (!request) break;
        static_cast<void>(post.send(*request, {}, false));  // what it brought: answer()
        hand_in.take(post.answer());
    }
    return hand_in.finish();
}

}  // namespace satchel::client
