// Of the program whose engine has the switch of sync/mutants.hpp.
#include "tests/simulation/mutant_campaign.hpp"

#include <algorithm>
#include <cstdio>

#include "tests/simulation/campaign.hpp"
#include "tests/simulation/mutant_switch.hpp"

namespace satchel::simulation {
namespace {

using Together = std::vector<Mutant>;

// Rules that others stand in for, which are broken with them; only the last one is noticed alone.
const std::vector<Together> kMasked{
    // Scopes that do not add up are repaired.
    {Mutant::departure_not_sent, Mutant::sums_not_compared},
    // What does not fit is asked for whole, and what is still missing does not add up.
    {Mutant::entry_unnoticed, Mutant::misfit_not_wanted, Mutant::sums_not_compared},
};

// Which seeds meet a rule that few plans come to: those of this mix.
struct Rare {
    Mutant mutant;
    const char* mix;
};

constexpr Rare kRare[]{
    {Mutant::refusal_forgotten, "refusals"},  {Mutant::copy_forgotten, "restores"},
    {Mutant::unknown_at_once, "log_outs"},    {Mutant::full_cell_blocks, "full_cells"},
    {Mutant::values_unlimited, "full_cells"}, {Mutant::damaged_entry_sent, "damage"},
};

std::string mix_for(const Together& together) {
    for (const Rare& rare : kRare)
        if (together.back() == rare.mutant) return rare.mix;
    return "";
}

// What --break names, together; else each mutant alone, and the masked ones.
std::vector<Together> trials(const Arguments& arguments) {
    if (!arguments.run.broken.empty()) {
        Together named;
        for (const std::string& mutant : arguments.run.broken)
            named.push_back(*mutant_named(mutant));
        return {named};
    }
    std::vector<Together> all;
    for (std::size_t i = 0; i < static_cast<std::size_t>(Mutant::kCount); ++i) {
        const auto mutant = static_cast<Mutant>(i);
        const bool alone =
            std::none_of(kMasked.begin(), kMasked.end(), [mutant](const Together& masked) {
                return std::find(masked.begin(), masked.end() - 1, mutant) != masked.end() - 1;
            });
        if (alone) all.push_back({mutant});
    }
    all.insert(all.end(), kMasked.begin(), kMasked.end());
    return all;
}

Status known(const std::set<std::string>& mutants) {
    std::string all;
    for (std::size_t i = 0; i < static_cast<std::size_t>(Mutant::kCount); ++i)
        all += (i == 0 ? "" : ", ") + std::string(name(static_cast<Mutant>(i)));
    for (const std::string& mutant : mutants)
        if (!mutant_named(mutant))
            return Error{ErrorCode::invalid_argument,
                         "there is no mutant '" + mutant + "'; there are " + all};
    return {};
}

struct Noticed {
    std::uint64_t seed = 0;  // 0: no seed has
    std::string invariant;
    std::uint64_t seeds = 0;  // that were tried
};

// Whether the seed breaks the same without any mutant: then it has noticed nothing.
Result<bool> breaks_anyway(const Campaign::Broken& broken) {
    RunOptions options = broken.options;
    options.broken.clear();
    SATCHEL_ASSIGN(const RunResult result, run_apart(options, kRunLimit));
    return result.violation.has_value();
}

Result<Noticed> look_for(const Arguments& given) {
    Arguments arguments = given;
    arguments.failures = 1;
    Noticed noticed;
    while (noticed.seeds < given.seeds && !interrupted()) {
        arguments.from = given.from + noticed.seeds;
        arguments.seeds = given.seeds - noticed.seeds;
        Campaign campaign(arguments, nullptr);
        SATCHEL_TRY(campaign.run());
        noticed.seeds += campaign.figures().seeds;
        if (campaign.broken().empty()) continue;
        const Campaign::Broken& broken = campaign.broken().front();
        SATCHEL_ASSIGN(const bool anyway, breaks_anyway(broken));
        if (anyway) continue;
        noticed.seed = broken.options.seed;
        noticed.invariant = broken.result.violation->invariant;
        break;
    }
    return noticed;
}

// Prints its line of the table. False: it was not noticed.
Result<bool> try_together(const Arguments& given, const Together& together) {
    Arguments arguments = given;
    std::string title;
    for (const Mutant mutant : together) {
        arguments.run.broken.emplace(name(mutant));
        title += (title.empty() ? "" : " and ") + std::string(name(mutant));
    }
    if (arguments.run.mix.empty()) arguments.run.mix = mix_for(together);
    if (!arguments.run.mix.empty()) title += " (mix " + arguments.run.mix + ")";
    SATCHEL_ASSIGN(const Noticed noticed, look_for(arguments));
    const std::string seed = noticed.seed == 0 ? "none" : std::to_string(noticed.seed);
    std::printf("| %s | %s | %s | %llu |\n", title.c_str(), seed.c_str(), noticed.invariant.c_str(),
                static_cast<unsigned long long>(noticed.seeds));
    std::fflush(stdout);
    return noticed.seed != 0;
}

}  // namespace

Status prepare_mutants(const Arguments& arguments) {
    SATCHEL_TRY(known(arguments.run.broken));
    break_rules = &break_only;
    return {};
}

int run_mutants(const Arguments& arguments) {
    std::printf("| mutant | noticed by seed | invariant | seeds |\n|---|---|---|---|\n");
    std::size_t unnoticed = 0;
    for (const Together& together : trials(arguments)) {
        const auto noticed = try_together(arguments, together);
        if (interrupted()) return 130;
        if (!noticed) {
            std::fprintf(stderr, "satchel_sim: %s\n", noticed.error().message.c_str());
            return 1;
        }
        unnoticed += *noticed ? 0 : 1;
    }
    std::printf("%zu not noticed\n", unnoticed);
    return unnoticed == 0 ? 0 : 1;
}

}  // namespace satchel::simulation
