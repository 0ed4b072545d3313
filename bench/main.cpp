// satchel_bench: the figures that the project holds itself to, each beside plain SQLite.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "bench/workloads.hpp"

namespace {

std::string processor() {
    std::ifstream in("/proc/cpuinfo");
    for (std::string line; std::getline(in, line);)
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    return "unknown";
}

using satchel::bench::Results;
using satchel::bench::Settings;

struct Part {
    const char* name;
    const char* what;
    void (*run)(const Settings& settings, Results& results);
    bool quick;  // also with --quick
};

constexpr Part kParts[] = {
    {"local", "W1, W2: writing without a connection", &satchel::bench::run_local, true},
    {"first", "W3, W6: the first sync, up and down", &satchel::bench::run_first, true},
    {"changes", "W4: 1,000 changes, up and down", &satchel::bench::run_changes, true},
    {"merge", "W5: both sides edit the same rows", &satchel::bench::run_merge, true},
    {"million", "W3 with ten times the rows", &satchel::bench::run_million, false},
    {"waiting", "an idle agent, and devices that wait for news", &satchel::bench::run_waiting,
     true},
};

// Gives the names of what was left out.
std::string measure(const Settings& settings, const std::string& only, Results& results) {
    std::string left_out;
    for (const Part& part : kParts) {
        const bool wanted = only.empty() || only == part.name;
        if (!wanted || (settings.quick && !part.quick)) {
            left_out += (left_out.empty() ? "" : ", ") + std::string(part.name);
            continue;
        }
        std::fprintf(stderr, "%s ...\n", part.what);
        std::filesystem::create_directories(settings.folder);
        part.run(settings, results);
        std::filesystem::remove_all(settings.folder);
    }
    return left_out;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "Measures Satchel beside plain SQLite in the same run. Ratios count, not seconds.");
    bool json = false, quick = false;
    std::string only;
    std::vector<std::string> memory_of;
    std::string commit = "unknown";
    app.add_flag("--json", json, "print one JSON object instead of the table");
    app.add_flag("--quick", quick,
                 "10,000 rows, one round, not the million: minutes become seconds");
    app.add_option("--only", only, "one part alone")
        ->check(CLI::IsMember({"local", "first", "changes", "merge", "million", "waiting"}));
    app.add_option("--commit", commit, "the commit to name in the output");
    app.add_option("--memory-of", memory_of, "URL PATH: the peak of one first sync")
        ->expected(2)
        ->group("");
    CLI11_PARSE(app, argc, argv);
    if (!memory_of.empty()) {
        std::printf("%f\n", satchel::bench::memory_of_first_sync(memory_of[0], memory_of[1]));
        return 0;
    }

    satchel::bench::Settings settings;
    settings.rows = quick ? 10'000 : 100'000;
    settings.repeats = quick ? 1 : 3;
    settings.quick = quick;
    settings.folder =
        std::filesystem::temp_directory_path() / ("satchel-bench-" + std::to_string(::getpid()));
    satchel::bench::Results results;
    const std::string left_out = measure(settings, only, results);
    const std::map<std::string, std::string> about{{"machine", processor()},
                                                   {"rows", std::to_string(settings.rows)},
                                                   {"repeats", std::to_string(settings.repeats)},
                                                   {"left_out", left_out},
                                                   {"commit", commit}};
    std::fputs(json ? results.json(about).c_str() : results.table().c_str(), stdout);
    if (!json && !left_out.empty()) std::printf("\nnot measured: %s\n", left_out.c_str());
    return 0;
}
