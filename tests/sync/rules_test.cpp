// What is shown of a cell: for every rule a function of the sibling set and nothing else.
#include "sync/rules.hpp"

#include <array>
#include <chrono>

#include "tests/sync/generators.hpp"

namespace satchel::testing {
namespace {

constexpr std::array kRules{ConflictRule::last_writer, ConflictRule::first_writer,
                            ConflictRule::max,         ConflictRule::min,
                            ConflictRule::furthest,    ConflictRule::rank,
                            ConflictRule::union_lines, ConflictRule::manual};

Cell cell_with(ConflictRule rule) {
    return {FieldId{1}, rule, {0}, {"Open", "Won|Lost"}};
}

Sibling sibling(std::uint64_t replica, std::int64_t ms, const Value& value, std::uint8_t rank = 0) {
    return {{{replica, 1}, 1}, Stamp::at(ms), rank, false, false, {}, {value}};
}

Value shown(ConflictRule rule, const std::vector<Sibling>& siblings) {
    return shown_values(cell_with(rule), CellState{FieldId{1}, siblings}).at(0);
}

// Siblings with few stamps, ranks and values, so that ties are common.
std::vector<Sibling> any_siblings() {
    std::vector<Sibling> siblings;
    const auto count = *rc::gen::inRange<std::uint64_t>(1, 7);
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto value =
            *rc::gen::element(Value{}, Value(3), Value::text("Open"), Value::text("Lost"),
                              Value::text("a\nb"), Value::text("b\nc"), Value::bytes("x"));
        siblings.push_back(
            sibling(i, *rc::gen::inRange(0, 3), value, *rc::gen::inRange<std::uint8_t>(0, 3)));
    }
    return siblings;
}

RC_GTEST_PROP(Rules, WhatIsShownDependsOnTheSetOfSiblingsAlone, ()) {
    std::vector<Sibling> siblings = any_siblings();
    for (const ConflictRule rule : kRules) {
        const Cell cell = cell_with(rule);
        const CellState state{FieldId{1}, siblings};
        const auto expected = shown_values(cell, state);
        const Dot best = winner(cell, state).dot;
        for (std::size_t turn = 0; turn < siblings.size(); ++turn) {
            std::rotate(siblings.begin(), siblings.begin() + 1, siblings.end());
            std::swap(siblings.front(), siblings.back());
            const CellState other{FieldId{1}, siblings};
            RC_ASSERT(shown_values(cell, other) == expected);
            RC_ASSERT(winner(cell, other).dot == best);
            RC_ASSERT(is_conflict(other) == is_conflict(state));
        }
    }
}

RC_GTEST_PROP(Rules, WhatIsShownWasWritten, ()) {
    const std::vector<Sibling> siblings = any_siblings();
    for (const ConflictRule rule : kRules) {
        if (rule == ConflictRule::union_lines) continue;
        const Value value = shown(rule, siblings);
        RC_ASSERT(std::any_of(siblings.begin(), siblings.end(),
                              [&](const Sibling& s) { return s.values[0] == value; }));
    }
}

TEST(Rules, EachChoosesItsOwn) {
    const std::vector<Sibling> siblings{sibling(1, 30, Value::text("Open"), 1),
                                        sibling(2, 10, Value::text("Lost"), 2),
                                        sibling(3, 20, Value::text("Zero"), 9)};
    EXPECT_EQ(shown(ConflictRule::last_writer, siblings), Value::text("Open"));
    EXPECT_EQ(shown(ConflictRule::manual, siblings), Value::text("Open"));
    EXPECT_EQ(shown(ConflictRule::first_writer, siblings), Value::text("Lost"));
    EXPECT_EQ(shown(ConflictRule::max, siblings), Value::text("Zero"));
    EXPECT_EQ(shown(ConflictRule::min, siblings), Value::text("Lost"));
    EXPECT_EQ(shown(ConflictRule::furthest, siblings), Value::text("Lost"));
    EXPECT_EQ(shown(ConflictRule::rank, siblings), Value::text("Zero"));
    EXPECT_EQ(shown(ConflictRule::union_lines, siblings), Value::text("Lost\nZero\nOpen"));
}

TEST(Rules, StagesThatShareAPlaceAreToldApartByTime) {
    EXPECT_EQ(shown(ConflictRule::furthest,
                    {sibling(1, 5, Value::text("Won")), sibling(2, 4, Value::text("Lost"))}),
              Value::text("Won"));
}

TEST(Rules, EqualStampsAreToldApartByTheDot) {
    EXPECT_EQ(shown(ConflictRule::last_writer, {sibling(1, 5, Value(1)), sibling(2, 5, Value(2))}),
              Value(2));
}

TEST(Rules, TheSameValueTwiceIsNoConflict) {
    EXPECT_FALSE(is_conflict({FieldId{1}, {sibling(1, 5, Value(1)), sibling(2, 6, Value(1))}}));
    EXPECT_TRUE(is_conflict({FieldId{1}, {sibling(1, 5, Value(1)), sibling(2, 6, Value{})}}));
}

TEST(Rules, ACellThatNobodyWroteShowsNothing) {
    for (const ConflictRule rule : kRules)
        EXPECT_TRUE(shown_values(cell_with(rule), CellState{}).empty());
}

TEST(Rules, ManyLinesAreUnitedInTimeThatGrowsWithTheLines) {
    Bytes one, two;
    for (int i = 0; i < 60'000; ++i) {
        one += std::to_string(i) + '\n';
        two += std::to_string(-i) + '\n';
    }
    const auto began = std::chrono::steady_clock::now();
    (void)shown(ConflictRule::union_lines,
                {sibling(1, 1, Value::text(one)), sibling(2, 2, Value::text(two))});
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
}

TEST(Rules, NamesReadBack) {
    for (const ConflictRule rule : kRules) {
        const auto back = conflict_rule(name(rule));
        ASSERT_TRUE(back);
        EXPECT_EQ(*back, rule);
    }
    EXPECT_FALSE(conflict_rule("newest"));
}

TEST(Rules, ASetShowsAJsonArray) {
    EXPECT_EQ(shown_set({FieldId{1}, {{Value::text("a"), {}}, {Value::text("\"\n"), {}}}}),
              Value::text(R"(["a","\"\n"])"));
    EXPECT_TRUE(shown_set({}).is_null());
}

}  // namespace
}  // namespace satchel::testing
