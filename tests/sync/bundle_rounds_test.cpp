// A whole session out of one request: what head office works out is where the device really is.
#include "sync/bundle_rounds.hpp"

#include "tests/sync/server_fixture.hpp"

namespace satchel::test {
namespace {

class BundleRoundsTest : public ::testing::Test {
  protected:
    static SyncPlace place(const SmallDevice& device) {
        return {device.replica,  device.epoch,  device.acked,  device.cursor,
                device.position, device.scopes, device.loading};
    }
    static SyncRequest whole_request(SmallDevice& device) {
        device.list_scopes = true;
        return device.request();
    }
    BundleRounds rounds_of(std::vector<SyncRequest> requests) {
        return {std::move(requests), head.store().services().hash};
    }
    std::vector<SyncReply> answers_to(std::vector<SyncRequest> requests, const Caller& caller) {
        BundleRounds rounds = rounds_of(std::move(requests));
        EXPECT_TRUE(rounds.check());
        std::vector<SyncReply> replies;
        while (!rounds.finished() && replies.size() < 100) {
            auto handled = head.handle(rounds.request(), caller);
            EXPECT_TRUE(handled) << handled.error().message;
            if (!handled) break;
            EXPECT_TRUE(rounds.take(handled->reply));
            replies.push_back(handled->reply);
        }
        return replies;
    }
    // The device takes them one after the other, each where the rounds say that it stands.
    void give(SmallDevice& device, std::vector<SyncRequest> requests,
              const std::vector<SyncReply>& replies) {
        for (SyncRequest& request : requests)
            request = without_content(request);
        BundleRounds rounds = rounds_of(std::move(requests));
        for (const SyncReply& reply : replies) {
            EXPECT_EQ(place(device), rounds.place());
            EXPECT_EQ(reply.tag, rounds.request().tag);
            device.take(reply);
            EXPECT_TRUE(rounds.take(reply));
        }
        EXPECT_EQ(place(device), rounds.place());
        EXPECT_TRUE(rounds.complete());
    }
    // The pending changesets, `size` to a request.
    static std::vector<SyncRequest> in_parts(const SyncRequest& whole, std::size_t size) {
        std::vector<SyncRequest> parts;
        std::uint64_t counter = whole.base_counter;
        for (std::size_t at = 0; at < whole.changesets.size(); at += size) {
            SyncRequest part = whole;
            const auto from = whole.changesets.begin() + static_cast<std::ptrdiff_t>(at);
            const std::size_t count = std::min(size, whole.changesets.size() - at);
            part.changesets.assign(from, from + static_cast<std::ptrdiff_t>(count));
            part.base_counter = counter;
            counter = part.changesets.back().last_counter;
            parts.push_back(part);
        }
        return parts;
    }

    Head head;
    SmallDevice li{head, 0xA1, user_id(1)};
};

TEST_F(BundleRoundsTest, ANewDeviceGetsEverythingInOneFile) {
    head.options.max_rows = 3;
    std::vector<Operation> operations;
    for (int i = 1; i <= 20; ++i)
        operations.push_back(account(i, user_id(1)));
    head.write(operations);
    const SyncRequest request = whole_request(li);
    const auto replies = answers_to({request}, li.caller);
    EXPECT_GT(replies.size(), 6U);
    EXPECT_TRUE(replies.back().checkpoint);
    give(li, {request}, replies);
    li.expect_equal_to_head();
    EXPECT_TRUE(li.has(record_id(1)) && li.has(record_id(20)));
}

TEST_F(BundleRoundsTest, ALongUploadGoesInPartsAndComesBackConfirmed) {
    li.sync();
    for (int i = 1; i <= 10; ++i)
        li.write({account(i, user_id(1))});
    const auto parts = in_parts(whole_request(li), 4);
    ASSERT_EQ(parts.size(), 3U);
    const auto replies = answers_to(parts, li.caller);
    EXPECT_EQ(replies.size(), 3U);
    give(li, parts, replies);
    EXPECT_EQ(li.acked, 10U);
    li.expect_equal_to_head();
}

TEST_F(BundleRoundsTest, AScopeGainedMeanwhileIsLoadedInTheSameFile) {
    head.options.max_rows = 2;
    li.sync();
    for (int i = 1; i <= 5; ++i)
        head.write({account(i, user_id(2))});
    li.grant(user_scope(user_id(2)));
    const SyncRequest request = whole_request(li);
    const auto replies = answers_to({request}, li.caller);
    EXPECT_GT(replies.size(), 2U);
    give(li, {request}, replies);
    li.expect_equal_to_head();
    EXPECT_TRUE(li.has(record_id(1)) && li.has(record_id(5)));
}

// Then only verdicts come, and the next bundle is about the present one.
TEST_F(BundleRoundsTest, AboutAnEarlierIncarnationOneAnswerIsAll) {
    li.write({account(1, user_id(1))});
    SyncRequest request = whole_request(li);
    request.closed = true;
    const auto replies = answers_to({request}, li.caller);
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].verdicts.size(), 1U);
    EXPECT_TRUE(replies[0].pages.empty());
    BundleRounds rounds = rounds_of({without_content(request)});
    EXPECT_TRUE(rounds.take(replies[0]));
    EXPECT_TRUE(rounds.finished());
    EXPECT_FALSE(rounds.complete());
}

