#include "tests/simulation/plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "tests/simulation/prng.hpp"

namespace satchel::simulation {
namespace {

struct Range {
    const char* name;
    unsigned Plan::*rate;
    unsigned present;  // per mille of the seeds that have it at all
    unsigned highest;
    bool apart = false;  // drawn from a stream of its own
};

constexpr std::uint64_t kApart = 0x6170617274U;
constexpr std::uint64_t kMix = 0x6D6978U;

constexpr std::array kRanges{
    Range{"loss", &Plan::loss, 500, 300},
    Range{"twice", &Plan::twice, 400, 300},
    Range{"old", &Plan::old, 300, 150},
    Range{"late", &Plan::late, 300, 200},
    Range{"cut", &Plan::cut, 300, 100},
    Range{"portal", &Plan::portal, 200, 50},
    Range{"page_damage", &Plan::page_damage, 100, 50},
    Range{"offline", &Plan::offline, 600, 60},
    Range{"kill", &Plan::kill, 400, 40},
    Range{"power_loss", &Plan::power_loss, 400, 30},
    Range{"disk_failure", &Plan::disk_failure, 350, 60},
    Range{"device_restore", &Plan::device_restore, 250, 15},
    Range{"clone", &Plan::clone, 200, 10},
    Range{"server_power_loss", &Plan::server_power_loss, 300, 20},
    Range{"server_disk_failure", &Plan::server_disk_failure, 250, 30},
    Range{"server_restore", &Plan::server_restore, 250, 12},
    Range{"handover", &Plan::handover, 500, 40},
    Range{"rights", &Plan::rights, 300, 20},
    Range{"revoke", &Plan::revoke, 150, 8},
    Range{"clock", &Plan::clock, 400, 30},
    Range{"prune", &Plan::prune, 300, 20},
    Range{"adopt", &Plan::adopt, 300, 20},
    Range{"schema", &Plan::schema, 150, 10},
    Range{"days", &Plan::days, 300, 10},
    Range{"deletes", &Plan::deletes, 600, 150},
    Range{"system", &Plan::system, 400, 150},
    Range{"stale", &Plan::stale, 500, 300},
    Range{"handovers", &Plan::handovers, 500, 100},
    Range{"pairs", &Plan::pairs, 500, 250},
    Range{"release", &Plan::release, 150, 30},
    Range{"log_out", &Plan::log_out, 200, 15},
    Range{"attack", &Plan::attack, 300, 150},
    Range{"clog", &Plan::clog, 250, 40},
    Range{"sleep", &Plan::sleep, 250, 30},
    Range{"away", &Plan::away, 150, 8},
    Range{"lost_sync", &Plan::lost_sync, 250, 40},
    Range{"there_and_back", &Plan::there_and_back, 300, 30},
    Range{"clock_in_work", &Plan::clock_in_work, 250, 40},
    Range{"lost_schema", &Plan::lost_schema, 100, 40, true},
    Range{"newer_schema", &Plan::newer_schema, 100, 40, true},
    Range{"storm", &Plan::storm, 200, 12, true},
    Range{"office_clock", &Plan::office_clock, 250, 40, true},
    Range{"crowd", &Plan::crowd, 120, 12, true},
    Range{"rot", &Plan::rot, 150, 20, true},
};

struct Mix {
    const char* name;
    std::vector<std::pair<unsigned Plan::*, unsigned>> highest;
    bool small_uploads = false;
};

const std::vector<Mix>& all_mixes() {
    static const std::vector<Mix> mixes{
        // Head office and devices go back in time, and devices are copied.
        {"restores",
         {{&Plan::server_restore, 20},
          {&Plan::device_restore, 20},
          {&Plan::clone, 15},
          {&Plan::offline, 60},
          {&Plan::loss, 200},
          {&Plan::stale, 300}}},
        // What waits for others is sealed by a log-out, and head office goes back in time, twice.
        {"log_outs",
         {{&Plan::server_restore, 30},
          {&Plan::log_out, 40},
          {&Plan::offline, 60},
          {&Plan::loss, 200},
          {&Plan::handovers, 100}}},
        // Much is refused, and adopted, before head office goes back in time.
        {"refusals",
         {{&Plan::handovers, 200},
          {&Plan::handover, 60},
          {&Plan::rights, 40},
          {&Plan::adopt, 40},
          {&Plan::server_restore, 15},
          {&Plan::stale, 300},
          {&Plan::offline, 60}}},
        // Cells are full of values side by side.
        {"full_cells",
         {{&Plan::crowd, 30}, {&Plan::crowd_least, 66}, {&Plan::stale, 300}, {&Plan::offline, 60}},
         true},
        // Files are damaged, and what is in them is sent again.
        {"damage",
         {{&Plan::rot, 60},
          {&Plan::server_restore, 15},
          {&Plan::offline, 60},
          {&Plan::power_loss, 30},
          {&Plan::lost_sync, 40}}},
    };
    return mixes;
}

}  // namespace

bool add_mix(Plan& plan, std::string_view mix) {
    const auto at = std::find_if(all_mixes().begin(), all_mixes().end(),
                                 [mix](const Mix& one) { return one.name == mix; });
    if (at == all_mixes().end()) return false;
    Prng random = Prng::of(plan.seed, kMix);
    for (const auto& [rate, highest] : at->highest)
        plan.*rate =
            std::max(plan.*rate,
                     highest / 3 + static_cast<unsigned>(random.below(highest - highest / 3 + 1)));
    if (at->small_uploads) plan.upload_bytes = 1 + random.below(600);
    return true;
}

std::vector<std::string> mixes() {
    std::vector<std::string> names;
    for (const Mix& mix : all_mixes())
        names.emplace_back(mix.name);
    return names;
}

Plan draw_plan(std::uint64_t seed, std::size_t steps) {
    Prng random(seed ^ 0x506C616EU);
    Plan plan;
    plan.seed = seed;
    plan.steps = steps;
    plan.people = 3 + random.below(4);
    plan.devices = 3 + random.below(4);
    Prng apart = Prng::of(seed, kApart);
    for (const Range& range : kRanges) {
        Prng& from = range.apart ? apart : random;
        if (from.chance(range.present))
            plan.*range.rate = 1 + static_cast<unsigned>(from.below(range.highest));
    }
    plan.sync = 100 + static_cast<unsigned>(random.below(400));
    if (random.chance(400)) plan.upload_bytes = 1 + random.below(600);
    if (random.chance(400)) plan.page_bytes = 1 + random.below(1500);
    if (random.chance(400)) plan.max_rows = 1 + random.below(5);
    plan.wild_clocks = random.chance(300);
    // Until the checksums have told that the network took a row out, one half of a pair may show
    // more than the other, and what is written then replaces more in it, for good.
    if (plan.page_damage != 0) plan.pairs = 0;
    return plan;
}

std::string text(const Plan& plan) {
    std::string text = "people=" + std::to_string(plan.people) +
                       " devices=" + std::to_string(plan.devices) +
                       " steps=" + std::to_string(plan.steps);
    for (const Range& range : kRanges)
        if (plan.*range.rate != 0)
            text += " " + std::string(range.name) + "=" + std::to_string(plan.*range.rate);
    return text + " sync=" + std::to_string(plan.sync) +
           " upload_bytes=" + std::to_string(plan.upload_bytes) +
           " page_bytes=" + std::to_string(plan.page_bytes) +
           " max_rows=" + std::to_string(plan.max_rows) + (plan.wild_clocks ? " wild_clocks" : "");
}

namespace {

struct Size {
    const char* name;
    std::size_t Plan::*size;
};

constexpr std::array kSizes{
    Size{"small_uploads", &Plan::upload_bytes},
    Size{"small_pages", &Plan::page_bytes},
    Size{"few_rows", &Plan::max_rows},
};
constexpr const char* kWildClocks = "wild_clocks";

}  // namespace

std::vector<std::string> features(const Plan& plan) {
    const Plan none;
    std::vector<std::string> names;
    for (const Range& range : kRanges)
        if (plan.*range.rate != 0) names.emplace_back(range.name);
    for (const Size& size : kSizes)
        if (plan.*size.size != none.*size.size) names.emplace_back(size.name);
    if (plan.wild_clocks) names.emplace_back(kWildClocks);
    return names;
}

bool take_out(Plan& plan, std::string_view feature) {
    const Plan none;
    for (const Range& range : kRanges) {
        if (range.name != feature) continue;
        plan.*range.rate = 0;
        return true;
    }
    for (const Size& size : kSizes) {
        if (size.name != feature) continue;
        plan.*size.size = none.*size.size;
        return true;
    }
    if (feature != kWildClocks) return false;
    plan.wild_clocks = false;
    return true;
}

}  // namespace satchel::simulation
