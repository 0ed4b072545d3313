// What the SQLite wrapper promises, on real files: damage as much as success.

#include "storage/sqlite.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

namespace satchel::storage {
namespace {

namespace fs = std::filesystem;

constexpr uid_t kNobody = 65534;

class Sqlite : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "satchel_sqlite_XXXXXX";
        folder_ = mkdtemp(pattern.data());
        fs::permissions(folder_, fs::perms::all);
    }
    void TearDown() override { fs::remove_all(folder_); }

    std::string path(const std::string& name = "a.db") const { return (folder_ / name).string(); }

    // A file with the numbers 1 to `rows`, closed, so that the log is empty.
    void make(const OpenOptions& options = {}, int rows = 1000) {
        auto database = Database::open(path(), options);
        ASSERT_TRUE(database) << database.error().message;
        ASSERT_TRUE(database->execute("CREATE TABLE number (value INTEGER, padding TEXT)"));
        const std::string insert =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
            std::to_string(rows) + ") INSERT INTO number SELECT i, hex(zeroblob(50)) FROM n";
        ASSERT_TRUE(database->execute(insert.c_str()));
    }

    ErrorCode open_code(const OpenOptions& options = {}) const {
        const auto database = Database::open(path(), options);
        return database ? ErrorCode::ok : database.error().code;
    }

    fs::path folder_;
};

Database open(const std::string& path, const OpenOptions& options = {}) {
    auto database = Database::open(path, options);
    EXPECT_TRUE(database) << database.error().message;
    return *std::move(database);
}

std::int64_t integer(Database& database, const char* sql) {
    const auto value = database.integer(sql);
    EXPECT_TRUE(value) << value.error().message;
    return value ? *value : -1;
}

TEST_F(Sqlite, ANewFileIsInWalModeAndKeepsWhatWasWritten) {
    make();
    Database database = open(path());
    EXPECT_EQ(integer(database, "SELECT count(*) FROM number"), 1000);
    auto mode = database.prepare("PRAGMA journal_mode");
    ASSERT_TRUE(mode->step());
    EXPECT_EQ(mode->text(0), "wal");
}

TEST_F(Sqlite, OptionsReachTheConnection) {
    OpenOptions options;
    options.full_sync = true;
    options.cache_kib = 777;
    Database database = open(path(), options);
    EXPECT_EQ(integer(database, "PRAGMA synchronous"), 2);
    EXPECT_EQ(integer(database, "PRAGMA cache_size"), -777);
    EXPECT_EQ(integer(database, "PRAGMA foreign_keys"), 0);
    EXPECT_EQ(integer(database, "PRAGMA trusted_schema"), 0);
    EXPECT_EQ(integer(database, "PRAGMA temp_store"), 2);
    Database other = open(path("other.db"));
    EXPECT_EQ(integer(other, "PRAGMA synchronous"), 1);
}

TEST_F(Sqlite, ExclusiveModeNeedsNoSharedMemoryFile) {
    OpenOptions options;
    options.exclusive = true;
    Database database = open(path(), options);
    ASSERT_TRUE(database.execute("CREATE TABLE t (a)"));
    EXPECT_TRUE(fs::exists(path() + "-wal"));
    EXPECT_FALSE(fs::exists(path() + "-shm"));
}

TEST_F(Sqlite, AMissingFileIsNotFoundUnlessItMayBeCreated) {
    OpenOptions options;
    options.create = false;
    EXPECT_EQ(open_code(options), ErrorCode::not_found);
    EXPECT_FALSE(fs::exists(path()));
    options.read_only = true;
    EXPECT_EQ(open_code(options), ErrorCode::not_found);
    EXPECT_EQ(Database::open(path("no/such/folder"), {}).error().code, ErrorCode::not_found);
}

TEST_F(Sqlite, AFolderThatTakesNoFileSaysSo) {
    fs::permissions(folder_, fs::perms::owner_read | fs::perms::owner_exec |
                                 fs::perms::others_read | fs::perms::others_exec);
    OpenOptions options;
    options.create = true;
    const bool is_root = geteuid() == 0;
    ASSERT_EQ(is_root ? seteuid(kNobody) : 0, 0);
    const auto made = Database::open(path("new.db"), options);
    ASSERT_EQ(is_root ? seteuid(0) : 0, 0);
    fs::permissions(folder_, fs::perms::all);
    EXPECT_EQ(made.error().code, ErrorCode::read_only) << made.error().message;
}

TEST_F(Sqlite, AFolderIsNotADatabase) {
    fs::create_directory(path());
    EXPECT_EQ(open_code(), ErrorCode::not_a_database);
}

