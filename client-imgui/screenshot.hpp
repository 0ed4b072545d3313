// Writes what the window shows as a PNG file.
//
// Threads: the window's, after a frame was drawn and before its buffers are swapped.
#pragma once

#include <string>

#include "sync/result.hpp"

namespace satchel::window {

// Reads the current OpenGL back buffer of `width` times `height` pixels.
Status write_screenshot(const std::string& path, int width, int height);

}  // namespace satchel::window
