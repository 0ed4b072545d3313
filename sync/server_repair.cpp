// Comparing a scope by key ranges: which records a device has and should not, or should have.
#include <array>

#include "sync/limits.hpp"
#include "sync/server_exchange.hpp"

namespace satchel {

Status Exchange::compare() {
    const std::string& scope = request_.repair_scope;
    SyncReply& reply = handled_.reply;
    if (scope.empty() || !std::binary_search(scopes_.begin(), scopes_.end(), scope)) return {};
    reply.repair_scope = scope;
    std::array<RepairBucket, kRepairBuckets> ours{};
    SATCHEL_TRY(store_.visit_scope(scope, [&ours](const RecordId& id, Sequence seq) {
        RepairBucket& bucket = ours[repair_bucket(id)];
        ++bucket.count;
        bucket.checksum += checksum_part(id, seq);
    }));
    std::array<bool, kRepairBuckets> listed{};
    std::size_t room = kMaxRepairIds;
    for (std::size_t i = 0; i < kRepairBuckets; ++i) {
        const RepairBucket& theirs = request_.repair[i];
        if (theirs.count == ours[i].count && theirs.checksum == ours[i].checksum) continue;
        // The next round takes it; but one goes in any case.
        if (ours[i].count > room && !reply.repair_buckets.empty()) continue;
        room -= std::min<std::size_t>(room, ours[i].count);
        listed[i] = true;
        reply.repair_buckets.push_back(i);
    }
    return store_.visit_scope(scope, [&](const RecordId& id, Sequence seq) {
        if (listed[repair_bucket(id)]) reply.repair_items.push_back({id, seq});
    });
}

}  // namespace satchel
