// One run of the simulation: from a seed, or from less than the seed draws.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "tests/simulation/world.hpp"

namespace satchel::simulation {

// What makes a run: the same options give the same run. Their text form is in arguments.hpp.
struct RunOptions {
    std::uint64_t seed = 1;
    std::size_t steps = 200;
    std::string mix;                     // of faults, on top of the plan; empty: none
    std::set<std::string> without;       // features of the plan that are taken out of it
    std::optional<std::size_t> people;   // else as the seed draws them
    std::optional<std::size_t> devices;  // at the beginning
    std::set<std::size_t> skip;          // steps in which nobody does anything
    std::set<std::string> broken;        // mutants: rules of the engine that do not hold
    bool verbose = false;                // changes nothing in the run
    Canary canary = Canary::none;

    bool operator==(const RunOptions&) const = default;
};

struct RunResult {
    std::uint64_t trace_hash = 0;
    Probes probes;
    std::size_t steps = 0;       // that were begun
    std::int64_t passed_ms = 0;  // of simulated time
    std::optional<Violation> violation;
    std::string report;  // of a violation: all that is needed to look into it
};

// What makes these mutants, and no others, break their rules from now on. Only satchel_sim_mutants,
// whose engine has the switch, sets it.
using BreakRules = void (*)(const std::set<std::string>& mutants);
inline BreakRules break_rules = nullptr;

Plan plan_of(const RunOptions& options);
RunResult run_seed(const RunOptions& options);

// Runs it twice: two different traces are a violation of this.
inline constexpr const char* kDeterminism = "determinism";
RunResult run_twice(const RunOptions& options,
                    const std::function<RunResult(const RunOptions&)>& run = &run_seed);

}  // namespace satchel::simulation
