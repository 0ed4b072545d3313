// Screen: a display of its own with a person in front of it: Xvfb, the real satchel-window, mouse
// and keyboard by xdotool. Everything that it starts it ends again, by its process id.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace satchel::window {

// Starts a program; ended (SIGTERM, waited for) when destroyed.
class Program {
  public:
    Program(const std::vector<std::string>& arguments, const std::string& display,
            int kept_descriptor = -1);
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program();

    pid_t pid() const { return pid_; }
    int wait();  // for its end; gives its exit status

  private:
    pid_t pid_ = -1;
};

// The folder of PATH's program `name`; "" when there is none.
std::string find_program(const std::string& name);

class Screen {
  public:
    // `arguments`: of satchel-window, without those of the tests.
    Screen(const std::string& folder, std::vector<std::string> arguments);
    ~Screen();

    // What the window says it shows.
    nlohmann::json widgets() const;
    std::string text(const std::string& widget) const;
    bool shows(const std::string& widget) const { return widgets().contains(widget); }
    bool wait_for(const std::function<bool()>& condition,
                  std::chrono::seconds time = std::chrono::seconds(60)) const;

    void click(const std::string& widget) const;
    // Clicks until `condition` holds: a busy machine may swallow a click.
    bool click_until(const std::string& widget, const std::function<bool()>& condition) const;
    void type(const std::string& text) const;
    void press(const std::string& key) const;
    // The file's path; "" when no picture was taken.
    std::string photo(const std::string& name);
    // Seconds of CPU that the window has used so far.
    double cpu_seconds() const;

  private:
    void xdotool(std::vector<std::string> arguments) const;

    std::string folder_;
    std::string state_file_;
    std::string photo_file_;
    std::string display_;
    std::unique_ptr<Program> server_;
    std::unique_ptr<Program> window_;
};

}  // namespace satchel::window
