// The second phase of a soak: no faults any more, nobody writes; within some rounds of syncs
// everything must be quiet and equal, and everything promised be there.
//
// Threads: that of the fleet. Errors: what could not be done; what must not be is in the judgement.
#pragma once

#include "tests/soak/fleet.hpp"
#include "tests/soak/judge.hpp"

namespace satchel::soak {

struct Ending {
    std::size_t rounds = 0;  // until all was quiet
    std::size_t equal = 0;   // devices that `satchel verify` found equal
    Judgement judgement;
};

// Head office is killed at the end: what it has said yes to is on its disk.
Result<Ending> come_to_rest(Fleet& fleet);

}  // namespace satchel::soak
