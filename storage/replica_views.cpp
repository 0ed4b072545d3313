// What a replica can say about itself: records, conflicts, journal, status, sums.
#include <algorithm>

#include "storage/replica_core.hpp"

namespace satchel::storage {
namespace {

Error unknown_collection(std::string_view name) {
    return {ErrorCode::invalid_argument,
            "there is no collection '" + std::string(name.substr(0, 64)) + "'"};
}

// Half of them would stay in memory after a failure: then everything is read again.
Status load_scopes(ReplicaCore& core) {
    Status loaded = core.scopes.load();
    if (!loaded) core.data_version = -1;
    return loaded;
}

}  // namespace

Bytes before_image(const RecordState& before, const Operation& operation) {
    if (!before.exists()) return {};
    RecordState kept;
    kept.clock = before.clock;
    kept.sets = before.sets;
    kept.counters = before.counters;
    kept.life = before.life;
    for (const CellWrite& write : operation.cells) {
        const CellState* cell = before.cell(write.cell);
        if (cell != nullptr) kept.cells.push_back(*cell);
    }
    return encode_state(kept);
}

Result<RecordState> put_back(RecordState state, const Operation& operation, ByteView image) {
    if (image.empty()) return RecordState{};
    SATCHEL_ASSIGN(RecordState before, decode_state(image));
    for (const CellWrite& write : operation.cells) {
        const CellState* old = before.cell(write.cell);
        if (old != nullptr)
            state.cell_or_new(write.cell) = *old;
        else
            std::erase_if(state.cells,
                          [&write](const CellState& cell) { return cell.cell == write.cell; });
    }
    state.clock = std::move(before.clock);
    state.sets = std::move(before.sets);
    state.counters = std::move(before.counters);
    state.life = std::move(before.life);
    return state;
}

Result<RecordState> ReplicaCore::confirmed(const RecordId& id, RecordState shown) {
    SATCHEL_TRY(journal.follow());
    const std::vector<PendingOperation> pending = journal.pending(id);
    for (auto at = pending.rbegin(); at != pending.rend(); ++at) {
        SATCHEL_ASSIGN(const auto found, journal.row(at->number));
        if (!found) return Error{ErrorCode::corrupt, "a pending journal row is missing"};
        SATCHEL_ASSIGN(const Changeset changeset, decode_changeset(found->bytes));
        SATCHEL_ASSIGN(const std::vector<Bytes> images, journal.before_images(at->number));
        if (at->index >= images.size() || at->index >= changeset.operations.size())
            return Error{ErrorCode::corrupt, "a journal row and its before-images disagree"};
        SATCHEL_ASSIGN(
            shown, put_back(std::move(shown), changeset.operations[at->index], images[at->index]));
    }
    return shown;
}

Result<RecordView> Replica::record(std::string_view collection, const RecordId& id) {
    SATCHEL_TRY(core_->follow());  // the collection may have come by another connection
    const Collection* known = schema()->find(collection);
    if (known == nullptr) return unknown_collection(collection);
    const TableInfo* table = core_->tables.table(known->id);
    SATCHEL_ASSIGN(auto stored, core_->tables.load(*table, id));
    if (!stored)
        return Error{ErrorCode::not_found, "no " + known->name + " with the id " + id.text() +
                                               " is on this device; 'satchel why' tells more"};
    RecordView view;
    view.collection = known->id;
    view.id = id;
    view.shown = shown_row(*known, stored->state);
    view.seq = stored->seq;
    view.dead = stored->dead;
    SATCHEL_TRY(core_->journal.follow());
    view.pending = !core_->journal.pending(id).empty();
    SATCHEL_ASSIGN(view.confirmed, core_->confirmed(id, stored->state));
    view.state = std::move(stored->state);
    return view;
}

Result<std::vector<OpenConflict>> Replica::conflicts() {
    SATCHEL_ASSIGN(Statement rows, core_->database.prepare("SELECT collection, id, cell"
                                                           " FROM _conflict ORDER BY 1, 2, 3"));
    std::vector<OpenConflict> found;
    while (true) {
        SATCHEL_ASSIGN(const bool row, rows.step());
        if (!row) return found;
        OpenConflict conflict;
        conflict.collection = CollectionId{static_cast<std::uint32_t>(rows.integer(0))};
        SATCHEL_ASSIGN(conflict.record, RecordId::from_bytes(rows.blob(1)));
        conflict.cell = FieldId{static_cast<std::uint32_t>(rows.integer(2))};
        found.push_back(conflict);
    }
}

Result<std::vector<JournalEntry>> Replica::journal(std::size_t limit, bool open_only) {
    return core_->journal.list(limit, open_only);
}

Result<Changeset> Replica::changeset(std::int64_t journal_number) {
    SATCHEL_ASSIGN(const auto row, core_->journal.row(journal_number));
    if (!row || row->bytes.empty())
        return Error{ErrorCode::not_found,
                     "the journal has no entry " + std::to_string(journal_number)};
    if (is_sealed(row->bytes)) return sealed_error();
    return decode_changeset(row->bytes);
}

Result<ReplicaStatus> Replica::status() {
    SATCHEL_TRY(core_->load_row());
    SATCHEL_TRY(load_scopes(*core_));
    ReplicaStatus status;
    const ReplicaRow& row = core_->row;
    status.replica = row.replica;
    status.ever_synced = row.epoch != 0 && number(row.cursor) != 0;
    status.epoch = row.epoch;
    status.cursor = row.cursor;
    status.last_success_at = row.last_success;
    status.scopes = core_->scopes.keys();
    status.loading = !core_->scopes.loading().empty();
    SATCHEL_ASSIGN(Statement counts,
                   core_->database.prepare("SELECT state, count(*), min(committed_at) FROM journal"
                                           " WHERE number >= (SELECT first_open FROM journal_mark)"
                                           " AND state IN (0, 1, 3) GROUP BY state"));
    while (true) {
        SATCHEL_ASSIGN(const bool more, counts.step());
        if (!more) break;
        const auto state = static_cast<ChangesetState>(counts.integer(0));
        const auto count = static_cast<std::size_t>(counts.integer(1));
        (state == ChangesetState::held ? status.held : status.pending) += count;
        const std::int64_t oldest = counts.integer(2);
        if (status.oldest_pending_at == 0 || oldest < status.oldest_pending_at)
            status.oldest_pending_at = oldest;
    }
    SATCHEL_ASSIGN(const std::int64_t refused,
                   core_->database.integer("SELECT count(*) FROM verdict WHERE state = 4"));
    status.not_accepted = static_cast<std::size_t>(refused);
    SATCHEL_ASSIGN(const std::int64_t conflicts,
                   core_->database.integer("SELECT count(*) FROM _conflict"));
    SATCHEL_ASSIGN(const std::int64_t parked,
                   core_->database.integer("SELECT count(*) FROM parked"));
    status.conflicts = static_cast<std::size_t>(conflicts);
    status.parked = static_cast<std::size_t>(parked);
    return status;
}

Result<LocalSums> Replica::sums() {
    SATCHEL_TRY(core_->load_row());
    SATCHEL_TRY(load_scopes(*core_));
    LocalSums sums;
    sums.cursor = core_->row.cursor;
    for (const auto& [key, scope] : core_->scopes.held())
        sums.scopes.push_back(scope.sum);
    return sums;
}

}  // namespace satchel::storage
