#include "sales/numbers.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace satchel::sales {
namespace {

std::int64_t decimal(std::string_view text, int digits, std::int64_t scale = 1) {
    const auto value = parse_decimal(text, digits, scale);
    EXPECT_TRUE(value) << text << ": " << (value ? "" : value.error().message);
    return value ? *value : -999;
}

std::int64_t days(std::string_view text) {
    const auto value = parse_date(text);
    EXPECT_TRUE(value) << text;
    return value ? *value : -999'999;
}

TEST(Numbers, ADecimalBecomesMinorUnitsExactly) {
    EXPECT_EQ(decimal("1054", 2), 105400);
    EXPECT_EQ(decimal("0.29", 2), 29);  // 28.999… in floating point
    EXPECT_EQ(decimal("1100.04", 2, 1'000'000), 110'004'000'000);
    EXPECT_EQ(decimal("1,054.5", 2), 105450);
    EXPECT_EQ(decimal("12,345,678", 0), 12'345'678);
    EXPECT_EQ(decimal("-0.01", 2), -1);
    EXPECT_EQ(decimal("+7", 0), 7);
    EXPECT_EQ(decimal("2.50000", 1), 25);
    EXPECT_EQ(decimal("0.000", 0), 0);
}

TEST(Numbers, WhatIsNotExactIsRefusedAndNotRounded) {
    EXPECT_FALSE(parse_decimal("1.005", 2));
    EXPECT_FALSE(parse_decimal("0.5", 0));
}

TEST(Numbers, WhatIsNotANumberIsRefused) {
    for (const auto* text : {"", "-", ".", ".5", "5.", "1.2.3", "1e3", "12,34", ",123", "1,2345",
                             "1 000", "0x10", "--1", "NaN", "￥5", "1.234,50"})
        EXPECT_FALSE(parse_decimal(text, 2)) << text;
}

TEST(Numbers, The64BitsAreUsedToTheirEnds) {
    constexpr auto kLimits = std::numeric_limits<std::int64_t>{};
    EXPECT_EQ(decimal("9223372036854775807", 0), kLimits.max());
    EXPECT_EQ(decimal("-92233720368547758.08", 2), kLimits.min());
    EXPECT_FALSE(parse_decimal("9223372036854775808", 0));
    EXPECT_FALSE(parse_decimal("92233720368547758.08", 2));
    EXPECT_FALSE(parse_decimal(std::string(400, '9'), 2));
}

TEST(Numbers, AFormattedDecimalParsesBack) {
    for (const std::int64_t units :
         {std::int64_t{0}, std::int64_t{5}, std::int64_t{-5}, std::int64_t{105450},
          std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()})
        for (const int digits : {0, 2, 3})
            EXPECT_EQ(decimal(format_decimal(units, digits), digits), units);
    EXPECT_EQ(format_decimal(-5, 2), "-0.05");
}

TEST(Numbers, CurrenciesWithoutCentsAreKnown) {
    EXPECT_EQ(minor_digits("CNY"), 2);
    EXPECT_EQ(minor_digits("JPY"), 0);
    EXPECT_EQ(minor_digits("KWD"), 3);
    EXPECT_TRUE(is_currency_code("USD"));
    EXPECT_FALSE(is_currency_code("usd"));
    EXPECT_FALSE(is_currency_code("DOLLAR"));
}

TEST(Numbers, DatesOfSeveralCountriesAreTheSameDay) {
    for (const auto* text :
         {"2016-10-20", "2016/10/20", "2016.10.20", "2016年10月20日", "20.10.2016"})
        EXPECT_EQ(days(text), 17'094) << text;
    EXPECT_EQ(days("1970-1-1"), 0);
    EXPECT_EQ(days("1969-12-31"), -1);
    EXPECT_EQ(days("2024-02-29"), 19'782);
}

TEST(Numbers, ADayThatIsNotInTheCalendarIsRefused) {
    for (const auto* text : {"2023-02-29", "2016-13-01", "2016-00-10", "0000-01-01", "31.04.2016"})
        EXPECT_FALSE(parse_date(text)) << text;
}

TEST(Numbers, ADateThatCanBeReadInTwoWaysIsRefused) {
    for (const auto* text : {"10/20/2016", "01-02-2016", "16-10-20", "20161020", "2016-10/20",
                             "2016-10-20 08:00", "", "tomorrow"})
        EXPECT_FALSE(parse_date(text)) << text;
}

TEST(Numbers, AFormattedDateParsesBack) {
    for (const std::int64_t day : {-719'162, -1, 0, 17'094, 2'932'896})
        EXPECT_EQ(days(format_date(day)), day);
    EXPECT_EQ(format_date(17'094), "2016-10-20");
    EXPECT_EQ(format_date(std::numeric_limits<std::int64_t>::max()), "9223372036854775807");
}

}  // namespace
}  // namespace satchel::sales
