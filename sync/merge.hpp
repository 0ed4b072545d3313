// Merging: how an operation changes a record's state, and how two states join.
//
// Laws, held by property tests (tests/sync/merge_properties_test.cpp):
//   - operations that had not seen each other give the same state in any order;
//   - an operation taken in twice changes nothing the second time;
//   - `apply` agrees with the join of complete states (a model in the tests);
//   - every value ever written is a sibling or was replaced by a write that had seen it.
//
// Pure functions. Threads: any. Errors: `apply` refuses what would break a limit.
#pragma once

#include "sync/changeset.hpp"
#include "sync/limits.hpp"
#include "sync/record.hpp"

namespace satchel {

// What waits on a device stands beside what others have filled a cell with: what its author has not
// on the screen, the next write from there must not name as seen. Head office decides what it
// takes.
constexpr std::size_t kMaxShownSiblings = 2 * kMaxSiblings;

// How a write enters the state besides what its operation says.
struct WriteContext {
    Dot dot;
    Stamp stamp;  // effective at the server, the author's own while pending
    std::uint8_t rank = 0;
    Intent intent = Intent::person;
    bool late = false;
    bool waits = false;  // for its verdict, on its own device
    // Dots that the operation's author had seen under other names (aliases, adoptions). Each stands
    // for itself: what its replica wrote before it, the author need not have seen.
    std::vector<Dot> also_seen{};  // ascending
};

// Takes `operation` into `state`. A creating operation's cells of nothing but nulls count as not
// written. Requires that the state's clock does not cover the dot yet.
// Fails with limit (siblings, set elements, counter overflow) and leaves the state untouched then.
Status apply(RecordState& state, const Operation& operation, const WriteContext& write);

// limit when the values of a record, with all that stands side by side, are over kMaxRecordBytes.
// Who takes a new operation asks after `apply`: head office, and the device at its own commit.
Status check_size(const RecordState& state);

}  // namespace satchel
