#include "tests/soak/report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace satchel::soak {
namespace {

constexpr std::size_t kShownViolations = 20;

std::uint64_t count(const Tally& tally, const std::string& key) {
    const auto found = tally.find(key);
    return found == tally.end() ? 0 : found->second;
}

// All keys that begin so.
std::uint64_t count_all(const Tally& tally, const std::string& begin) {
    std::uint64_t all = 0;
    for (const auto& [key, value] : tally)
        if (key.starts_with(begin)) all += value;
    return all;
}

void add(Tally& to, const Tally& from) {
    for (const auto& [key, value] : from)
        to[key] += value;
}

std::string text(const Tally& tally, const std::string& begin) {
    std::string all;
    for (const auto& [key, value] : tally)
        if (key.starts_with(begin))
            all += fmt::format("{}{} {}", all.empty() ? "" : ", ", value, key.substr(begin.size()));
    return all.empty() ? "none" : all;
}

std::string time_text(std::chrono::seconds time) {
    return fmt::format("{}:{:02}", time.count() / 60, time.count() % 60);
}

struct Column {
    const char* title;
    const char* key;
};
constexpr Column kColumns[] = {
    {"kills", "kills"},       {"in sync", "kills_in_sync"},
    {"pauses", "pauses"},     {"full", "disk_full"},
    {"cuts", "cuts"},         {"stalls", "stalls"},
    {"dribbles", "dribbles"}, {"half open", "half_open"},
    {"refused", "refused"},   {"portals", "portals"},
};

std::string device_table(Fleet& fleet) {
    std::string all = fmt::format("  {:<14}", "device");
    for (const Column& column : kColumns)
        all += fmt::format(" {:>9}", column.title);
    all += fmt::format(" {:>7} {:>7} {:>6} {:>9}\n", "writes", "syncs", "failed", "disk said");
    for (std::size_t i = 0; i < fleet.units().size(); ++i) {
        const Unit& unit = fleet.units()[i];
        const Tally diary = fleet.diary(i);
        all += fmt::format("  {:<14}", unit.name());
        for (const Column& column : kColumns)
            all += fmt::format(" {:>9}", count(unit.faults, column.key));
        const std::uint64_t disk =
            count(diary, "write_failed disk_full") + count(diary, "write_failed io") +
            count(diary, "sync_failed disk_full") + count(diary, "sync_failed io");
        all += fmt::format(" {:>7} {:>7} {:>6} {:>9}\n", count(diary, "writes"),
                           count(diary, "syncs"), count_all(diary, "sync_failed"), disk);
    }
    return all;
}

std::string network_text(Fleet& fleet) {
    LineFigures all;
    for (const Unit& unit : fleet.units()) {
        const LineFigures line = fleet.relay().figures(unit.line);
        all.connections += line.connections;
        all.up_bytes += line.up_bytes;
        all.down_bytes += line.down_bytes;
        all.cut_in_answer += line.cut_in_answer;
    }
    return fmt::format(
        "  network: {} connections, {} KB up, {} KB down, {} answers cut in the "
        "middle\n",
        all.connections, all.up_bytes / 1000, all.down_bytes / 1000, all.cut_in_answer);
}

std::string judgement_text(const Ending& ending) {
    const Judgement& found = ending.judgement;
    std::string all = fmt::format(
        "  at the end: quiet after {} rounds; {} devices equal to head office\n"
        "  promised: {} changes, of them {} merged, {} not accepted with a reason; {} attempts "
        "came to nothing\n"
        "  head office: {} records ({} deleted), {} values replaced by who had seen them, {} "
        "conflicts kept, {} counters add up\n",
        ending.rounds, ending.equal, found.writes, found.accepted, found.not_accepted,
        found.never_written, found.records, found.deleted, found.values_replaced, found.conflicts,
        found.counters);
    for (std::size_t i = 0; i < std::min(found.violations.size(), kShownViolations); ++i)
        all += "  WRONG: " + found.violations[i] + "\n";
    if (found.violations.size() > kShownViolations)
        all += fmt::format("  … and {} more\n", found.violations.size() - kShownViolations);
    return all;
}

}  // namespace

std::string progress_line(const Fleet& fleet, std::chrono::seconds passed,
                          std::chrono::seconds asked) {
    Tally diaries, faults;
    for (std::size_t i = 0; i < fleet.units().size(); ++i) {
        add(diaries, fleet.diary(i));
        add(faults, fleet.units()[i].faults);
    }
    add(faults, fleet.office_faults);
    return fmt::format(
        "{} of {}: {} writes, {} syncs, {} of them failed; {} kills, {} pauses, {} "
        "full disks, {} cuts, {} restores",
        time_text(passed), time_text(asked), count(diaries, "writes"),
        count(diaries, "syncs") + count_all(diaries, "sync_failed"),
        count_all(diaries, "sync_failed"), count(faults, "kills"), count(faults, "pauses"),
        count(faults, "disk_full"), count(faults, "cuts"), count(faults, "restores"));
}

std::string report(Fleet& fleet, const SoakFacts& facts, const Ending* ending,
                   const std::string& broken_off) {
    Tally diaries;
    for (std::size_t i = 0; i < fleet.units().size(); ++i)
        add(diaries, fleet.diary(i));
    std::string all =
        fmt::format("soak of seed {}: faults for {}, then {} until everything was looked at\n",
                    facts.seed, time_text(facts.faults), time_text(facts.ending));
    all += device_table(fleet);
    all += fmt::format("  head office: {}\n", text(fleet.office_faults, ""));
    all += network_text(fleet);
    all += fmt::format("  syncs that failed: {}\n  writes that failed: {}\n",
                       text(diaries, "sync_failed "), text(diaries, "write_failed "));
    all += facts.disks == DiskWay::own_file_system
               ? "  full disks: file systems of their own (tmpfs), set to the size of what was in "
                 "them\n"
               : "  full disks: writes limited (RLIMIT_FSIZE), since no file system can be mounted "
                 "here\n";
    if (ending != nullptr) all += judgement_text(*ending);
    if (!broken_off.empty()) all += "  BROKEN OFF: " + broken_off + "\n";
    return all;
}

}  // namespace satchel::soak
