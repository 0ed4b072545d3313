// The simulated disk loses what a real one may lose and no more, and SQLite on it keeps its word.

#include "tests/simulation/disk.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

#include "storage/sqlite.hpp"

namespace satchel::simulation {
namespace {

using storage::Database;
using storage::OpenOptions;
using storage::Transaction;

constexpr const char* kPath = "replica.db";
constexpr int kSeeds = 150;

// SplitMix64 (Vigna).
class SeededRandom : public Random {
  public:
    explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() override {
        std::uint64_t x = state_ += 0x9e3779b97f4a7c15U;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
        return x ^ (x >> 31);
    }

  private:
    std::uint64_t state_;
};

class FixedClock : public WallClock {
  public:
    std::int64_t now_ms() override { return 1'700'000'000'123; }
};

// One machine: a disk and the chance that rules it.
struct Machine {
    explicit Machine(std::uint64_t seed, const std::string& name = "disk")
        : random(seed), disk(name, random, clock) {}

    OpenOptions options(bool full_sync = false) const {
        OpenOptions options;
        options.vfs = disk.name();
        options.exclusive = true;
        options.full_sync = full_sync;
        return options;
    }
    Database open(bool full_sync = false) {
        auto database = Database::open(kPath, options(full_sync));
        EXPECT_TRUE(database) << database.error().message;
        return *std::move(database);
    }

    SeededRandom random;
    FixedClock clock;
    Disk disk;
};

std::int64_t integer(Database& database, const char* sql) {
    const auto value = database.integer(sql);
    EXPECT_TRUE(value) << value.error().message;
    return value ? *value : -1;
}

// Work whose every transaction is visible in two tables: entry has the rows 1 to total.value, so a
// half applied or a missing transaction shows.
Status create(Database& database) {
    SATCHEL_ASSIGN(auto transaction, Transaction::begin(database));
    SATCHEL_TRY(
        database.execute("CREATE TABLE entry (id INTEGER PRIMARY KEY, text TEXT);"
                         "CREATE TABLE total (value INTEGER);"
                         "INSERT INTO total VALUES (0)"));
    return transaction.commit();
}

Status add_entry(Database& database, std::int64_t text_bytes) {
    SATCHEL_ASSIGN(auto transaction, Transaction::begin(database));
    SATCHEL_TRY(database.execute("UPDATE total SET value = value + 1"));
    SATCHEL_ASSIGN(auto* insert, database.cached("INSERT INTO entry "
                                                 "SELECT value, hex(zeroblob(?1)) FROM total"));
    insert->bind(1, text_bytes);
    SATCHEL_TRY(insert->run());
    return transaction.commit();
}

void expect_whole(Database& database) {
    auto check = database.prepare("PRAGMA integrity_check");
    ASSERT_TRUE(check);
    ASSERT_TRUE(check->step());
    EXPECT_EQ(check->text(0), "ok");
    const std::int64_t total = integer(database, "SELECT value FROM total");
    EXPECT_EQ(integer(database, "SELECT count(*) FROM entry"), total);
    EXPECT_EQ(integer(database, "SELECT coalesce(max(id), 0) FROM entry"), total);
}

struct Outcome {
    std::int64_t committed = 0;     // transactions whose commit() said yes
    std::int64_t checkpointed = 0;  // of them, before the last checkpoint that said yes
    std::int64_t found = 0;         // transactions there after the power loss
    bool stopped_inside = false;    // the power went away within a transaction
};

// Commits and checkpoints until the power goes away, at a call that the seed picks.
void work(Machine& machine, Database& database, Outcome& outcome) {
    machine.disk.fail_after(machine.random.next() % 1500, Failure::io, true);
    for (int step = 0; step < 200; ++step) {
        const bool added =
            bool(add_entry(database, static_cast<std::int64_t>(machine.random.next() % 5000)));
        outcome.stopped_inside = !added;
        if (!added) break;
        ++outcome.committed;
        if (machine.random.next() % 20 != 0) continue;
        if (!database.checkpoint()) break;
        outcome.checkpointed = outcome.committed;
    }
    machine.disk.heal();
}

Outcome lose_power_at_work(std::uint64_t seed, bool full_sync) {
    Machine machine(seed);
    Outcome outcome;
    {
        Database database = machine.open(full_sync);
        EXPECT_TRUE(create(database));
        EXPECT_TRUE(database.checkpoint());
        work(machine, database, outcome);
        machine.disk.power_loss(machine.random);
        const Disk::Snapshot before = machine.disk.snapshot();
        { const Database closing = std::move(database); }
        EXPECT_EQ(machine.disk.snapshot(), before) << "a dead program wrote";
    }
    Database again = machine.open(full_sync);
    expect_whole(again);
    outcome.found = integer(again, "SELECT value FROM total");
    return outcome;
}

TEST(DiskWithSqlite, WithFullSyncACommittedTransactionSurvivesAnyPowerLoss) {
    int stopped_inside = 0;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
        const Outcome outcome = lose_power_at_work(seed, true);
        EXPECT_GE(outcome.found, outcome.committed) << "seed " << seed;
        EXPECT_LE(outcome.found, outcome.committed + (outcome.stopped_inside ? 1 : 0));
        stopped_inside += outcome.stopped_inside ? 1 : 0;
    }
    EXPECT_GT(stopped_inside, kSeeds / 4);
}

TEST(DiskWithSqlite, WithNormalSyncPowerLossLeavesAWholeEarlierState) {
    int lost = 0;
    int kept_some = 0;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
        const Outcome outcome = lose_power_at_work(seed, false);
        EXPECT_GE(outcome.found, outcome.checkpointed) << "seed " << seed;
        EXPECT_LE(outcome.found, outcome.committed + (outcome.stopped_inside ? 1 : 0));
        lost += outcome.found < outcome.committed ? 1 : 0;
        kept_some += outcome.found > outcome.checkpointed ? 1 : 0;
    }
    EXPECT_GT(lost, kSeeds / 4) << "the disk never loses anything: it tests nothing";
    EXPECT_GT(kept_some, kSeeds / 10) << "the disk always loses everything: it tests little";
}

