// The inputs that fuzzing starts from are valid, and this test can write them anew:
// SATCHEL_WRITE_SEEDS=1 build/dev/tests/sync/sync_codec_tests --gtest_filter='FuzzSeeds.*'
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sync/meta.hpp"
#include "tests/sync/history.hpp"

namespace satchel::testing {
namespace {

// One changeset per replica of a history of one record cannot be: a record stands in it once. So
// every operation is given a record of its own.
Changeset changeset_of(const Events& events) {
    Changeset changeset;
    changeset.header = {{}, {0x1f3a, 2}, 17, Stamp::at(1'732'233'600'000, 3), -5, 4, {}};
    for (const Event& event : events) {
        changeset.operations.push_back(event.operation);
        changeset.operations.back().record.bytes[15] =
            static_cast<std::uint8_t>(changeset.operations.size());
    }
    return changeset;
}

Events history(std::uint64_t seed, std::size_t size) {
    std::vector<std::uint64_t> steps;
    for (std::size_t i = 0; i < size; ++i)
        steps.push_back(seed = seed * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL);
    return build_history(steps);
}

Bytes schema() {
    Collection deal;
    deal.id = CollectionId{100};
    deal.name = "deal";
    const auto add = [&deal](std::uint32_t id, const char* name, FieldKind kind, FieldId cell) {
        deal.fields.emplace_back();
        deal.fields.back().id = FieldId{id};
        deal.fields.back().name = name;
        deal.fields.back().label_zh = "金额";
        deal.fields.back().kind = kind;
        deal.fields.back().cell = cell;
    };
    add(1, "amount", FieldKind::integer, FieldId{1});
    add(2, "currency", FieldKind::text, FieldId{1});
    add(3, "stage", FieldKind::text, FieldId{3});
    add(4, "owner", FieldKind::reference, FieldId{4});
    add(5, "tags", FieldKind::set, FieldId{5});
    add(6, "visits", FieldKind::counter, FieldId{6});
    deal.scope.owner = FieldId{4};
    deal.scope.pool = FieldId{3};
    const auto built = Schema::build(
        7, {deal}, {{deal.id, {{FieldId{3}, ConflictRule::furthest, {"Open", "Won|Lost"}}}}});
    EXPECT_TRUE(built);
    return built->encode();
}

// Reads the seed, or writes it where it is asked for.
void expect_seed(const std::string& name, const Bytes& expected) {
    const std::filesystem::path file =
        std::filesystem::path(SATCHEL_SOURCE_DIR) / "tests/fuzz/corpus" / name;
    if (std::getenv("SATCHEL_WRITE_SEEDS") != nullptr) {
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << expected;
    }
    std::ifstream in(file, std::ios::binary);
    const Bytes found{std::istreambuf_iterator<char>(in), {}};
    EXPECT_FALSE(found.empty()) << file;
    EXPECT_EQ(found, expected) << "the format changed: " << file;
}

TEST(FuzzSeeds, OfChangesetsAreEncodedChangesets) {
    expect_seed("changeset/one", encode(changeset_of(history(1, 0))));
    expect_seed("changeset/many", encode(changeset_of(history(2, 60))));
}

TEST(FuzzSeeds, OfMetadataAreEncodedStates) {
    const Layout layout{{kAmount, kPrice, FieldId{3}}, {{kAmount, {0}}, {kPrice, {1, 2}}}};
    expect_seed("meta/fresh", encode_meta(replay(history(1, 0)), layout));
    expect_seed("meta/row", encode_meta(replay(history(3, 80)), layout));
    expect_seed("meta/whole", encode_state(replay(history(4, 80))));
}

TEST(FuzzSeeds, OfSchemasAreEncodedSchemas) {
    expect_seed("schema/deal", schema());
}

TEST(FuzzSeeds, OfTextsAreTextForms) {
    expect_seed("value_text/text", Value::text("a\"\\\n\x01é").text_form());
    expect_seed("value_text/bytes", Value::bytes("\xff\x01").text_form());
    expect_seed("value_text/integer", "-9223372036854775808");
    expect_seed("value_text/clock", "a:3 b.2:1");
    expect_seed("value_text/stamp", "1732233600000.3");
    expect_seed("value_text/record", "0192f3c4-8a11-7c3e-9f00-0123456789ab");
}

}  // namespace
}  // namespace satchel::testing
