// The laws that sync/merge.hpp promises, over generated histories.
#include "sync/meta.hpp"
#include "sync/rules.hpp"
#include "tests/sync/generators.hpp"
#include "tests/sync/model.hpp"

namespace satchel::testing {
namespace {

// Some of the events, with everything that these had seen.
Events part_of(const Events& events) {
    const Events order = reorder(events, *any_numbers());
    return prefix(order, *rc::gen::inRange<std::size_t>(0, 1000));
}

bool covers(const Events& part, const Dot& dot) {
    return std::any_of(part.begin(), part.end(),
                       [&dot](const Event& event) { return event.write.dot == dot; });
}

// A replica that gets operations in any order and any number of times: what builds on something
// that has not come waits for it, what is known changes nothing.
class Mailbox {
  public:
    void deliver(const Event& event) {
        waiting_.push_back(event);
        bool moved = true;
        while (moved) {
            moved = false;
            for (const Event& each : waiting_) {
                if (came_.contains(each.write.dot) || !may_come(each, came_)) continue;
                RC_ASSERT(static_cast<bool>(apply(state_, each.operation, each.write)));
                came_.insert(each.write.dot);
                moved = true;
            }
        }
        std::erase_if(waiting_, [&](const Event& e) { return came_.contains(e.write.dot); });
    }
    const RecordState& state() const { return state_; }

