#include "sales/mapping.hpp"

#include <gtest/gtest.h>

#include "sales/starter_schema.hpp"

namespace satchel::sales {
namespace {

const std::vector<std::string> kHeader = {"opportunity_id", "sales_agent", "product",    "account",
                                          "deal_stage",     "engage_date", "Value (USD)"};

const Schema& schema() {
    static const Schema starter = starter_schema();
    return starter;
}

const Collection& opportunity() {
    return *schema().find("opportunity");
}

Result<Mapping> parse(std::string_view text, const std::vector<std::string>& header = kHeader) {
    return parse_mapping(text, schema(), opportunity(), header);
}

std::string message(std::string_view text, const std::vector<std::string>& header = kHeader) {
    const auto mapping = parse(text, header);
    return mapping ? "no error" : mapping.error().message;
}

TEST(Mapping, EveryKindOfSourceIsUnderstood) {
    const auto mapping = parse(
        "number=opportunity_id, owner=@user(sales_agent),"
        "account=@lookup(account.name,account),stage=deal_stage, "
        "amount=money(\"Value (USD)\",USD,1000), close_date=date(engage_date),"
        "next_step=const(call back), alias(product, GTXPro=GTX Pro, \"a,b\"=c)");
    ASSERT_TRUE(mapping) << mapping.error().message;
    ASSERT_EQ(mapping->sources.size(), 7U);
    EXPECT_EQ(mapping->sources[0].kind, SourceKind::plain);
    EXPECT_EQ(mapping->sources[1].kind, SourceKind::user);
    EXPECT_EQ(mapping->sources[1].column, 1U);
    EXPECT_EQ(mapping->sources[2].lookup_collection, ids::kAccount);
    EXPECT_EQ(mapping->sources[2].column, 3U);
    EXPECT_EQ(mapping->sources[4].currency, "USD");
    EXPECT_EQ(mapping->sources[4].scale, 1000);
    EXPECT_EQ(mapping->sources[4].column, 6U);
    EXPECT_EQ(mapping->sources[5].kind, SourceKind::date);
    EXPECT_EQ(mapping->sources[6].constant, "call back");
    EXPECT_EQ(mapping->aliases.at(2).find("GTXPro")->second, "GTX Pro");
    EXPECT_EQ(mapping->aliases.at(2).find("a,b")->second, "c");
    EXPECT_TRUE(mapping->unused_columns.empty());
}

TEST(Mapping, WithoutFieldsColumnsThatAreCalledLikeOneAreMapped) {
    const auto mapping =
        parse("alias(stage, won=Won)", {"currency", "stage", "amount", "close_date", "colour"});
    ASSERT_TRUE(mapping) << mapping.error().message;
    ASSERT_EQ(mapping->sources.size(), 3U);
    EXPECT_EQ(mapping->sources[0].kind, SourceKind::money);
    EXPECT_EQ(mapping->sources[0].currency_column, 0U);
    EXPECT_EQ(mapping->aliases.size(), 1U);
    EXPECT_EQ(mapping->unused_columns, std::vector<std::string>{"colour"});
}

TEST(Mapping, AnUnknownColumnIsNamedAndTheColumnsAreListed) {
    const std::string text = message("number=opportunity_no");
    EXPECT_NE(text.find("no column \"opportunity_no\""), std::string::npos) << text;
    EXPECT_NE(text.find("opportunity_id, sales_agent"), std::string::npos) << text;
}

TEST(Mapping, AnUnknownFieldIsNamedAndTheFieldsAreListed) {
    const std::string text = message("nummer=opportunity_id");
    EXPECT_NE(text.find("no field \"nummer\" in opportunity"), std::string::npos) << text;
    EXPECT_NE(text.find("number, name, account"), std::string::npos) << text;
}

TEST(Mapping, MoneyWithoutCurrencyIsRefusedAndTheWayOutIsShown) {
    EXPECT_NE(message("amount=product").find("amount=money(column, USD)"), std::string::npos);
    EXPECT_NE(message("", {"amount"}).find("amount=money(column, USD)"), std::string::npos);
    EXPECT_NE(message("amount=money(product)").find("write money("), std::string::npos);
    EXPECT_NE(message("stage=money(product,USD)").find("has none"), std::string::npos);
}

TEST(Mapping, AFieldIsGivenOnce) {
    EXPECT_NE(message("stage=product,stage=account").find("stage is given twice"),
              std::string::npos);
    EXPECT_NE(message("amount=money(product,USD),currency=account").find("given twice"),
              std::string::npos);
    EXPECT_NE(message("stage=account,alias(product,a=b,a=c)").find("alias \"a\" is given twice"),
              std::string::npos);
}

TEST(Mapping, SeveralColumnsMakeOneText) {
    const auto mapping = parse("name=join(account, product)");
    ASSERT_TRUE(mapping) << mapping.error().message;
    EXPECT_EQ(mapping->sources[0].kind, SourceKind::joined);
    EXPECT_EQ(mapping->sources[0].columns, (std::vector<std::size_t>{3, 2}));
    EXPECT_NE(message("name=join(account)").find("write join("), std::string::npos);
    EXPECT_NE(message("name=join(account,colour)").find("no column \"colour\""), std::string::npos);
    EXPECT_NE(message("amount=join(account,product)").find("needs a text field"),
              std::string::npos);
}

TEST(Mapping, AReferenceLeadsToItsCollectionOnly) {
    EXPECT_NE(message("account=@lookup(product.name,product)").find("but to account"),
              std::string::npos);
    EXPECT_NE(message("account=@user(product)").find("but to account"), std::string::npos);
    EXPECT_NE(message("stage=@user(product)").find("refers to no record"), std::string::npos);
    EXPECT_NE(message("account=@lookup(firm.name,product)").find("collections are"),
              std::string::npos);
    EXPECT_NE(message("account=@lookup(account,product)").find("collections are"),
              std::string::npos);
    EXPECT_NE(message("account=@lookup(account.nom,product)").find("no field \"nom\" in account"),
              std::string::npos);
}

TEST(Mapping, WhatDoesNotParseIsPointedAt) {
    EXPECT_NE(message("stage").find("expected '='"), std::string::npos);
    EXPECT_NE(message("stage=").find("a column is missing before the end"), std::string::npos);
    EXPECT_NE(message("stage=product account=account").find("found \"=account\""),
              std::string::npos);
    EXPECT_NE(message("stage=date(product").find("expected ')'"), std::string::npos);
    EXPECT_NE(message("stage=\"product").find("never closed"), std::string::npos);
    EXPECT_NE(message("stage=upper(product)").find("date(column), money(column, USD)"),
              std::string::npos);
    EXPECT_NE(message("alias(product)=x").find("expected ','"), std::string::npos);
    EXPECT_EQ(parse(std::string(kMaxMappingBytes + 1, 'x')).error().code, ErrorCode::limit);
}

TEST(Mapping, NoMatchingColumnAtAllListsBothSides) {
    const std::string text = message("", {"colour"});
    EXPECT_NE(text.find("the file has colour"), std::string::npos) << text;
}

}  // namespace
}  // namespace satchel::sales