TEST_F(Sqlite, AnEmptyPathIsRefused) {
    EXPECT_EQ(Database::open("", {}).error().code, ErrorCode::invalid_argument);
}

TEST_F(Sqlite, AnotherKindOfFileIsNotADatabaseAndStaysUntouched) {
    const std::string text(5000, 'x');
    std::ofstream(path()) << text;
    const auto database = Database::open(path(), {});
    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().code, ErrorCode::not_a_database);
    EXPECT_NE(database.error().message.find(path()), std::string::npos);
    EXPECT_EQ(fs::file_size(path()), text.size());
}

TEST_F(Sqlite, ATruncatedFileIsCorrupt) {
    make();
    fs::resize_file(path(), fs::file_size(path()) / 2 / 4096 * 4096);
    EXPECT_EQ(open_code(), ErrorCode::corrupt);
}

TEST_F(Sqlite, AFileCutInsideItsHeaderIsCorrupt) {
    make();
    fs::resize_file(path(), 60);
    EXPECT_EQ(open_code(), ErrorCode::corrupt);
}

TEST_F(Sqlite, ADamagedPageIsCorruptWhenItIsRead) {
    make();
    {
        std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(4096);
        file << std::string(4096, '\xff');
    }
    Database database = open(path());
    EXPECT_EQ(database.integer("SELECT sum(value) FROM number").error().code, ErrorCode::corrupt);
}

TEST_F(Sqlite, AReadOnlyFileIsSaidAtOpenAndCanStillBeRead) {
    make();
    fs::permissions(path(), fs::perms{0444});
    const bool is_root = geteuid() == 0;  // root may write anything, so be somebody else
    ASSERT_EQ(is_root ? seteuid(kNobody) : 0, 0);
    const ErrorCode writing = open_code();
    OpenOptions options;
    options.read_only = true;
    const ErrorCode reading = open_code(options);
    ASSERT_EQ(is_root ? seteuid(0) : 0, 0);
    EXPECT_EQ(writing, ErrorCode::read_only);
    EXPECT_EQ(reading, ErrorCode::ok);
}

TEST_F(Sqlite, AReadOnlyConnectionCannotWrite) {
    make();
    OpenOptions options;
    options.read_only = true;
    Database database = open(path(), options);
    EXPECT_EQ(database.execute("DELETE FROM number").error().code, ErrorCode::read_only);
    EXPECT_EQ(integer(database, "SELECT count(*) FROM number"), 1000);
}

#ifndef SATCHEL_SYSTEM_SQLITE

OpenOptions with_key(std::string key) {
    OpenOptions options;
    options.key = std::move(key);
    return options;
}

TEST_F(Sqlite, AnEncryptedFileOpensWithItsKeyOnly) {
    const std::string key("quote' \0 nul", 12);
    make(with_key(key));
    Database database = open(path(), with_key(key));
    EXPECT_EQ(integer(database, "SELECT count(*) FROM number"), 1000);
    EXPECT_EQ(open_code(with_key("quote' ")), ErrorCode::wrong_key);
    EXPECT_EQ(open_code(with_key("another")), ErrorCode::wrong_key);
    EXPECT_EQ(open_code(), ErrorCode::not_a_database);
}

TEST_F(Sqlite, AKeyForAFileThatIsNotEncryptedIsWrong) {
    make();
    EXPECT_EQ(open_code(with_key("key")), ErrorCode::wrong_key);
}

TEST_F(Sqlite, AnEncryptedFileShowsNoneOfItsText) {
    Database database = open(path(), with_key("key"));
    ASSERT_TRUE(
        database.execute("CREATE TABLE note (text); INSERT INTO note VALUES "
                         "('plainly visible')"));
    for (const char* name : {"a.db", "a.db-wal"}) {
        std::ifstream file(path(name), std::ios::binary);
        const std::string bytes((std::istreambuf_iterator<char>(file)), {});
        EXPECT_GT(bytes.size(), 0U) << name;
        EXPECT_EQ(bytes.find("visible"), std::string::npos) << name;
        EXPECT_EQ(bytes.find("CREATE"), std::string::npos) << name;
    }
}

#endif

TEST_F(Sqlite, AFullDiskIsDiskFullAndTheTransactionIsUndone) {
    make();
    Database database = open(path());
    ASSERT_TRUE(database.execute("PRAGMA max_page_count = 60"));
    {
        auto transaction = Transaction::begin(database);
        const auto status = database.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) "
            "INSERT INTO number SELECT i, hex(zeroblob(50)) FROM n");
        ASSERT_FALSE(status);
        EXPECT_EQ(status.error().code, ErrorCode::disk_full);
    }
    EXPECT_EQ(integer(database, "SELECT count(*) FROM number"), 1000);
    EXPECT_TRUE(database.execute("DELETE FROM number"));
}

