// Finds the functions of a C++ file by matching braces, without a parser.
//
// It relies on what every file of ours has: balanced braces, also within each branch of an #if.
// A lambda or class inside a function counts as part of it.

#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace satchel::house {

// The lines, from 1, of the brace that opens the body and of the one that closes it.
struct Function {
    std::size_t first_line;
    std::size_t last_line;

    std::size_t lines() const { return last_line - first_line + 1; }
};

std::vector<Function> find_functions(std::string_view cpp);

}  // namespace satchel::house
