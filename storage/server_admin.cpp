// Head office's own writes and decisions: through the same rules as a device's.
#include <algorithm>

#include "storage/server_core.hpp"
#include "sync/limits.hpp"
#include "sync/mutants.hpp"

namespace satchel::storage {
namespace {

// The cell of a field with this field's value, and what the record shows in the others.
CellWrite cell_write(const Collection& collection, const Cell& cell, const ServerRecord* record) {
    CellWrite write{cell.id, {}};
    for (const std::size_t field : cell.fields)
        write.values.push_back(record == nullptr ? Value{}
                                                 : shown_field(collection, record->state,
                                                               collection.fields[field].id));
    return write;
}

Status set_field(std::vector<CellWrite>& writes, const Collection& collection, const Field& field,
                 const Value& value, const ServerRecord* record) {
    const Cell* cell = collection.cell(field.cell);
    if (cell == nullptr)
        return Error{ErrorCode::invalid_argument,
                     collection.name + "." + field.name + " is a set or a counter"};
    auto at = std::find_if(writes.begin(), writes.end(),
                           [cell](const CellWrite& write) { return write.cell == cell->id; });
    if (at == writes.end()) at = writes.insert(writes.end(), cell_write(collection, *cell, record));
    const std::size_t position = collection.position(field.id);
    for (std::size_t i = 0; i < cell->fields.size(); ++i)
        if (cell->fields[i] == position) at->values[i] = value;
    return {};
}

void sort_cells(std::vector<CellWrite>& writes) {
    std::sort(writes.begin(), writes.end(),
              [](const CellWrite& a, const CellWrite& b) { return a.cell < b.cell; });
}

Error refused(const Verdict& verdict) {
    return {ErrorCode::invalid_argument, "not accepted: " + verdict.detail};
}

}  // namespace

Result<Verdict> SqliteServerStore::write_own(std::vector<Operation> operations, Intent intent,
                                             std::int64_t now_ms, const RecordId& author) {
    if (operations.empty() || operations.size() > kMaxOperations)
        return Error{ErrorCode::limit, "one to 10,000 operations at a time"};
    SATCHEL_ASSIGN(AdminTransaction transaction, AdminTransaction::begin(*this));
    for (Operation& operation : operations) {
        if (!operation.clock.empty()) continue;
        SATCHEL_ASSIGN(const auto record, load(operation.collection, operation.record));
        if (record) operation.clock = record->state.clock;
    }
    SATCHEL_ASSIGN(const Verdict verdict, write(std::move(operations), intent, now_ms, author, 0));
    if (verdict.kind == VerdictKind::accepted) SATCHEL_TRY(transaction.commit());
    return verdict;
}

// With their clocks as they are. What is not accepted leaves no trace.
Result<Verdict> SqliteServerStore::write(std::vector<Operation> operations, Intent intent,
                                         std::int64_t now_ms, const RecordId& author,
                                         std::uint64_t speaks_for) {
    SATCHEL_ASSIGN(AdminTransaction transaction, AdminTransaction::begin(*this));
    SATCHEL_ASSIGN(const auto known, replica(core_->own));
    Changeset changeset;
    changeset.header.id = make_change_id(*core_->random);
    changeset.header.replica = core_->own;
    changeset.header.first_counter = (known ? known->high : 0) + 1;
    changeset.header.stamp = core_->hybrid.next(now_ms);
    changeset.header.committed_at = now_ms;
    changeset.header.schema = schema()->number();
    changeset.header.intent = intent;
    changeset.operations = std::move(operations);
    Caller caller;
    caller.replica = core_->own.id;
    caller.user = author;
    caller.rank = 255;
    caller.head_office = true;
    caller.speaks_for = speaks_for;
    SATCHEL_ASSIGN(const Verdict verdict,
                   accept_own(encode(changeset), caller, *this, core_->services, now_ms));
    if (verdict.kind != VerdictKind::accepted) return verdict;
    SATCHEL_TRY(
        core_->set_setting("own_stamp", static_cast<std::int64_t>(core_->hybrid.last().packed)));
    SATCHEL_TRY(transaction.commit());
    return verdict;
}

Status SqliteServerStore::install_schema(const Schema& schema, std::int64_t now_ms) {
    Operation operation;
    operation.collection = system_ids::kSchema;
    operation.record = core_->ids.next(now_ms, *core_->random);
    operation.cells = {{system_ids::kSchemaNumber, {Value(std::int64_t{schema.number()})}},
                       {system_ids::kSchemaDefinition, {Value::bytes(schema.encode())}}};
    SATCHEL_ASSIGN(const Verdict verdict, write_own({operation}, Intent::system, now_ms));
    if (verdict.kind != VerdictKind::accepted) return refused(verdict);
    return {};
}

Result<RecordId> SqliteServerStore::put_record(
    std::string_view collection_name, const RecordId* id,
    const std::vector<std::pair<std::string, Value>>& fields, std::int64_t now_ms) {
    SATCHEL_ASSIGN(AdminTransaction transaction, AdminTransaction::begin(*this));
    const SchemaPointer schema = this->schema();
    const Collection* collection = schema->find(collection_name);
    if (collection == nullptr)
        return Error{ErrorCode::not_found, "no collection " + std::string(collection_name)};
    Operation operation;
    operation.collection = collection->id;
    operation.record = id != nullptr ? *id : core_->ids.next(now_ms, *core_->random);
    SATCHEL_ASSIGN(const auto before, load(collection->id, operation.record));
    for (const auto& [name, value] : fields) {
        const Field* field = collection->find(name);
        if (field == nullptr)
            return Error{ErrorCode::not_found, collection->name + " has no field " + name};
        SATCHEL_TRY(
            set_field(operation.cells, *collection, *field, value, before ? &*before : nullptr));
    }
    sort_cells(operation.cells);
    const RecordId record = operation.record;
    SATCHEL_ASSIGN(const Verdict verdict, write_own({operation}, Intent::person, now_ms));
    if (verdict.kind != VerdictKind::accepted) return refused(verdict);
    SATCHEL_TRY(transaction.commit());
    return record;
}

Result<Verdict> SqliteServerStore::handover(CollectionId collection_id, const RecordId& record,
                                            const RecordId& new_owner, std::int64_t now_ms) {
    SATCHEL_ASSIGN(AdminTransaction transaction, AdminTransaction::begin(*this));
    const SchemaPointer schema = this->schema();
    const Collection* collection = schema->find(collection_id);
    const Field* owner =
        collection == nullptr ? nullptr : collection->find(collection->scope.owner);
    if (owner == nullptr)
        return Error{ErrorCode::invalid_argument, "records of this kind have no owner"};
    SATCHEL_ASSIGN(const auto before, load(collection_id, record));
    if (!before) return Error{ErrorCode::not_found, "there is no record " + record.text()};
    Operation operation;
    operation.collection = collection_id;
    operation.record = record;
    SATCHEL_TRY(set_field(operation.cells, *collection, *owner, Value::id(new_owner), &*before));
    SATCHEL_ASSIGN(const Verdict verdict, write_own({operation}, Intent::system, now_ms));
    if (verdict.kind == VerdictKind::accepted) SATCHEL_TRY(transaction.commit());
    return verdict;
}

Result<std::vector<QuarantinedChangeset>> SqliteServerStore::quarantine(std::size_t limit,
                                                                        bool with_adopted) {
    SATCHEL_ASSIGN(auto all, core_->log.quarantined(limit, with_adopted));
    std::vector<QuarantinedChangeset> list;
    for (NumberedChangeset& one : all)
        list.push_back({one.number, std::move(one.entry), one.adopted});
    return list;
}

Result<std::size_t> SqliteServerStore::prune(const std::vector<std::uint64_t>& active,
                                             std::size_t limit, std::int64_t now_ms) {
    SATCHEL_ASSIGN(AdminTransaction transaction, AdminTransaction::begin(*this));
    SATCHEL_ASSIGN(const auto lowest, core_->log.lowest_cursor(active));
    const Sequence stable = lowest ? *lowest : head();
    std::vector<std::pair<CollectionId, RecordId>> due;
    {
        SATCHEL_ASSIGN(Statement * rows,
                       core_->database.cached("SELECT collection, id FROM _dead WHERE seq <= ?1"
                                              " LIMIT ?2"));
        rows->bind(1, stored(stable));
        rows->bind(2, static_cast<std::int64_t>(limit));
        while (true) {
            SATCHEL_ASSIGN(const bool row, rows->step());
            if (!row) break;
            SATCHEL_ASSIGN(const RecordId id, RecordId::from_bytes(rows->blob(1)));
            due.emplace_back(CollectionId{static_cast<std::uint32_t>(rows->integer(0))}, id);
        }
        rows->reset();
    }
    if (due.empty()) return std::size_t{0};
    SATCHEL_ASSIGN(const Sequence seq, next_seq());
    for (const auto& [collection, id] : due)
        SATCHEL_TRY(core_->bury(collection, id, seq, now_ms));
    SATCHEL_TRY(transaction.commit());
    return due.size();
}

// The record goes; its id stays in the grave index for ever, its departure until nobody needs it.
Status SqliteServerStore::Core::bury(CollectionId collection, const RecordId& id, Sequence seq,
                                     std::int64_t now_ms) {
    const TableInfo* table = tables.table(collection);
    if (table == nullptr) return {};
    SATCHEL_ASSIGN(const auto record, tables.load(*table, id));
    if (!record || !record->dead) return {};
    SATCHEL_TRY(note_dead_children(*table->collection, id, record->state, false));
    SATCHEL_TRY(tables.remove(*table, id, *record));
    SATCHEL_TRY(scopes.move(collection, id, record->seq, record->scope, seq, 0, now_ms));
    if (satchel::broken(Mutant::pruned_without_grave)) return {};
    SATCHEL_ASSIGN(Statement * insert,
                   database.cached("INSERT OR IGNORE INTO _grave VALUES (?1, ?2)"));
    insert->bind_blob(1, id.view());
    insert->bind(2, stored(record->seq));
    any_grave = true;
    return insert->run();
}

Status SqliteServerStore::declare_lost(const Dot& dot, std::string_view by, std::int64_t now_ms) {
    SATCHEL_ASSIGN(AdminTransaction transaction, AdminTransaction::begin(*this));
    SATCHEL_TRY(core_->log.declare_lost(dot, by, now_ms));
    SATCHEL_ASSIGN([[maybe_unused]] const std::size_t decided,
                   judge_held(*this, core_->services, now_ms));
    return transaction.commit();
}

Result<std::size_t> SqliteServerStore::sweep_held(std::int64_t now_ms) {
    constexpr std::size_t kMaxRounds = 8;  // a changeset may wait for several, one after the other
    SATCHEL_ASSIGN(AdminTransaction transaction, AdminTransaction::begin(*this));
    std::size_t lost = 0;
    for (std::size_t round = 0; round < kMaxRounds && has_held(); ++round) {
        // Also what an earlier call left for this one.
        SATCHEL_ASSIGN([[maybe_unused]] const std::size_t decided,
                       judge_held(*this, core_->services, now_ms));
        SATCHEL_ASSIGN(const std::size_t more, core_->declare_overdue_lost(now_ms));
        if (more == 0) break;
        lost += more;
    }
    SATCHEL_TRY(transaction.commit());
    return lost;
}

namespace {

// The dots by which changesets that are held wait for each other in a circle, as they can where a
// dot was given twice: before a restore that took it back, and after. A wait for an earlier change
// of the same replica alone is no wait that could end otherwise.
std::vector<Dot> circles(const std::vector<const LoggedChangeset*>& held) {
    std::map<Dot, std::size_t> by_last;
    for (std::size_t i = 0; i < held.size(); ++i)
        by_last[{held[i]->replica, held[i]->last_counter}] = i;
    const std::size_t none = held.size();
    const auto waited_for = [&](std::size_t i) {
        const Dot& dot = held[i]->verdict.original;
        const auto at = by_last.lower_bound(dot);
        const bool holds = at != by_last.end() && at->first.replica == dot.replica &&
                           held[at->second]->first_counter <= dot.counter;
        return holds ? at->second : none;
    };
    std::vector<Dot> dots;
    std::vector<std::size_t> walk(held.size(), none);  // by which walk it was met first
    for (std::size_t start = 0; start < held.size(); ++start) {
        std::size_t at = start;
        for (; at != none && walk[at] == none; at = waited_for(at))
            walk[at] = start;
        if (at == none || walk[at] != start) continue;
        const std::size_t begin = at;
        do {
            const Dot& dot = held[at]->verdict.original;
            if (dot.replica != held[at]->replica) dots.push_back(dot);
            at = waited_for(at);
        } while (at != begin);
    }
    return dots;
}

}  // namespace

// What waits for a held changeset goes on with that one, unless that waits for it. A dot that has
// come and does not do, once judged, is another record's, of a copy of that device before a
// restore: it never will.
Result<std::size_t> SqliteServerStore::Core::declare_overdue_lost(std::int64_t now_ms) {
    SATCHEL_ASSIGN(const auto entries, log.held());
    std::vector<const LoggedChangeset*> overdue;
    std::vector<Dot> lost;
    for (const LoggedChangeset& entry : entries) {
        const Dot& dot = entry.verdict.original;
        if (now_ms - entry.receipt <= kHoldDeadlineMs || dot.counter == 0 || log.is_lost(dot))
            continue;
        overdue.push_back(&entry);
        SATCHEL_ASSIGN(const auto decided, log.decided(dot));
        if (decided == VerdictKind::held) continue;
        SATCHEL_ASSIGN(const bool ready, log.is_ready(entry));
        if (!ready) lost.push_back(dot);
    }
    if (lost.empty()) lost = circles(overdue);
    std::sort(lost.begin(), lost.end());
    lost.erase(std::unique(lost.begin(), lost.end()), lost.end());
    for (const Dot& dot : lost)
        SATCHEL_TRY(log.declare_lost(dot, "the deadline", now_ms));
    return lost.size();
}

}  // namespace satchel::storage
