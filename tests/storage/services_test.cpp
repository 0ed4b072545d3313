// Hash, compression, randomness and time.

#include "storage/services.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <zstd.h>

#include <set>
#include <thread>

#include "sync/limits.hpp"

namespace satchel::storage {
namespace {

std::string hex(const Digest& digest) {
    std::string text;
    for (const std::uint8_t byte : digest) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

// Bytes that do not compress.
Bytes noise(std::size_t size) {
    Bytes bytes;
    std::uint64_t state = 1;
    for (; bytes.size() < size; state = state * 6364136223846793005U + 1442695040888963407U)
        bytes += static_cast<char>(state >> 56);
    return bytes;
}

TEST(Blake2b, GivesTheKnownHashes) {
    EXPECT_EQ(hex(blake2b("", "")),
              "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    EXPECT_EQ(hex(blake2b("abc", "")),
              "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

TEST(Blake2b, HashesThePartsOneAfterTheOther) {
    EXPECT_EQ(blake2b("a", "bc"), blake2b("abc", ""));
    EXPECT_NE(blake2b("a", "bc"), blake2b("bc", "a"));
}

TEST(Compression, GivesAnyBytesBack) {
    EXPECT_TRUE(rc::check([](const std::string& bytes) {
        const auto back = inflate(compress(bytes), bytes.size());
        RC_ASSERT(bool(back));
        RC_ASSERT(*back == bytes);
    }));
}

TEST(Compression, GivesLargeBytesBack) {
    for (const Bytes& bytes : {noise(3'000'000), Bytes(5'000'000, ' ')}) {
        const auto back = inflate(compress(bytes), bytes.size());
        ASSERT_TRUE(back) << back.error().message;
        EXPECT_EQ(*back, bytes);
    }
}

TEST(Compression, MakesTextSmaller) {
    Bytes text;
    for (int i = 0; i < 1000; ++i)
        text += "order " + std::to_string(i) + " of the Jade Spring;";
    EXPECT_LT(compress(text).size(), text.size() / 5);
}

TEST(Compression, WorksFromSeveralThreads) {
    std::vector<std::thread> threads;
    std::array<bool, 4> same{};
    for (std::size_t i = 0; i < same.size(); ++i)
        threads.emplace_back([&same, i] {
            const Bytes bytes = noise(100'000 + i);
            const auto back = inflate(compress(bytes), bytes.size());
            same[i] = back && *back == bytes;
        });
    for (std::thread& thread : threads)
        thread.join();
    for (const bool ok : same)
        EXPECT_TRUE(ok);
}

TEST(Inflating, StopsAtTheGivenLimit) {
    const Bytes frame = compress(Bytes(1000, 'a'));
    EXPECT_TRUE(inflate(frame, 1000));
    EXPECT_EQ(inflate(frame, 999).error().code, ErrorCode::limit);
}

TEST(Inflating, LetsOneRequestOfSpacesThroughButNoBomb) {
    EXPECT_TRUE(inflate(compress(Bytes(kMaxRequestBytes, ' ')), kMaxReplyBytes));
    const Bytes bomb = compress(Bytes(kMaxReplyBytes, ' '));
    ASSERT_LT(bomb.size() * kMaxInflateRatio, kMaxReplyBytes);
    EXPECT_EQ(inflate(bomb, kMaxReplyBytes).error().code, ErrorCode::limit);
}

TEST(Inflating, DoesNotBelieveTheDeclaredSize) {
    // A frame of four declared bytes less than 2^63 and no block: RFC 8878, section 3.1.1.
    const unsigned char frame[] = {0x28, 0xB5, 0x2F, 0xFD, 0xC0, 0x00, 0xFF,
                                   0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F};
    const ByteView bytes(reinterpret_cast<const char*>(frame), sizeof frame);
    EXPECT_FALSE(inflate(bytes, kMaxReplyBytes));
}

TEST(Inflating, RefusesAHugeWindow) {
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 27);
    Bytes frame(1000, '\0');
    ZSTD_outBuffer output{frame.data(), frame.size(), 0};
    ZSTD_inBuffer input{"abc", 3, 0};
    ZSTD_compressStream2(context, &output, &input, ZSTD_e_flush);  // the size stays unknown
    ZSTD_compressStream2(context, &output, &input, ZSTD_e_end);
    ZSTD_freeCCtx(context);
    frame.resize(output.pos);
    EXPECT_EQ(inflate(frame, 1000).error().code, ErrorCode::limit);
}

TEST(Inflating, FindsEveryFlippedBitAndEveryCut) {
    const Bytes original = "order 17 of the Jade Spring Co.; order 18 of the Jade Spring Co.";
    const Bytes frame = compress(original);
    for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
        Bytes damaged = frame;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
        const auto result = inflate(damaged, 1000);
        EXPECT_TRUE(!result || *result == original) << "bit " << bit;  // some bits mean nothing
    }
    for (std::size_t size = 0; size < frame.size(); ++size)
        EXPECT_EQ(inflate(ByteView(frame).substr(0, size), 1000).error().code, ErrorCode::corrupt);
}

TEST(Inflating, RefusesForeignBytesAndWhatFollowsTheFrame) {
    EXPECT_EQ(inflate("", 1000).error().code, ErrorCode::corrupt);
    EXPECT_EQ(inflate("<html>log in first</html>", 1000).error().code, ErrorCode::corrupt);
    EXPECT_EQ(inflate(compress("a") + "b", 1000).error().code, ErrorCode::corrupt);
    EXPECT_EQ(inflate(compress("a") + compress("b"), 1000).error().code, ErrorCode::corrupt);
}

TEST(Inflating, WorksAgainAfterDamage) {
    EXPECT_FALSE(inflate(compress("abcdef").substr(0, 8), 1000));
    EXPECT_EQ(*inflate(compress("abcdef"), 1000), "abcdef");
}

TEST(SystemRandom, DoesNotRepeat) {
    SystemRandom first;
    SystemRandom second;
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i) {
        seen.insert(first.next());
        seen.insert(second.next());
    }
    EXPECT_EQ(seen.size(), 2000U);
}

TEST(SystemClock, TellsMillisecondsSince1970) {
    SystemClock clock;
    constexpr std::int64_t k2024 = 1'704'067'200'000;
    constexpr std::int64_t k2200 = 7'258'118'400'000;
    EXPECT_GT(clock.now_ms(), k2024);
    EXPECT_LT(clock.now_ms(), k2200);
}

}  // namespace
}  // namespace satchel::storage
