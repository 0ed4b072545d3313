#include "storage/replica.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "storage/replica_core.hpp"
#include "storage/seal.hpp"
#include "storage/services.hpp"

namespace satchel::storage {
namespace {

using SqliteTransaction = storage::Transaction;

Result<SchemaPointer> empty_schema() {
    SATCHEL_ASSIGN(Schema schema, Schema::build(0, {}, {}));
    return SchemaPointer(std::make_shared<const Schema>(std::move(schema)));
}

constexpr const char* kTables =
    "CREATE TABLE replica (id INTEGER PRIMARY KEY CHECK (id = 1),"
    " replica INTEGER NOT NULL, incarnation INTEGER NOT NULL, hlc INTEGER NOT NULL DEFAULT 0,"
    " epoch INTEGER NOT NULL DEFAULT 0, cursor INTEGER NOT NULL DEFAULT 0,"
    " position_seq INTEGER NOT NULL DEFAULT 0, position_id BLOB NOT NULL,"
    " load_order INTEGER NOT NULL DEFAULT 0, load_until INTEGER NOT NULL DEFAULT 0,"
    " load_stage INTEGER NOT NULL DEFAULT 0, load_scope TEXT NOT NULL DEFAULT '',"
    " acked_counter INTEGER NOT NULL DEFAULT 0, sent_counter INTEGER NOT NULL DEFAULT 0,"
    " leaves_incarnation INTEGER NOT NULL DEFAULT 0, earlier_open INTEGER NOT NULL DEFAULT 0,"
    " clock_offset INTEGER NOT NULL DEFAULT 0,"
    " last_success INTEGER NOT NULL DEFAULT 0, doubts_states INTEGER NOT NULL DEFAULT 0,"
    " rank INTEGER NOT NULL DEFAULT 0, durable INTEGER NOT NULL DEFAULT 0, schema BLOB NOT NULL);"
    "CREATE TABLE setting (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE alias (record BLOB NOT NULL, incarnation INTEGER NOT NULL,"
    " counter INTEGER NOT NULL, replica INTEGER NOT NULL, original_incarnation INTEGER NOT NULL,"
    " original INTEGER NOT NULL, PRIMARY KEY (record, incarnation, counter)) WITHOUT ROWID;"
    "CREATE TABLE staged (number INTEGER PRIMARY KEY, page BLOB NOT NULL);"
    // state 0: to be asked for; 1: the answer is staged; 2: the server does not have it.
    "CREATE TABLE wanted (id BLOB NOT NULL PRIMARY KEY, state INTEGER NOT NULL DEFAULT 0)"
    " WITHOUT ROWID;"
    "CREATE TABLE repair (scope TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE parked (number INTEGER PRIMARY KEY, at INTEGER NOT NULL,"
    " what TEXT NOT NULL, why TEXT NOT NULL, bytes BLOB NOT NULL);";

Result<bool> is_blank_file(Database& database) {
    SATCHEL_ASSIGN(const std::int64_t application, database.application_id());
    SATCHEL_ASSIGN(const std::int64_t format, database.user_version());
    SATCHEL_ASSIGN(const std::int64_t objects,
                   database.integer("SELECT count(*) FROM sqlite_master"));
    return application == 0 && format == 0 && objects == 0;
}

Error blank_file() {
    return {ErrorCode::not_found,
            "this file is empty; delete it and make a replica with 'satchel init'"};
}

// Not opened as a database: that would write into it.
bool is_empty_file(const std::string& path, const ReplicaOptions& options) {
    std::error_code failed;
    return options.vfs.empty() && std::filesystem::file_size(path, failed) == 0 && !failed;
}

}  // namespace

Status check_replica_file(Database& database) {
    SATCHEL_ASSIGN(const bool blank, is_blank_file(database));
    if (blank) return blank_file();
    SATCHEL_ASSIGN(const std::int64_t application, database.application_id());
    if (application != kReplicaApplicationId)
        return Error{ErrorCode::not_a_database,
                     "this is an SQLite file of another program, not a Satchel replica"};
    SATCHEL_ASSIGN(const std::int64_t format, database.user_version());
    if (format > kReplicaFormat)
        return Error{ErrorCode::newer_format,
                     "this replica has format " + std::to_string(format) +
                         ", written by a newer release; install that release (this one knows "
                         "formats up to " +
                         std::to_string(kReplicaFormat) + ")"};
    return {};
}

std::string_view name(ChangesetState state) {
    switch (state) {
        case ChangesetState::pending:
            return "pending";
        case ChangesetState::accepted:
            return "accepted";
        case ChangesetState::settled:
            return "settled";
        case ChangesetState::held:
            return "held";
        case ChangesetState::quarantined:
            return "quarantined";
        case ChangesetState::alias:
            return "alias";
        case ChangesetState::superseded:
            return "superseded";
    }
    return "";
}

Status ReplicaCore::create_tables() {
    SATCHEL_TRY(database.execute(kTables));
    SATCHEL_TRY(database.execute(Journal::tables_sql()));
    SATCHEL_TRY(database.execute(ScopeSets::tables_sql()));
    SATCHEL_ASSIGN(Statement insert,
                   database.prepare("INSERT INTO replica (id, replica, incarnation, position_id,"
                                    " schema) VALUES (1, ?1, 1, zeroblob(16), x'')"));
    insert.bind(1, stored(random->next()));
    return insert.run();
}

Status ReplicaCore::load_row() {
    SATCHEL_ASSIGN(Statement * in,
                   database.cached("SELECT replica, incarnation, hlc, epoch, cursor, position_seq,"
                                   " position_id, acked_counter, clock_offset, last_success,"
                                   " doubts_states, rank, sent_counter, leaves_incarnation,"
                                   " earlier_open, load_order, load_until, load_stage,"
                                   " load_scope FROM replica"));
    SATCHEL_ASSIGN(const bool found, in->step());
    if (!found) return Error{ErrorCode::corrupt, "the replica's own row is missing"};
    row.replica = {static_cast<std::uint64_t>(in->integer(0)),
                   static_cast<std::uint32_t>(in->integer(1))};
    row.hlc.packed = static_cast<std::uint64_t>(in->integer(2));
    row.epoch = static_cast<std::uint64_t>(in->integer(3));
    row.cursor = Sequence{static_cast<std::uint64_t>(in->integer(4))};
    row.position.seq = Sequence{static_cast<std::uint64_t>(in->integer(5))};
    const auto id = RecordId::from_bytes(in->blob(6));
    row.position.id = id ? *id : RecordId{};
    row.acked_counter = static_cast<std::uint64_t>(in->integer(7));
    row.clock_offset = in->integer(8);
    row.last_success = in->integer(9);
    row.doubts_states = in->integer(10) != 0;
    row.rank = static_cast<std::uint8_t>(in->integer(11));
    row.sent_counter = static_cast<std::uint64_t>(in->integer(12));
    row.leaves_incarnation = in->integer(13) != 0;
    row.earlier_open = in->integer(14) != 0;
    row.position.load.order = static_cast<std::uint64_t>(in->integer(15));
    row.position.load.until = Sequence{static_cast<std::uint64_t>(in->integer(16))};
    row.position.load.stage = static_cast<std::uint32_t>(in->integer(17));
    row.position.load.scope = in->text(18);
    in->reset();
    return {};
}

Status ReplicaCore::save_row() {
    SATCHEL_ASSIGN(Statement * out,
                   database.cached("UPDATE replica SET incarnation = ?1, hlc = ?2, epoch = ?3,"
                                   " cursor = ?4, position_seq = ?5, position_id = ?6,"
                                   " acked_counter = ?7, clock_offset = ?8, last_success = ?9,"
                                   " doubts_states = ?10, rank = ?11, sent_counter = ?12,"
                                   " leaves_incarnation = ?13, earlier_open = ?14,"
                                   " load_order = ?15, load_until = ?16, load_stage = ?17,"
                                   " load_scope = ?18"));
    out->bind(1, row.replica.incarnation);
    out->bind(2, stored(row.hlc.packed));
    out->bind(3, stored(row.epoch));
    out->bind(4, stored(row.cursor));
    out->bind(5, stored(row.position.seq));
    out->bind_blob(6, row.position.id.view());
    out->bind(7, stored(row.acked_counter));
    out->bind(8, row.clock_offset);
    out->bind(9, row.last_success);
    out->bind(10, row.doubts_states ? 1 : 0);
    out->bind(11, row.rank);
    out->bind(12, stored(row.sent_counter));
    out->bind(13, row.leaves_incarnation ? 1 : 0);
    out->bind(14, row.earlier_open ? 1 : 0);
    out->bind(15, stored(row.position.load.order));
    out->bind(16, stored(row.position.load.until));
    out->bind(17, row.position.load.stage);
    out->bind_text(18, row.position.load.scope);
    return out->run();
}

Status ReplicaCore::load_schema() {
    SATCHEL_ASSIGN(Statement in, database.prepare("SELECT schema FROM replica"));
    SATCHEL_ASSIGN(const bool found, in.step());
    if (!found) return Error{ErrorCode::corrupt, "the replica's own row is missing"};
    if (tables.schema() != nullptr && tables.schema()->encode() == in.blob(0)) return {};
    SATCHEL_ASSIGN(SchemaPointer schema, stored_schema(in.blob(0)));
    return use_schema(std::move(schema));
}

Status ReplicaCore::use_schema(SchemaPointer schema) {
    if (tables.schema() != nullptr) retired.push_back(tables.schema());
    return tables.use(std::move(schema), !loads_first());
}

bool ReplicaCore::loads_first() const {
    return number(row.cursor) == 0 && !scopes.held().empty() &&
           scopes.loading().size() == scopes.held().size();
}

Status ReplicaCore::install_schema(SchemaPointer schema) {
    const Bytes encoded = schema->encode();
    SATCHEL_ASSIGN(Statement out, database.prepare("UPDATE replica SET schema = ?1"));
    out.bind_blob(1, encoded);
    SATCHEL_TRY(out.run());
    SATCHEL_TRY(use_schema(schema));
    // Another rule may show another value of those that stand side by side. And what came before
    // the schema that knows its fields has their values beside its columns, not in them.
    SATCHEL_ASSIGN(const bool ahead, rows_are_ahead());
    const auto which = ahead ? RecordTables::Shown::everything : RecordTables::Shown::conflicts;
    for (const Collection& collection : schema->collections())
        SATCHEL_TRY(tables.show_again(*tables.table(collection.id), which));
    return {};
}

Result<bool> ReplicaCore::rows_are_ahead() {
    SATCHEL_ASSIGN(const std::int64_t noted, database.integer("SELECT EXISTS (SELECT 1 FROM setting"
                                                              " WHERE key = 'schema.ahead')"));
    return noted != 0;
}

Status ReplicaCore::note_rows_ahead() {
    return database.execute("INSERT OR IGNORE INTO setting VALUES ('schema.ahead', 'yes')");
}

// Runs inside the write transaction, so what it reads cannot change before the commit.
Status ReplicaCore::refresh() {
    SATCHEL_ASSIGN(const std::int64_t version, database.data_version());
    if (version != data_version) {
        SATCHEL_TRY(load_row());
        SATCHEL_TRY(scopes.load());
        SATCHEL_TRY(load_schema());
        SATCHEL_TRY(load_aliases());
        journal.invalidate();
        // Another process may have written: whether it could purge what left, it alone knows.
        if (!std::exchange(is_new, false)) purge_due = true;
        data_version = version;
        unheard = true;
    }
    return {};
}

Status ReplicaCore::follow() {
    if (writing) return {};  // the open transaction has done so
    SATCHEL_ASSIGN(const std::int64_t version, database.data_version());
    if (version == data_version) return {};
    SATCHEL_ASSIGN(SqliteTransaction transaction, SqliteTransaction::begin(database));
    SATCHEL_TRY(refresh());
    return transaction.commit();
}

void ReplicaCore::notify(const std::vector<Change>& changes) {
    if (changes.empty()) return;
    // An observer may take itself away, or another. Nothing here allocates: all is committed.
    const std::int64_t added_later = next_observer;
    std::int64_t told = 0;
    for (auto next = observers.begin(); next != observers.end() && next->first < added_later;
         next = observers.upper_bound(told)) {
        told = next->first;
        const std::shared_ptr<const Observer> observer = next->second;
        (*observer)(changes);
    }
}

Status ReplicaCore::load_aliases() {
    aliases.clear();
    SATCHEL_ASSIGN(Statement rows, database.prepare("SELECT record, incarnation, counter, replica,"
                                                    " original_incarnation, original FROM alias"));
    while (true) {
        SATCHEL_ASSIGN(const bool more, rows.step());
        if (!more) return {};
        if (is_sealed(rows.blob(0))) continue;  // until the log-in
        SATCHEL_ASSIGN(const RecordId record, RecordId::from_bytes(rows.blob(0)));
        Alias alias;
        alias.own = {{row.replica.id, static_cast<std::uint32_t>(rows.integer(1))},
                     static_cast<std::uint64_t>(rows.integer(2))};
        alias.original = {{static_cast<std::uint64_t>(rows.integer(3)),
                           static_cast<std::uint32_t>(rows.integer(4))},
                          static_cast<std::uint64_t>(rows.integer(5))};
        aliases[record].push_back(alias);
    }
}

Status ReplicaCore::save_alias(const RecordId& record, const Alias& alias) {
    SATCHEL_ASSIGN(Statement * insert,
                   database.cached("INSERT OR REPLACE INTO alias VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    insert->bind_blob(1, record.view());
    insert->bind(2, alias.own.replica.incarnation);
    insert->bind(3, stored(alias.own.counter));
    insert->bind(4, stored(alias.original.replica.id));
    insert->bind(5, alias.original.replica.incarnation);
    insert->bind(6, stored(alias.original.counter));
    SATCHEL_TRY(insert->run());
    std::vector<Alias>& known = aliases[record];
    std::erase_if(known, [&alias](const Alias& old) { return old.own == alias.own; });
    known.push_back(alias);
    return {};
}

std::vector<Dot> ReplicaCore::also_seen(const RecordId& record, const VectorClock& covered) const {
    std::vector<Dot> seen;
    const auto known = aliases.find(record);
    if (known == aliases.end()) return seen;
    for (bool more = true; more;) {  // an original may have a newer name itself
        more = false;
        for (const Alias& alias : known->second) {
            if (!covered.covers(alias.own) &&
                !std::binary_search(seen.begin(), seen.end(), alias.own))
                continue;
            const auto at = std::lower_bound(seen.begin(), seen.end(), alias.original);
            if (at != seen.end() && *at == alias.original) continue;
            seen.insert(at, alias.original);
            more = true;
        }
    }
    return seen;
}

Result<std::vector<Dot>> ReplicaCore::seen_by_any_name(const RecordId& record,
                                                       const VectorClock& covered) {
    std::vector<Dot> seen = also_seen(record, covered);
    const auto known = aliases.find(record);
    if (known == aliases.end()) return seen;
    for (const Alias& alias : known->second) {
        if (!covered.covers(alias.original)) continue;
        SATCHEL_ASSIGN(const auto state, journal.state_of(alias.own));
        // Its old name may be a copy's for something else.
        if (!state || *state == ChangesetState::superseded) continue;
        const auto at = std::lower_bound(seen.begin(), seen.end(), alias.own);
        if (at == seen.end() || *at != alias.own) seen.insert(at, alias.own);
    }
    return seen;
}

bool ReplicaCore::holds(const RecordId& record, const VectorClock& state, const Dot& dot) const {
    if (state.covers(dot)) return true;
    const std::optional<Dot> original = original_of(record, dot);
    return original && state.covers(*original);
}

void ChangeCollector::add(CollectionId collection, const RecordId& record) {
    Change& change = changes_[collection];
    change.collection = collection;
    if (change.many) return;
    change.records.push_back(record);
    if (change.records.size() <= kMaxListed) return;
    change.records.clear();
    change.many = true;
}

std::vector<Change> ChangeCollector::take() {
    std::vector<Change> changes;
    for (auto& [collection, change] : changes_)
        changes.push_back(std::move(change));
    changes_.clear();
    return changes;
}

Replica::Replica(std::unique_ptr<ReplicaCore> core) : core_(std::move(core)) {}
Replica::~Replica() = default;

Result<std::unique_ptr<Replica>> Replica::open(const std::string& path,
                                               const ReplicaOptions& options) {
    OpenOptions open;
    open.create = options.create;
    open.key = options.key;
    open.vfs = options.vfs;
    open.exclusive = options.exclusive;
    open.busy_timeout_ms = options.busy_timeout_ms;
    open.overwrite_deleted = true;
    if (!options.create && is_empty_file(path, options)) return blank_file();
    SATCHEL_ASSIGN(Database database, Database::open(path, open));
    SATCHEL_ASSIGN(const bool blank, is_blank_file(database));
    const bool fresh = blank && options.create;
    if (!fresh) SATCHEL_TRY(check_replica_file(database));
    auto core = std::make_unique<ReplicaCore>(std::move(database), path);
    if (options.clock == nullptr) core->own_clock = std::make_unique<SystemClock>();
    if (options.random == nullptr) core->own_random = std::make_unique<SystemRandom>();
    core->clock = options.clock != nullptr ? options.clock : core->own_clock.get();
    core->random = options.random != nullptr ? options.random : core->own_random.get();
    if (fresh) {
        core->is_new = true;
        core->purge_due = false;
        SATCHEL_ASSIGN(SqliteTransaction transaction, SqliteTransaction::begin(core->database));
        SATCHEL_TRY(core->create_tables());
        SchemaPointer schema = options.schema;
        if (!schema) {
            SATCHEL_ASSIGN(schema, empty_schema());
        }
        SATCHEL_TRY(core->install_schema(std::move(schema)));
        SATCHEL_TRY(core->database.set_application_id(kReplicaApplicationId));
        SATCHEL_TRY(core->database.set_user_version(kReplicaFormat));
        SATCHEL_TRY(transaction.commit());
    }
    {
        SATCHEL_ASSIGN(SqliteTransaction transaction, SqliteTransaction::begin(core->database));
        SATCHEL_TRY(core->refresh());
        SATCHEL_ASSIGN(const ChainHead head, core->journal.head(core->row.replica));
        core->hybrid = HybridClock(std::max(head.stamp, core->row.hlc));
        SATCHEL_TRY(transaction.commit());
        core->unheard = false;
    }
    return std::unique_ptr<Replica>(new Replica(std::move(core)));
}

SchemaPointer Replica::schema() const {
    return core_->tables.schema();
}
const std::string& Replica::path() const {
    return core_->path;
}
Database& Replica::database() {
    return core_->database;
}

Result<std::string> Replica::setting(std::string_view key) {
    SATCHEL_ASSIGN(Statement * in,
                   core_->database.cached("SELECT value FROM setting WHERE key = ?1"));
    in->bind_text(1, key);
    SATCHEL_ASSIGN(const bool found, in->step());
    std::string value = found ? std::string(in->text(0)) : std::string();
    in->reset();
    return value;
}

Status Replica::set_setting(std::string_view key, std::string_view value) {
    SATCHEL_ASSIGN(Statement * out,
                   core_->database.cached("INSERT OR REPLACE INTO setting VALUES (?1, ?2)"));
    out->bind_text(1, key);
    out->bind_text(2, value);
    return out->run();
}

std::int64_t Replica::observe(Observer observer) {
    core_->observers.emplace(core_->next_observer,
                             std::make_shared<const Observer>(std::move(observer)));
    return core_->next_observer++;
}

void Replica::unobserve(std::int64_t observer) {
    core_->observers.erase(observer);
}

Status Replica::follow() {
    return core_->follow();
}

Result<bool> Replica::poll() {
    SATCHEL_TRY(follow());
    if (!std::exchange(core_->unheard, false)) return false;
    std::vector<Change> changes;
    for (const Collection& collection : schema()->collections())
        changes.push_back({collection.id, {}, true});
    core_->notify(changes);
    return true;
}

}  // namespace satchel::storage
