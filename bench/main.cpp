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

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "Measures Satchel beside plain SQLite in the same run. Ratios count, not seconds.");
    bool json = false, quick = false, local_only = false;
    std::string commit = "unknown";
    app.add_flag("--json", json, "print one JSON object instead of the table");
    app.add_flag("--quick", quick, "10,000 rows, one round: minutes become seconds");
    app.add_flag("--local", local_only, "only the workloads without a server (W1, W2)");
    app.add_option("--commit", commit, "the commit to name in the output");
    CLI11_PARSE(app, argc, argv);

    satchel::bench::Settings settings;
    settings.rows = quick ? 10'000 : 100'000;
    settings.repeats = quick ? 1 : 3;
    settings.folder =
        std::filesystem::temp_directory_path() / ("satchel-bench-" + std::to_string(::getpid()));
    std::filesystem::create_directories(settings.folder);
    satchel::bench::Results results;
    std::fprintf(stderr, "W1, W2: writing without a connection ...\n");
    satchel::bench::run_local(settings, results);
    if (!local_only) {
        std::fprintf(stderr, "W3 to W6: a server and devices over HTTP on loopback ...\n");
        satchel::bench::run_sync(settings, results);
    }
    std::filesystem::remove_all(settings.folder);
    const std::map<std::string, std::string> about{{"machine", processor()},
                                                   {"rows", std::to_string(settings.rows)},
                                                   {"repeats", std::to_string(settings.repeats)},
                                                   {"commit", commit}};
    std::fputs(json ? results.json(about).c_str() : results.table().c_str(), stdout);
    return 0;
}
