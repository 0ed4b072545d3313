// Records, siblings and operations as text and as JSON: shared by get, history, conflicts,
// rejected and journal.
//
// Threads: that of Names.
#pragma once

#include "cli/names.hpp"
#include "cli/values.hpp"
#include "sync/merge.hpp"
#include "sync/rules.hpp"

namespace satchel::cli {

constexpr std::size_t kMaxHistory = 100'000;  // journal entries that history looks through

// One value that stands in a cell: values, author, time, dot, whether it is the one shown.
Json sibling_json(const Collection& collection, const Cell& cell, const CellState& state,
                  const Sibling& sibling, Names& names);

// Of every cell with more than one: {cell, rule, why, shown, values: […]}.
Json siblings_json(const Collection& collection, const RecordState& state, Names& names);
Json conflict_json(const Collection& collection, const Cell& cell, const CellState& state,
                   Names& names);

// The same for people: a line for the cell and one per value, numbered from 1.
std::vector<std::string> conflict_lines(const Console& console, const Collection& collection,
                                        const Cell& cell, const CellState& state, Names& names);

// What an operation writes: {operation: "write", fields, tags, counts}.
Json operation_json(const Collection& collection, const Operation& operation);
std::string operation_text(const Collection& collection, const Operation& operation, Names& names);

// A field of a record as people read it: a reference with the name of what it refers to.
std::string text_of(const Collection& collection, const Field& field, const std::vector<Value>& row,
                    Names& names);
// "city = 上海, street = …": the fields of a cell that hold something.
std::string cell_text(const Collection& collection, const Cell& cell,
                      const std::vector<Value>& values, Names& names);
// The same of one value that stands in a cell, with its author.
std::string sibling_text(const Console& console, const Collection& collection, const Cell& cell,
                         const Sibling& sibling, Names& names);

// What is shown of the cell was written before a handover and accepted after it.
bool is_late(const Cell& cell, const RecordState& state);
std::string late_text(const Console& console, bool late);

}  // namespace satchel::cli
