// SQLite in our manners: handles that close themselves, errors as values with our codes.
//
//     SATCHEL_ASSIGN(Database database, Database::open(path, {}));
//     SATCHEL_ASSIGN(Transaction transaction, Transaction::begin(database));
//     SATCHEL_ASSIGN(Statement* insert, database.cached("INSERT INTO note VALUES (?1, ?2)"));
//     insert->bind_blob(1, id.view());
//     insert->bind_text(2, text);
//     SATCHEL_TRY(insert->run());
//     SATCHEL_TRY(transaction.commit());
//
// Every database is in WAL mode: readers never wait for the writer. One connection writes; others
// may read (decision in docs/decisions: one writer connection, BEGIN IMMEDIATE, always).
//
// Threads: a Database and its Statements belong to one thread at a time.
// Errors: SQLite's codes become ErrorCodes as sqlite_error() says; a failed call changes nothing
// that is not said here.
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "sync/ids.hpp"
#include "sync/result.hpp"

namespace satchel::storage {

// The connection's last failure as an Error: "<what>: <what happened; what to do>", where `what`
// says in the user's words what was tried ("saving the order").
//
// | SQLite                | ErrorCode                                                        |
// | FULL                  | disk_full                                                        |
// | READONLY, PERM        | read_only (io when the file was moved away under us)             |
// | CANTOPEN              | not_found, read_only, not_a_database (a folder) or io, by errno  |
// | BUSY, LOCKED          | busy                                                             |
// | NOMEM, IOERR_NOMEM    | busy: nothing is wrong with the file or the input                |
// | NOTADB                | not_a_database (Database::error: wrong_key when it has a key)    |
// | CORRUPT               | corrupt                                                          |
// | IOERR                 | io                                                               |
// | INTERRUPT             | cancelled                                                        |
// | TOOBIG                | limit                                                            |
// | ERROR, as the file    |                                                                  |
// |   lacks what SQL names | corrupt on a connection that may write: the SQL there is ours   |
// | CONSTRAINT_COMMITHOOK | io: see Transaction                                              |
// | anything else         | internal, with SQLite's own text: wrong SQL, a broken constraint |
Error sqlite_error(sqlite3* connection, std::string_view what);

struct OpenOptions {
    bool read_only = false;
    bool create = true;      // make the file when there is none; else not_found
    std::string key;         // any bytes; empty = not encrypted. Cipher: AEGIS-256
    std::string vfs;         // name of a registered sqlite3_vfs; empty = the system's files
    bool exclusive = false;  // one connection only, no shared memory file (the simulator)
    bool full_sync = false;  // true: a commit survives power loss. false: after power loss the
                             // file is some earlier committed state, never a broken one
    int busy_timeout_ms = 5000;
    int cache_kib = 65536;
    // Pages of the log after which it is moved into the file. Each move syncs the disk twice and
    // writes a page once, however often it changed since the last one.
    int log_pages = 12'000;  // 48 MB
    // What is deleted is overwritten in the file. With a key a copy that SQLite left in a page's
    // unused space may stay, encrypted (docs/decisions/0018). See purge() for the log.
    bool overwrite_deleted = false;
};

// Unsigned numbers of 64 bits stand as the signed integer of the same bits.
inline std::int64_t stored(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}
inline std::int64_t stored(Sequence seq) {
    return stored(number(seq));
}
inline std::uint64_t loaded(std::int64_t value) {
    return static_cast<std::uint64_t>(value);
}

// A statement's text, with what Database::kept() remembers about it: for what runs per record.
class KeptStatement {
  public:
    KeptStatement() = default;
    explicit KeptStatement(std::string sql) : sql_(std::move(sql)) {}
    const std::string& sql() const { return sql_; }

