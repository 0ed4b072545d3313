// The server's verdicts: what is taken, what is kept aside and why, and that it stays so.
#include <algorithm>

#include "sync/limits.hpp"
#include "tests/sync/server_fixture.hpp"

namespace satchel::test {
namespace {

const RecordId kLi = user_id(1);
const RecordId kWang = user_id(2);

class ServerVerdict : public testing::Test {
  protected:
    Head head;
    SmallDevice li{head, 0xa1, kLi};
    SmallDevice wang{head, 0xb2, kWang};

    Verdict after(SmallDevice& device, std::vector<Operation> operations) {
        const std::uint64_t first = device.write(std::move(operations));
        device.sync();
        return device.verdicts[first];
    }
    // Of li's second change the server knows nothing (it may come), yet wang has seen it. Gives the
    // counter of his.
    std::uint64_t write_what_waits() {
        after(li, {account(1, kLi)});
        wang.grant(user_scope(kLi));
        wang.sync();
        VectorClock seen = wang.records[record_id(1)].state.clock;
        seen.advance({li.replica, 2});
        const std::uint64_t held =
            wang.write({write(kAccount, record_id(1), seen, {text(kName, "after")})});
        wang.sync();
        return held;
    }
    void expect_quarantined(const Verdict& verdict, Reason reason) {
        EXPECT_EQ(verdict.kind, VerdictKind::quarantined) << verdict.detail;
        EXPECT_EQ(verdict.reason, reason) << verdict.detail;
        EXPECT_FALSE(verdict.detail.empty());
    }
};

TEST_F(ServerVerdict, AnAcceptedChangesetGetsTheNextSeqAndItsRecordsTheSame) {
    li.sync();
    const Sequence before = head.store().head();
    const Verdict verdict = after(li, {account(1, kLi), account(2, kLi)});
    EXPECT_EQ(verdict.kind, VerdictKind::accepted);
    EXPECT_EQ(number(verdict.seq), number(before) + 1);
    EXPECT_EQ(verdict.rank, 1);
    EXPECT_EQ(li.records[record_id(1)].seq, verdict.seq);
    EXPECT_EQ(li.records[record_id(2)].seq, verdict.seq);
    li.expect_equal_to_head();
}

TEST_F(ServerVerdict, ARepeatedUploadGetsTheStoredVerdictAndHasNoSecondEffect) {
    li.sync();
    li.write({account(1, kLi)});
    Operation call = write(kAccount, record_id(1), {}, {});
    call.clock.advance({li.replica, 1});
    call.counters = {{kCalls, 3}};
    li.write({call});
    const SyncRequest request = li.request();
    const auto first = head.handle(request, li.caller);
    const Sequence reached = head.store().head();
    const auto second = head.handle(request, li.caller);
    ASSERT_TRUE(first && second);
    ASSERT_EQ(second->reply.verdicts.size(), 2U);
    EXPECT_EQ(second->reply.verdicts[0].seq, first->reply.verdicts[0].seq);
    EXPECT_EQ(second->reply.verdicts[1].effective, first->reply.verdicts[1].effective);
    EXPECT_EQ(head.store().head(), reached);
    EXPECT_FALSE(second->changed);
    EXPECT_EQ(total(*head.state(kAccount, record_id(1)).counter(kCalls)), 3);
    li.sync();
    li.expect_equal_to_head();
}

TEST_F(ServerVerdict, WhatCannotBeDecodedIsKeptAndTheNextOneIsTaken) {
    const std::uint64_t bad = li.write_bytes("no changeset", 3);
    const std::uint64_t good = li.write({account(1, kLi)});
    li.sync();
    expect_quarantined(li.verdicts[bad], Reason::malformed);
    EXPECT_EQ(li.verdicts[good].kind, VerdictKind::accepted);
    const auto kept = head.store().quarantine(10);
    ASSERT_TRUE(kept && kept->size() == 1);
    EXPECT_EQ(kept->front().entry.bytes, "no changeset");
    EXPECT_EQ(kept->front().entry.author, kLi);
    EXPECT_EQ(kept->front().entry.receipt, kNow);
}

TEST_F(ServerVerdict, DotsOfAnotherReplicaAreNotTaken) {
    Changeset forged;
    forged.header.id = make_change_id(head.random);
    forged.header.replica = wang.replica;
    forged.header.first_counter = 1;
    forged.operations = {account(1, kWang)};
    const std::uint64_t first = li.write_bytes(encode(forged), 1);
    li.sync();
    expect_quarantined(li.verdicts[first], Reason::malformed);
    EXPECT_FALSE(head.state(kAccount, record_id(1)).exists());
}

TEST_F(ServerVerdict, AnUnknownCollectionOrFieldIsToldFromABadValue) {
    expect_quarantined(after(li, {create(CollectionId{999}, record_id(1), {text(kName, "x")})}),
                       Reason::schema_unknown);
    expect_quarantined(after(li, {create(kAccount, record_id(2), {text(FieldId{77}, "x")})}),
                       Reason::schema_unknown);
    expect_quarantined(after(li, {account(3, kLi, std::string(101, 'x'))}), Reason::invalid_value);
    expect_quarantined(after(li, {account(4, kLi, "e\xCC\x81")}), Reason::invalid_value);
    expect_quarantined(
        after(li, {create(kAccount, record_id(5), {{kName, {Value(std::int64_t{5})}}})}),
        Reason::invalid_value);
    EXPECT_EQ(after(li, {account(6, kLi, std::string(100, 'x'))}).kind, VerdictKind::accepted);
}

TEST_F(ServerVerdict, OneBadOperationKeepsTheWholeTransactionAside) {
    expect_quarantined(after(li, {account(1, kLi), account(2, kLi, std::string(101, 'x'))}),
                       Reason::invalid_value);
    EXPECT_FALSE(head.state(kAccount, record_id(1)).exists());
    li.expect_equal_to_head();
}

TEST_F(ServerVerdict, ARecordOfSomebodyElseIsNotWritten) {
    after(wang, {account(1, kWang)});
    li.sync();
    EXPECT_FALSE(li.has(record_id(1)));
    expect_quarantined(after(li, {write(kAccount, record_id(1), head.clock(kAccount, record_id(1)),
                                        {text(kName, "mine")})}),
                       Reason::not_allowed);
}

TEST_F(ServerVerdict, NobodyMakesRecordsForOthersOrGivesThemAwayAlone) {
    expect_quarantined(after(li, {account(1, kWang)}), Reason::not_allowed);
    after(li, {account(2, kLi)});
    expect_quarantined(
        after(li, {write(kAccount, record_id(2), li.records[record_id(2)].state.clock,
                         {reference(kOwner, kWang)})}),
        Reason::not_allowed);
    li.grant(user_scope(kWang));  // li leads wang now
    EXPECT_EQ(after(li, {write(kAccount, record_id(2), li.records[record_id(2)].state.clock,
                               {reference(kOwner, kWang)})})
                  .kind,
              VerdictKind::accepted);
}

TEST_F(ServerVerdict, OnlyHeadOfficeWritesItsCollectionsAndTheSystems) {
    expect_quarantined(after(li, {create(kProduct, record_id(1), {text(kName, "Pump")})}),
                       Reason::not_allowed);
    expect_quarantined(
        after(li, {create(system_ids::kUser, record_id(2), {text(kName, "me, an admin")})}),
        Reason::not_allowed);
    EXPECT_EQ(head.write({create(kProduct, record_id(1), {text(kName, "Pump")})}).kind,
              VerdictKind::accepted);
    li.sync();
    EXPECT_TRUE(li.has(record_id(1)));
}

TEST_F(ServerVerdict, AppendOnlyRecordsAreMadeAndDeletedButNotEdited) {
    const auto visit = create(kVisit, record_id(1), {text(kName, "x"), reference(kOwner, kLi)});
    EXPECT_EQ(after(li, {visit}).kind, VerdictKind::accepted);
    const VectorClock seen = li.records[record_id(1)].state.clock;
    expect_quarantined(after(li, {write(kVisit, record_id(1), seen, {text(kName, "y")})}),
                       Reason::not_allowed);
    Operation removal = write(kVisit, record_id(1), seen, {});
    removal.kind = OperationKind::remove;
    EXPECT_EQ(after(li, {removal}).kind, VerdictKind::accepted);
    li.expect_equal_to_head();
}

TEST_F(ServerVerdict, OperationsOnARefusedCreationGoWithIt) {
    li.write({account(1, kWang)});
    Operation edit = write(kAccount, record_id(1), {}, {text(kName, "again")});
    edit.clock.advance({li.replica, 1});
    expect_quarantined(after(li, {edit}), Reason::depends_on);
}

TEST_F(ServerVerdict, AChildOfARefusedCreationGoesWithIt) {
    const std::uint64_t parent = li.write({account(1, kWang)});
    const std::uint64_t child = li.write({contact(2, record_id(1))});
    li.sync();
    expect_quarantined(li.verdicts[parent], Reason::not_allowed);
    expect_quarantined(li.verdicts[child], Reason::depends_on);
    EXPECT_NE(li.verdicts[child].detail.find(record_id(1).text()), std::string::npos);
    expect_quarantined(after(li, {contact(3, record_id(1))}), Reason::depends_on);  // a day later
    expect_quarantined(after(wang, {contact(4, record_id(1))}), Reason::not_allowed);
    EXPECT_EQ(after(li, {account(5, kLi), contact(6, record_id(5))}).kind, VerdictKind::accepted);
}

TEST_F(ServerVerdict, AChildOfWhatIsNotThereOrNotTheAuthorsIsNotAllowed) {
    after(wang, {account(1, kWang)});
    expect_quarantined(after(li, {contact(2, record_id(1))}), Reason::not_allowed);
    expect_quarantined(after(li, {contact(3, record_id(9))}), Reason::not_allowed);
}

TEST_F(ServerVerdict, AChildOfARecordThatWaitsWaitsWithIt) {
    after(li, {account(1, kLi)});
    wang.grant(user_scope(kLi));
    wang.sync();
    VectorClock seen = wang.records[record_id(1)].state.clock;
    seen.advance({li.replica, 2});  // on its way
    const std::uint64_t parent = wang.write(
        {account(7, kWang), write(kAccount, record_id(1), seen, {text(kName, "after")})});
    const std::uint64_t child = wang.write({contact(8, record_id(7))});
    wang.sync();
    EXPECT_EQ(wang.verdicts[parent].kind, VerdictKind::held);
    EXPECT_EQ(wang.verdicts[child].kind, VerdictKind::held) << wang.verdicts[child].detail;
    after(li, {write(kAccount, record_id(1), li.records[record_id(1)].state.clock,
                     {text(kName, "before")})});
    after(wang, {account(9, kWang)});
    EXPECT_TRUE(head.state(kContact, record_id(8)).exists());
}

TEST_F(ServerVerdict, AnEditThatSawARefusedOneIsTakenAndOverwritesWhatThatOneHadSeen) {
    after(li, {account(1, kLi)});
    const VectorClock first = li.records[record_id(1)].state.clock;
    const std::uint64_t refused =
        li.write({write(kAccount, record_id(1), first, {text(kName, std::string(101, 'x'))})});
    VectorClock second = first;
    second.advance({li.replica, refused});
    EXPECT_EQ(after(li, {write(kAccount, record_id(1), second, {text(kName, "short")})}).kind,
              VerdictKind::accepted);
    const RecordState state = head.state(kAccount, record_id(1));
    ASSERT_EQ(state.cell(kName)->siblings.size(), 1U);
    EXPECT_EQ(state.cell(kName)->siblings[0].values[0], Value::text("short"));
    li.expect_equal_to_head();
}

TEST_F(ServerVerdict, AClockThatNamesWhatDoesNotExistIsAFalseClaim) {
    after(li, {account(1, kLi), account(2, kLi)});
    VectorClock unknown = li.records[record_id(1)].state.clock;
    unknown.advance({{0xdead, 1}, 5});
    expect_quarantined(after(li, {write(kAccount, record_id(1), unknown, {text(kName, "x")})}),
                       Reason::false_claim);
    VectorClock other_record = li.records[record_id(1)].state.clock;
    other_record.advance({li.replica, 2});  // was a change of record 2
    expect_quarantined(after(li, {write(kAccount, record_id(1), other_record, {text(kName, "x")})}),
                       Reason::false_claim);
    VectorClock future = li.records[record_id(1)].state.clock;
    future.advance({li.replica, 99});
    expect_quarantined(after(li, {write(kAccount, record_id(1), future, {text(kName, "x")})}),
                       Reason::false_claim);
    VectorClock nothing;
    nothing.advance({li.replica, 1});
    expect_quarantined(after(li, {write(kAccount, record_id(77), nothing, {text(kName, "x")})}),
                       Reason::false_claim);
}

TEST_F(ServerVerdict, AnIdOfOneCollectionIsNotUsedInAnother) {
    after(li, {account(1, kLi)});
    expect_quarantined(after(li, {create(kVisit, record_id(1), {reference(kOwner, kLi)})}),
                       Reason::false_claim);
}

TEST_F(ServerVerdict, WhatARevokedDeviceSendsIsKeptAndItIsGivenNothing) {
    after(li, {account(1, kLi)});
    li.caller.revoked = true;
    const std::uint64_t first = li.write({account(2, kLi)});
    li.exchange();
    li.exchange();
    expect_quarantined(li.verdicts[first], Reason::revoked);
    EXPECT_TRUE(li.records.empty());
}

TEST_F(ServerVerdict, AWriteThatWaitsForALostOneIsHeldAndTakenWhenThatComes) {
    const std::uint64_t held = write_what_waits();
    EXPECT_EQ(wang.verdicts[held].kind, VerdictKind::held);
    const std::uint64_t behind = wang.write({account(5, kWang)});
    wang.sync();
    EXPECT_EQ(wang.verdicts[behind].kind, VerdictKind::accepted);
    after(li, {write(kAccount, record_id(1), li.records[record_id(1)].state.clock,
                     {text(kName, "before")})});
    SyncRequest question = wang.request();
    const auto id = decode_changeset_header(wang.journal[0].bytes)->id;
    question.questions = {{1, held, id}};
    const auto answer = head.handle(question, wang.caller);
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->reply.verdicts.size(), 1U);
    EXPECT_EQ(answer->reply.verdicts[0].kind, VerdictKind::accepted);
    const RecordState state = head.state(kAccount, record_id(1));
    ASSERT_EQ(state.cell(kName)->siblings.size(), 1U);
    EXPECT_EQ(state.cell(kName)->siblings[0].values[0], Value::text("after"));
}

TEST_F(ServerVerdict, AHeldWriteOfAnAbsentDeviceIsTakenWhenItsAuthorMayStillWrite) {
    write_what_waits();
    head.store().look_up_callers(
        [this](std::uint64_t, const RecordId&) -> Result<std::optional<Caller>> {
            return std::optional(wang.caller);
        });
    after(li, {write(kAccount, record_id(1), li.records[record_id(1)].state.clock,
                     {text(kName, "before")})});
    EXPECT_EQ(head.state(kAccount, record_id(1)).cell(kName)->siblings[0].values[0],
              Value::text("after"));
    li.sync();
    li.expect_equal_to_head();
}

TEST_F(ServerVerdict, AfterTheDeadlineWhatAWriteWaitsForIsLostAndItGoesOn) {
    write_what_waits();
    head.store().look_up_callers(
        [this](std::uint64_t, const RecordId&) -> Result<std::optional<Caller>> {
            return std::optional(wang.caller);
        });
    EXPECT_EQ(*head.store().sweep_held(kNow + kHoldDeadlineMs), 0U);
    EXPECT_EQ(*head.store().sweep_held(kNow + kHoldDeadlineMs + 1), 1U);
    EXPECT_EQ(head.store().figures()->held, 0U);
    EXPECT_EQ(head.state(kAccount, record_id(1)).cell(kName)->siblings[0].values[0],
              Value::text("after"));
}

TEST_F(ServerVerdict, WhatWaitsOfADeviceThatNobodyKnowsAnyMoreIsKeptAside) {
    write_what_waits();
    head.store().look_up_callers(
        [](std::uint64_t, const RecordId&) -> Result<std::optional<Caller>> {
            return std::optional<Caller>{};
        });
    EXPECT_EQ(*head.store().sweep_held(kNow + kHoldDeadlineMs), 0U);
    EXPECT_EQ(head.store().figures()->held, 1U);
    EXPECT_EQ(*head.store().sweep_held(kNow + kHoldDeadlineMs + 1), 1U);
    EXPECT_EQ(head.store().figures()->held, 0U);
    const auto kept = head.store().quarantine(10);
    ASSERT_TRUE(kept && kept->size() == 1);
    EXPECT_EQ(kept->front().entry.verdict.reason, Reason::revoked);
}

TEST_F(ServerVerdict, AClockFarAheadWinsNothing) {
    after(li, {account(1, kLi)});
    wang.grant(user_scope(kLi));
    wang.sync();
    wang.device_clock_ahead = 10LL * 365 * 24 * 3600 * 1000;
    const Verdict verdict =
        after(wang, {write(kAccount, record_id(1), wang.records[record_id(1)].state.clock,
                           {text(kName, "from the future")})});
    EXPECT_EQ(verdict.kind, VerdictKind::accepted);
    EXPECT_LE(verdict.effective.ms(), kNow + kSkewMs);
}

TEST_F(ServerVerdict, AnEditMadeBeforeAnUnknownHandoverIsTakenAndFlagged) {
    after(li, {account(1, kLi)});
    const VectorClock seen = li.records[record_id(1)].state.clock;
    ASSERT_TRUE(head.store().handover(kAccount, record_id(1), kWang, kNow + 1'000));
    head.clock_source.now += 2'000;
    const Verdict verdict =
        after(li, {write(kAccount, record_id(1), seen, {text(kNote, "called them")})});
    EXPECT_EQ(verdict.kind, VerdictKind::accepted);
    EXPECT_TRUE(verdict.late);
    EXPECT_FALSE(li.has(record_id(1)));
    EXPECT_TRUE(head.state(kAccount, record_id(1)).cell(kNote)->siblings[0].late);
    wang.sync();
    wang.expect_equal_to_head();
}

TEST_F(ServerVerdict, ALateEditDoesNotTakeTheRecordBack) {
    after(li, {account(1, kLi)});
    const VectorClock seen = li.records[record_id(1)].state.clock;
    ASSERT_TRUE(head.store().handover(kAccount, record_id(1), kWang, kNow));
    expect_quarantined(after(li, {write(kAccount, record_id(1), seen, {reference(kOwner, kLi)})}),
                       Reason::not_allowed);
}

TEST_F(ServerVerdict, ALateEditGivesNoOtherRights) {
    after(li, {account(1, kLi)});
    const VectorClock seen = li.records[record_id(1)].state.clock;
    ASSERT_TRUE(head.store().handover(kAccount, record_id(1), kWang, kNow));
    expect_quarantined(
        after(li, {write(kAccount, record_id(1), seen, {text(kNote, "late")}), account(2, kWang)}),
        Reason::not_allowed);
}

TEST_F(ServerVerdict, WhoWasToldOfTheHandoverMayNotEditAnyMore) {
    after(li, {account(1, kLi)});
    const VectorClock seen = li.records[record_id(1)].state.clock;
    ASSERT_TRUE(head.store().handover(kAccount, record_id(1), kWang, kNow));
    li.sync();
    EXPECT_FALSE(li.has(record_id(1)));
    expect_quarantined(after(li, {write(kAccount, record_id(1), seen, {text(kNote, "x")})}),
                       Reason::not_allowed);
}

TEST_F(ServerVerdict, ADeviceThatNeverHeldARecordMakesNoLateEditOfIt) {
    head.write({account(1, kLi)});
    ASSERT_TRUE(head.store().handover(kAccount, record_id(1), kWang, kNow));
    expect_quarantined(after(li, {write(kAccount, record_id(1), head.clock(kAccount, record_id(1)),
                                        {text(kNote, "x")})}),
                       Reason::not_allowed);
}

TEST_F(ServerVerdict, AnEditMadeWhileTheFirstLoadWasUnderWayMayBeLate) {
    head.options.max_rows = 1;
    head.write({account(1, kLi)});
    head.write({account(2, kLi)});
    while (!li.has(record_id(1)))
        li.exchange();
    ASSERT_FALSE(li.checkpoint);
    const VectorClock seen = li.records[record_id(1)].state.clock;
    ASSERT_TRUE(head.store().handover(kAccount, record_id(1), kWang, kNow));
    const Verdict verdict = after(li, {write(kAccount, record_id(1), seen, {text(kNote, "x")})});
    EXPECT_EQ(verdict.kind, VerdictKind::accepted) << verdict.detail;
    EXPECT_TRUE(verdict.late);
}

TEST_F(ServerVerdict, AnEditOlderThanTheWindowIsNotTaken) {
    after(li, {account(1, kLi)});
    const VectorClock seen = li.records[record_id(1)].state.clock;
    ASSERT_TRUE(head.store().handover(kAccount, record_id(1), kWang, kNow));
    head.clock_source.now += kLateEditWindowMs + 1;
    expect_quarantined(after(li, {write(kAccount, record_id(1), seen, {text(kNote, "x")})}),
                       Reason::not_allowed);
}

TEST_F(ServerVerdict, ARolledBackDeviceIsToldBeforeAnythingIsTaken) {
    after(li, {account(1, kLi)});
    SmallDevice rolled_back = li;
    after(li, {account(2, kLi)});
    rolled_back.write({account(3, kLi)});
    const SyncReply reply = rolled_back.exchange();
    EXPECT_EQ(reply.status, ReplyStatus::fork);
    EXPECT_EQ(reply.new_incarnation, 2U);
    ASSERT_EQ(reply.chain.size(), 2U);
    EXPECT_EQ(reply.chain[0].counter, 2U);
    EXPECT_EQ(reply.chain[1].counter, 1U);
    EXPECT_EQ(reply.chain[1].hash, rolled_back.acked_hash);
    EXPECT_FALSE(head.state(kAccount, record_id(3)).exists());
    EXPECT_EQ(rolled_back.exchange().new_incarnation, 3U);  // never the same for two copies
}

TEST_F(ServerVerdict, FewerChangesThanTheServerHasOrAnotherBaseAreAFork) {
    after(li, {account(1, kLi)});
    after(li, {account(2, kLi)});
    SyncRequest fewer = li.request();
    fewer.last_counter = fewer.base_counter = 1;
    EXPECT_EQ(head.handle(fewer, li.caller)->reply.status, ReplyStatus::fork);
    SyncRequest other = li.request();
    other.base_hash[0] ^= 1;
    EXPECT_EQ(head.handle(other, li.caller)->reply.status, ReplyStatus::fork);
    SyncRequest foreign = li.request();
    foreign.replica.incarnation = 7;  // nobody issued it
    EXPECT_EQ(head.handle(foreign, li.caller)->reply.status, ReplyStatus::fork);
}

TEST_F(ServerVerdict, AChangeIssuedAgainAfterAForkCountsOnce) {
    after(li, {account(1, kLi)});
    const ChangeId change = make_change_id(head.random);
    Operation call = write(kAccount, record_id(1), li.records[record_id(1)].state.clock, {});
    call.counters = {{kCalls, 2}};
    li.write({call}, Intent::person, &change);
    li.sync();
    SmallDevice again(head, 0xa1, kLi);
    SyncRequest hello = li.request();
    hello.last_counter = hello.base_counter = 1;
    again.replica.incarnation = head.handle(hello, li.caller)->reply.new_incarnation;
    again.acked_hash = chain_start(head.store().services().hash, again.replica);
    const std::uint64_t first = again.write({call}, Intent::person, &change);
    again.sync();
    EXPECT_EQ(again.verdicts[first].kind, VerdictKind::alias);
    EXPECT_EQ(again.verdicts[first].original, (Dot{li.replica, 2}));
    EXPECT_EQ(again.verdicts[first].seq, li.verdicts[2].seq);
    EXPECT_EQ(total(*head.state(kAccount, record_id(1)).counter(kCalls)), 2);
}

TEST_F(ServerVerdict, AnIdThatAnotherDeviceTookFirstTakesNothingAway) {
    const ChangeId change = make_change_id(head.random);
    wang.write({account(2, kWang)}, Intent::person, &change);
    wang.sync();
    li.write({account(1, kLi)}, Intent::person, &change);
    li.sync();
    EXPECT_EQ(li.verdicts[1].kind, VerdictKind::accepted);
    SyncRequest request = li.request();
    request.questions = {{9, 1, change}};
    const auto answer = head.handle(request, li.caller);
    ASSERT_TRUE(answer && answer->reply.verdicts.size() == 1);
    EXPECT_EQ(answer->reply.verdicts[0].original, (Dot{li.replica, 1})) << "Li's own, not Wang's";
    SmallDevice again(head, 0xa1, kLi);
    SyncRequest hello = li.request();
    hello.last_counter = hello.base_counter = 0;
    again.replica.incarnation = head.handle(hello, li.caller)->reply.new_incarnation;
    again.acked_hash = chain_start(head.store().services().hash, again.replica);
    const std::uint64_t first = again.write({account(1, kLi)}, Intent::person, &change);
    again.sync();
    EXPECT_EQ(again.verdicts[first].kind, VerdictKind::alias) << "issued again, it counts once";
}

TEST_F(ServerVerdict, AClockThatCoversAnAliasCoversWhatItStandsFor) {
    after(li, {account(1, kLi)});
    const VectorClock base = li.records[record_id(1)].state.clock;
    const ChangeId change = make_change_id(head.random);
    const auto edit = write(kAccount, record_id(1), base, {text(kNote, "one")});
    li.write({edit}, Intent::person, &change);
    li.sync();
    SmallDevice again(head, 0xa1, kLi);
    SyncRequest hello = li.request();
    hello.last_counter = hello.base_counter = 1;
    again.replica.incarnation = head.handle(hello, li.caller)->reply.new_incarnation;
    again.acked_hash = chain_start(head.store().services().hash, again.replica);
    again.write({edit}, Intent::person, &change);
    VectorClock seen = base;
    seen.advance({again.replica, 1});
    again.write({write(kAccount, record_id(1), seen, {text(kNote, "two")})});
    again.sync();
    const RecordState state = head.state(kAccount, record_id(1));
    ASSERT_EQ(state.cell(kNote)->siblings.size(), 1U) << "a false conflict";
    EXPECT_EQ(state.cell(kNote)->siblings[0].values[0], Value::text("two"));
    again.expect_equal_to_head();
}

TEST_F(ServerVerdict, QuestionsAreAnsweredByDotThenByIdElseUnknown) {
    const ChangeId change = make_change_id(head.random);
    li.write({account(1, kLi)}, Intent::person, &change);
    li.sync();
    SyncRequest request = li.request();
    request.questions = {{1, 1, change}, {9, 1, change}, {1, 1, make_change_id(head.random)}};
    const auto answer = head.handle(request, li.caller);
    ASSERT_TRUE(answer && answer->reply.verdicts.size() == 3);
    EXPECT_EQ(answer->reply.verdicts[0].kind, VerdictKind::accepted);
    EXPECT_EQ(answer->reply.verdicts[1].kind, VerdictKind::alias);
    EXPECT_EQ(answer->reply.verdicts[1].incarnation, 9U);
    EXPECT_EQ(answer->reply.verdicts[2].kind, VerdictKind::unknown);
}

TEST_F(ServerVerdict, RequestsThatMakeNoSenseAreRefusedWhole) {
    SyncRequest stranger = li.request();
    stranger.replica.id = 0xffff;
    EXPECT_EQ(head.handle(stranger, li.caller).error().code, ErrorCode::forbidden);
    SyncRequest hole = li.request();
    hole.changesets = {{2, 2, "x"}};
    hole.last_counter = 2;
    EXPECT_EQ(head.handle(hole, li.caller).error().code, ErrorCode::invalid_argument);
    SyncRequest beyond = li.request();
    beyond.changesets = {{1, 1, "x"}};
    EXPECT_EQ(head.handle(beyond, li.caller).error().code, ErrorCode::invalid_argument);
    SyncRequest wide = li.request();
    wide.changesets = {{1, kMaxOperations + 1, "x"}};
    wide.last_counter = kMaxOperations + 1;
    EXPECT_EQ(head.handle(wide, li.caller).error().code, ErrorCode::invalid_argument);
    SyncRequest huge = li.request();
    huge.last_counter = UINT64_MAX;
    EXPECT_EQ(head.handle(huge, li.caller).error().code, ErrorCode::invalid_argument);
    SyncRequest greedy = li.request();
    greedy.wanted.resize(kMaxRepairIds + 1);
    EXPECT_EQ(head.handle(greedy, li.caller).error().code, ErrorCode::limit);
    SyncRequest foreign = li.request();
    foreign.protocol_min = kProtocolMax + 1;
    foreign.protocol_max = kProtocolMax + 1;
    EXPECT_EQ(head.handle(foreign, li.caller)->reply.status, ReplyStatus::upgrade_needed);
    EXPECT_EQ(*head.store().database().integer("SELECT count(*) FROM _log"), 1);  // the schema
}

TEST_F(ServerVerdict, TooManyUnknownNamesInClocksEndTheSearch) {
    after(li, {account(1, kLi)});
    std::vector<Operation> operations;
    for (int i = 0; i < 3'000; ++i) {
        VectorClock seen;
        seen.advance({li.replica, 1});
        operations.push_back(write(kAccount, record_id(1'000 + i), seen, {text(kName, "x")}));
    }
    expect_quarantined(after(li, std::move(operations)), Reason::false_claim);
}

TEST_F(ServerVerdict, APoolsNameHasALimit) {
    const std::string longest(kMaxScopeBytes - 2, 'p');
    li.grant(pool_scope(longest));
    li.grant(pool_scope(longest + "p"));
    EXPECT_EQ(after(li, {create(kAccount, record_id(1), {text(kPool, longest)})}).kind,
              VerdictKind::accepted);
    expect_quarantined(after(li, {create(kAccount, record_id(2), {text(kPool, longest + "p")})}),
                       Reason::invalid_value);
}

TEST_F(ServerVerdict, ASetOverItsLimitIsABadValue) {
    after(li, {account(1, kLi)});
    Operation tags = write(kAccount, record_id(1), li.records[record_id(1)].state.clock, {});
    for (std::size_t i = 0; i < kMaxSetElements; ++i) {
        std::string tag = std::to_string(i);
        tags.sets.push_back({kTags, Value::text(std::string(4 - tag.size(), '0') + tag), true});
    }
    EXPECT_EQ(after(li, {tags}).kind, VerdictKind::accepted);
    Operation more = write(kAccount, record_id(1), li.records[record_id(1)].state.clock, {});
    more.sets = {{kTags, Value::text("one more"), true}};
    expect_quarantined(after(li, {more}), Reason::invalid_value);
    li.expect_equal_to_head();
}

}  // namespace
}  // namespace satchel::test