TEST_F(Sqlite, ASecondWriterIsBusy) {
    make();
    OpenOptions impatient;
    impatient.busy_timeout_ms = 0;
    Database first = open(path());
    Database second = open(path(), impatient);
    auto transaction = Transaction::begin(first);
    ASSERT_TRUE(transaction);
    EXPECT_EQ(Transaction::begin(second).error().code, ErrorCode::busy);
    EXPECT_EQ(integer(second, "SELECT count(*) FROM number"), 1000);
    ASSERT_TRUE(transaction->commit());
    EXPECT_TRUE(Transaction::begin(second));
}

TEST_F(Sqlite, AnInterruptedStatementIsCancelledAndCanRunAgain) {
    make();
    Database database = open(path());
    sqlite3_progress_handler(
        database.handle(), 100, [](void*) { return 1; }, nullptr);
    EXPECT_EQ(database.integer("SELECT sum(value) FROM number").error().code, ErrorCode::cancelled);
    sqlite3_progress_handler(database.handle(), 0, nullptr, nullptr);
    EXPECT_EQ(integer(database, "SELECT sum(value) FROM number"), 500500);
}

TEST_F(Sqlite, WhatOurSqlNamesIsInEveryFileThatIsNotDamaged) {
    Database database = open(":memory:");
    ASSERT_TRUE(database.execute("CREATE TABLE t (a, b)"));
    const auto fails = [&database](const char* sql, std::string_view name) {
        const auto statement = database.prepare(sql);
        ASSERT_FALSE(statement) << sql;
        EXPECT_EQ(statement.error().code, ErrorCode::corrupt) << sql;
        EXPECT_NE(statement.error().message.find(name), std::string::npos)
            << statement.error().message;
    };
    fails("SELECT a FROM nowhere", "nowhere");
    fails("SELECT wrong FROM t", "wrong");
    fails("INSERT INTO t (wrong) VALUES (1)", "wrong");
    fails("INSERT INTO t VALUES (1)", "t has 2 columns");
    fails("ALTER TABLE t ADD COLUMN a", "a");
}

TEST_F(Sqlite, WrongSqlIsABugOrTheReadersMistakeAndSaysWhich) {
    make();
    OpenOptions reader;
    reader.read_only = true;
    Database database = open(path(), reader);
    const auto statement = database.prepare("SELECT a FROM nowhere");
    ASSERT_FALSE(statement);
    EXPECT_EQ(statement.error().code, ErrorCode::internal);
    EXPECT_NE(statement.error().message.find("nowhere"), std::string::npos)
        << statement.error().message;
    EXPECT_EQ(database.prepare("SELECT 1; SELECT 2").error().code, ErrorCode::internal);
    EXPECT_EQ(database.prepare("").error().code, ErrorCode::internal);
    EXPECT_TRUE(database.prepare("SELECT 1 ; \n"));
}

TEST_F(Sqlite, ATooLongTextIsLimit) {
    Database database = open(":memory:");
    EXPECT_EQ(database.integer("SELECT length(zeroblob(2000000000))").error().code,
              ErrorCode::limit);
}

TEST_F(Sqlite, ValuesComeBackAsTheyWereBound) {
    Database database = open(":memory:");
    auto statement = database.prepare("SELECT ?1 AS number, ?2, ?3, ?4, ?5, ?6");
    ASSERT_TRUE(statement);
    statement->bind(1, std::int64_t{-5});
    statement->bind_text(2, "三文");
    statement->bind_blob(3, ByteView("\0\xff", 2));
    statement->bind_null(4);
    statement->bind_text(5, {});
    statement->bind_blob(6, {});
    ASSERT_TRUE(*statement->step());
    EXPECT_EQ(statement->column_count(), 6);
    EXPECT_EQ(statement->column_name(0), "number");
    EXPECT_EQ(statement->integer(0), -5);
    EXPECT_EQ(statement->text(1), "三文");
    EXPECT_EQ(statement->blob(2), ByteView("\0\xff", 2));
    EXPECT_TRUE(statement->is_null(3));
    EXPECT_EQ(statement->type(4), SQLITE_TEXT);
    EXPECT_EQ(statement->text(4), "");
    EXPECT_EQ(statement->type(5), SQLITE_BLOB);
    EXPECT_EQ(statement->blob(5), "");
    EXPECT_FALSE(*statement->step());
}

