// One run of the simulation.
#pragma once

#include <optional>
#include <string>

#include "tests/simulation/world.hpp"

namespace satchel::simulation {

struct RunOptions {
    std::uint64_t seed = 1;
    std::size_t steps = 200;
    bool verbose = false;
    Canary canary = Canary::none;
};

struct RunResult {
    std::uint64_t trace_hash = 0;
    Probes probes;
    std::optional<Violation> violation;
    std::string report;  // of a violation: all that is needed to look into it
};

RunResult run_seed(const RunOptions& options);

}  // namespace satchel::simulation
