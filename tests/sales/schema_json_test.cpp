#include "sales/schema_json.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "sales/starter_schema.hpp"

namespace satchel::sales {
namespace {

using nlohmann::json;

const json kSchema = json::parse(R"({"number": 7, "collections": [
  {"id": 100, "name": "plant", "label_zh": "工厂", "delete": "delete_wins",
   "scope": {"owner": "owner"},
   "fields": [{"id": 1, "name": "name", "kind": "text"},
              {"id": 2, "name": "owner", "kind": "reference", "refers_to": "_user"},
              {"id": 3, "name": "value", "kind": "integer"},
              {"id": 4, "name": "value_currency", "kind": "text", "cell": "value"},
              {"id": 5, "name": "next", "kind": "reference", "refers_to": "route"}],
   "rules": [{"cell": "value", "rule": "max"}]},
  {"id": 101, "name": "route", "fields": [{"id": 1, "name": "name", "kind": "text"}]}]})");

// What comes of the schema above with one place of it changed; "" when it is accepted.
std::string error_with(const char* pointer, const json& value) {
    json changed = kSchema;
    changed[json::json_pointer(pointer)] = value;
    const Result<Schema> schema = schema_from_json(changed);
    if (schema) return "";
    EXPECT_EQ(schema.error().code, ErrorCode::invalid_argument) << pointer;
    return schema.error().message;
}

std::string error_without(const char* pointer) {
    json changed = kSchema;
    const json::json_pointer at(pointer);
    changed[at.parent_pointer()].erase(at.back());
    const Result<Schema> schema = schema_from_json(changed);
    return schema ? "" : schema.error().message;
}

TEST(SchemaJson, NamesBecomeIds) {
    const auto schema = schema_from_json(kSchema);
    ASSERT_TRUE(schema) << schema.error().message;
    EXPECT_EQ(schema->number(), 7U);
    const Collection* plant = schema->find("plant");
    ASSERT_NE(plant, nullptr);
    EXPECT_EQ(plant->scope.owner, FieldId{2});
    EXPECT_EQ(plant->delete_policy, DeletePolicy::delete_wins);
    EXPECT_EQ(plant->find("owner")->refers_to, system_ids::kUser);
    EXPECT_EQ(plant->find("next")->refers_to, CollectionId{101});
    EXPECT_EQ(plant->find("value_currency")->cell, FieldId{3});
    EXPECT_EQ(plant->cell(FieldId{3})->rule, ConflictRule::max);
}

TEST(SchemaJson, WhatIsLeftOutHasItsUsualValue) {
    const auto schema = schema_from_json(kSchema);
    ASSERT_TRUE(schema);
    const Collection* route = schema->find("route");
    EXPECT_EQ(route->label_zh, "route");
    EXPECT_EQ(route->find("name")->label_en, "name");
    EXPECT_EQ(route->priority, 5);
    EXPECT_EQ(route->delete_policy, DeletePolicy::update_wins);
    EXPECT_EQ(route->write_right, WriteRight::holders);
    EXPECT_FALSE(route->append_only || route->scope.everyone);
}

TEST(SchemaJson, TheStarterSchemaComesBackTheSame) {
    const Schema schema = starter_schema();
    const auto back = schema_from_json_text(schema_to_json(schema).dump());
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->encode(), schema.encode());
}

TEST(SchemaJson, TheExampleOfThePageIsOne) {
    std::ifstream file(SATCHEL_SOURCE_DIR "/docs/formats.md");
    std::stringstream page;
    page << file.rdbuf();
    const std::string text = page.str();
    const std::size_t from = text.find("```json\n", text.find("### Schema as JSON")) + 8;
    const auto schema = schema_from_json_text(text.substr(from, text.find("```", from) - from));
    ASSERT_TRUE(schema) << schema.error().message;
    EXPECT_EQ(schema->find("deal")->scope.owner, FieldId{3});
}

