// Writing: one local transaction becomes one changeset.
//
// Operations are encoded as they come. Only when a record is written twice in one transaction is
// what was encoded taken apart again, so that each record keeps one operation.
#include <algorithm>
#include <unordered_map>

#include "storage/combine.hpp"
#include "storage/remade.hpp"
#include "storage/selection.hpp"
#include "storage/services.hpp"
#include "storage/text.hpp"
#include "sync/limits.hpp"
#include "sync/mutants.hpp"
#include "sync/validate.hpp"

namespace satchel::storage {
namespace {

using SqliteTransaction = storage::Transaction;

Error unknown_field(const Collection& collection, std::string_view field) {
    std::string known;
    for (const Field& each : collection.fields)
        known += (known.empty() ? "" : ", ") + each.name;
    return {ErrorCode::invalid_argument, collection.name + " has no field '" +
                                             std::string(field.substr(0, 64)) +
                                             "'; it has: " + known};
}

// Text in the form in which it is kept: NFC.
Result<Value> canonical(const Value& value) {
    if (value.type() != ValueType::text || is_canonical_text(value.as_bytes())) return value;
    SATCHEL_ASSIGN(const Bytes text, canonical_text(value.as_bytes()));
    return Value::text(text);
}

// Positions of the fields whose columns an operation changes.
std::vector<std::size_t> written_fields(const Collection& collection, const Operation& operation) {
    std::vector<std::size_t> fields;
    for (const CellWrite& write : operation.cells) {
        const Cell* cell = collection.cell(write.cell);
        fields.insert(fields.end(), cell->fields.begin(), cell->fields.end());
    }
    for (const SetWrite& set : operation.sets)
        fields.push_back(collection.position(set.field));
    for (const CounterStep& step : operation.counters)
        fields.push_back(collection.position(step.field));
    std::sort(fields.begin(), fields.end());
    fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
    return fields;
}

// Of text that has been looked at already.
bool any_text(ByteView) {
    return true;
}

std::size_t nodes_of(const Operation& operation) {
    std::size_t nodes =
        operation.clock.entries().size() + operation.sets.size() + operation.counters.size();
    for (const CellWrite& write : operation.cells)
        nodes += write.values.size();
    return nodes;
}

}  // namespace

// Where each record stands in a transaction's list. Most transactions never ask, so records are
// taken into the index only then.
class TouchedIndex {
  public:
    template <typename Touched>
    std::optional<std::size_t> find(const std::vector<Touched>& touched, const RecordId& id) {
        for (; known_ < touched.size(); ++known_)
            places_.emplace(touched[known_].id, known_);
        const auto at = places_.find(id);
        return at == places_.end() ? std::nullopt : std::optional(at->second);
    }

  private:
    std::unordered_map<RecordId, std::size_t> places_;
    std::size_t known_ = 0;
};

struct LocalTransaction::State {
    // A record that this transaction wrote.
    struct Touched {
        RecordId id;
        const TableInfo* table = nullptr;
        Bytes image;  // before-image of its operation
    };

    State(ReplicaCore& replica, SqliteTransaction begun)
        : core(replica), transaction(std::move(begun)) {}
    ~State() { core.writing = false; }

    Result<const TableInfo*> table(std::string_view collection) const;
    Result<std::optional<StoredRecord>> load_living(const TableInfo& table, const RecordId& id);
    Result<VectorClock> seen(const RecordId& id, const VectorClock* token,
                             const VectorClock& shown) const;
    WriteContext context(std::size_t index) const;
    // Makes room for so many nodes of a record.
    Status take_room(const RecordId& id, std::size_t more);
    Status take_apart();
    // After a failure of the disk rows and journal may differ, or SQLite has ended the transaction:
    // then nothing is written any more, and nothing committed.
    Status check_usable() const;
    template <typename T>
    T note(T outcome);
    Status write(const TableInfo& table, const RecordId& id, Operation operation,
                 std::optional<StoredRecord> before);
    Status write_new(const TableInfo& table, const RecordId& id, Operation operation,
                     std::optional<StoredRecord> before);
    Status write_again(std::size_t index, const Operation& operation);
    Result<std::vector<CellWrite>> cell_writes(const Collection& collection,
                                               const FieldValues& values,
                                               const RecordState* now) const;
    ChangesetHeader header() const;
    Result<const Field*> field(const TableInfo& table, std::string_view name, FieldKind kind) const;
    Status prepare_fast(const TableInfo& table, const std::vector<FieldId>& fields);
    Status insert_fast(const TableInfo& table, const RecordId& id,
                       const std::vector<ValueView>& row, const std::vector<ValueView>& values);

