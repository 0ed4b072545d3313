// The rules of merging written a second time, from docs/replication.md and not from sync/merge.cpp,
// to hold the two against each other.
//
// The model keeps no state: it looks at a whole set of events and says what must be left of it.
// What a write overwrites is an explicit list of dots, all that its author had literally been shown
// in that cell, followed back through everything those had replaced.
#pragma once

#include "tests/sync/history.hpp"

namespace satchel::testing {

// The state that any replica must be in which has taken in exactly these events.
RecordState expected_state(const Events& events);

bool expected_dead(const Events& events, DeletePolicy policy);

// Of two complete states: what one of them lacks although its clock covers it, was replaced there.
RecordState join(const RecordState& a, const RecordState& b);

}  // namespace satchel::testing
