// Plan: what may happen in one run. Swarm testing: each seed draws which features and faults exist
// and how often, because some bugs need one fault and the absence of another.
//
// A mix raises some rates on top of what the seed draws: what needs three rare things at once is
// met in a thousand seeds then, and not in a hundred thousand.
//
// Rates are per mille: of messages, or of steps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace satchel::simulation {

struct Plan {
    std::uint64_t seed = 0;
    std::size_t steps = 0;
    std::size_t people = 4;   // an administrator, a manager, the others sell
    std::size_t devices = 4;  // at the beginning

    // Messages.
    unsigned loss = 0;
    unsigned twice = 0;
    unsigned old = 0;   // a message of long ago arrives once more
    unsigned late = 0;  // later than the sender waits
    unsigned cut = 0;
    unsigned portal = 0;       // something else answers
    unsigned clog = 0;         // half of the fleet is stuck, or hears nothing, for a while
    unsigned attack = 0;       // of steps: a registered device whose program is not ours
    unsigned page_damage = 0;  // a row is missing in a page: the checksums have to notice

    // Steps.
    unsigned offline = 0;  // a device goes away for a while
    unsigned kill = 0;
    unsigned power_loss = 0;
    unsigned sleep = 0;         // stands still for minutes or days, also in mid-session
    unsigned away = 0;          // comes back after a year
    unsigned disk_failure = 0;  // before a step: the n-th call fails
    unsigned lost_sync = 0;     // before a step: the n-th sync fails, once, and what it had is lost
    unsigned device_restore = 0;
    unsigned clone = 0;
    unsigned server_power_loss = 0;
    unsigned server_disk_failure = 0;
    unsigned server_restore = 0;
    unsigned handover = 0;        // by the server
    unsigned there_and_back = 0;  // ... and at once back to the one before
    unsigned rights = 0;          // a person's pools or manager change
    unsigned revoke = 0;
    unsigned clock = 0;
    unsigned clock_in_work = 0;  // set in the middle of a transaction or a session
    unsigned prune = 0;
    unsigned adopt = 0;
    unsigned schema = 0;
    unsigned release = 0;  // a device gets another release, which speaks other protocol versions
    unsigned log_out = 0;  // ... its person logs out, and in again
    unsigned days = 0;     // nothing happens for days

    // Drawn apart from the others, in the plan and in each step: older seeds keep their meaning.
    unsigned lost_schema = 0;   // head office goes back to before a schema that devices have
    unsigned newer_schema = 0;  // a device's release cannot read what head office writes by now
    unsigned storm = 0;         // after an outage everybody syncs at once
    unsigned office_clock = 0;  // head office's clock goes a day forward, an hour back
    unsigned crowd = 0;         // many values side by side in one cell, up to the limit and beyond
    unsigned crowd_least = 8;   // values, of 70 at most; not a rate
    unsigned rot = 0;           // bits turn, or a page lands on another, while a device is off

    // What devices write.
    unsigned deletes = 0;
    unsigned system = 0;
    unsigned stale = 0;      // writes with a token of an old form
    unsigned handovers = 0;  // by devices
    unsigned pairs = 0;
    unsigned sync = 0;  // how often a device syncs instead of writing

    // Small sizes, so that everything takes several messages.
    std::size_t upload_bytes = 1U << 20U;
    std::size_t page_bytes = 1U << 20U;
    std::size_t max_rows = 20'000;
    bool wild_clocks = false;  // years off

    std::set<std::size_t> skip;  // steps in which nobody does anything
};

Plan draw_plan(std::uint64_t seed, std::size_t steps);
std::string text(const Plan& plan);

// Raises the rates of the mix of this name; how far, the seed draws. False: there is none.
bool add_mix(Plan& plan, std::string_view mix);
std::vector<std::string> mixes();

// The names of what the plan has: rates above 0, small sizes, wild clocks.
std::vector<std::string> features(const Plan& plan);
// Takes one of them out. False: there is none of that name.
bool take_out(Plan& plan, std::string_view feature);

}  // namespace satchel::simulation
