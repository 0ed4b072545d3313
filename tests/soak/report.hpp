// What a soak tells: while it runs, one line now and then; at the end, what everybody went through
// and what came out.
#pragma once

#include <chrono>
#include <string>

#include "tests/soak/ending.hpp"

namespace satchel::soak {

struct SoakFacts {
    std::uint64_t seed = 1;
    std::chrono::seconds asked{0};
    std::chrono::seconds faults{0};  // how long they lasted
    std::chrono::seconds ending{0};
    DiskWay disks = DiskWay::write_limit;
};

std::string progress_line(const Fleet& fleet, std::chrono::seconds passed,
                          std::chrono::seconds asked);
// `ending`: none when the soak was broken off, by `broken_off`.
std::string report(Fleet& fleet, const SoakFacts& facts, const Ending* ending,
                   const std::string& broken_off);

}  // namespace satchel::soak
