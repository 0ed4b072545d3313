// Record states in their tables, with scopes, graves and children.
#include <algorithm>

#include "storage/server_core.hpp"
#include "sync/wire.hpp"

namespace satchel::storage {
namespace {

// A row's `_more`: nothing when every cell last changed at the row's own seq.
Bytes pack_more(Sequence seq, Sequence created,
                const std::vector<std::pair<FieldId, Sequence>>& cell_seqs) {
    if (created == seq && cell_seqs.empty()) return {};
    Writer out;
    out.unsigned_integer(number(created));
    for (const auto& [cell, changed] : cell_seqs) {
        out.unsigned_integer(number(cell));
        out.unsigned_integer(number(changed));
    }
    return out.take();
}

struct More {
    Sequence created{};
    std::vector<std::pair<FieldId, Sequence>> cell_seqs;
};

Result<More> unpack_more(ByteView bytes, Sequence seq) {
    More more;
    more.created = seq;
    if (bytes.empty()) return more;
    Reader in(bytes);
    more.created = Sequence{in.unsigned_integer()};
    while (in.ok() && !in.at_end()) {
        const FieldId cell{static_cast<std::uint32_t>(in.bounded(UINT32_MAX))};
        more.cell_seqs.emplace_back(cell, Sequence{in.unsigned_integer()});
    }
    SATCHEL_TRY(in.finish("the change numbers of a record"));
    return more;
}

ValueView column(const Statement& row, int index) {
    switch (row.type(index)) {
        case SQLITE_INTEGER:
            return {ValueType::integer, row.integer(index), {}};
        case SQLITE_TEXT:
            return {ValueType::text, 0, row.text(index)};
        case SQLITE_BLOB:
            return {ValueType::bytes, 0, row.blob(index)};
        default:
            return {};
    }
}

Error no_collection(CollectionId id) {
    return {ErrorCode::not_found, "there is no collection " + std::to_string(number(id))};
}

}  // namespace

Result<bool> SqliteServerStore::Core::exists(const std::string& sql, const RecordId& id) {
    SATCHEL_ASSIGN(Statement * select, database.cached(sql));
    select->bind_blob(1, id.view());
    SATCHEL_ASSIGN(const bool found, select->step());
    select->reset();
    return found;
}

Result<std::optional<ServerRecord>> SqliteServerStore::load(CollectionId collection,
                                                            const RecordId& id) {
    const TableInfo* table = core_->tables.table(collection);
    if (table == nullptr || id > core_->highest_id) return std::optional<ServerRecord>{};
    SATCHEL_ASSIGN(auto found, core_->tables.load(*table, id));
    if (!found) return std::optional<ServerRecord>{};
    if (found->dead) {
        SATCHEL_ASSIGN(const auto its, collection_of(id));
        if (its != collection) return std::optional<ServerRecord>{};
    }
    ServerRecord record;
    SATCHEL_ASSIGN(More more, unpack_more(found->more, found->seq));
    record.state = std::move(found->state);
    record.seq = found->seq;
    record.in_columns = found->in_columns;
    record.scopes = core_->scopes.keys_of(found->scope);
    record.created = more.created;
    record.cell_seqs = std::move(more.cell_seqs);
    return std::optional(std::move(record));
}

Result<std::optional<std::vector<std::string>>> SqliteServerStore::scopes_of_record(
    CollectionId collection, const RecordId& id) {
    using Found = std::optional<std::vector<std::string>>;
    const TableInfo* table = core_->tables.table(collection);
    if (table == nullptr || id > core_->highest_id) return Found{};
    SATCHEL_ASSIGN(Statement * select,
                   core_->database.cached("SELECT _scope FROM " + quoted(table->collection->name) +
                                          " WHERE id = ?1 UNION ALL"
                                          " SELECT scope FROM _dead WHERE id = ?1"));
    select->bind_blob(1, id.view());
    SATCHEL_ASSIGN(const bool found, select->step());
    Found scopes;
    if (found) scopes = core_->scopes.keys_of(select->integer(0));
    select->reset();
    return scopes;
}

Status SqliteServerStore::store(CollectionId collection, const RecordId& id,
                                const ServerRecord& record,
                                const std::optional<ServerRecord>& before, std::int64_t now_ms) {
    const TableInfo* table = core_->tables.table(collection);
    if (table == nullptr) return no_collection(collection);
    const DeletePolicy policy = table->collection->delete_policy;
    const Bytes more = pack_more(record.seq, record.created, record.cell_seqs);
    SATCHEL_ASSIGN(const std::int64_t set, core_->scopes.intern(record.scopes));
    const StoredView after(record.state, record.seq, set, more);
    core_->highest_id = std::max(core_->highest_id, id);
    if (!before) {
        SATCHEL_TRY(core_->tables.store(*table, id, after, std::nullopt));
        return core_->scopes.enter(collection, id, record.seq, after.scope);
    }
    SATCHEL_ASSIGN(const std::int64_t old_set, core_->scopes.intern(before->scopes));
    StoredView old(before->state, before->seq, old_set, {});
    old.dead = is_dead(before->state, policy);
    old.in_columns = before->in_columns;
    SATCHEL_TRY(core_->tables.store(*table, id, after, old));
    if (old.dead)
        SATCHEL_TRY(core_->note_dead_children(*table->collection, id, before->state, false));
    if (is_dead(record.state, policy))
        SATCHEL_TRY(core_->note_dead_children(*table->collection, id, record.state, true));
    return core_->scopes.move(collection, id, before->seq, old_set, record.seq, set, now_ms);
}

// Dead records leave their table and with it the index by parent.
Status SqliteServerStore::Core::note_dead_children(const Collection& collection, const RecordId& id,
                                                   const RecordState& state, bool dead) {
    for (const FieldId field : collection.scope.parents) {
        const Value parent = shown_field(collection, state, field);
        if (parent.is_null()) continue;
        SATCHEL_ASSIGN(Statement * note,
                       database.cached(dead ? "INSERT OR IGNORE INTO _dead_child"
                                              " VALUES (?1, ?2, ?3)"
                                            : "DELETE FROM _dead_child WHERE parent = ?1"
                                              " AND id = ?2 AND collection = ?3"));
        note->bind_blob(1, parent.as_bytes());
        note->bind_blob(2, id.view());
        note->bind(3, number(collection.id));
        SATCHEL_TRY(note->run());
    }
    return {};
}

Status SqliteServerStore::rescope(CollectionId collection, const RecordId& id, Sequence seq,
                                  const std::vector<std::string>& scopes, std::int64_t now_ms) {
    const TableInfo* table = core_->tables.table(collection);
    if (table == nullptr) return no_collection(collection);
    const std::string name = quoted(table->collection->name);
    SATCHEL_ASSIGN(const bool alive, core_->exists("SELECT 1 FROM " + name + " WHERE id = ?1", id));
    const std::string from = alive ? name : "_dead";
    const std::string mark = alive ? "_" : "";
    SATCHEL_ASSIGN(Statement * select,
                   core_->database.cached("SELECT " + mark + "seq, " + mark + "scope, " + mark +
                                          "more FROM " + from + " WHERE id = ?1"));
    select->bind_blob(1, id.view());
    SATCHEL_ASSIGN(const bool found, select->step());
    if (!found) {
        select->reset();
        return Error{ErrorCode::not_found, "there is no record " + id.text()};
    }
    const Sequence old_seq{static_cast<std::uint64_t>(select->integer(0))};
    const std::int64_t old_set = select->integer(1);
    const auto more = unpack_more(select->blob(2), old_seq);
    select->reset();
    if (!more) return more.error();
    SATCHEL_ASSIGN(const std::int64_t set, core_->scopes.intern(scopes));
    const Bytes packed = pack_more(seq, more->created, more->cell_seqs);
    SATCHEL_ASSIGN(Statement * update,
                   core_->database.cached("UPDATE " + from + " SET " + mark + "seq = ?2, " + mark +
                                          "scope = ?3, " + mark + "more = ?4 WHERE id = ?1"));
    update->bind_blob(1, id.view());
    update->bind(2, stored(seq));
    update->bind(3, set);
    if (packed.empty())
        update->bind_null(4);
    else
        update->bind_blob(4, packed);
    SATCHEL_TRY(update->run());
    return core_->scopes.move(collection, id, old_seq, old_set, seq, set, now_ms);
}

Status SqliteServerStore::store_fresh(CollectionId collection, const RecordId& id,
                                      const FreshRow& row) {
    const TableInfo* table = core_->tables.table(collection);
    if (table == nullptr) return no_collection(collection);
    SATCHEL_ASSIGN(const std::int64_t set, core_->scopes.intern(*row.scopes));
    SATCHEL_ASSIGN(const bool inserted, core_->tables.insert_plain(*table, id, row.registers,
                                                                   row.meta, row.seq, set, {}));
    if (!inserted)
        return Error{ErrorCode::corrupt, "record " + id.text() + " is there, and was not found"};
    core_->highest_id = std::max(core_->highest_id, id);
    return core_->scopes.enter(collection, id, row.seq, set);
}

Status SqliteServerStore::note_dangling(const RecordId& parent) {
    SATCHEL_ASSIGN(Statement * insert,
                   core_->database.cached("INSERT OR IGNORE INTO _dangling VALUES (?1)"));
    insert->bind_blob(1, parent.view());
    core_->any_dangling = true;
    return insert->run();
}

Result<bool> SqliteServerStore::take_dangling(const RecordId& id) {
    if (!core_->any_dangling) return false;
    SATCHEL_ASSIGN(Statement * remove,
                   core_->database.cached("DELETE FROM _dangling WHERE parent = ?1"));
    remove->bind_blob(1, id.view());
    SATCHEL_TRY(remove->run());
    return core_->database.changes() > 0;
}

Result<bool> SqliteServerStore::in_grave(const RecordId& id) {
    if (!core_->any_grave || id > core_->highest_id) return false;
    return core_->exists("SELECT 1 FROM _grave WHERE id = ?1", id);
}

Result<std::vector<std::pair<CollectionId, RecordId>>> SqliteServerStore::children(
    const RecordId& parent) {
    std::vector<std::pair<CollectionId, RecordId>> found;
    const auto take = [&](const std::string& sql, CollectionId fixed) -> Status {
        SATCHEL_ASSIGN(Statement * select, core_->database.cached(sql));
        select->bind_blob(1, parent.view());
        while (true) {
            SATCHEL_ASSIGN(const bool row, select->step());
            if (!row) break;
            SATCHEL_ASSIGN(const RecordId id, RecordId::from_bytes(select->blob(0)));
            const CollectionId its =
                number(fixed) != 0 ? fixed
                                   : CollectionId{static_cast<std::uint32_t>(select->integer(1))};
            found.emplace_back(its, id);
        }
        select->reset();
        return {};
    };
    for (const Collection& child : core_->tables.schema()->collections())
        for (const FieldId id : child.scope.parents)
            SATCHEL_TRY(take("SELECT id FROM " + quoted(child.name) + " WHERE " +
                                 quoted(child.find(id)->name) + " = ?1",
                             child.id));
    SATCHEL_TRY(take("SELECT id, collection FROM _dead_child WHERE parent = ?1", CollectionId{}));
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

Result<std::optional<DepartureTime>> SqliteServerStore::departure(const std::string& scope,
                                                                  const RecordId& id) {
    return core_->scopes.departure(scope, id);
}

Status SqliteServerStore::use_schema(SchemaPointer schema) {
    core_->snapshot_pages.clear();
    SATCHEL_TRY(core_->set_blob_setting("schema", schema->encode()));
    SATCHEL_TRY(core_->tables.use(schema));
    for (const Collection& collection : schema->collections())
        SATCHEL_TRY(core_->tables.show_again(*core_->tables.table(collection.id),
                                             RecordTables::Shown::conflicts));
    return {};
}

Result<std::vector<RecordId>> SqliteServerStore::record_ids(CollectionId collection) {
    std::vector<RecordId> ids;
    const TableInfo* table = core_->tables.table(collection);
    if (table == nullptr) return ids;
    SATCHEL_ASSIGN(Statement rows,
                   core_->database.prepare("SELECT id FROM " + quoted(table->collection->name) +
                                           " UNION ALL SELECT id FROM _dead WHERE collection = " +
                                           std::to_string(number(collection))));
    while (true) {
        SATCHEL_ASSIGN(const bool row, rows.step());
        if (!row) return ids;
        SATCHEL_ASSIGN(const RecordId id, RecordId::from_bytes(rows.blob(0)));
        ids.push_back(id);
    }
}

Result<std::vector<WalkItem>> SqliteServerStore::walk(const WalkQuery& query, std::size_t limit) {
    return core_->scopes.walk(query, limit);
}

Result<std::vector<ScopeItem>> SqliteServerStore::scope_items(const ScopeQuery& query,
                                                              std::size_t limit) {
    return core_->scopes.items(query, limit);
}

Sequence SqliteServerStore::last_change(const std::string& scope) {
    return core_->scopes.last_change(scope);
}

SnapshotPages& SqliteServerStore::snapshot_pages() {
    return core_->snapshot_pages;
}

Result<bool> SqliteServerStore::visit_row(CollectionId collection, const RecordId& id,
                                          const std::function<Status(const RowView&)>& visit) {
    const TableInfo* table = core_->tables.table(collection);
    if (table == nullptr) return false;
    SATCHEL_ASSIGN(Statement * select, core_->database.kept(table->select));
    select->bind_blob(1, id.view());
    SATCHEL_ASSIGN(const bool found, select->step());
    RowView row;
    row.layout = &table->layout;
    if (!found) {
        select->reset();
        static const Layout kNone;
        SATCHEL_ASSIGN(select, core_->database.cached("SELECT seq, scope, state, more FROM _dead"
                                                      " WHERE id = ?1"));
        select->bind_blob(1, id.view());
        SATCHEL_ASSIGN(row.dead, select->step());
        row.layout = &kNone;
        if (!row.dead) return false;
    }
    const int width = row.dead ? 0 : static_cast<int>(table->register_fields.size());
    row.registers.reserve(static_cast<std::size_t>(width));
    for (int i = 0; i < width; ++i)
        row.registers.push_back(column(*select, i));
    row.seq = Sequence{static_cast<std::uint64_t>(select->integer(width))};
    row.scopes = &core_->scopes.keys_of(select->integer(width + 1));
    row.meta = select->blob(width + 2);
    auto more = unpack_more(select->blob(width + 3), row.seq);
    Status status = more ? Status{} : Status{more.error()};
    if (status) {
        row.created = more->created;
        row.cell_seqs = std::move(more->cell_seqs);
        status = visit(row);
    }
    select->reset();
    if (!status) return status.error();
    return true;
}

Result<std::vector<ScopeSum>> SqliteServerStore::sums(const std::vector<std::string>& scopes) {
    std::vector<ScopeSum> sums;
    for (const std::string& scope : scopes)
        sums.push_back(core_->scopes.sum(scope));
    return sums;
}

std::vector<std::string> SqliteServerStore::filled_scopes() {
    return core_->scopes.filled();
}

Status SqliteServerStore::visit_scope(const std::string& scope,
                                      const std::function<void(const RecordId&, Sequence)>& visit) {
    return core_->scopes.visit(scope, visit);
}

Result<std::optional<CollectionId>> SqliteServerStore::collection_of(const RecordId& id) {
    if (id > core_->highest_id) return std::optional<CollectionId>{};
    for (const Collection& collection : core_->tables.schema()->collections()) {
        SATCHEL_ASSIGN(
            const bool found,
            core_->exists("SELECT 1 FROM " + quoted(collection.name) + " WHERE id = ?1", id));
        if (found) return std::optional(collection.id);
    }
    SATCHEL_ASSIGN(Statement * select,
                   core_->database.cached("SELECT collection FROM _dead WHERE id = ?1"));
    select->bind_blob(1, id.view());
    SATCHEL_ASSIGN(const bool dead, select->step());
    std::optional<CollectionId> collection;
    if (dead) collection = CollectionId{static_cast<std::uint32_t>(select->integer(0))};
    select->reset();
    return collection;
}

Result<std::optional<KnownReplica>> SqliteServerStore::replica(ReplicaId id) {
    return core_->log.replica(id);
}
Result<std::uint32_t> SqliteServerStore::highest_incarnation(std::uint64_t replica) {
    return core_->log.highest_incarnation(replica);
}
Status SqliteServerStore::save_replica(const KnownReplica& replica) {
    return core_->log.save_replica(replica);
}
Result<std::uint64_t> SqliteServerStore::horizon_counter(ReplicaId replica) {
    return core_->log.horizon(replica);
}
Result<std::optional<LoggedChangeset>> SqliteServerStore::logged(ReplicaId replica,
                                                                 std::uint64_t counter_within) {
    return core_->log.logged(replica, counter_within);
}
Result<std::optional<LoggedChangeset>> SqliteServerStore::log_entry(ReplicaId replica,
                                                                    std::uint64_t counter_within) {
    return core_->log.logged(replica, counter_within, false);
}
Result<std::optional<LoggedChangeset>> SqliteServerStore::log_entry(std::uint64_t replica,
                                                                    const ChangeId& id) {
    return core_->log.entry_of(replica, id);
}
Status SqliteServerStore::append_log(const LoggedChangeset& entry) {
    return core_->log.append(entry);
}
Status SqliteServerStore::save_verdict(const LoggedChangeset& entry, std::int64_t now_ms) {
    return core_->log.save_verdict(entry, now_ms);
}
Result<std::vector<ChainPoint>> SqliteServerStore::chain_points(ReplicaId replica,
                                                                std::size_t limit) {
    return core_->log.chain_points(replica, limit);
}
Result<std::vector<LoggedChangeset>> SqliteServerStore::held() {
    return core_->log.held();
}
Result<std::vector<LoggedChangeset>> SqliteServerStore::ready_held() {
    return core_->log.ready_held();
}
Status SqliteServerStore::keep_waiting(const LoggedChangeset& held) {
    return core_->log.keep_waiting(held);
}
Result<std::vector<LoggedChangeset>> SqliteServerStore::held_of(ReplicaId replica) {
    return core_->log.held_of(replica);
}
Result<std::optional<VerdictKind>> SqliteServerStore::decided(const Dot& dot) {
    return core_->log.decided(dot);
}
Result<DeviceDay> SqliteServerStore::device_day(std::uint64_t replica) {
    return core_->device_days.of(replica);
}
Status SqliteServerStore::save_device_day(std::uint64_t replica, const DeviceDay& day) {
    return core_->device_days.save(replica, day);
}
Result<std::uint64_t> SqliteServerStore::held_bytes(std::uint64_t replica) {
    return core_->log.held_bytes(replica);
}
Result<std::vector<LoggedChangeset>> SqliteServerStore::refused_of(std::uint64_t replica,
                                                                   std::size_t max_bytes) {
    return core_->log.refused_of(replica, max_bytes);
}
bool SqliteServerStore::has_held() {
    return core_->log.has_held();
}
Result<std::optional<Caller>> SqliteServerStore::caller_of(const LoggedChangeset& entry) {
    if (entry.replica.id == core_->own.id) {
        Caller own;
        own.replica = core_->own.id;
        own.user = entry.author;
        own.rank = 255;
        own.head_office = true;
        return std::optional(own);
    }
    if (!core_->caller_lookup) return std::optional<Caller>{};
    return core_->caller_lookup(entry.replica.id, entry.author);
}
Result<bool> SqliteServerStore::knows_scope(const std::string& scope) {
    if (!core_->scope_lookup || scope == kEveryoneScope || scope == kHeadOfficeScope ||
        core_->scopes.contains(scope))
        return true;
    return core_->scope_lookup(scope);
}
// What head office itself wrote after the backup it was restored from will never come.
Result<bool> SqliteServerStore::is_declared_lost(const Dot& dot) {
    if (core_->log.is_lost(dot)) return true;
    if (dot.replica.id != core_->own.id || dot.replica == core_->own) return false;
    SATCHEL_ASSIGN(const auto known, core_->log.replica(dot.replica));
    return !known || dot.counter > known->high;
}
Status SqliteServerStore::append_alias(const RecordId& record, const Dot& alias,
                                       const Dot& original) {
    return core_->log.append_alias(record, alias, original);
}
Result<std::vector<Dot>> SqliteServerStore::aliased(const RecordId& record, const Dot& up_to) {
    return core_->log.aliased(record, up_to);
}

}  // namespace satchel::storage
