// Histories of one record: what several replicas did to it and what each of them saw, synced in
// star form through a server that only orders. Built from numbers, so that RapidCheck can shrink
// a failing history by leaving numbers out.
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

// Each step is one number: which replica syncs, opens a form, or writes what. Writes take what the
// replica sees now, or what it saw when its form was opened.
Events build_history(const std::vector<std::uint64_t>& steps);

// The events in another order in which each comes after all that its author had seen; among those
// that may come next, the one with the smallest priority.
Events reorder(const Events& events, const std::vector<std::uint64_t>& priorities);

// The first events, at least one.
Events prefix(const Events& events, std::size_t size);

// The state after the events in this order. Asserts that no limit is met.
RecordState replay(const Events& events);

void print(const Events& events, std::ostream& out);

}  // namespace satchel::testing
