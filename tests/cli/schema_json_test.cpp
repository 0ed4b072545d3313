#include "cli/schema_json.hpp"

#include <gtest/gtest.h>

namespace satchel::cli {
namespace {

constexpr const char* kSchema = R"({"number": 7, "collections": [
  {"id": 100, "name": "plant", "label_zh": "工厂", "delete": "delete_wins",
   "scope": {"owner": "owner"},
   "fields": [{"id": 1, "name": "name", "kind": "text"},
              {"id": 2, "name": "owner", "kind": "reference", "refers_to": "_user"},
              {"id": 3, "name": "value", "kind": "integer"},
              {"id": 4, "name": "value_currency", "kind": "text", "cell": "value"}],
   "rules": [{"cell": "value", "rule": "max"}]}]})";

TEST(SchemaJson, NamesBecomeIds) {
    const auto schema = schema_from_json(kSchema);
    ASSERT_TRUE(schema) << schema.error().message;
    EXPECT_EQ(schema->number(), 7U);
    const Collection* plant = schema->find("plant");
    ASSERT_NE(plant, nullptr);
    EXPECT_EQ(plant->scope.owner, FieldId{2});
    EXPECT_EQ(plant->delete_policy, DeletePolicy::delete_wins);
    EXPECT_EQ(plant->find("owner")->refers_to, system_ids::kUser);
    EXPECT_EQ(plant->find("value_currency")->cell, FieldId{3});
    EXPECT_EQ(plant->cell(FieldId{3})->rule, ConflictRule::max);
}

TEST(SchemaJson, WhatIsWrongIsNamed) {
    for (const char* bad :
         {"", "[]", R"({"collections": [7]})",
          R"({"collections": [{"id": 100, "name": "a", "fields": [{"id": 1, "name": "x"}]}]})",
          R"({"collections": [{"id": 100, "name": "a", "fields": [
              {"id": 1, "name": "x", "kind": "reference", "refers_to": "nowhere"}]}]})",
          R"({"collections": [{"id": 100, "name": "a", "fields": [
              {"id": 1, "name": "x", "kind": "text", "cell": "nowhere"}]}]})"}) {
        const auto schema = schema_from_json(bad);
        ASSERT_FALSE(schema) << bad;
        EXPECT_EQ(schema.error().code, ErrorCode::invalid_argument) << bad;
    }
}

}  // namespace
}  // namespace satchel::cli
