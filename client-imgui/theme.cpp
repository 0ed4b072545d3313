#include "client-imgui/theme.hpp"

#include <imgui_freetype.h>

#include <array>
#include <cstdlib>
#include <filesystem>

namespace satchel::window {
namespace {

struct FontFile {
    const char* path;
    int number;  // of the face in a collection
};

constexpr auto kFonts = std::to_array<FontFile>({
    {"/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0},
    {"/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2},
    {"/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 0},
    {"/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", 0},
});

// Everything that this build of Dear ImGui can show of what people type: Latin with its
// extensions, Greek, Cyrillic, punctuation, currencies, arrows, shapes, kana, all CJK ideographs
// of the basic plane, full-width forms.
constexpr auto kRanges = std::to_array<ImWchar>({
    0x0020, 0x024F, 0x0370, 0x03FF, 0x0400, 0x04FF, 0x2000, 0x206F, 0x20A0, 0x20CF,
    0x2100, 0x214F, 0x2190, 0x21FF, 0x2200, 0x22FF, 0x25A0, 0x26FF, 0x3000, 0x30FF,
    0x31F0, 0x31FF, 0x3400, 0x4DBF, 0x4E00, 0x9FFF, 0xFF00, 0xFFEF, 0,
});

bool add_font(const FontFile& file, float pixels) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file.path, ignored)) return false;
    ImFontConfig config;
    config.FontNo = file.number;
    config.OversampleH = 1;
    config.PixelSnapH = true;
    ImFontAtlas& fonts = *ImGui::GetIO().Fonts;
    return fonts.AddFontFromFileTTF(file.path, pixels, &config, kRanges.data()) != nullptr;
}

void set_colours(ImGuiStyle& style) {
    ImVec4* colors = style.Colors;
    colors[ImGuiCol_Text] = {0.12F, 0.14F, 0.17F, 1.0F};
    colors[ImGuiCol_TextDisabled] = {0.55F, 0.58F, 0.62F, 1.0F};
    colors[ImGuiCol_WindowBg] = {0.955F, 0.96F, 0.968F, 1.0F};
    colors[ImGuiCol_ChildBg] = {0.0F, 0.0F, 0.0F, 0.0F};
    colors[ImGuiCol_PopupBg] = {1.0F, 1.0F, 1.0F, 1.0F};
    colors[ImGuiCol_Border] = {0.82F, 0.84F, 0.87F, 1.0F};
    colors[ImGuiCol_FrameBg] = {1.0F, 1.0F, 1.0F, 1.0F};
    colors[ImGuiCol_FrameBgHovered] = {0.95F, 0.98F, 1.0F, 1.0F};
    colors[ImGuiCol_FrameBgActive] = {0.92F, 0.97F, 1.0F, 1.0F};
    colors[ImGuiCol_Button] = {0.90F, 0.92F, 0.94F, 1.0F};
    colors[ImGuiCol_ButtonHovered] = {0.83F, 0.89F, 0.93F, 1.0F};
    colors[ImGuiCol_ButtonActive] = {0.74F, 0.84F, 0.90F, 1.0F};
    colors[ImGuiCol_Header] = {0.83F, 0.91F, 0.96F, 1.0F};
    colors[ImGuiCol_HeaderHovered] = {0.90F, 0.95F, 0.98F, 1.0F};
    colors[ImGuiCol_HeaderActive] = {0.78F, 0.88F, 0.94F, 1.0F};
    colors[ImGuiCol_TableHeaderBg] = {0.925F, 0.935F, 0.945F, 1.0F};
    colors[ImGuiCol_TableBorderLight] = {0.89F, 0.90F, 0.92F, 1.0F};
    colors[ImGuiCol_TableBorderStrong] = {0.82F, 0.84F, 0.87F, 1.0F};
    colors[ImGuiCol_TableRowBg] = {1.0F, 1.0F, 1.0F, 1.0F};
    colors[ImGuiCol_TableRowBgAlt] = {0.978F, 0.982F, 0.987F, 1.0F};
    colors[ImGuiCol_CheckMark] = colour::kAccent;
    colors[ImGuiCol_TextSelectedBg] = {0.66F, 0.83F, 0.93F, 1.0F};
    colors[ImGuiCol_ScrollbarBg] = {0.0F, 0.0F, 0.0F, 0.0F};
    colors[ImGuiCol_NavHighlight] = colour::kAccent;
}

}  // namespace

void apply_theme() {
    ImGui::StyleColorsLight();
    ImGuiStyle& style = ImGui::GetStyle();
    set_colours(style);
    style.WindowPadding = {0, 0};
    style.FramePadding = {9, 5};
    style.ItemSpacing = {8, 7};
    style.CellPadding = {7, 4};
    style.ScrollbarSize = 12;
    style.FrameRounding = 5;
    style.ChildRounding = 6;
    style.PopupRounding = 6;
    style.ScrollbarRounding = 6;
    style.GrabRounding = 5;
    style.FrameBorderSize = 1;
    style.ChildBorderSize = 1;
    style.WindowBorderSize = 0;
}

std::string load_fonts(float pixels) {
    ImFontAtlas& fonts = *ImGui::GetIO().Fonts;
    fonts.FontBuilderIO = ImGuiFreeType::GetBuilderForFreeType();
    const char* told = std::getenv("SATCHEL_FONT");
    if (told != nullptr && add_font({told, 0}, pixels)) return told;
    for (const FontFile& file : kFonts)
        if (add_font(file, pixels)) return file.path;
    fonts.AddFontDefault();
    return "";
}

}  // namespace satchel::window
