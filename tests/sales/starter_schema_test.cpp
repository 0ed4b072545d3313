#include "sales/starter_schema.hpp"

#include <gtest/gtest.h>

namespace satchel::sales {
namespace {

const Collection& collection(const Schema& schema, std::string_view name) {
    const Collection* found = schema.find(name);
    EXPECT_NE(found, nullptr) << name;
    return *found;
}

const Cell& cell(const Collection& of, std::string_view field) {
    return *of.cell(of.find(field)->cell);
}

TEST(StarterSchema, HasTheCollectionsOfASalesTeamWithLabelsInBothLanguages) {
    const Schema schema = starter_schema();
    for (const auto* name : {"account", "contact", "product", "opportunity", "activity", "task"})
        ASSERT_NE(schema.find(name), nullptr) << name;
    for (const Collection& each : schema.collections()) {
        EXPECT_FALSE(each.label_zh.empty() || each.label_en.empty()) << each.name;
        for (const Field& field : each.fields)
            EXPECT_FALSE(field.label_zh.empty() || field.label_en.empty()) << field.name;
    }
}

TEST(StarterSchema, AnAmountAndItsCurrencyAreOneCell) {
    const Schema schema = starter_schema();
    EXPECT_EQ(cell(collection(schema, "opportunity"), "amount").fields.size(), 2U);
    EXPECT_EQ(cell(collection(schema, "account"), "revenue").fields.size(), 2U);
    EXPECT_EQ(cell(collection(schema, "product"), "sales_price").fields.size(), 2U);
}

TEST(StarterSchema, ThePartsOfAnAddressAreOneCell) {
    const Schema schema = starter_schema();
    EXPECT_EQ(cell(collection(schema, "account"), "city").fields.size(), 4U);
}

TEST(StarterSchema, TheFurthestStageIsShownAndClosedStagesShareThePlace) {
    const Schema schema = starter_schema();
    const Cell& stage = cell(collection(schema, "opportunity"), "stage");
    EXPECT_EQ(stage.rule, ConflictRule::furthest);
    EXPECT_EQ(stage.order, (std::vector<std::string>{"Prospecting", "Engaging", "Won|Lost"}));
}

TEST(StarterSchema, EveryStageHasAPlaceInTheRule) {
    const Schema schema = starter_schema();
    std::string closed;
    std::vector<std::string> expected;
    for (const Stage& stage : starter_stages()) {
        if (stage.kind == StageKind::open)
            expected.emplace_back(stage.code);
        else
            closed += (closed.empty() ? "" : "|") + std::string(stage.code);
    }
    expected.push_back(closed);
    EXPECT_EQ(cell(collection(schema, "opportunity"), "stage").order, expected);
}

TEST(StarterSchema, NotesKeepTheLinesOfAll) {
    const Schema schema = starter_schema();
    for (const auto* name : {"account", "contact", "opportunity", "task"})
        EXPECT_EQ(cell(collection(schema, name), "notes").rule, ConflictRule::union_lines) << name;
}

TEST(StarterSchema, EveryCollectionReachesSomeDevice) {
    const Schema schema = starter_schema();
    for (const Collection& each : schema.collections()) {
        const ScopeRule& scope = each.scope;
        EXPECT_TRUE(scope.everyone || number(scope.owner) != 0 || number(scope.pool) != 0 ||
                    !scope.parents.empty())
            << each.name;
    }
}

TEST(StarterSchema, ProductsAreForEveryoneAndWrittenByHeadOffice) {
    const Schema schema = starter_schema();
    EXPECT_TRUE(collection(schema, "product").scope.everyone);
    EXPECT_EQ(collection(schema, "product").write_right, WriteRight::head_office);
    EXPECT_FALSE(collection(schema, "account").scope.everyone);
}

TEST(StarterSchema, AnOpportunityFollowsItsOwnerAndItsAccount) {
    const Schema schema = starter_schema();
    const Collection& opportunity = collection(schema, "opportunity");
    EXPECT_EQ(opportunity.scope.owner, opportunity.find("owner")->id);
    EXPECT_EQ(opportunity.scope.parents, std::vector{opportunity.find("account")->id});
}

TEST(StarterSchema, ActivitiesAreOnlyAdded) {
    const Schema schema = starter_schema();
    EXPECT_TRUE(collection(schema, "activity").append_only);
    EXPECT_EQ(collection(schema, "activity").scope.parents.size(), 2U);
}

TEST(StarterSchema, ReferencesNameTheCollectionTheyPointTo) {
    const Schema schema = starter_schema();
    for (const Collection& each : schema.collections()) {
        if (number(each.id) < system_ids::kFirstFree) continue;
        for (const Field& field : each.fields) {
            if (field.kind != FieldKind::reference) continue;
            EXPECT_NE(schema.find(field.refers_to), nullptr) << each.name << '.' << field.name;
        }
    }
}

TEST(StarterSchema, TheNameOfAnIntegerTellsItsMeaning) {
    const Schema schema = starter_schema();
    const Collection& opportunity = collection(schema, "opportunity");
    const auto meaning_of = [&](std::string_view field) {
        return meaning(opportunity, *opportunity.find(field));
    };
    EXPECT_EQ(meaning_of("amount"), Meaning::money);
    EXPECT_EQ(meaning_of("close_date"), Meaning::date);
    EXPECT_EQ(meaning_of("calls"), Meaning::plain);
    EXPECT_EQ(meaning_of("currency"), Meaning::plain);
    const Collection& activity = collection(schema, "activity");
    EXPECT_EQ(meaning(activity, *activity.find("started_at")), Meaning::time);
    const Collection& account = collection(schema, "account");
    EXPECT_EQ(currency_field(account, *account.find("revenue"))->name, "revenue_currency");
    EXPECT_EQ(currency_field(account, *account.find("employees")), nullptr);
}

TEST(StarterSchema, ItsStoredFormReadsBackTheSame) {
    const Schema schema = starter_schema();
    const Bytes stored = schema.encode();
    const auto read = Schema::decode(stored);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->encode(), stored);
}

}  // namespace
}  // namespace satchel::sales
