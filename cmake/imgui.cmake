# satchel::imgui: Dear ImGui with its GLFW and OpenGL 3 backends, as one static library. The
# dependencies hang on it as an interface because its pkg-config file lists them before the
# library, and the linker then does not find FreeType.

find_package(glfw3 3.3 REQUIRED)
find_package(OpenGL REQUIRED COMPONENTS OpenGL)
find_package(Freetype REQUIRED)
pkg_check_modules(stb REQUIRED QUIET IMPORTED_TARGET stb)
find_library(IMGUI_LIBRARY NAMES libimgui.a REQUIRED)
find_path(IMGUI_INCLUDE_DIR imgui.h PATH_SUFFIXES imgui REQUIRED)

add_library(satchel_imgui STATIC IMPORTED)
add_library(satchel::imgui ALIAS satchel_imgui)
set_target_properties(satchel_imgui PROPERTIES
    IMPORTED_LOCATION ${IMGUI_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${IMGUI_INCLUDE_DIR})
target_link_libraries(satchel_imgui INTERFACE
    PkgConfig::stb Freetype::Freetype glfw OpenGL::GL ${CMAKE_DL_LIBS})
