// Console: what a command tells, either to a person (in English or Chinese) or, with --json, to a
// script: exactly one JSON object on standard output, an error included.
//
//     console.say("{} records written", "已写入 {} 条记录", count);   // people only
//     console.result({{"written", count}});                             // scripts only
//
// Threads: one at a time.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/exit_status.hpp"
#include "client/messages.hpp"
#include "sync/result.hpp"

namespace satchel::cli {

using Json = nlohmann::ordered_json;

class Console {
  public:
    bool json = false;
    client::Language language = client::Language::english;

    template <typename... Arguments>
    void say(std::string_view english, std::string_view chinese, const Arguments&... arguments) {
        if (!json) line(text(english, chinese, arguments...));
    }

    // The sentence in the person's language.
    template <typename... Arguments>
    std::string text(std::string_view english, std::string_view chinese,
                     const Arguments&... arguments) const {
        const bool in_chinese = language == client::Language::chinese;
        return fmt::format(fmt::runtime(in_chinese ? chinese : english), arguments...);
    }

    void say_key(std::string_view key, std::initializer_list<std::string> arguments = {}) {
        if (!json) line(client::tr(key, language, arguments));
    }

    // For people, on standard output / standard error; nothing in it drives the terminal.
    void line(std::string_view text);
    void note(std::string_view text);
    // A note on records that were made before anybody logged in, without an owner.
    void note_ownerless();
    // Columns aligned by what they take on a screen; Chinese characters are two wide.
    void table(const std::vector<std::string>& header, std::vector<std::vector<std::string>> rows);

    // The answer for scripts.
    void result(const Json& value);
    // Says what went wrong; gives the exit status. `more`: members that scripts find beside the
    // code and the message.
    int fail(const Error& error, const Json& more = Json::object());
    // At the end of the program: `status`, or that of output_lost() when not all of it was written.
    int finish(int status);
};

// Standard output could not be written.
Error output_lost();

// "s" unless it is one: "{0} change{1}" in English sentences; Chinese ones have no use for it.
constexpr std::string_view plural(std::size_t count) {
    return count == 1 ? "" : "s";
}

// The text with what would drive a terminal written as \x1b; line ends and tabs stay.
std::string visible(std::string_view text);

// How many columns of a terminal the text takes.
std::size_t display_width(std::string_view text);

// The first `width` columns' worth of it, with "…" when something was cut off; one line.
std::string clipped(std::string_view text, std::size_t width);

// Valid JSON whatever the bytes.
std::string dump(const Json& value, int indent = -1);

}  // namespace satchel::cli
