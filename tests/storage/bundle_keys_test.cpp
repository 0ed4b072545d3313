#include "storage/bundle_keys.hpp"

#include <gtest/gtest.h>

namespace satchel::storage {
namespace {

BundleHeader header_from(const BundleKeys& device, const BundleKeys& office) {
    BundleHeader header;
    header.office = office.public_keys().id();
    header.device = device.public_keys().id();
    header.replica = {0x1f3a, 1};
    return header;
}

class BundleKeysTest : public ::testing::Test {
  protected:
    BundleKeys device = BundleKeys::make();
    BundleKeys office = BundleKeys::make();
    Bytes file =
        close_bundle(header_from(device, office), {"one", "two"}, device, office.public_keys());
};

TEST_F(BundleKeysTest, TheReceiverReadsWhatTheWriterWrote) {
    const auto bundle = decode_bundle(file);
    ASSERT_TRUE(bundle);
    EXPECT_TRUE(check_bundle(*bundle, device.public_keys()));
    const auto body = office.open(bundle->sealed);
    ASSERT_TRUE(body) << body.error().message;
    EXPECT_EQ(*decode_messages(*body), (std::vector<ByteView>{"one", "two"}));
}

TEST_F(BundleKeysTest, NobodyElseReadsIt) {
    const auto bundle = decode_bundle(file);
    EXPECT_EQ(device.open(bundle->sealed).error().code, ErrorCode::corrupt);
    EXPECT_EQ(BundleKeys::make().open(bundle->sealed).error().code, ErrorCode::corrupt);
    EXPECT_EQ(file.find("one"), Bytes::npos);
}

TEST_F(BundleKeysTest, NobodyElseIsTakenForTheWriter) {
    const auto bundle = decode_bundle(file);
    EXPECT_EQ(check_bundle(*bundle, office.public_keys()).error().code, ErrorCode::corrupt);
}

TEST_F(BundleKeysTest, AnyChangedByteShows) {
    for (std::size_t at = 0; at < file.size(); ++at) {
        Bytes changed = file;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        const auto bundle = decode_bundle(changed);
        EXPECT_FALSE(bundle && check_bundle(*bundle, device.public_keys())) << at;
    }
}

TEST_F(BundleKeysTest, TextsComeBackAsTheSameKeys) {
    const auto again = BundleKeys::parse(device.secret_text());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->public_keys(), device.public_keys());
    EXPECT_EQ(again->sign("x"), device.sign("x"));
    const auto keys = PublicKeys::parse(device.public_keys().text());
    ASSERT_TRUE(keys);
    EXPECT_EQ(*keys, device.public_keys());
    EXPECT_EQ(keys->id(), device.public_keys().id());
    EXPECT_NE(keys->id(), office.public_keys().id());
}

TEST_F(BundleKeysTest, DamagedTextsAreNoKeys) {
    const std::string text = device.public_keys().text();
    EXPECT_FALSE(PublicKeys::parse(""));
    EXPECT_FALSE(PublicKeys::parse(text.substr(2)));
    EXPECT_FALSE(PublicKeys::parse(text + "00"));
    EXPECT_FALSE(PublicKeys::parse("xy" + text.substr(2)));
    EXPECT_EQ(BundleKeys::parse("12").error().code, ErrorCode::corrupt);
}

TEST_F(BundleKeysTest, ShortSealsAreRefused) {
    EXPECT_FALSE(office.open(""));
    EXPECT_FALSE(office.open(Bytes(47, 'x')));
    EXPECT_FALSE(office.open(Bytes(48, 'x')));
    EXPECT_EQ(*office.open(sealed_to(office.public_keys(), "")), "");
}

TEST(HexText, ComesBackAsTheSameBytes) {
    Bytes all;
    for (int i = 0; i < 256; ++i)
        all += static_cast<char>(i);
    EXPECT_EQ(*bytes_of_hex(hex_text(all)), all);
    EXPECT_FALSE(bytes_of_hex("0"));
    EXPECT_FALSE(bytes_of_hex("0G"));
    EXPECT_FALSE(bytes_of_hex("AB"));  // one text form only
}

}  // namespace
}  // namespace satchel::storage
