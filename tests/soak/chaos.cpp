#include "tests/soak/chaos.hpp"

#include <algorithm>
#include <csignal>
#include <thread>

namespace satchel::soak {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kMeanBetweenFaultsMs = 400;
constexpr milliseconds kTrafficTime{300};  // how long a kill waits for bytes on the line

}  // namespace

// How often each happens, of all together; it is passed over when the party has a fault already.
const std::vector<Chaos::Fault> Chaos::kFaults = {
    {14, "device killed", &Chaos::kill_device},
    {16, "device killed in the middle of a sync", &Chaos::kill_device_in_sync},
    {10, "device paused", &Chaos::pause_device},
    {12, "device's disk full", &Chaos::fill_device},
    {12, "line cut", &Chaos::cut_line},
    {16, "line cut in the middle of an answer", &Chaos::cut_answer},
    {8, "line stalled", &Chaos::stall_line},
    {8, "line dribbling", &Chaos::dribble_line},
    {8, "line half open", &Chaos::half_open_line},
    {8, "line refusing", &Chaos::refuse_line},
    {5, "captive portal", &Chaos::portal_line},
    {7, "head office killed", &Chaos::kill_office},
    {5, "head office paused", &Chaos::pause_office},
    {6, "head office's disk full", &Chaos::fill_office},
    {8, "backup", &Chaos::back_up},
    {2, "backup confirmed", &Chaos::confirm_backup},
    {4, "head office restored from a backup", &Chaos::restore},
};

void Chaos::later(int at_least_ms, int at_most_ms, Step what) {
    const auto wait = milliseconds(random_.between(at_least_ms, at_most_ms));
    later_.push_back({steady_clock::now() + wait, std::move(what)});
}

Status Chaos::tick(SteadyTime now) {
    for (std::size_t i = 0; i < later_.size();) {
        if (later_[i].at > now) {
            ++i;
            continue;
        }
        const Step what = std::move(later_[i].what);
        later_.erase(later_.begin() + static_cast<std::ptrdiff_t>(i));
        SATCHEL_TRY(what());
    }
    SATCHEL_TRY(fleet_.check_running(!office_ill_));
    if (now < next_) return {};
    next_ = now + milliseconds(random_.between(0, 2 * kMeanBetweenFaultsMs));
    unsigned total = 0;
    for (const Fault& fault : kFaults)
        total += fault.weight;
    std::uint64_t drawn = random_.below(total);
    const auto fault = std::find_if(kFaults.begin(), kFaults.end(), [&drawn](const Fault& each) {
        if (drawn < each.weight) return true;
        drawn -= each.weight;
        return false;
    });
    const Status begun = (this->*fault->begin)();
    if (begun) return {};
    return {begun.error().code, std::string(fault->name) + ": " + begun.error().message};
}

Status Chaos::end() {
    while (!later_.empty()) {
        const Step what = std::move(later_.back().what);
        later_.pop_back();
        SATCHEL_TRY(what());
    }
    return fleet_.check_running(true);
}

std::optional<std::size_t> Chaos::healthy_device() {
    const std::size_t index = random_.below(device_ill_.size());
    if (device_ill_[index]) return std::nullopt;
    return index;
}

void Chaos::kill(std::size_t device, int back_within_ms) {
    device_ill_[device] = true;
    fleet_.kill_device(device);
    ++fleet_.units()[device].faults["kills"];
    later(0, back_within_ms, [this, device] {
        device_ill_[device] = false;
        return fleet_.start_device(device);
    });
}

