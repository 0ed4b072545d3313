// Files of every format that was released, read by the present code (docs/testing.md, "Golden
// files"). All work happens on copies.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "storage/directory.hpp"
#include "sync/device_session.hpp"
#include "tests/golden/company.hpp"
#include "tests/golden/describe.hpp"
#include "tests/golden/story.hpp"

namespace satchel::golden {
namespace {

using storage::ChangesetState;

const std::string kFolder = std::string(SATCHEL_SOURCE_DIR) + "/tests/golden";

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    EXPECT_TRUE(in) << path;
    std::ostringstream all;
    all << in.rdbuf();
    return all.str();
}

class Golden : public ::testing::Test {
  protected:
    Copies copies_{kFolder};

    // A whole session of Li's device, with the rights of the story's end.
    SessionReport sync(storage::Replica& replica, storage::SqliteServerStore& store) {
        copies_.clock.now += 60'000;
        const Services all = services();
        DeviceSession session(replica, all);
        const Caller caller = caller_of(li(), replica.sync_state()->replica.id, true);
        while (exchange(session, store, caller, copies_.clock.now)) {
        }
        return session.report();
    }
};

TEST_F(Golden, AReplicaOfFormat1SaysWhatItSaid) {
    EXPECT_EQ(describe(*copies_.replica()), read_file(kFolder + "/replica-1.txt"));
}

TEST_F(Golden, AStoreOfFormat1SaysWhatItSaid) {
    const auto store = copies_.store();
    EXPECT_EQ(describe(*store), read_file(kFolder + "/store-1.txt"));
    const Status sums = store->check_sums();
    EXPECT_TRUE(sums) << sums.error().message;
}

TEST_F(Golden, TheReplicaHasChangesInEveryState) {
    const auto replica = copies_.replica();
    std::map<ChangesetState, int> states;
    for (const storage::JournalEntry& entry : must(replica->journal(1'000), "the journal"))
        ++states[entry.state];
    EXPECT_EQ(states, (std::map<ChangesetState, int>{{ChangesetState::pending, 4},
                                                     {ChangesetState::accepted, 2},
                                                     {ChangesetState::settled, 13},
                                                     {ChangesetState::held, 1},
                                                     {ChangesetState::quarantined, 2},
                                                     {ChangesetState::alias, 1},
                                                     {ChangesetState::superseded, 2}}));
    const auto rows = [&replica](const std::string& table) {
        return *replica->database().integer("SELECT count(*) FROM " + table);
    };
    EXPECT_EQ(rows("staged"), 2);
    EXPECT_EQ(rows("wanted"), 1);
    EXPECT_EQ(rows("repair"), 1);
    EXPECT_EQ(rows("parked"), 1);
    EXPECT_EQ(rows("alias"), 2);
    EXPECT_EQ(rows("_conflict"), 4);
    EXPECT_EQ(rows("_dead"), 3);
}

TEST_F(Golden, TheReplicaShowsItsValuesByPlainSql) {
    const auto replica = copies_.replica();
    auto row = replica->database().prepare(
        "SELECT name, note, tags, calls, amount, currency, stage FROM account"
        " WHERE name LIKE 'Acme%'");
    ASSERT_TRUE(row && *row->step());
    EXPECT_EQ(row->text(0), "Acme at once");
    EXPECT_EQ(row->text(1), "first call\nLi called\nWang wrote");
    EXPECT_EQ(row->text(2), R"(["cn","late"])");
    EXPECT_EQ(row->integer(3), 14);
    EXPECT_EQ(row->integer(4), 900);
    EXPECT_EQ(row->text(5), "CNY");
    EXPECT_EQ(row->text(6), "Won");
}

TEST_F(Golden, TheStoreHasEveryVerdictAndWhatARestoreLeaves) {
    const auto store = copies_.store();
    const auto figures = store->figures();
    ASSERT_TRUE(figures);
    EXPECT_EQ(figures->held, 1U);
    EXPECT_EQ(figures->quarantined, 2U);
    EXPECT_EQ(*store->database().integer("SELECT count(*) FROM _log WHERE kind = 3"), 1);
    EXPECT_EQ(figures->graves, 1U);
    EXPECT_EQ(*store->database().integer("SELECT count(*) FROM _lost"), 1);
    EXPECT_EQ(figures->dead, 2U);
    EXPECT_EQ(*store->database().integer("SELECT count(*) FROM _conflict"), 4);
    EXPECT_GT(store->epoch(), 1U);
    EXPECT_LT(store->restored_head(1), store->head());
    for (const char* table : {"_dangling", "_dead_child", "_epoch"})
        EXPECT_EQ(*store->database().integer("SELECT count(*) FROM " + std::string(table)), 1);
    EXPECT_GE(*store->database().integer("SELECT count(*) FROM _scope_entry"
                                         " WHERE gone_at IS NOT NULL"),
              1);
    auto directory = storage::Directory::open(store->database());
    ASSERT_TRUE(directory);
    EXPECT_EQ(directory->find("li")->manager, wang());
    EXPECT_EQ(directory->devices(li())->size(), 1U);
}

// Everything that head office shows the device is there, and nothing else is.
void expect_equal(storage::Replica& replica, storage::SqliteServerStore& store) {
    const Caller caller = caller_of(li(), 0, true);
    for (const Collection& collection : store.schema()->collections()) {
        std::vector<RecordId> shown;
        for (const RecordId& id : record_ids(store.database(), collection)) {
            const auto theirs = store.load(collection.id, id);
            ASSERT_TRUE(theirs && *theirs);
            const auto& scopes = (*theirs)->scopes;
            if (std::find_first_of(scopes.begin(), scopes.end(), caller.scopes.begin(),
                                   caller.scopes.end()) == scopes.end())
                continue;
            shown.push_back(id);
            const auto ours = replica.record(collection.name, id);
            ASSERT_TRUE(ours) << collection.name << " " << id.text();
            EXPECT_EQ(ours->confirmed, (*theirs)->state) << collection.name << " " << id.text();
            EXPECT_EQ(ours->seq, (*theirs)->seq) << collection.name << " " << id.text();
        }
        EXPECT_EQ(record_ids(replica.database(), collection), shown) << collection.name;
    }
    for (const ScopeSum& sum : must(replica.sums(), "the sums").scopes)
        EXPECT_EQ(sum, store.sums({sum.scope})->front()) << sum.scope;
}

TEST_F(Golden, AReplicaAndAStoreOfFormat1ReachTheSameState) {
    const auto replica = copies_.replica();
    const auto store = copies_.store();
    {
        auto transaction = replica->begin();
        ASSERT_TRUE(transaction->create(
            "account", {{"name", Value::text("Of today")}, {"owner", Value::id(li())}}));
        ASSERT_TRUE(transaction->commit());
    }
    sync(*replica, *store);
    const auto status = replica->status();
    EXPECT_EQ(status->pending, 0U);
    EXPECT_EQ(status->held, 1U);
    EXPECT_EQ(status->not_accepted, 2U);
    EXPECT_FALSE(status->loading);
    EXPECT_EQ(status->parked, 1U);
    EXPECT_TRUE(replica->wanted(10)->empty());
    EXPECT_TRUE(replica->scopes_to_repair()->empty());
    expect_equal(*replica, *store);
    EXPECT_TRUE(store->check_sums());
}

TEST_F(Golden, WhatIsHeldGoesOnWhenWhatItWaitsForIsDeclaredLost) {
    const auto replica = copies_.replica();
    const auto store = copies_.store();
    sync(*replica, *store);
    const auto held = store->held();
    ASSERT_EQ(held->size(), 1U);
    const std::string waits = held->front().verdict.detail;
    const auto dot = Dot::parse(waits.substr(waits.rfind(' ') + 1));
    ASSERT_TRUE(dot) << waits;
    ASSERT_TRUE(store->declare_lost(*dot, "test", copies_.clock.now));
    sync(*replica, *store);
    EXPECT_EQ(replica->status()->held, 0U);
    expect_equal(*replica, *store);
}

// SQLite's header keeps the user_version at byte 60, big-endian.
void make_newer(const std::string& path) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(63);
    file.put(2);
}

TEST_F(Golden, AFileOfANewerFormatIsRefusedAndStaysAsItIs) {
    static_assert(storage::kReplicaFormat == 1 && storage::kServerFormat == 1);
    make_newer(copies_.replica_path());
    make_newer(copies_.store_path());
    const std::string replica = read_file(copies_.replica_path());
    const std::string store = read_file(copies_.store_path());
    EXPECT_EQ(storage::Replica::open(copies_.replica_path(), {}).error().code,
              ErrorCode::newer_format);
    storage::ServerStoreOptions restored;
    restored.restored = true;
    EXPECT_EQ(storage::SqliteServerStore::open(copies_.store_path(), restored).error().code,
              ErrorCode::newer_format);
    EXPECT_EQ(read_file(copies_.replica_path()), replica);
    EXPECT_EQ(read_file(copies_.store_path()), store);
    for (const std::string& path : {copies_.replica_path(), copies_.store_path()})
        for (const char* suffix : {"-wal", "-shm", "-journal"})
            EXPECT_FALSE(std::filesystem::exists(path + suffix)) << path << suffix;
}

TEST_F(Golden, AFileOfTheOtherKindIsRefused) {
    EXPECT_EQ(storage::Replica::open(copies_.store_path(), {}).error().code,
              ErrorCode::not_a_database);
    EXPECT_EQ(storage::SqliteServerStore::open(copies_.replica_path(), {}).error().code,
              ErrorCode::not_a_database);
}

TEST_F(Golden, ATableThatThisReleaseDoesNotKnowIsLeftAlone) {
    for (const std::string& path : {copies_.replica_path(), copies_.store_path()}) {
        auto database = storage::Database::open(path, {});
        ASSERT_TRUE(database);
        ASSERT_TRUE(
            database->execute("CREATE TABLE _of_tomorrow (x); "
                              "INSERT INTO _of_tomorrow VALUES (1)"));
    }
    const auto replica = copies_.replica();
    const auto store = copies_.store();
    sync(*replica, *store);
    ASSERT_TRUE(replica->wipe(true));
    EXPECT_EQ(*replica->database().integer("SELECT x FROM _of_tomorrow"), 1);
    EXPECT_EQ(*store->database().integer("SELECT x FROM _of_tomorrow"), 1);
}

TEST_F(Golden, TheStoryWritesTheSameBytesEveryTime) {
    const std::string one = copies_.replica_path() + "-one";
    const std::string two = copies_.replica_path() + "-two";
    for (const std::string& folder : {one, two}) {
        std::filesystem::create_directory(folder);
        tell(folder);
    }
    for (const std::string name : {kReplicaKept, kStoreKept})
        EXPECT_TRUE(read_file(one + "/" + name) == read_file(two + "/" + name)) << name;
}

}  // namespace
}  // namespace satchel::golden
