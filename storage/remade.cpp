#include "storage/remade.hpp"

#include "storage/taker.hpp"

namespace satchel::storage {

Status Remade::note(ReplicaCore& core, const TableInfo& table, const RecordId& id) {
    if (!followed_) SATCHEL_TRY(core.journal.follow());
    followed_ = true;
    if (!core.journal.pending(id).empty()) records_.emplace_back(&table, id);
    return {};
}

Status Remade::show(ReplicaCore& core) const {
    if (records_.empty()) return {};
    SATCHEL_TRY(core.journal.follow());
    const SyncReply nothing;
    Taker taker(core, nothing, {core.now(), core.now()});
    for (const auto& [table, id] : records_) {
        SATCHEL_ASSIGN(auto made, core.tables.load(*table, id));
        SATCHEL_TRY(taker.show(id, {table, std::move(made), {}, {}}));
    }
    return taker.flush_images();
}

}  // namespace satchel::storage