    ReplicaCore& core;
    SqliteTransaction transaction;
    ChainHead head;
    Stamp stamp;
    std::int64_t committed_at = 0;
    Intent intent = Intent::person;
    ChangesetEncoder encoder;
    bool failed = false;
    bool apart = false;  // operations are kept as objects from now on
    std::vector<Operation> operations;
    std::vector<Touched> touched;
    TouchedIndex places;
    std::size_t nodes = 0;  // written so far: kMaxChangesetNodes
    ChangeCollector changes;
    Remade remade;
    // Of the fast way in: prepared for one list of fields, used while the same list comes.
    CollectionId fast_collection{};
    std::vector<FieldId> fast_fields;
    std::vector<const Field*> fast_known;  // the same
    OperationShape fast_shape;
    Selection columns;  // in the order of the layout
    Selection written;  // in the order of the operation
    Writer meta;
};

Result<const TableInfo*> LocalTransaction::State::table(std::string_view collection) const {
    const Collection* known = core.tables.schema()->find(collection);
    if (known == nullptr)
        return Error{ErrorCode::invalid_argument,
                     "there is no collection '" + std::string(collection.substr(0, 64)) + "'"};
    return core.tables.table(known->id);
}

Result<const Field*> LocalTransaction::State::field(const TableInfo& info, std::string_view name,
                                                    FieldKind kind) const {
    const Field* known = info.collection->find(name);
    if (known == nullptr) return unknown_field(*info.collection, name);
    if (known->kind != kind)
        return Error{ErrorCode::invalid_argument,
                     info.collection->name + "." + known->name +
                         (kind == FieldKind::set ? " is no set" : " is no counter")};
    return known;
}

// What the author had seen of the record: the token, or what is there now. A token of this record
// names what is here; but head office may have refused some of it since, or lost it in a restore.
Result<VectorClock> LocalTransaction::State::seen(const RecordId& id, const VectorClock* token,
                                                  const VectorClock& shown) const {
    if (token == nullptr) return shown;
    SATCHEL_ASSIGN(VectorClock seen, core.renamed(id, *token, shown));
    bool is_known = !seen.empty();
    for (const Dot& entry : seen.entries()) {
        if (core.row.epoch > 1 || shown.covers(entry)) continue;
        SATCHEL_ASSIGN(const auto state, core.journal.state_of(entry));
        is_known = is_known && state == ChangesetState::quarantined;
    }
    if (is_known) return seen;
    return Error{ErrorCode::invalid_argument,
                 "the read token is not of this record, or older than its making"};
}

Result<std::optional<StoredRecord>> LocalTransaction::State::load_living(const TableInfo& info,
                                                                         const RecordId& id) {
    SATCHEL_ASSIGN(auto stored, core.tables.load(info, id));
    if (!stored || stored->dead)
        return Error{ErrorCode::not_found,
                     std::string("the ") + info.collection->name + " " + id.text() +
                         (stored ? " is deleted; undelete it first" : " is not on this device")};
    return stored;
}

WriteContext LocalTransaction::State::context(std::size_t index) const {
    return {{core.row.replica, head.counter + 1 + index}, stamp, core.row.rank, intent, false};
}

ChangesetHeader LocalTransaction::State::header() const {
    ChangesetHeader header;
    header.replica = core.row.replica;
    header.first_counter = head.counter + 1;
    header.stamp = stamp;
    header.committed_at = committed_at;
    header.schema = core.tables.schema()->number();
    header.intent = intent;
    return header;
}

Status LocalTransaction::State::take_room(const RecordId& id, std::size_t more) {
    const std::size_t bytes = encoder.size_bytes();
    const bool full =
        touched.size() >= kMaxOperations || bytes >= kMaxChangesetBytes - 2 * kMaxTextBytes;
    if ((full && !places.find(touched, id)) || nodes + more > kMaxChangesetNodes)
        return Error{ErrorCode::limit,
                     "one transaction holds at most 10,000 records, 500,000 values and about "
                     "6 MiB; commit and go on in the next"};
    nodes += more;
    return {};
}

// From now on operations are objects: one of them is about to change.
Status LocalTransaction::State::take_apart() {
    if (apart) return {};
    apart = true;
    if (encoder.count() == 0) return {};
    SATCHEL_ASSIGN(Changeset changeset, decode_changeset(encoder.finish(header())));
    operations = std::move(changeset.operations);
    return {};
}

Status LocalTransaction::State::check_usable() const {
    if (!failed && sqlite3_get_autocommit(core.database.handle()) == 0) return {};
    return Error{ErrorCode::io,
                 "a write of this transaction failed, so none of it stays; begin another one"};
}

template <typename T>
T LocalTransaction::State::note(T outcome) {
    if (!outcome) {
        const ErrorCode code = outcome.error().code;
        failed = failed || (code != ErrorCode::invalid_argument && code != ErrorCode::not_found &&
                            code != ErrorCode::limit);
    }
    return outcome;
}

Status LocalTransaction::State::write(const TableInfo& info, const RecordId& id,
                                      Operation operation, std::optional<StoredRecord> before) {
    SATCHEL_TRY(check_usable());
    operation.collection = info.collection->id;
    operation.record = id;
    const std::optional<std::size_t> known = places.find(touched, id);
    const bool is_edit = before && operation.kind == OperationKind::write && !known;
    if (is_edit && info.collection->append_only)
        return Error{ErrorCode::invalid_argument,
                     "records of " + info.collection->name + " are made and deleted, never edited"};
    SATCHEL_TRY(validate(operation, *core.tables.schema(), &is_canonical_text));
    SATCHEL_TRY(take_room(id, nodes_of(operation)));
    failed = true;  // if memory ends in the middle: the row would be there without its journal
    Status done = known ? write_again(*known, operation)
                        : write_new(info, id, std::move(operation), std::move(before));
    failed = false;
    return note(std::move(done));
}

Status LocalTransaction::State::write_new(const TableInfo& info, const RecordId& id,
                                          Operation operation, std::optional<StoredRecord> before) {
    Touched entry{id, &info, before ? before_image(before->state, operation) : Bytes{}};
    if (before && before->state.life.empty() && operation.kind == OperationKind::write) {
        const std::vector<FieldId> conflicts = conflicted_cells(before->state);
        SATCHEL_TRY(apply(before->state, operation, context(touched.size())));
        SATCHEL_TRY(check_size(before->state));
        SATCHEL_TRY(core.tables.rewrite(info, id, before->state,
                                        written_fields(*info.collection, operation), conflicts));
    } else {
        StoredRecord after = before ? *before : StoredRecord{};
        SATCHEL_TRY(apply(after.state, operation, context(touched.size())));
        SATCHEL_TRY(check_size(after.state));
        SATCHEL_TRY(core.tables.store(info, id, after, before));
        if (!before) SATCHEL_TRY(remade.note(core, info, id));
    }
    touched.push_back(std::move(entry));
    if (apart)
        operations.push_back(std::move(operation));
    else
        encoder.add(operation);
    changes.add(info.collection->id, id);
    return {};
}

Status LocalTransaction::State::write_again(std::size_t index, const Operation& operation) {
    SATCHEL_TRY(take_apart());
    Touched& entry = touched[index];
    if (operation.kind != OperationKind::write || operations[index].kind != OperationKind::write)
        return Error{ErrorCode::invalid_argument,
                     "one transaction cannot both write and delete (or undelete) a record; commit "
                     "in between"};
    Operation both = combined(operations[index], operation);
    SATCHEL_ASSIGN(const auto now, core.tables.load(*entry.table, entry.id));
    if (!now) return Error{ErrorCode::corrupt, "a record written in this transaction is gone"};
    StoredRecord after = *now;
    SATCHEL_ASSIGN(after.state, put_back(now->state, operations[index], entry.image));
    Bytes image = before_image(after.state, both);
    SATCHEL_TRY(apply(after.state, both, context(index)));
    SATCHEL_TRY(check_size(after.state));
    SATCHEL_TRY(core.tables.store(*entry.table, entry.id, after, now));
    entry.image = std::move(image);
    operations[index] = std::move(both);
    return {};
}

// Groups the given fields into cells; a group's other fields keep what is shown (`now`: null for a
// new record).
Result<std::vector<CellWrite>> LocalTransaction::State::cell_writes(const Collection& collection,
                                                                    const FieldValues& values,
                                                                    const RecordState* now) const {
    std::vector<CellWrite> writes;
    for (const auto& [field_name, value] : values) {
        const Field* known = collection.find(field_name);
        if (known == nullptr) return unknown_field(collection, field_name);
        const Cell* cell = collection.cell(known->cell);
        if (cell == nullptr || known->kind == FieldKind::set || known->kind == FieldKind::counter)
            return Error{ErrorCode::invalid_argument,
                         collection.name + "." + known->name +
                             " is a set or counter: change it by tagging or counting"};
        auto at = std::lower_bound(
            writes.begin(), writes.end(), cell->id,
            [](const CellWrite& write, FieldId wanted) { return write.cell < wanted; });
        if (at == writes.end() || at->cell != cell->id) {
            at = writes.insert(at, CellWrite{cell->id, {}});
            for (const std::size_t field : cell->fields)
                at->values.push_back(now == nullptr ? Value{}
                                                    : shown_field(collection, field, *now));
        }
        const std::size_t position = collection.position(known->id);
        for (std::size_t i = 0; i < cell->fields.size(); ++i) {
            if (cell->fields[i] != position) continue;
            SATCHEL_ASSIGN(at->values[i], canonical(value));
        }
    }
    return writes;
}

LocalTransaction::LocalTransaction(std::unique_ptr<State> state) : state_(std::move(state)) {}
LocalTransaction::LocalTransaction(LocalTransaction&&) noexcept = default;
LocalTransaction& LocalTransaction::operator=(LocalTransaction&&) noexcept = default;
LocalTransaction::~LocalTransaction() = default;

Result<LocalTransaction> Replica::begin(Intent intent) {
    if (core_->writing)
        return Error{ErrorCode::busy, "a transaction is open on this replica already"};
    SATCHEL_ASSIGN(SqliteTransaction transaction, SqliteTransaction::begin(core_->database));
    SATCHEL_TRY(core_->refresh());
    auto state = std::make_unique<LocalTransaction::State>(*core_, std::move(transaction));
    SATCHEL_ASSIGN(state->head, core_->journal.head(core_->row.replica));
    core_->writing = true;
    state->intent = intent;
    state->committed_at = core_->now();
    const std::int64_t corrected = state->committed_at + core_->row.clock_offset;
    core_->hybrid =
        HybridClock(std::max({core_->hybrid.last(), state->head.stamp, core_->row.hlc}));
    state->stamp = core_->hybrid.next(corrected);
    return LocalTransaction(std::move(state));
}

Result<RecordId> LocalTransaction::create(std::string_view collection, const FieldValues& values,
                                          const RecordId* id) {
    SATCHEL_ASSIGN(const TableInfo* info, state_->table(collection));
    Operation operation;
    SATCHEL_ASSIGN(operation.cells, state_->cell_writes(*info->collection, values, nullptr));
    const RecordId made =
        id != nullptr ? *id : state_->core.ids.next(state_->committed_at, *state_->core.random);
    if (id != nullptr) {
        SATCHEL_ASSIGN(const auto stored, state_->core.tables.load(*info, made));
        if (stored)
            return Error{
                ErrorCode::invalid_argument,
                "a " + info->collection->name + " with the id " + made.text() + " is here already"};
    }
    SATCHEL_TRY(state_->write(*info, made, std::move(operation), std::nullopt));
    return made;
}

// Which caller's value goes into which column and which cell, once per list of fields.
Status LocalTransaction::State::prepare_fast(const TableInfo& info,
                                             const std::vector<FieldId>& fields) {
    const Collection& collection = *info.collection;
    if (fast_collection == collection.id && fast_fields == fields) return {};
    fast_fields.clear();
    fast_known.clear();
    const std::size_t none = fields.size();
    const auto source_of = [&fields](FieldId id) {
        return static_cast<std::size_t>(std::find(fields.begin(), fields.end(), id) -
                                        fields.begin());
    };
    for (const FieldId id : fields) {
        const Field* known = collection.find(id);
        if (known == nullptr || collection.cell(known->cell) == nullptr)
            return Error{ErrorCode::invalid_argument, "a field that is none of " + collection.name};
        fast_known.push_back(known);
    }
    std::vector<std::size_t> in_layout, in_operation;
    for (const FieldId id : info.layout.fields)
        in_layout.push_back(source_of(id));
    fast_shape = {collection.id, OperationKind::write, true, false, {}, {}};
    for (const Cell& cell : collection.cells) {
        const bool given = std::any_of(cell.fields.begin(), cell.fields.end(), [&](std::size_t at) {
            return source_of(collection.fields[at].id) != none;
        });
        if (!given) continue;
        fast_shape.cells.push_back(cell.id);
        fast_shape.widths.push_back(cell.fields.size());
        for (const std::size_t at : cell.fields)
            in_operation.push_back(source_of(collection.fields[at].id));
    }
    columns.take(std::move(in_layout), fields.size());
    written.take(std::move(in_operation), fields.size());
    fast_collection = collection.id;
    fast_fields = fields;
    return {};
}

// `row`: in the order of the columns, `values`: as the caller gave them.
Status LocalTransaction::State::insert_fast(const TableInfo& info, const RecordId& id,
                                            const std::vector<ValueView>& row,
                                            const std::vector<ValueView>& values) {
    const WriteContext write = context(touched.size());
    meta.clear();
    encode_fresh_meta(meta, write.dot, write.stamp, write.rank, write.intent == Intent::system);
    SATCHEL_TRY(check_usable());
    failed = true;  // as in write()
    Status inserted = core.tables.insert_later(info, id, row, meta.out());
    if (inserted) {
        encoder.add_new_record(fast_shape, id, written.of(values));
        touched.push_back({id, &info, {}});
        changes.add(info.collection->id, id);
    }
    failed = false;
    return note(std::move(inserted));
}

Result<RecordId> LocalTransaction::create(const Collection& collection,
                                          const std::vector<FieldId>& fields,
                                          const std::vector<ValueView>& values,
                                          const RecordId* id) {
    State& state = *state_;
    const TableInfo* info = state.core.tables.table(collection.id);
    if (info == nullptr || values.size() != fields.size())
        return Error{ErrorCode::invalid_argument,
                     "an unknown collection, or not a value per field"};
    SATCHEL_TRY(state.prepare_fast(*info, fields));
    bool plain = !state.apart && id == nullptr;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i].type == ValueType::text && !is_canonical_text(values[i].bytes)) {
            plain = false;  // the usual way brings it into canonical form or refuses it
            continue;
        }
        SATCHEL_TRY(validate_value(*info->collection, *state.fast_known[i], values[i], &any_text));
    }
    const std::vector<ValueView>& row = state.columns.of(values);
    if (plain &&
        std::any_of(row.begin(), row.end(), [](const ValueView& v) { return !v.is_null(); })) {
        const RecordId made = state.core.ids.next(state.committed_at, *state.core.random);
        SATCHEL_TRY(state.take_room(made, state.written.size()));
        SATCHEL_TRY(state.insert_fast(*info, made, row, values));
        return made;
    }
    FieldValues named;
    for (std::size_t i = 0; i < values.size(); ++i)
        named.emplace_back(info->collection->find(fields[i])->name, Value(values[i]));
    return create(info->collection->name, named, id);
}

