// What goes down: scopes, walks, patches, confirmations, departures, checkpoints, repair.
#include <algorithm>

#include "sync/limits.hpp"
#include "tests/sync/server_fixture.hpp"

namespace satchel::test {
namespace {

const RecordId kLi = user_id(1);
const RecordId kWang = user_id(2);

class ServerPages : public testing::Test {
  protected:
    Head head;
    SmallDevice li{head, 0xa1, kLi};
    SmallDevice wang{head, 0xb2, kWang};

    VectorClock seen(const SmallDevice& device, int n) {
        return device.records.at(record_id(n)).state.clock;
    }
};

TEST_F(ServerPages, ANewDeviceGetsWhatItsScopesHoldAndNothingElse) {
    head.write({account(1, kLi), account(2, kWang), contact(3, record_id(1)),
                contact(4, record_id(2)), create(kProduct, record_id(5), {text(kName, "Pump")})});
    li.sync();
    EXPECT_TRUE(li.has(record_id(1)) && li.has(record_id(3)) && li.has(record_id(5)));
    EXPECT_FALSE(li.has(record_id(2)) || li.has(record_id(4)));
    EXPECT_EQ(li.departures, 0U);
    li.expect_equal_to_head();
}

TEST_F(ServerPages, AScopeListThatDiffersIsAskedFor) {
    li.sync();
    li.grant(pool_scope("north"));
    li.write({account(1, kLi)});
    EXPECT_EQ(li.exchange().status, ReplyStatus::list_scopes);
    EXPECT_FALSE(head.state(kAccount, record_id(1)).exists());
    const SyncReply reply = li.exchange();
    EXPECT_EQ(reply.gained, std::vector<std::string>{pool_scope("north")});
    li.sync();
    li.expect_equal_to_head();
}

TEST_F(ServerPages, AScopeGainedLaterArrivesWholeAndOneLostIsGivenUp) {
    head.write({create(kAccount, record_id(1), {text(kName, "Lead"), text(kPool, "north")})});
    li.sync();
    EXPECT_FALSE(li.has(record_id(1)));
    li.grant(pool_scope("north"));
    li.sync();
    EXPECT_TRUE(li.has(record_id(1)));
    li.expect_equal_to_head();
    std::erase(li.caller.scopes, pool_scope("north"));
    li.sync();
    EXPECT_FALSE(li.has(record_id(1)));
    li.expect_equal_to_head();
}

TEST_F(ServerPages, OwnChangesComeBackAsConfirmations) {
    li.sync();
    li.write({account(1, kLi)});
    li.sync();
    EXPECT_EQ(li.last_rows.at(record_id(1)), RowKind::confirm);
    Operation edit = write(kAccount, record_id(1), seen(li, 1), {text(kNote, "n")});
    edit.sets = {{kTags, Value::text("key"), true}};
    li.write({edit});
    li.sync();
    EXPECT_EQ(li.last_rows.at(record_id(1)), RowKind::confirm);
    li.expect_equal_to_head();
}

TEST_F(ServerPages, ARecordThatSomebodyElseChangedTooIsSentAsAPatch) {
    head.write({account(1, kLi)});
    wang.grant(user_scope(kLi));
    li.sync();
    wang.sync();
    wang.write({write(kAccount, record_id(1), seen(wang, 1), {text(kNote, "from wang")})});
    wang.sync();
    li.write({write(kAccount, record_id(1), seen(li, 1), {text(kName, "from li")})});
    li.sync();
    EXPECT_EQ(li.last_rows.at(record_id(1)), RowKind::patch);
    li.expect_equal_to_head();
}

TEST_F(ServerPages, AChangeElsewhereArrivesAsAPatchOfTheChangedCellsOnly) {
    head.write({account(1, kLi, std::string(100, 'n'))});
    li.sync();
    head.write({write(kAccount, record_id(1), {}, {text(kNote, "changed")})});
    const SyncReply reply = li.exchange();
    ASSERT_EQ(reply.pages.size(), 1U);
    EXPECT_EQ(li.last_rows.at(record_id(1)), RowKind::patch);
    EXPECT_EQ(reply.pages[0].find(std::string(100, 'n')), Bytes::npos);
    li.expect_equal_to_head();
}

TEST_F(ServerPages, ADeviceThatDoubtsWhatItHoldsGetsWholeStates) {
    head.write({account(1, kLi)});
    li.sync();
    head.write({write(kAccount, record_id(1), {}, {text(kNote, "changed")})});
    li.whole_states_only = true;
    li.sync();
    EXPECT_EQ(li.last_rows.at(record_id(1)), RowKind::whole);
    li.expect_equal_to_head();
}

TEST_F(ServerPages, SetsCountersAndLifeTravelWithAPatch) {
    head.write({account(1, kLi)});
    li.sync();
    Operation edit = write(kAccount, record_id(1), {}, {});
    edit.sets = {{kTags, Value::text("key"), true}};
    edit.counters = {{kCalls, 4}};
    head.write({edit});
    li.sync();
    li.expect_equal_to_head();
    Operation removal = write(kAccount, record_id(1), {}, {});
    removal.kind = OperationKind::remove;
    head.write({removal});
    li.sync();
    EXPECT_EQ(li.last_rows.at(record_id(1)), RowKind::whole);
    li.expect_equal_to_head();
    Operation back = write(kAccount, record_id(1), {}, {});
    back.kind = OperationKind::undelete;
    head.write({back});
    li.sync();
    li.expect_equal_to_head();
}

TEST_F(ServerPages, PagesAreCutAndResumedAnywhere) {
    head.options.max_rows = 3;
    std::vector<Operation> operations;
    for (int i = 1; i <= 20; ++i)
        operations.push_back(account(i, kLi));
    head.write(operations);
    const SyncReply first = li.exchange();
    EXPECT_FALSE(first.checkpoint);
    EXPECT_LT(li.records.size(), 10U);
    head.write({write(kAccount, record_id(1), {}, {text(kNote, "meanwhile")})});
    SmallDevice repeated = li;  // an answer that is asked for twice
    repeated.exchange();
    li.sync();
    li.expect_equal_to_head();
    repeated.sync();
    repeated.expect_equal_to_head();
    EXPECT_EQ(li.records.size(), 21U);  // with the schema
}

TEST_F(ServerPages, ARecordThatLeavesWhileItIsLoadedIsTakenBack) {
    head.options.max_rows = 1;
    head.write({account(1, kLi)});
    head.write({account(2, kLi)});
    head.write({account(3, kLi)});
    while (!li.has(record_id(1)))
        li.exchange();
    ASSERT_FALSE(li.checkpoint);
    ASSERT_TRUE(head.store().handover(kAccount, record_id(1), kWang, kNow));
    li.sync();
    EXPECT_FALSE(li.has(record_id(1)));
    li.expect_equal_to_head();
}

TEST_F(ServerPages, ANewDeviceLearnsNothingOfWhatLeftBefore) {
    head.write({account(1, kLi)});
    ASSERT_TRUE(head.store().handover(kAccount, record_id(1), kWang, kNow));
    li.sync();
    EXPECT_EQ(li.departures, 0U);
    EXPECT_FALSE(li.has(record_id(1)));
}

TEST_F(ServerPages, AHandoverTakesTheChildrenAlongAndBackAgain) {
    head.write({account(1, kLi), contact(2, record_id(1)), contact(3, record_id(1))});
    li.sync();
    wang.sync();
    const auto verdict = head.store().handover(kAccount, record_id(1), kWang, kNow);
    ASSERT_TRUE(verdict);
    EXPECT_EQ(head.scopes(kContact, record_id(2)), std::vector<std::string>{user_scope(kWang)});
    li.sync();
    wang.sync();
    EXPECT_FALSE(li.has(record_id(1)) || li.has(record_id(2)) || li.has(record_id(3)));
    EXPECT_EQ(wang.records[record_id(2)].seq, verdict->seq);
    ASSERT_TRUE(head.store().handover(kAccount, record_id(1), kLi, kNow));
    li.sync();
    wang.sync();
    EXPECT_TRUE(li.has(record_id(1)) && li.has(record_id(3)));
    EXPECT_EQ(li.last_rows.at(record_id(1)), RowKind::whole);
    EXPECT_FALSE(wang.has(record_id(3)));
    li.expect_equal_to_head();
    wang.expect_equal_to_head();
}

// A device may name any record as the parent, of whatever collection.
TEST_F(ServerPages, WhatHangsUnderAChildGoesAlongToo) {
    head.write({account(1, kLi), contact(2, record_id(1))});
    head.write({contact(3, record_id(2))});
    li.sync();
    ASSERT_TRUE(li.has(record_id(3)));
    ASSERT_TRUE(head.store().handover(kAccount, record_id(1), kWang, kNow));
    EXPECT_EQ(head.scopes(kContact, record_id(3)), std::vector<std::string>{user_scope(kWang)});
    li.sync();
    EXPECT_FALSE(li.has(record_id(3))) << "it would stay with the one who hung it there";
}

TEST_F(ServerPages, AwayAndBackBetweenTwoSyncsIsANewRecord) {
    head.write({account(1, kLi)});
    li.sync();
    ASSERT_TRUE(head.store().handover(kAccount, record_id(1), kWang, kNow));
    ASSERT_TRUE(head.store().handover(kAccount, record_id(1), kLi, kNow));
    li.sync();
    EXPECT_EQ(li.last_rows.at(record_id(1)), RowKind::whole);
    li.expect_equal_to_head();
}

TEST_F(ServerPages, DeadChildrenFollowTheirParentToo) {
    head.write({account(1, kLi), contact(2, record_id(1))});
    Operation removal = write(kContact, record_id(2), {}, {});
    removal.kind = OperationKind::remove;
    head.write({removal});
    ASSERT_TRUE(head.store().handover(kAccount, record_id(1), kWang, kNow));
    wang.sync();
    EXPECT_TRUE(wang.has(record_id(2)));
    wang.expect_equal_to_head();
}

TEST_F(ServerPages, AChildThatCameBeforeItsParentFollowsWhenThatComes) {
    head.write({contact(2, record_id(1))});
    EXPECT_EQ(head.scopes(kContact, record_id(2)), std::vector<std::string>{kHeadOfficeScope});
    head.write({account(1, kLi)});
    EXPECT_EQ(head.scopes(kContact, record_id(2)), std::vector<std::string>{user_scope(kLi)});
    li.sync();
    li.expect_equal_to_head();
}

TEST_F(ServerPages, ParentAndChildInOneTransactionInAnyOrder) {
    li.sync();
    li.write({contact(2, record_id(1)), account(1, kLi)});
    li.sync();
    EXPECT_EQ(li.verdicts[1].kind, VerdictKind::accepted) << li.verdicts[1].detail;
    li.expect_equal_to_head();
}

TEST_F(ServerPages, WantedRecordsComeWholeAndHiddenOnesAreUnknown) {
    head.write({account(1, kLi), account(2, kWang)});
    li.sync();
    SyncRequest request = li.request();
    request.wanted = {record_id(1), record_id(2), record_id(99)};
    const auto answer = head.handle(request, li.caller);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->reply.unknown, (std::vector<RecordId>{record_id(2), record_id(99)}));
    li.take(answer->reply);
    EXPECT_EQ(li.last_rows.at(record_id(1)), RowKind::whole);
}

TEST_F(ServerPages, AComparisonNamesTheBucketsThatDifferAndAllTheirRecords) {
    head.write({account(1, kLi), account(2, kLi), account(3, kLi)});
    li.sync();
    li.records.erase(record_id(2));
    SyncRequest request = li.request();
    request.repair_scope = user_scope(kLi);
    request.repair.resize(kRepairBuckets);
    for (const auto& [id, record] : li.records) {
        if (!record.scopes.contains(request.repair_scope)) continue;
        RepairBucket& bucket = request.repair[repair_bucket(id)];
        ++bucket.count;
        bucket.checksum += checksum_part(id, record.seq);
    }
    const auto answer = head.handle(request, li.caller);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->reply.repair_buckets, std::vector<std::size_t>{repair_bucket(record_id(2))});
    EXPECT_TRUE(std::any_of(answer->reply.repair_items.begin(), answer->reply.repair_items.end(),
                            [](const RepairItem& item) { return item.id == record_id(2); }));
    SyncRequest foreign = request;
    foreign.repair_scope = user_scope(kWang);
    EXPECT_TRUE(head.handle(foreign, li.caller)->reply.repair_items.empty());
}

