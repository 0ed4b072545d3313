// satchel_sim: runs the simulation for many seeds.
//
//     satchel_sim --seeds 1000 --from 1
//     satchel_sim --seed 42 --verbose
//
// Exit status: 0 nothing broken, 1 a seed broke an invariant, 2 a campaign of 500 seeds or more
// never met one of the probes, 64 wrong use.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>

#include "tests/simulation/run.hpp"

namespace satchel::simulation {
namespace {

constexpr std::size_t kCampaign = 500;

struct Arguments {
    std::uint64_t from = 1;
    std::uint64_t seeds = 100;
    std::size_t steps = 200;
    std::size_t max_failures = 1;
    bool verbose = false;
    bool probes = true;
};

bool parse(int count, char** words, Arguments& arguments) {
    for (int i = 1; i < count; ++i) {
        const std::string word = words[i];
        if (word == "--verbose") {
            arguments.verbose = true;
            continue;
        }
        if (i + 1 == count) return false;
        char* end = nullptr;
        const std::uint64_t value = std::strtoull(words[++i], &end, 10);
        if (*end != '\0') return false;
        if (word == "--seeds")
            arguments.seeds = value;
        else if (word == "--from")
            arguments.from = value;
        else if (word == "--steps")
            arguments.steps = value;
        else if (word == "--failures")
            arguments.max_failures = value;
        else if (word == "--seed") {
            arguments.from = value;
            arguments.seeds = 1;
        } else
            return false;
    }
    return true;
}

int campaign(const Arguments& arguments) {
    const auto begin = std::chrono::steady_clock::now();
    Probes probes;
    std::size_t failures = 0;
    std::uint64_t done = 0;
    for (; done < arguments.seeds && failures < arguments.max_failures; ++done) {
        RunOptions options;
        options.seed = arguments.from + done;
        options.steps = arguments.steps;
        options.verbose = arguments.verbose;
        const RunResult result = run_seed(options);
        probes.add(result.probes);
        if (arguments.verbose)
            std::printf("trace %016llx\n", static_cast<unsigned long long>(result.trace_hash));
        if (!result.violation) continue;
        ++failures;
        std::printf("%s\n", result.report.c_str());
        std::fflush(stdout);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf("%llu seeds from %llu, %zu steps each: %zu broken, %.1f s (%.0f ms a seed)\n",
                static_cast<unsigned long long>(done),
                static_cast<unsigned long long>(arguments.from), arguments.steps, failures,
                took.count(), 1000.0 * took.count() / static_cast<double>(done == 0 ? 1 : done));
    if (arguments.seeds > 1) std::printf("met:\n%s", probes.text().c_str());
    if (failures != 0) return 1;
    if (done < kCampaign || probes.never_hit().empty()) return 0;
    for (const std::string_view name : probes.never_hit())
        std::printf("never met: %.*s\n", static_cast<int>(name.size()), name.data());
    return 2;
}

}  // namespace
}  // namespace satchel::simulation

int main(int count, char** words) {
    satchel::simulation::Arguments arguments;
    if (!satchel::simulation::parse(count, words, arguments)) {
        std::fprintf(stderr,
                     "usage: satchel_sim [--seeds N] [--from S] [--seed S] [--steps N] "
                     "[--failures N] [--verbose]\n");
        return 64;
    }
    return satchel::simulation::campaign(arguments);
}
