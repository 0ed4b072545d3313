// Cells with several values: side by side, who wrote them, which one is shown and why.
#include <imgui.h>

#include <algorithm>

#include "client-imgui/field_text.hpp"
#include "client-imgui/theme.hpp"
#include "client-imgui/views.hpp"

namespace satchel::window {
namespace {

storage::FieldValues values_of(const ConflictView& conflict, const SiblingView& sibling) {
    storage::FieldValues values;
    for (std::size_t i = 0; i < conflict.fields.size() && i < sibling.values.size(); ++i)
        values.emplace_back(conflict.fields[i], sibling.values[i]);
    return values;
}

std::string value_text(Frame& frame, const ConflictView& conflict, const SiblingView& sibling) {
    if (sibling.is_null) return frame.say("nothing");
    return conflict.choice ? choice_label(sibling.text, frame.say.language()) : sibling.text;
}

void draw_reason(Frame& frame, const ConflictView& conflict, const SiblingView& sibling) {
    if (conflict.all_shown || !sibling.shown) return;
    const std::string why = "why_" + conflict.rule;
    ImGui::PushStyleColor(ImGuiCol_Text, colour::kGood);
    text(std::string(frame.say("shown_now")) + ", " + frame.say(why.c_str()));
    ImGui::PopStyleColor();
}

void draw_sibling(Frame& frame, const ConflictView& conflict, std::size_t index,
                  std::string_view mark) {
    const SiblingView& sibling = conflict.siblings[index];
    ImGui::PushID(static_cast<int>(index));
    ImGui::AlignTextToFramePadding();  // cells of one row share their base line
    text(value_text(frame, conflict, sibling));
    ImGui::PushStyleColor(ImGuiCol_Text, colour::kMuted);
    text((sibling.author.empty() ? frame.say("this_device") : sibling.author) + " · " +
         local_time(sibling.at) +
         (sibling.late ? std::string(" · ") + frame.say("late_edit") : ""));
    ImGui::PopStyleColor();
    draw_reason(frame, conflict, sibling);
    if (button(frame, "use_this", std::string(mark) + std::to_string(index)))
        frame.want(Resolve{conflict.collection_name, conflict.record, conflict.token,
                           values_of(conflict, sibling)});
    ImGui::PopID();
}

std::string heading(Frame& frame, const ConflictView& conflict) {
    const auto language = frame.say.language();
    const std::string title = conflict.title.empty() ? frame.say("untitled") : conflict.title;
    return conflict.collection_label.in(language) + "  " + title + "  ·  " +
           conflict.label.in(language);
}

// Puts the record's form beside the table of its collection.
void open_record(Frame& frame, const ConflictView& conflict) {
    UiState& state = frame.state;
    state.page = Page::records;
    if (state.query.collection != conflict.collection_name) {
        state.query = {};
        state.query.collection = conflict.collection_name;
        frame.want(ShowTable{state.query});
    }
    frame.leave_to(OpenRecord{conflict.collection_name, conflict.record});
}

void draw_conflict(Frame& frame, const ConflictView& conflict, std::size_t index) {
    const std::string mark = "conflict/" + std::to_string(index) + "/";
    begin_card(mark.c_str(), colour::kCard);
    ImGui::AlignTextToFramePadding();
    text_in(colour::kAccent, heading(frame, conflict));
    const float width = ImGui::CalcTextSize(frame.say("open_record")).x;
    ImGui::SameLine(ImGui::GetWindowWidth() - width - 32);
    if (button(frame, "open_record", mark + "open")) open_record(frame, conflict);
    draw_siblings(frame, conflict, mark);
    end_card();
}

}  // namespace

void draw_siblings(Frame& frame, const ConflictView& conflict, std::string_view mark) {
    constexpr std::size_t kMaxBeside = 3;
    const std::size_t beside = std::min(conflict.siblings.size(), kMaxBeside);
    if (conflict.all_shown) text_in(colour::kGood, frame.say("why_union_lines"));
    constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_SizingStretchSame |
                                       ImGuiTableFlags_BordersInnerV | ImGuiTableFlags_PadOuterX |
                                       ImGuiTableFlags_NoSavedSettings;
    if (!ImGui::BeginTable("siblings", static_cast<int>(beside), kFlags)) return;
    for (std::size_t i = 0; i < conflict.siblings.size(); ++i) {
        ImGui::TableNextColumn();
        if (conflict.siblings[i].shown && !conflict.all_shown)
            ImGui::TableSetBgColor(ImGuiTableBgTarget_CellBg,
                                   ImGui::GetColorU32(colour::kWinnerBack));
        draw_sibling(frame, conflict, i, mark);
    }
    ImGui::EndTable();
}

void draw_conflicts(Frame& frame) {
    const ConflictList* list = frame.snapshot.conflicts.get();
    if (list == nullptr) return;
    if (list->error) return draw_error(frame, "conflicts_error", *list->error);
    if (list->items.empty())
        return draw_empty(frame.say("no_conflicts"), frame.say("no_conflicts_hint"));
    ImGui::BeginChild("conflicts");
    for (std::size_t i = 0; i < list->items.size(); ++i)
        draw_conflict(frame, list->items[i], i);
    if (list->total > list->items.size())
        text_in(colour::kMuted,
                frame.say.with("more_items", {std::to_string(list->total - list->items.size())}));
    ImGui::EndChild();
}

}  // namespace satchel::window
