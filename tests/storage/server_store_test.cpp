// The server's store: what a workspace keeps, and what head office does with it.
#include "storage/server_store.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "tests/sync/server_fixture.hpp"

namespace satchel::test {
namespace {

const RecordId kLi = user_id(1);
const RecordId kWang = user_id(2);

class Folder {
  public:
    Folder() {
        path_ = std::filesystem::temp_directory_path() /
                ("satchel-server-" +
                 std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
        std::filesystem::remove_all(path_);
        std::filesystem::create_directories(path_);
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    std::string file(const char* name) const { return (path_ / name).string(); }

  private:
    std::filesystem::path path_;
};

Operation removal(CollectionId collection, const RecordId& id) {
    Operation operation = write(collection, id, {}, {});
    operation.kind = OperationKind::remove;
    return operation;
}

// Copies the running workspace, as of one moment; `during` is called while it copies.
void back_up(Head& head, const std::string& source, const std::string& target,
             const std::function<void()>& during = {}) {
    storage::OpenOptions how;
    how.read_only = true;
    auto reader = storage::Database::open(source, how);
    ASSERT_TRUE(reader) << reader.error().message;
    const auto go_on = [&during] {
        if (during) during();
        return true;
    };
    const auto copy = storage::copy_workspace(*reader, target, {}, go_on);
    ASSERT_TRUE(copy) << copy.error().message;
    ASSERT_TRUE(head.store().note_backup(*copy));
}

TEST(ServerStore, ANewWorkspaceHasEpochOneItsSchemaAndAReplicaOfItsOwn) {
    Head head;
    EXPECT_EQ(head.store().epoch(), 1U);
    EXPECT_EQ(head.store().workspace(), "test");
    EXPECT_EQ(head.store().own_replica().incarnation, 1U);
    EXPECT_NE(head.store().own_replica().id, 0U);
    EXPECT_EQ(head.store().schema()->number(), 1U);
    EXPECT_EQ(number(head.store().head()), 1U);
    const auto stamp = head.store().database().application_id();
    EXPECT_EQ(*stamp, storage::kServerApplicationId);
}

TEST(ServerStore, EverythingIsThereAfterClosingAndOpeningAgain) {
    const Folder folder;
    std::uint64_t own = 0;
    {
        Head head(folder.file("w"));
        head.write({account(1, kLi), contact(2, record_id(1))});
        own = head.store().own_replica().id;
    }
    Head head(folder.file("w"), false);
    EXPECT_EQ(head.store().own_replica().id, own);
    EXPECT_EQ(number(head.store().head()), 2U);
    EXPECT_TRUE(head.state(kAccount, record_id(1)).exists());
    EXPECT_EQ(head.scopes(kContact, record_id(2)), std::vector<std::string>{user_scope(kLi)});
    EXPECT_TRUE(head.store().check_sums());
    EXPECT_EQ(head.write({account(3, kLi)}).kind, VerdictKind::accepted);
}

TEST(ServerStore, AFileOfAnotherProgramOrNoneIsRefused) {
    const Folder folder;
    EXPECT_EQ(storage::SqliteServerStore::open(folder.file("none"), {}).error().code,
              ErrorCode::not_found);
    {
        auto other = storage::Database::open(folder.file("other"), {});
        ASSERT_TRUE(other && other->execute("CREATE TABLE t (x)"));
    }
    EXPECT_EQ(storage::SqliteServerStore::open(folder.file("other"), {}).error().code,
              ErrorCode::not_a_database);
}

TEST(ServerStore, WhatWasNotCommittedIsGoneFromMemoryToo) {
    Head head;
    head.write({account(1, kLi)});
    const auto before = head.store().sums({user_scope(kLi)});
    ASSERT_TRUE(head.store().begin());
    ASSERT_TRUE(head.store().write_own({account(2, kLi)}, Intent::person, kNow));
    EXPECT_NE(head.store().sums({user_scope(kLi)})->front(), before->front());
    head.store().roll_back_all();
    EXPECT_EQ(head.store().sums({user_scope(kLi)})->front(), before->front());
    EXPECT_FALSE(head.state(kAccount, record_id(2)).exists());
    EXPECT_EQ(head.write({account(2, kLi)}).kind, VerdictKind::accepted);
    EXPECT_TRUE(head.store().check_sums());
}

TEST(ServerStore, AnUndonePartLeavesTheRestOfItsTransaction) {
    Head head;
    ASSERT_TRUE(head.store().begin());
    ASSERT_TRUE(head.store().write_own({account(1, kLi)}, Intent::person, kNow));
    const Sequence reached = head.store().head();
    ASSERT_TRUE(head.store().savepoint());
    ASSERT_TRUE(head.store().write_own({account(2, kWang)}, Intent::person, kNow));
    ASSERT_TRUE(head.store().roll_back());
    EXPECT_EQ(head.store().head(), reached);
    ASSERT_TRUE(head.store().commit());
    EXPECT_TRUE(head.state(kAccount, record_id(1)).exists());
    EXPECT_FALSE(head.state(kAccount, record_id(2)).exists());
    EXPECT_TRUE(head.store().check_sums());
    EXPECT_EQ(head.write({account(2, kWang)}).kind, VerdictKind::accepted);
    EXPECT_TRUE(head.store().check_sums());
}

TEST(ServerStore, WhatHeadOfficeMayNotWriteLeavesNoTrace) {
    Head head;
    const auto verdict =
        head.store().write_own({account(1, kLi, std::string(101, 'x'))}, Intent::person, kNow);
    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->kind, VerdictKind::quarantined);
    EXPECT_EQ(verdict->reason, Reason::invalid_value);
    EXPECT_EQ(*head.store().database().integer("SELECT count(*) FROM _log"), 1);
    EXPECT_EQ(head.write({account(1, kLi)}).kind, VerdictKind::accepted);
}

TEST(ServerStore, UsersAndDevicesAreRecordsThatEverybodySees) {
    Head head;
    const auto id = head.store().put_record(
        "_user", nullptr, {{"name", Value::text("Li")}, {"login", Value::text("li")}}, kNow);
    ASSERT_TRUE(id);
    ASSERT_TRUE(head.store().put_record("_user", &*id, {{"role", Value::text("rep")}}, kNow));
    const RecordState user = head.state(system_ids::kUser, *id);
    EXPECT_EQ(user.cell(system_ids::kUserName)->siblings[0].values[0], Value::text("Li"));
    EXPECT_EQ(user.cell(system_ids::kUserRole)->siblings[0].values[0], Value::text("rep"));
    EXPECT_EQ(head.scopes(system_ids::kUser, *id), std::vector<std::string>{kEveryoneScope});
    EXPECT_FALSE(head.store().put_record("_user", nullptr, {{"age", Value{}}}, kNow));
}

TEST(ServerStore, AnAdoptedChangesetBringsItsValuesAndKeepsItsVerdict) {
    Head head;
    SmallDevice li(head, 0xa1, kLi);
    li.sync();
    li.write({account(1, kWang, "kept aside")});
    Operation edit = write(kAccount, record_id(1), {}, {text(kNote, "more")});
    edit.clock.advance({li.replica, 1});
    li.write({edit});
    li.sync();
    const auto kept = head.store().quarantine(10);
    ASSERT_TRUE(kept && kept->size() == 2);
    const auto first = head.store().adopt((*kept)[0].number, kWang, kNow);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->kind, VerdictKind::accepted) << first->detail;
    const auto second = head.store().adopt((*kept)[1].number, kWang, kNow);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->kind, VerdictKind::accepted) << second->detail;
    const RecordState state = head.state(kAccount, record_id(1));
    EXPECT_EQ(state.cell(kName)->siblings[0].values[0], Value::text("kept aside"));
    EXPECT_EQ(state.cell(kNote)->siblings[0].values[0], Value::text("more"));
    EXPECT_EQ(state.cell(kName)->siblings[0].dot.replica, head.store().own_replica());
    EXPECT_TRUE(head.store().quarantine(10)->empty());
    EXPECT_EQ(head.store().quarantine(10, true)->size(), 2U);
    EXPECT_FALSE(head.store().adopt((*kept)[0].number, kWang, kNow));
    EXPECT_EQ(li.verdicts[1].kind, VerdictKind::quarantined);
}

// Li gives record 1 away, which is not allowed, and writes `more` with it.
struct OneRefusedChange {
    explicit OneRefusedChange(std::vector<CellWrite> more) {
        head.write({account(1, kLi)});
        li.sync();
        seen = li.records[record_id(1)].state.clock;
        more.insert(more.begin(), reference(kOwner, kWang));
        li.write({write(kAccount, record_id(1), seen, std::move(more))});
    }
    void adopt() {
        const auto kept = head.store().quarantine(10);
        ASSERT_TRUE(kept && kept->size() == 1);
        const auto verdict = head.store().adopt(kept->front().number, kWang, kNow);
        ASSERT_TRUE(verdict && verdict->kind == VerdictKind::accepted);
        EXPECT_EQ(head.scopes(kAccount, record_id(1)), std::vector<std::string>{user_scope(kWang)});
    }