Status LocalTransaction::set(std::string_view collection, const RecordId& id,
                             const FieldValues& values, const VectorClock* token) {
    SATCHEL_ASSIGN(const TableInfo* info, state_->table(collection));
    SATCHEL_ASSIGN(auto stored, state_->load_living(*info, id));
    Operation operation;
    SATCHEL_ASSIGN(operation.clock, state_->seen(id, token, stored->state.clock));
    if (broken(Mutant::clock_over_claimed)) operation.clock = stored->state.clock;
    SATCHEL_ASSIGN(operation.cells, state_->cell_writes(*info->collection, values, &stored->state));
    if (operation.cells.empty()) return {};
    return state_->write(*info, id, std::move(operation), std::move(stored));
}

Status LocalTransaction::change_set(std::string_view collection, const RecordId& id,
                                    std::string_view field, std::string_view element, bool add) {
    SATCHEL_ASSIGN(const TableInfo* info, state_->table(collection));
    SATCHEL_ASSIGN(const Field* known, state_->field(*info, field, FieldKind::set));
    SATCHEL_ASSIGN(auto stored, state_->load_living(*info, id));
    Operation operation;
    operation.clock = stored->state.clock;
    SATCHEL_ASSIGN(Value value, canonical(Value::text(element)));
    operation.sets.push_back({known->id, std::move(value), add});
    return state_->write(*info, id, std::move(operation), std::move(stored));
}

