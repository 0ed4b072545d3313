#include "client/hand_in.hpp"

#include "client/messages.hpp"
#include "client/sealing.hpp"
#include "client/upload_part.hpp"

namespace satchel::client {
namespace {

// Sends the rest until the server has it, or an answer brings no progress. True: it has all.
Result<bool> hand_in(storage::Replica& replica, SyncPost& post) {
    std::uint64_t acked = post.answer().acked_counter;
    while (true) {
        SATCHEL_TRY(post.may_go_on());
        SATCHEL_ASSIGN(const auto request, upload_part(replica, acked, post.now_ms()));
        SATCHEL_ASSIGN(const SyncState state, replica.sync_state());
        if (!request) return acked >= state.last_counter;
        SATCHEL_TRY(replica.make_durable(state.replica, state.last_counter));
        const auto reply = post.send(encode(*request, session_services()), {});
        if (reply || !post.answer().wiped || post.answer().acked_counter <= acked) return false;
        acked = post.answer().acked_counter;
    }
}

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

Status hand_in_and_wipe(storage::Replica& replica, SyncPost& post) {
    const auto all = hand_in(replica, post);
    const bool handed_in = all && *all;
    if (handed_in) {
        SATCHEL_TRY(wipe_all(replica));
        SATCHEL_TRY(forget_account(replica));
        return failure(ErrorCode::forbidden, "revoked");
    }
    SATCHEL_TRY(wipe_and_seal(replica));
    SATCHEL_ASSIGN(const storage::ReplicaStatus status, replica.status());
    return failure(ErrorCode::forbidden, "revoked_sealed", {std::to_string(status.pending)});
}

}  // namespace satchel::client
