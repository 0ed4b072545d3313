// Merging, case by case: the named counterexamples, and every limit at it and one beyond.
#include "sync/merge.hpp"

#include <gtest/gtest.h>

#include "sync/limits.hpp"
#include "sync/meta.hpp"
#include "tests/sync/model.hpp"

namespace satchel::testing {
namespace {

constexpr ReplicaId kAnna{0xa, 1}, kBen{0xb, 1}, kCleo{0xc, 1};

Event event(const Dot& dot, const VectorClock& clock, Stamp stamp = {}) {
    Event made;
    made.operation.clock = clock;
    made.write.dot = dot;
    made.write.stamp = stamp;
    return made;
}

Event writing(const Dot& dot, const VectorClock& clock, std::int64_t value, Stamp stamp = {}) {
    Event made = event(dot, clock, stamp);
    made.operation.cells = {{kAmount, {Value(value)}}};
    return made;
}

Event adding(const Dot& dot, const VectorClock& clock, std::int64_t element) {
    Event made = event(dot, clock);
    made.operation.sets = {{kTags, Value(element), true}};
    return made;
}

Event stepping(const Dot& dot, std::int64_t step) {
    Event made = event(dot, {});
    made.operation.counters = {{kVisits, step}};
    return made;
}

Status take(RecordState& state, const Event& event) {
    return apply(state, event.operation, event.write);
}

void expect_refused(const RecordState& state, const Event& event) {
    RecordState after = state;
    const Status status = take(after, event);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::limit);
    EXPECT_EQ(after, state) << "a refused operation changed something";
}

// correctness.md, 4.3: x at 10; y at 20, concurrent; z replaces y on a slow device, at 5. A merge
// that drops the loser at once ends with {z} on one side (x lost to y), {x} on the other (z lost to
// x), and their join is empty: everybody's value is gone.
TEST(Merge, ThreeWritersWithASlowClockDoNotEmptyTheField) {
    const Event x = writing({kAnna, 1}, {}, 1, Stamp::at(10));
    const Event y = writing({kBen, 1}, {}, 2, Stamp::at(20));
    const Event z = writing({kCleo, 1}, "b:1"_clock, 3, Stamp::at(5));
    const RecordState left = replay({x, y, z});
    const RecordState right = replay({y, z, x});
    EXPECT_EQ(left, right);
    EXPECT_EQ(join(left, right), left);
    ASSERT_EQ(left.cells.size(), 1U);
    ASSERT_EQ(left.cells[0].siblings.size(), 2U);
    EXPECT_EQ(left.cells[0].siblings[0].values[0], Value(1));
    EXPECT_EQ(left.cells[0].siblings[1].values[0], Value(3));
}

TEST(Merge, AValueThatCameBetweenOpeningAndSavingAFormStaysBesideTheSavedOne) {
    const Event first = writing({kAnna, 1}, {}, 1);
    const Event meanwhile = writing({kBen, 1}, "a:1"_clock, 2);
    const Event saved = writing({kAnna, 2}, "a:1"_clock, 3);
    const RecordState state = replay({first, meanwhile, saved});
    EXPECT_EQ(state.cells[0].siblings.size(), 2U);
}

// Ben had a form open when he wrote 2: it stands beside his 1.
RecordState two_by_ben() {
    return replay({writing({kAnna, 1}, {}, 1), writing({kBen, 1}, "a:1"_clock, 2),
                   writing({kBen, 2}, "a:1"_clock, 3)});
}

TEST(Merge, WhatWasSeenUnderAnotherNameIsReplacedAlone) {
    RecordState state = two_by_ben();
    Event write = writing({kAnna, 2}, "a:1"_clock, 4);
    write.write.also_seen = {{kBen, 2}};
    ASSERT_TRUE(take(state, write));
    ASSERT_EQ(state.cells[0].siblings.size(), 2U);
    EXPECT_EQ(state.cells[0].siblings[0].values[0], Value(4));
    EXPECT_EQ(state.cells[0].siblings[1].values[0], Value(2));
}

TEST(Merge, ADeletionEndsWhatItsAuthorSawUnderAnotherName) {
    RecordState state = two_by_ben();
    Event removal = event({kAnna, 2}, "a:1 b:1"_clock);
    removal.operation.kind = OperationKind::remove;
    removal.write.also_seen = {{kBen, 2}};
    ASSERT_TRUE(take(state, removal));
    EXPECT_TRUE(is_dead(state, DeletePolicy::update_wins));
}

TEST(Merge, ADeletionDoesNotEndWhatWasWrittenBeforeTheOtherName) {
    RecordState state = two_by_ben();
    Event removal = event({kAnna, 2}, "a:1"_clock);
    removal.operation.kind = OperationKind::remove;
    removal.write.also_seen = {{kBen, 2}};
    ASSERT_TRUE(take(state, removal));
    EXPECT_FALSE(is_dead(state, DeletePolicy::update_wins));
}

TEST(Merge, ADeletionWithoutRoomForAnotherNameSaysLess) {
    RecordState state = two_by_ben();
    Event removal = event({kAnna, 2}, "a:1"_clock);
    for (std::uint64_t i = 1; i < kMaxClockEntries; ++i)
        removal.operation.clock.advance({{0x1000 + i, 1}, 1});
    removal.operation.kind = OperationKind::remove;
    removal.write.also_seen = {{kBen, 1}, {kBen, 2}};
    ASSERT_TRUE(take(state, removal));
    ASSERT_EQ(state.life.size(), 1U);
    EXPECT_EQ(state.life[0].seen.entries().size(), kMaxClockEntries);
    EXPECT_FALSE(is_dead(state, DeletePolicy::update_wins));
}

TEST(Merge, AWriteOfOneCellLeavesTheOthersAlone) {
    RecordState state = replay({writing({kAnna, 1}, {}, 1)});
    Event other = event({kBen, 1}, "a:1"_clock);
    other.operation.cells = {{kStage, {Value::text("Won")}}};
    ASSERT_TRUE(take(state, other));
    ASSERT_EQ(state.cells.size(), 2U);
    EXPECT_EQ(state.cells[0].siblings[0].dot, (Dot{kAnna, 1}));
}

// A concurrent write of another person must not decide, by arriving first or last, what an
// automatic write stands for.
TEST(Merge, WhatASystemWriteInheritsDoesNotDependOnTheOrderOfArrival) {
    const Event first = writing({kAnna, 1}, {}, 1);
    Event automatic = writing({kBen, 1}, "a:1"_clock, 2);
    automatic.write.intent = Intent::system;
    for (const Intent other : {Intent::person, Intent::system}) {
        Event meanwhile = writing({kCleo, 1}, "a:1"_clock, 3);
        meanwhile.write.intent = other;
        EXPECT_EQ(replay({first, automatic, meanwhile}), replay({first, meanwhile, automatic}));
    }
}

TEST(Merge, TheLastSiblingThatFitsIsTakenAndTheNextRefused) {
    RecordState state;
    for (std::uint64_t i = 0; i < kMaxSiblings; ++i)
        ASSERT_TRUE(take(state, writing({{i, 1}, 1}, {}, 1)));
    expect_refused(state, writing({{999, 1}, 1}, {}, 1));
    // One that had seen a sibling takes its place.
    EXPECT_TRUE(take(state, writing({{999, 1}, 1}, "0:1"_clock, 1)));
    EXPECT_EQ(state.cells[0].siblings.size(), kMaxSiblings);
}

TEST(Merge, TheLastDeviceThatFitsIsTakenAndTheNextRefused) {
    RecordState state;
    for (std::uint64_t i = 0; i < kMaxClockEntries; ++i)
        ASSERT_TRUE(take(state, event({{i, 1}, 1}, {})));
    expect_refused(state, event({{kMaxClockEntries, 1}, 1}, {}));
    EXPECT_TRUE(take(state, event({{5, 1}, 2}, {})));
    const auto decoded = decode_state(encode_state(state));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, state);
}

