// Opening a workspace, its transactions, and what stays in memory between requests.
#include "storage/server_store.hpp"

#include "storage/server_core.hpp"
#include "storage/services.hpp"
#include "storage/text.hpp"
#include "sync/mutants.hpp"

namespace satchel::storage {
namespace {

constexpr const char* kTables =
    "CREATE TABLE IF NOT EXISTS _setting (key TEXT NOT NULL PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS _epoch (epoch INTEGER PRIMARY KEY, head INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS _grave (id BLOB NOT NULL PRIMARY KEY, seq INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS _dangling (parent BLOB NOT NULL PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS _dead_child (parent BLOB NOT NULL, id BLOB NOT NULL,"
    " collection INTEGER NOT NULL, PRIMARY KEY (parent, id)) WITHOUT ROWID;";

}  // namespace

Status check_server_file(Database& database, const std::string& path) {
    SATCHEL_ASSIGN(const std::int64_t application, database.application_id());
    SATCHEL_ASSIGN(const std::int64_t format, database.user_version());
    if (application != kServerApplicationId)
        return Error{ErrorCode::not_a_database, path + " is not the workspace of a head office"};
    if (format > kServerFormat)
        return Error{ErrorCode::newer_format,
                     path + " was written by a newer release; install that one"};
    return {};
}

SqliteServerStore::Core::Core(Database opened, const ServerStoreOptions& given)
    : database(std::move(opened)),
      options(given),
      tables(database, RecordTables::Indexes::parents),
      log(database),
      scopes(database),
      device_days(database),
      snapshot_pages(given.snapshot_bytes),
      services{&blake2b, &compress, &inflate, &is_canonical_text},
      clock(given.clock),
      random(given.random) {
    if (clock == nullptr) {
        own_clock = std::make_unique<SystemClock>();
        clock = own_clock.get();
    }
    if (random == nullptr) {
        own_random = std::make_unique<SystemRandom>();
        random = own_random.get();
    }
}

SqliteServerStore::SqliteServerStore(std::unique_ptr<Core> core) : core_(std::move(core)) {}

SqliteServerStore::~SqliteServerStore() {
    roll_back_all();
}

Result<std::uint64_t> epoch_of(const std::string& path) {
    OpenOptions how;
    how.create = false;
    SATCHEL_ASSIGN(Database database, Database::open(path, how));
    SATCHEL_TRY(check_server_file(database, path));
    SATCHEL_ASSIGN(const std::int64_t epoch,
                   database.integer("SELECT value FROM _setting WHERE key = 'epoch'"));
    return static_cast<std::uint64_t>(epoch);
}

Result<std::unique_ptr<SqliteServerStore>> SqliteServerStore::open(
    const std::string& path, const ServerStoreOptions& options) {
    OpenOptions sqlite;
    sqlite.create = options.create;
    sqlite.key = options.key;
    sqlite.vfs = options.vfs;
    sqlite.exclusive = options.exclusive;
    sqlite.full_sync = !broken(Mutant::acknowledged_too_early);
    sqlite.cache_kib = options.cache_kib;
    SATCHEL_ASSIGN(Database database, Database::open(path, sqlite));
    SATCHEL_ASSIGN(const std::int64_t objects,
                   database.integer("SELECT count(*) FROM sqlite_schema"));
    const bool is_new = objects == 0 && options.create;
    if (!is_new) SATCHEL_TRY(check_server_file(database, path));
    auto core = std::make_unique<Core>(std::move(database), options);
    std::unique_ptr<SqliteServerStore> store(new SqliteServerStore(std::move(core)));
    SATCHEL_TRY(is_new ? store->core_->create(*store) : store->core_->open_existing());
    return store;
}

Status SqliteServerStore::Core::create(SqliteServerStore& store) {
    SATCHEL_TRY(store.begin());
    SATCHEL_TRY(database.set_application_id(kServerApplicationId));
    SATCHEL_TRY(database.set_user_version(kServerFormat));
    SATCHEL_TRY(database.execute(kTables));
    SATCHEL_TRY(database.execute(ServerLog::tables_sql()));
    SATCHEL_TRY(database.execute(AuditLog::tables_sql()));
    SATCHEL_TRY(database.execute(ServerScopes::tables_sql()));
    SATCHEL_TRY(database.execute(DeviceDays::tables_sql()));
    own = {random->next(), 1};
    SATCHEL_TRY(set_blob_setting("workspace", options.workspace));
    SATCHEL_TRY(set_setting("epoch", 1));
    SATCHEL_TRY(set_setting("own_replica", static_cast<std::int64_t>(own.id)));
    SATCHEL_ASSIGN(Schema empty, Schema::build(0, {}, {}));
    SATCHEL_TRY(set_blob_setting("schema", empty.encode()));
    SATCHEL_TRY(load());
    if (options.schema) SATCHEL_TRY(store.install_schema(*options.schema, clock->now_ms()));
    return store.commit();
}

Status SqliteServerStore::Core::open_existing() {
    SATCHEL_ASSIGN(const std::int64_t audited,
                   database.integer("SELECT count(*) FROM sqlite_schema WHERE name = '_audit'"));
    if (audited == 0)
        return Error{ErrorCode::corrupt,
                     "the file has no audit log: somebody took it out, and it needs a backup; or a "
                     "development build made the file before there was one, and it cannot be used"};
    SATCHEL_TRY(load());
    return options.restored ? begin_epoch(clock->now_ms()) : Status{};
}

// The file is a copy of what the workspace once was: everything issued after it is unknown here.
// One backup may be restored twice, so the new epoch's number is not simply the next: it grows with
// the time, sixteen to the minute, and never falls behind one that the file knows, or the file that
// it replaces. Devices have incarnations of the later one, and each epoch's are above those before.
Status SqliteServerStore::Core::begin_epoch(std::int64_t now_ms) {
    constexpr std::int64_t kBegin = 1'735'689'600'000;                     // 2025 in UTC
    constexpr std::int64_t kLatest = std::int64_t{64} * 366 * 86'400'000;  // beyond it: clock wrong
    constexpr std::uint64_t kPerMinute = 16;
    const std::int64_t since = std::clamp<std::int64_t>(now_ms - kBegin, 0, kLatest);
    const std::uint64_t by_time = static_cast<std::uint64_t>(since) / 60'000 * kPerMinute;
    const std::uint64_t number =
        std::max({epoch_number(epoch) + 1, by_time, epoch_number(options.after_epoch) + 1,
                  kFirstEpochNumber}) +
        random->next() % kPerMinute;
    const std::uint64_t next =
        number << kEpochRandomBits | (random->next() & ((1U << kEpochRandomBits) - 1));
    SATCHEL_ASSIGN(Transaction writing, Transaction::begin(database));
    SATCHEL_TRY(set_setting("epoch", static_cast<std::int64_t>(next)));
    SATCHEL_ASSIGN(Statement * insert, database.cached("INSERT INTO _epoch VALUES (?1, ?2)"));
    insert->bind(1, static_cast<std::int64_t>(next));
    insert->bind(2, stored(head));
    SATCHEL_TRY(insert->run());
    SATCHEL_TRY(log.audit().restored(next, head, now_ms));
    SATCHEL_TRY(writing.commit());
    return load();
}

Status SqliteServerStore::Core::load_epochs() {
    restored_heads.clear();
    SATCHEL_ASSIGN(Statement rows, database.prepare("SELECT epoch, head FROM _epoch"));
    while (true) {
        SATCHEL_ASSIGN(const bool row, rows.step());
        if (!row) return {};
        restored_heads.emplace(static_cast<std::uint64_t>(rows.integer(0)),
                               Sequence{static_cast<std::uint64_t>(rows.integer(1))});
    }
}

Status SqliteServerStore::Core::load() {
    head_marks.clear();
    SATCHEL_ASSIGN(workspace, blob_setting("workspace"));
    SATCHEL_ASSIGN(const std::int64_t stored_epoch, setting("epoch"));
    SATCHEL_ASSIGN(const std::int64_t stored_head, setting("head"));
    SATCHEL_ASSIGN(const std::int64_t stored_own, setting("own_replica"));
    SATCHEL_ASSIGN(const std::int64_t stamp, setting("own_stamp"));
    epoch = static_cast<std::uint64_t>(stored_epoch);
    head = saved_head = Sequence{static_cast<std::uint64_t>(stored_head)};
    own = {static_cast<std::uint64_t>(stored_own),
           static_cast<std::uint32_t>(epoch_number(epoch) + 1)};
    hybrid = HybridClock{Stamp{static_cast<std::uint64_t>(stamp)}};
    SATCHEL_TRY(load_epochs());
    SATCHEL_TRY(load_schema());
    SATCHEL_TRY(log.load());
    SATCHEL_TRY(scopes.load());
    SATCHEL_ASSIGN(const std::int64_t graves,
                   database.integer("SELECT EXISTS (SELECT 1 FROM _grave)"));
    SATCHEL_ASSIGN(const std::int64_t dangling,
                   database.integer("SELECT EXISTS (SELECT 1 FROM _dangling)"));
    any_grave = graves != 0;
    any_dangling = dangling != 0;
    return load_highest_id();
}

Status SqliteServerStore::Core::load_schema() {
    SATCHEL_ASSIGN(const Bytes stored, blob_setting("schema"));
    if (tables.schema() != nullptr && tables.schema()->encode() == stored) return {};
    SATCHEL_ASSIGN(SchemaPointer schema, stored_schema(stored));
    return tables.use(std::move(schema));
}

Status SqliteServerStore::Core::load_highest_id() {
    highest_id = {};
    std::vector<std::string> sources{"_dead", "_grave"};
    for (const Collection& collection : tables.schema()->collections())
        sources.push_back(quoted(collection.name));
    for (const std::string& source : sources) {
        SATCHEL_ASSIGN(Statement select, database.prepare("SELECT max(id) FROM " + source));
        SATCHEL_ASSIGN(const bool row, select.step());
        if (!row || select.is_null(0)) continue;
        SATCHEL_ASSIGN(const RecordId id, RecordId::from_bytes(select.blob(0)));
        highest_id = std::max(highest_id, id);
    }
    return {};
}

Result<std::int64_t> SqliteServerStore::Core::setting(std::string_view key) {
    SATCHEL_ASSIGN(Statement * select,
                   database.cached("SELECT value FROM _setting WHERE key = ?1"));
    select->bind_text(1, key);
    SATCHEL_ASSIGN(const bool found, select->step());
    const std::int64_t value = found ? select->integer(0) : 0;
    select->reset();
    return value;
}

Status SqliteServerStore::Core::set_setting(std::string_view key, std::int64_t value) {
    SATCHEL_ASSIGN(Statement * set,
                   database.cached("INSERT OR REPLACE INTO _setting VALUES (?1, ?2)"));
    set->bind_text(1, key);
    set->bind(2, value);
    return set->run();
}

Result<Bytes> SqliteServerStore::Core::blob_setting(std::string_view key) {
    SATCHEL_ASSIGN(Statement * select,
                   database.cached("SELECT value FROM _setting WHERE key = ?1"));
    select->bind_text(1, key);
    SATCHEL_ASSIGN(const bool found, select->step());
    Bytes value = found ? Bytes(select->blob(0)) : Bytes{};
    select->reset();
    return value;
}

Status SqliteServerStore::Core::set_blob_setting(std::string_view key, ByteView value) {
    SATCHEL_ASSIGN(Statement * set,
                   database.cached("INSERT OR REPLACE INTO _setting VALUES (?1, ?2)"));
    set->bind_text(1, key);
    set->bind_blob(2, value);
    return set->run();
}

Status SqliteServerStore::Core::run(const std::string& sql) {
    SATCHEL_ASSIGN(Statement * statement, database.cached(sql));
    return statement->run();
}

Status SqliteServerStore::Core::read_again_if_stale() {
    if (!stale) return {};
    SATCHEL_TRY(load());
    stale = false;
    return {};
}

Status SqliteServerStore::Core::begin(Result<Transaction> (*how)(Database&)) {
    SATCHEL_TRY(read_again_if_stale());
    SATCHEL_ASSIGN(Transaction begun, how(database));
    transaction.emplace(std::move(begun));
    broken = false;
    return {};
}

Status SqliteServerStore::begin() {
    return core_->begin(&Transaction::begin);
}

Status SqliteServerStore::begin_read() {
    return core_->begin(&Transaction::begin_read);
}

Status SqliteServerStore::commit() {
    if (core_->broken) return Error{ErrorCode::io, "a part of the transaction could not be undone"};
    SATCHEL_TRY(core_->scopes.save());
    if (core_->head != core_->saved_head)
        SATCHEL_TRY(core_->set_setting("head", stored(core_->head)));
    SATCHEL_TRY(core_->transaction->commit());
    core_->saved_head = core_->head;
    core_->transaction.reset();
    return {};
}

void SqliteServerStore::roll_back_all() {
    if (!core_->transaction) return;
    core_->transaction.reset();
    core_->snapshot_pages.clear();
    // The disk that failed may fail again; then what is in memory counts for nothing.
    core_->stale = !core_->load();
}

bool SqliteServerStore::in_transaction() const {
    return core_->transaction.has_value();
}

Database& SqliteServerStore::database() {
    return core_->database;
}
const Services& SqliteServerStore::services() const {
    return core_->services;
}
std::string SqliteServerStore::workspace() {
    return core_->workspace;
}
ReplicaId SqliteServerStore::own_replica() {
    return core_->own;
}
void SqliteServerStore::look_up_callers(CallerLookup lookup) {
    core_->caller_lookup = std::move(lookup);
}
void SqliteServerStore::look_up_scopes(ScopeLookup lookup) {
    core_->scope_lookup = std::move(lookup);
}
Result<AuditHead> SqliteServerStore::audit_head() {
    SATCHEL_TRY(core_->read_again_if_stale());
    return core_->log.audit().head();
}
SchemaPointer SqliteServerStore::schema() {
    return core_->tables.schema();
}
std::uint64_t SqliteServerStore::epoch() {
    return core_->epoch;
}
// An epoch that this file never had belongs to another copy of some backup: nobody here can say
// where the two parted.
Sequence SqliteServerStore::restored_head(std::uint64_t since_epoch) {
    const auto& heads = core_->restored_heads;
    if (since_epoch != 1 && !heads.contains(since_epoch)) return Sequence{};
    Sequence lowest = core_->head;
    for (auto at = heads.upper_bound(since_epoch); at != heads.end(); ++at)
        lowest = std::min(lowest, at->second);
    return lowest;
}
Sequence SqliteServerStore::head() {
    return core_->head;
}
Result<Sequence> SqliteServerStore::next_seq() {
    core_->head = Sequence{number(core_->head) + 1};
    return core_->head;
}

Status SqliteServerStore::savepoint() {
    SATCHEL_TRY(core_->run("SAVEPOINT part"));
    core_->head_marks.push_back(core_->head);
    core_->scopes.mark();
    return {};
}

Status SqliteServerStore::release() {
    SATCHEL_TRY(core_->run("RELEASE part"));
    core_->head_marks.pop_back();
    core_->scopes.forget_mark();
    return {};
}

Status SqliteServerStore::roll_back() {
    const Status undone = core_->undo_part();
    if (!undone) core_->broken = true;
    return undone;
}

Status SqliteServerStore::Core::undo_part() {
    SATCHEL_TRY(run("ROLLBACK TO part"));
    SATCHEL_TRY(run("RELEASE part"));
    head = head_marks.back();
    head_marks.pop_back();
    scopes.undo();
    SATCHEL_TRY(log.load());
    return load_schema();
}

Result<AdminTransaction> AdminTransaction::begin(SqliteServerStore& store) {
    const bool nested = store.in_transaction();
    SATCHEL_TRY(nested ? store.savepoint() : store.begin());
    return AdminTransaction(&store, nested);
}

AdminTransaction::~AdminTransaction() {
    if (store_ == nullptr) return;
    if (!nested_)
        store_->roll_back_all();
    else
        static_cast<void>(store_->roll_back());
}

Status AdminTransaction::commit() {
    SATCHEL_TRY(nested_ ? store_->release() : store_->commit());
    store_ = nullptr;
    return {};
}

}  // namespace satchel::storage
