// Confirmations: the server has merged just what the device shows, so that only a row's place moves
// (and, in a record that the device made, the stamp and role that the server has fixed). Nothing is
// decoded, and a first upload costs one update a record.
#include "storage/taker.hpp"

namespace satchel::storage {

Result<const Taker::Settling*> Taker::settling(std::int64_t number) {
    const auto known = settling_.find(number);
    if (known != settling_.end()) return &known->second;
    SATCHEL_ASSIGN(const JournalRow row, core_.journal.facts(number));
    Settling found;
    found.settles = settles(row, settle_to_) && !row.late;
    found.as_shown = found.settles && row.effective == row.stamp && row.rank == row.own_rank;
    found.first = {row.entry.replica, row.entry.first_counter};
    found.stamp = row.stamp;
    found.effective = row.effective;
    found.own_rank = row.own_rank;
    found.rank = row.rank;
    found.system = core_.journal.is_system(number);
    return &settling_.emplace(number, found).first->second;
}

Result<const Taker::ConfirmStatements*> Taker::confirm_statements(const TableInfo& table) {
    const auto known = confirm_statements_.find(table.collection->id);
    if (known != confirm_statements_.end()) return &known->second;
    ConfirmStatements made;
    SATCHEL_ASSIGN(made.own,
                   core_.database.cached("UPDATE " + quoted(table.collection->name) +
                                         " SET _seq = ?2, _scope = ?3, _meta = ?4 WHERE id = ?1"
                                         " AND _seq = 0 AND _scope = 0 AND _meta = ?5"));
    SATCHEL_ASSIGN(made.select, core_.database.kept(table.select_place));
    SATCHEL_ASSIGN(made.update, core_.database.kept(table.update_place));
    return &confirm_statements_.emplace(table.collection->id, made).first->second;
}

Result<bool> Taker::confirm_in_place(const TableInfo& table, const PageRow& row, std::int64_t set) {
    if (core_.aliases.contains(row.id)) return false;
    const std::vector<PendingOperation>& pending = core_.journal.pending(row.id);
    bool done = false;
    if (pending.size() == 1) {
        SATCHEL_ASSIGN(done, confirm_own_record(table, row, set, pending.front()));
    }
    if (!done) {
        SATCHEL_ASSIGN(done, confirm_as_shown(table, row, set));
    }
    if (done) note_housed(pending, row.seq);
    return done;
}

// The row is still just what one operation made. What the server makes of it differs by stamp and
// role at most: Judge::store_fresh writes the same bytes.
Result<bool> Taker::confirm_own_record(const TableInfo& table, const PageRow& row, std::int64_t set,
                                       const PendingOperation& made) {
    SATCHEL_ASSIGN(const Settling* how, settling(made.number));
    if (!how->settles) return false;
    const Dot dot{how->first.replica, how->first.counter + made.index};
    meta_before_.clear();
    meta_after_.clear();
    encode_fresh_meta(meta_before_, dot, how->stamp, how->own_rank, how->system);
    encode_fresh_meta(meta_after_, dot, how->effective, how->rank, how->system);
    SATCHEL_ASSIGN(const ConfirmStatements* statements, confirm_statements(table));
    Statement& update = *statements->own;
    update.bind_blob(1, row.id.view());
    update.bind(2, stored(row.seq));
    update.bind(3, set);
    update.bind_blob(4, meta_after_.out());
    update.bind_blob(5, meta_before_.out());
    SATCHEL_TRY(update.run());
    if (core_.database.changes() == 0) return false;
    core_.scopes.add(set, row.id, row.seq);
    return true;
}

Result<bool> Taker::confirm_as_shown(const TableInfo& table, const PageRow& row, std::int64_t set) {
    for (const PendingOperation& each : core_.journal.pending(row.id)) {
        SATCHEL_ASSIGN(const Settling* how, settling(each.number));
        if (!how->as_shown) return false;
    }
    SATCHEL_ASSIGN(const ConfirmStatements* statements, confirm_statements(table));
    Statement& select = *statements->select;
    select.bind_blob(1, row.id.view());
    SATCHEL_ASSIGN(const bool found, select.step());
    const Sequence seq{static_cast<std::uint64_t>(found ? select.integer(0) : 0)};
    const std::int64_t scope = found ? select.integer(1) : 0;
    select.reset();
    if (!found) return false;
    core_.scopes.subtract(scope, row.id, seq);
    core_.scopes.add(set, row.id, row.seq);
    Statement& update = *statements->update;
    update.bind_blob(1, row.id.view());
    update.bind(2, stored(row.seq));
    update.bind(3, set);
    SATCHEL_TRY(update.run());
    return true;
}

}  // namespace satchel::storage
