#include "client/upload_part.hpp"

#include "sync/limits.hpp"

namespace satchel::client {

Result<std::optional<SyncRequest>> upload_part(storage::Replica& replica, std::uint64_t counter,
                                               std::int64_t now_ms) {
    SATCHEL_ASSIGN(const SyncState state, replica.sync_state());
    if (counter >= state.last_counter) return std::optional<SyncRequest>{};
    SATCHEL_ASSIGN(const auto hash, replica.chain_hash(state.replica, counter));
    if (!hash) return std::optional<SyncRequest>{};
    SyncRequest request = request_at(state, now_ms);
    request.base_counter = counter;
    request.base_hash = *hash;
    SATCHEL_ASSIGN(request.changesets, replica.upload(state.replica, counter, kUploadBytes));
    std::erase_if(request.changesets, [&state](const UploadedChangeset& each) {
        return each.last_counter > state.last_counter;
    });
    if (request.changesets.empty()) return std::optional<SyncRequest>{};
    if (request.changesets.size() > kMaxVerdicts) request.changesets.resize(kMaxVerdicts);
    return std::optional<SyncRequest>{std::move(request)};
}

}  // namespace satchel::client
