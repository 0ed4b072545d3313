// Views: each draws a part of the window from an immutable snapshot and notes what the person asked
// for. They do no I/O, take no lock and call no engine; a frame of 8,800 rows costs what its
// visible rows cost.
//
//     Intents wishes = draw(*snapshot, state, now_ms);
//     worker.post(std::move(wishes));
//
// Threads: the window's only, between ImGui::NewFrame() and ImGui::Render().
#pragma once

#include "client-imgui/ui_state.hpp"

struct ImVec4;  // of Dear ImGui

namespace satchel::window {

// The whole window. `now_ms`: the wall clock, for "5 minutes ago".
Intents draw(const Snapshot& snapshot, UiState& state, std::int64_t now_ms);

// What the parts share while one frame is drawn.
struct Frame {
    const Snapshot& snapshot;
    UiState& state;
    Speech say;
    std::int64_t now_ms;
    Intents wishes;

    void want(Intent intent) { wishes.push_back(std::move(intent)); }
    // Asks for something that takes the form away; unsaved changes are asked about first.
    void leave_to(Intent intent);
    // Notes the widget drawn last, for tests.
    void mark(std::string_view name, std::string_view text = {}) const {
        if (state.log != nullptr) state.log->item(name, text);
    }
};

void draw_sidebar(Frame& frame);
void draw_records(Frame& frame);
void draw_table(Frame& frame, const TableView& table);
void draw_form(Frame& frame);
void draw_field(Frame& frame, std::size_t index);
void draw_siblings(Frame& frame, const ConflictView& conflict, std::string_view mark);
void draw_conflicts(Frame& frame);
void draw_rejected(Frame& frame);
void draw_sync(Frame& frame);
void draw_login(Frame& frame);
// Leads to the log-in when a file is opened that has none, and away from it when it is done.
void follow_login(Frame& frame);
void draw_file_error(Frame& frame);

// Small pieces.
void text(const std::string& text);  // no formatting, wrapped
void text_in(const ImVec4& colour, const std::string& text);
bool primary_button(Frame& frame, const char* key, std::string_view mark, bool enabled = true);
bool button(Frame& frame, const char* key, std::string_view mark, bool enabled = true);
// In the middle of the rest of the view.
void draw_empty(const std::string& headline, const std::string& hint);
void draw_error(Frame& frame, const char* headline, const Error& error);
// A rounded box as high as its content. Every begin has its end, whatever it gives back.
void begin_card(const char* id, const ImVec4& back);
void end_card();

}  // namespace satchel::window
