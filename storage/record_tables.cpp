#include "storage/record_tables.hpp"

#include <algorithm>
#include <cassert>
#include <set>

#include "sync/rules.hpp"

namespace satchel::storage {
namespace {

const char* column_type(FieldKind kind) {
    switch (kind) {
        case FieldKind::integer:
        case FieldKind::counter:
            return "INTEGER";
        case FieldKind::text:
        case FieldKind::set:
            return "TEXT";
        case FieldKind::bytes:
        case FieldKind::reference:
            return "BLOB";
    }
    return "BLOB";
}

std::string index_name(const Collection& collection, const Field& field) {
    return quoted("_index_" + collection.name + "." + field.name);
}

bool is_parent(const Collection& collection, const Field& field) {
    const auto& parents = collection.scope.parents;
    return std::find(parents.begin(), parents.end(), field.id) != parents.end();
}

void bind(Statement& statement, int index, const ValueView& value) {
    switch (value.type) {
        case ValueType::null:
            statement.bind_null(index);
            return;
        case ValueType::integer:
            statement.bind(index, value.integer);
            return;
        case ValueType::text:
            statement.bind_text(index, value.bytes);
            return;
        case ValueType::bytes:
            statement.bind_blob(index, value.bytes);
            return;
    }
}

ValueView column(const Statement& statement, int index) {
    switch (statement.type(index)) {
        case SQLITE_INTEGER:
            return {ValueType::integer, statement.integer(index), {}};
        case SQLITE_TEXT:
            return {ValueType::text, 0, statement.text(index)};
        case SQLITE_BLOB:
            return {ValueType::bytes, 0, statement.blob(index)};
        default:
            return {};
    }
}

void bind_more(Statement& statement, int index, ByteView more) {
    if (more.empty())
        statement.bind_null(index);
    else
        statement.bind_blob(index, more);
}

bool stands_in_columns(const RecordState& state, const Layout& layout,
                       const std::vector<ValueView>& row) {
    return std::all_of(state.cells.begin(), state.cells.end(), [&](const CellState& cell) {
        const LayoutCell* known = layout.cell(cell.cell);
        if (known == nullptr || cell.siblings.size() != 1) return true;
        const std::vector<Value>& values = cell.siblings.front().values;
        for (std::size_t i = 0; i < known->columns.size(); ++i)
            if (i >= values.size() || values[i].view() != row[known->columns[i]]) return false;
        return true;
    });
}

bool in_conflict(const RecordState& state, FieldId cell) {
    const CellState* found = state.cell(cell);
    return found != nullptr && found->siblings.size() > 1;
}

template <typename T>
bool are_equal(const T* a, const T* b) {
    return a == nullptr || b == nullptr ? a == b : *a == *b;
}

// Cheap: the field shows what it showed before, since nothing of it has changed. A conflict may
// have been shown by another rule.
bool shows_the_same(const Field& field, const RecordState& before, const RecordState& after) {
    if (field.kind == FieldKind::set) return are_equal(before.set(field.id), after.set(field.id));
    if (field.kind == FieldKind::counter)
        return are_equal(before.counter(field.id), after.counter(field.id));
    const CellState* now = after.cell(field.cell);
    return are_equal(before.cell(field.cell), now) && (now == nullptr || now->siblings.size() == 1);
}

}  // namespace

std::vector<FieldId> conflicted_cells(const RecordState& state) {
    std::vector<FieldId> cells;
    for (const CellState& cell : state.cells)
        if (cell.siblings.size() > 1 && is_conflict(cell)) cells.push_back(cell.cell);
    return cells;
}

Value shown_field(const Collection& collection, std::size_t field, const RecordState& state) {
    const Field& known = collection.fields[field];
    if (known.kind == FieldKind::set) {
        const SetState* set = state.set(known.id);
        return set == nullptr ? Value{} : shown_set(*set);
    }
    if (known.kind == FieldKind::counter) {
        const CounterState* counter = state.counter(known.id);
        return counter == nullptr ? Value{} : Value(total(*counter));
    }
    const CellState* cell_state = state.cell(known.cell);
    if (cell_state == nullptr) return Value{};
    const Cell& cell = *collection.cell(known.cell);
    const auto at = std::find(cell.fields.begin(), cell.fields.end(), field) - cell.fields.begin();
    const auto index = static_cast<std::size_t>(at);
    if (cell_state->siblings.size() == 1) {
        const std::vector<Value>& values = cell_state->siblings.front().values;
        return index < values.size() ? values[index] : Value{};
    }
    std::vector<Value> shown = shown_values(cell, *cell_state);
    return index < shown.size() ? std::move(shown[index]) : Value{};
}

std::vector<Value> shown_row(const Collection& collection, const RecordState& state) {
    std::vector<Value> row;
    row.reserve(collection.fields.size());
    for (std::size_t i = 0; i < collection.fields.size(); ++i)
        row.push_back(shown_field(collection, i, state));
    return row;
}

RecordTables::RecordTables(Database& database, Indexes indexes)
    : database_(database), indexes_(indexes) {
    const auto forget_rows = [](void* batch) { static_cast<RowBatch*>(batch)->clear(); };
    sqlite3_rollback_hook(database_.handle(), forget_rows, &batch_);
}

RecordTables::~RecordTables() {
    sqlite3_rollback_hook(database_.handle(), nullptr, nullptr);
}

Status RecordTables::create_table(const Collection& collection) {
    std::string sql =
        "CREATE TABLE IF NOT EXISTS " + quoted(collection.name) + " (id BLOB NOT NULL PRIMARY KEY";
    for (const Field& field : collection.fields)
        sql += ", " + quoted(field.name) + " " + column_type(field.kind);
    sql +=
        ", _seq INTEGER NOT NULL, _scope INTEGER NOT NULL, _meta BLOB NOT NULL, _more BLOB)"
        " WITHOUT ROWID";
    SATCHEL_TRY(database_.execute(sql.c_str()));
    return add_missing_columns(collection);
}

Status RecordTables::add_missing_columns(const Collection& collection) {
    std::set<std::string> present;
    {
        SATCHEL_ASSIGN(Statement columns, database_.prepare("SELECT name FROM pragma_table_info('" +
                                                            collection.name + "')"));
        while (true) {
            SATCHEL_ASSIGN(const bool row, columns.step());
            if (!row) break;
            present.emplace(columns.text(0));
        }
    }
    for (const Field& field : collection.fields) {
        if (present.contains(field.name)) continue;
        const std::string sql = "ALTER TABLE " + quoted(collection.name) + " ADD COLUMN " +
                                quoted(field.name) + " " + column_type(field.kind);
        SATCHEL_TRY(database_.execute(sql.c_str()));
    }
    return {};
}

Result<SchemaPointer> stored_schema(ByteView bytes) {
    Result<Schema> schema = Schema::decode(bytes);
    if (schema) return SchemaPointer(std::make_shared<const Schema>(*std::move(schema)));
    if (schema.error().code == ErrorCode::newer_format) return schema.error();
    return Error{ErrorCode::corrupt,
                 "the file is damaged: its schema is none any more (" + schema.error().message +
                     "); restore a backup, or load a new file from head office"};
}

Status RecordTables::use(SchemaPointer schema, bool with_indexes) {
    SATCHEL_TRY(flush());
    SATCHEL_TRY(
        database_.execute("CREATE TABLE IF NOT EXISTS _dead (id BLOB NOT NULL PRIMARY KEY,"
                          " collection INTEGER NOT NULL, seq INTEGER NOT NULL,"
                          " scope INTEGER NOT NULL, state BLOB NOT NULL, more BLOB) WITHOUT ROWID;"
                          "CREATE TABLE IF NOT EXISTS _conflict (collection INTEGER NOT NULL,"
                          " id BLOB NOT NULL, cell INTEGER NOT NULL,"
                          " PRIMARY KEY (collection, id, cell)) WITHOUT ROWID;"));
    for (const Collection& collection : schema->collections())
        SATCHEL_TRY(create_table(collection));
    read_as(std::move(schema));
    if (with_indexes) SATCHEL_TRY(build_indexes());
    return {};
}

void RecordTables::read_as(SchemaPointer schema) {
    assert(batch_.is_empty());
    decltype(tables_) tables;
    for (const Collection& collection : schema->collections())
        tables.emplace(number(collection.id), make_table_info(collection));
    database_.forget_statements();
    schema_ = std::move(schema);
    tables_ = std::move(tables);
    updates_.clear();
}

std::vector<std::pair<const Collection*, const Field*>> RecordTables::indexed_fields() const {
    std::vector<std::pair<const Collection*, const Field*>> found;
    for (const Collection& collection : schema_->collections())
        for (const Field& field : collection.fields) {
            const bool asked_for = indexes_ == Indexes::indexed_and_parents && field.indexed;
            if (asked_for || is_parent(collection, field)) found.emplace_back(&collection, &field);
        }
    return found;
}

Status RecordTables::build_indexes() {
    SATCHEL_TRY(flush());
    for (const auto& [collection, field] : indexed_fields()) {
        const std::string sql = "CREATE INDEX IF NOT EXISTS " + index_name(*collection, *field) +
                                " ON " + quoted(collection->name) + " (" + quoted(field->name) +
                                ")";
        SATCHEL_TRY(database_.create_index(sql));
    }
    return {};
}

Status RecordTables::drop_indexes() {
    SATCHEL_TRY(flush());
    for (const auto& [collection, field] : indexed_fields())
        SATCHEL_TRY(
            database_.execute(("DROP INDEX IF EXISTS " + index_name(*collection, *field)).c_str()));
    return {};
}

const TableInfo* RecordTables::table(CollectionId collection) const {
    const auto at = tables_.find(number(collection));
    return at == tables_.end() ? nullptr : &at->second;
}

Result<std::optional<StoredRecord>> RecordTables::load(const TableInfo& table, const RecordId& id) {
    SATCHEL_TRY(flush());
    SATCHEL_ASSIGN(Statement * select, database_.kept(table.select));
    select->bind_blob(1, id.view());
    SATCHEL_ASSIGN(const bool found, select->step());
    if (!found) {
        select->reset();
        return load_dead(*table.collection, id);
    }
    const auto width = table.register_fields.size();
    std::vector<ValueView> row(width);
    for (std::size_t i = 0; i < width; ++i)
        row[i] = column(*select, static_cast<int>(i));
    const int after = static_cast<int>(width);
    StoredRecord record;
    record.seq = Sequence{static_cast<std::uint64_t>(select->integer(after))};
    record.scope = select->integer(after + 1);
    auto state = decode_meta(select->blob(after + 2), table.layout, row);
    record.more = select->blob(after + 3);
    if (state) record.in_columns = stands_in_columns(*state, table.layout, row);
    select->reset();
    if (!state) return state.error();
    record.state = *std::move(state);
    return std::optional(std::move(record));
}

Result<std::optional<StoredRecord>> RecordTables::load_dead(const Collection& collection,
                                                            const RecordId& id) {
    SATCHEL_ASSIGN(Statement * select, database_.cached("SELECT seq, scope, state, more FROM _dead"
                                                        " WHERE id = ?1 AND collection = ?2"));
    select->bind_blob(1, id.view());
    select->bind(2, number(collection.id));
    SATCHEL_ASSIGN(const bool found, select->step());
    if (!found) {
        select->reset();
        return std::optional<StoredRecord>{};
    }
    StoredRecord record;
    record.seq = Sequence{static_cast<std::uint64_t>(select->integer(0))};
    record.scope = select->integer(1);
    auto state = decode_state(select->blob(2));
    record.more = select->blob(3);
    record.dead = true;
    select->reset();
    if (!state) return state.error();
    record.state = *std::move(state);
    return std::optional(std::move(record));
}

Result<std::optional<RecordTables::Place>> RecordTables::place_of(const TableInfo& table,
                                                                  const RecordId& id) {
    SATCHEL_TRY(flush());
    SATCHEL_ASSIGN(Statement * select, database_.kept(table.select_place));
    select->bind_blob(1, id.view());
    SATCHEL_ASSIGN(const bool found, select->step());
    std::optional<Place> place;
    if (found)
        place = {Sequence{static_cast<std::uint64_t>(select->integer(0))}, select->integer(1)};
    select->reset();
    return place;
}

Status RecordTables::write_row(const TableInfo& table, const RecordId& id,
                               const StoredView& record) {
    SATCHEL_ASSIGN(Statement * insert, database_.kept(table.insert));
    const std::vector<Value> row = shown_row(*table.collection, *record.state);
    const Bytes meta = encode_meta(*record.state, table.layout);
    int parameter = 1;
    insert->bind_blob(parameter, id.view());
    for (const Value& value : row)
        bind(*insert, ++parameter, value.view());
    insert->bind(++parameter, stored(record.seq));
    insert->bind(++parameter, record.scope);
    insert->bind_blob(++parameter, meta);
    bind_more(*insert, ++parameter, record.more);
    return insert->run();
}

Status RecordTables::write_dead(const TableInfo& table, const RecordId& id,
                                const StoredView& record) {
    SATCHEL_ASSIGN(Statement * insert, database_.cached("INSERT OR REPLACE INTO _dead"
                                                        " (id, collection, seq, scope, state, more)"
                                                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    const Bytes state = encode_state(*record.state);
    insert->bind_blob(1, id.view());
    insert->bind(2, number(table.collection->id));
    insert->bind(3, stored(record.seq));
    insert->bind(4, record.scope);
    insert->bind_blob(5, state);
    bind_more(*insert, 6, record.more);
    return insert->run();
}

Status RecordTables::erase(const TableInfo& table, const RecordId& id) {
    SATCHEL_ASSIGN(Statement * statement, database_.kept(table.remove));
    statement->bind_blob(1, id.view());
    return statement->run();
}

Status RecordTables::erase_dead(const RecordId& id) {
    SATCHEL_ASSIGN(Statement * statement, database_.cached("DELETE FROM _dead WHERE id = ?1"));
    statement->bind_blob(1, id.view());
    return statement->run();
}

Status RecordTables::store(const TableInfo& table, const RecordId& id, const StoredView& record,
                           const std::optional<StoredView>& before) {
    SATCHEL_TRY(flush());
    const bool dead = is_dead(*record.state, table.collection->delete_policy);
    const bool was_dead = before && before->dead;
    const bool was_alive = before && !before->dead;
    if (dead && was_alive) SATCHEL_TRY(erase(table, id));
    if (!dead && was_dead) SATCHEL_TRY(erase_dead(id));
    if (dead)
        SATCHEL_TRY(write_dead(table, id, record));
    else
        SATCHEL_TRY(was_alive && before->in_columns ? update_row(table, id, record, *before->state)
                                                    : write_row(table, id, record));
    return note_conflicts(table, id,
                          dead ? std::vector<FieldId>{} : conflicted_cells(*record.state),
                          was_alive ? conflicted_cells(*before->state) : std::vector<FieldId>{});
}

KeptStatement& RecordTables::update_of(const TableInfo& table,
                                       const std::vector<std::size_t>& fields, bool placed) {
    KeptStatement& made = updates_[{number(table.collection->id), fields, placed}];
    if (!made.sql().empty()) return made;
    std::string sql = "UPDATE " + quoted(table.collection->name) + " SET _meta = ?2";
    int parameter = 2;
    const auto add = [&](const std::string& name) {
        sql += ", " + name + " = ?" + std::to_string(++parameter);
    };
    for (const std::size_t field : fields)
        add(quoted(table.collection->fields[field].name));
    if (placed)
        for (const char* name : {"_seq", "_scope", "_more"})
            add(name);
    return made = KeptStatement(sql + " WHERE id = ?1");
}

// Only what shows another value is written, so that the indexes of all other fields stay untouched.
// (What a conflict shows may have been worked out by another rule.)
Status RecordTables::update_row(const TableInfo& table, const RecordId& id,
                                const StoredView& record, const RecordState& before) {
    const Collection& collection = *table.collection;
    std::vector<std::size_t> changed;
    std::vector<Value> values;
    for (std::size_t i = 0; i < collection.fields.size(); ++i) {
        if (shows_the_same(collection.fields[i], before, *record.state)) continue;
        Value value = shown_field(collection, i, *record.state);
        const FieldId cell = collection.fields[i].cell;
        if (!in_conflict(before, cell) && !in_conflict(*record.state, cell) &&
            value == shown_field(collection, i, before))
            continue;
        changed.push_back(i);
        values.push_back(std::move(value));
    }
    SATCHEL_ASSIGN(Statement * update, database_.kept(update_of(table, changed, true)));
    const Bytes meta = encode_meta(*record.state, table.layout);
    update->bind_blob(1, id.view());
    update->bind_blob(2, meta);
    int parameter = 2;
    for (const Value& value : values)
        bind(*update, ++parameter, value.view());
    update->bind(++parameter, stored(record.seq));
    update->bind(++parameter, record.scope);
    bind_more(*update, ++parameter, record.more);
    return update->run();
}

Status RecordTables::rewrite(const TableInfo& table, const RecordId& id, const RecordState& state,
                             const std::vector<std::size_t>& fields,
                             const std::vector<FieldId>& conflicts) {
    SATCHEL_TRY(flush());
    SATCHEL_ASSIGN(Statement * update, database_.kept(update_of(table, fields, false)));
    const Bytes meta = encode_meta(state, table.layout);
    std::vector<Value> values;
    values.reserve(fields.size());
    for (const std::size_t field : fields)
        values.push_back(shown_field(*table.collection, field, state));
    update->bind_blob(1, id.view());
    update->bind_blob(2, meta);
    int parameter = 2;
    for (const Value& value : values)
        bind(*update, ++parameter, value.view());
    SATCHEL_TRY(update->run());
    return note_conflicts(table, id, conflicted_cells(state), conflicts);
}

Status RecordTables::remove(const TableInfo& table, const RecordId& id,
                            const StoredRecord& record) {
    SATCHEL_TRY(flush());
    SATCHEL_TRY(record.dead ? erase_dead(id) : erase(table, id));
    return note_conflicts(table, id, {},
                          record.dead ? std::vector<FieldId>{} : conflicted_cells(record.state));
}

Status RecordTables::move(const TableInfo& table, const RecordId& id, Sequence seq,
                          std::int64_t scope) {
    SATCHEL_TRY(flush());
    SATCHEL_ASSIGN(Statement * update, database_.kept(table.update_place));
    update->bind_blob(1, id.view());
    update->bind(2, stored(seq));
    update->bind(3, scope);
    SATCHEL_TRY(update->run());
    if (database_.changes() == 1) return {};
    SATCHEL_ASSIGN(update, database_.cached("UPDATE _dead SET seq = ?2, scope = ?3 WHERE id = ?1"));
    update->bind_blob(1, id.view());
    update->bind(2, stored(seq));
    update->bind(3, scope);
    return update->run();
}

Result<bool> RecordTables::insert_plain(const TableInfo& table, const RecordId& id,
                                        const std::vector<ValueView>& registers, ByteView meta,
                                        Sequence seq, std::int64_t scope, ByteView more) {
    SATCHEL_TRY(flush());
    SATCHEL_ASSIGN(Statement * insert, database_.kept(table.insert_plain));
    int parameter = 1;
    insert->bind_blob(parameter, id.view());
    for (const ValueView& value : registers)
        bind(*insert, ++parameter, value);
    insert->bind(++parameter, stored(seq));
    insert->bind(++parameter, scope);
    insert->bind_blob(++parameter, meta);
    bind_more(*insert, ++parameter, more);
    SATCHEL_TRY(insert->run());
    return database_.changes() == 1;
}

Status RecordTables::insert_later(const TableInfo& table, const RecordId& id,
                                  const std::vector<ValueView>& registers, ByteView meta) {
    if (batch_.table() != &table || batch_.is_full()) SATCHEL_TRY(flush());
    batch_.add(table, id, registers, meta);
    return batch_.is_full() ? flush() : Status{};
}

Status RecordTables::flush() {
    if (batch_.is_empty()) return {};
    const TableInfo& table = *batch_.table();
    const std::size_t rows = batch_.is_full() ? RowBatch::kRows : 1;
    const auto parameters = static_cast<int>(rows * (table.register_fields.size() + 2));
    SATCHEL_ASSIGN(Statement * insert,
                   database_.kept(batch_.is_full() ? table.insert_many : table.insert_one));
    int parameter = 0;
    for (const ValueView& value : batch_.values()) {
        bind(*insert, ++parameter, value);
        if (parameter < parameters) continue;
        SATCHEL_TRY(insert->run());
        if (database_.changes() != static_cast<std::int64_t>(rows))
            return Error{ErrorCode::internal, "a new record's id is taken already"};
        parameter = 0;
    }
    batch_.clear();
    return {};
}

Status RecordTables::note_conflicts(const TableInfo& table, const RecordId& id,
                                    const std::vector<FieldId>& now,
                                    const std::vector<FieldId>& then) {
    if (now == then) return {};
    if (!then.empty()) {
        SATCHEL_ASSIGN(Statement * clear,
                       database_.cached("DELETE FROM _conflict WHERE collection = ?1 AND id = ?2"));
        clear->bind(1, number(table.collection->id));
        clear->bind_blob(2, id.view());
        SATCHEL_TRY(clear->run());
    }
    for (const FieldId cell : now) {
        SATCHEL_ASSIGN(Statement * insert,
                       database_.cached("INSERT OR IGNORE INTO _conflict VALUES (?1, ?2, ?3)"));
        insert->bind(1, number(table.collection->id));
        insert->bind_blob(2, id.view());
        insert->bind(3, number(cell));
        SATCHEL_TRY(insert->run());
    }
    return {};
}

Status RecordTables::show_again(const TableInfo& table, Shown which) {
    SATCHEL_TRY(flush());
    std::set<RecordId> ids;
    {
        const std::string from =
            which == Shown::everything
                ? quoted(table.collection->name)
                : "_conflict WHERE collection = " + std::to_string(number(table.collection->id));
        SATCHEL_ASSIGN(Statement rows, database_.prepare("SELECT id FROM " + from));
        while (true) {
            SATCHEL_ASSIGN(const bool row, rows.step());
            if (!row) break;
            SATCHEL_ASSIGN(const RecordId id, RecordId::from_bytes(rows.blob(0)));
            ids.insert(id);
        }
    }
    for (const RecordId& id : ids) {
        SATCHEL_ASSIGN(const auto record, load(table, id));
        if (record && !record->dead) SATCHEL_TRY(write_row(table, id, *record));
    }
    return {};
}

}  // namespace satchel::storage
