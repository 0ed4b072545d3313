// RunPool: runs in processes of their own, several at a time. One that dies or hangs is a violation
// of its run, and stops nothing else.
//
//     RunPool pool(2, std::chrono::seconds(120));
//     while (pool.has_room()) pool.start({0, options, false});
//     while (auto finished = pool.next()) ...
//
// A process each, because SQLite's generator and the names of its file systems are global, and
// because no run may depend on those before it.
//
// Threads: one. Errors: `internal` when the system gives no process or pipe.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <list>
#include <optional>

#include "sync/result.hpp"
#include "tests/simulation/run.hpp"

namespace satchel::simulation {

class RunPool {
  public:
    struct Task {
        std::uint64_t number = 0;  // the caller's
        RunOptions options;
        bool twice = false;  // see run_twice()
    };
    struct Finished {
        Task task;
        RunResult result;
    };

    // `limit`: of real time, for one run; what takes longer is killed.
    RunPool(std::size_t jobs, std::chrono::milliseconds limit) : jobs_(jobs), limit_(limit) {}
    // Kills what still runs.
    ~RunPool();
    RunPool(const RunPool&) = delete;
    RunPool& operator=(const RunPool&) = delete;

    bool has_room() const { return running_.size() < jobs_; }
    bool is_idle() const { return running_.empty(); }
    Status start(Task task);
    // One that has ended. Nothing: none has within `patience`, or a signal came.
    std::optional<Finished> next(std::chrono::milliseconds patience);

  private:
    using Clock = std::chrono::steady_clock;
    struct Running {
        Task task;
        pid_t process = -1;
        int pipe = -1;
        Bytes received;
        Clock::time_point until;
    };
    using Place = std::list<Running>::iterator;

    Finished finish(Place at, std::optional<Violation> violation);
    bool wait_for_any(std::chrono::milliseconds patience);
    bool read_some(Running& running);

    const std::size_t jobs_;
    const std::chrono::milliseconds limit_;
    std::list<Running> running_;
};

// One run alone, in a process of its own.
Result<RunResult> run_apart(const RunOptions& options, std::chrono::milliseconds limit);

// A result as bytes, as it comes through the pipe.
Bytes encode(const RunResult& result);
Result<RunResult> decode_result(ByteView bytes);

}  // namespace satchel::simulation
