// Child: a process that we started, by its number only; never by name.
//
//     SATCHEL_ASSIGN(Child server, Child::start({"satcheld", "--data", folder}, {.output = log}));
//     server.kill();
//
// Threads: one at a time. The destructor ends the process. Errors: io when it cannot be started.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sync/result.hpp"

namespace satchel::cli {

struct ChildOptions {
    std::string output{};  // file that standard output goes to; "": nowhere
    std::string errors{};  // the same for standard error
    std::vector<std::pair<std::string, std::string>> environment{};  // besides our own
    bool inherit = false;                                            // what goes to no file is ours
};

class Child {
  public:
    static Result<Child> start(const std::vector<std::string>& command,
                               const ChildOptions& options = {});
    Child(Child&& other) noexcept
        : process_(std::exchange(other.process_, -1)), status_(other.status_) {}
    Child& operator=(Child&& other) noexcept {
        std::swap(process_, other.process_);
        std::swap(status_, other.status_);
        return *this;
    }
    ~Child();

    pid_t process() const { return process_; }
    bool running();
    // Its exit status; 128 + N when signal N ended it.
    int wait();
    // Nothing when it has not ended in that time.
    std::optional<int> wait_for(std::chrono::milliseconds time);
    void terminate();  // SIGTERM; it may tidy up
    void kill();       // SIGKILL: as a crash or a dead battery; returns when it is gone

  private:
    explicit Child(pid_t process) : process_(process) {}

    pid_t process_ = -1;
    std::optional<int> status_;
};

}  // namespace satchel::cli