  private:
    friend class Database;
    std::string sql_;
    class Statement* statement_ = nullptr;
    std::uint64_t generation_ = 0;  // of the Database's statements when it was found
};

// One prepared statement. Parameters and columns: the first parameter is 1, the first column 0.
// A failed step resets the statement; it can be bound and run again.
class Statement {
  public:
    explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}  // takes it over
    Statement(Statement&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Statement& operator=(Statement&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Statement() { sqlite3_finalize(handle_); }

    // Bound bytes are not copied: they must live, unchanged, until the last step() that uses them.
    // Bindings stay over a reset(). To bind a statement again after step(), reset() it first; run()
    // and cached() have done so. Binding a running statement, or what is no parameter, is our bug.
    void bind(int index, std::int64_t value);
    void bind_text(int index, ByteView utf8);
    void bind_blob(int index, ByteView bytes);
    void bind_null(int index);
    // A string that ends with the call would be gone before the step.
    template <std::same_as<std::string> Temporary>
    void bind_text(int index, Temporary&& utf8) = delete;
    template <std::same_as<std::string> Temporary>
    void bind_blob(int index, Temporary&& bytes) = delete;

    // True: there is a row, read it with the functions below. False: the end.
    Result<bool> step();
    // Steps to the end, passing over any rows, and resets.
    Status run();
    // Ends a statement before its last row; an unfinished SELECT keeps the log from being emptied.
    void reset() { sqlite3_reset(handle_); }
    void clear_bindings() { sqlite3_clear_bindings(handle_); }

    // The current row. Views live until the next step() or reset().
    std::int64_t integer(int column) const { return sqlite3_column_int64(handle_, column); }
    ByteView text(int column) const;
    ByteView blob(int column) const;
    bool is_null(int column) const { return type(column) == SQLITE_NULL; }
    int type(int column) const { return sqlite3_column_type(handle_, column); }  // SQLITE_INTEGER…

    int column_count() const { return sqlite3_column_count(handle_); }
    std::string_view column_name(int column) const { return sqlite3_column_name(handle_, column); }

    sqlite3_stmt* handle() const { return handle_; }

  private:
    Error failure();
    static void expect_bound(int code);

    sqlite3_stmt* handle_ = nullptr;
};

// What a connection's Transaction and its commit hook know of each other.
struct TransactionMark {
    bool open = false;             // nothing may be committed
    bool to_undo = false;          // it is over: undone by SQLite, or not undone yet
    sqlite3_stmt* undo = nullptr;  // ROLLBACK, prepared while there is memory
};

// One connection to one file. Moving it leaves its Statements and Transactions valid.
class Database {
  public:
    // Opens the file, in WAL mode unless read_only, and reads it once, so that what is wrong with
    // it comes out here: not_found, not_a_database, wrong_key, read_only (the file or its folder
    // does not let us write), corrupt, busy, io. ":memory:" is a private database in memory.
    static Result<Database> open(const std::string& path, const OpenOptions& options);

    // Runs any number of statements, up to the first failure.
    Status execute(const char* sql);

    // A CREATE INDEX that takes no more memory than the cache may: what does not fit is sorted in
    // temporary files, which have no name and are gone with the call. They are not encrypted, so
    // for an encrypted file all of it is sorted in memory, 50 bytes a row and the key; likewise
    // where no temporary file can be made, and on a connection that has made temporary tables.
    Status create_index(const std::string& sql);

    // Exactly one statement; its Database must outlive it.
    Result<Statement> prepare(std::string_view sql);
    // The same, prepared once and kept: comes reset and without bindings. All callers with the
    // same SQL share one Statement, so do not step one while asking for it again. Valid until
    // forget_statements() or the end of the Database.
    Result<Statement*> cached(std::string_view sql);
    // cached() without looking the text up again: always with this same Database. It may still
    // have the bindings of the last time, so every parameter has to be bound.
    Result<Statement*> kept(KeptStatement& statement);
    void forget_statements();

    // First column of the first row; not_found without a row.
    Result<std::int64_t> integer(std::string_view sql);

    std::int64_t changes() const { return sqlite3_changes64(handle()); }  // rows, last statement
    std::int64_t last_rowid() const { return sqlite3_last_insert_rowid(handle()); }
    // A number that changes when another connection has committed to the file.
    Result<std::int64_t> data_version();

    // Which program the file belongs to, and its format; both 0 in a new file.
    Result<std::int64_t> application_id() { return integer("PRAGMA application_id"); }
    Result<std::int64_t> user_version() { return integer("PRAGMA user_version"); }
    Status set_application_id(std::int32_t id);
    Status set_user_version(std::int32_t version);

    // Moves the log into the file and empties it; busy when another connection reads or writes.
    Status checkpoint();
    // The same at once, and pages that memory still has are given back. False: not now, as another
    // connection reads or writes, or the disk fails; the log stays as it is. Takes no memory.
    bool purge();

    sqlite3* handle() const { return handle_.get(); }
    Error error(std::string what) const;

  private:
    struct Close {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };

    Database(sqlite3* handle, bool has_key)
        : handle_(handle), has_key_(has_key), mark_(new TransactionMark) {}
    Result<Statement> prepare(std::string_view sql, unsigned flags);
    Status configure(const OpenOptions& options);
    Status overwrite_deleted();
    Status unlock(const std::string& key);
    Status start_log();

    friend class SmallCache;
    friend class Transaction;
    Status limit_cache(int kib);

    struct Forget {
        void operator()(TransactionMark* mark) const {
            sqlite3_finalize(mark->undo);
            delete mark;
        }
    };

    std::unique_ptr<sqlite3, Close> handle_;
    bool has_key_ = false;
    int busy_timeout_ms_ = 0;
    std::unique_ptr<TransactionMark, Forget> mark_;
    int cache_kib_ = 0;
    std::unordered_map<std::string, Statement, Hash, std::equal_to<>> statements_;
    std::uint64_t generation_ = 1;  // counts forget_statements()
};

// As long as it lives, the Database keeps few pages in memory: for work that passes through a file
// once, such as a first load, and has no use for a page afterwards. What fails here may have ended
// the transaction, as any other failure may: the work must not go on.
class SmallCache {
  public:
    static Result<SmallCache> begin(Database& database);
    SmallCache(SmallCache&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    SmallCache& operator=(SmallCache&&) = delete;
    // After a failure; else end() does it, and says whether it could.
    ~SmallCache() { (void)end(); }

    Status end();

  private:
    explicit SmallCache(Database& database) : database_(&database) {}

    // Some replies of a load, and about 200,000 keys of an index; neither half nor twice as much is
    // quicker.
    static constexpr int kKib = 8192;

    Database* database_;
};

// The right to write, from begin() to commit(); without a commit() the destructor undoes all.
// At most one per Database. SQLite ends a transaction by itself after some failures (a full disk,
// too little memory), and whoever went on without hearing of it would commit each later statement
// alone: so from begin() on the connection commits nothing but by commit(), and says `io`.
class Transaction {
  public:
    // busy when another connection kept the right to write for longer than the busy timeout.
    static Result<Transaction> begin(Database& database);
    // One state of the file for all reads, and no right to write.
    static Result<Transaction> begin_read(Database& database);
    Transaction(Transaction&& other) noexcept
        : connection_(other.connection_), mark_(std::exchange(other.mark_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();

    // On failure nothing was committed and the destructor undoes it all.
    Status commit();

  private:
    Transaction(sqlite3* connection, TransactionMark* mark)
        : connection_(connection), mark_(mark) {}
    static Result<Transaction> begin(Database& database, const char* sql);

    sqlite3* connection_;
    TransactionMark* mark_;  // null when done
};

// Inline because a bulk load runs them some millions of times a second.

inline void Statement::bind(int index, std::int64_t value) {
    expect_bound(sqlite3_bind_int64(handle_, index, value));
}

inline void Statement::bind_text(int index, ByteView utf8) {
    const char* data = utf8.data() != nullptr ? utf8.data() : "";  // a null pointer would bind NULL
    expect_bound(
        sqlite3_bind_text64(handle_, index, data, utf8.size(), SQLITE_STATIC, SQLITE_UTF8));
}

inline void Statement::bind_blob(int index, ByteView bytes) {
    const char* data = bytes.data() != nullptr ? bytes.data() : "";
    expect_bound(sqlite3_bind_blob64(handle_, index, data, bytes.size(), SQLITE_STATIC));
}

inline void Statement::bind_null(int index) {
    expect_bound(sqlite3_bind_null(handle_, index));
}

inline Result<bool> Statement::step() {
    const int code = sqlite3_step(handle_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return failure();
}

inline Status Statement::run() {
    int code = SQLITE_ROW;
    while (code == SQLITE_ROW)
        code = sqlite3_step(handle_);
    if (code != SQLITE_DONE) return failure();
    sqlite3_reset(handle_);
    return {};
}

inline ByteView Statement::text(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

inline ByteView Statement::blob(int column) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(handle_, column));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

}  // namespace satchel::storage
