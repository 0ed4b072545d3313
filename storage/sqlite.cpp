#include "storage/sqlite.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <cerrno>

#include "storage/unused_space.hpp"

namespace satchel::storage {
namespace {

struct Cause {
    ErrorCode code;
    const char* text;
};

constexpr Cause kReadOnly = {ErrorCode::read_only,
                             "the file or its folder cannot be written; make it writable"};
constexpr Cause kDisk = {ErrorCode::io,
                         "the disk failed or the file was taken away; look at the disk, nothing is "
                         "assumed to have been written"};
constexpr Cause kMemory = {ErrorCode::busy,
                           "there is not enough memory now; close something and try again"};
constexpr Cause kWrongKey = {ErrorCode::wrong_key,
                             "the key does not open this file; give the key it was made with, or "
                             "none if it was never encrypted"};

constexpr Cause kDamaged = {ErrorCode::corrupt,
                            "the file is damaged; restore it from a backup or sync into a new one"};
constexpr Cause kEnded = {ErrorCode::io,
                          "a failure has ended the transaction; nothing of it is kept, try again"};

Cause cause_of_not_opening(int system_error) {
    switch (system_error) {
        case ENOENT:
        case ENOTDIR:
            return {ErrorCode::not_found, "there is no such file; check the path or create it"};
        case EACCES:
        case EPERM:
        case EROFS:
            return kReadOnly;
        case EISDIR:
            return {ErrorCode::not_a_database, "this is a folder; choose a file"};
        default:
            return kDisk;
    }
}

// An unknown code gets no text: SQLite's own says more.
Cause cause_of(int extended_code, int system_error) {
    if (extended_code == SQLITE_READONLY_DBMOVED) return kDisk;
    if (extended_code == SQLITE_IOERR_NOMEM) return kMemory;
    switch (extended_code & 0xff) {
        case SQLITE_FULL:
            return {ErrorCode::disk_full,
                    "the disk is full; free some space and try again, nothing was lost"};
        case SQLITE_READONLY:
        case SQLITE_PERM:
            return kReadOnly;
        case SQLITE_CANTOPEN:
            return cause_of_not_opening(system_error);
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {ErrorCode::busy, "another program is using the file; try again"};
        case SQLITE_NOMEM:
            return kMemory;
        case SQLITE_NOTADB:
            return {ErrorCode::not_a_database,
                    "this is not a Satchel file, or it is encrypted; choose another file or give "
                    "its key"};
        case SQLITE_CORRUPT:
            return kDamaged;
        case SQLITE_IOERR:
            return kDisk;
        case SQLITE_INTERRUPT:
            return {ErrorCode::cancelled, "cancelled"};
        case SQLITE_TOOBIG:
            return {ErrorCode::limit, "a text is too long; make it shorter"};
        case SQLITE_CONSTRAINT:
            if (extended_code == SQLITE_CONSTRAINT_COMMITHOOK) return kEnded;
            return {ErrorCode::internal, nullptr};
        default:
            return {ErrorCode::internal, nullptr};
    }
}

Error describe(const Cause& cause, std::string_view what, int extended_code) {
    return {cause.code, std::string(what) + ": " + cause.text + " (SQLite code " +
                            std::to_string(extended_code) + ")"};
}

// Our own SQL names what every file of its format has. Who may only read brings SQL of his own.
bool is_not_what_we_made(sqlite3* connection, std::string_view message) {
    if (sqlite3_db_readonly(connection, "main") != 0) return false;
    constexpr std::array<std::string_view, 9> kSigns{
        "no such table",        "no such column",
        "no such function",     "no such collation",
        "no such index",        "has no column named",
        "values were supplied", "wrong number of arguments",
        "duplicate column name"};
    return std::any_of(kSigns.begin(), kSigns.end(), [message](std::string_view sign) {
        return message.find(sign) != std::string_view::npos;
    });
}

bool is_blank(std::string_view sql) {
    return sql.find_first_not_of(" \t\r\n;") == std::string_view::npos;
}

Status execute_on(sqlite3* connection, const char* sql, std::string_view what) {
    if (sqlite3_exec(connection, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return sqlite_error(connection, what);
}

int open_flags(const OpenOptions& options) {
    const int common = SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX;
    if (options.read_only) return common | SQLITE_OPEN_READONLY;
    return common | SQLITE_OPEN_READWRITE | (options.create ? SQLITE_OPEN_CREATE : 0);
}

// Only for whoever makes it, whatever the umask says: it will hold customers' data and a token. The
// files that SQLite puts beside it get the same mode.
Status make_private_file(const std::string& path, const OpenOptions& options) {
    if (!options.create || !options.vfs.empty() || path.front() == ':') return {};
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const int failure = errno;
    if (file >= 0) ::close(file);
    // SQLite would try to read it next, and say that it is not there.
    const bool may_not = failure == EACCES || failure == EPERM || failure == EROFS;
    if (file < 0 && may_not) return describe(kReadOnly, "making " + path, SQLITE_CANTOPEN);
    return {};  // otherwise it is there, or SQLite will say what is wrong
}

constexpr std::string_view kCipher = "multipleciphers-";

// The cipher is a layer over the system's files, and the usual one; over another VFS it has to be
// asked for by name. Where nothing is encrypted it is left out.
std::string vfs_name(const OpenOptions& options) {
    if (!options.vfs.empty()) return std::string(options.key.empty() ? "" : kCipher) + options.vfs;
    const sqlite3_vfs* usual = options.key.empty() ? sqlite3_vfs_find(nullptr) : nullptr;
    const std::string_view name = usual == nullptr ? std::string_view() : usual->zName;
    return std::string(name.starts_with(kCipher) ? name.substr(kCipher.size()) : "");
}

int refuses_to_commit(void* mark) {
    return static_cast<const TransactionMark*>(mark)->open ? 1 : 0;
}

void note_rollback(void* mark) {
    static_cast<TransactionMark*>(mark)->to_undo = true;
}

bool is_in_transaction(sqlite3* connection) {
    return sqlite3_get_autocommit(connection) == 0;
}

// Needs no memory. It fails where SQLite has undone the transaction itself, as it should.
void undo(sqlite3* connection, TransactionMark& mark) {
    if (is_in_transaction(connection)) {
        sqlite3_step(mark.undo);
        sqlite3_reset(mark.undo);
    }
    mark.open = mark.to_undo = is_in_transaction(connection);
}

}  // namespace

Error sqlite_error(sqlite3* connection, std::string_view what) {
    if (connection == nullptr) return describe(kMemory, what, SQLITE_NOMEM);
    const int code = sqlite3_extended_errcode(connection);
    const Cause cause = cause_of(code, sqlite3_system_errno(connection));
    if (cause.text != nullptr) return describe(cause, what, code);
    const std::string message = sqlite3_errmsg(connection);
    if (code == SQLITE_ERROR && is_not_what_we_made(connection, message))
        return describe({kDamaged.code, (message + "; " + kDamaged.text).c_str()}, what, code);
    return describe({cause.code, message.c_str()}, what, code);
}

void Statement::expect_bound([[maybe_unused]] int code) {
    assert(code == SQLITE_OK);
}

Error Statement::failure() {
    Error error = sqlite_error(sqlite3_db_handle(handle_), "using the database");
    sqlite3_reset(handle_);
    return error;
}

Result<Database> Database::open(const std::string& path, const OpenOptions& options) {
    if (path.empty()) return Error{ErrorCode::invalid_argument, "the path of a database is empty"};
    SATCHEL_TRY(make_private_file(path, options));
    const std::string vfs = vfs_name(options);
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &handle, open_flags(options),
                                     vfs.empty() ? nullptr : vfs.c_str());
    Database database(handle, !options.key.empty());
    const std::string what = "opening " + path;
    if (code != SQLITE_OK) return database.error(what);
    sqlite3_commit_hook(handle, &refuses_to_commit, database.mark_.get());
    sqlite3_rollback_hook(handle, &note_rollback, database.mark_.get());
    if (!options.read_only && sqlite3_db_readonly(handle, "main") == 1)
        return describe(kReadOnly, what, SQLITE_READONLY);
    if (auto configured = database.configure(options); !configured)
        return Error{configured.error().code, what + ": " + configured.error().message};
    return database;
}

Status Database::unlock(const std::string& key) {
    if (key.empty()) return {};
#ifdef SATCHEL_SYSTEM_SQLITE
    return Error{ErrorCode::invalid_argument,
                 "this build of Satchel cannot encrypt; open the file without a key"};
#else
    SATCHEL_TRY(execute("PRAGMA cipher = 'aegis'"));
    if (sqlite3_key(handle(), key.data(), static_cast<int>(key.size())) == SQLITE_OK) return {};
    return error("setting the key");
#endif
}

// The key comes first, then what must be known before the first read, then that read.
Status Database::configure(const OpenOptions& options) {
    SATCHEL_TRY(unlock(options.key));
    busy_timeout_ms_ = options.busy_timeout_ms;
    sqlite3_busy_timeout(handle(), busy_timeout_ms_);
    sqlite3_db_config(handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle(), SQLITE_DBCONFIG_ENABLE_FKEY, 0, nullptr);
    if (options.exclusive) SATCHEL_TRY(execute("PRAGMA locking_mode = EXCLUSIVE"));
    SATCHEL_TRY(integer("SELECT count(*) FROM sqlite_schema"));
    if (!options.read_only) SATCHEL_TRY(start_log());
    SATCHEL_TRY(execute("PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0"));
    if (options.overwrite_deleted) SATCHEL_TRY(overwrite_deleted());
    SATCHEL_TRY(
        execute(options.full_sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"));
    SATCHEL_TRY(
        execute(("PRAGMA wal_autocheckpoint = " + std::to_string(options.log_pages)).c_str()));
    cache_kib_ = options.cache_kib;
    return limit_cache(cache_kib_);
}

Status Database::overwrite_deleted() {
    SATCHEL_TRY(execute("PRAGMA secure_delete = ON"));
    // Pages of a map, which a file has that shrinks by itself, look like pages of a tree.
    SATCHEL_ASSIGN(const std::int64_t shrinks, integer("PRAGMA auto_vacuum"));
    if (!has_key_ && shrinks == 0) clear_unused_space(handle());
    return {};
}

Status Database::limit_cache(int kib) {
    return execute(("PRAGMA cache_size = -" + std::to_string(kib)).c_str());
}

Result<SmallCache> SmallCache::begin(Database& database) {
    SATCHEL_TRY(database.limit_cache(std::min(kKib, database.cache_kib_)));
    return SmallCache(database);
}

Status SmallCache::end() {
    Database* database = std::exchange(database_, nullptr);
    return database == nullptr ? Status{} : database->limit_cache(database->cache_kib_);
}

// SQLite keeps the old mode without an error when a file system cannot do WAL.
Status Database::start_log() {
    SATCHEL_ASSIGN(Statement pragma, prepare("PRAGMA journal_mode = WAL"));
    SATCHEL_TRY(pragma.step());
    const ByteView mode = pragma.text(0);
    if (mode == "wal" || mode == "memory") return {};
    return Error{ErrorCode::io, "this disk cannot keep a write-ahead log; choose another disk"};
}

Status Database::execute(const char* sql) {
    if (sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return error("using the database");
}

Status Database::create_index(const std::string& sql) {
    if (has_key_) return execute(sql.c_str());
    const bool inside = sqlite3_get_autocommit(handle()) == 0;
    if (const Status moved = execute("PRAGMA temp_store = FILE"); !moved) {
        if (inside && sqlite3_get_autocommit(handle()) != 0) return moved;
        return execute(sql.c_str());
    }
    const Status built = execute(sql.c_str());
    SATCHEL_TRY(execute("PRAGMA temp_store = MEMORY"));
    // A failure that ended the transaction is none of a temporary file that cannot be made.
    const bool ended = inside && sqlite3_get_autocommit(handle()) != 0;
    return built || ended ? built : execute(sql.c_str());
}

Result<Statement> Database::prepare(std::string_view sql) {
    return prepare(sql, 0);
}

Result<Statement> Database::prepare(std::string_view sql, unsigned flags) {
    sqlite3_stmt* prepared = nullptr;
    const char* rest = nullptr;
    const int code = sqlite3_prepare_v3(handle(), sql.data(), static_cast<int>(sql.size()), flags,
                                        &prepared, &rest);
    if (code != SQLITE_OK) return error("using the database");
    Statement statement(prepared);
    if (prepared == nullptr || !is_blank(sql.substr(static_cast<std::size_t>(rest - sql.data()))))
        return Error{ErrorCode::internal, "exactly one SQL statement is expected here"};
    return statement;
}

Result<Statement*> Database::cached(std::string_view sql) {
    if (const auto found = statements_.find(sql); found != statements_.end()) {
        found->second.reset();
        found->second.clear_bindings();
        return &found->second;
    }
    SATCHEL_ASSIGN(Statement statement, prepare(sql, SQLITE_PREPARE_PERSISTENT));
    return &statements_.emplace(sql, std::move(statement)).first->second;
}

Result<Statement*> Database::kept(KeptStatement& statement) {
    if (statement.generation_ == generation_) {
        statement.statement_->reset();
        return statement.statement_;
    }
    SATCHEL_ASSIGN(statement.statement_, cached(statement.sql_));
    statement.generation_ = generation_;
    return statement.statement_;
}

void Database::forget_statements() {
    statements_.clear();
    ++generation_;
}

Result<std::int64_t> Database::integer(std::string_view sql) {
    SATCHEL_ASSIGN(Statement statement, prepare(sql));
    SATCHEL_ASSIGN(const bool row, statement.step());
    if (!row) return Error{ErrorCode::not_found, "there is no such row"};
    return statement.integer(0);
}

Result<std::int64_t> Database::data_version() {
    SATCHEL_ASSIGN(Statement * pragma, cached("PRAGMA data_version"));
    SATCHEL_ASSIGN([[maybe_unused]] const bool row, pragma->step());
    const std::int64_t version = pragma->integer(0);
    pragma->reset();
    return version;
}

Status Database::set_application_id(std::int32_t id) {
    return execute(("PRAGMA application_id = " + std::to_string(id)).c_str());
}

Status Database::set_user_version(std::int32_t version) {
    return execute(("PRAGMA user_version = " + std::to_string(version)).c_str());
}

Status Database::checkpoint() {
    const int code =
        sqlite3_wal_checkpoint_v2(handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (code == SQLITE_OK) return {};
    return error("emptying the log");
}

bool Database::purge() {
    sqlite3_busy_timeout(handle(), 0);
    const int code =
        sqlite3_wal_checkpoint_v2(handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    sqlite3_busy_timeout(handle(), busy_timeout_ms_);
    if (code != SQLITE_OK) return false;
    sqlite3_db_release_memory(handle());
    return true;
}

Error Database::error(std::string what) const {
    const bool unreadable = handle() != nullptr && sqlite3_errcode(handle()) == SQLITE_NOTADB;
    if (has_key_ && unreadable) return describe(kWrongKey, what, SQLITE_NOTADB);
    return sqlite_error(handle(), what);
}

Result<Transaction> Transaction::begin(Database& database) {
    return begin(database, "BEGIN IMMEDIATE");
}

Result<Transaction> Transaction::begin_read(Database& database) {
    return begin(database, "BEGIN");
}

Result<Transaction> Transaction::begin(Database& database, const char* sql) {
    TransactionMark& mark = *database.mark_;
    if (mark.to_undo) undo(database.handle(), mark);
    if (mark.undo == nullptr)
        sqlite3_prepare_v3(database.handle(), "ROLLBACK", -1, SQLITE_PREPARE_PERSISTENT, &mark.undo,
                           nullptr);
    if (mark.undo == nullptr) return database.error("starting to write");
    SATCHEL_TRY(execute_on(database.handle(), sql, "starting to write"));
    mark.open = true;
    mark.to_undo = false;
    return Transaction(database.handle(), &mark);
}

Status Transaction::commit() {
    if (mark_->to_undo) return describe(kEnded, "saving", SQLITE_ABORT_ROLLBACK);
    mark_->open = false;
    const Status saved = execute_on(connection_, "COMMIT", "saving");
    mark_->open = !saved;
    if (saved) mark_ = nullptr;
    return saved;
}

Transaction::~Transaction() {
    if (mark_ != nullptr) undo(connection_, *mark_);
}

}  // namespace satchel::storage
