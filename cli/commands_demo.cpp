// demo: the whole product in one go, in a temporary folder.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "cli/context.hpp"
#include "cli/demo_story.hpp"
#include "cli/program_files.hpp"

namespace satchel::cli {
namespace {

namespace fs = std::filesystem;

// A folder of our own, removed in the end unless it is to be kept.
class Folder {
  public:
    explicit Folder(bool keep) : keep_(keep) {
        std::error_code ignored;
        std::string name = (fs::temp_directory_path(ignored) / "satchel-demo-XXXXXX").string();
        if (::mkdtemp(name.data()) != nullptr) path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        if (!keep_ && !path_.empty()) fs::remove_all(path_, ignored);
    }
    const std::string& path() const { return path_; }

  private:
    bool keep_;
    std::string path_;
};

bool wants_window(const DemoOptions& options, const Console& console) {
    const auto set = [](const char* variable) {
        const char* value = std::getenv(variable);
        return value != nullptr && *value != '\0';
    };
    return !options.no_window && !console.json && set("DISPLAY") && !set("CI");
}

void open_window(Console& console, const std::string& file) {
    const auto program = find_program("satchel-window", "client-imgui");
    if (!program) {
        console.say("(There is no satchel-window here to open: {})",
                    "(此处没有可打开的 satchel-window:{})", program.error().message);
        return;
    }
    console.say("\nOpening the window on {}; close it to end the demo.",
                "\n正在打开窗口:{};关闭窗口即结束演示。", file);
    std::fflush(stdout);  // the window may stay open for long
    auto window = Child::start({*program, file}, {.inherit = true});
    if (window) window->wait();
}

Result<ExitStatus> demo(Context& context, const DemoOptions& options) {
    const Folder folder(options.keep);
    if (folder.path().empty()) return Error{ErrorCode::io, "no temporary folder can be made"};
    const auto began = std::chrono::steady_clock::now();
    Demo story(context.console, options, folder.path());
    SATCHEL_TRY(story.play());
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - began);
    const bool good = story.all_as_it_should();
    context.console.say(
        "\n{} ({:.1f} s)", "\n{}({:.1f} 秒)",
        good ? context.console.text("Every device is equal to head office.", "所有设备与总部一致。")
             : context.console.text("NOT everything is as it should be.", "有不符合预期之处。"),
        static_cast<double>(took.count()) / 1000);
    if (options.keep)
        context.console.say("Everything is kept in {}", "所有文件保留在 {}", folder.path());
    if (wants_window(options, context.console)) open_window(context.console, story.window_file());
    Json result = {{"ok", good}, {"milliseconds", took.count()}};
    if (options.keep) result["folder"] = folder.path();
    result.update(story.figures());
    context.console.result(result);
    return good ? ExitStatus::ok : ExitStatus::unequal;
}

}  // namespace

void add_demo_command(CLI::App& app, Context& context) {
    const auto options = std::make_shared<DemoOptions>();
    CLI::App* command = app.add_subcommand(
        "demo",
        "A head office and five devices in a temporary folder: they work offline, contradict each "
        "other, crash, come back and agree");
    command->add_option("--data", options->data,
                        "Folder of the CRM practice set; sample data is made where it is absent");
    command->add_flag("--keep", options->keep, "Keep the folder, and say where it is");
    command->add_flag("--no-window", options->no_window, "Open no window in the end");
    command->add_flag("--small", options->small, "600 opportunities instead of 8,800");
    command->callback([&context, options] {
        context.command = [&context, options] { return demo(context, *options); };
    });
}

}  // namespace satchel::cli
