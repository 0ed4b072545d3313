// One source file as the house tests read it.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace satchel::house {

// What a check found, and what to do about it. Text form: `sync/clock.cpp:12: message`.
struct Finding {
    std::string path;
    std::size_t line = 1;
    std::string message;

    std::string text() const;
};

using Findings = std::vector<Finding>;

// A file of the repository. `path` is relative to its root, with forward slashes.
struct Source {
    std::string path;
    std::string text;

    // The first part of the path: "sync" for sync/clock.cpp; empty for a file in the root.
    std::string_view folder() const;

    // C or C++, header or not.
    bool is_cpp() const;

    // Any language in which we write code, build files and scripts included.
    bool is_code() const;
};

std::vector<std::string_view> split_lines(std::string_view text);

// C++ text with comments and the insides of literals turned into spaces. Lines and columns stay
// where they are, so that a place in the result is the same place in the file.
std::string blank_comments_and_literals(std::string_view cpp);

}  // namespace satchel::house
