// The frame of the window: top bar, sidebar, page, status bar.
#include <imgui.h>

#include "client-imgui/theme.hpp"
#include "client-imgui/views.hpp"

namespace satchel::window {
namespace {

constexpr float kSidebarWidth = 210;
constexpr float kTopHeight = 46;
constexpr float kBarHeight = 30;

std::string file_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

void draw_language_switch(Frame& frame) {
    using client::Language;
    const bool chinese = frame.state.language == Language::chinese;
    const char* label = chinese ? "English###language" : "中文###language";
    ImGui::SameLine(ImGui::GetWindowWidth() - 96);
    if (ImGui::Button(label, {82, 0}))
        frame.state.language = chinese ? Language::english : Language::chinese;
    frame.mark("language", chinese ? "zh" : "en");
}

void draw_top(Frame& frame) {
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {14, 8});
    ImGui::BeginChild("top", {0, kTopHeight}, false, ImGuiWindowFlags_AlwaysUseWindowPadding);
    ImGui::PopStyleVar();
    ImGui::AlignTextToFramePadding();
    text_in(colour::kAccent, "Satchel");
    ImGui::SameLine();
    text_in(colour::kMuted, file_name(frame.snapshot.path));
    if (!frame.snapshot.sync.user_name.empty()) {
        ImGui::SameLine();
        text_in(colour::kMuted, "· " + frame.snapshot.sync.user_name);
    }
    if (frame.state.font_missing) {
        ImGui::SameLine();
        text_in(colour::kError, frame.say("font_missing"));
    }
    draw_language_switch(frame);
    ImGui::EndChild();
}

void draw_count(Frame& frame, const char* key, std::size_t count, const ImVec4& colour) {
    if (count == 0) return;
    text_in(colour, frame.say.with(key, {std::to_string(count)}));
    frame.mark(key, std::to_string(count));
    ImGui::SameLine(0, 18);
}

void draw_bar(Frame& frame) {
    ImGui::SetCursorPosY(ImGui::GetWindowHeight() - kBarHeight);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {14, 6});
    ImGui::BeginChild("bar", {0, kBarHeight}, false, ImGuiWindowFlags_AlwaysUseWindowPadding);
    ImGui::PopStyleVar();
    const storage::ReplicaStatus& replica = frame.snapshot.replica;
    if (replica.pending == 0 && replica.ever_synced) {
        text_in(colour::kGood, frame.say("bar_in_step"));
        ImGui::SameLine(0, 18);
    }
    draw_count(frame, "bar_pending", replica.pending, colour::kAccent);
    draw_count(frame, "bar_conflicts", replica.conflicts, colour::kWarning);
    draw_count(frame, "bar_rejected", replica.not_accepted, colour::kError);
    const std::string waits = frame.snapshot.sync.waits_for.text(frame.say.language());
    text_in(colour::kMuted, waits);
    ImGui::EndChild();
}

// What went wrong besides saving; stays until the person has seen it.
void draw_failure(Frame& frame) {
    const Snapshot& snapshot = frame.snapshot;
    if (!snapshot.failure || frame.state.failures_seen >= snapshot.failures) return;
    begin_card("failure", colour::kErrorBack);
    text_in(colour::kError, client::words(*snapshot.failure, frame.say.language()));
    frame.mark("failure", name(snapshot.failure->code));
    if (button(frame, "close_message", "failure/close"))
        frame.state.failures_seen = snapshot.failures;
    end_card();
}

void draw_page(Frame& frame) {
    draw_failure(frame);
    switch (frame.state.page) {
        case Page::records:
            return draw_records(frame);
        case Page::conflicts:
            return draw_conflicts(frame);
        case Page::rejected:
            return draw_rejected(frame);
        case Page::sync:
            return draw_sync(frame);
        case Page::login:
            return draw_login(frame);
    }
}

