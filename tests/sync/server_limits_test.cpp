// What one device may leave behind at head office, or make it do: so much, and the rest waits.
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
    Error refusal_of(const SmallDevice& device) {
        const auto answer = head.handle(device.request(), device.caller);
        EXPECT_FALSE(answer);
        return answer ? Error{} : answer.error();
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
    const Error error = refusal_of(li);
    EXPECT_EQ(error.code, ErrorCode::limit);
    EXPECT_NE(error.message.find("in 1 hour"), std::string::npos) << error.message;
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
    EXPECT_EQ(refusal_of(li).code, ErrorCode::limit);
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
    EXPECT_EQ(refusal_of(li).code, ErrorCode::limit);
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
    EXPECT_EQ(refusal_of(next).code, ErrorCode::limit);
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
    const Error error = refusal_of(wang);
    EXPECT_EQ(error.code, ErrorCode::limit);
    EXPECT_NE(error.message.find("wait"), std::string::npos) << error.message;
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

TEST_F(ServerLimits, ABundleIsAnsweredAsFarAsItWasTaken) {
    for (int i = 0; i < 9; ++i)
        write_rubbish(li);
    li.sync();
    li.write({account(1, kLi)});
    write_rubbish(li);
    li.write({account(2, kLi)});
    li.list_scopes = true;
    SyncRequest first = li.request();
    SyncRequest second = first;
    first.changesets.resize(2);
    second.changesets = {second.changesets[2]};
    second.base_counter = first.changesets.back().last_counter;
    BundleRounds rounds({first, second}, head.store().services().hash);
    ASSERT_TRUE(rounds.check());
    const auto answer = head.handle(rounds.request(), li.caller);
    ASSERT_TRUE(answer);
    ASSERT_TRUE(rounds.take(answer->reply));
    EXPECT_TRUE(rounds.finished());
    EXPECT_FALSE(rounds.complete());
    EXPECT_EQ(rounds.place().acked_counter, 10U);
    li.take(answer->reply);
    EXPECT_EQ(li.acked, 10U);
}

}  // namespace
}  // namespace satchel::test
