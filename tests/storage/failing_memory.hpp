// SQLite's memory in this program, of which the n-th allocation can fail. Linking
// failing_memory.cpp puts it under SQLite before anything uses that; the small blocks that SQLite
// would keep for itself are switched off, so that every allocation counts.
//
// Threads: tests that use it run on one.
#pragma once

#include <cstdint>

namespace satchel::test {

// The calls+1-th allocation from now fails, once.
void fail_allocation_after(std::uint64_t calls);
// No allocation fails any more. True: one has since fail_allocation_after().
bool allocations_succeed_again();

}  // namespace satchel::test
