// Values as people type and read them, by what the schema says a field is.
//
// | field            | typed                             | shown to people      | JSON            |
// | text             | anything                          | as it is             | string          |
// | integer, counter | 1054                              | 1054                 | number          |
// | `…_date`         | 2026-11-22                        | 2026-11-22           | "2026-11-22"    |
// | `…_at`           | 2026-11-22T10:00:00Z, milliseconds| 2026-11-22T10:00:00Z | number (ms)     |
// | money            | 12.34                             | 12.34                | "12.34"         |
// | set              | a;b (sales/set_text.hpp)          | a; b                 | ["a", "b"]      |
// | reference        | id, its beginning, @name          | id                   | string          |
// | bytes            | x'0aff'                           | x'0aff'              | "0aff"          |
// | nothing          | `satchel unset`                   | (empty)              | null            |
//
// Threads: pure but for the look-ups of references. Errors: invalid_argument, with the field.
#pragma once

#include <string>
#include <vector>

#include "cli/console.hpp"
#include "cli/names.hpp"
#include "storage/replica.hpp"

namespace satchel::cli {

// field=text pairs of one command line, by what can be done with them.
struct Assignments {
    storage::FieldValues registers;
    std::vector<std::pair<std::string, std::string>> elements;   // field, element
    std::vector<std::pair<std::string, std::int64_t>> counters;  // field, step
};

// `shown`: of the record that is changed, for the currency of a money field; empty for a new one.
Result<Assignments> parse_assignments(const Collection& collection,
                                      const std::vector<std::string>& arguments,
                                      const std::vector<Value>& shown, Names& names);

// invalid_argument when a set or a counter is among them: commands of their own change those.
Status no_sets_or_counters(const Assignments& assignments);

// The field's value of `row`, which has one value per field of the collection.
std::string text_of(const Collection& collection, const Field& field,
                    const std::vector<Value>& row);
Json json_of(const Collection& collection, const Field& field, const std::vector<Value>& row);
// All fields, as one object.
Json json_of(const Collection& collection, const std::vector<Value>& row);
// The values of a cell, one per field of it, as an object / as "12.34 CNY".
Json json_of(const Collection& collection, const Cell& cell, const std::vector<Value>& values);
std::string text_of(const Collection& collection, const Cell& cell,
                    const std::vector<Value>& values);
// The fields of the cell that hold something, each with its text.
std::vector<std::pair<const Field*, std::string>> parts_of(const Collection& collection,
                                                           const Cell& cell,
                                                           const std::vector<Value>& values);

// A value of a query, of which nothing is known but its type. 16 bytes are a record id.
std::string plain_text(const ValueView& value);
Json plain_json(const ValueView& value);

// "2026-11-22T10:00:00Z"; "" for 0.
std::string time_text(std::int64_t milliseconds);
Result<std::int64_t> parse_time(std::string_view text);

}  // namespace satchel::cli
