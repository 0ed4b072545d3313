#include "tests/simulation/mutant_switch.hpp"

#include <algorithm>
#include <array>
#include <bitset>

namespace satchel {
namespace {

constexpr std::size_t kCount = static_cast<std::size_t>(Mutant::kCount);
std::bitset<kCount> broken_now;

}  // namespace

bool broken(Mutant mutant) {
    return broken_now.test(static_cast<std::size_t>(mutant));
}

namespace simulation {
namespace {

constexpr std::array<std::string_view, kCount> kNames{
    "eager_last_writer",      "delete_clears",         "removal_takes_unseen",
    "counter_twice",          "system_write_revives",  "clock_over_claimed",
    "stamp_repeats",          "stamp_unbounded",       "chain_not_compared",
    "duplicate_by_dot",       "epoch_ignored",         "unverified_states",
    "verdict_not_repeated",   "known_id_counts_again", "aliases_not_expanded",
    "nothing_held",           "rights_not_judged",     "every_edit_late",
    "refused_not_kept",       "children_left_behind",  "pruned_without_grave",
    "acknowledged_too_early", "decision_not_audited",  "sequence_gap",
    "entry_unnoticed",        "departure_not_sent",    "confirmed_unmerged",
    "patch_misses_cells",     "horizon_ignored",       "refusal_forgotten",
    "copy_forgotten",         "unknown_at_once",       "sent_too_early",
    "cursor_before_rows",     "page_shown_early",      "evict_kept",
    "refused_still_shown",    "pending_not_replayed",  "full_cell_blocks",
    "schema_passed_over",     "damaged_entry_sent",    "values_unlimited",
    "misfit_not_wanted",      "sums_not_compared",
};

}  // namespace

std::string_view name(Mutant mutant) {
    return kNames[static_cast<std::size_t>(mutant)];
}

std::optional<Mutant> mutant_named(std::string_view name) {
    const auto at = std::find(kNames.begin(), kNames.end(), name);
    if (at == kNames.end()) return std::nullopt;
    return static_cast<Mutant>(at - kNames.begin());
}

void break_only(const std::set<std::string>& mutants) {
    broken_now.reset();
    for (const std::string& each : mutants)
        broken_now.set(static_cast<std::size_t>(mutant_named(each).value()));
}

}  // namespace simulation
}  // namespace satchel
