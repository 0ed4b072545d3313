// Conflict rules: which of a cell's siblings is shown. Pure functions of the sibling set and the
// schema, so every replica shows the same, and a rule can be changed later. Nothing is dropped.
//
// Threads: any. Errors: none; unknown values sort first.
#pragma once

#include <vector>

#include "sync/record.hpp"

namespace satchel {

// The values to show for a cell, one per field; empty when the cell has no sibling.
std::vector<Value> shown_values(const Cell& cell, const CellState& state);

// The sibling that the rule prefers. For union_lines: the last writer's.
const Sibling& winner(const Cell& cell, const CellState& state);

// Two different values stand side by side.
bool is_conflict(const CellState& state);

// What a set's column shows: a JSON array of its texts, ascending; nothing when empty.
Value shown_set(const SetState& set);

// Why the winner won: "last_writer: written last".
std::string explain(const Cell& cell, const CellState& state);

std::string_view name(ConflictRule rule);
// The rule with that name, or an error that lists them.
Result<ConflictRule> conflict_rule(std::string_view name);

}  // namespace satchel
