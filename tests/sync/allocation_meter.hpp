// Counts what the program allocates with `new` between two points of a test. Linking
// allocation_meter.cpp replaces the global operators.
//
// Threads: tests that measure run on one.
#pragma once

#include <cstddef>

namespace satchel::testing {

class AllocationMeter {
  public:
    AllocationMeter();

    std::size_t allocations() const;  // calls since this meter was made
    std::size_t peak_bytes() const;   // most that was held at once, less what was held before

  private:
    std::size_t calls_before_;
    std::size_t held_before_;
};

}  // namespace satchel::testing
