// The form of a bundle: what is written is read again, and nothing else is.
#include "sync/bundle.hpp"

#include <gtest/gtest.h>

#include "sync/wire.hpp"
#include "tests/sync/damage.hpp"
#include "tests/sync/protocol_samples.hpp"

namespace satchel::testing {
namespace {

Bundle sample_bundle(BundleDirection direction) {
    Bundle bundle;
    bundle.header.direction = direction;
    bundle.header.office = 0xFEDCBA9876543210;
    bundle.header.device = 7;
    bundle.header.replica = {0x1f3a, 2};
    bundle.header.number = 3;
    bundle.header.written_at = 1732233600123;
    if (direction == BundleDirection::reply) bundle.header.answers = sample_digest(0xAB);
    bundle.sealed = "sealed bytes";
    bundle.signature.fill(0x5A);
    return bundle;
}

Reading read_again(ByteView bytes) {
    const auto read = decode_bundle(bytes);
    if (!read) return {read.error().code, {}};
    return {ErrorCode::ok, encode(*read)};
}

TEST(BundleForm, ComesBackAsItWasWritten) {
    for (const auto direction : {BundleDirection::request, BundleDirection::reply}) {
        const Bundle bundle = sample_bundle(direction);
        const auto read = decode_bundle(encode(bundle));
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(*read, bundle);
    }
}

TEST(BundleForm, DamageIsRefusedOrMeansWhatItSays) {
    for (const auto direction : {BundleDirection::request, BundleDirection::reply})
        EXPECT_EQ(find_lenience(encode(sample_bundle(direction)), {}, &read_again), "");
}

TEST(BundleForm, EverythingInFrontOfTheSignatureIsSigned) {
    const Bundle bundle = sample_bundle(BundleDirection::reply);
    const Bytes whole = encode(bundle);
    const Bytes part = signed_part(bundle);
    EXPECT_EQ(whole.substr(0, part.size()), part);
    EXPECT_EQ(whole.size(), part.size() + 2 + bundle.signature.size());
}

TEST(BundleForm, ANewerFormatIsSaidToBeOne) {
    Bytes bytes = encode(sample_bundle(BundleDirection::request));
    bytes[5] = 2;
    EXPECT_EQ(decode_bundle(bytes).error().code, ErrorCode::newer_format);
    bytes[5] = 0;
    EXPECT_EQ(decode_bundle(bytes).error().code, ErrorCode::corrupt);
}

TEST(BundleForm, AFileThatIsNoBundleIsRefused) {
    EXPECT_EQ(decode_bundle("").error().code, ErrorCode::corrupt);
    EXPECT_EQ(decode_bundle("PK\x03\x04").error().code, ErrorCode::corrupt);
    EXPECT_EQ(decode_bundle(Bytes(kMaxBundleBytes + 1, 'x')).error().code, ErrorCode::limit);
}

TEST(BundleForm, NobodyAndNothingAreRefused) {
    Bundle bundle = sample_bundle(BundleDirection::request);
    const auto refused = [](const Bundle& changed) {
        const auto read = decode_bundle(encode(changed));
        return !read && read.error().code == ErrorCode::corrupt;
    };
    Bundle changed = bundle;
    changed.header.replica.id = 0;
    EXPECT_TRUE(refused(changed));
    changed = bundle;
    changed.header.replica.incarnation = 0;
    EXPECT_TRUE(refused(changed));
    changed = bundle;
    changed.header.number = 0;
    EXPECT_TRUE(refused(changed));
    changed = bundle;
    changed.sealed.clear();
    EXPECT_TRUE(refused(changed));
}

TEST(BundleMessages, ComeBackInTheirOrder) {
    const Bytes body = encode_messages({"one", "two"});
    const auto read = decode_messages(body);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, (std::vector<ByteView>{"one", "two"}));
}

TEST(BundleMessages, DamageIsRefusedOrMeansWhatItSays) {
    const auto again = [](ByteView bytes) -> Reading {
        const auto read = decode_messages(bytes);
        if (!read) return {read.error().code, {}};
        return {ErrorCode::ok, encode_messages({read->begin(), read->end()})};
    };
    EXPECT_EQ(find_lenience(encode_messages({"one", "two"}), {}, again), "");
}

TEST(BundleMessages, NoneEmptyOnesAndTooManyAreRefused) {
    EXPECT_FALSE(decode_messages(encode_messages({})));
    EXPECT_FALSE(decode_messages(encode_messages({""})));
    EXPECT_FALSE(decode_messages(encode_messages(std::vector<Bytes>(kMaxBundleMessages + 1, "x"))));
    EXPECT_TRUE(decode_messages(encode_messages(std::vector<Bytes>(kMaxBundleMessages, "x"))));
}

}  // namespace
}  // namespace satchel::testing
