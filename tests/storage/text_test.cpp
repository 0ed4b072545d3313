// Canonical text, against utf8proc and by example.

#include "storage/text.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <utf8proc.h>

#include <cstdlib>
#include <optional>

namespace satchel::storage {
namespace {

std::string utf8(utf8proc_int32_t point) {
    utf8proc_uint8_t bytes[4];
    const auto size = utf8proc_encode_char(point, bytes);
    return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

// What utf8proc itself says; nothing when it refuses.
std::optional<std::string> normalised(const std::string& text) {
    utf8proc_uint8_t* mapped = nullptr;
    const auto size =
        utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                     static_cast<utf8proc_ssize_t>(text.size()), &mapped,
                     static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    std::optional<std::string> result;
    if (size >= 0)
        result.emplace(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size));
    std::free(mapped);
    return result;
}

void expect_as_utf8proc(const std::string& text) {
    const auto expected = text.find('\0') == text.npos ? normalised(text) : std::nullopt;
    const auto result = canonical_text(text);
    ASSERT_EQ(bool(result), expected.has_value()) << testing::PrintToString(text);
    EXPECT_EQ(is_canonical_text(text), expected == text) << testing::PrintToString(text);
    EXPECT_EQ(result ? *result : "", expected.value_or(""));
}

// Code points where something happens: combining marks, Hangul, kana with marks, CJK, and the
// borders of the ranges that are only scanned.
rc::Gen<utf8proc_int32_t> interesting_point() {
    return rc::gen::oneOf(rc::gen::inRange(0x20, 0x7F), rc::gen::inRange(0xC0, 0x180),
                          rc::gen::inRange(0x2F0, 0x380), rc::gen::inRange(0x1100, 0x1200),
                          rc::gen::inRange(0x1E00, 0x2010), rc::gen::inRange(0x20C0, 0x2130),
                          rc::gen::inRange(0x3000, 0x30FF), rc::gen::inRange(0x4DF0, 0x4E10),
                          rc::gen::inRange(0x9FF0, 0xA010), rc::gen::inRange(0xAC00, 0xAC40),
                          rc::gen::inRange(0xF900, 0xFB50), rc::gen::inRange(0xFEF0, 0xFFFF),
                          rc::gen::inRange(0x1D150, 0x1D170), rc::gen::inRange(0x2F800, 0x2FA20));
}

TEST(CanonicalText, IsWhatUtf8procGivesForTextsOfInterestingCharacters) {
    EXPECT_TRUE(rc::check([] {
        std::string text;
        for (const auto point :
             *rc::gen::container<std::vector<utf8proc_int32_t>>(interesting_point()))
            text += utf8(point);
        expect_as_utf8proc(text);
        RC_ASSERT(!testing::Test::HasFailure());
    }));
}

TEST(CanonicalText, IsWhatUtf8procGivesForAnyBytes) {
    EXPECT_TRUE(rc::check([](const std::string& text) {
        expect_as_utf8proc(text);
        RC_ASSERT(!testing::Test::HasFailure());
    }));
}

// Alone and behind a letter: covers every range that is only scanned.
TEST(CanonicalText, IsWhatUtf8procGivesForEveryCharacter) {
    for (utf8proc_int32_t point = 1; point <= 0x10FFFF; ++point) {
        if (point >= 0xD800 && point <= 0xDFFF) continue;
        expect_as_utf8proc(utf8(point));
        expect_as_utf8proc("a" + utf8(point));
        if (HasFailure()) FAIL() << "U+" << std::hex << point;
    }
}

TEST(CanonicalText, IsWhatUtf8procGivesForEveryTwoBytesAndEveryThreeByteLead) {
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            const std::string two{static_cast<char>(first), static_cast<char>(second)};
            expect_as_utf8proc(two);
            expect_as_utf8proc(two + "\x80");
            expect_as_utf8proc(two + "\xBF\x80");
        }
    }
}

TEST(CanonicalText, JoinsALetterAndItsAccent) {
    EXPECT_EQ(*canonical_text("Cafe\xCC\x81"), "Caf\xC3\xA9");
    EXPECT_FALSE(is_canonical_text("Cafe\xCC\x81"));
    EXPECT_TRUE(is_canonical_text("Caf\xC3\xA9"));
}

TEST(CanonicalText, LeavesChineseTextAsItIs) {
    const std::string text = "三得利（上海）“可乐”，￥３５…—每箱€4";
    EXPECT_TRUE(is_canonical_text(text));
    EXPECT_EQ(*canonical_text(text), text);
}

TEST(CanonicalText, OfTheEmptyTextIsEmpty) {
    EXPECT_TRUE(is_canonical_text(""));
    EXPECT_EQ(*canonical_text(""), "");
}

TEST(CanonicalText, RefusesNulAnywhereAndSaysWhere) {
    for (std::size_t at = 0; at < 20; ++at) {
        std::string text(20, 'x');
        text[at] = '\0';
        const auto result = canonical_text(text);
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, ErrorCode::invalid_argument);
        EXPECT_NE(result.error().message.find("NUL"), std::string::npos);
        EXPECT_NE(result.error().message.find("byte " + std::to_string(at) + ")"),
                  std::string::npos);
        EXPECT_FALSE(is_canonical_text(text));
    }
}

TEST(CanonicalText, RefusesWhatIsNotUtf8WithoutRepeatingIt) {
    for (const char* text : {"secret\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                             "\xE4\xB8", "\x80", "\xF8\x88\x80\x80\x80"}) {
        const auto result = canonical_text(text);
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, ErrorCode::invalid_argument);
        EXPECT_EQ(result.error().message.find("secret"), std::string::npos);
    }
}

// Sorting marks is quadratic: this text took half a minute before there was a limit.
TEST(CanonicalText, RefusesATowerOfMarksAtOnce) {
    std::string tower;
    for (int i = 0; i < 100'000; ++i)
        tower += i % 2 == 0 ? "\xCC\x81" : "\xCC\xA3";
    EXPECT_EQ(canonical_text("a" + tower).error().code, ErrorCode::limit);
    EXPECT_FALSE(is_canonical_text("a" + tower));
    EXPECT_TRUE(canonical_text("a" + tower.substr(0, 2 * kMaxMarksInARow)));
    EXPECT_FALSE(canonical_text("a" + tower.substr(0, 2 * kMaxMarksInARow + 2)));
}

}  // namespace
}  // namespace satchel::storage
