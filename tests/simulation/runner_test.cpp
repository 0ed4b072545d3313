// What surrounds the runs: words, processes, shrinking, figures.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <sstream>

#include "sync/mutants.hpp"
#include "tests/simulation/campaign.hpp"
#include "tests/simulation/shrink.hpp"

namespace satchel::simulation {
namespace {

// The product's engine: a constant, which no switch can change.
static_assert(!broken(Mutant::evict_kept));

using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<std::string> split(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> words;
    for (std::string word; in >> word;)
        words.push_back(word);
    return words;
}

std::string refusal(const std::string& text) {
    const auto arguments = parse(split(text));
    return arguments ? "" : arguments.error().message;
}

TEST(Arguments, ARunParsesBackFromItsWords) {
    RunOptions options;
    options.seed = 18'446'744'073'709'551'615U;
    options.steps = 31;
    options.mix = "restores";
    options.without = {"loss", "small_pages", "wild_clocks"};
    options.people = 4;
    options.devices = 2;
    options.skip = {3, 5, 6, 7, 9};
    options.broken = {"evict_kept", "no_expand"};
    options.canary = Canary::altered_value;
    options.verbose = true;
    EXPECT_NE(words(options).find("--skip 3,5-7,9"), std::string::npos);
    const auto again = parse(split(words(options)));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->run, options);
    EXPECT_EQ(parse(split(words(RunOptions{})))->run, RunOptions{});
}

TEST(Arguments, NonsenseIsNamed) {
    for (const char* word : {"--jobs 0", "--seeds x", "--seeds 0", "--steps -1", "--seeds 1x",
                             "--people 2", "--skip 5-3", "--skip 1,,2", "--without nonsense",
                             "--canary yellow", "--mix nothing", "--report=", "--steps"}) {
        const std::string option = split(word).front().substr(0, 8);
        EXPECT_NE(refusal(word).find(option), std::string::npos) << word << ": " << refusal(word);
    }
    EXPECT_NE(refusal("seeds 3").find("'seeds'"), std::string::npos);
    EXPECT_EQ(refusal("--seeds 18446744073709551615 --from 2").substr(0, 7), "--seeds");
}

TEST(Plan, WhatIsTakenOutIsGone) {
    for (std::uint64_t seed = 1; seed < 20; ++seed) {
        RunOptions options;
        options.seed = seed;
        const Plan whole = plan_of(options);
        for (const std::string& feature : features(whole)) {
            options.without = {feature};
            const std::vector<std::string> left = features(plan_of(options));
            EXPECT_EQ(left.size() + 1, features(whole).size());
            EXPECT_EQ(std::count(left.begin(), left.end(), feature), 0);
        }
    }
}

TEST(RunPool, AResultComesThroughThePipe) {
    RunOptions options;
    options.steps = 30;
    const RunResult here = run_seed(options);
    const auto there = run_apart(options, seconds(100));
    ASSERT_TRUE(there);
    EXPECT_EQ(there->trace_hash, here.trace_hash);
    EXPECT_EQ(there->steps, 30U);
    EXPECT_EQ(there->passed_ms, here.passed_ms);
    EXPECT_GT(here.passed_ms, 0);
    EXPECT_EQ(there->probes.text(), here.probes.text());
    EXPECT_FALSE(there->violation);
}

TEST(RunPool, ARunThatHangsIsAViolation) {
    RunOptions options;
    options.steps = 1'000'000;
    const auto result = run_apart(options, milliseconds(300));
    ASSERT_TRUE(result);
    ASSERT_TRUE(result->violation);
    EXPECT_EQ(result->violation->invariant, "the run ends");
    EXPECT_NE(result->report.find("--seed 1 "), std::string::npos);
}

TEST(RunPool, ARunThatDiesIsAViolation) {
    break_rules = [](const std::set<std::string>&) { std::raise(SIGSEGV); };
    const auto result = run_apart({}, seconds(100));
    break_rules = nullptr;
    ASSERT_TRUE(result);
    ASSERT_TRUE(result->violation);
    EXPECT_EQ(result->violation->invariant, "the program lives");
}

Arguments few_seeds() {
    Arguments arguments;
    arguments.seeds = 6;
    arguments.run.steps = 20;
    arguments.commit = "test";
    return arguments;
}

TEST(Campaign, TheNumberOfJobsChangesNothing) {
    Arguments arguments = few_seeds();
    arguments.failures = 2;
    arguments.run.canary = Canary::altered_value;
    Campaign alone(arguments, nullptr);
    ASSERT_TRUE(alone.run());
    arguments.jobs = 3;
    Campaign together(arguments, nullptr);
    ASSERT_TRUE(together.run());
    ASSERT_EQ(alone.broken().size(), 2U);
    EXPECT_EQ(together.figures().broken, alone.figures().broken);
    EXPECT_EQ(together.figures().seeds, alone.figures().seeds);
    EXPECT_EQ(together.figures().met, alone.figures().met);
    EXPECT_EQ(together.figures().simulated_ms, alone.figures().simulated_ms);
}

TEST(Campaign, OneSeedInTwentyRunsTwice) {
    int twice = 0;
    for (std::uint64_t seed = 1; seed <= 10'000; ++seed)
        twice += runs_twice(seed) ? 1 : 0;
    EXPECT_NEAR(twice, 500, 70);
}

TEST(Campaign, TwoTracesOfOneSeedAreAViolation) {
    RunOptions options;
    options.steps = 20;
    EXPECT_FALSE(run_twice(options).violation);
    static std::uint64_t other_seed = 0;  // chance from outside
    const auto strange = [](const RunOptions& wanted) {
        RunOptions drawn = wanted;
        drawn.seed += other_seed++;
        return run_seed(drawn);
    };
    const RunResult result = run_twice(options, strange);
    ASSERT_TRUE(result.violation);
    EXPECT_EQ(result.violation->invariant, "determinism");
    EXPECT_NE(result.report.find("--seed 1 "), std::string::npos);
}

TEST(Shrink, ACanaryShrinksToAFewStepsThatStillBreak) {
    RunOptions options;
    options.seed = 3;
    options.canary = Canary::altered_value;
    const RunResult whole = run_seed(options);
    ASSERT_TRUE(whole.violation);
    const Shrunk small = shrink(options, whole.violation->invariant, &run_seed, {});
    EXPECT_LE(acting_steps(small.options), 5U);
    EXPECT_LE(features(plan_of(small.options)).size(), 2U);
    EXPECT_EQ(plan_of(small.options).devices, 1U);

    const auto again = parse(split(words(small.options)));
    ASSERT_TRUE(again) << words(small.options);
    EXPECT_EQ(again->run, small.options);
    const RunResult replayed = run_seed(again->run);
    ASSERT_TRUE(replayed.violation);
    EXPECT_EQ(replayed.violation->invariant, whole.violation->invariant);
    EXPECT_EQ(replayed.trace_hash, small.result.trace_hash);
}

// A run of which exactly three steps and one fault are needed.
TEST(Shrink, WhatIsNeededStays) {
    const std::set<std::size_t> needed{17, 60, 61};
    std::size_t runs = 0;
    const auto run = [&](const RunOptions& options) {
        ++runs;
        RunResult result;
        result.steps = options.steps;
        const bool all = std::all_of(needed.begin(), needed.end(), [&](std::size_t step) {
            return step < options.steps && !options.skip.contains(step);
        });
        if (all && !options.without.contains("loss")) result.violation = Violation{"I-2", ""};
        return result;
    };
    RunOptions options;
    for (options.seed = 1; plan_of(options).loss == 0;)
        ++options.seed;
    const Shrunk small = shrink(options, "I-2", run, {});
    EXPECT_EQ(small.runs, runs);
    EXPECT_LE(runs, ShrinkLimits{}.runs);
    EXPECT_EQ(small.options.steps, 62U);
    EXPECT_EQ(acting_steps(small.options), needed.size());
    EXPECT_EQ(features(plan_of(small.options)), std::vector<std::string>{"loss"});
    EXPECT_TRUE(small.result.violation);
}

TEST(Shrink, ARunThatBreaksNothingIsLeftAlone) {
    const auto fine = [](const RunOptions&) { return RunResult{}; };
    const Shrunk small = shrink(RunOptions{}, "I-2", fine, {});
    EXPECT_EQ(small.options, RunOptions{});
    EXPECT_EQ(small.runs, 1U);
    EXPECT_FALSE(small.result.violation);
}

TEST(Shrink, TheTestNamesEveryOption) {
    RunOptions options;
    options.seed = 42;
    options.steps = 31;
    options.without = {"loss", "clone"};
    options.devices = 2;
    options.skip = {3, 5};
    EXPECT_EQ(as_test(options, "I-2 no lost write"),
              "TEST(Simulation, Seed42HoldsWhatItBroke) {  // I-2 no lost write\n"
              "    RunOptions options;\n"
              "    options.seed = 42;\n"
              "    options.steps = 31;\n"
              "    options.devices = 2;\n"
              "    options.without = {\"clone\", \"loss\"};\n"
              "    options.skip = {3, 5};\n"
              "    const RunResult result = run_seed(options);\n"
              "    ASSERT_FALSE(result.violation) << result.report;\n"
              "}\n");
}

TEST(Figures, SeveralCampaignsAddUp) {
    Campaign campaign(few_seeds(), nullptr);
    ASSERT_TRUE(campaign.run());
    const Figures& one = campaign.figures();
    EXPECT_EQ(one.seeds, 6U);
    EXPECT_EQ(one.steps, 120U);
    Figures other = one;
    other.from = 7;
    other.broken = {{9, "I-2 no lost write"}};
    const auto read = figures_from(as_json({one, other}));
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read->size(), 2U);
    EXPECT_EQ(as_json(*read), as_json({one, other}));
    const std::string text = markdown(*read);
    EXPECT_NE(text.find("| test | 7 to 12 | 6 |"), std::string::npos) << text;
    EXPECT_NE(text.find("| all |  | 12 |"), std::string::npos) << text;
    EXPECT_NE(text.find("Seed 9 breaks I-2"), std::string::npos) << text;
    EXPECT_NE(text.find("| conflict | " + std::to_string(2 * one.count("conflict")) + " |"),
              std::string::npos)
        << text;
    EXPECT_FALSE(figures_from("{\"campaigns\": [{}]}"));
    EXPECT_FALSE(figures_from("nonsense"));
}

TEST(Figures, AFileOfCampaignsGrows) {
    const std::string path = testing::TempDir() + "figures_of_campaigns.json";
    std::remove(path.c_str());
    Figures figures;
    figures.commit = "abc";
    figures.from = 1;
    figures.seeds = 10;
    ASSERT_EQ(add_to_file(path, figures)->size(), 1U);
    ASSERT_EQ(add_to_file(path, figures)->size(), 2U);
    std::remove(path.c_str());
}

}  // namespace
}  // namespace satchel::simulation
