#include "cli/child.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace satchel::cli {
namespace {

int status_of(int raw) {
    return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}

// In the new process.
void redirect(const std::string& path, int to) {
    const char* target = path.empty() ? "/dev/null" : path.c_str();
    const int file = ::open(target, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (file < 0) return;
    ::dup2(file, to);
    ::close(file);
}

[[noreturn]] void become(const std::vector<std::string>& command, const ChildOptions& options) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // when we end without tidying up
    for (const auto& [name, value] : options.environment)
        ::setenv(name.c_str(), value.c_str(), 1);
    if (!options.inherit || !options.output.empty()) redirect(options.output, STDOUT_FILENO);
    if (!options.inherit || !options.errors.empty()) redirect(options.errors, STDERR_FILENO);
    std::vector<char*> arguments;
    for (const std::string& argument : command)
        arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
}

}  // namespace

Result<Child> Child::start(const std::vector<std::string>& command, const ChildOptions& options) {
    const pid_t process = ::fork();
    if (process < 0)
        return Error{ErrorCode::io,
                     "starting " + command.front() + " failed: " + std::strerror(errno)};
    if (process == 0) become(command, options);
    return Child(process);
}

Child::~Child() {
    if (process_ <= 0 || status_) return;
    terminate();
    if (!wait_for(std::chrono::seconds(10))) kill();
}

bool Child::running() {
    return !wait_for(std::chrono::milliseconds(0));
}

int Child::wait() {
    if (status_) return *status_;
    int raw = 0;
    while (::waitpid(process_, &raw, 0) < 0 && errno == EINTR) {
    }
    status_ = status_of(raw);
    return *status_;
}

std::optional<int> Child::wait_for(std::chrono::milliseconds time) {
    if (status_ || process_ <= 0) return status_;
    const auto until = std::chrono::steady_clock::now() + time;
    while (true) {
        int raw = 0;
        const pid_t ended = ::waitpid(process_, &raw, WNOHANG);
        if (ended == process_) status_ = status_of(raw);
        if (ended != 0) return status_ ? status_ : std::optional<int>(127);
        if (std::chrono::steady_clock::now() >= until) return std::nullopt;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

void Child::terminate() {
    if (process_ > 0 && !status_) ::kill(process_, SIGTERM);
}

void Child::kill() {
    if (process_ <= 0 || status_) return;
    ::kill(process_, SIGKILL);
    wait();
}

}  // namespace satchel::cli
