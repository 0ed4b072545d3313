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
        std::int64_t sum = 0;
        for (const Event& event : events)
            for (const CounterStep& step : event.operation.counters)
                if (step.field == field) sum += step.step;
        const CounterState* counter = state.counter(field);
        RC_ASSERT((counter == nullptr ? 0 : total(*counter)) == sum);
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
