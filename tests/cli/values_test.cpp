#include "cli/values.hpp"

#include <gtest/gtest.h>

#include "sales/starter_schema.hpp"

namespace satchel::cli {
namespace {

class Values : public testing::Test {
  protected:
    Values() {
        auto opened = storage::Database::open(":memory:", {});
        EXPECT_TRUE(opened);
        database_ = std::make_unique<storage::Database>(*std::move(opened));
        names_ = std::make_unique<Names>(*database_, schema_);
    }

    Result<Assignments> parse(const std::string& collection,
                              const std::vector<std::string>& arguments) {
        return parse_assignments(*schema_.find(collection), arguments, {}, *names_);
    }

    const Schema schema_ = sales::starter_schema();
    std::unique_ptr<storage::Database> database_;
    std::unique_ptr<Names> names_;
};

TEST_F(Values, ADateIsDaysAndComesBackAsADate) {
    const auto parsed = parse("opportunity", {"close_date=2026-11-22"});
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(parsed->registers.at(0).second.integer(), 20'779);
    const Collection& opportunity = *schema_.find("opportunity");
    std::vector<Value> row(opportunity.fields.size());
    const Field& field = *opportunity.find("close_date");
    row[opportunity.position(field.id)] = Value(20'779);
    EXPECT_EQ(text_of(opportunity, field, row), "2026-11-22");
}

TEST_F(Values, MoneyIsReadInTheDecimalsOfItsCurrency) {
    const auto yuan = parse("opportunity", {"amount=12.34", "currency=CNY"});
    ASSERT_TRUE(yuan) << yuan.error().message;
    EXPECT_EQ(yuan->registers.at(0).second.integer(), 1'234);
    const auto yen = parse("opportunity", {"amount=1234", "currency=JPY"});
    ASSERT_TRUE(yen) << yen.error().message;
    EXPECT_EQ(yen->registers.at(0).second.integer(), 1'234);
    EXPECT_FALSE(parse("opportunity", {"amount=12.345", "currency=CNY"}));
}

TEST_F(Values, ASetIsDividedBySemicolonsAndACounterGetsASteps) {
    const auto parsed = parse("account", {"tags=重点;VIP", "visits=3"});
    ASSERT_TRUE(parsed) << parsed.error().message;
    ASSERT_EQ(parsed->elements.size(), 2U);
    EXPECT_EQ(parsed->elements[0].second, "重点");
    EXPECT_EQ(parsed->counters.at(0).second, 3);
}

TEST_F(Values, AnUnknownFieldIsNamedAndTheKnownOnesAreListed) {
    const auto parsed = parse("account", {"nmae=Acme"});
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(parsed.error().message.find("nmae"), std::string::npos);
    EXPECT_NE(parsed.error().message.find("sector"), std::string::npos);
}

TEST_F(Values, NothingBehindTheEqualsSignIsATextOnlyForTexts) {
    EXPECT_TRUE(parse("account", {"name="}));
    EXPECT_FALSE(parse("account", {"employees="}));
    EXPECT_FALSE(parse("account", {"employees"}));
}

TEST_F(Values, ATimeIsReadInBothForms) {
    EXPECT_EQ(*parse_time("1970-01-02T01:02:03Z"), 86'400'000 + 3'723'000);
    EXPECT_EQ(*parse_time("1763800000000"), 1'763'800'000'000);
    EXPECT_EQ(time_text(86'400'000 + 3'723'000), "1970-01-02T01:02:03Z");
    EXPECT_FALSE(parse_time("1970-01-02T25:00"));
    EXPECT_FALSE(parse_time("1970-01-02T10:00 tomorrow"));
}

TEST_F(Values, ColumnsAreAsWideAsOnTheScreen) {
    EXPECT_EQ(display_width("Acme 上海"), 9U);
    EXPECT_EQ(clipped("上海上海上海", 5), "上海…");
    EXPECT_EQ(clipped("two\nlines", 40), "two lines");
}

}  // namespace
}  // namespace satchel::cli