TEST_F(Sqlite, ACachedStatementIsTheSameOneAndComesWithoutBindings) {
    Database database = open(":memory:");
    Statement* first = *database.cached("SELECT ?1");
    first->bind(1, std::int64_t{7});
    ASSERT_TRUE(*first->step());
    Database moved = std::move(database);
    Statement* second = *moved.cached(std::string("SELECT ?1"));
    EXPECT_EQ(first, second);
    ASSERT_TRUE(*second->step());
    EXPECT_TRUE(second->is_null(0));
    moved.forget_statements();
    EXPECT_TRUE(moved.cached("SELECT ?1"));
}

TEST_F(Sqlite, AStatementThatBrokeAConstraintCanRunAgain) {
    Database database = open(":memory:");
    ASSERT_TRUE(database.execute("CREATE TABLE t (a INTEGER PRIMARY KEY)"));
    auto insert = database.prepare("INSERT INTO t VALUES (?1)");
    for (const std::int64_t value : {1, 2}) {
        insert->bind(1, value);
        ASSERT_TRUE(insert->run());
    }
    EXPECT_EQ(insert->run().error().code, ErrorCode::internal);
    insert->bind(1, std::int64_t{3});
    EXPECT_TRUE(insert->run());
    EXPECT_EQ(database.last_rowid(), 3);
    EXPECT_EQ(database.changes(), 1);
}

TEST_F(Sqlite, ATransactionIsUndoneUnlessItIsCommitted) {
    Database database = open(":memory:");
    ASSERT_TRUE(database.execute("CREATE TABLE t (a)"));
    for (const bool commits : {false, true}) {
        auto transaction = Transaction::begin(database);
        ASSERT_TRUE(transaction);
        ASSERT_TRUE(database.execute("INSERT INTO t VALUES (1)"));
        if (!commits) continue;
        ASSERT_TRUE(transaction->commit());
    }
    EXPECT_EQ(integer(database, "SELECT count(*) FROM t"), 1);
    EXPECT_NE(sqlite3_get_autocommit(database.handle()), 0);
}

TEST_F(Sqlite, WhatFollowsATransactionThatSqliteEndedIsNotCommitted) {
    Database database = open(":memory:");
    ASSERT_TRUE(database.execute("CREATE TABLE t (a)"));
    {
        auto transaction = Transaction::begin(database);
        ASSERT_TRUE(database.execute("INSERT INTO t VALUES (1)"));
        ASSERT_TRUE(database.execute("ROLLBACK"));  // as SQLite does it after a failure
        EXPECT_EQ(database.execute("INSERT INTO t VALUES (2)").error().code, ErrorCode::io);
        EXPECT_EQ(database.execute("SAVEPOINT s; INSERT INTO t VALUES (3); RELEASE s").error().code,
                  ErrorCode::io);
        EXPECT_FALSE(transaction->commit());
    }
    EXPECT_EQ(integer(database, "SELECT count(*) FROM t"), 0);
    EXPECT_TRUE(database.execute("INSERT INTO t VALUES (4)"));
}

TEST_F(Sqlite, TheFileSaysWhoseItIsAndItsFormat) {
    Database database = open(path());
    EXPECT_EQ(*database.application_id(), 0);
    ASSERT_TRUE(database.set_application_id(0x53746368));
    ASSERT_TRUE(database.set_user_version(3));
    Database other = open(path());
    EXPECT_EQ(*other.application_id(), 0x53746368);
    EXPECT_EQ(*other.user_version(), 3);
}

TEST_F(Sqlite, AnotherConnectionsCommitIsSeenInTheDataVersion) {
    make();
    Database database = open(path());
    Database other = open(path());
    const std::int64_t before = *database.data_version();
    ASSERT_TRUE(database.execute("DELETE FROM number WHERE value = 1"));
    EXPECT_EQ(*database.data_version(), before);
    ASSERT_TRUE(other.execute("DELETE FROM number WHERE value = 2"));
    EXPECT_NE(*database.data_version(), before);
}

TEST_F(Sqlite, ACheckpointEmptiesTheLogAndIsBusyWhileSomebodyReads) {
    make();
    OpenOptions impatient;
    impatient.busy_timeout_ms = 0;
    Database database = open(path(), impatient);
    Database other = open(path());
    auto reading = other.prepare("SELECT * FROM number");
    ASSERT_TRUE(*reading->step());
    ASSERT_TRUE(database.execute("DELETE FROM number"));
    EXPECT_EQ(database.checkpoint().error().code, ErrorCode::busy);
    reading->reset();
    EXPECT_TRUE(database.checkpoint());
    EXPECT_EQ(fs::file_size(path() + "-wal"), 0U);
}