void draw_body(Frame& frame) {
    const float height = ImGui::GetContentRegionAvail().y - kBarHeight;
    ImGui::PushStyleColor(ImGuiCol_ChildBg, colour::kSidebar);
    ImGui::PushStyleVar(ImGuiStyleVar_ChildRounding, 0);
    ImGui::BeginChild("sidebar", {kSidebarWidth, height}, false);
    ImGui::PopStyleVar();
    ImGui::PopStyleColor();
    draw_sidebar(frame);
    ImGui::EndChild();
    ImGui::SameLine(0, 0);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {14, 4});
    ImGui::BeginChild("page", {0, height}, false, ImGuiWindowFlags_AlwaysUseWindowPadding);
    ImGui::PopStyleVar();
    draw_page(frame);
    ImGui::EndChild();
}

// Where unsaved changes were in the way, the saved ones open it again.
void go_on_after_saving(Frame& frame) {
    if (!frame.state.draft.just_saved() || !frame.state.leave_to) return;
    frame.want(*std::exchange(frame.state.leave_to, std::nullopt));
}

void note_facts(Frame& frame) {
    WidgetLog* log = frame.state.log;
    if (log == nullptr) return;
    const TableView* table = frame.snapshot.table.get();
    log->fact("open", frame.snapshot.opening ? "opening" : "yes");
    log->fact("rows", table == nullptr ? "" : std::to_string(table->total));
    log->fact("filter", table == nullptr ? "" : table->query.filter);
    log->fact("sort", table == nullptr
                          ? ""
                          : (table->query.descending ? "-" : "") + table->query.sort_field);
    log->fact("dirty", !frame.state.draft.empty() && frame.state.draft.dirty() ? "yes" : "no");
    log->fact("saved", !frame.state.draft.empty() && frame.state.draft.saved() ? "yes" : "no");
    log->fact("conflicts", std::to_string(frame.snapshot.replica.conflicts));
}

void draw_everything(Frame& frame) {
    const ImGuiViewport& viewport = *ImGui::GetMainViewport();
    ImGui::SetNextWindowPos(viewport.Pos);
    ImGui::SetNextWindowSize(viewport.Size);
    ImGui::Begin("satchel", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                     ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBringToFrontOnFocus);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {8, 0});
    draw_top(frame);
    ImGui::PopStyleVar();
    if (frame.snapshot.opening)
        draw_empty(frame.say("opening"), frame.snapshot.path);
    else if (frame.snapshot.file_error)
        draw_file_error(frame);
    else
        draw_body(frame);
    if (!frame.snapshot.opening && !frame.snapshot.file_error) draw_bar(frame);
    ImGui::End();
}

}  // namespace

void Frame::leave_to(Intent intent) {
    if (!state.draft.empty() && state.draft.dirty())
        state.leave_to = std::move(intent);
    else
        want(std::move(intent));
}

Intents draw(const Snapshot& snapshot, UiState& state, std::int64_t now_ms) {
    if (state.log != nullptr) state.log->begin_frame();
    state.draft.follow(snapshot);
    Frame frame{snapshot, state, Speech(state.language), now_ms, {}};
    follow_login(frame);
    draw_everything(frame);
    go_on_after_saving(frame);
    note_facts(frame);
    if (state.log != nullptr) state.log->end_frame();
    return std::move(frame.wishes);
}

void draw_file_error(Frame& frame) {
    const Error& error = *frame.snapshot.file_error;
    draw_error(frame, "file_error", error);
    const std::string key = "hint_" + std::string(name(error.code));
    const std::string hint = frame.say.with(key, {});
    ImGui::Dummy({0, 8});
    const float middle = ImGui::GetContentRegionAvail().x / 2;
    const auto centre = [middle](float width) { ImGui::SetCursorPosX(middle - width / 2); };
    if (hint != key) {
        centre(ImGui::CalcTextSize(hint.c_str()).x);
        text(hint);
    }
    centre(ImGui::CalcTextSize(frame.snapshot.path.c_str()).x);
    text_in(colour::kMuted, frame.snapshot.path);
    ImGui::Dummy({0, 8});
    centre(ImGui::CalcTextSize(frame.say("try_again")).x + 18);
    if (primary_button(frame, "try_again", "try_again")) frame.want(OpenFileAgain{});
}

}  // namespace satchel::window