RecordState full_set() {
    RecordState state;
    Event all = event({kAnna, 1}, {});
    for (std::size_t i = 0; i < kMaxSetElements; ++i)
        all.operation.sets.push_back({kTags, Value(static_cast<std::int64_t>(i)), true});
    EXPECT_TRUE(take(state, all));
    return state;
}

TEST(Merge, AFullSetRefusesOneMoreElement) {
    expect_refused(full_set(), adding({kBen, 1}, {}, 1'000'000));
}

TEST(Merge, AFullSetTakesAnElementItHasAndGivesElementsAway) {
    RecordState state = full_set();
    EXPECT_TRUE(take(state, adding({kBen, 1}, {}, 7)));
    Event swap = event({kCleo, 1}, "a:1 b:1"_clock);
    swap.operation.sets = {{kTags, Value(7), false}, {kTags, Value(1'000'000), true}};
    EXPECT_TRUE(take(state, swap));
    EXPECT_EQ(state.sets[0].elements.size(), kMaxSetElements);
    Event other = event({kCleo, 2}, {});
    other.operation.sets = {{kHelpers, Value(1), true}};
    EXPECT_TRUE(take(state, other)) << "another set is not full";
}

TEST(Merge, AnOperationThatCouldNotBeSentIsRefused) {
    Event wide = event({kAnna, 1}, {});
    for (std::size_t i = 0; i <= kMaxSetElements; ++i)
        wide.operation.sets.push_back(
            {i % 2 == 0 ? kTags : kHelpers, Value(static_cast<std::int64_t>(i)), true});
    expect_refused({}, wide);
}

