// What an option's text is checked for before it is taken, with words for people: CLI11's own
// ranges print the largest number there is.
//
// Threads: pure functions.
#pragma once

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <string>

namespace satchel::cli {

inline CLI::Validator whole_number_from(std::int64_t least) {
    const auto check = [least](const std::string& text) -> std::string {
        std::int64_t number = 0;
        const char* end = text.data() + text.size();
        const auto [stopped, failure] = std::from_chars(text.data(), end, number);
        if (failure == std::errc() && stopped == end && number >= least) return "";
        return "'" + text.substr(0, 64) + "' is no whole number from " + std::to_string(least) +
               " on";
    };
    return CLI::Validator(check, "", "");
}

}  // namespace satchel::cli
