// The workloads of the figures page, W1 to W6; each measures ours and plain SQLite in turn within
// one run and notes medians (docs/testing.md, "Benchmarks").
#pragma once

#include <string>

#include "bench/results.hpp"

namespace satchel::bench {

struct Settings {
    std::size_t rows = 100'000;
    std::size_t repeats = 3;
    std::size_t waiting_devices = 2'000;
    bool quick = false;  // leaves out what takes minutes
    std::string folder;  // for the files; emptied by the caller
};

void run_local(const Settings& settings, Results& results);  // W1, W2, disk, meta
// Over HTTP.
void run_first(const Settings& settings, Results& results);    // W3, W6
void run_changes(const Settings& settings, Results& results);  // W4
void run_merge(const Settings& settings, Results& results);    // W5
// W3 with ten times the rows, beside W3 itself.
void run_million(const Settings& settings, Results& results);
void run_waiting(const Settings& settings, Results& results);  // idle agent, waiting devices

// MiB that a first sync needs above the empty replica: its peak, so only right in a process that
// does nothing else. W6 starts this program again for it.
double memory_of_first_sync(const std::string& url, const std::string& path);

}  // namespace satchel::bench
