// The device's side of a sync against a server made of scripted answers. What goes wrong:
// device_session_trouble_test.cpp.
#include "sync/device_session.hpp"

#include <gtest/gtest.h>

#include "sync/limits.hpp"
#include "tests/sync/session_fixture.hpp"

namespace satchel::testing {
namespace {

TEST_F(Session, WithNothingNewIsOneRoundTrip) {
    store.state.epoch = 7;
    store.state.scopes = {"*"};
    const SyncRequest request = ask();
    EXPECT_EQ(request.replica, store.state.replica);
    EXPECT_EQ(request.epoch, 7U);
    EXPECT_EQ(request.device_now, kNow);
    EXPECT_EQ(request.scopes_hash, scopes_hash({"*"}));
    EXPECT_FALSE(request.lists_scopes);
    EXPECT_EQ(request.wait_ms, 0U);
    EXPECT_FALSE(running().done());
    EXPECT_TRUE(give(answer(request)));
    EXPECT_TRUE(running().done());
    EXPECT_TRUE(is_silent());
    EXPECT_EQ(running().report().rounds, 1U);
    EXPECT_EQ(store.calls, std::vector<std::string>{"take"});
}

TEST_F(Session, OfANewDeviceListsItsScopesUnasked) {
    const SyncRequest request = ask();
    EXPECT_EQ(request.epoch, 0U);
    EXPECT_TRUE(request.lists_scopes);
    EXPECT_TRUE(give_changed(request, [](SyncReply& reply) {
        reply.gained = {"*", "p:north"};
        reply.checkpoint.reset();
    }));
    const SyncRequest next = ask();
    EXPECT_EQ(next.loading, (std::vector<std::string>{"*", "p:north"}));
    EXPECT_EQ(next.scopes_hash, scopes_hash({"*", "p:north"}));
    EXPECT_TRUE(give(answer(next)));
    EXPECT_TRUE(running().done());
}

TEST_F(Session, SendsWhatIsDurableAndGoesOnFromTheAcknowledgedPoint) {
    store.state.acked_counter = store.state.last_counter = 5;
    store.state.acked_hash = sample_digest(5);
    store.write(3);
    store.write(1);
    const SyncRequest request = ask();
    EXPECT_EQ(store.calls,
              std::vector<std::string>{"make_durable " + std::to_string(store.state.last_counter)});
    EXPECT_EQ(request.base_counter, 5U);
    EXPECT_EQ(request.base_hash, sample_digest(5));
    EXPECT_EQ(request.last_counter, 9U);
    ASSERT_EQ(request.changesets.size(), 2U);
    EXPECT_EQ(request.changesets[1].first_counter, 9U);
    EXPECT_TRUE(give(answer(request)));
    EXPECT_TRUE(running().done());
    EXPECT_EQ(running().report().sent_changesets, 2U);
    EXPECT_EQ(running().report().accepted, 2U);
    ASSERT_EQ(store.taken.size(), 1U);
    EXPECT_EQ(store.taken[0].verdicts.size(), 2U);
}

TEST_F(Session, OfARequestWithoutAnAnswerTheNextTakesThePlace) {
    store.write(2);
    const SyncRequest lost = ask();
    store.write(1);
    const SyncRequest request = ask();
    EXPECT_EQ(lost.changesets.size(), 1U);
    ASSERT_EQ(request.changesets.size(), 2U);
    EXPECT_EQ(request.changesets[0].first_counter, lost.changesets[0].first_counter);
    EXPECT_TRUE(give(answer(request)));
    EXPECT_TRUE(running().done());
    EXPECT_EQ(running().report().sent_changesets, 2U);
    EXPECT_EQ(running().report().rounds, 2U);
}

TEST_F(Session, SendsNothingThatIsNotDurable) {
    store.write(1);
    store.failure = Error{ErrorCode::io, "the disk failed"};
    EXPECT_EQ(running().next_request(kNow).error().code, ErrorCode::io);
    EXPECT_EQ(running().report().rounds, 0U);
    EXPECT_EQ(ask().changesets.size(), 1U);
}

TEST_F(Session, SendsLargeWorkInSeveralRequests) {
    options.upload_bytes = 1'000;
    for (int i = 0; i < 10; ++i)
        store.write(1, Bytes(400, 'x'));
    std::size_t rounds = 0;
    for (; !running().done() && rounds < 20; ++rounds)
        give_nothing_new();
    EXPECT_EQ(rounds, 5U);
    EXPECT_EQ(store.state.acked_counter, 10U);
}

TEST_F(Session, SendsMoreAtOnceWhileAnswersComeQuickly) {
    options.upload_bytes = 1'000;
    options.max_upload_bytes = 4'000;
    for (int i = 0; i < 20; ++i)
        store.write(1, Bytes(400, 'x'));
    std::vector<std::size_t> sent;
    while (!running().done() && sent.size() < 20) {
        const SyncRequest request = ask();
        sent.push_back(request.changesets.size());
        ASSERT_TRUE(give(answer(request)));
    }
    EXPECT_EQ(sent, (std::vector<std::size_t>{2, 5, 10, 3}));
}

// As a bundle goes: the answer comes days later, to a session that was told what had been asked.
TEST_F(Session, SaysWhenItHadAsked) {
    const SyncRequest request = ask();
    session.reset();
    running().expect(request);
    constexpr std::int64_t kDays = 3 * 86'400'000;
    ASSERT_TRUE(running().take_reply(encode(answer(request), real_services()), kNow + kDays));
    ASSERT_EQ(store.trips.size(), 1U);
    EXPECT_EQ(store.trips[0].asked, kNow);
    EXPECT_EQ(store.trips[0].answered, kNow + kDays);
}

TEST_F(Session, AsksForNoMoreVerdictsThanAReplyHolds) {
    options.upload_bytes = SIZE_MAX;
    for (std::size_t i = 0; i < kMaxVerdicts + 5; ++i)
        store.write(1, "x");
    store.open_questions = {{1, 1, {}}};
    const SyncRequest request = ask();
    EXPECT_EQ(request.changesets.size(), kMaxVerdicts);
    EXPECT_TRUE(request.questions.empty());
}

TEST_F(Session, NeverBuildsARequestThatIsTooLarge) {
    options.upload_bytes = SIZE_MAX;
    for (int i = 0; i < 6; ++i)
        store.write(1, Bytes(kMaxChangesetBytes, static_cast<char>('a' + i)));
    while (!running().done())
        give_nothing_new();
    EXPECT_EQ(store.state.acked_counter, 6U);
}

TEST_F(Session, RefusesAJournalWithAHole) {
    store.write(1);
    store.write(1);
    store.journal.erase(store.journal.begin());
    EXPECT_EQ(running().next_request(kNow).error().code, ErrorCode::corrupt);
    store.journal.clear();
    EXPECT_EQ(running().next_request(kNow).error().code, ErrorCode::corrupt);
}

TEST_F(Session, SendsWhatWasWrittenWhileARequestWasUnderWay) {
    const SyncRequest request = ask();
    store.write(2);
    EXPECT_TRUE(give(answer(request)));
    EXPECT_FALSE(running().done());
    EXPECT_EQ(ask().changesets.size(), 1U);
}

TEST_F(Session, WalksOnUntilTheCheckpoint) {
    SyncRequest request = ask();
    for (std::uint64_t seq = 10; seq <= 30; seq += 10) {
        EXPECT_TRUE(give_changed(request, [&](SyncReply& reply) {
            reply.checkpoint.reset();
            reply.position = {Sequence{seq}, sample_id(1)};
            reply.pages = {page_with(4, 1)};
        }));
        EXPECT_FALSE(running().done());
        request = ask();
        EXPECT_EQ(request.position, (WalkPosition{Sequence{seq}, sample_id(1)}));
    }
    EXPECT_TRUE(give_changed(request, [](SyncReply& reply) {
        reply.checkpoint = Checkpoint{Sequence{31}, {}};
    }));
    EXPECT_TRUE(running().done());
    EXPECT_EQ(store.state.cursor, Sequence{31});
    EXPECT_EQ(running().report().received_rows, 12U);
    EXPECT_EQ(running().report().departed, 3U);
}

TEST_F(Session, ListsItsScopesWhenTheServerAsks) {
    store.state.scopes = {"*", "p:north"};
    const SyncRequest request = ask();
    EXPECT_FALSE(request.lists_scopes);
    EXPECT_TRUE(
        give_changed(request, [](SyncReply& reply) { reply.status = ReplyStatus::list_scopes; }));
    EXPECT_TRUE(store.taken.empty());
    const SyncRequest listed = ask();
    EXPECT_TRUE(listed.lists_scopes);
    EXPECT_EQ(listed.scopes, store.state.scopes);
    EXPECT_EQ(
        give_changed(listed, [](SyncReply& reply) { reply.status = ReplyStatus::list_scopes; })
            .error()
            .code,
        ErrorCode::bad_reply);
    EXPECT_TRUE(give_changed(listed, [](SyncReply& reply) { reply.lost = {"p:north"}; }));
    EXPECT_TRUE(running().done());
    EXPECT_EQ(store.state.scopes, std::vector<std::string>{"*"});
}

TEST_F(Session, TakesAFreshIncarnationFromTheHighestPointInCommon) {
    store.state.epoch = 7;
    store.state.acked_counter = 8;
    store.state.last_counter = 9;
    store.journal = {{9, 9, "changeset"}};
    store.chain = {{2, sample_digest(2)}, {4, sample_digest(4)}, {8, sample_digest(8)}};
    EXPECT_TRUE(give_changed(ask(), [](SyncReply& reply) {
        reply.status = ReplyStatus::fork;
        reply.new_incarnation = 3;
        reply.chain = {{16, sample_digest(16)},
                       {8, sample_digest(99)},
                       {4, sample_digest(4)},
                       {2, sample_digest(2)}};
    }));
    EXPECT_EQ(store.calls.back(), "take_incarnation 3 from 4");
    EXPECT_TRUE(running().report().forked);
    EXPECT_FALSE(running().done());
    EXPECT_TRUE(store.taken.empty());
}

TEST_F(Session, ForksFromTheBeginningWithNothingInCommon) {
    store.chain = {{8, sample_digest(8)}};
    EXPECT_TRUE(give_changed(ask(), [](SyncReply& reply) {
        reply.status = ReplyStatus::fork;
        reply.new_incarnation = 2;
        reply.chain = {{8, sample_digest(9)}, {7, sample_digest(7)}};
    }));
    EXPECT_EQ(store.calls.back(), "take_incarnation 2 from 0");
    EXPECT_FALSE(running().report().forked) << "a restored head office names who never synced";
}

TEST_F(Session, GoesBackToWhatARestoredServerHas) {
    store.state.epoch = 7;
    store.state.cursor = Sequence{50};
    store.state.position = {Sequence{50}, {}};
    store.state.acked_counter = store.state.last_counter = 9;
    EXPECT_TRUE(give_changed(ask(), [](SyncReply& reply) {
        reply.status = ReplyStatus::restored;
        reply.epoch = 8;
        reply.restored_head = Sequence{40};
        reply.acked_counter = 6;
    }));
    EXPECT_EQ(store.calls.back(), "take_restored 8 head 40 acked 6");
    EXPECT_TRUE(running().report().restored);
    store.journal = {{7, 9, "changeset"}};
    const SyncRequest request = ask();
    EXPECT_EQ(request.epoch, 8U);
    EXPECT_EQ(request.cursor, Sequence{40});
    EXPECT_TRUE(request.whole_states_only);
    EXPECT_EQ(request.changesets.size(), 1U);
}

TEST_F(Session, SendsAgainWhatAServerLostWithoutANewEpoch) {
    store.state.epoch = 7;
    store.state.acked_counter = store.state.last_counter = 9;
    EXPECT_TRUE(give_changed(ask(), [](SyncReply& reply) {
        reply.status = ReplyStatus::restored;
        reply.restored_head = Sequence{3};
        reply.acked_counter = 8;
    }));
    EXPECT_EQ(store.calls.back(), "take_restored 7 head 3 acked 8");
}

TEST_F(Session, OfADeviceThatWasRolledBackToKeepsWithinWhatItWrote) {
    store.state.epoch = 7;
    store.state.acked_counter = store.state.last_counter = 4;
    EXPECT_TRUE(give_changed(ask(), [](SyncReply& reply) {
        reply.status = ReplyStatus::restored;
        reply.epoch = 8;
        reply.acked_counter = 6;
    }));
    EXPECT_EQ(store.calls.back(), "take_restored 8 head 0 acked 4");
}

TEST_F(Session, SaysWhenTheReleaseIsTooOld) {
    const SyncRequest request = ask();
    const auto upgrade = [](SyncReply& reply) { reply.status = ReplyStatus::upgrade_needed; };
    EXPECT_EQ(give_changed(request, upgrade).error().code, ErrorCode::upgrade_needed);
    const auto newer = [](SyncReply& reply) { reply.protocol = kProtocolMax + 1; };
    EXPECT_EQ(give_changed(request, newer).error().code, ErrorCode::upgrade_needed);
    Bytes bytes = encode(answer(request), real_services());
    bytes[5] = 2;
    EXPECT_EQ(running().take_reply(bytes, kNow).error().code, ErrorCode::upgrade_needed);
    EXPECT_TRUE(store.calls.empty());
}

TEST_F(Session, AsksOncePerSessionForTheVerdictOfWhatIsHeld) {
    store.open_questions = {{1, 3, {}}, {1, 4, {}}};
    store.open_questions[1].id.bytes.fill(1);
    const SyncRequest request = ask();
    ASSERT_EQ(request.questions.size(), 2U);
    EXPECT_TRUE(give_changed(request, [](SyncReply& reply) {
        reply.checkpoint.reset();
        reply.verdicts.resize(2);
        reply.verdicts[0] = {1, 3, VerdictKind::held, {}, {}, 0, false, Reason::none, "", {}};
        reply.verdicts[1] = {1, 4, VerdictKind::unknown, {}, {}, 0, false, Reason::none, "", {}};
    }));
    EXPECT_EQ(running().report().held, 1U);
    const SyncRequest next = ask();
    EXPECT_TRUE(next.questions.empty());
    EXPECT_TRUE(give(answer(next)));
    EXPECT_TRUE(running().done());
}

TEST_F(Session, IsNotDoneWhileRecordsAreWanted) {
    store.wanted_ids = {sample_id(1), sample_id(2)};
    const SyncRequest request = ask();
    EXPECT_EQ(request.wanted, store.wanted_ids);
    EXPECT_TRUE(give_changed(request, [](SyncReply& reply) { reply.unknown = {sample_id(1)}; }));
    EXPECT_FALSE(running().done());
    give_nothing_new();
    EXPECT_TRUE(running().done());
}

TEST_F(Session, ComparesEachUnequalScopeOnceAndFromACheckpointOn) {
    store.state.scopes = {"*", "p:north"};
    store.unequal_scopes = {"*", "p:north"};
    const SyncRequest first = ask();
    EXPECT_EQ(first.repair_scope, "");
    EXPECT_TRUE(give(answer(first)));
    const SyncRequest second = ask();
    EXPECT_EQ(second.repair_scope, "*");
    EXPECT_EQ(second.repair.size(), kRepairBuckets);
    EXPECT_FALSE(running().report().repaired);
    EXPECT_TRUE(give_changed(second, [](SyncReply& reply) {
        reply.repair_scope = "*";
        reply.repair_buckets = {repair_bucket(sample_id(1))};
        reply.repair_items = {{sample_id(1), Sequence{4}}};
    }));
    EXPECT_TRUE(running().report().repaired);
    const SyncRequest third = ask();
    EXPECT_EQ(third.repair_scope, "p:north");
    EXPECT_TRUE(give(answer(third)));
    EXPECT_TRUE(running().done());
}

TEST_F(Session, RefusesAComparisonOfWhatWasNotCompared) {
    store.state.scopes = {"*", "p:north"};
    store.unequal_scopes = {"*"};
    give_nothing_new();
    const SyncRequest request = ask();
    const auto refused = [&](auto change) {
        const Status given = give_changed(request, change);
        return !given && given.error().code == ErrorCode::bad_reply;
    };
    EXPECT_TRUE(refused([](SyncReply& reply) { reply.repair_scope = "p:north"; }));
    EXPECT_TRUE(refused([](SyncReply& reply) {
        reply.repair_scope = "*";
        reply.repair_buckets = {repair_bucket(sample_id(1))};
        for (std::uint8_t i = 1; reply.repair_items.size() < 2; ++i)
            reply.repair_items.push_back({sample_id(i), Sequence{1}});
    }));
}

TEST_F(Session, WaitsForNewsOnceThereIsNothingToSay) {
    options.wait_ms = 25'000;
    store.write(1);
    const SyncRequest first = ask();
    EXPECT_EQ(first.wait_ms, 0U);
    EXPECT_TRUE(give(answer(first)));
    EXPECT_FALSE(running().done());
    const SyncRequest waiting = ask();
    EXPECT_EQ(waiting.wait_ms, 25'000U);
    EXPECT_EQ(ask().wait_ms, 25'000U) << "its answer was lost: it waits again";
    EXPECT_TRUE(give(answer(waiting)));
    EXPECT_TRUE(running().done());
}

TEST_F(Session, FetchesWhatTheWaitingRequestHeardOf) {
    options.wait_ms = 25'000;
    give_nothing_new();
    EXPECT_TRUE(give_changed(ask(), [](SyncReply& reply) {
        reply.checkpoint.reset();
        reply.position = {Sequence{9}, sample_id(1)};
    }));
    EXPECT_FALSE(running().done());
    const SyncRequest last = ask();
    EXPECT_EQ(last.wait_ms, 0U);
    EXPECT_TRUE(give_changed(last, [](SyncReply& reply) {
        reply.checkpoint = Checkpoint{Sequence{9}, {}};
    }));
    EXPECT_TRUE(running().done());
}

}  // namespace
}  // namespace satchel::testing