TEST(DiskWithSqlite, AKilledProgramLosesNothingThatItCommitted) {
    Machine machine(1);
    {
        Database database = machine.open();
        ASSERT_TRUE(create(database));
        ASSERT_TRUE(add_entry(database, 100));
        machine.disk.kill();
        EXPECT_EQ(add_entry(database, 100).error().code, ErrorCode::io);
    }
    Database again = machine.open();
    expect_whole(again);
    EXPECT_EQ(integer(again, "SELECT value FROM total"), 1);
}

// Fails each call in turn, from the first to beyond the last, and looks at what is left: through
// the same connection once the disk is well again, and after closing and opening.
void fail_each_call(Failure failure, ErrorCode expected, bool persistent) {
    int refused = 0;
    bool was_hit = true;
    for (std::uint64_t call = 0; was_hit; ++call) {
        Machine machine(7);
        std::int64_t entries = 1;
        {
            Database database = machine.open(true);
            ASSERT_TRUE(create(database));
            ASSERT_TRUE(add_entry(database, 100));
            machine.disk.fail_after(call, failure, persistent);
            const Status status = add_entry(database, 50'000);
            was_hit = machine.disk.failures() > 0;
            machine.disk.heal();
            if (status) ++entries;
            if (!status) {
                ++refused;
                EXPECT_EQ(status.error().code, expected) << status.error().message;
            }
            EXPECT_EQ(integer(database, "SELECT value FROM total"), entries);
            EXPECT_TRUE(add_entry(database, 10));
        }
        Database again = machine.open(true);
        expect_whole(again);
        EXPECT_EQ(integer(again, "SELECT value FROM total"), entries + 1) << "call " << call;
        if (testing::Test::HasFailure()) FAIL() << "call " << call;
    }
    EXPECT_GT(refused, 3);
}

TEST(DiskWithSqlite, AFailedCallIsIoAndLeavesThePreviousState) {
    fail_each_call(Failure::io, ErrorCode::io, false);
    fail_each_call(Failure::io, ErrorCode::io, true);
}

TEST(DiskWithSqlite, AFullDiskIsDiskFullAndLeavesThePreviousState) {
    fail_each_call(Failure::full, ErrorCode::disk_full, false);
    fail_each_call(Failure::full, ErrorCode::disk_full, true);
}

TEST(DiskWithSqlite, AFullDiskCanStillBeRead) {
    Machine machine(1);
    Database database = machine.open();
    ASSERT_TRUE(create(database));
    machine.disk.fail_after(0, Failure::full, true);
    EXPECT_EQ(integer(database, "SELECT value FROM total"), 0);
    machine.disk.heal();
}

TEST(DiskWithSqlite, AnUnreadableDiskIsIoAtOpen) {
    Machine machine(1);
    {
        Database database = machine.open();
        ASSERT_TRUE(create(database));
    }
    machine.disk.fail_after(0, Failure::io, true);
    EXPECT_EQ(Database::open(kPath, machine.options()).error().code, ErrorCode::io);
    machine.disk.heal();
}

TEST(DiskWithSqlite, AMissingFileIsNotFound) {
    Machine machine(1);
    OpenOptions options = machine.options();
    options.create = false;
    EXPECT_EQ(Database::open(kPath, options).error().code, ErrorCode::not_found);
    EXPECT_FALSE(machine.disk.exists(kPath));
}

TEST(DiskWithSqlite, ATruncatedFileIsCorrupt) {
    Machine machine(1);
    {
        Database database = machine.open();
        ASSERT_TRUE(create(database));
        ASSERT_TRUE(add_entry(database, 50'000));
    }
    Bytes bytes = *machine.disk.read(kPath);
    bytes.resize(8192);
    machine.disk.put(kPath, bytes);
    EXPECT_EQ(Database::open(kPath, machine.options()).error().code, ErrorCode::corrupt);
}

TEST(DiskWithSqlite, ASecondProgramIsBusyUntilTheFirstIsGone) {
    Machine machine(1);
    {
        Database first = machine.open();
        ASSERT_TRUE(create(first));
        EXPECT_EQ(Database::open(kPath, machine.options()).error().code, ErrorCode::busy);
    }
    EXPECT_TRUE(Database::open(kPath, machine.options()));
}

TEST(DiskWithSqlite, NobodyOpensAFileBeforeTheDeadConnectionsAreClosed) {
    Machine machine(1);
    std::optional<Database> dead = machine.open();
    machine.disk.kill();
    EXPECT_EQ(Database::open(kPath, machine.options()).error().code, ErrorCode::io);
    dead.reset();
    EXPECT_TRUE(Database::open(kPath, machine.options()));
}

TEST(DiskWithSqlite, ABackupBringsTheOldStateBack) {
    Machine machine(1);
    Disk::Snapshot backup;
    {
        Database database = machine.open();
        ASSERT_TRUE(create(database));
        ASSERT_TRUE(add_entry(database, 100));
        backup = machine.disk.snapshot();
        ASSERT_TRUE(add_entry(database, 100));
        machine.disk.restore(backup);
    }
    Database again = machine.open();
    expect_whole(again);
    EXPECT_EQ(integer(again, "SELECT value FROM total"), 1);
}

TEST(DiskWithSqlite, ACopyGoesItsOwnWayOnTheSameDiskAndOnAnother) {
    Machine machine(1);
    Machine other(2, "other");
    {
        Database database = machine.open();
        ASSERT_TRUE(create(database));
    }
    ASSERT_TRUE(machine.disk.copy(kPath, "clone.db"));
    EXPECT_FALSE(machine.disk.copy("none.db", "clone.db"));
    other.disk.restore(machine.disk.snapshot());
    Database original = machine.open();
    Database clone = *Database::open("clone.db", machine.options());
    Database elsewhere = other.open();
    ASSERT_TRUE(add_entry(original, 100));
    ASSERT_TRUE(add_entry(original, 100));
    ASSERT_TRUE(add_entry(clone, 100));
    EXPECT_EQ(integer(original, "SELECT value FROM total"), 2);
    EXPECT_EQ(integer(clone, "SELECT value FROM total"), 1);
    EXPECT_EQ(integer(elsewhere, "SELECT value FROM total"), 0);
}

TEST(DiskWithSqlite, TheSameSeedsGiveTheSameBytes) {
    const auto run = [] {
        seed_sqlite(5);
        Machine machine(5);
        Database database = machine.open();
        EXPECT_TRUE(create(database));
        for (int i = 0; i < 30; ++i)
            EXPECT_TRUE(add_entry(database, i * 100));
        machine.disk.power_loss(machine.random);
        return machine.disk.snapshot();
    };
    EXPECT_EQ(run(), run());
}

TEST(DiskWithSqlite, TimeAndChanceComeFromTheSimulation) {
    Machine machine(9);
    Database database = machine.open();
    EXPECT_EQ(integer(database, "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)"),
              machine.clock.now_ms());
    sqlite3_vfs* vfs = sqlite3_vfs_find(machine.disk.name().c_str());
    SeededRandom same = machine.random;
    char byte = 0;
    vfs->xRandomness(vfs, 1, &byte);
    EXPECT_EQ(byte, static_cast<char>(same.next()));
}

#ifndef SATCHEL_SYSTEM_SQLITE
TEST(DiskWithSqlite, AnEncryptedDatabaseSurvivesPowerLossToo) {
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
        Machine machine(seed);
        OpenOptions options = machine.options(true);
        options.key = "key";
        {
            Database database = *Database::open(kPath, options);
            ASSERT_TRUE(create(database));
            ASSERT_TRUE(add_entry(database, 1000));
            machine.disk.power_loss(machine.random);
        }
        Database again = *Database::open(kPath, options);
        expect_whole(again);
        EXPECT_EQ(integer(again, "SELECT value FROM total"), 1);
    }
}
#endif

// What may be left of `written` over `safe` after power loss.
enum class Left { all, nothing, some_sectors, garbage, something_else };

constexpr std::size_t kAt = 300, kLong = 4000;  // of the write that is looked at

// Nothing of either inside of the write, and nothing else touched.
bool is_garbage(const Bytes& left, const Bytes& safe) {
    const auto letters = std::count_if(left.begin() + kAt, left.begin() + kAt + kLong,
                                       [](char c) { return c == 'a' || c == 'b'; });
    return letters < 200 && left.size() == safe.size() &&
           left.substr(0, kAt) == safe.substr(0, kAt) &&
           left.substr(kAt + kLong) == safe.substr(kAt + kLong);
}

Left classify(const Bytes& left, const Bytes& safe, const Bytes& written) {
    if (left == written) return Left::all;
    if (left == safe) return Left::nothing;
    if (is_garbage(left, safe)) return Left::garbage;
    const auto differs = std::mismatch(left.begin(), left.end(), written.begin()).first;
    const auto kept = static_cast<std::size_t>(differs - left.begin());
    const bool is_prefix = left.substr(kept) == safe.substr(kept);
    return is_prefix && kept % 512 == 0 ? Left::some_sectors : Left::something_else;
}

TEST(DiskFile, AnUnsyncedWriteIsKeptDroppedTornAtASectorOrGarbage) {
    std::map<Left, int> seen;
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        SeededRandom random(seed);
        DiskFile file;
        const Bytes safe(5000, 'a');
        file.put(safe);
        file.write(kAt, Bytes(kLong, 'b'));
        const Bytes written = file.bytes();
        file.power_loss(random);
        ++seen[classify(file.bytes(), safe, written)];
    }
    EXPECT_GT(seen[Left::all], 50);
    EXPECT_GT(seen[Left::nothing], 50);
    EXPECT_GT(seen[Left::some_sectors], 30);
    EXPECT_GT(seen[Left::garbage], 30);
    EXPECT_EQ(seen[Left::something_else], 0);
}

TEST(DiskFile, ASyncedWriteAndTruncationSurvive) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        SeededRandom random(seed);
        DiskFile file;
        file.write(10, "abcdef");
        file.truncate(13);
        EXPECT_EQ(file.unsynced(), 2U);
        file.sync();
        EXPECT_EQ(file.unsynced(), 0U);
        file.power_loss(random);
        EXPECT_EQ(file.bytes(), Bytes(10, '\0') + "abc");
    }
}