TEST_F(ServerPages, APollWithoutNewsIsSilentAndWritesNothing) {
    head.write({account(1, kLi)});
    li.sync();
    li.exchange();
    const std::int64_t before =
        head.store().database().integer("SELECT total_changes()").operator*();
    const auto idle = head.handle(li.request(), li.caller);
    ASSERT_TRUE(idle);
    EXPECT_TRUE(idle->nothing_new);
    head.write({account(2, kWang)});  // not for li
    const std::int64_t between =
        head.store().database().integer("SELECT total_changes()").operator*();
    const auto hidden = head.handle(li.request(), li.caller);
    EXPECT_TRUE(hidden->nothing_new);
    EXPECT_EQ(head.store().database().integer("SELECT total_changes()").operator*(), between);
    EXPECT_GT(between, before);
    head.write({account(3, kLi)});
    EXPECT_FALSE(head.handle(li.request(), li.caller)->nothing_new);
}

TEST_F(ServerPages, ANewSchemaArrivesAndIsUsedAtOnce) {
    li.sync();
    ASSERT_TRUE(head.store().install_schema(*company(2), kNow));
    EXPECT_EQ(head.store().schema()->number(), 2U);
    EXPECT_EQ(head.write({create(kProduct, record_id(1),
                                 {text(kName, "Pump"), {FieldId{9}, {Value(std::int64_t{7})}}})})
                  .kind,
              VerdictKind::accepted);
    li.sync();
    li.expect_equal_to_head();
    EXPECT_FALSE(head.store().install_schema(*company(1), kNow));
}

