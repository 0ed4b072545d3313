// What one device may leave behind at head office, or make it do: so much, and the rest waits.
#include <unistd.h>

#include <filesystem>

#include "sync/bundle_rounds.hpp"
#include "sync/limits.hpp"
#include "tests/sync/server_fixture.hpp"

namespace satchel::test {
namespace {

const RecordId kLi = user_id(1);
const RecordId kWang = user_id(2);
constexpr std::size_t kLargeBytes = 7U << 20;

class ServerLimits : public testing::Test {
  protected:
    // What no reader of changesets can read.
    static void write_rubbish(SmallDevice& device, std::size_t bytes = kLargeBytes) {
        device.write_bytes(Bytes(bytes, 'x'), 1);
    }
    // Accounts of li's with long notes, `kLargeBytes` together.
    static std::vector<Operation> large_accounts(int first, const VectorClock* seen = nullptr) {
        std::vector<Operation> operations;
        for (int i = 0; i < 7; ++i) {
            Operation operation = account(first + i, kLi);
            operation.cells.push_back(text(kNote, std::string(1U << 20, 'n')));
            if (seen != nullptr) operation.clock = *seen;
            operations.push_back(std::move(operation));
        }
        return operations;
    }
    // Of a request of which nothing can be taken.
    std::string refusal_of(const SmallDevice& device) {
        const auto answer = head.handle(device.request(), device.caller);
        EXPECT_TRUE(answer);
        if (!answer) return {};
        EXPECT_EQ(answer->reply.acked_counter, device.acked);
        EXPECT_TRUE(answer->reply.verdicts.empty());
        return answer->reply.refusal;
    }
    static constexpr const char* kDaysRoom = "64 MiB a day";
    static void expect_says(const std::string& refusal, std::string_view what) {
        EXPECT_NE(refusal.find(what), std::string::npos) << refusal;
        EXPECT_LE(refusal.size(), kMaxRefusalBytes);
    }