TEST(DiskFile, AnUnsyncedTruncationIsKeptOrDropped) {
    std::map<std::size_t, int> sizes;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        SeededRandom random(seed);
        DiskFile file;
        file.put(Bytes(2000, 'a'));
        file.truncate(700);
        file.power_loss(random);
        ++sizes[file.bytes().size()];
    }
    EXPECT_EQ(sizes.size(), 2U);
    EXPECT_GT(sizes[700], 40);
    EXPECT_GT(sizes[2000], 40);
}

TEST(DiskFile, WhatAFailedSyncLostNoLaterSyncBringsBack) {
    int kept = 0, lost = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        SeededRandom random(seed);
        DiskFile file;
        file.put(Bytes(512, 'a'));
        file.write(0, Bytes(512, 'b'));
        file.fail_sync(random);
        EXPECT_EQ(file.bytes(), Bytes(512, 'b')) << "the cache still shows it";
        EXPECT_EQ(file.unsynced(), 0U);
        file.write(512, "c");
        file.sync();
        file.power_loss(random);
        EXPECT_EQ(file.bytes()[512], 'c');
        ++(file.bytes().substr(0, 512) == Bytes(512, 'b') ? kept : lost);
    }
    EXPECT_GT(kept, 50);
    EXPECT_GT(lost, 50);
}

TEST(DiskFile, ALaterWriteMayStayWhereAnEarlierOneIsLost) {
    int reordered = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        SeededRandom random(seed);
        DiskFile file;
        file.put(Bytes(1024, 'a'));
        file.write(0, "b");
        file.write(512, "c");
        file.power_loss(random);
        reordered += file.bytes()[0] == 'a' && file.bytes()[512] == 'c' ? 1 : 0;
    }
    EXPECT_GT(reordered, 10);
}

}  // namespace
}  // namespace satchel::simulation
