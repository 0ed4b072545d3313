// What grows with the number of devices and people: everybody at once, many values in one cell; and
// the clock that all of them depend on.
#include <algorithm>

#include "tests/simulation/world.hpp"

namespace satchel::simulation {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::uint64_t kMessagesOfAStorm = 3'000;  // of each device

}  // namespace

void World::disasters_of_scale(DeviceNode& device) {
    if (apart_.chance(plan_.storm)) storm();
    if (apart_.chance(plan_.office_clock)) step_office_clock();
    if (apart_.chance(plan_.crowd)) crowd(device);
}

// F-52: nobody is heard for hours or days, everybody works on, and then all come back in the same
// moment.
void World::storm() {
    log("an outage begins");
    for (const auto& device : devices_)
        device->online = false;
    for (const auto& device : devices_) {
        advance(apart_.between(60'000, 6 * kHourMs));
        for (int i = 0; i < 3 && !sleeps(*device); ++i)
            act(*device);
    }
    log("the outage ends");
    std::size_t sessions = 0;
    for (const auto& device : devices_) {
        device->online = true;
        if (sleeps(*device)) continue;
        start_session(*device);
        sessions += device->session ? 1 : 0;
    }
    if (sessions == devices_.size()) probes_.hit(Probe::storm);
    advance(120'000);
}

// I-13: without any fault they all come to an end, and none needs more messages for the others.
void World::all_at_once() {
    log("everybody syncs at once");
    const std::uint64_t before = network_.sent();
    for (const auto& device : devices_)
        start_session(*device);
    const auto syncs = [](const auto& device) { return device->session != nullptr; };
    while (std::any_of(devices_.begin(), devices_.end(), syncs)) {
        advance(5);
        if (network_.sent() - before > devices_.size() * kMessagesOfAStorm)
            throw Violation{"I-13 liveness", "a storm of devices does not come to an end"};
    }
    probes_.hit(Probe::storm_in_the_quiet);
}

// Nobody sets it right: what is fixed by it, effective times and deadlines, has to bear that.
void World::step_office_clock() {
    const bool forward = apart_.chance(300);
    const std::int64_t step = forward ? kDayMs : -kHourMs;
    probes_.hit(forward ? Probe::office_clock_forward : Probe::office_clock_back);
    if (apart_.chance(300)) {
        server_.clock().jump_after(1 + static_cast<unsigned>(apart_.below(6)), step);
        probes_.hit(Probe::office_clock_in_work);
    } else {
        server_.clock().jump(step);
    }
    log(std::string("head office's clock is set ") + (forward ? "a day forward" : "an hour back"));
}

// F-49, as far as a few devices reach: on each, many forms of one record were opened before any of
// them was saved.
void World::crowd(DeviceNode& device) {
    const auto deals = ids_of(device.replica(), "deal");
    require(deals, "device reads", "deal");
    if (deals->empty()) return;
    const RecordId deal = (*deals)[apart_.below(deals->size())];
    const char* field = apart_.chance(500) ? "choice" : "title";
    for (const auto& each : devices_) {
        if (sleeps(*each) || !each->replica().record("deal", deal)) continue;
        const auto forms = static_cast<std::size_t>(apart_.between(plan_.crowd_least, 70));
        log(each->name() + ": " + workload_.save_many_forms(*each, deal, field, forms));
    }
}

}  // namespace satchel::simulation