TEST_F(BundleRoundsTest, TheSameRequestTwiceGetsTheSameVerdicts) {
    li.write({account(1, user_id(1))});
    const SyncRequest request = whole_request(li);
    const auto once = answers_to({request}, li.caller);
    const auto twice = answers_to({request}, li.caller);
    ASSERT_EQ(once.size(), twice.size());
    ASSERT_EQ(twice[0].verdicts.size(), 1U);
    EXPECT_EQ(once[0].verdicts[0].seq, twice[0].verdicts[0].seq);
    give(li, {request}, twice);
    li.expect_equal_to_head();
}

TEST_F(BundleRoundsTest, HeadOfficeNeverBelievesThatAnAnswerHasArrived) {
    head.write({account(1, user_id(1))});
    for (int i = 2; i <= 4; ++i)
        li.write({account(i, user_id(1))});
    const auto parts = in_parts(whole_request(li), 1);
    answers_to(parts, li.caller);
    const auto known = head.store().replica(li.replica);
    ASSERT_TRUE(known && *known);
    EXPECT_EQ((*known)->cursor_confirmed, Sequence{0});
}

TEST_F(BundleRoundsTest, WhatWasAskedForIsAskedForOnce) {
    head.write({account(1, user_id(1)), account(2, user_id(1))});
    li.sync();
    head.options.max_rows = 1;
    SyncRequest request = whole_request(li);
    request.wanted = {record_id(1), record_id(2), record_id(9)};
    const auto replies = answers_to({request}, li.caller);
    std::size_t rows = 0;
    for (const SyncReply& reply : replies)
        for (const Bytes& page : reply.pages)
            rows += PageReader::open(page)->rows();
    EXPECT_EQ(rows, 2U);
    EXPECT_LE(replies.size(), 4U);
    EXPECT_TRUE(replies.back().checkpoint);
}

TEST_F(BundleRoundsTest, AForkEndsTheRounds) {
    li.write({account(1, user_id(1))});
    li.sync();
    SmallDevice copy = li;
    li.write({account(2, user_id(1))});
    li.sync();
    copy.write({account(3, user_id(1))});
    const SyncRequest request = whole_request(copy);
    BundleRounds rounds = rounds_of({request});
    const auto handled = head.handle(rounds.request(), copy.caller);
    ASSERT_TRUE(handled);
    EXPECT_EQ(handled->reply.status, ReplyStatus::fork);
    EXPECT_TRUE(rounds.take(handled->reply));
    EXPECT_TRUE(rounds.finished());
    EXPECT_FALSE(rounds.complete());
}

TEST_F(BundleRoundsTest, RequestsThatDoNotFollowEachOtherAreRefused) {
    for (int i = 1; i <= 3; ++i)
        li.write({account(i, user_id(1))});
    auto parts = in_parts(whole_request(li), 1);
    EXPECT_TRUE(rounds_of(parts).check());
    auto hole = parts;
    hole.erase(hole.begin() + 1);
    EXPECT_FALSE(rounds_of(hole).check());
    auto silent = parts;
    silent[1].changesets.clear();
    EXPECT_FALSE(rounds_of(silent).check());
    auto stranger = parts;
    stranger[1].replica.id = 0xB2;
    EXPECT_FALSE(rounds_of(stranger).check());
    auto secretive = parts;
    secretive[0].lists_scopes = false;
    EXPECT_FALSE(rounds_of(secretive).check());
}

}  // namespace
}  // namespace satchel::test
