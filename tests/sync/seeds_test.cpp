// The inputs that fuzzing starts from are valid, and this test can write them anew:
// SATCHEL_WRITE_SEEDS=1 build/dev/tests/sync/sync_codec_tests --gtest_filter='FuzzSeeds.*'
#include <gtest/gtest.h>

#include <array>
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

// Takes small choices out of one number, the lowest bits first.
class Choices {
  public:
    explicit Choices(std::uint64_t bits) : bits_(bits) {}
    std::uint64_t below(std::uint64_t limit) {
        const std::uint64_t choice = bits_ % limit;
        bits_ /= limit;
        return choice;
    }

  private:
    std::uint64_t bits_;
};

Value small_text(Choices& choices) {
    static const std::array<const char*, 4> kTexts{"a", "b", "b\nc", "Won"};
    return Value::text(kTexts[choices.below(kTexts.size())]);
}

Value small_value(Choices& choices) {
    return choices.below(4) == 0 ? Value{} : Value(static_cast<std::int64_t>(choices.below(4)));
}

void choose_cells(Step& step, Choices& choices) {
    const std::uint64_t mask = 1 + choices.below(7);
    if ((mask & 1) != 0) step.cells.push_back({kAmount, {small_value(choices)}});
    if ((mask & 2) != 0)
        step.cells.push_back({kPrice, {small_value(choices), small_text(choices)}});
    if ((mask & 4) != 0) step.cells.push_back({kStage, {small_text(choices)}});
}

void choose_extras(Step& step, Choices& choices) {
    const std::uint64_t mask = 1 + choices.below(15);
    if ((mask & 1) != 0) step.sets.push_back({kTags, small_text(choices), choices.below(3) > 0});
    if ((mask & 2) != 0) step.sets.push_back({kHelpers, small_text(choices), choices.below(3) > 0});
    if ((mask & 4) != 0)
        step.counters.push_back({kVisits, static_cast<std::int64_t>(choices.below(9)) - 4});
    if ((mask & 8) != 0)
        step.counters.push_back({kCalls, static_cast<std::int64_t>(choices.below(3))});
}

Step chosen_step(std::uint64_t bits) {
    Choices choices(bits);
    Step step;
    step.who = choices.below(kReplicasOfAHistory);
    const std::uint64_t what = choices.below(16);
    if (what < 3) step.kind = Step::Kind::sync;
    if (what == 3) step.kind = Step::Kind::open_form;
    if (what == 4) step.kind = Step::Kind::remove;
    if (what == 5) step.kind = Step::Kind::undelete;
    step.from_form = choices.below(4) == 0;
    step.ticks = static_cast<std::uint16_t>(choices.below(2));
    step.ms = static_cast<std::int64_t>(choices.below(4));
    step.rank = static_cast<std::uint8_t>(choices.below(3));
    step.person = choices.below(3) != 0;
    step.late = choices.below(5) == 0;
    if (what == 6 || what >= 10) choose_cells(step, choices);
    if (what >= 6 && what < 10) choose_extras(step, choices);
    return step;
}

Events history(std::uint64_t seed, std::size_t size) {
    std::vector<Step> steps;
    for (std::size_t i = 0; i < size; ++i) {
        seed = seed * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
        steps.push_back(chosen_step(seed));
    }
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
