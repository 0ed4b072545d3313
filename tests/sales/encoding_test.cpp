#include "sales/encoding.hpp"

#include <gtest/gtest.h>

namespace satchel::sales {
namespace {

using namespace std::string_literals;

DecodedText decoded(ByteView bytes) {
    auto text = to_utf8(bytes);
    EXPECT_TRUE(text) << (text ? "" : text.error().message);
    return text ? *text : DecodedText{};
}

std::string message(ByteView bytes) {
    const auto text = to_utf8(bytes);
    return text ? "no error" : text.error().message;
}

TEST(Encoding, Utf8StaysAsItIs) {
    const DecodedText text = decoded("名称,价格\n商机🚀,1\n");
    EXPECT_EQ(text.text, "名称,价格\n商机🚀,1\n");
    EXPECT_EQ(text.encoding, Encoding::utf8);
}

TEST(Encoding, TheMarkOfUtf8IsTakenOff) {
    EXPECT_EQ(decoded("\xEF\xBB\xBFname\n").text, "name\n");
    EXPECT_EQ(decoded("\xEF\xBB\xBF").text, "");
}

TEST(Encoding, AnEmptyFileIsEmptyUtf8) {
    EXPECT_EQ(decoded("").text, "");
}

TEST(Encoding, AGbkFileOfAChineseSpreadsheetIsRead) {
    const DecodedText text = decoded("\xC3\xFB\xB3\xC6,\xBF\xCD\xBB\xA7\r\n\xD5\xC5\xC8\xFD,1");
    EXPECT_EQ(text.text, "名称,客户\r\n张三,1");
    EXPECT_EQ(text.encoding, Encoding::gb18030);
    EXPECT_EQ(name(text.encoding), "GB18030");
}

TEST(Encoding, FourByteCharactersOfGb18030AreRead) {
    EXPECT_EQ(decoded("\x94\x39\xDA\x33\xC3\xFB").text, "\U0001F4A9名");
}

TEST(Encoding, Utf16WithEitherMarkIsRead) {
    EXPECT_EQ(decoded("\xFF\xFE\x0D\x54,\0\n\0"s).text, "名,\n");
    EXPECT_EQ(decoded("\xFE\xFF\x54\x0D\0,\0\n"s).text, "名,\n");
}

TEST(Encoding, ALongGbkFileIsConvertedWhole) {
    std::string gbk;
    std::string utf8;
    for (int i = 0; i < 100'000; ++i) {
        gbk += "\xC3\xFB,x\n";
        utf8 += "名,x\n";
    }
    EXPECT_EQ(decoded(gbk).text, utf8);
}

TEST(Encoding, ADamagedUtf16FileNamesTheByteAndTheLine) {
    EXPECT_NE(message("\xFF\xFE"
                      "a\0\n\0b"s)
                  .find("byte 6 (line 2)"),
              std::string::npos)
        << message(
               "\xFF\xFE"
               "a\0\n\0b"s);
    EXPECT_NE(message("\xFF\xFE\x00\xD8x\0"s).find("byte 2 (line 1)"), std::string::npos);
}

TEST(Encoding, AMarkedUtf8FileWithAFaultIsNotGuessedToBeGb18030) {
    const std::string text = message("\xEF\xBB\xBFok\n\xC3\xFB\n");
    EXPECT_NE(text.find("byte 6 (line 2)"), std::string::npos) << text;
}

TEST(Encoding, BytesThatAreNothingNameByteAndLineForBothAndSayWhatToDo) {
    const std::string text = message("ok\n\xC3\xFB\nx\xFF\xFFy");
    EXPECT_NE(text.find("UTF-8, which breaks at byte 3 (line 2)"), std::string::npos) << text;
    EXPECT_NE(text.find("GBK, which breaks at byte 7 (line 3)"), std::string::npos) << text;
    EXPECT_NE(text.find("save it as UTF-8"), std::string::npos) << text;
}

TEST(Encoding, SurrogatesAndValuesBeyondUnicodeAreNotUtf8) {
    EXPECT_NE(message("\xEF\xBB\xBF"
                      "a\xED\xA0\x80")
                  .find("byte 4"),
              std::string::npos);
    EXPECT_NE(message("\xEF\xBB\xBF"
                      "a\xF4\x90\x80\x80")
                  .find("byte 4"),
              std::string::npos);
}

}  // namespace
}  // namespace satchel::sales
