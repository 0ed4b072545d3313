// A set's elements in one text, as people type them and as a CSV cell holds them: `重点;VIP`.
//
// Elements are divided by `;`, and white space at their ends does not count. An element that holds
// a `;`, begins with a quotation mark or has white space at its ends stands in quotation marks, in
// which a mark is doubled: `"a;b";VIP` are the two elements `a;b` and `VIP`.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sync/result.hpp"

namespace satchel::sales {

// The elements in their order; empty ones are left out. invalid_argument when a quotation mark is
// not closed, or something else than `;` stands behind the closing one.
Result<std::vector<std::string>> split_set(std::string_view text);

// split_set() gives the same elements back.
std::string join_set(const std::vector<std::string>& elements);

}  // namespace satchel::sales
