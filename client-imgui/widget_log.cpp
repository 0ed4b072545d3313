#include "client-imgui/widget_log.hpp"

#include <imgui.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

namespace satchel::window {

void WidgetLog::item(std::string_view name, std::string_view text) {
    if (!ImGui::IsItemVisible()) return;
    // Only the part that can be clicked: a row of a table is often wider than the table.
    const ImDrawList& list = *ImGui::GetWindowDrawList();
    const ImVec2 clip_low = list.GetClipRectMin();
    const ImVec2 clip_high = list.GetClipRectMax();
    const ImVec2 low = ImGui::GetItemRectMin();
    const ImVec2 high = ImGui::GetItemRectMax();
    Item item{{static_cast<int>(std::max(low.x, clip_low.x)),
               static_cast<int>(std::max(low.y, clip_low.y)),
               static_cast<int>(std::min(high.x, clip_high.x)),
               static_cast<int>(std::min(high.y, clip_high.y))},
              std::string(text)};
    if (item.rect[0] < item.rect[2] && item.rect[1] < item.rect[3])
        items_[std::string(name)] = std::move(item);
}

void WidgetLog::fact(std::string_view name, std::string_view text) {
    items_[std::string(name)] = {{}, std::string(text)};
}

void WidgetLog::end_frame() {
    ++frame_;
    fact("photos", std::to_string(photos_));
    if (path_.empty() || items_ == written_) return;
    written_ = items_;
    nlohmann::json widgets = nlohmann::json::object();
    for (const auto& [name, item] : items_)
        widgets[name] = {{"rect", item.rect}, {"text", item.text}};
    std::ofstream out(path_, std::ios::app);
    const nlohmann::json line = {{"frame", frame_}, {"widgets", widgets}};
    out << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

}  // namespace satchel::window
