// The words after `./dev sim`, and a run as such words.
//
//     --seeds 20000 --from 1 --jobs 2 --report
//     --seed 42 --steps 31 --without loss,clone --devices 2 --skip 3,5-9     one run, replayed
//
// Errors: invalid_argument, whose message names the word and what it may be.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sync/result.hpp"
#include "tests/simulation/run.hpp"

namespace satchel::simulation {

struct Arguments {
    RunOptions run;  // of each seed, apart from its seed
    std::uint64_t from = 1;
    std::uint64_t seeds = 0;  // 0: nobody has said, which parse() never gives
    std::size_t jobs = 1;
    std::size_t failures = 1;           // stop after so many
    std::uint64_t shrink_seconds = 60;  // for each failure; 0: it is shown as it is
    bool help = false;
    bool mutants = false;  // run every mutant until it is caught
    bool report = false;
    std::string report_file;  // of earlier campaigns, which this one is added to; may be empty
    std::string commit = "unknown";
};

Result<Arguments> parse(const std::vector<std::string>& words);
std::string usage();

// The words of one run, and the command that replays it.
std::string words(const RunOptions& options);
std::string command(const RunOptions& options);
// A test for simulation_test.cpp that holds as soon as the run breaks nothing any more.
std::string as_test(const RunOptions& options, const std::string& invariant);

}  // namespace satchel::simulation