TEST(SchemaJson, WhatIsNoSchemaIsRefused) {
    for (const char* bad : {"", "[]", "7", "{", "{}", R"({"number": 1})", "{\"number\": \xff}"}) {
        const auto schema = schema_from_json_text(bad);
        ASSERT_FALSE(schema) << bad;
        EXPECT_EQ(schema.error().code, ErrorCode::invalid_argument) << bad;
    }
}

struct Slip {
    const char* where;  // a JSON pointer into kSchema
    json value;
    const char* place;  // that the message names
    const char* what;   // and what it says
};

TEST(SchemaJson, AMistakeIsAnErrorThatNamesItsPlace) {
    const Slip slips[] = {
        {"/nummer", 8, "schema:", "\"nummer\""},
        {"/number", "8", "schema:", "\"number\" must be a whole number"},
        {"/number", 0, "schema:", "from 1"},
        {"/number", -1, "schema:", "\"number\""},
        {"/number", 1.5, "schema:", "\"number\""},
        {"/collections", json::object(), "schema:", "\"collections\" must be a list"},
        {"/collections/1", 7, "schema, collections[1]:", "an object"},
        {"/collections/1/id", 99, "schema, route:", "from 100"},
        {"/collections/0/name", nullptr, "collections[0]:", "\"name\" must be a text"},
        {"/collections/0/write_right", "holders", "schema, plant:", "\"write_right\""},
        {"/collections/0/write", "everybody", "schema, plant:", "holders, head_office"},
        {"/collections/0/delete", true, "schema, plant:", "\"delete\" must be a text"},
        {"/collections/0/append_only", 1, "schema, plant:", "true or false"},
        {"/collections/0/priority", 256, "schema, plant:", "0 to 255"},
        {"/collections/0/scope/owner", "nobody", "schema, plant, scope:", "'nobody'"},
        {"/collections/0/scope/parents", "owner", "schema, plant, scope:", "a list"},
        {"/collections/0/scope/shared", true, "schema, plant, scope:", "\"shared\""},
        {"/collections/0/fields/0/kind", "float", "schema, plant.name:", "integer, text, bytes"},
        {"/collections/0/fields/0/max_bytes", 1 << 21, "schema, plant.name:", "\"max_bytes\""},
        {"/collections/0/fields/0/index", true, "schema, plant.name:", "\"index\""},
        {"/collections/0/fields/0/indexed", "yes", "schema, plant.name:", "true or false"},
        {"/collections/0/fields/3/cell", "worth", "schema, plant.value_currency:", "'worth'"},
        {"/collections/0/fields/4/refers_to", "road", "schema, plant.next:", "'road'"},
        {"/collections/0/rules/0/rule", "newest", "schema, plant, rules[0]:", "last_writer"},
        {"/collections/0/rules/0/cell", "worth", "schema, plant, rules[0]:", "'worth'"},
        {"/collections/0/rules/0/order", json::array({1}), "schema, plant, rules[0]:", "a text"},
    };
    for (const Slip& slip : slips) {
        const std::string message = error_with(slip.where, slip.value);
        EXPECT_NE(message.find(slip.place), std::string::npos) << slip.where << ": " << message;
        EXPECT_NE(message.find(slip.what), std::string::npos) << slip.where << ": " << message;
    }
}

TEST(SchemaJson, WhatMustBeGivenIsMissed) {
    for (const char* must : {"/number", "/collections", "/collections/0/id", "/collections/0/name",
                             "/collections/0/fields/0/id", "/collections/0/fields/0/name",
                             "/collections/0/fields/0/kind", "/collections/0/rules/0/cell",
                             "/collections/0/rules/0/rule"})
        EXPECT_NE(error_without(must).find("must be given"), std::string::npos) << must;
    EXPECT_NE(error_without("/collections/0/fields").find("schema, plant"), std::string::npos);
}

}  // namespace
}  // namespace satchel::sales
