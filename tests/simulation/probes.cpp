#include "tests/simulation/probes.hpp"

namespace satchel::simulation {
namespace {

constexpr auto kCount = static_cast<std::size_t>(Probe::kCount);
constexpr std::array<std::string_view, kCount> kNames{
    "conflict",
    "conflict resolved",
    "not accepted, sent again",
    "undeleted",
    "deletion met an edit: revived",
    "system write",
    "write with a stale token",
    "fork detected",
    "alias verdict",
    "held",
    "held, then released",
    "quarantined: not allowed",
    "quarantined: depends on",
    "quarantined: revoked",
    "quarantined: pruned",
    "late edit",
    "adopted",
    "whole row",
    "patch row",
    "confirm row",
    "departure",
    "re-entry",
    "checkpoint over several pages",
    "load over several replies",
    "change during a load",
    "page kept for the next device",
    "scopes listed",
    "scope gained",
    "scope lost",
    "server restored: epoch",
    "repaired",
    "server backup",
    "server power loss",
    "device power loss",
    "power loss took back a commit",
    "power loss took back a commit that was sent",
    "device killed",
    "device restored from an older image",
    "device cloned",
    "failed disk call",
    "full disk",
    "message lost",
    "message twice",
    "old message again",
    "message cut",
    "stale reply refused",
    "clock jump",
    "handover by a device",
    "handover by the server",
    "rights changed",
    "device revoked",
    "record pruned",
    "change declared lost",
    "schema grown",
    "pair checked",
    "attack",
    "attack: what the attacker may write",
    "attack: held",
    "attack: quarantined",
    "attack: the whole request refused",
    "attack: not readable",
    "attack: fork",
    "request of another release",
    "upgrade needed",
    "logged out: nothing readable is left",
    "logged out with changes that wait",
    "message stuck in a clogged link",
    "message into a half-open connection",
    "asleep in mid-session",
    "back after a year",
    "sync failed once",
    "lost sync took back what was sent",
    "power loss in the middle of a step",
    "handed over there and back",
    "scope lost and regained",
    "clock set in the middle of work",
    "clock of 1970",
    "clock of 2262",
    "head office back before a schema",
    "quarantined: schema unknown",
    "newer schema refused",
    "all devices at once after an outage",
    "all devices at once in the quiet",
    "head office's clock a day forward",
    "head office's clock an hour back",
    "head office's clock set in the middle of work",
    "as many values side by side as a cell holds",
    "one more value than a cell holds: refused",
    "quarantined: one more value than a cell holds",
    "quarantined again by a restored head office",
    "what a record shows, by its rules",
    "a bit of a device's files turned",
    "a page of a device's files over another",
    "a bit of what waits in a journal turned",
    "damaged file: not opened",
    "damaged file: noticed in use",
    "damaged file: not noticed, and harmless",
    "head office's damaged file: not opened",
    "head office's damaged file: noticed in use",
    "head office's damaged file: not noticed, and harmless",
};

}  // namespace

std::string_view name(Probe probe) {
    return kNames[static_cast<std::size_t>(probe)];
}

void Probes::add(const Probes& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i)
        counts_[i] += other.counts_[i];
}

std::string Probes::text() const {
    std::string text;
    for (std::size_t i = 0; i < counts_.size(); ++i)
        text += "  " + std::string(kNames[i]) + ": " + std::to_string(counts_[i]) + "\n";
    return text;
}

std::vector<std::string_view> Probes::never_hit() const {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < counts_.size(); ++i)
        if (counts_[i] == 0) names.push_back(kNames[i]);
    return names;
}

}  // namespace satchel::simulation
