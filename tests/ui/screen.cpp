#include "tests/ui/screen.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace satchel::window {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{200};

std::string read_line(int descriptor) {
    std::string line;
    char c = 0;
    while (::read(descriptor, &c, 1) == 1 && c != '\n')
        line += c;
    return line;
}

}  // namespace

Program::Program(const std::vector<std::string>& arguments, const std::string& display,
                 int kept_descriptor) {
    std::vector<char*> argv;
    for (const std::string& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (!display.empty()) ::setenv("DISPLAY", display.c_str(), 1);
    for (int open = 3; open < 64; ++open)
        if (open != kept_descriptor) ::close(open);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
}

Program::~Program() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    wait();
}

int Program::wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string find_program(const std::string& name) {
    std::stringstream folders(std::getenv("PATH"));
    for (std::string folder; std::getline(folders, folder, ':');)
        if (::access((folder + "/" + name).c_str(), X_OK) == 0) return folder;
    return "";
}

Screen::Screen(const std::string& folder, std::vector<std::string> arguments)
    : folder_(folder), state_file_(folder + "/state.jsonl"), photo_file_(folder + "/photo.png") {
    std::filesystem::remove(state_file_);
    std::filesystem::remove(photo_file_);
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) return;
    server_ = std::make_unique<Program>(
        std::vector<std::string>{"Xvfb", "-displayfd", std::to_string(pipe[1]), "-screen", "0",
                                 "1280x800x24", "-nolisten", "tcp"},
        "", pipe[1]);
    ::close(pipe[1]);
    display_ = ":" + read_line(pipe[0]);
    ::close(pipe[0]);
    arguments.insert(arguments.begin(), SATCHEL_WINDOW);
    for (const std::string& added :
         {std::string("--size"), std::string("1280x800"), std::string("--state-file"), state_file_,
          std::string("--screenshot"), photo_file_})
        arguments.push_back(added);
    window_ = std::make_unique<Program>(arguments, display_);
}

Screen::~Screen() {
    window_.reset();
    server_.reset();
}

nlohmann::json Screen::widgets() const {
    std::ifstream in(state_file_);
    std::string last;
    for (std::string line; std::getline(in, line);)
        if (!in.eof()) last = std::move(line);  // a line without its end is being written
    const auto parsed = nlohmann::json::parse(last, nullptr, false);
    return parsed.is_object() ? parsed["widgets"] : nlohmann::json::object();
}

std::string Screen::text(const std::string& widget) const {
    const nlohmann::json all = widgets();
    return all.contains(widget) ? all[widget]["text"].get<std::string>() : "(not shown)";
}

bool Screen::wait_for(const std::function<bool()>& condition, seconds time) const {
    const auto deadline = steady_clock::now() + time;
    while (!condition()) {
        if (steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(kLook);
    }
    return true;
}

void Screen::click(const std::string& widget) const {
    const nlohmann::json all = widgets();
    ASSERT_TRUE(all.contains(widget)) << widget << " is not shown";
    const auto rect = all[widget]["rect"].get<std::array<int, 4>>();
    xdotool({"mousemove", std::to_string((rect[0] + rect[2]) / 2),
             std::to_string((rect[1] + rect[3]) / 2), "sleep", "0.15", "mousedown", "1", "sleep",
             "0.15", "mouseup", "1"});
}

bool Screen::click_until(const std::string& widget, const std::function<bool()>& condition) const {
    for (int tries = 0; tries < 3; ++tries) {
        if (!wait_for([&] { return shows(widget) || condition(); })) return false;
        if (condition()) return true;
        click(widget);
        if (wait_for(condition, seconds(20))) return true;
    }
    return false;
}

void Screen::type(const std::string& text) const {
    // Characters that no key has are put on a key one after the other; the window has to look them
    // up before the next one takes the key.
    const bool plain = std::all_of(text.begin(), text.end(),
                                   [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    xdotool({"type", "--delay", plain ? "60" : "700", text});
}

void Screen::press(const std::string& key) const {
    xdotool({"key", "--delay", "100", key});
}

std::string Screen::photo(const std::string& name) {
    const std::string before = text("photos");
    // The mouse out of the way, so that nothing is lit up by chance.
    xdotool({"mousemove", "640", "797", "sleep", "0.3"});
    press("F12");
    if (!wait_for([&] { return text("photos") != before; }, seconds(20))) return "";
    const std::string path = folder_ + "/" + name + ".png";
    std::filesystem::rename(photo_file_, path);
    return path;
}

double Screen::cpu_seconds() const {
    std::ifstream in("/proc/" + std::to_string(window_->pid()) + "/stat");
    std::string all{std::istreambuf_iterator<char>(in), {}};
    std::stringstream fields(all.substr(all.rfind(')') + 2));
    std::string skipped;
    for (int field = 0; field < 11; ++field)
        fields >> skipped;
    double user = 0;
    double system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

void Screen::xdotool(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "xdotool");
    EXPECT_EQ(Program(arguments, display_).wait(), 0);
}

}  // namespace satchel::window
