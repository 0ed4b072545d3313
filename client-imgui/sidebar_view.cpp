// The sidebar: collections with their counts, and what waits for a person.
#include <imgui.h>

#include "client-imgui/theme.hpp"
#include "client-imgui/views.hpp"

namespace satchel::window {
namespace {

void draw_heading(const char* heading) {
    ImGui::Dummy({0, 6});
    ImGui::SetCursorPosX(16);
    text_in(colour::kSidebarMuted, heading);
}

// A row with a label on the left and a count on the right.
bool draw_item(Frame& frame, const std::string& id, const std::string& label,
               const std::string& count, bool active, const ImVec4& count_colour) {
    ImGui::PushID(id.c_str());
    const float height = ImGui::GetFrameHeight();
    const ImVec2 at = ImGui::GetCursorPos();
    ImGui::PushStyleColor(ImGuiCol_Header, colour::kSidebarActive);
    ImGui::PushStyleColor(ImGuiCol_HeaderHovered, {0.17F, 0.24F, 0.31F, 1.0F});
    ImGui::PushStyleColor(ImGuiCol_HeaderActive, colour::kSidebarActive);
    const bool pressed = ImGui::Selectable("##item", active, 0, {0, height});
    ImGui::PopStyleColor(3);
    frame.mark("sidebar/" + id, count);
    const ImVec2 after = ImGui::GetCursorPos();
    const float line = at.y + (height - ImGui::GetTextLineHeight()) / 2;
    ImGui::SetCursorPos({at.x + 16, line});
    text_in(colour::kSidebarText, label);
    const float width = ImGui::CalcTextSize(count.c_str()).x;
    ImGui::SetCursorPos({ImGui::GetWindowWidth() - width - 16, line});
    text_in(count_colour, count);
    ImGui::SetCursorPos(after);
    ImGui::PopID();
    return pressed;
}

std::string grouped(std::int64_t count) {
    std::string text = std::to_string(count);
    for (std::size_t at = text.size(); at > 3; at -= 3)
        text.insert(at - 3, 1, ',');
    return text;
}

void show_collection(Frame& frame, const std::string& name) {
    UiState& state = frame.state;
    state.page = Page::records;
    if (state.query.collection == name && frame.snapshot.table) return;
    state.query = {};
    state.query.collection = name;
    frame.want(ShowTable{state.query});
    if (!state.draft.empty()) frame.leave_to(CloseRecord{});
}

void draw_page_item(Frame& frame, Page page, const char* key, std::size_t count,
                    const ImVec4& colour) {
    const std::string shown = count == 0 ? "" : grouped(static_cast<std::int64_t>(count));
    if (draw_item(frame, key, frame.say(key), shown, frame.state.page == page, colour))
        frame.state.page = page;
}

}  // namespace

void draw_sidebar(Frame& frame) {
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {8, 3});
    draw_heading(frame.say("records"));
    for (const CollectionItem& item : frame.snapshot.collections) {
        const bool active =
            frame.state.page == Page::records && frame.state.query.collection == item.name;
        if (draw_item(frame, item.name, item.label.in(frame.say.language()), grouped(item.count),
                      active, colour::kSidebarMuted))
            show_collection(frame, item.name);
    }
    draw_heading(frame.say("inbox"));
    const storage::ReplicaStatus& replica = frame.snapshot.replica;
    draw_page_item(frame, Page::conflicts, "page_conflicts", replica.conflicts,
                   {0.98F, 0.75F, 0.36F, 1.0F});
    draw_page_item(frame, Page::rejected, "page_rejected", replica.not_accepted,
                   {0.97F, 0.58F, 0.58F, 1.0F});
    draw_page_item(frame, Page::sync, "page_sync", replica.pending, colour::kSidebarMuted);
    ImGui::PopStyleVar();
}

}  // namespace satchel::window
