#include "client/hand_in.hpp"

#include "client/messages.hpp"
#include "sync/limits.hpp"

namespace satchel::client {
namespace {

// The request that carries the changesets after `acked`, and nothing that asks for data; nothing
// when there is none, or when the journal does not reach back so far.
Result<std::optional<Bytes>> next_part(storage::Replica& replica, std::uint64_t acked,
                                       std::int64_t now_ms) {
    SATCHEL_ASSIGN(const SyncState state, replica.sync_state());
    if (acked >= state.last_counter) return std::optional<Bytes>{};
    SATCHEL_ASSIGN(const auto hash, replica.chain_hash(state.replica, acked));
    if (!hash) return std::optional<Bytes>{};
    SyncRequest request;
    SATCHEL_ASSIGN(request.changesets, replica.upload(state.replica, acked, kUploadBytes));
    if (request.changesets.empty()) return std::optional<Bytes>{};
    request.replica = state.replica;
    request.closed = state.closed;
    request.epoch = state.epoch;
    request.device_now = now_ms;
    request.last_counter = state.last_counter;
    request.base_counter = acked;
    request.base_hash = *hash;
    request.cursor = state.cursor;
    request.position = state.position;
    request.scopes_hash = scopes_hash(state.scopes);
    return std::optional<Bytes>{encode(request, session_services())};
}

// Sends the rest until the server has it, or an answer brings no progress. True: it has all.
Result<bool> hand_in(storage::Replica& replica, SyncPost& post) {
    std::uint64_t acked = post.answer().acked_counter;
    while (true) {
        SATCHEL_TRY(post.may_go_on());
        SATCHEL_ASSIGN(const auto request, next_part(replica, acked, post.now_ms()));
        SATCHEL_ASSIGN(const SyncState state, replica.sync_state());
        if (!request) return acked >= state.last_counter;
        SATCHEL_TRY(replica.make_durable(state.replica, state.last_counter));
        const auto reply = post.send(*request, {});
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
    SATCHEL_TRY(replica.wipe(true));
    SATCHEL_ASSIGN(const storage::ReplicaStatus status, replica.status());
    return failure(ErrorCode::forbidden, "revoked_sealed", {std::to_string(status.pending)});
}

}  // namespace satchel::client
