// The catalogue: what the engine says to people about errors, syncs and accounts, in English and
// Chinese. The window has its own (client-imgui/speech.cpp); the CLI says its own where it stands.
//
//     tr("offline_refused", Language::chinese, {"sync.example.com:443"})
//     words(status.last_error, language)      // the same sentence for an Error of any layer
//
// Keys are stable; {0}, {1} are replaced. An Error carries its English sentence; words() finds its
// row and says it in the other language; without one, what the code means and the English detail.
//
// Threads: pure functions on constant tables.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sync/result.hpp"

namespace satchel::client {

enum class Language { english, chinese };

// From a locale's name ("zh_CN.UTF-8") or a language tag ("zh-Hans"): Chinese for zh, else English.
Language language_of(std::string_view locale);
// As the first of LC_ALL, LC_MESSAGES and LANG says that is set.
Language language_of_environment();

struct Message {
    std::string_view key;
    std::string_view english;
    std::string_view chinese;
};

std::span<const Message> catalogue();

// A sentence not yet in any language: what a status carries.
struct Words {
    std::string key;
    std::vector<std::string> arguments;

    std::string text(Language language) const;
    bool operator==(const Words&) const = default;
};

// The sentence of `key`; the key itself when there is none, so that a forgotten one is seen.
std::string tr(std::string_view key, Language language,
               std::initializer_list<std::string> arguments = {});

// An error whose message is the English sentence of `key`.
Error failure(ErrorCode code, std::string_view key,
              std::initializer_list<std::string> arguments = {});

// The error's message in `language`.
std::string words(const Error& error, Language language);
// The same, not yet in any language.
Words words_of(const Error& error);

// "just now", "5 minutes", "3 days": how long something lasts or is ago, rounded down.
std::string duration_words(std::int64_t milliseconds, Language language);

}  // namespace satchel::client