Status Chaos::kill_device() {
    const auto index = healthy_device();
    if (!index) return {};
    kill(*index, 3'000);
    return {};
}

Status Chaos::kill_device_in_sync() {
    const auto index = healthy_device();
    if (!index) return {};
    const auto moved = [&] {
        const LineFigures figures = fleet_.relay().figures(*index);
        return figures.up_bytes + figures.down_bytes;
    };
    const std::uint64_t before = moved();
    const SteadyTime until = steady_clock::now() + kTrafficTime;
    while (moved() == before && steady_clock::now() < until)
        std::this_thread::sleep_for(milliseconds(1));
    if (moved() != before) ++fleet_.units()[*index].faults["kills_in_sync"];
    // The request has gone; the answer is on its way, or is being taken in.
    std::this_thread::sleep_for(milliseconds(random_.below(30)));
    kill(*index, 1'000);
    return {};
}

Status Chaos::pause_device() {
    const auto index = healthy_device();
    if (!index) return {};
    device_ill_[*index] = true;
    fleet_.signal_device(*index, SIGSTOP);
    ++fleet_.units()[*index].faults["pauses"];
    later(200, 5'000, [this, i = *index]() -> Status {
        device_ill_[i] = false;
        fleet_.signal_device(i, SIGCONT);
        return {};
    });
    return {};
}

Status Chaos::fill_device() {
    const auto index = healthy_device();
    if (!index) return {};
    device_ill_[*index] = true;
    Unit& unit = fleet_.units()[*index];
    ++unit.faults["disk_full"];
    later(500, 4'000, [this, i = *index] {
        device_ill_[i] = false;
        Unit& healed = fleet_.units()[i];
        return healed.disk.clear(healed.process->process());
    });
    return unit.disk.fill(unit.process->process());
}

Status Chaos::cut_line() {
    const std::size_t line = random_.below(line_ill_.size());
    fleet_.relay().cut(line);
    ++fleet_.units()[line].faults["cuts"];
    return {};
}

Status Chaos::cut_answer() {
    const std::size_t line = random_.below(line_ill_.size());
    fleet_.relay().cut_after(line, 1 + random_.below(random_.chance(500) ? 300 : 20'000));
    ++fleet_.units()[line].faults["cuts"];
    return {};
}

Status Chaos::mistreat(LineMode mode, const char* what, int at_most_ms) {
    const std::size_t line = random_.below(line_ill_.size());
    if (line_ill_[line]) return {};
    line_ill_[line] = true;
    fleet_.relay().set(line, mode);
    ++fleet_.units()[line].faults[what];
    later(200, at_most_ms, [this, line]() -> Status {
        line_ill_[line] = false;
        fleet_.relay().set(line, LineMode::pass);
        return {};
    });
    return {};
}

Status Chaos::stall_line() {
    return mistreat(LineMode::stall, "stalls", 6'000);
}

Status Chaos::dribble_line() {
    return mistreat(LineMode::dribble, "dribbles", 5'000);
}

Status Chaos::half_open_line() {
    return mistreat(LineMode::half_open, "half_open", 4'000);
}

Status Chaos::refuse_line() {
    return mistreat(LineMode::refuse, "refused", 4'000);
}

Status Chaos::portal_line() {
    return mistreat(LineMode::portal, "portals", 3'000);
}

Status Chaos::kill_office() {
    if (office_ill_) return {};
    office_ill_ = true;
    fleet_.kill_office();
    ++fleet_.office_faults["kills"];
    later(0, 2'500, [this] {
        office_ill_ = false;
        return fleet_.start_office();
    });
    return {};
}

Status Chaos::pause_office() {
    if (office_ill_) return {};
    office_ill_ = true;
    fleet_.signal_office(SIGSTOP);
    ++fleet_.office_faults["pauses"];
    later(200, 4'000, [this]() -> Status {
        office_ill_ = false;
        fleet_.signal_office(SIGCONT);
        return {};
    });
    return {};
}

Status Chaos::fill_office() {
    if (office_ill_) return {};
    office_ill_ = true;
    ++fleet_.office_faults["disk_full"];
    later(500, 3'000, [this] {
        office_ill_ = false;
        return fleet_.clear_office();
    });
    return fleet_.fill_office();
}

Status Chaos::back_up() {
    if (office_ill_) return {};
    ++fleet_.office_faults["backups"];
    return fleet_.back_up(false);
}

Status Chaos::confirm_backup() {
    if (office_ill_) return {};
    ++fleet_.office_faults["backups"];
    ++fleet_.office_faults["backups_confirmed"];
    return fleet_.back_up(true);
}

Status Chaos::restore() {
    if (office_ill_ || !fleet_.has_backup()) return {};
    ++fleet_.office_faults["restores"];
    return fleet_.restore(random_.next());
}

}  // namespace satchel::soak
