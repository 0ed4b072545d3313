// Chaos: what happens to the processes of a soak, and when: drawn from a seed. (When it meets what
// the devices are doing is up to the machine; the seed gives the same faults, not the same run.)
//
// Threads: that of the fleet. Errors: a fault that could not be brought about, or a process that
// did not come back from one: both end the soak.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "tests/simulation/prng.hpp"
#include "tests/soak/fleet.hpp"

namespace satchel::soak {

using simulation::Prng;
using SteadyTime = std::chrono::steady_clock::time_point;

class Chaos {
  public:
    Chaos(Fleet& fleet, Prng random) : fleet_(fleet), random_(random) {}

    // Ends faults that are over, begins new ones. Often.
    Status tick(SteadyTime now);
    // All that goes on ends now.
    Status end();

  private:
    using Step = std::function<Status()>;
    struct Later {
        SteadyTime at;
        Step what;
    };
    struct Fault {
        unsigned weight;
        const char* name;
        Status (Chaos::*begin)();
    };
    static const std::vector<Fault> kFaults;

    // Faults of a device's process or disk, of its line, of head office.
    Status kill_device();
    Status kill_device_in_sync();
    Status pause_device();
    Status fill_device();
    Status cut_line();
    Status cut_answer();
    Status stall_line();
    Status dribble_line();
    Status half_open_line();
    Status refuse_line();
    Status portal_line();
    Status kill_office();
    Status pause_office();
    Status fill_office();
    Status back_up();
    Status confirm_backup();
    Status restore();

    Status mistreat(LineMode mode, const char* what, int at_most_ms);
    // A device without a fault, or none.
    std::optional<std::size_t> healthy_device();
    void later(int at_least_ms, int at_most_ms, Step what);
    void kill(std::size_t device, int back_within_ms);

    Fleet& fleet_;
    Prng random_;
    SteadyTime next_{};
    std::vector<Later> later_;
    std::vector<bool> device_ill_ = std::vector<bool>(fleet_.units().size());
    std::vector<bool> line_ill_ = std::vector<bool>(fleet_.units().size());
    bool office_ill_ = false;
};

}  // namespace satchel::soak