Status LocalTransaction::add_to_set(std::string_view collection, const RecordId& id,
                                    std::string_view field, std::string_view element) {
    return change_set(collection, id, field, element, true);
}

Status LocalTransaction::remove_from_set(std::string_view collection, const RecordId& id,
                                         std::string_view field, std::string_view element) {
    return change_set(collection, id, field, element, false);
}

Status LocalTransaction::count(std::string_view collection, const RecordId& id,
                               std::string_view field, std::int64_t step) {
    SATCHEL_ASSIGN(const TableInfo* info, state_->table(collection));
    SATCHEL_ASSIGN(const Field* known, state_->field(*info, field, FieldKind::counter));
    if (step < -kMaxCounter || step > kMaxCounter)
        return Error{ErrorCode::limit, "a counter takes at most 4,503,599,627,370,495 at once"};
    SATCHEL_ASSIGN(auto stored, state_->load_living(*info, id));
    Operation operation;
    operation.clock = stored->state.clock;
    operation.counters.push_back({known->id, step});
    return state_->write(*info, id, std::move(operation), std::move(stored));
}

Status LocalTransaction::remove(std::string_view collection, const RecordId& id,
                                const VectorClock* token) {
    SATCHEL_ASSIGN(const TableInfo* info, state_->table(collection));
    SATCHEL_ASSIGN(auto stored, state_->load_living(*info, id));
    Operation operation;
    operation.kind = OperationKind::remove;
    SATCHEL_ASSIGN(operation.clock, state_->seen(id, token, stored->state.clock));
    return state_->write(*info, id, std::move(operation), std::move(stored));
}

