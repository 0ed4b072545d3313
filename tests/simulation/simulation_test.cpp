// The simulation as tests: a share of the seeds on every run, and proofs that it can fail.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

#include "tests/simulation/run.hpp"

namespace satchel::simulation {
namespace {

constexpr auto kBudget = std::chrono::seconds(40);
constexpr std::uint64_t kSeeds = 150;
constexpr std::uint64_t kFirst = 1'000'000;  // far from the campaigns' own

RunResult run(std::uint64_t seed, Canary canary = Canary::none) {
    RunOptions options;
    options.seed = seed;
    options.steps = 120;
    options.canary = canary;
    return run_seed(options);
}

TEST(Simulation, NoSeedBreaksAnInvariant) {
    const auto begin = std::chrono::steady_clock::now();
    std::uint64_t done = 0;
    for (; done < kSeeds && std::chrono::steady_clock::now() - begin < kBudget; ++done) {
        const RunResult result = run(kFirst + done);
        ASSERT_FALSE(result.violation) << result.report;
    }
    std::printf("%llu seeds from %llu\n", static_cast<unsigned long long>(done),
                static_cast<unsigned long long>(kFirst));
    EXPECT_GT(done, 0U);
}

TEST(Simulation, TheSameSeedGivesTheSameTrace) {
    for (const std::uint64_t seed : {3U, 14U, 27U})
        EXPECT_EQ(run(seed).trace_hash, run(seed).trace_hash);
    EXPECT_NE(run(3).trace_hash, run(4).trace_hash);
}

// How many of the first seeds notice what is broken on purpose, by an invariant of that name.
int noticed(Canary canary, std::uint64_t seeds, const std::string& invariant = "") {
    int count = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const auto violation = run(seed, canary).violation;
        count += violation && violation->invariant.starts_with(invariant) ? 1 : 0;
    }
    return count;
}

TEST(SimulationCanary, AChangedValueInAPageIsNoticed) {
    EXPECT_GE(noticed(Canary::altered_value, 4), 3);
}

TEST(SimulationCanary, AScreenThatShowsAnOlderValueAgainIsNoticed) {
    EXPECT_GE(noticed(Canary::older_screen, 4), 3);
}

TEST(SimulationCanary, ADeviceThatNeverDrainsIsNoticed) {
    EXPECT_GE(noticed(Canary::deaf_device, 4, "I-13"), 3);
}

TEST(SimulationCanary, AFleetThatNeverBecomesQuietIsNoticed) {
    EXPECT_GE(noticed(Canary::restless, 4, "I-13"), 3);
}

}  // namespace
}  // namespace satchel::simulation
