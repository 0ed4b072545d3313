#include "client-imgui/widget_log.hpp"

#include <imgui.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace satchel::window {

void WidgetLog::item(std::string_view name, std::string_view text) {
    if (!ImGui::IsItemVisible()) return;
    const ImVec2 low = ImGui::GetItemRectMin();
    const ImVec2 high = ImGui::GetItemRectMax();
    items_[std::string(name)] = {{static_cast<int>(low.x), static_cast<int>(low.y),
                                  static_cast<int>(high.x), static_cast<int>(high.y)},
                                 std::string(text)};
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
