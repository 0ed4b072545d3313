// The window's colours and spacing, and its fonts.
//
// Threads: the window's only; a Dear ImGui context must be current.
#pragma once

#include <imgui.h>

#include <string>

namespace satchel::window {

namespace colour {
inline const ImVec4 kAccent{0.05F, 0.40F, 0.55F, 1.0F};
inline const ImVec4 kMuted{0.42F, 0.45F, 0.50F, 1.0F};
inline const ImVec4 kWarning{0.72F, 0.40F, 0.02F, 1.0F};
inline const ImVec4 kError{0.72F, 0.11F, 0.11F, 1.0F};
inline const ImVec4 kGood{0.08F, 0.47F, 0.24F, 1.0F};
inline const ImVec4 kWarningBack{1.0F, 0.97F, 0.89F, 1.0F};
inline const ImVec4 kErrorBack{1.0F, 0.94F, 0.94F, 1.0F};
inline const ImVec4 kWinnerBack{0.92F, 0.97F, 0.94F, 1.0F};
inline const ImVec4 kCard{1.0F, 1.0F, 1.0F, 1.0F};
inline const ImVec4 kSidebar{0.11F, 0.15F, 0.20F, 1.0F};
inline const ImVec4 kSidebarText{0.88F, 0.91F, 0.94F, 1.0F};
inline const ImVec4 kSidebarMuted{0.55F, 0.61F, 0.68F, 1.0F};
inline const ImVec4 kSidebarActive{0.10F, 0.36F, 0.48F, 1.0F};
}  // namespace colour

void apply_theme();

// Loads the first font found that has the whole range of Chinese characters: SATCHEL_FONT, then
// those of the packages fonts-wqy-microhei, fonts-noto-cjk, fonts-wqy-zenhei and fonts-droid. The
// path that was taken; "": none was found, and Chinese text shows as question marks.
std::string load_fonts(float pixels);

}  // namespace satchel::window
