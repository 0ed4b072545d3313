// Histories of one record: what several replicas did to it and what each of them saw. They sync
// through a server that only orders, or hear a part of what another one knows. Built from steps of
// plain values, so that RapidCheck shrinks a failing history to few and small ones.
//
// The record has these fields:
//
//     1        integer, alone          10, 11   sets of texts
//     2, 3     a group of two          12, 13   counters
//     4        text, alone
#pragma once

#include <cstdint>
#include <iosfwd>
#include <set>
#include <vector>

#include "sync/changeset.hpp"
#include "sync/merge.hpp"

namespace satchel::testing {

constexpr FieldId kAmount{1};
constexpr FieldId kPrice{2};  // with 3, its currency
constexpr FieldId kStage{4};
constexpr FieldId kTags{10};
constexpr FieldId kHelpers{11};
constexpr FieldId kVisits{12};
constexpr FieldId kCalls{13};

// One operation, how it enters a state, and every operation its author had literally been shown.
struct Event {
    Operation operation;
    WriteContext write;
    std::set<Dot> saw;

    bool by_person() const { return write.intent == Intent::person; }
};

// In the order they were made, which is causally valid. The first one makes the record.
using Events = std::vector<Event>;

constexpr std::size_t kReplicasOfAHistory = 4;

// What one replica does next.
struct Step {
    enum class Kind : std::uint8_t { write, remove, undelete, open_form, sync, hear };

    Kind kind = Kind::write;
    std::size_t who = 0;
    std::size_t from = 0;    // of `hear`: whose knowledge,
    std::size_t part = 0;    // ... and how many operations of it, the oldest first
    bool from_form = false;  // a write saw what was there when the form was opened, not what is now
    bool person = true;
    bool late = false;
    std::int64_t ms = 0;  // of the stamp, with the next
    std::uint16_t ticks = 0;
    std::uint8_t rank = 0;
    std::vector<CellWrite> cells;
    std::vector<SetWrite> sets;
    std::vector<CounterStep> counters;
};

Events build_history(const std::vector<Step>& steps);

// The events in another order in which each comes after all that its author had seen; among those
// that may come next, the one with the smallest priority.
Events reorder(const Events& events, const std::vector<std::uint64_t>& priorities);

// The first events, at least one.
Events prefix(const Events& events, std::size_t size);

// The state after the events in this order. Asserts that no limit is met.
RecordState replay(const Events& events);

// Whether the event builds on nothing that has not come: its author's own earlier operations, and
// all that it had seen.
bool may_come(const Event& event, const std::set<Dot>& came);

void print(const Events& events, std::ostream& out);
void print(const Step& step, std::ostream& out);

}  // namespace satchel::testing
