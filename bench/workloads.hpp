// The workloads of the figures page, W1 to W6; each measures ours and plain SQLite in turn within
// one run and notes medians (docs/testing.md, "Benchmarks").
#pragma once

#include <string>

#include "bench/results.hpp"

namespace satchel::bench {

struct Settings {
    std::size_t rows = 100'000;
    std::size_t repeats = 3;

    std::string folder;  // for the files; emptied by the caller
};

void run_local(const Settings& settings, Results& results);  // W1, W2, disk, meta
void run_sync(const Settings& settings, Results& results);   // W3, W4, W5, W6 over HTTP

}  // namespace satchel::bench
