// WidgetLog: where each widget stands and what it says, for tests that use a real mouse. One JSON
// object per line and changed frame:
//
//     {"frame": 7, "widgets": {"form/save": {"rect": [880, 690, 960, 718], "text": "保存"}, …}}
//
// Threads: the window's only. Errors: a file that cannot be written is left alone.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace satchel::window {

class WidgetLog {
  public:
    struct Item {
        std::array<int, 4> rect{};  // left, top, right, bottom in pixels of the window
        std::string text;

        bool operator==(const Item&) const = default;
    };
    using Items = std::map<std::string, Item, std::less<>>;

    // `path`: "" keeps the items in memory only.
    explicit WidgetLog(std::string path = "") : path_(std::move(path)) {}

    void begin_frame() { items_.clear(); }
    // The widget that was drawn last, as far as it can be seen.
    void item(std::string_view name, std::string_view text);
    // A fact without a place.
    void fact(std::string_view name, std::string_view text);
    // Counts the screenshots; shown from the next frame on.
    void photo_taken() { ++photos_; }
    // Appends a line when something differs from the last one.
    void end_frame();

    const Items& items() const { return items_; }

  private:
    std::string path_;
    Items items_;
    Items written_;
    std::uint64_t frame_ = 0;
    std::uint64_t photos_ = 0;
};

}  // namespace satchel::window
