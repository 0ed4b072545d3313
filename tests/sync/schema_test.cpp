// Schemas: what build refuses, what a successor may change, and the stored form.
#include "sync/schema.hpp"

#include "sync/limits.hpp"
#include "tests/sync/damage.hpp"
#include "tests/sync/generators.hpp"

namespace satchel::testing {
namespace {

using Rules = std::map<CollectionId, std::vector<CellRule>>;

Field field(std::uint32_t id, const std::string& name, FieldKind kind, std::uint32_t cell = 0) {
    Field made;
    made.id = FieldId{id};
    made.name = name;
    made.kind = kind;
    made.cell = FieldId{cell == 0 ? id : cell};
    return made;
}

Collection deal() {
    Collection made;
    made.id = CollectionId{100};
    made.name = "deal";
    made.fields = {field(1, "amount", FieldKind::integer), field(2, "currency", FieldKind::text, 1),
                   field(3, "stage", FieldKind::text),     field(4, "owner", FieldKind::reference),
                   field(5, "tags", FieldKind::set),       field(6, "visits", FieldKind::counter)};
    return made;
}

Schema built(std::vector<Collection> collections) {
    auto schema = Schema::build(1, std::move(collections), {});
    EXPECT_TRUE(schema) << schema.error().message;
    return *schema;
}

void expect_refused(const Collection& collection, const std::string& why, const Rules& rules = {}) {
    const auto schema = Schema::build(1, {collection}, rules);
    ASSERT_FALSE(schema) << why;
    EXPECT_EQ(schema.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(schema.error().message.find(why), std::string::npos) << schema.error().message;
}

template <typename Change>
Collection deal_with(Change change) {
    Collection changed = deal();
    change(changed);
    return changed;
}

RC_GTEST_PROP(Schema, WhatIsWrittenIsReadBack, ()) {
    const Schema schema = *any_schema();
    const Bytes bytes = schema.encode();
    const auto back = Schema::decode(bytes);
    RC_ASSERT(static_cast<bool>(back));
    RC_ASSERT(back->encode() == bytes);
    RC_ASSERT(back->number() == schema.number());
    RC_ASSERT(back->collections().size() == schema.collections().size());
    RC_ASSERT(static_cast<bool>(check_successor(schema, *back)));
}

RC_GTEST_PROP(Schema, DamageIsRefusedOrReadsAsASchemaThatStays, ()) {
    const Bytes bytes = (*any_schema()).encode();
    for_each_damage(bytes, sample(bytes, *any_number(), 1), [](ByteView damaged) {
        const auto schema = Schema::decode(damaged);
        if (!schema) {
            RC_ASSERT(schema.error().code != ErrorCode::internal);
            return;
        }
        const auto again = Schema::decode(schema->encode());
        RC_ASSERT((again && again->encode() == schema->encode()));
    });
}

TEST(Schema, CellsAreTheGroupsOfRegisterFields) {
    const Schema schema = built({deal()});
    const Collection& collection = *schema.find("deal");
    ASSERT_EQ(collection.cells.size(), 3U);
    EXPECT_EQ(collection.cells[0].fields, (std::vector<std::size_t>{0, 1}));
    EXPECT_EQ(collection.cell(FieldId{2}), nullptr);
    EXPECT_EQ(collection.position(FieldId{9}), collection.fields.size());
    EXPECT_NE(schema.find(system_ids::kUser), nullptr) << "every workspace has it";
}

TEST(Schema, BadFieldsAreRefusedByName) {
    expect_refused(deal_with([](auto& c) { c.fields[0].name = "Amount"; }), "deal.Amount");
    expect_refused(deal_with([](auto& c) { c.fields[0].name = "id"; }), "an 'id' of its");
    expect_refused(deal_with([](auto& c) { c.fields[1].name = "amount"; }), "a field name twice");
    expect_refused(deal_with([](auto& c) { c.fields[2].id = FieldId{1}; }), "a field id twice");
    expect_refused(deal_with([](auto& c) { c.fields[2].id = FieldId{0}; }), "starts at 1");
    expect_refused(deal_with([](auto& c) { c.fields[2].cell = FieldId{2}; }), "first field");
    expect_refused(deal_with([](auto& c) { c.fields[5].cell = FieldId{1}; }), "stand alone");
    expect_refused(
        deal_with([](auto& c) { c.fields.push_back(field(7, "note", FieldKind::text, 5)); }),
        "plain field");
    expect_refused(deal_with([](auto& c) { c.fields[2].label_zh = "\xff"; }), "UTF-8");
    expect_refused(deal_with([](auto& c) { c.fields[2].max_bytes = kMaxTextBytes + 1; }), "limit");
    expect_refused(deal_with([](auto& c) { std::swap(c.fields[0], c.fields[1]); }), "first field");
    expect_refused(deal_with([](auto& c) { c.fields.clear(); }), "1 to 256");
}

TEST(Schema, BadCollectionsAreRefused) {
    for (const char* name : {"", "Deal", "1deal", "de al", "_deal", "d\"eal"})
        expect_refused(deal_with([name](auto& c) { c.name = name; }), "[a-z]");
    expect_refused(deal_with([](auto& c) { c.name = std::string(kMaxNameBytes + 1, 'a'); }),
                   "[a-z]");
    for (const std::uint32_t id : {0U, 1U, 50U, 99U})
        expect_refused(deal_with([id](auto& c) { c.id = CollectionId{id}; }), "below 100");
    expect_refused(deal_with([](auto& c) { c.scope.owner = FieldId{3}; }), "reference");
    expect_refused(deal_with([](auto& c) { c.scope.pool = FieldId{4}; }), "text");
    expect_refused(deal_with([](auto& c) { c.scope.parents = {FieldId{9}}; }), "reference");
    EXPECT_FALSE(Schema::build(1, {deal(), deal()}, {}));
}

TEST(Schema, NamesOfTheDatabasesOwnAreRefused) {
    for (const char* name : {"oid", "rowid"})
        expect_refused(deal_with([name](auto& c) { c.fields[0].name = name; }), "choose another");
    for (const char* name : {"sqlite_deal", "pragma_deal", "json_each"})
        expect_refused(deal_with([name](auto& c) { c.name = name; }), "database's own");
    for (const char* name : {"journal", "setting", "scope"})
        expect_refused(deal_with([name](auto& c) { c.name = name; }), "choose another");
    for (const char* name : {"select", "order", "table"})  // words of SQL are quoted
        built({deal_with([name](auto& c) { c.name = c.fields[0].name = name; })});
}

TEST(Schema, RulesThatCannotWorkAreRefused) {
    const auto with = [](CellRule rule) { return Rules{{CollectionId{100}, {rule}}}; };
    expect_refused(deal(), "furthest", with({FieldId{1}, ConflictRule::furthest, {"a"}}));
    expect_refused(deal(), "furthest", with({FieldId{3}, ConflictRule::furthest, {}}));
    expect_refused(deal(), "union_lines", with({FieldId{1}, ConflictRule::union_lines, {}}));
    expect_refused(deal(), "unknown cell", with({FieldId{2}, ConflictRule::max, {}}));
    expect_refused(
        deal(), "order",
        with({FieldId{3}, ConflictRule::furthest, std::vector<std::string>(kMaxFields + 1, "x")}));
}

TEST(Schema, FieldsAndCollectionsAreCounted) {
    Collection wide = deal();
    wide.fields.clear();
    for (std::uint32_t i = 1; i <= kMaxFields; ++i)
        wide.fields.push_back(field(i, "f" + std::to_string(i), FieldKind::integer));
    EXPECT_TRUE(Schema::decode(built({wide}).encode()));
    wide.fields.push_back(field(999, "one_more", FieldKind::integer));
    expect_refused(wide, "1 to 256");
    std::vector<Collection> many;
    for (std::uint32_t i = 0; i < kMaxCollections - 3; ++i) {
        many.push_back(deal());
        many.back().id = CollectionId{100 + i};
        many.back().name = "c" + std::to_string(i);
    }
    EXPECT_TRUE(Schema::decode(built(many).encode()));
    many.push_back(deal());
    many.back().id = CollectionId{999};
    EXPECT_FALSE(Schema::build(1, many, {}));
}

TEST(Schema, OneThatWouldNotFitItsRecordIsRefused) {
    expect_refused(deal_with([](auto& c) { c.label_en = std::string(kMaxSchemaBytes, 'x'); }),
                   "larger");
}

TEST(Schema, AnotherFormatAsksForTheNewerRelease) {
    Bytes bytes = built({deal()}).encode();
    bytes[0] = 2;
    EXPECT_EQ(Schema::decode(bytes).error().code, ErrorCode::newer_format);
    EXPECT_EQ(Schema::decode("").error().code, ErrorCode::corrupt);
    EXPECT_EQ(Schema::decode(Bytes(kMaxSchemaBytes + 1, '\1')).error().code, ErrorCode::limit);
}

TEST(SchemaSuccessor, MayAddFieldsAndCollectionsAndChangeRulesAndLabels) {
    Collection grown = deal();
    grown.fields.push_back(field(7, "note", FieldKind::text));
    grown.fields[0].label_en = "Sum";
    Collection other = deal();
    other.id = CollectionId{101};
    other.name = "lead";
    const auto newer = Schema::build(2, {grown, other},
                                     {{CollectionId{100}, {{FieldId{1}, ConflictRule::max, {}}}}});
    ASSERT_TRUE(newer);
    EXPECT_TRUE(check_successor(built({deal()}), *newer));
}

TEST(SchemaSuccessor, MayNotTakeAwayOrChangeTheMeaningOfAnything) {
    const std::vector<std::function<void(Collection&)>> changes{
        [](Collection& c) { c.name = "deals"; },
        [](Collection& c) { c.fields.pop_back(); },
        [](Collection& c) { c.fields[2].name = "step"; },
        [](Collection& c) { c.fields[2].kind = FieldKind::bytes; },
        [](Collection& c) { c.fields[1].cell = FieldId{2}; },
        [](Collection& c) { c.fields[2].cell = FieldId{1}; },
        [](Collection& c) { c.fields.push_back(field(7, "rate", FieldKind::integer, 1)); },
    };
    const Schema older = built({deal()});
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const auto status = check_successor(older, built({deal_with(changes[i])}));
        ASSERT_FALSE(status) << "change " << i;
        EXPECT_EQ(status.error().code, ErrorCode::invalid_argument);
    }
    EXPECT_FALSE(check_successor(older, built({})));
}

// Values of a group stand in the order of its fields, in changesets and in metadata.
TEST(SchemaSuccessor, MayNotReorderTheFieldsOfAGroup) {
    Collection three = deal();
    three.fields.push_back(field(7, "rate", FieldKind::integer, 1));
    Collection swapped = three;
    std::swap(swapped.fields[1], swapped.fields[6]);
    EXPECT_FALSE(check_successor(built({three}), built({swapped})));
}

}  // namespace
}  // namespace satchel::testing
