// The rules of merging written a second time, from docs/replication.md and not from sync/merge.cpp,
// to hold the two against each other.
//
// The model keeps no state and knows no clocks: it looks at a whole set of events and says what
// must be left of it. What a write overwrites is an explicit set of dots, all that its author had
// literally been shown, followed back through everything those had replaced. The page
// docs/conflict-rules.md says what is shown of it.
//
//     values of a cell   those that no other write of the cell had seen
//     a set              an element is there while an adding of it was not seen by a removal
//     a counter          the sum of the distinct steps
//     a record           dead when a deletion stands, by the policy
#pragma once

#include "tests/sync/history.hpp"

namespace satchel::testing {

// The state that any replica must be in which has taken in exactly these events.
RecordState expected_state(const Events& events);

bool expected_dead(const Events& events, DeletePolicy policy);
// Deleted, and back through an edit that no deleter had seen.
bool expected_revived(const Events& events, DeletePolicy policy);

// What is shown of a register cell; no values: nobody wrote it.
std::vector<Value> expected_shown(const Events& events, const Cell& cell);
// Two different values stand side by side.
bool expected_conflict(const Events& events, FieldId cell);
// The elements of a set, ascending, and what a counter's column shows.
std::vector<Value> expected_elements(const Events& events, FieldId field);
std::int64_t expected_total(const Events& events, FieldId field);

// Of two complete states: what one of them lacks although its clock covers it, was replaced there.
RecordState join(const RecordState& a, const RecordState& b);

}  // namespace satchel::testing