  private:
    RecordState state_;
    std::set<Dot> came_;
    std::vector<Event> waiting_;
};

// A write of every register cell by somebody new, who had seen these events.
Event writing_everything(const Events& seen, const Dot& dot) {
    Event event;
    event.operation.collection = CollectionId{100};
    event.operation.cells = {{kAmount, {Value(100)}},
                             {kPrice, {Value(100), Value::text("EUR")}},
                             {kStage, {Value::text("Lost")}}};
    event.write.dot = dot;
    event.write.intent = *rc::gen::element(Intent::person, Intent::system);
    for (const Event& each : seen) {
        event.saw.insert(each.write.dot);
        event.operation.clock.advance(each.write.dot);
    }
    return event;
}

std::set<Dot> standing(const RecordState& state, FieldId cell) {
    std::set<Dot> dots;
    if (const CellState* known = state.cell(cell); known != nullptr)
        for (const Sibling& sibling : known->siblings)
            dots.insert(sibling.dot);
    return dots;
}

// The register cells of history.hpp under one rule.
std::vector<Cell> cells_with(ConflictRule rule) {
    const std::vector<std::string> order{"a", "b|Won"};
    std::vector<Cell> cells{{kStage, rule, {0}, order}};
    const bool of_texts = rule == ConflictRule::furthest || rule == ConflictRule::union_lines;
    if (!of_texts) cells.push_back({kAmount, rule, {0}, {}});
    if (!of_texts) cells.push_back({kPrice, rule, {0, 1}, {}});
    return cells;
}

Events merged(const Events& all, const Events& a, const Events& b) {
    Events both;
    for (const Event& event : all)
        if (covers(a, event.write.dot) || covers(b, event.write.dot)) both.push_back(event);
    return both;
}

RC_GTEST_PROP(Merge, OperationsThatHadNotSeenEachOtherGiveEqualStatesInAnyOrder, ()) {
    const Events events = *any_history();
    const RecordState in_order = replay(events);
    const RecordState reordered = replay(reorder(events, *any_numbers()));
    RC_ASSERT(reordered == in_order);
    RC_ASSERT(encode_state(reordered) == encode_state(in_order));
}

RC_GTEST_PROP(Merge, TheStateIsWhatTheModelExpects, ()) {
    const Events events = *any_history();
    RC_ASSERT(replay(events) == expected_state(events));
}

RC_GTEST_PROP(Merge, AnyOrderAndAnyRepetitionOfDeliveryGivesTheSameState, ()) {
    const Events events = *any_history();
    Mailbox mailbox;
    for (const std::uint64_t repeated : *any_numbers())
        mailbox.deliver(events[repeated % events.size()]);
    for (const Event& event : reorder(events, *any_numbers())) {
        mailbox.deliver(event);
        if (*rc::gen::inRange(0, 3) == 0) mailbox.deliver(event);
    }
    RC_ASSERT(mailbox.state() == replay(events));
}

// What a replica holds is a function of what it has taken in, wherever it stopped on the way.
RC_GTEST_PROP(Merge, StoringTheStateInBetweenChangesNothing, ()) {
    const Events events = *any_history();
    RecordState state;
    for (const Event& event : events) {
        RC_ASSERT(static_cast<bool>(apply(state, event.operation, event.write)));
        const auto stored = decode_state(encode_state(state));
        RC_ASSERT(static_cast<bool>(stored));
        state = *stored;
    }
    RC_ASSERT(state == expected_state(events));
}

RC_GTEST_PROP(Merge, AWriteThatSawEverythingLeavesOneSibling, ()) {
    Events events = *any_history();
    events.push_back(writing_everything(events, {{0x77, 1}, 1}));
    const RecordState state = replay(events);
    for (const FieldId cell : {kAmount, kPrice, kStage})
        RC_ASSERT(standing(state, cell) == std::set<Dot>{events.back().write.dot});
}

RC_GTEST_PROP(Merge, AWriteTakesAwayWhatItsAuthorHadSeenAndNothingElse, ()) {
    Events events = *any_history();
    const Events seen = part_of(events);
    const RecordState before = replay(events);
    events.push_back(writing_everything(seen, {{0x77, 1}, 1}));
    const RecordState after = replay(events);
    for (const FieldId cell : {kAmount, kPrice, kStage}) {
        std::set<Dot> expected = standing(before, cell);
        std::erase_if(expected, [&seen](const Dot& dot) { return covers(seen, dot); });
        expected.insert(events.back().write.dot);
        RC_ASSERT(standing(after, cell) == expected);
    }
    RC_ASSERT(after.sets == before.sets);
    RC_ASSERT(after.counters == before.counters);
    RC_ASSERT(after.life == before.life);
}

RC_GTEST_PROP(Merge, WhatWasReplacedNeverComesBack, ()) {
    const Events events = *any_history();
    const Events part = part_of(events);
    const RecordState before = replay(part);
    const RecordState after = replay(merged(events, part, part_of(events)));
    for (const FieldId cell : {kAmount, kPrice, kStage}) {
        const std::set<Dot> left = standing(before, cell);
        for (const Dot& dot : standing(after, cell))
            RC_ASSERT(!covers(part, dot) || left.contains(dot));
    }
}

RC_GTEST_PROP(Rules, WhatIsShownOfAHistoryIsWhatTheModelExpects, ()) {
    const Events events = *any_history();
    const RecordState state = replay(reorder(events, *any_numbers()));
    for (int rule = 0; rule <= static_cast<int>(ConflictRule::manual); ++rule)
        for (const Cell& cell : cells_with(static_cast<ConflictRule>(rule))) {
            const CellState* known = state.cell(cell.id);
            const std::vector<Value> shown =
                known == nullptr ? std::vector<Value>{} : shown_values(cell, *known);
            RC_ASSERT(shown == expected_shown(events, cell));
            RC_ASSERT((known != nullptr && is_conflict(*known)) ==
                      expected_conflict(events, cell.id));
        }
}

RC_GTEST_PROP(Merge, ClocksNameTheSameOverwritesAsExplicitListsOfDots, ()) {
    const Events events = *any_history();
    RecordState state;
    for (std::size_t i = 0; i < events.size(); ++i) {
        RC_ASSERT(apply(state, events[i].operation, events[i].write));
        const RecordState expected =
            expected_state({events.begin(), events.begin() + 1 + static_cast<std::ptrdiff_t>(i)});
        RC_ASSERT(state.cells == expected.cells);
    }
}

RC_GTEST_PROP(Merge, JoinIsCommutativeAssociativeAndIdempotent, ()) {
    const Events events = *any_history();
    const RecordState a = replay(part_of(events));
    const RecordState b = replay(part_of(events));
    const RecordState c = replay(part_of(events));
    RC_ASSERT(join(a, b) == join(b, a));
    RC_ASSERT(join(join(a, b), c) == join(a, join(b, c)));
    RC_ASSERT(join(a, a) == a);
}

RC_GTEST_PROP(Merge, ApplyAgreesWithTheJoinOfCompleteStates, ()) {
    const Events events = *any_history();
    const Events a = part_of(events);
    const Events b = part_of(events);
    RC_ASSERT(join(replay(a), replay(b)) == replay(merged(events, a, b)));
}

// Every value is a sibling, or a write that had seen it wrote that cell.
RC_GTEST_PROP(Merge, NoValueIsEverLost, ()) {
    const Events events = *any_history();
    const RecordState state = replay(reorder(events, *any_numbers()));
    for (const Event& event : events)
        for (const CellWrite& write : event.operation.cells) {
            const CellState* cell = state.cell(write.cell);
            RC_ASSERT(cell != nullptr);
            const bool stands = std::any_of(
                cell->siblings.begin(), cell->siblings.end(), [&](const Sibling& sibling) {
                    return sibling.dot == event.write.dot && sibling.values == write.values;
                });
            const bool replaced =
                std::any_of(events.begin(), events.end(), [&](const Event& later) {
                    const auto& cells = later.operation.cells;
                    return later.saw.contains(event.write.dot) &&
                           std::any_of(cells.begin(), cells.end(),
                                       [&](const CellWrite& w) { return w.cell == write.cell; });
                });
            RC_ASSERT(stands != replaced);
        }
}

RC_GTEST_PROP(Merge, NothingStandsThatNobodyWrote, ()) {
    const Events events = *any_history();
    const RecordState state = replay(events);
    for (const CellState& cell : state.cells)
        for (const Sibling& sibling : cell.siblings)
            RC_ASSERT(std::any_of(events.begin(), events.end(), [&](const Event& event) {
                return event.write.dot == sibling.dot && event.write.stamp == sibling.stamp &&
                       event.write.rank == sibling.rank &&
                       std::find(event.operation.cells.begin(), event.operation.cells.end(),
                                 CellWrite{cell.cell, sibling.values}) !=
                           event.operation.cells.end();
            }));
}

// Two siblings are side by side only if neither author had seen the other's write.
RC_GTEST_PROP(Merge, NoConflictIsFalse, ()) {
    const Events events = *any_history();
    const auto saw = [&events](const Dot& later, const Dot& earlier) {
        return std::any_of(events.begin(), events.end(), [&](const Event& event) {
            return event.write.dot == later && event.saw.contains(earlier);
        });
    };
    const RecordState state = replay(events);
    for (const CellState& cell : state.cells)
        for (const Sibling& a : cell.siblings)
            for (const Sibling& b : cell.siblings)
                RC_ASSERT(!saw(a.dot, b.dot));
}

RC_GTEST_PROP(Merge, ListsAreSortedAndTheClockCoversEveryDot, ()) {
    const RecordState state = replay(*any_history());
    for (const CellState& cell : state.cells) {
        RC_ASSERT(!cell.siblings.empty());
        for (std::size_t i = 0; i < cell.siblings.size(); ++i) {
            RC_ASSERT(state.clock.covers(cell.siblings[i].dot));
            RC_ASSERT((i == 0 || cell.siblings[i - 1].dot < cell.siblings[i].dot));
        }
    }
    for (const SetState& set : state.sets)
        for (const SetElement& element : set.elements)
            RC_ASSERT(!element.dots.empty());
}

RC_GTEST_PROP(Counter, TheTotalIsTheSumOfEveryStepOnce, ()) {
    const Events events = *any_history();
    const RecordState state = replay(reorder(events, *any_numbers()));
    for (const FieldId field : {kVisits, kCalls}) {
        const CounterState* counter = state.counter(field);
        RC_ASSERT((counter == nullptr ? 0 : total(*counter)) == expected_total(events, field));
    }
}

RC_GTEST_PROP(AddWinsSet, AnElementIsThereWhileSomeAddingOfItWasNotSeenByARemoval, ()) {
    const Events events = *any_history();
    const RecordState state = replay(events);
    for (const FieldId field : {kTags, kHelpers})
        for (const char* text : {"a", "b", "b\nc", "Won"}) {
            const Value element = Value::text(text);
            const auto writes = [&](const Event& event, bool add) {
                const auto& sets = event.operation.sets;
                return std::find(sets.begin(), sets.end(), SetWrite{field, element, add}) !=
                       sets.end();
            };
            const bool expected = std::any_of(events.begin(), events.end(), [&](const Event& add) {
                return writes(add, true) &&
                       std::none_of(events.begin(), events.end(), [&](const Event& remove) {
                           return writes(remove, false) && remove.saw.contains(add.write.dot);
                       });
            });
            const SetState* set = state.set(field);
            const bool there =
                set != nullptr &&
                std::any_of(set->elements.begin(), set->elements.end(),
                            [&](const SetElement& e) { return e.element == element; });
            RC_ASSERT(there == expected);
        }
}

}  // namespace
}  // namespace satchel::testing
