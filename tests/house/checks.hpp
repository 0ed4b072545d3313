// The rules of the house, each a pure function from one source to what breaks the rule.

#pragma once

#include <cstddef>

#include "tests/house/source.hpp"

namespace satchel::house {

inline constexpr std::size_t kMaxFileLines = 600;
inline constexpr std::size_t kMaxFunctionLines = 60;
inline constexpr std::size_t kMaxColumns = 100;  // in code points, not bytes

// Includes go down the layers, never up or across; sync/ knows the pure standard library and
// msgpack, and nothing else.
Findings check_includes(const Source& source);

// sync/ gets time and randomness as arguments and has no output.
Findings check_pure_core(const Source& source);

// Product code returns errors, it does not throw. Tests may, to play a library that does.
Findings check_throws(const Source& source);

// std::ranges, which not every compiler of ours can build.
Findings check_ranges(const Source& source);

// No function is called get_something. Names of libraries (behind ., -> or ::) are theirs.
Findings check_names(const Source& source);

Findings check_pragma_once(const Source& source);
Findings check_file_length(const Source& source);
Findings check_function_length(const Source& source);
Findings check_columns(const Source& source);
Findings check_tabs(const Source& source);

// No path of a developer's home directory, in any text file.
Findings check_machine_paths(const Source& source);

// tests/X/ belongs to the folder X, or is one of the kinds of test that span folders.
Findings check_test_folder(const Source& source);

}  // namespace satchel::house
