// Values as the window's inputs and tables show them, and back.
//
// | input   | shown and typed                                                      |
// | date    | 2016-10-20                                                           |
// | time    | 2026-11-22 10:00, local time                                         |
// | money   | 1054.50 and the currency beside it; with thousands marks in tables   |
// | others  | as they are                                                          |
//
// Threads: pure functions, but for the system's time zone. Errors: invalid_argument with what to
// write instead.
#pragma once

#include <string>
#include <vector>

#include "client-imgui/snapshot.hpp"

namespace satchel::window {

InputKind input_kind(const Collection& collection, const Field& field);

// Codes of a choice, in order; empty for other fields.
std::vector<std::string> options(const Collection& collection, const Field& field);

// How a form shows a value. `currency`: of a money field.
std::string typed_text(InputKind kind, const ValueView& value, std::string_view currency);
// How a table shows it.
std::string table_text(InputKind kind, const ValueView& value, std::string_view currency);
// All values of a cell in one text.
std::string cell_text(const Collection& collection, const Cell& cell,
                      const std::vector<Value>& values);

// What was typed, as the values to write: one, or two for money (amount and currency). Empty text
// is no value.
Result<storage::FieldValues> parse_change(const Collection& collection, const Field& field,
                                          const FieldChange& change);

// "2026-11-22 10:00" in local time; "" for 0.
std::string local_time(std::int64_t milliseconds);

// Elements of a set's column: a JSON array of texts.
std::vector<std::string> set_elements(ByteView json);

}  // namespace satchel::window
