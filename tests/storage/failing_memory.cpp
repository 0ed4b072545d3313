#include "tests/storage/failing_memory.hpp"

#include <sqlite3.h>

#include <cstdlib>
#include <optional>

namespace satchel::test {
namespace {

sqlite3_mem_methods real;
std::optional<std::uint64_t> calls_left;
bool has_failed = false;

bool fails_now() {
    if (!calls_left) return false;
    if ((*calls_left)-- > 0) return false;
    calls_left.reset();
    has_failed = true;
    return true;
}

// SQLite3 Multiple Ciphers does not look whether it got the table of ciphers of a connection, and
// opening a file would crash there.
constexpr int kUncheckedBytes = 960;

void* allocate(int bytes) {
    if (bytes == kUncheckedBytes) return real.xMalloc(bytes);
    return fails_now() ? nullptr : real.xMalloc(bytes);
}
void* grow(void* block, int bytes) {
    return fails_now() ? nullptr : real.xRealloc(block, bytes);
}

// Before main, and so before the first use of SQLite.
const bool installed = [] {
    const bool found = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) == SQLITE_OK;
    sqlite3_mem_methods methods = real;
    methods.xMalloc = allocate;
    methods.xRealloc = grow;
    const bool set = sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK &&
                     sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK;
    if (!found || !set) std::abort();
    return true;
}();

}  // namespace

void fail_allocation_after(std::uint64_t calls) {
    calls_left = calls;
    has_failed = false;
}

bool allocations_succeed_again() {
    calls_left.reset();
    return has_failed;
}

}  // namespace satchel::test