TEST_F(Sqlite, AQueryWithoutARowIsNotFound) {
    Database database = open(":memory:");
    EXPECT_EQ(database.integer("SELECT 1 WHERE 0").error().code, ErrorCode::not_found);
}

TEST_F(Sqlite, ASmallCacheLastsAsLongAsItsObjectOrUntilItsEnd) {
    Database database = open(path());
    const std::int64_t usual = integer(database, "PRAGMA cache_size");
    {
        const auto small = SmallCache::begin(database);
        ASSERT_TRUE(small);
        EXPECT_GT(integer(database, "PRAGMA cache_size"), usual);  // it counts downwards: -KiB
    }
    EXPECT_EQ(integer(database, "PRAGMA cache_size"), usual);
    auto again = SmallCache::begin(database);
    ASSERT_TRUE(again && again->end());
    EXPECT_EQ(integer(database, "PRAGMA cache_size"), usual);
    OpenOptions options;
    options.cache_kib = 512;
    Database tiny = open(path(), options);
    const auto small = SmallCache::begin(tiny);
    EXPECT_EQ(integer(tiny, "PRAGMA cache_size"), -512);
}

// The system's files, with the temporary ones counted, or refused.
class TemporaryFiles {
  public:
    TemporaryFiles() : vfs_(*sqlite3_vfs_find("unix")) {
        vfs_.zName = "temporary-files";
        vfs_.pAppData = this;
        vfs_.xOpen = [](sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags,
                        int* given) {
            auto& self = *static_cast<TemporaryFiles*>(vfs->pAppData);
            sqlite3_vfs* const system = sqlite3_vfs_find("unix");
            if (name == nullptr) ++self.asked_for;
            if (name == nullptr && self.refused) return SQLITE_CANTOPEN;
            return system->xOpen(system, name, file, flags, given);
        };
        sqlite3_vfs_register(&vfs_, 0);
    }
    ~TemporaryFiles() { sqlite3_vfs_unregister(&vfs_); }

    int asked_for = 0;
    bool refused = false;

  private:
    sqlite3_vfs vfs_;
};

class SqliteSorting : public Sqlite {
  protected:
    // An index of 4 MB over what make() gives, with 1 MB of memory.
    void index_padding(OpenOptions options, const char* first = "") {
        options.cache_kib = 1024;
        options.vfs = "temporary-files";
        make(options, 40'000);
        Database database = open(path(), options);
        ASSERT_TRUE(database.execute(first));
        auto transaction = Transaction::begin(database);
        ASSERT_TRUE(database.create_index("CREATE INDEX i ON number (padding, value)"));
        ASSERT_TRUE(transaction->commit());
        EXPECT_EQ(integer(database, "PRAGMA temp_store"), 2);
        EXPECT_EQ(integer(database, "SELECT count(*) FROM number INDEXED BY i WHERE padding > ''"),
                  40'000);
        EXPECT_EQ(integer(database,
                          "SELECT count(*) FROM pragma_integrity_check WHERE"
                          " integrity_check <> 'ok'"),
                  0);
    }

    TemporaryFiles temporary_;
};

TEST_F(SqliteSorting, ALargeIndexIsSortedInFiles) {
    index_padding({});
    EXPECT_GT(temporary_.asked_for, 0);
}

TEST_F(SqliteSorting, WhereNoTemporaryFileCanBeMadeItIsSortedInMemory) {
    temporary_.refused = true;
    index_padding({});
    EXPECT_GT(temporary_.asked_for, 0);
}

#ifndef SATCHEL_SYSTEM_SQLITE
TEST_F(SqliteSorting, NothingOfAnEncryptedFileIsSortedInFiles) {
    index_padding(with_key("key"));
    EXPECT_EQ(temporary_.asked_for, 0);
}
#endif

TEST_F(SqliteSorting, BesideTemporaryTablesItIsSortedInMemory) {
    index_padding({}, "CREATE TEMP TABLE t (a)");
    EXPECT_EQ(temporary_.asked_for, 0);
}

TEST_F(SqliteSorting, AnIndexThatCannotBeMadeSaysSo) {
    make();
    Database database = open(path());
    EXPECT_EQ(database.create_index("CREATE INDEX i ON nothing (value)").error().code,
              ErrorCode::internal);
    EXPECT_EQ(integer(database, "PRAGMA temp_store"), 2);
}

}  // namespace
}  // namespace satchel::storage
