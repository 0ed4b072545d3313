// Speech: the window's sentences in the person's language. The rows that only the window needs
// stand in speech.cpp; every other key is looked up in the catalogue of client/messages.hpp.
//
//     Speech say(client::Language::chinese);
//     ImGui::Button(say("save"));                 // "保存"
//     say.with("rows_of", {"12", "8800"});
//
// Threads: constant data.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "client/messages.hpp"

namespace satchel::window {

class Speech {
  public:
    explicit Speech(client::Language language) : language_(language) {}

    client::Language language() const { return language_; }
    // A sentence without arguments, of the window's own rows; the key itself when there is none.
    const char* operator()(const char* key) const;
    std::string with(std::string_view key, std::initializer_list<std::string> arguments) const;
    // With an id for Dear ImGui that stays when the language changes.
    std::string button(const char* key) const { return std::string((*this)(key)) + "###" + key; }

  private:
    client::Language language_;
};

// The window's own rows.
std::span<const client::Message> window_messages();

// What the code of a choice is called: stages, states of tasks; other codes are their own name.
std::string choice_label(const std::string& code, client::Language language);

}  // namespace satchel::window
