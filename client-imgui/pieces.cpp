// Small pieces that all views share.
#include <imgui.h>

#include <algorithm>

#include "client-imgui/theme.hpp"
#include "client-imgui/views.hpp"

namespace satchel::window {
namespace {

constexpr float kCardPadding = 12;

bool marked_button(Frame& frame, const char* key, std::string_view mark, bool enabled) {
    ImGui::BeginDisabled(!enabled);
    const bool pressed = ImGui::Button(frame.say.button(key).c_str());
    frame.mark(mark, frame.say(key));
    ImGui::EndDisabled();
    return pressed;
}

void centred(const ImVec4& colour, const std::string& line) {
    const float room = ImGui::GetContentRegionAvail().x;
    const float width = std::min(ImGui::CalcTextSize(line.c_str(), nullptr, false, 460).x, room);
    ImGui::SetCursorPosX(ImGui::GetCursorPosX() + std::max(0.0F, (room - width) / 2));
    ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + width + 1);
    text_in(colour, line);
    ImGui::PopTextWrapPos();
}

}  // namespace

void text(const std::string& text) {
    ImGui::PushTextWrapPos(0);
    ImGui::TextUnformatted(text.data(), text.data() + text.size());
    ImGui::PopTextWrapPos();
}

void text_in(const ImVec4& colour, const std::string& text) {
    ImGui::PushStyleColor(ImGuiCol_Text, colour);
    ImGui::TextUnformatted(text.data(), text.data() + text.size());
    ImGui::PopStyleColor();
}

bool primary_button(Frame& frame, const char* key, std::string_view mark, bool enabled) {
    ImGui::PushStyleColor(ImGuiCol_Button, colour::kAccent);
    ImGui::PushStyleColor(ImGuiCol_ButtonHovered, {0.07F, 0.47F, 0.64F, 1.0F});
    ImGui::PushStyleColor(ImGuiCol_ButtonActive, {0.04F, 0.33F, 0.46F, 1.0F});
    ImGui::PushStyleColor(ImGuiCol_Text, {1.0F, 1.0F, 1.0F, 1.0F});
    const bool pressed = marked_button(frame, key, mark, enabled);
    ImGui::PopStyleColor(4);
    return pressed;
}

bool button(Frame& frame, const char* key, std::string_view mark, bool enabled) {
    return marked_button(frame, key, mark, enabled);
}

void draw_empty(const std::string& headline, const std::string& hint) {
    ImGui::Dummy({0, std::max(20.0F, ImGui::GetContentRegionAvail().y * 0.3F)});
    centred(colour::kAccent, headline);
    centred(colour::kMuted, hint);
}

void draw_error(Frame& frame, const char* headline, const Error& error) {
    ImGui::Dummy({0, std::max(20.0F, ImGui::GetContentRegionAvail().y * 0.25F)});
    centred(colour::kError, frame.say(headline));
    centred(colour::kMuted, client::words(error, frame.say.language()));
    if (frame.state.log != nullptr) frame.state.log->fact("error", name(error.code));
}

void begin_card(const char* id, const ImVec4& back) {
    ImGui::PushID(id);
    // The height is that of the last frame: Dear ImGui 1.86 has no children that grow by
    // themselves.
    const ImGuiID key = ImGui::GetID("height");
    const float height = ImGui::GetStateStorage()->GetFloat(key, 60);
    ImGui::PushStyleColor(ImGuiCol_ChildBg, back);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {kCardPadding, kCardPadding});
    ImGui::BeginChild("card", {0, height}, true,
                      ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    ImGui::PopStyleVar();
    ImGui::PopStyleColor();
}

void end_card() {
    const float height = ImGui::GetCursorPosY() + kCardPadding - ImGui::GetStyle().ItemSpacing.y;
    ImGui::EndChild();
    ImGui::GetStateStorage()->SetFloat(ImGui::GetID("height"), std::max(height, 30.0F));
    ImGui::PopID();
}

}  // namespace satchel::window