TEST_F(ServerPages, AScopeRuleThatChangesMovesTheRecords) {
    head.write({account(1, kLi)});
    wang.sync();
    EXPECT_FALSE(wang.has(record_id(1)));
    std::vector<Collection> collections;
    const SchemaPointer old = company();
    for (const Collection& collection : old->collections())
        if (number(collection.id) >= system_ids::kFirstFree) collections.push_back(collection);
    collections[0].scope = {};
    collections[0].scope.everyone = true;
    auto schema = Schema::build(2, collections, {});
    ASSERT_TRUE(schema);
    ASSERT_TRUE(head.store().install_schema(*schema, kNow));
    wang.sync();
    EXPECT_TRUE(wang.has(record_id(1)));
    wang.expect_equal_to_head();
}

TEST_F(ServerPages, ManyRandomEditsLeaveEveryDeviceEqualToHeadOffice) {
    li.grant(user_scope(kWang));
    head.options.max_rows = 7;
    std::vector<Operation> operations;
    for (int i = 1; i <= 30; ++i)
        operations.push_back(account(i, i % 2 == 0 ? kLi : kWang));
    for (int i = 31; i <= 60; ++i)
        operations.push_back(contact(i, record_id(i - 30)));
    head.write(operations);
    for (int round = 0; round < 60; ++round) {
        SmallDevice& device = round % 3 == 0 ? wang : li;
        device.exchange();
        const int n = 1 + static_cast<int>(head.random.next() >> 33) % 30;
        const auto own = device.records.find(record_id(n));
        if (own != device.records.end() && device.checkpoint)
            device.write({write(kAccount, record_id(n), own->second.state.clock,
                                {text(kNote, std::to_string(round))})});
        if (round % 7 != 0) continue;
        ASSERT_TRUE(head.store().handover(kAccount, record_id(1 + round % 30),
                                          round % 2 == 0 ? kLi : kWang, kNow));
    }
    li.sync();
    wang.sync();
    li.sync();
    li.expect_equal_to_head();
    wang.expect_equal_to_head();
}

}  // namespace
}  // namespace satchel::test
