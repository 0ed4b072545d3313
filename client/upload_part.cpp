#include "client/upload_part.hpp"

#include "sync/limits.hpp"

namespace satchel::client {

Result<std::optional<SyncRequest>> upload_part(storage::Replica& replica, std::uint64_t counter,
                                               std::int64_t now_ms) {
    SATCHEL_ASSIGN(const SyncState state, replica.sync_state());
    if (counter >= state.last_counter) return std::optional<SyncRequest>{};
    SATCHEL_ASSIGN(const auto hash, replica.chain_hash(state.replica, counter));
    if (!hash) return std::optional<SyncRequest>{};
    SyncRequest request;
    SATCHEL_ASSIGN(request.changesets, replica.upload(state.replica, counter, kUploadBytes));
    std::erase_if(request.changesets, [&state](const UploadedChangeset& each) {
        return each.last_counter > state.last_counter;
    });
    if (request.changesets.empty()) return std::optional<SyncRequest>{};
    if (request.changesets.size() > kMaxVerdicts) request.changesets.resize(kMaxVerdicts);
    request.replica = state.replica;
    request.closed = state.closed;
    request.epoch = state.epoch;
    request.device_now = now_ms;
    request.last_counter = state.last_counter;
    request.base_counter = counter;
    request.base_hash = *hash;
    request.cursor = state.cursor;
    request.position = state.position;
    request.scopes_hash = scopes_hash(state.scopes);
    return std::optional<SyncRequest>{std::move(request)};
}

}  // namespace satchel::client
