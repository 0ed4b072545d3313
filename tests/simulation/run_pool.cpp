#include "tests/simulation/run_pool.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "sync/wire.hpp"
#include "tests/simulation/arguments.hpp"

namespace satchel::simulation {
namespace {

using std::chrono::milliseconds;

Error system_error(const char* what) {
    return {ErrorCode::internal, std::string(what) + ": " + std::strerror(errno)};
}

void write_all(int pipe, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t written = write(pipe, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) return;  // nobody listens any more
        if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

// A run fills and drops images of whole disks all the time: what it has got once it keeps, instead
// of asking the system for fresh pages each time (a seventh of the time).
void keep_memory() {
    constexpr int kNever = 1 << 30;
    mallopt(M_MMAP_THRESHOLD, kNever);
    mallopt(M_TRIM_THRESHOLD, kNever);
    mallopt(M_TOP_PAD, 1 << 22);
}

[[noreturn]] void run_as_child(const RunPool::Task& task, int pipe) {
    std::signal(SIGINT, SIG_DFL);
    keep_memory();
    const RunResult result = task.twice ? run_twice(task.options) : run_seed(task.options);
    std::fflush(stdout);
    write_all(pipe, encode(result));
    _exit(0);
}

Violation death(int status) {
    if (WIFSIGNALED(status))
        return {"the program lives", "it died of signal " + std::to_string(WTERMSIG(status)) +
                                         " (" + strsignal(WTERMSIG(status)) + ")"};
    return {"the program lives", "it ended with status " + std::to_string(WEXITSTATUS(status)) +
                                     " and without a result"};
}

}  // namespace

Bytes encode(const RunResult& result) {
    Writer out;
    out.unsigned_integer(result.trace_hash);
    out.unsigned_integer(result.steps);
    out.integer(result.passed_ms);
    out.unsigned_integer(result.violation ? 1 : 0);
    if (result.violation) {
        out.bytes(result.violation->invariant);
        out.bytes(result.violation->what);
        out.bytes(result.report);
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(Probe::kCount); ++i)
        out.unsigned_integer(result.probes.count(static_cast<Probe>(i)));
    return out.take();
}

Result<RunResult> decode_result(ByteView bytes) {
    Reader in(bytes);
    RunResult result;
    result.trace_hash = in.unsigned_integer();
    result.steps = in.unsigned_integer();
    result.passed_ms = in.integer();
    if (in.bounded(1) == 1) {
        result.violation.emplace();
        result.violation->invariant = in.bytes();
        result.violation->what = in.bytes();
        result.report = in.bytes();
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(Probe::kCount); ++i)
        result.probes.hit(static_cast<Probe>(i), in.unsigned_integer());
    SATCHEL_TRY(in.finish("the result of a run"));
    return result;
}

RunPool::~RunPool() {
    for (const Running& running : running_) {
        kill(running.process, SIGKILL);
        waitpid(running.process, nullptr, 0);
        close(running.pipe);
    }
}

Status RunPool::start(Task task) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("no pipe");
    std::fflush(stdout);  // or the child prints it once more
    const pid_t process = fork();
    if (process < 0) {
        close(ends[0]);
        close(ends[1]);
        return system_error("no process");
    }
    if (process == 0) run_as_child(task, ends[1]);
    close(ends[1]);
    running_.push_back({std::move(task), process, ends[0], {}, Clock::now() + limit_});
    return {};
}

RunPool::Finished RunPool::finish(Place at, std::optional<Violation> violation) {
    int status = 0;
    waitpid(at->process, &status, 0);
    close(at->pipe);
    Finished finished{std::move(at->task), {}};
    auto result = decode_result(at->received);
    running_.erase(at);
    if (result && !violation) {
        finished.result = *std::move(result);
        return finished;
    }
    finished.result.violation = violation ? *violation : death(status);
    finished.result.report = "seed " + std::to_string(finished.task.options.seed) + " breaks " +
                             finished.result.violation->invariant + "\n  " +
                             finished.result.violation->what +
                             "\n  replay: " + command(finished.task.options) + " --verbose\n";
    return finished;
}

// False: a signal came.
bool RunPool::wait_for_any(milliseconds patience) {
    std::vector<pollfd> pipes;
    for (const Running& running : running_) {
        pipes.push_back({running.pipe, POLLIN, 0});
        const auto left = std::chrono::duration_cast<milliseconds>(running.until - Clock::now());
        patience = std::clamp(left + milliseconds(1), milliseconds(0), patience);
    }
    errno = 0;
    return poll(pipes.data(), pipes.size(), static_cast<int>(patience.count())) >= 0 ||
           errno != EINTR;
}

// False: it has said all.
bool RunPool::read_some(Running& running) {
    pollfd ready{running.pipe, POLLIN, 0};
    if (poll(&ready, 1, 0) <= 0) return true;
    std::array<char, 65'536> part;
    const ssize_t size = read(running.pipe, part.data(), part.size());
    if (size > 0) running.received.append(part.data(), static_cast<std::size_t>(size));
    return size > 0 || (size < 0 && errno == EINTR);
}

std::optional<RunPool::Finished> RunPool::next(milliseconds patience) {
    const auto until = Clock::now() + patience;
    while (!running_.empty()) {
        const auto left = std::chrono::duration_cast<milliseconds>(until - Clock::now());
        if (left.count() < 0) return std::nullopt;
        if (!wait_for_any(left)) return std::nullopt;
        for (auto at = running_.begin(); at != running_.end(); ++at) {
            if (!read_some(*at)) return finish(at, std::nullopt);
            if (Clock::now() < at->until) continue;
            kill(at->process, SIGKILL);
            const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit_).count();
            return finish(at, Violation{"the run ends",
                                        "it has not after " + std::to_string(seconds) + " s"});
        }
    }
    return std::nullopt;
}

Result<RunResult> run_apart(const RunOptions& options, milliseconds limit) {
    RunPool pool(1, limit);
    SATCHEL_TRY(pool.start({0, options, false}));
    while (true)
        if (auto finished = pool.next(limit + limit)) return std::move(finished->result);
}

}  // namespace satchel::simulation
