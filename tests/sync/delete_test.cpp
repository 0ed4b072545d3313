// Deleting beside editing: is_dead and is_revived under both policies.
#include "tests/sync/generators.hpp"
#include "tests/sync/model.hpp"

namespace satchel::testing {
namespace {

constexpr auto kUpdateWins = DeletePolicy::update_wins;
constexpr auto kDeleteWins = DeletePolicy::delete_wins;

Event made_by(const Events& events, const Dot& dot, const VectorClock& clock) {
    Event event;
    event.operation.clock = clock;
    event.write.dot = dot;
    for (const Event& earlier : events)
        if (clock.covers(earlier.write.dot)) event.saw.insert(earlier.write.dot);
    return event;
}

// A record with three cells, made by a:1.
Events record() {
    Events events;
    Event create = made_by(events, {{0xa, 1}, 1}, {});
    create.operation.cells = {{kAmount, {Value(1)}},
                              {kPrice, {Value(100), Value::text("EUR")}},
                              {kStage, {Value::text("Open")}}};
    return {create};
}

void remove(Events& events, const Dot& dot, const VectorClock& clock) {
    Event event = made_by(events, dot, clock);
    event.operation.kind = OperationKind::remove;
    events.push_back(event);
}

void undelete(Events& events, const Dot& dot, const VectorClock& clock) {
    remove(events, dot, clock);
    events.back().operation.kind = OperationKind::undelete;
}

void edit(Events& events, const Dot& dot, const VectorClock& clock,
          Intent intent = Intent::person) {
    Event event = made_by(events, dot, clock);
    event.operation.cells = {{kAmount, {Value(static_cast<std::int64_t>(dot.counter))}}};
    event.write.intent = intent;
    events.push_back(event);
}

void tag(Events& events, const Dot& dot, const VectorClock& clock, Intent intent) {
    Event event = made_by(events, dot, clock);
    event.operation.sets = {{kTags, Value::text("a"), true}};
    event.write.intent = intent;
    events.push_back(event);
}

Dot at(std::uint64_t replica, std::uint64_t counter) {
    return {{replica, 1}, counter};
}

TEST(Delete, AnEditThatTheDeleterHadNotSeenBringsTheWholeRecordBack) {
    Events events = record();
    remove(events, at(0xb, 1), "a:1"_clock);
    edit(events, at(0xc, 1), "a:1"_clock);
    for (const Events& order : {events, Events{events[0], events[2], events[1]}}) {
        const RecordState state = replay(order);
        EXPECT_FALSE(is_dead(state, kUpdateWins));
        EXPECT_TRUE(is_revived(state, kUpdateWins));
        EXPECT_EQ(state.cells.size(), 3U) << "a delete clears no field";
        EXPECT_TRUE(is_dead(state, kDeleteWins));
    }
}

TEST(Delete, ADeleteThatSawEveryEditStands) {
    Events events = record();
    edit(events, at(0xc, 1), "a:1"_clock);
    remove(events, at(0xb, 1), "a:1 c:1"_clock);
    const RecordState state = replay(events);
    EXPECT_TRUE(is_dead(state, kUpdateWins));
    EXPECT_FALSE(is_revived(state, kUpdateWins));
    EXPECT_EQ(state.cells.size(), 3U);
}

TEST(Delete, TwoDeletesAreOne) {
    Events events = record();
    remove(events, at(0xb, 1), "a:1"_clock);
    remove(events, at(0xc, 1), "a:1"_clock);
    EXPECT_TRUE(is_dead(replay(events), kUpdateWins));
    remove(events, at(0xd, 1), "a:1 b:1 c:1"_clock);
    EXPECT_EQ(replay(events).life.size(), 1U);
}

TEST(Delete, TwoDeletesTogetherCoverWhatEitherSaw) {
    Events events = record();
    edit(events, at(0xc, 1), "a:1"_clock);
    Event other = made_by(events, at(0xd, 1), "a:1"_clock);
    other.operation.cells = {{kStage, {Value::text("Won")}}};
    events.push_back(other);
    remove(events, at(0xe, 1), "a:1 c:1"_clock);
    EXPECT_FALSE(is_dead(replay(events), kUpdateWins));
    remove(events, at(0xf, 1), "a:1 d:1"_clock);
    EXPECT_TRUE(is_dead(replay(events), kUpdateWins));
}

TEST(Delete, ASystemWriteThatTheDeleterHadNotSeenRevivesNothing) {
    Events events = record();
    remove(events, at(0xb, 1), "a:1"_clock);
    edit(events, at(0xc, 1), "a:1"_clock, Intent::system);
    tag(events, at(0xc, 2), "a:1 c:1"_clock, Intent::system);
    EXPECT_TRUE(is_dead(replay(events), kUpdateWins));
}

TEST(Delete, ASystemWriteStandsForThePersonsWriteThatItReplaced) {
    Events events = record();
    remove(events, at(0xb, 1), "a:1"_clock);
    edit(events, at(0xc, 1), "a:1"_clock);
    edit(events, at(0xd, 1), "a:1 c:1"_clock, Intent::system);
    EXPECT_FALSE(is_dead(replay(events), kUpdateWins));
    edit(events, at(0xd, 2), "a:1 c:1 d:1"_clock, Intent::system);
    EXPECT_FALSE(is_dead(replay(events), kUpdateWins)) << "through a chain of system writes";
    remove(events, at(0xe, 1), "a:1 c:1"_clock);
    EXPECT_TRUE(is_dead(replay(events), kUpdateWins)) << "that deleter had seen the person's write";
}

TEST(Delete, ASystemWriteThatAddsAnElementAgainDoesNotHideThePersonsAdding) {
    Events events = record();
    remove(events, at(0xb, 1), "a:1"_clock);
    tag(events, at(0xc, 1), "a:1"_clock, Intent::person);
    ASSERT_FALSE(is_dead(replay(events), kUpdateWins));
    tag(events, at(0xd, 1), "a:1 c:1"_clock, Intent::system);
    EXPECT_FALSE(is_dead(replay(events), kUpdateWins));
}

TEST(Delete, ASystemStepOfACounterDoesNotHideThePersonsStep) {
    Events events = record();
    remove(events, at(0xb, 1), "a:1"_clock);
    for (const Intent intent : {Intent::person, Intent::system}) {
        Event step = made_by(events, at(0xc, events.size() - 1), "a:1"_clock);
        step.operation.counters = {{kVisits, 1}};
        step.write.intent = intent;
        events.push_back(step);
        EXPECT_FALSE(is_dead(replay(events), kUpdateWins));
    }
}

TEST(Delete, UndeletingTakesTheDeletionBack) {
    Events events = record();
    remove(events, at(0xb, 1), "a:1"_clock);
    undelete(events, at(0xc, 1), "a:1 b:1"_clock);
    for (const DeletePolicy policy : {kUpdateWins, kDeleteWins}) {
        EXPECT_FALSE(is_dead(replay(events), policy));
        EXPECT_FALSE(is_revived(replay(events), policy)) << "nothing met: it was meant";
    }
    remove(events, at(0xb, 2), "a:1 b:1 c:1"_clock);
    EXPECT_TRUE(is_dead(replay(events), kUpdateWins));
}

TEST(Delete, ADeletionThatTheUndeleterHadNotSeenStandsOnlyWhereDeletesWin) {
    Events events = record();
    remove(events, at(0xb, 1), "a:1"_clock);
    undelete(events, at(0xc, 1), "a:1 b:1"_clock);
    remove(events, at(0xd, 1), "a:1"_clock);
    EXPECT_FALSE(is_dead(replay(events), kUpdateWins));
    EXPECT_TRUE(is_dead(replay(events), kDeleteWins));
}

TEST(Delete, ARecordThatNobodyDeletedLives) {
    EXPECT_FALSE(is_dead(RecordState{}, kUpdateWins));
    EXPECT_FALSE(is_dead(replay(record()), kDeleteWins));
}

RC_GTEST_PROP(Delete, TheRecordIsDeadExactlyWhenTheModelSaysSo, ()) {
    const Events events = *any_history();
    const RecordState state = replay(reorder(events, *any_numbers()));
    for (const DeletePolicy policy : {kUpdateWins, kDeleteWins}) {
        RC_ASSERT(is_dead(state, policy) == expected_dead(events, policy));
        RC_ASSERT(is_revived(state, policy) == expected_revived(events, policy));
    }
}

// P-3, for whatever subset of fields an edit touches and whatever else happened before.
RC_GTEST_PROP(Delete, AConcurrentEditByAPersonLeavesEveryFieldThatWasThere, ()) {
    Events events = *any_history();
    const RecordState before = replay(events);
    remove(events, at(0xFFFF, 1), before.clock);
    const bool person = *rc::gen::arbitrary<bool>();
    edit(events, at(0xFFFE, 1), before.clock, person ? Intent::person : Intent::system);
    const RecordState after = replay(reorder(events, *any_numbers()));
    RC_ASSERT(is_dead(after, kUpdateWins) != person);
    RC_ASSERT(is_dead(after, kDeleteWins));
    RC_ASSERT(after.cells.size() == before.cells.size());
    for (std::size_t i = 0; i < after.cells.size(); ++i)
        RC_ASSERT((before.cells[i].cell == kAmount || after.cells[i] == before.cells[i]));
}

RC_GTEST_PROP(Delete, ADeleteThatSawEverythingStandsWhateverSystemWritesFollow, ()) {
    Events events = *any_history();
    remove(events, at(0xFFFF, 1), replay(events).clock);
    RecordState state = replay(events);
    RC_ASSERT(is_dead(state, kUpdateWins));
    for (const Event& other : *any_history()) {
        Event system = other;
        if (system.operation.kind != OperationKind::write) continue;
        system.write.intent = Intent::system;
        system.write.dot.replica.id = 0xEEEE;
        system.operation.clock = *rc::gen::element(state.clock, VectorClock{});
        if (!state.clock.covers(system.write.dot))
            (void)apply(state, system.operation, system.write);
        RC_ASSERT(is_dead(state, kUpdateWins));
    }
}

}  // namespace
}  // namespace satchel::testing
