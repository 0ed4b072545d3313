// Requests and replies as bytes. Damage and limits: protocol_damage_test.cpp.
#include "sync/protocol.hpp"

#include <gtest/gtest.h>

#include "sync/limits.hpp"
#include "sync/protocol_format.hpp"
#include "tests/sync/protocol_samples.hpp"

namespace satchel::testing {
namespace {

SyncRequest round_trip(const SyncRequest& request) {
    auto read = decode_request(encode(request, real_services()), real_services());
    EXPECT_TRUE(read) << read.error().message;
    return read ? *std::move(read) : SyncRequest{};
}

SyncReply round_trip(const SyncReply& reply) {
    auto read = decode_reply(encode(reply, real_services()), real_services());
    EXPECT_TRUE(read) << read.error().message;
    return read ? *std::move(read) : SyncReply{};
}

TEST(Request, CarriesWhoAsksAndFromWhere) {
    const SyncRequest sent = sample_request();
    const SyncRequest read = round_trip(sent);
    EXPECT_EQ(read.protocol_min, sent.protocol_min);
    EXPECT_EQ(read.protocol_max, sent.protocol_max);
    EXPECT_EQ(read.tag, sent.tag);
    EXPECT_EQ(read.replica, sent.replica);
    EXPECT_EQ(read.epoch, sent.epoch);
    EXPECT_EQ(read.device_now, sent.device_now);
    EXPECT_EQ(read.last_counter, sent.last_counter);
    EXPECT_EQ(read.base_counter, sent.base_counter);
    EXPECT_EQ(read.base_hash, sent.base_hash);
    EXPECT_EQ(read.cursor, sent.cursor);
    EXPECT_EQ(read.position, sent.position);
    EXPECT_EQ(read.scopes_hash, sent.scopes_hash);
    EXPECT_EQ(read.lists_scopes, sent.lists_scopes);
    EXPECT_EQ(read.scopes, sent.scopes);
    EXPECT_EQ(read.loading, sent.loading);
    EXPECT_EQ(read.whole_states_only, sent.whole_states_only);
}

TEST(Request, CarriesWhatIsAskedFor) {
    const SyncRequest sent = sample_request();
    const SyncRequest read = round_trip(sent);
    ASSERT_EQ(read.questions.size(), 1U);
    EXPECT_EQ(read.questions[0].incarnation, sent.questions[0].incarnation);
    EXPECT_EQ(read.questions[0].first_counter, sent.questions[0].first_counter);
    EXPECT_EQ(read.questions[0].id, sent.questions[0].id);
    EXPECT_EQ(read.wanted, sent.wanted);
    EXPECT_EQ(read.repair_scope, sent.repair_scope);
    ASSERT_EQ(read.repair.size(), kRepairBuckets);
    for (std::size_t i = 0; i < kRepairBuckets; ++i) {
        EXPECT_EQ(read.repair[i].count, sent.repair[i].count);
        EXPECT_EQ(read.repair[i].checksum, sent.repair[i].checksum);
    }
    EXPECT_EQ(read.wait_ms, sent.wait_ms);
    EXPECT_EQ(read.max_reply_bytes, sent.max_reply_bytes);
}

TEST(Request, CarriesChangesetsUnchangedAndTheirCountersFollowFromTheChainPoint) {
    const SyncRequest sent = sample_request();
    const SyncRequest read = round_trip(sent);
    ASSERT_EQ(read.changesets.size(), sent.changesets.size());
    for (std::size_t i = 0; i < sent.changesets.size(); ++i) {
        EXPECT_EQ(read.changesets[i].first_counter, sent.changesets[i].first_counter);
        EXPECT_EQ(read.changesets[i].last_counter, sent.changesets[i].last_counter);
        EXPECT_EQ(read.changesets[i].bytes, sent.changesets[i].bytes);
    }
}

TEST(Request, SaysWhichOfItsChangesetsAnEarlierHeadOfficeRefused) {
    SyncRequest request = sample_request();
    const std::size_t without = encode(request, real_services()).size();
    request.changesets.back().refused = Reason::not_allowed;
    const SyncRequest read = round_trip(request);
    ASSERT_GE(read.changesets.size(), 2U);
    EXPECT_EQ(read.changesets.front().refused, Reason::none);
    EXPECT_EQ(read.changesets.back().refused, Reason::not_allowed);
    EXPECT_EQ(encode(request, real_services()).size(), without + read.changesets.size());
    EXPECT_EQ(read.scopes, request.scopes);
}

TEST(Request, OfADeviceWithNothingToSayIsSmall) {
    SyncRequest request;
    request.replica = {0x1f3a5b7c9d0e1f2aULL, 1};
    EXPECT_LE(encode(request, real_services()).size(), 100U);
    EXPECT_TRUE(round_trip(request).changesets.empty());
}

TEST(Request, IsCompressedOnlyWhereThatIsShorter) {
    SyncRequest request;
    request.replica = {1, 1};
    const std::size_t empty = encode(request, real_services()).size();
    request.last_counter = 1;
    request.changesets = {{1, 1, "0123456789abcdef"}};
    EXPECT_NE(encode(request, real_services()).find("0123456789abcdef"), Bytes::npos);
    request.changesets[0].bytes = Bytes(100'000, 'x');
    EXPECT_LT(encode(request, real_services()).size(), empty + 100);
    EXPECT_EQ(round_trip(request).changesets[0].bytes, request.changesets[0].bytes);
}

TEST(Reply, CarriesVerdicts) {
    const SyncReply sent = sample_reply();
    const SyncReply read = round_trip(sent);
    ASSERT_EQ(read.verdicts.size(), sent.verdicts.size());
    for (std::size_t i = 0; i < sent.verdicts.size(); ++i) {
        EXPECT_EQ(read.verdicts[i].incarnation, sent.verdicts[i].incarnation);
        EXPECT_EQ(read.verdicts[i].first_counter, sent.verdicts[i].first_counter);
        EXPECT_EQ(read.verdicts[i].kind, sent.verdicts[i].kind);
        EXPECT_EQ(read.verdicts[i].seq, sent.verdicts[i].seq);
        EXPECT_EQ(read.verdicts[i].effective, sent.verdicts[i].effective);
        EXPECT_EQ(read.verdicts[i].rank, sent.verdicts[i].rank);
        EXPECT_EQ(read.verdicts[i].late, sent.verdicts[i].late);
        EXPECT_EQ(read.verdicts[i].reason, sent.verdicts[i].reason);
        EXPECT_EQ(read.verdicts[i].detail, sent.verdicts[i].detail);
        EXPECT_EQ(read.verdicts[i].original, sent.verdicts[i].original);
    }
}

TEST(Reply, CarriesPagesAndThePlaceAfterThem) {
    const SyncReply sent = sample_reply();
    const SyncReply read = round_trip(sent);
    EXPECT_EQ(read.protocol, sent.protocol);
    EXPECT_EQ(read.status, sent.status);
    EXPECT_EQ(read.tag, sent.tag);
    EXPECT_EQ(read.epoch, sent.epoch);
    EXPECT_EQ(read.server_now, sent.server_now);
    EXPECT_EQ(read.acked_counter, sent.acked_counter);
    EXPECT_EQ(read.horizon_counter, sent.horizon_counter);
    EXPECT_EQ(read.pages, sent.pages);
    EXPECT_EQ(read.position, sent.position);
    ASSERT_TRUE(read.checkpoint);
    EXPECT_EQ(read.checkpoint->seq, sent.checkpoint->seq);
    EXPECT_EQ(read.checkpoint->scopes, sent.checkpoint->scopes);
    EXPECT_EQ(read.gained, sent.gained);
    EXPECT_EQ(read.lost, sent.lost);
    EXPECT_EQ(read.back_off_ms, sent.back_off_ms);
}

TEST(Reply, CarriesWhatTheOtherStatusesNeed) {
    SyncReply sent = sample_reply();
    sent.status = ReplyStatus::fork;
    sent.checkpoint.reset();
    const SyncReply read = round_trip(sent);
    EXPECT_EQ(read.status, ReplyStatus::fork);
    EXPECT_FALSE(read.checkpoint);
    EXPECT_EQ(read.new_incarnation, sent.new_incarnation);
    ASSERT_EQ(read.chain.size(), 2U);
    EXPECT_EQ(read.chain[1].counter, 2U);
    EXPECT_EQ(read.chain[1].hash, sent.chain[1].hash);
    EXPECT_EQ(read.restored_head, sent.restored_head);
    EXPECT_EQ(read.unknown, sent.unknown);
    EXPECT_EQ(read.repair_scope, sent.repair_scope);
    EXPECT_EQ(read.repair_buckets, sent.repair_buckets);
    ASSERT_EQ(read.repair_items.size(), 2U);
    EXPECT_EQ(read.repair_items[1].id, sent.repair_items[1].id);
    EXPECT_EQ(read.repair_items[1].seq, sent.repair_items[1].seq);
}

TEST(Reply, PutsItsListsInOrder) {
    SyncReply sent;
    sent.gained = {"b", "a", "b"};
    sent.checkpoint = Checkpoint{Sequence{1}, {{"b", 1, 1}, {"a", 2, 2}}};
    sent.repair_scope = "a";
    sent.repair_buckets = {7, 3};
    const SyncReply read = round_trip(sent);
    EXPECT_EQ(read.gained, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(read.checkpoint->scopes[0].scope, "a");
    EXPECT_EQ(read.repair_buckets, (std::vector<std::size_t>{3, 7}));
}

TEST(Reply, OfSomethingElseNamesTheCaptivePortal) {
    for (const ByteView body :
         {ByteView("<!DOCTYPE html><html><body>Please log in</body></html>"), ByteView("\n<html>"),
          ByteView("{\"error\":\"not found\"}"), ByteView(""), ByteView("\0\0\0\0", 4),
          ByteView("\xA4SATQ\x01\x01\x01"), ByteView("\xA4SA")}) {
        const auto reply = decode_reply(body, real_services());
        ASSERT_FALSE(reply);
        EXPECT_EQ(reply.error().code, ErrorCode::bad_reply);
        EXPECT_NE(reply.error().message.find("captive portal"), std::string::npos);
    }
}

TEST(Formats, OfANewerReleaseAreNamedAsSuch) {
    Bytes request = encode(sample_request(), real_services());
    Bytes reply = encode(sample_reply(), real_services());
    request[5] = reply[5] = 2;
    EXPECT_EQ(decode_request(request, real_services()).error().code, ErrorCode::newer_format);
    EXPECT_EQ(decode_reply(reply, real_services()).error().code, ErrorCode::newer_format);
}

TEST(Reasons, HaveNamesAndStrangersToo) {
    EXPECT_EQ(name(Reason::not_allowed), "not_allowed");
    SyncReply sent;
    sent.verdicts.resize(1);
    sent.verdicts[0].first_counter = 1;
    sent.verdicts[0].kind = VerdictKind::quarantined;
    sent.verdicts[0].reason = static_cast<Reason>(200);
    EXPECT_EQ(name(round_trip(sent).verdicts[0].reason), "other");
    for (int i = 0; i <= static_cast<int>(Reason::dependency_lost); ++i)
        EXPECT_NE(name(static_cast<Reason>(i)), "other");
}

TEST(ScopesHash, DiffersWhereTheListDoes) {
    EXPECT_EQ(scopes_hash({}), 0xcbf29ce484222325ULL);
    EXPECT_EQ(scopes_hash({"a"}), 0x09754307b5fd8777ULL);  // FNV-1a of a1 61
    EXPECT_NE(scopes_hash({"ab"}), scopes_hash({"a", "b"}));
    EXPECT_NE(scopes_hash({"a"}), scopes_hash({"a", ""}));
}

TEST(RepairBuckets, TakeAboutTheSameNumberOfRecordsEach) {
    std::vector<std::size_t> counts(kRepairBuckets);
    RecordId id = sample_id(0);
    for (int i = 0; i < 25'600; ++i) {
        id.bytes[14] = static_cast<std::uint8_t>(i >> 8);
        id.bytes[15] = static_cast<std::uint8_t>(i);
        ++counts[repair_bucket(id)];
    }
    for (const std::size_t count : counts) {
        EXPECT_GT(count, 50U);
        EXPECT_LT(count, 160U);
    }
}

}  // namespace
}  // namespace satchel::testing