Status LocalTransaction::undelete(std::string_view collection, const RecordId& id) {
    SATCHEL_ASSIGN(const TableInfo* info, state_->table(collection));
    SATCHEL_ASSIGN(auto stored, state_->core.tables.load(*info, id));
    if (!stored)
        return Error{ErrorCode::not_found,
                     info->collection->name + " " + id.text() + " is not on this device"};
    if (!stored->dead)
        return Error{ErrorCode::invalid_argument,
                     info->collection->name + " " + id.text() + " is not deleted"};
    Operation operation;
    operation.kind = OperationKind::undelete;
    operation.clock = stored->state.clock;
    return state_->write(*info, id, std::move(operation), std::move(stored));
}

// What was not accepted, as `dot`, is written again, on what is here now. An edit says that it had
// seen `dot`: should an administrator adopt that after all, this one replaces it.
Status LocalTransaction::repeat(const Operation& rejected, const Dot& dot) {
    const TableInfo* info = state_->core.tables.table(rejected.collection);
    if (info == nullptr)
        return Error{ErrorCode::upgrade_needed, "this release does not know the collection"};
    SATCHEL_ASSIGN(auto stored, state_->core.tables.load(*info, rejected.record));
    Operation operation = rejected;
    operation.clock = stored ? stored->state.clock : VectorClock{};
    if (stored) operation.clock.advance(dot);
    // An edit makes no record: half of one would come back.
    if (!stored && !rejected.clock.empty())
        return Error{ErrorCode::not_found,
                     "the record is not on this device any more; if its making was not accepted, "
                     "send that again first"};
    return state_->write(*info, rejected.record, std::move(operation), std::move(stored));
}

