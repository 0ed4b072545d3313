// satchel-window: the desktop client.
#include <CLI/CLI.hpp>

#include <cstdlib>
#include <iostream>

#include "client-imgui/window.hpp"
#include "client/messages.hpp"
#include "client/secret_file.hpp"

namespace satchel::window {
namespace {

bool parse_size(const std::string& text, WindowOptions& options) {
    const std::size_t x = text.find('x');
    if (x == std::string::npos) return false;
    options.width = std::atoi(text.c_str());
    options.height = std::atoi(text.c_str() + x + 1);
    return options.width >= 640 && options.height >= 400 && options.width <= 8192 &&
           options.height <= 8192;
}

int fail(const std::string& message) {
    std::cerr << "satchel-window: " << message << '\n';
    return 1;
}

int run(int argc, char** argv) {
    WindowOptions options;
    std::string language;
    std::string key_file;
    std::string size;
    bool offline = false;
    CLI::App app("The Satchel desktop client: one window on a replica.", "satchel-window");
    app.add_option("file", options.desk.path, "The replica, as `satchel init` makes it")
        ->required();
    app.add_option("--lang", language, "zh or en; otherwise the system's")
        ->check(CLI::IsMember({"zh", "en"}));
    app.add_option("--key-file", key_file, "File that holds the key of an encrypted replica");
    app.add_option("--size", size, "Size of the window, such as 1280x760");
    app.add_flag("--no-sync", offline, "Do not sync while the window is open");
    app.add_option("--state-file", options.state_file, "Tests only: widgets as JSON lines");
    app.add_option("--screenshot", options.screenshot, "Tests only: F12 writes this PNG file");
    app.set_version_flag("--version", SATCHEL_RELEASE);
    CLI11_PARSE(app, argc, argv);

    options.language =
        language.empty() ? client::language_of_environment() : client::language_of(language);
    options.desk.syncs = !offline;
    if (!size.empty() && !parse_size(size, options))
        return fail("--size is a width and a height from 640x400 on, such as 1280x760");
    if (!key_file.empty()) {
        auto key = client::read_key_file(key_file);
        if (!key) return fail(key.error().message);
        options.desk.replica.key = *std::move(key);
    }
    const Status ended = run_window(options);
    return ended ? 0 : fail(ended.error().message);
}

}  // namespace
}  // namespace satchel::window

int main(int argc, char** argv) {
    return satchel::window::run(argc, argv);
}
