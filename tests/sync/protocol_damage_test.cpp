// Bytes of anybody: whatever arrives is refused with a code, or read; nothing crashes, and nothing
// is allocated because a number says so.
#include <gtest/gtest.h>

#include "sync/limits.hpp"
#include "sync/protocol.hpp"
#include "sync/protocol_format.hpp"
#include "tests/sync/allocation_meter.hpp"
#include "tests/sync/damage.hpp"
#include "tests/sync/protocol_samples.hpp"

namespace satchel::testing {
namespace {

constexpr std::size_t kFewBytes = 4U << 20;

ErrorCode request_code(ByteView bytes) {
    const auto read = decode_request(bytes, real_services());
    return read ? ErrorCode::ok : read.error().code;
}

ErrorCode reply_code(ByteView bytes) {
    const auto read = decode_reply(bytes, real_services());
    return read ? ErrorCode::ok : read.error().code;
}

ErrorCode code_of(const SyncRequest& request) {
    return request_code(encode(request, real_services()));
}

ErrorCode code_of(const SyncReply& reply) {
    return reply_code(encode(reply, real_services()));
}

SyncRequest upload(std::vector<Bytes> changesets) {
    SyncRequest request;
    request.last_counter = changesets.size();
    for (std::size_t i = 0; i < changesets.size(); ++i)
        request.changesets.push_back({i + 1, i + 1, std::move(changesets[i])});
    return request;
}

std::vector<std::string> names(std::size_t count) {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < count; ++i)
        all.push_back("p:" + std::to_string(100'000 + i));
    return all;
}

// A message whose upload or page claims `claimed` bytes and inflates to `real` zeros.
Bytes with_block(const Bytes& before, std::uint64_t claimed, std::size_t real) {
    Writer out;
    out.raw(before);
    out.unsigned_integer(1);
    out.unsigned_integer(claimed);
    out.bytes(real_services().compress(Bytes(real, '\0')));
    return out.take();
}

// What stands before the count of changesets, and before the count of pages.
Bytes request_head() {
    const Bytes all = encode(SyncRequest{}, real_services());
    return all.substr(0, all.find(view(Digest{})) + Digest{}.size());
}

Bytes reply_head() {
    return encode(SyncReply{}, real_services()).substr(0, 14);
}

TEST(RequestDamage, IsRefusedOrMeansWhatItSays) {
    for (const Services* services : {&real_services(), &plain_services()}) {
        const Bytes bytes = encode(sample_request(), *services);
        EXPECT_EQ(find_lenience(bytes, {3},
                                [&](ByteView damaged) -> Reading {
                                    const auto read = decode_request(damaged, *services);
                                    if (!read) return {read.error().code, {}};
                                    return {ErrorCode::ok, encode(*read, *services)};
                                }),
                  "");
    }
}

TEST(ReplyDamage, IsRefusedOrMeansWhatItSays) {
    for (const Services* services : {&real_services(), &plain_services()}) {
        const Bytes bytes = encode(sample_reply(), *services);
        EXPECT_EQ(find_lenience(bytes, {3},
                                [&](ByteView damaged) -> Reading {
                                    const auto read = decode_reply(damaged, *services);
                                    if (read) return {ErrorCode::ok, encode(*read, *services)};
                                    const bool magic = read.error().code == ErrorCode::bad_reply;
                                    return {magic ? ErrorCode::corrupt : read.error().code, {}};
                                }),
                  "");
    }
}

TEST(Damage, NeverAllocatesWhatANumberClaims) {
    const Bytes request = encode(sample_request(), real_services());
    const Bytes reply = encode(sample_reply(), real_services());
    const AllocationMeter meter;
    for_each_damage(request, {7}, [](ByteView damaged) { (void)request_code(damaged); });
    for_each_damage(reply, {7}, [](ByteView damaged) { (void)reply_code(damaged); });
    EXPECT_LT(meter.peak_bytes(), kFewBytes);
}

TEST(Damage, AtTheEndIsNoticed) {
    EXPECT_EQ(request_code(encode(sample_request(), real_services()) + '\0'), ErrorCode::corrupt);
    EXPECT_EQ(reply_code(encode(sample_reply(), real_services()) + '\0'), ErrorCode::corrupt);
}

TEST(Bomb, ThatAdmitsItsSizeIsNotInflated) {
    for (const std::uint64_t claimed :
         {std::uint64_t{128} << 20, std::uint64_t{1} << 31, std::uint64_t{1} << 32,
          std::uint64_t{1} << 63, UINT64_MAX}) {
        const Bytes request = with_block(request_head(), claimed, 1U << 20);
        const Bytes reply = with_block(reply_head(), claimed, 1U << 20);
        const AllocationMeter meter;
        EXPECT_EQ(request_code(request), ErrorCode::limit);
        EXPECT_EQ(reply_code(reply), ErrorCode::limit);
        EXPECT_LT(meter.peak_bytes(), 1U << 20);
    }
}

TEST(Bomb, ThatLiesAboutItsSizeIsStoppedAtThatSize) {
    const Bytes request = with_block(request_head(), 100'000, 200U << 20);
    const Bytes reply = with_block(reply_head(), 100'000, 200U << 20);
    const AllocationMeter meter;
    EXPECT_EQ(request_code(request), ErrorCode::limit);
    EXPECT_EQ(reply_code(reply), ErrorCode::limit);
    EXPECT_LT(meter.peak_bytes(), kFewBytes);
}

TEST(Bomb, OfManyPagesIsStoppedAtTheSum) {
    SyncReply reply;
    reply.pages.assign(15, Bytes(4U << 20, '\0'));
    EXPECT_EQ(code_of(reply), ErrorCode::ok);
    reply.pages.emplace_back(4U << 20, '\0');
    EXPECT_EQ(code_of(reply), ErrorCode::limit);
}

// What nothing makes smaller.
Bytes noise(std::size_t size) {
    Bytes bytes;
    bytes.reserve(size);
    std::uint64_t state = 7;
    while (bytes.size() < size) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        bytes += static_cast<char>(state >> 56);
    }
    return bytes;
}

TEST(Limits, OfTheWholeRequest) {
    SyncRequest request = upload({noise(kMaxChangesetBytes), noise(7U << 20)});
    const std::size_t size = encode(request, real_services()).size();
    request.changesets[1].bytes += noise(kMaxRequestBytes - size);
    ASSERT_EQ(encode(request, real_services()).size(), kMaxRequestBytes);
    EXPECT_EQ(code_of(request), ErrorCode::ok);
    request.changesets[1].bytes += 's';
    EXPECT_EQ(code_of(request), ErrorCode::limit);
}

TEST(Limits, OfTheWholeReply) {
    SyncReply reply;
    reply.pages.assign(15, noise(4U << 20));
    reply.pages.push_back(noise(3U << 20));
    const std::size_t size = encode(reply, real_services()).size();
    reply.pages[15] += noise(kMaxReplyBytes - size);
    ASSERT_EQ(encode(reply, real_services()).size(), kMaxReplyBytes);
    EXPECT_EQ(code_of(reply), ErrorCode::ok);
    reply.pages[15] += 's';
    EXPECT_EQ(code_of(reply), ErrorCode::limit);
}

TEST(Limits, OfTheNameOfAScope) {
    SyncRequest request;
    request.lists_scopes = true;
    request.scopes = {Bytes(kMaxScopeBytes, 's')};
    EXPECT_EQ(code_of(request), ErrorCode::ok);
    request.scopes[0] += 's';
    EXPECT_EQ(code_of(request), ErrorCode::corrupt);
    SyncReply reply;
    reply.gained = {Bytes(kMaxScopeBytes, 's')};
    EXPECT_EQ(code_of(reply), ErrorCode::ok);
    reply.gained[0] += 's';
    EXPECT_EQ(code_of(reply), ErrorCode::corrupt);
}

TEST(Limits, OfAnInflatedRequest) {
    SyncRequest request = upload({Bytes(kMaxChangesetBytes, 'a'), Bytes(7U << 20, 'b')});
    Bytes& last = request.changesets[1].bytes;
    last += Bytes(kMaxRequestBytes - encode(request, plain_services()).size(), 'b');
    ASSERT_EQ(encode(request, plain_services()).size(), kMaxRequestBytes);
    EXPECT_EQ(code_of(request), ErrorCode::ok);
    last += "bb";  // compressed, the length before the block takes two bytes less
    EXPECT_EQ(code_of(request), ErrorCode::ok);
    last += 'b';
    EXPECT_EQ(code_of(request), ErrorCode::limit);
}

TEST(Limits, OfOneChangeset) {
    EXPECT_EQ(code_of(upload({Bytes(kMaxChangesetBytes, 'a')})), ErrorCode::ok);
    EXPECT_EQ(code_of(upload({Bytes(kMaxChangesetBytes + 1, 'a')})), ErrorCode::limit);
    SyncRequest request;
    request.last_counter = kMaxOperations + 1;
    request.changesets = {{1, kMaxOperations, "a"}};
    EXPECT_EQ(code_of(request), ErrorCode::ok);
    request.changesets = {{1, kMaxOperations + 1, "a"}};
    EXPECT_EQ(code_of(request), ErrorCode::corrupt);
}

TEST(Limits, OfChangesetsAndQuestionsTogether) {
    SyncRequest request = upload(std::vector<Bytes>(kMaxVerdicts - 1, "a"));
    request.questions = {{1, 1, {}}};
    EXPECT_EQ(code_of(request), ErrorCode::ok);
    request.questions = {{1, 1, {}}, {1, 2, {}}};
    EXPECT_EQ(code_of(request), ErrorCode::corrupt);
    EXPECT_EQ(code_of(upload(std::vector<Bytes>(kMaxVerdicts + 1, "a"))), ErrorCode::corrupt);
}

TEST(Limits, OfTheListsOfARequest) {
    SyncRequest request;
    request.lists_scopes = true;
    request.loading = request.scopes = names(kMaxScopes);
    request.wanted.assign(kMaxRepairIds, sample_id(1));
    EXPECT_EQ(code_of(request), ErrorCode::ok);
    SyncRequest larger = request;
    larger.scopes = names(kMaxScopes + 1);
    EXPECT_EQ(code_of(larger), ErrorCode::corrupt);
    larger = request;
    larger.loading = names(kMaxScopes + 1);
    EXPECT_EQ(code_of(larger), ErrorCode::corrupt);
    larger = request;
    larger.wanted.push_back(sample_id(2));
    EXPECT_EQ(code_of(larger), ErrorCode::corrupt);
}

SyncReply full_reply() {
    SyncReply reply;
    Verdict verdict;
    verdict.first_counter = 1;
    reply.verdicts.assign(kMaxVerdicts, verdict);
    reply.pages.assign(kMaxPages, "p");
    reply.gained = reply.lost = names(kMaxScopes);
    reply.checkpoint = Checkpoint{};
    for (const std::string& scope : names(kMaxScopes))
        reply.checkpoint->scopes.push_back({scope, 1, 1});
    for (std::uint64_t i = kMaxChainPoints; i > 0; --i)
        reply.chain.push_back({i, {}});
    reply.unknown.assign(kMaxRepairIds, sample_id(1));
    reply.repair_scope = "*";
    for (std::size_t i = 0; i < kRepairBuckets; ++i)
        reply.repair_buckets.push_back(i);
    return reply;
}

TEST(Limits, OfTheListsOfAReply) {
    EXPECT_EQ(code_of(full_reply()), ErrorCode::ok);
    const std::vector<std::function<void(SyncReply&)>> excesses = {
        [](SyncReply& reply) { reply.verdicts.push_back(reply.verdicts.front()); },
        [](SyncReply& reply) { reply.pages.emplace_back("p"); },
        [](SyncReply& reply) { reply.gained.emplace_back("q"); },
        [](SyncReply& reply) { reply.lost.emplace_back("q"); },
        [](SyncReply& reply) {
            reply.checkpoint->scopes.push_back({"q", 1, 1});
        },
        [](SyncReply& reply) {
            reply.chain.push_back({0, {}});
        },
        [](SyncReply& reply) { reply.unknown.push_back(sample_id(2)); },
        [](SyncReply& reply) { reply.repair_buckets.push_back(kRepairBuckets); },
    };
    for (const auto& exceed : excesses) {
        SyncReply reply = full_reply();
        exceed(reply);
        EXPECT_EQ(code_of(reply), ErrorCode::corrupt);
    }
}

TEST(Requests, ThatContradictThemselvesAreRefused) {
    const std::vector<std::function<void(SyncRequest&)>> contradictions = {
        [](SyncRequest& request) { request.protocol_min = 0; },
        [](SyncRequest& request) { request.protocol_min = 2; },
        [](SyncRequest& request) { request.replica.incarnation = 0; },
        [](SyncRequest& request) {
            request.base_counter = 15;
            request.changesets = {};
        },
        [](SyncRequest& request) { request.last_counter = std::uint64_t{1} << 63; },
        [](SyncRequest& request) { request.changesets[0].bytes = {}; },
        [](SyncRequest& request) { request.questions[0].first_counter = 0; },
    };
    for (std::size_t i = 0; i < contradictions.size(); ++i) {
        SyncRequest request = sample_request();
        contradictions[i](request);
        EXPECT_EQ(code_of(request), ErrorCode::corrupt) << i;
    }
}

}  // namespace
}  // namespace satchel::testing