    Head head;
    SmallDevice li{head, 0xa1, kLi};
    SmallDevice wang{head, 0xb2, kWang};
};

TEST_F(ServerLimits, ADayHasRoomForSoMuchThatIsNotAccepted) {
    for (std::size_t bytes = 0; bytes + kLargeBytes <= kMaxRefusedBytes; bytes += kLargeBytes)
        write_rubbish(li);
    li.sync();
    EXPECT_EQ(head.store().figures()->quarantined, 9U);
    write_rubbish(li);
    head.clock_source.now += kDayMs - 3'600'000;
    expect_says(refusal_of(li), "in 1 hour");
    EXPECT_EQ(head.store().figures()->quarantined, 9U) << "nothing was taken";
    // Nobody else is any the worse for it.
    wang.write({account(1, kWang)});
    write_rubbish(wang);
    wang.sync();
    EXPECT_EQ(wang.verdicts.at(1).kind, VerdictKind::accepted);
    head.clock_source.now += 3'600'000;
    li.write({account(2, kLi)});
    li.sync();
    EXPECT_EQ(li.verdicts.at(10).kind, VerdictKind::quarantined);
    EXPECT_EQ(li.verdicts.at(11).kind, VerdictKind::accepted);
    li.expect_equal_to_head();
}

TEST_F(ServerLimits, SmallOnesCountAsMoreThanTheyAre) {
    constexpr std::size_t kMost = kMaxRefusedBytes / kLeastKeptBytes;
    for (std::size_t i = 0; i < kMost; ++i) {
        write_rubbish(li, 1);
        if (i % kMaxVerdicts == 0) li.sync();  // one request has no room for all
    }
    li.sync();
    EXPECT_EQ(li.acked, kMost);
    write_rubbish(li, 1);
    expect_says(refusal_of(li), kDaysRoom);
}

TEST_F(ServerLimits, WhatIsAcceptedNeedsNoRoomAndWhatComesBeforeIsTaken) {
    for (int i = 0; i < 9; ++i)
        write_rubbish(li);
    li.sync();
    for (int i = 0; i < 3; ++i)
        li.write(large_accounts(10 * i));
    write_rubbish(li);
    const std::uint64_t last = li.write({account(99, kLi)});
    const SyncReply reply = li.exchange();
    EXPECT_EQ(reply.status, ReplyStatus::ok);
    EXPECT_EQ(reply.verdicts.size(), 3U);
    EXPECT_EQ(reply.acked_counter, last - 2);
    expect_says(refusal_of(li), kDaysRoom);
    head.clock_source.now += kDayMs;
    li.sync();
    EXPECT_EQ(li.verdicts.at(last).kind, VerdictKind::accepted);
    li.expect_equal_to_head();
}

TEST_F(ServerLimits, ARevokedDeviceIsToldHowMuchWasTaken) {
    for (int i = 0; i < 10; ++i)
        write_rubbish(li);
    li.caller.revoked = true;
    EXPECT_EQ(li.exchange().acked_counter, 9U);
    const auto again = head.handle(li.request(), li.caller);
    ASSERT_TRUE(again) << "it must hear that it is to wipe, whatever is left";
    EXPECT_EQ(again->reply.acked_counter, 9U);
}

TEST_F(ServerLimits, ANewIncarnationHasNoNewDay) {
    for (int i = 0; i < 9; ++i)
        write_rubbish(li);
    li.sync();
    SyncRequest ask = li.request();
    ask.wants_incarnation = true;
    const auto issued = head.handle(ask, li.caller);
    ASSERT_TRUE(issued);
    SmallDevice next{head, 0xa1, kLi};
    next.replica.incarnation = issued->reply.new_incarnation;
    next.acked_hash = chain_start(head.store().services().hash, next.replica);
    write_rubbish(next);
    expect_says(refusal_of(next), kDaysRoom);
}

TEST_F(ServerLimits, IncarnationsOfADayAreLimited) {
    li.write({account(1, kLi)});
    li.sync();
    SyncRequest ask = li.request();
    ask.wants_incarnation = true;
    for (std::size_t i = 0; i < kMaxIncarnations; ++i)
        ASSERT_TRUE(head.handle(ask, li.caller)) << i;
    const auto refused = head.handle(ask, li.caller);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::limit);
    li.caller.revoked = true;
    const auto shut_out = head.handle(ask, li.caller);
    ASSERT_TRUE(shut_out) << "it must hear that it is to wipe";
    EXPECT_EQ(shut_out->reply.new_incarnation, 0U);
    li.caller.revoked = false;
    head.clock_source.now += kDayMs;
    EXPECT_TRUE(head.handle(ask, li.caller));
}

TEST_F(ServerLimits, WhatWaitsHasALimitInAll) {
    li.write({account(1, kLi)});
    li.sync();
    wang.write({account(2, kWang)});
    wang.sync();
    wang.grant(user_scope(kLi));
    wang.grant("p:x");
    VectorClock seen;
    seen.advance({li.replica, 2});  // has not come
    for (int i = 0; i < 5; ++i) {
        wang.write(large_accounts(10 * (i + 1), &seen));
        head.clock_source.now += kDayMs;  // it is not the day's limit that is met
        if (i < 4) wang.sync();
    }
    EXPECT_EQ(head.store().figures()->held, 4U);
    expect_says(refusal_of(wang), "that wait for changes of other devices");
    // It comes, and is another record's: none of them is held any more, and there is room again.
    li.write({account(3, kLi)});
    li.sync();
    wang.exchange();
    wang.sync();
    EXPECT_EQ(head.store().figures()->held, 0U);
}

TEST_F(ServerLimits, ARequestThatSearchesTheLogTooMuchIsAnsweredInParts) {
    constexpr int kChangesets = 20;
    for (int i = 0; i < kChangesets; ++i)
        li.write(large_accounts(10 * (i + 1)));
    li.write({account(1, kLi)});
    li.sync();
    for (int i = 0; i < kChangesets; ++i) {
        VectorClock seen;
        seen.advance({li.replica, 7 * static_cast<std::uint64_t>(i) + 1});
        li.write({write(kAccount, record_id(1'000 + i), seen, {text(kName, "x")})});
    }
    const std::uint64_t before = li.acked;
    const SyncReply first = li.exchange();
    EXPECT_GT(first.acked_counter, before);
    EXPECT_LT(first.acked_counter, li.counter);
    li.sync();
    for (std::uint64_t at = before + 1; at <= li.counter; ++at)
        EXPECT_EQ(li.verdicts.at(at).reason, Reason::false_claim);
}

TEST_F(ServerLimits, DevicesGiveRecordsToNobodyWhomHeadOfficeDoesNotKnow) {
    head.store().look_up_scopes([](const std::string& scope) -> Result<bool> {
        return scope == "p:east" || scope == user_scope(kWang);
    });
    const auto verdict_of = [&](Operation operation) {
        const std::uint64_t first = li.write({std::move(operation)});
        li.sync();
        return li.verdicts.at(first);
    };
    const auto in_pool = [](int n, std::string_view pool) {
        Operation operation = account(n, kLi);
        operation.cells.push_back(text(kPool, pool));
        return operation;
    };
    EXPECT_EQ(verdict_of(in_pool(1, "east")).kind, VerdictKind::accepted);
    const Verdict refused = verdict_of(in_pool(2, "nowhere"));
    EXPECT_EQ(refused.kind, VerdictKind::quarantined);
    EXPECT_EQ(refused.reason, Reason::invalid_value);
    EXPECT_NE(refused.detail.find("does not know"), std::string::npos) << refused.detail;
    // Head office itself may, and from then on the pool is known.
    EXPECT_EQ(head.write({in_pool(3, "nowhere")}).kind, VerdictKind::accepted);
    EXPECT_EQ(verdict_of(in_pool(4, "nowhere")).kind, VerdictKind::accepted);
    const RecordId id = record_id(1);
    EXPECT_EQ(verdict_of(write(kAccount, id, li.records.at(id).state.clock,
                               {reference(kOwner, user_id(77))}))
                  .reason,
              Reason::not_allowed)
        << "east is not li's";
    li.grant("p:east");
    EXPECT_EQ(
        verdict_of(write(kAccount, id, head.clock(kAccount, id), {reference(kOwner, user_id(77))}))
            .reason,
        Reason::invalid_value);
    EXPECT_EQ(
        verdict_of(write(kAccount, id, head.clock(kAccount, id), {reference(kOwner, kWang)})).kind,
        VerdictKind::accepted);
}

TEST_F(ServerLimits, ABundleIsAnsweredWhereverItsChangesetsStop) {
    for (int i = 0; i < 9; ++i)
        write_rubbish(li);
    li.sync();
    head.write({create(kProduct, record_id(51), {text(kName, "P")})});
    li.write({account(1, kLi)});
    write_rubbish(li);
    li.write({account(2, kLi)});
    li.list_scopes = true;
    const SyncRequest whole = li.request();
    for (const std::size_t cut : {1U, 2U}) {  // before the refused one, and behind it
        SCOPED_TRACE(cut);
        SmallDevice device = li;
        SyncRequest first = whole;
        SyncRequest second = whole;
        first.changesets.resize(cut);
        second.changesets.erase(second.changesets.begin(),
                                second.changesets.begin() + static_cast<std::ptrdiff_t>(cut));
        second.base_counter = first.changesets.back().last_counter;
        BundleRounds rounds({first, second}, head.store().services().hash);
        ASSERT_TRUE(rounds.check());
        std::string refusal;
        for (int round = 0; round < 10 && !rounds.finished(); ++round) {
            const auto answer = head.handle(rounds.request(), device.caller);
            ASSERT_TRUE(answer) << answer.error().message;
            refusal += answer->reply.refusal;
            ASSERT_TRUE(rounds.take(answer->reply));
            device.take(answer->reply);
        }
        EXPECT_TRUE(rounds.finished());
        EXPECT_FALSE(rounds.complete());
        expect_says(refusal, kDaysRoom);
        EXPECT_EQ(rounds.place().acked_counter, 10U);
        EXPECT_EQ(device.acked, 10U);
        EXPECT_TRUE(device.has(record_id(51))) << "what comes down goes on";
    }
}

// Waits for what a colleague has not sent yet.
Operation waiting_write(const RecordId& id, const VectorClock& seen, ReplicaId colleague,
                        std::uint64_t counter) {
    VectorClock clock = seen;
    clock.advance({colleague, counter});
    return write(kAccount, id, clock, {text(kName, "after")});
}

class ServerHeld : public ServerLimits {
  protected:
    void SetUp() override {
        li.write({account(1, kLi)});
        li.sync();
        wang.grant(user_scope(kLi));
        wang.sync();
        head.store().look_up_callers(
            [this](std::uint64_t, const RecordId&) -> Result<std::optional<Caller>> {
                return std::optional(wang.caller);
            });
    }
    std::size_t ready() { return head.store().ready_held()->size(); }
    VectorClock seen() { return head.clock(kAccount, record_id(1)); }
    void li_writes(std::string_view name) {
        li.write({write(kAccount, record_id(1), li.records.at(record_id(1)).state.clock,
                        {text(kName, name)})});
        li.sync();
    }
    std::uint64_t held() { return head.store().figures()->held; }
};

TEST_F(ServerHeld, OneThatWaitsIsLookedAtOnlyWhenSomethingHappenedToWhatItWaitsFor) {
    wang.write({waiting_write(record_id(1), seen(), li.replica, 3)});
    wang.sync();
    EXPECT_EQ(held(), 1U);
    EXPECT_EQ(ready(), 0U);
    li_writes("2");
    EXPECT_EQ(held(), 1U);
    EXPECT_EQ(ready(), 0U);
    li_writes("3");
    EXPECT_EQ(held(), 0U);
    wang.sync();
    li.sync();
    li.expect_equal_to_head();
}

TEST_F(ServerHeld, OneThatNamesTwoMissingChangesWaitsForOneAfterTheOther) {
    SmallDevice zhang{head, 0xc3, user_id(3)};
    zhang.grant(user_scope(kLi));
    zhang.sync();
    VectorClock clock = seen();
    clock.advance({zhang.replica, 1});
    wang.write({waiting_write(record_id(1), clock, li.replica, 2)});
    wang.sync();
    li_writes("2");
    EXPECT_EQ(held(), 1U);
    EXPECT_EQ(ready(), 0U);
    EXPECT_EQ(head.store().held()->front().verdict.original, (Dot{zhang.replica, 1}));
    zhang.write({write(kAccount, record_id(1), zhang.records.at(record_id(1)).state.clock,
                       {text(kNote, "n")})});
    zhang.sync();
    EXPECT_EQ(held(), 0U);
}

// Seed 24301 of the simulation: the schema that the later change needs is lost, so it waits for
// nothing; who had seen both names only that one.
TEST_F(ServerHeld, WhoHadSeenARefusedChangeWaitsForTheOneBeforeIt) {
    SmallDevice zhang{head, 0xc3, user_id(3)};
    zhang.grant(user_scope(kLi));
    zhang.sync();
    wang.write({waiting_write(record_id(1), seen(), li.replica, 2)});
    VectorClock clock = seen();
    clock.advance({wang.replica, 1});
    wang.write({write(kAccount, record_id(1), clock, {text(FieldId{99}, "of a lost schema")})});
    wang.sync();
    ASSERT_EQ(wang.verdicts.at(1).kind, VerdictKind::held);
    ASSERT_EQ(wang.verdicts.at(2).kind, VerdictKind::quarantined);
    clock.advance({wang.replica, 2});
    zhang.write({write(kAccount, record_id(1), clock, {text(kName, "last")})});
    zhang.sync();
    EXPECT_EQ(held(), 2U);
    head.store().look_up_callers(
        [&](std::uint64_t replica, const RecordId&) -> Result<std::optional<Caller>> {
            return std::optional(replica == zhang.replica.id ? zhang.caller : wang.caller);
        });
    li_writes("2");
    EXPECT_EQ(held(), 0U);
    const RecordState state = head.state(kAccount, record_id(1));
    ASSERT_EQ(state.cell(kName)->siblings.size(), 1U);
    EXPECT_EQ(state.cell(kName)->siblings[0].values[0], Value::text("last"));
}

TEST_F(ServerHeld, ACopyOfAHeldChangeWaitsForItAndIsDecidedWithIt) {
    const ChangeId change = make_change_id(head.random);
    wang.write({waiting_write(record_id(1), seen(), li.replica, 2)}, Intent::person, &change);
    wang.sync();
    wang.write({waiting_write(record_id(1), seen(), li.replica, 2)}, Intent::person, &change);
    wang.sync();
    EXPECT_EQ(held(), 2U);
    EXPECT_EQ(ready(), 0U) << "the copy is not looked at again and again";
    li_writes("2");
    EXPECT_EQ(held(), 0U);
    wang.acked = 0;
    wang.acked_hash = chain_start(head.store().services().hash, wang.replica);
    wang.sync();  // the stored verdicts again
    EXPECT_EQ(wang.verdicts.at(1).kind, VerdictKind::accepted);
    EXPECT_EQ(wang.verdicts.at(2).kind, VerdictKind::alias);
}

TEST_F(ServerHeld, ALongChainThatWaitsIsDecidedAtOnce) {
    constexpr int kChain = 300;
    wang.write({waiting_write(record_id(1), seen(), li.replica, 2)});
    for (int i = 1; i < kChain; ++i)
        wang.write(
            {waiting_write(record_id(1), seen(), wang.replica, static_cast<std::uint64_t>(i))});
    wang.sync();
    EXPECT_EQ(held(), static_cast<std::uint64_t>(kChain));
    EXPECT_EQ(ready(), 0U);
    li_writes("2");
    EXPECT_EQ(held(), 0U);
    EXPECT_EQ(head.state(kAccount, record_id(1)).clock.counter(wang.replica),
              static_cast<std::uint64_t>(kChain));
}

TEST_F(ServerHeld, WhatNamesAnotherRecordsChangeAfterARestoreIsDecidedAtTheDeadline) {
    const std::string path =
        testing::TempDir() + "restored-" + std::to_string(::getpid()) + ".satchel-server";
    std::filesystem::remove(path);
    std::uint64_t named = 0;
    {
        Head old(path);
        SmallDevice before{old, 0xa1, kLi};
        before.write({account(1, kLi), account(2, kLi)});
        before.sync();
        before.write_bytes("rubbish", 1);
        before.sync();
        named = before.counter;
    }
    Head restored(path, false, true);
    SmallDevice zhang{restored, 0xc3, kLi};
    zhang.sync();
    // Of the same changeset: one names what is another record's, one what nobody can read.
    VectorClock wrong = restored.clock(kAccount, record_id(1));
    wrong.advance({{0xa1, 1}, 2});
    VectorClock unreadable = restored.clock(kAccount, record_id(2));
    unreadable.advance({{0xa1, 1}, named});
    zhang.write({write(kAccount, record_id(1), wrong, {text(kName, "x")}),
                 write(kAccount, record_id(2), unreadable, {text(kName, "y")})});
    zhang.sync();
    EXPECT_EQ(restored.store().figures()->held, 1U);
    restored.store().look_up_callers(
        [&](std::uint64_t, const RecordId&) -> Result<std::optional<Caller>> {
            return std::optional(zhang.caller);
        });
    const auto swept = restored.store().sweep_held(kNow + kHoldDeadlineMs + 1);
    ASSERT_TRUE(swept) << swept.error().message;
    EXPECT_EQ(*swept, 2U);
    EXPECT_EQ(restored.store().figures()->held, 0U);
}

TEST_F(ServerHeld, AfterASavepointIsUndoneAndAfterOpeningAllAreLookedAtOnce) {
    wang.write({waiting_write(record_id(1), seen(), li.replica, 3)});
    wang.sync();
    ASSERT_TRUE(head.store().begin());
    ASSERT_TRUE(head.store().savepoint());
    ASSERT_TRUE(head.store().roll_back());
    EXPECT_EQ(ready(), 1U);
    ASSERT_TRUE(head.store().commit());
    li_writes("2");
    EXPECT_EQ(held(), 1U);
    EXPECT_EQ(ready(), 0U);
}

TEST_F(ServerLimits, AnAliasWritesWhatItsOriginalWrites) {
    const ChangeId change = make_change_id(head.random);
    li.write({account(1, kLi)}, Intent::person, &change);
    li.sync();
    const std::uint64_t other =
        li.write({account(2, kLi, std::string(1'000, 'x'))}, Intent::person, &change);
    const std::uint64_t same = li.write({account(1, kLi)}, Intent::person, &change);
    li.sync();
    EXPECT_EQ(li.verdicts.at(other).reason, Reason::false_claim);
    EXPECT_EQ(li.verdicts.at(same).kind, VerdictKind::alias);
}

TEST_F(ServerLimits, ManyNamesOfOneRecordEndTheSearch) {
    std::vector<Operation> accounts;
    for (int i = 0; i < 1'000; ++i)
        accounts.push_back(account(i, kLi));
    const ChangeId change = make_change_id(head.random);
    li.write(accounts, Intent::person, &change);
    li.sync();
    constexpr std::size_t kCopies = (kMaxSearchBytes >> 8) / 1'000 + 1;
    for (std::size_t i = 0; i < kCopies; ++i)
        li.write(accounts, Intent::person, &change);
    li.sync();
    std::uint64_t counter = li.counter - accounts.size();
    for (Operation& operation : accounts) {
        VectorClock clock;
        clock.advance({li.replica, ++counter});
        operation = write(kAccount, operation.record, clock, {text(kName, "x")});
    }
    const std::uint64_t first = li.write(accounts);
    li.sync();
    EXPECT_EQ(li.verdicts.at(first).reason, Reason::false_claim);
    expect_says(li.verdicts.at(first).detail, "too many names");
    // One of them alone is taken as always.
    const std::uint64_t one = li.write({accounts.front()});
    li.sync();
    EXPECT_EQ(li.verdicts.at(one).kind, VerdictKind::accepted) << li.verdicts.at(one).detail;
}

}  // namespace
}  // namespace satchel::test