    Head head;
    SmallDevice li{head, 0xa1, kLi};
    VectorClock seen;  // before the refused change
};

TEST(ServerStore, AnEditThatSawAnAdoptedValueReplacesIt) {
    OneRefusedChange refused({});
    auto& [head, li, seen] = refused;
    li.sync();
    refused.adopt();
    seen.advance({li.replica, 1});
    li.grant(user_scope(kWang));
    li.write({write(kAccount, record_id(1), seen, {reference(kOwner, kLi)})});
    li.list_scopes = true;
    li.sync();
    EXPECT_EQ(head.state(kAccount, record_id(1)).cell(kOwner)->siblings.size(), 1U);
    li.sync();
    li.expect_equal_to_head();
}

// The clock of everybody who has Li's later change covers the refused one by its number.
TEST(ServerStore, AnAdoptedValueStandsBesideTheEditOfSomebodyWhoNeverSawIt) {
    OneRefusedChange refused({text(kNote, "refused")});
    auto& [head, li, seen] = refused;
    li.write({write(kAccount, record_id(1), seen, {text(kName, "by Li")})});
    li.sync();
    const VectorClock before = head.clock(kAccount, record_id(1));
    ASSERT_TRUE(before.covers(Dot{li.replica, 1}));
    refused.adopt();
    head.write({write(kAccount, record_id(1), before, {text(kNote, "by somebody")})});
    EXPECT_EQ(head.state(kAccount, record_id(1)).cell(kNote)->siblings.size(), 2U);
}

// Simulation, seeds 1572 and 5863: the adopted change has head office's dot, and a clock with that
// dot in it would cover all that head office had written before.
TEST(ServerStore, WhoSawAnAdoptedValueNeedNotHaveSeenWhatHeadOfficeWroteBefore) {
    OneRefusedChange refused({text(kNote, "refused")});
    auto& [head, li, seen] = refused;
    head.write({write(kAccount, record_id(1), seen, {text(kNote, "by head office")})});
    li.sync();
    refused.adopt();
    EXPECT_EQ(head.state(kAccount, record_id(1)).cell(kNote)->siblings.size(), 2U);
    seen.advance({li.replica, 1});
    li.grant(user_scope(kWang));
    li.write({write(kAccount, record_id(1), seen, {text(kNote, "better")})});
    li.list_scopes = true;
    li.sync();
    const RecordState state = head.state(kAccount, record_id(1));
    ASSERT_EQ(state.cell(kNote)->siblings.size(), 2U);
    for (const Sibling& sibling : state.cell(kNote)->siblings) {
        const bool by_li = sibling.dot.replica == li.replica;
        EXPECT_EQ(sibling.values[0], Value::text(by_li ? "better" : "by head office"));
    }
}

TEST(ServerStore, AdoptingLeavesOutWhatTheAuthorHasWrittenAnew) {
    OneRefusedChange refused({text(kNote, "refused")});
    auto& [head, li, seen] = refused;
    seen.advance({li.replica, 1});
    li.write({write(kAccount, record_id(1), seen, {text(kNote, "better")})});
    li.sync();
    refused.adopt();
    const RecordState state = head.state(kAccount, record_id(1));
    ASSERT_EQ(state.cell(kNote)->siblings.size(), 1U);
    EXPECT_EQ(state.cell(kNote)->siblings[0].values[0], Value::text("better"));
}

TEST(ServerStore, AdoptingARecordThatItsAuthorMadeAgainChangesNothing) {
    Head head;
    SmallDevice li(head, 0xa1, kLi);
    li.sync();
    li.write({account(1, kWang, "refused")});
    li.sync();
    li.write({account(1, kLi, "made again")});
    li.sync();
    const auto kept = head.store().quarantine(10);
    ASSERT_TRUE(kept && kept->size() == 1);
    const auto verdict = head.store().adopt(kept->front().number, kWang, kNow);
    ASSERT_TRUE(verdict);
    const RecordState state = head.state(kAccount, record_id(1));
    ASSERT_EQ(state.cell(kName)->siblings.size(), 1U);
    EXPECT_EQ(state.cell(kName)->siblings[0].values[0], Value::text("made again"));
    EXPECT_TRUE(head.store().quarantine(10)->empty());
}

TEST(ServerStore, PrunedRecordsLeaveAGraveAndNeverComeBack) {
    Head head;
    SmallDevice li(head, 0xa1, kLi);
    SmallDevice old(head, 0xb2, kLi);
    head.write({account(1, kLi), account(2, kLi)});
    li.sync();
    old.sync();
    const VectorClock seen = old.records[record_id(1)].state.clock;
    head.write({removal(kAccount, record_id(1))});
    EXPECT_EQ(*head.store().prune({0xa1}, 100, kNow), 0U);  // li has not seen it yet
    li.sync();
    li.write({account(3, kLi)});
    li.sync();
    EXPECT_EQ(*head.store().prune({0xa1}, 100, kNow), 1U);
    EXPECT_TRUE(head.store().check_sums());
    EXPECT_EQ(head.store().figures()->graves, 1U);
    li.sync();
    EXPECT_FALSE(li.has(record_id(1)));
    li.expect_equal_to_head();
    old.write({write(kAccount, record_id(1), seen, {text(kNote, "late")})});
    old.sync();
    EXPECT_EQ(old.verdicts[1].reason, Reason::pruned);
    EXPECT_FALSE(old.has(record_id(1)));
    old.expect_equal_to_head();
}

TEST(ServerStore, ABackupTellsDevicesWhatTheyNeedNotKeep) {
    const Folder folder;
    Head head(folder.file("w"));
    SmallDevice li(head, 0xa1, kLi);
    li.write({account(1, kLi)});
    li.sync();
    back_up(head, folder.file("w"), folder.file("copy"));
    li.write({account(2, kLi)});
    EXPECT_EQ(li.exchange().horizon_counter, 0U);
    ASSERT_TRUE(head.store().confirm_backup());
    EXPECT_EQ(li.exchange().horizon_counter, 1U);
}

TEST(ServerStore, ADeviceSyncsWhileABackupIsMadeAndTheBackupIsOfItsBeginning) {
    const Folder folder;
    Head head(folder.file("w"));
    SmallDevice li(head, 0xa1, kLi);
    li.write({account(1, kLi)});
    li.sync();
    int writes = 0;
    back_up(head, folder.file("w"), folder.file("copy"), [&] {
        if (writes++ != 0) return;
        li.write({account(2, kLi)});
        li.sync();
    });
    ASSERT_GE(writes, 1);
    EXPECT_TRUE(head.state(kAccount, record_id(2)).exists());
    ASSERT_TRUE(head.store().confirm_backup());
    EXPECT_EQ(li.exchange().horizon_counter, 1U) << "what came meanwhile is in no backup";
    Head again(folder.file("copy"), false, true);
    EXPECT_TRUE(again.state(kAccount, record_id(1)).exists());
    EXPECT_FALSE(again.state(kAccount, record_id(2)).exists());
    EXPECT_TRUE(again.store().check_sums());
}

TEST(ServerStore, ABackupThatIsStoppedSaysSo) {
    const Folder folder;
    Head head(folder.file("w"));
    const auto copy = storage::copy_workspace(head.store().database(), folder.file("copy"), {},
                                              [] { return false; });
    ASSERT_FALSE(copy);
    EXPECT_EQ(copy.error().code, ErrorCode::cancelled);
    EXPECT_EQ(head.write({account(1, kLi)}).kind, VerdictKind::accepted);
}

TEST(ServerStore, ARestoredCopyBeginsAnEpochAndTellsDevices) {
    const Folder folder;
    Head head(folder.file("w"));
    SmallDevice li(head, 0xa1, kLi);
    li.write({account(1, kLi)});
    li.sync();
    const Sequence saved = head.store().head();
    back_up(head, folder.file("w"), folder.file("copy"));
    li.write({account(2, kLi)});
    li.sync();
    Head again(folder.file("copy"), false, true);
    EXPECT_GT(again.store().epoch(), 1U);
    EXPECT_EQ(again.store().head(), saved);
    EXPECT_EQ(again.store().own_replica().incarnation, epoch_number(again.store().epoch()) + 1);
    const auto told = again.handle(li.request(), li.caller);
    ASSERT_TRUE(told);
    EXPECT_EQ(told->reply.status, ReplyStatus::restored);
    EXPECT_EQ(told->reply.restored_head, saved);
    EXPECT_EQ(told->reply.acked_counter, 1U);
    // The device sends again what the copy has not got.
    SyncRequest request = li.request();
    request.epoch = again.store().epoch();
    request.base_counter = 1;
    request.base_hash =
        chain_link(again.store().services().hash,
                   chain_start(again.store().services().hash, li.replica), li.journal[0].bytes);
    request.changesets = {li.journal[1]};
    request.cursor = saved;
    request.position = {};
    const auto taken = again.handle(request, li.caller);
    ASSERT_TRUE(taken);
    ASSERT_EQ(taken->reply.verdicts.size(), 1U);
    EXPECT_EQ(taken->reply.verdicts[0].kind, VerdictKind::accepted);
    EXPECT_TRUE(again.state(kAccount, record_id(2)).exists());
    EXPECT_EQ(again.write({account(3, kLi)}).kind, VerdictKind::accepted);
}

// Simulation, seed 6493: two copies of one device got the same incarnation, one before the second
// restore and one after.
TEST(ServerStore, NothingIsIssuedTwiceWhenTheClockWentBackBetweenTwoRestores) {
    const Folder folder;
    {
        Head head(folder.file("w"));
        back_up(head, folder.file("w"), folder.file("copy"));
    }
    Head head(folder.file("copy"), false, true);
    const std::uint64_t later = epoch_number(head.store().epoch()) + 5;
    SmallDevice li(head, 0xa1, kLi);
    li.epoch = later << kEpochRandomBits;
    li.replica.incarnation = static_cast<std::uint32_t>(7 * later + 2);  // as that one issued it
    const auto told = head.handle(li.request(), li.caller);
    ASSERT_TRUE(told);
    EXPECT_EQ(told->reply.status, ReplyStatus::restored);
    li.epoch = head.store().epoch();
    li.write({account(1, kLi)});
    EXPECT_EQ(li.exchange().status, ReplyStatus::ok);
    EXPECT_TRUE(head.state(kAccount, record_id(1)).exists());
    SyncRequest request = li.request();
    request.wants_incarnation = true;
    const auto forked = head.handle(request, li.caller);
    ASSERT_TRUE(forked);
    EXPECT_EQ(forked->reply.status, ReplyStatus::fork);
    EXPECT_GT(forked->reply.new_incarnation, 7 * later + 7);
}

// A device makes up epochs and incarnations: it uses up its own, and no more of them than a day
// has.
TEST(ServerStore, EpochsAndIncarnationsThatAreMadeUpCountAsIssued) {
    const Folder folder;
    {
        Head head(folder.file("w"));
        back_up(head, folder.file("w"), folder.file("copy"));
    }
    Head head(folder.file("copy"), false, true);
    SmallDevice li(head, 0xa1, kLi);
    const std::uint64_t number = epoch_number(head.store().epoch());
    for (std::uint64_t i = 0; i < 2 * kMaxIncarnations; ++i) {
        SyncRequest request = li.request();
        request.epoch = (number + 1'000 * (i + 1)) << kEpochRandomBits;
        EXPECT_EQ(head.handle(request, li.caller)->reply.status, ReplyStatus::restored);
        request.epoch = head.store().epoch();
        request.replica.incarnation = static_cast<std::uint32_t>(7 * number + 100 + i);
        static_cast<void>(head.handle(request, li.caller));
    }
    EXPECT_LE(*head.store().database().integer("SELECT count(*) FROM _replica"),
              static_cast<std::int64_t>(kMaxIncarnations + 2));
}

TEST(ServerStore, WhatHeadOfficeItselfWroteAfterTheBackupHoldsNobodyUp) {
    const Folder folder;
    Head head(folder.file("w"));
    SmallDevice li(head, 0xa1, kLi);
    head.write({account(1, kLi)});
    back_up(head, folder.file("w"), folder.file("copy"));
    head.write({write(kAccount, record_id(1), {}, {text(kNote, "lost with the server")})});
    li.sync();
    li.write({write(kAccount, record_id(1), li.records[record_id(1)].state.clock,
                    {text(kName, "from li")})});
    Head again(folder.file("copy"), false, true);
    SyncRequest request = li.request();
    request.epoch = again.store().epoch();
    request.cursor = again.store().head();
    request.position = {};
    const auto taken = again.handle(request, li.caller);
    ASSERT_TRUE(taken && taken->reply.verdicts.size() == 1);
    EXPECT_EQ(taken->reply.verdicts[0].kind, VerdictKind::accepted)
        << taken->reply.verdicts[0].detail;
}

TEST(ServerStore, ADeviceOlderThanTwoRestoresTrustsOnlyTheOldest) {
    const Folder folder;
    {
        Head head(folder.file("a"));
        head.write({account(1, kLi)});
        back_up(head, folder.file("a"), folder.file("b"));
    }
    Sequence first{};
    {
        Head head(folder.file("b"), false, true);
        first = head.store().head();
        head.write({account(2, kLi)});
        back_up(head, folder.file("b"), folder.file("c"));
    }
    Head head(folder.file("c"), false, true);
    EXPECT_GT(head.store().head(), first);
    EXPECT_EQ(head.store().restored_head(1), first);
}

TEST(ServerStore, FiguresCountWhatIsThere) {
    Head head;
    SmallDevice li(head, 0xa1, kLi);
    head.write({account(1, kLi), account(2, kLi)});
    head.write({removal(kAccount, record_id(2))});
    li.sync();
    li.write_bytes("x", 1);
    li.sync();
    const auto figures = head.store().figures();
    ASSERT_TRUE(figures);
    EXPECT_EQ(figures->accepted, 3U);
    EXPECT_EQ(figures->quarantined, 1U);
    EXPECT_EQ(figures->records, 2U);  // and the schema's own
    EXPECT_EQ(figures->dead, 1U);
    EXPECT_GT(figures->file_bytes, 0);
}

}  // namespace
}  // namespace satchel::test
