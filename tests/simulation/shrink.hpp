// Shrinking: from a run that breaks an invariant to a smaller one that breaks the same, by leaving
// out what is not needed for it: faults and habits, devices, people, steps.
//
//     const Shrunk small = shrink(options, violation.invariant, run, ShrinkLimits{});
//     puts(command(small.options).c_str());
//
// It never returns a run that it has not seen breaking.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "tests/simulation/run.hpp"

namespace satchel::simulation {

struct ShrinkLimits {
    std::size_t runs = 2'000;
    std::chrono::milliseconds time{60'000};
};

struct Shrunk {
    RunOptions options;
    RunResult result;      // of the last run that broke the invariant
    std::size_t runs = 0;  // that were tried
};

// Requires: `run(options)` breaks `invariant`. Should it not, nothing is smaller in the answer, and
// its result says what came instead.
Shrunk shrink(const RunOptions& options, const std::string& invariant,
              const std::function<RunResult(const RunOptions&)>& run, const ShrinkLimits& limits);

// Steps in which somebody does something.
std::size_t acting_steps(const RunOptions& options);

}  // namespace satchel::simulation
