#include "client/messages.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

#include "client/message_table.hpp"

namespace satchel::client {
namespace {

// Shorter rows ("{0} minutes") are parts of sentences; no error was made of one.
constexpr std::size_t kShortest = 12;

std::string_view in(const Message& message, Language language) {
    return language == Language::chinese ? message.chinese : message.english;
}

const Message* find(std::string_view key) {
    const auto rows = catalogue();
    const auto row = std::find_if(rows.begin(), rows.end(),
                                  [&](const Message& message) { return message.key == key; });
    return row == rows.end() ? nullptr : &*row;
}

// The number in "{0}" at `at`, or nothing.
std::optional<std::size_t> placeholder(std::string_view text, std::size_t at) {
    if (text.substr(at, 1) != "{" || text.substr(at + 2, 1) != "}") return std::nullopt;
    const char digit = text[at + 1];
    if (digit < '0' || digit > '9') return std::nullopt;
    return static_cast<std::size_t>(digit - '0');
}

std::string fill(std::string_view text, std::span<const std::string> arguments) {
    std::string filled;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto number = placeholder(text, at);
        if (!number || *number >= arguments.size()) {
            filled += text[at];
            continue;
        }
        filled += arguments[*number];
        at += 2;
    }
    return filled;
}

// The arguments that make `text` out of `pattern`, whose placeholders come in ascending order.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view text) {
    std::vector<std::string> arguments;
    while (!pattern.empty()) {
        if (!placeholder(pattern, 0)) {
            if (text.empty() || text[0] != pattern[0]) return std::nullopt;
            pattern.remove_prefix(1);
            text.remove_prefix(1);
            continue;
        }
        pattern.remove_prefix(3);
        std::size_t literal = 0;
        while (literal < pattern.size() && !placeholder(pattern, literal))
            ++literal;
        const bool last = literal == pattern.size();
        const std::string_view behind = pattern.substr(0, literal);
        const std::size_t end = last ? text.rfind(behind) : text.find(behind);
        if (end == std::string_view::npos) return std::nullopt;
        arguments.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    if (!text.empty()) return std::nullopt;
    return arguments;
}

}  // namespace

Language language_of(std::string_view locale) {
    return locale.substr(0, 2) == "zh" ? Language::chinese : Language::english;
}

Language language_of_environment() {
    for (const char* variable : {"LC_ALL", "LC_MESSAGES", "LANG"})
        if (const char* locale = std::getenv(variable); locale != nullptr && *locale != '\0')
            return language_of(locale);
    return Language::english;
}

std::span<const Message> catalogue() {
    return message_table();
}

std::string Words::text(Language language) const {
    const Message* message = find(key);
    return message == nullptr ? key : fill(in(*message, language), arguments);
}

std::string tr(std::string_view key, Language language,
               std::initializer_list<std::string> arguments) {
    return Words{std::string(key), arguments}.text(language);
}

Error failure(ErrorCode code, std::string_view key, std::initializer_list<std::string> arguments) {
    return {code, tr(key, Language::english, arguments)};
}

Words words_of(const Error& error) {
    for (const Message& message : catalogue()) {
        if (message.english.size() < kShortest) continue;
        auto arguments = match(message.english, error.message);
        if (arguments) return {std::string(message.key), *std::move(arguments)};
    }
    return {"code_" + std::string(name(error.code)), {error.message}};
}

std::string words(const Error& error, Language language) {
    if (language == Language::english) return error.message;
    const Words found = words_of(error);
    std::string text = found.text(language);
    const bool general = found.key == "code_" + std::string(name(error.code));
    if (general && !found.arguments.empty() && !error.message.empty())
        text += "(" + error.message + ")";
    return text;
}

std::string duration_words(std::int64_t milliseconds, Language language) {
    struct Unit {
        std::int64_t milliseconds;
        std::string_view one;
        std::string_view many;
    };
    static constexpr auto kUnits = std::to_array<Unit>({
        {86'400'000, "duration_day", "duration_days"},
        {3'600'000, "duration_hour", "duration_hours"},
        {60'000, "duration_minute", "duration_minutes"},
        {1'000, "duration_second", "duration_seconds"},
    });
    for (const Unit& unit : kUnits) {
        const std::int64_t count = milliseconds / unit.milliseconds;
        if (count < 1) continue;
        return tr(count == 1 ? unit.one : unit.many, language, {std::to_string(count)});
    }
    return tr("duration_none", language);
}

}  // namespace satchel::client
