// A session on a bad day: lost, late, repeated, damaged and wrong answers, a failing disk, a server
// that is stuck or wants a pause.
#include <gtest/gtest.h>

#include <functional>

#include "tests/sync/session_fixture.hpp"

namespace satchel::testing {
namespace {

TEST_F(Session, RestsWhenTheServerAsksForIt) {
    store.write(1);
    EXPECT_TRUE(give_changed(ask(), [](SyncReply& reply) {
        reply.back_off_ms = 30'000;
        reply.checkpoint.reset();
    }));
    EXPECT_EQ(store.taken.size(), 1U);
    EXPECT_EQ(running().report().back_off_ms, 30'000U);
    EXPECT_FALSE(running().done());
    EXPECT_TRUE(is_silent());
}

TEST_F(Session, SurvivesALostReply) {
    store.write(2);
    const SyncRequest first = ask();
    const SyncRequest again = ask();
    EXPECT_EQ(again.base_counter, first.base_counter);
    EXPECT_EQ(again.changesets.size(), first.changesets.size());
    EXPECT_TRUE(give(answer(again)));
    EXPECT_TRUE(running().done());
}

// The server has more than this request brought: an earlier, larger one lost its answer.
TEST_F(Session, SendsAgainWhatHasNoVerdictYet) {
    for (int i = 0; i < 4; ++i)
        store.write(1, Bytes(400, 'x'));
    EXPECT_EQ(ask().changesets.size(), 4U);
    options.upload_bytes = 800;
    session.reset();
    const SyncRequest request = ask();
    ASSERT_EQ(request.changesets.size(), 2U);
    EXPECT_TRUE(give_changed(request, [](SyncReply& reply) { reply.acked_counter = 4; }));
    EXPECT_EQ(store.state.acked_counter, 2U);
    const SyncRequest rest = ask();
    EXPECT_EQ(rest.changesets.size(), 2U);
    EXPECT_TRUE(
        give_changed(rest, [](SyncReply& reply) { reply.verdicts.erase(reply.verdicts.begin()); }));
    EXPECT_EQ(store.state.acked_counter, 2U);
    give_nothing_new();
    EXPECT_TRUE(running().done());
    EXPECT_EQ(store.state.acked_counter, 4U);
}

TEST_F(Session, ThatIsRefusedSendsNothingMoreUpAndWaitsForNothing) {
    for (const std::uint64_t wait_ms : {0, 30'000}) {
        SCOPED_TRACE(wait_ms);
        options.wait_ms = wait_ms;
        session.reset();
        store.write(1);
        store.write(1);
        const std::uint64_t acked = store.state.acked_counter + 1;
        const SyncRequest request = ask();
        EXPECT_TRUE(give_changed(request, [&](SyncReply& reply) {
            reply.acked_counter = acked;
            reply.verdicts.resize(1);
            reply.checkpoint.reset();
            reply.position.seq = Sequence{number(reply.position.seq) + 1};
            reply.refusal = "the room is used up";
        }));
        EXPECT_EQ(store.state.acked_counter, acked);
        const SyncRequest next = ask();  // what comes down goes on
        EXPECT_TRUE(next.changesets.empty());
        EXPECT_EQ(next.wait_ms, 0U);
        EXPECT_TRUE(give(answer(next)));
        EXPECT_TRUE(running().done());
        EXPECT_EQ(running().report().refusal, "the room is used up");
        EXPECT_GT(store.state.last_counter, store.state.acked_counter);
    }
}

TEST_F(Session, OfARestoredServerSendsAgainWhatHasNoVerdictYet) {
    store.state.epoch = 7;
    store.state.acked_counter = 4;
    store.state.last_counter = 4;
    store.write(2);
    EXPECT_TRUE(give_changed(ask(), [](SyncReply& reply) {
        reply.status = ReplyStatus::restored;
        reply.epoch = 8;
        reply.acked_counter = 6;
    }));
    EXPECT_EQ(store.calls.back(), "take_restored 8 head 0 acked 4");
}

TEST_F(Session, TakesARepeatedReplyOnce) {
    store.write(1);
    const SyncReply reply = answer(ask());
    EXPECT_TRUE(give(reply));
    EXPECT_EQ(give(reply).error().code, ErrorCode::bad_reply);
    EXPECT_EQ(store.taken.size(), 1U);
    EXPECT_TRUE(running().done());
}

TEST_F(Session, RefusesAReplyToAnotherRequest) {
    const SyncReply late = answer(ask());
    EXPECT_TRUE(give(late));
    session.reset();
    store.write(1);
    const SyncRequest request = ask();
    EXPECT_EQ(give(late).error().code, ErrorCode::bad_reply);
    EXPECT_EQ(store.taken.size(), 1U);
    EXPECT_TRUE(give(answer(request)));
    EXPECT_TRUE(running().done());
}

TEST_F(Session, SurvivesACaptivePortal) {
    const SyncRequest request = ask();
    const Status portal = running().take_reply("<html>Welcome to the hotel</html>", kNow);
    EXPECT_EQ(portal.error().code, ErrorCode::bad_reply);
    EXPECT_TRUE(store.calls.empty());
    EXPECT_TRUE(give(answer(request)));
    EXPECT_TRUE(running().done());
}

TEST_F(Session, TakesNothingOfADamagedPage) {
    const SyncRequest request = ask();
    const Status damaged = give_changed(request, [](SyncReply& reply) {
        reply.pages = {page_with(2, 0)};
        reply.pages[0].pop_back();
    });
    EXPECT_EQ(damaged.error().code, ErrorCode::corrupt);
    EXPECT_TRUE(store.calls.empty());
}

TEST_F(Session, ReportsTheStoresErrorAndCanTakeTheReplyAgain) {
    const SyncRequest request = ask();
    store.failure = Error{ErrorCode::disk_full, "free some space"};
    EXPECT_EQ(give(answer(request)).error().code, ErrorCode::disk_full);
    EXPECT_FALSE(running().done());
    EXPECT_TRUE(give(answer(request)));
    EXPECT_TRUE(running().done());
}

TEST_F(Session, GivesUpOnAServerThatMovesNothing) {
    std::size_t rounds = 0;
    Result<std::optional<Bytes>> next = running().next_request(kNow);
    for (; next && rounds < 100; ++rounds) {
        const SyncRequest request = *decode_request(**next, real_services());
        EXPECT_TRUE(give_changed(request, [](SyncReply& reply) {
            reply.checkpoint.reset();
            reply.position = {};
        }));
        next = running().next_request(kNow);
    }
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().code, ErrorCode::server_error);
    EXPECT_NE(next.error().message.find("without progress"), std::string::npos);
    EXPECT_LE(rounds, 16U);
}

TEST_F(Session, GivesUpAfterItsRounds) {
    options.max_rounds = 3;
    for (std::uint64_t seq = 1; seq <= 3; ++seq)
        EXPECT_TRUE(give_changed(ask(), [&](SyncReply& reply) {
            reply.checkpoint.reset();
            reply.position = {Sequence{seq}, {}};
        }));
    EXPECT_EQ(running().next_request(kNow).error().code, ErrorCode::server_error);
}

// Answers that contradict what was asked: each is refused whole, and a right one is taken then.
TEST_F(Session, RefusesAnswersThatDoNotFit) {
    store.state.epoch = 7;
    store.state.scopes = {"*"};
    store.state.replica.incarnation = 2;
    store.state.cursor = Sequence{20};
    store.state.position = {Sequence{25}, sample_id(5)};
    store.state.acked_counter = store.state.last_counter = 5;
    store.write(3);
    store.open_questions = {{1, 4, {}}};
    store.wanted_ids = {sample_id(1)};
    const std::vector<std::pair<const char*, std::function<void(SyncReply&)>>> misfits = {
        {"tag", [](SyncReply& r) { r.tag ^= 2; }},
        {"no epoch", [](SyncReply& r) { r.epoch = 0; }},
        {"other epoch", [](SyncReply& r) { r.epoch = 8; }},
        {"acked too high", [](SyncReply& r) { r.acked_counter = 9; }},
        {"acked too low", [](SyncReply& r) { r.acked_counter = 4; }},
        {"horizon", [](SyncReply& r) { r.horizon_counter = 9; }},
        {"verdict of nothing sent", [](SyncReply& r) { r.verdicts[0].first_counter = 7; }},
        {"verdict of an earlier incarnation", [](SyncReply& r) { r.verdicts[0].incarnation = 1; }},
        {"unknown, but sent", [](SyncReply& r) { r.verdicts[0].kind = VerdictKind::unknown; }},
        {"accepted without number", [](SyncReply& r) { r.verdicts[0].seq = {}; }},
        {"checkpoint back", [](SyncReply& r) { r.checkpoint->seq = Sequence{19}; }},
        {"place back",
         [](SyncReply& r) {
             r.checkpoint.reset();
             r.position = {Sequence{25}, sample_id(4)};
         }},
        {"unknown, not wanted", [](SyncReply& r) { r.unknown = {sample_id(2)}; }},
        {"comparison", [](SyncReply& r) { r.repair_scope = "*"; }},
        {"fork to no new incarnation",
         [](SyncReply& r) {
             r.status = ReplyStatus::fork;
             r.new_incarnation = 2;
         }},
        {"restored without a loss", [](SyncReply& r) { r.status = ReplyStatus::restored; }},
    };
    const SyncRequest request = ask();
    for (const auto& [what, spoil] : misfits) {
        const Status refused = give_changed(request, spoil);
        ASSERT_FALSE(refused) << what;
        EXPECT_EQ(refused.error().code, ErrorCode::bad_reply) << what;
    }
    EXPECT_EQ(store.calls,
              std::vector<std::string>{"make_durable " + std::to_string(store.state.last_counter)});
    EXPECT_TRUE(give(answer(request)));
}

TEST_F(Session, MayGoBackInTheWalkForANewScope) {
    store.state.scopes = {"*"};
    store.state.position = {Sequence{25}, sample_id(5)};
    EXPECT_TRUE(give_changed(ask(), [](SyncReply& reply) {
        reply.checkpoint.reset();
        reply.gained = {"p:north"};
        reply.position = {};
    }));
}

TEST_F(Session, DamagedRepliesNeverMoveTheDevice) {
    store.write(1);
    const SyncRequest request = ask();
    const Bytes bytes = encode(answer(request), plain_services());
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(running().take_reply(ByteView(bytes).substr(0, size), kNow));
    EXPECT_TRUE(store.taken.empty());
    EXPECT_TRUE(running().take_reply(bytes, kNow));
}

}  // namespace
}  // namespace satchel::testing
