// UiState: what belongs to the window alone: the page, the filter, the draft, the language.
//
// Threads: the window's only.
#pragma once

#include "client-imgui/draft.hpp"
#include "client-imgui/speech.hpp"
#include "client-imgui/widget_log.hpp"

namespace satchel::window {

enum class Page : std::uint8_t { records, conflicts, rejected, sync, login };

struct LoginForm {
    bool offered = false;  // once, when the file was opened
    std::string url;
    std::string login;
    std::string password;
};

struct UiState {
    client::Language language = client::Language::english;
    Page page = Page::records;
    TableQuery query;  // as the person set it; the table follows
    Draft draft;
    LoginForm login;
    std::optional<Intent> leave_to;  // where the person wants to go from unsaved changes
    std::string picker_filter;
    bool sure_to_delete = false;
    bool focus_filter = false;
    bool save_pressed = false;  // Ctrl+S
    std::uint64_t failures_seen = 0;
    bool font_missing = false;
    WidgetLog* log = nullptr;  // tests only
};

}  // namespace satchel::window
