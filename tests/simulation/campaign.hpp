// A campaign: many seeds, dealt to processes. What it finds does not depend on how many these are:
// results count in the order of the seeds, and those after the last failure that was asked for do
// not count at all.
//
// Threads: one. Errors: `internal` when the system gives no process.
#pragma once

#include <functional>
#include <map>

#include "tests/simulation/arguments.hpp"
#include "tests/simulation/figures.hpp"
#include "tests/simulation/run_pool.hpp"

namespace satchel::simulation {

// Real time for one run. A run takes half a second; this is for one that never ends.
constexpr std::chrono::milliseconds kRunLimit{180'000};

// Whether a seed is one of the 5 % that run twice.
bool runs_twice(std::uint64_t seed);

class Campaign {
  public:
    struct Broken {
        RunOptions options;
        RunResult result;
    };

    // `says`: hears now and then how far it is, with the seeds done and the failures so far.
    Campaign(Arguments arguments, std::function<void(std::uint64_t, std::size_t)> says);

    // Until all seeds are done, or as many failed as were asked for, or interrupted() says so.
    Status run();

    const Figures& figures() const { return figures_; }
    const std::vector<Broken>& broken() const { return broken_; }

  private:
    bool is_over() const;
    Status deal(RunPool& pool);
    void take(RunPool::Finished finished);

    const Arguments arguments_;
    const std::function<void(std::uint64_t, std::size_t)> says_;
    std::uint64_t dealt_ = 0;
    std::map<std::uint64_t, RunPool::Finished> waiting_;  // for those before them
    Figures figures_;
    std::vector<Broken> broken_;
};

// Ctrl-C: the first one lets the campaign end with what it has; from then on true.
void end_on_interrupt();
bool interrupted();

}  // namespace satchel::simulation
