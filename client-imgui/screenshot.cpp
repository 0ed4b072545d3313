#include "client-imgui/screenshot.hpp"

#include <GL/gl.h>
#include <stb/stb_image_write.h>

#include <vector>

namespace satchel::window {

Status write_screenshot(const std::string& path, int width, int height) {
    constexpr int kChannels = 3;
    std::vector<unsigned char> pixels(static_cast<std::size_t>(width) *
                                      static_cast<std::size_t>(height) * kChannels);
    glPixelStorei(GL_PACK_ALIGNMENT, 1);
    glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE, pixels.data());
    stbi_flip_vertically_on_write(1);  // OpenGL counts rows from the bottom
    const int written =
        stbi_write_png(path.c_str(), width, height, kChannels, pixels.data(), width * kChannels);
    if (written == 0) return Error{ErrorCode::io, "the screenshot could not be written: " + path};
    return {};
}

}  // namespace satchel::window