TEST(Merge, CountersStayInTheirRange) {
    constexpr std::int64_t kMost = INT64_MAX / 2048;
    RecordState state = replay({stepping({kAnna, 1}, kMost - 1), stepping({kAnna, 2}, -kMost)});
    EXPECT_TRUE(take(state, stepping({kAnna, 3}, 1)));
    expect_refused(state, stepping({kAnna, 4}, 1));
    expect_refused(state, stepping({kAnna, 4}, -1));
    for (const std::int64_t step : {kMost + 1, -kMost - 1, INT64_MAX, INT64_MIN})
        expect_refused({}, stepping({kBen, 1}, step));
    EXPECT_TRUE(take(state, stepping({kBen, 1}, kMost)));
    EXPECT_EQ(total(*state.counter(kVisits)), kMost);
}

TEST(Merge, TheSumOfAllFullCountersDoesNotOverflow) {
    RecordState state;
    for (std::uint64_t i = 0; i < kMaxClockEntries; ++i)
        ASSERT_TRUE(take(state, stepping({{i, 1}, 1}, INT64_MAX / 2048)));
    EXPECT_EQ(total(*state.counter(kVisits)), INT64_MAX / 2048 * 1024);
}

// A device that names an old clock in each operation piles up what nobody replaces. What it leaves
// must still be readable.
TEST(Merge, AddingsAndDeletionsThatNobodySawPileUpOnlySoFar) {
    RecordState state;
    std::uint64_t counter = 0;
    for (std::size_t i = 0; i < kMaxClockEntries; ++i) {
        Event both = adding({kAnna, ++counter}, "b:1"_clock, 1);
        ASSERT_TRUE(take(state, both));
        both = event({kAnna, ++counter}, "b:1"_clock);
        both.operation.kind = OperationKind::remove;
        ASSERT_TRUE(take(state, both));
    }
    expect_refused(state, adding({kAnna, counter + 1}, "b:1"_clock, 1));
    Event removal = event({kAnna, counter + 1}, "b:1"_clock);
    removal.operation.kind = OperationKind::remove;
    expect_refused(state, removal);
    const auto decoded = decode_state(encode_state(state));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, state);
    removal.operation.clock = state.clock;
    EXPECT_TRUE(take(state, removal)) << "who saw them all may replace them";
}

TEST(Merge, ASystemWriteCannotPileUpWhatItLeaves) {
    RecordState state;
    for (std::uint64_t counter = 1; counter <= kMaxClockEntries; ++counter)
        ASSERT_TRUE(take(state, adding({kAnna, counter}, "c:1"_clock, 1)));
    Event automatic = adding({kBen, 1}, state.clock, 1);
    automatic.write.intent = Intent::system;
    expect_refused(state, automatic);
    EXPECT_TRUE(decode_state(encode_state(state)));
    automatic.write.intent = Intent::person;
    EXPECT_TRUE(take(state, automatic)) << "it replaces what it has seen";
}

// Rounds of people's writes that only automatic writes replace.
TEST(Merge, WhatSystemWritesInheritStaysReadable) {
    RecordState state;
    std::uint64_t counter = 0;
    Status status;
    while (status && counter < 3 * kMaxClockEntries) {
        ASSERT_TRUE(take(state, writing({kAnna, ++counter}, "c:1"_clock, 1)));
        Event automatic = writing({kBen, counter}, state.clock, 2);
        automatic.write.intent = Intent::system;
        status = take(state, automatic);
    }
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::limit);
    const auto decoded = decode_state(encode_state(state));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, state);
}

}  // namespace
}  // namespace satchel::testing
