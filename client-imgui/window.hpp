// The window itself: GLFW, OpenGL 3 and the loop that sleeps until something happens.
//
// Threads: run_window() on the main thread. Errors: io when there is no display or no OpenGL.
#pragma once

#include "client-imgui/worker.hpp"
#include "client/messages.hpp"

namespace satchel::window {

struct WindowOptions {
    DeskOptions desk{};
    client::Language language = client::Language::english;
    int width = 1280;
    int height = 760;
    std::string state_file{};  // tests only: see widget_log.hpp
    std::string screenshot{};  // F12 writes it
};

// Comes back when the window was closed.
Status run_window(const WindowOptions& options);

}  // namespace satchel::window