std::size_t LocalTransaction::operations() const {
    return state_->touched.size();
}

Result<ChangeId> LocalTransaction::commit() {
    State& state = *state_;
    ReplicaCore& core = state.core;
    ChangesetHeader header = state.header();
    SATCHEL_TRY(state.check_usable());
    SATCHEL_TRY(state.note(core.tables.flush()));
    if (!state.touched.empty()) {
        header.id = make_change_id(*core.random);
        for (const Operation& operation : state.operations)
            state.encoder.add(operation);
        const Bytes bytes = state.encoder.finish(header);
        if (bytes.size() > kMaxChangesetBytes)
            return Error{ErrorCode::limit, "the transaction is larger than 8 MiB; split it"};
        std::vector<Bytes> images;
        images.reserve(state.touched.size());
        for (State::Touched& entry : state.touched)
            images.push_back(std::move(entry.image));
        const Digest hash = chain_link(&blake2b, state.head.hash, bytes);
        SATCHEL_TRY(state.note(core.journal.append(header, bytes, hash, images, core.row.rank)));
        SATCHEL_TRY(state.note(state.remade.show(core)));
    }
    // Before the commit: what needs memory after it would call an error what has happened.
    const std::vector<Change> changes = state.changes.take();
    SATCHEL_TRY(state.note(state.transaction.commit()));
    state_.reset();
    core.notify(changes);
    return header.id;
}

}  // namespace satchel::storage
