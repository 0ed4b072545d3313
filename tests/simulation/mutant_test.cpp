// That broken rules of the engine are noticed: a few of them on every run, all of them by
// `./dev sim --mutants`.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/simulation/mutant_switch.hpp"
#include "tests/simulation/run.hpp"

namespace satchel::simulation {
namespace {

namespace fs = std::filesystem;

// The first of so many seeds that notices; 0: none does.
std::uint64_t noticed_by(const std::string& mutant, std::uint64_t seeds) {
    break_rules = &break_only;
    RunOptions options;
    options.broken = {mutant};
    for (options.seed = 1; options.seed <= seeds; ++options.seed)
        if (run_seed(options).violation) return options.seed;
    return 0;
}

TEST(Mutants, BrokenRulesAreNoticed) {
    for (const char* mutant : {"eager_last_writer", "counter_twice", "evict_kept",
                               "rights_not_judged", "page_shown_early", "sent_too_early"})
        EXPECT_NE(noticed_by(mutant, 20), 0U) << mutant;
}

TEST(Mutants, WithoutOneEverythingHolds) {
    break_rules = &break_only;
    EXPECT_FALSE(run_seed(RunOptions{}).violation);
}

std::string content(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Product sources that ask whether a rule is broken, as "sync/merge.cpp".
std::vector<std::string> asking() {
    const fs::path root = SATCHEL_SOURCE_DIR;
    std::vector<std::string> found;
    for (const char* folder : {"sync", "storage", "sales", "client", "server", "cli", "bindings"})
        for (const auto& entry : fs::recursive_directory_iterator(root / folder))
            if (entry.is_regular_file() &&
                content(entry.path()).find("broken(Mutant::") != std::string::npos)
                found.push_back(fs::relative(entry.path(), root).generic_string());
    std::erase(found, "sync/mutants.hpp");  // its example
    std::sort(found.begin(), found.end());
    return found;
}

TEST(Mutants, EveryFileThatAsksIsCompiledWithTheSwitch) {
    std::vector<std::string> compiled;
    std::stringstream list(SATCHEL_MUTATED);
    for (std::string file; list >> file;)
        compiled.push_back(file);
    EXPECT_EQ(asking(), compiled);
}

TEST(Mutants, EveryMutantHasAPlaceAndAName) {
    std::string all;
    for (const std::string& file : asking())
        all += content(fs::path(SATCHEL_SOURCE_DIR) / file);
    for (std::size_t i = 0; i < static_cast<std::size_t>(Mutant::kCount); ++i) {
        const Mutant mutant = static_cast<Mutant>(i);
        const std::string question = "broken(Mutant::" + std::string(name(mutant)) + ")";
        EXPECT_NE(all.find(question), std::string::npos) << name(mutant);
        EXPECT_EQ(mutant_named(name(mutant)), mutant);
    }
    EXPECT_FALSE(mutant_named("nonsense"));
}

}  // namespace
}  // namespace satchel::simulation
