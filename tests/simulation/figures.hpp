// Figures: what a campaign did and found. Several add up: a file keeps one JSON object for each.
//
//     {"campaigns": [{"commit": "8de24a5", "from": 1, "seeds": 20000, "steps": 3991034,
//       "simulated_ms": 812440071231, "seconds": 1512.4, "run_twice": 1012,
//       "broken": [{"seed": 77, "invariant": "I-2 no lost write"}], "met": {"conflict": 241}}]}
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sync/result.hpp"
#include "tests/simulation/run.hpp"

namespace satchel::simulation {

struct Figures {
    std::string commit;
    std::uint64_t from = 0;
    std::uint64_t seeds = 0;
    std::uint64_t steps = 0;
    std::uint64_t simulated_ms = 0;
    double seconds = 0;  // of real time
    std::uint64_t run_twice = 0;
    std::vector<std::pair<std::uint64_t, std::string>> broken;  // seed, invariant
    std::vector<std::pair<std::string, std::uint64_t>> met;     // the probes, in their order

    void add(std::uint64_t seed, const RunResult& result, bool twice);
    std::uint64_t count(const std::string& probe) const;
};

// Tables in Markdown: one line for each campaign and their sum; what all of them met.
std::string markdown(const std::vector<Figures>& campaigns);

std::string as_json(const std::vector<Figures>& campaigns);
// corrupt when it is something else.
Result<std::vector<Figures>> figures_from(const std::string& json);

// Adds the campaign to those in the file, makes it when it is not there, and gives all of them.
// The file is replaced whole or not at all.
Result<std::vector<Figures>> add_to_file(const std::string& path, const Figures& campaign);

}  // namespace satchel::simulation
