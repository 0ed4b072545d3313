#include "sales/set_text.hpp"

#include <gtest/gtest.h>

namespace satchel::sales {
namespace {

using Elements = std::vector<std::string>;

TEST(SetText, ElementsAreDividedBySemicolonsAndSpacesBetweenThemDoNotCount) {
    EXPECT_EQ(*split_set("重点;VIP"), (Elements{"重点", "VIP"}));
    EXPECT_EQ(*split_set(" a; b ;;c;"), (Elements{"a", "b", "c"}));
    EXPECT_EQ(*split_set(" ; "), Elements{});
}

TEST(SetText, AnElementInQuotationMarksMayHoldASemicolon) {
    EXPECT_EQ(*split_set(R"("a;b"; VIP)"), (Elements{"a;b", "VIP"}));
    EXPECT_EQ(*split_set(R"("say ""hi""" ;5" pipe)"), (Elements{R"(say "hi")", R"(5" pipe)"}));
}

TEST(SetText, AQuotationMarkThatIsNotClosedIsRefused) {
    EXPECT_EQ(split_set("\"a;b").error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(split_set("\"a\"b;c").error().code, ErrorCode::invalid_argument);
}

TEST(SetText, WhatIsJoinedIsSplitIntoTheSame) {
    for (const Elements& elements :
         {Elements{"a", "b"}, Elements{"a;b", "\"", "\"\"", " spaced ", "x\"y"}, Elements{}})
        EXPECT_EQ(*split_set(join_set(elements)), elements) << join_set(elements);
    EXPECT_EQ(join_set({"a;b", "c"}), "\"a;b\";c");
}

}  // namespace
}  // namespace satchel::sales
