#include "tests/sync/allocation_meter.hpp"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {

std::size_t calls = 0;
std::size_t held = 0;
std::size_t peak = 0;

void* allocate(std::size_t size) {
    void* block = std::malloc(std::max<std::size_t>(size, 1));
    if (block == nullptr) std::abort();
    ++calls;
    held += malloc_usable_size(block);
    peak = std::max(peak, held);
    return block;
}

void release(void* block) {
    if (block == nullptr) return;
    held -= malloc_usable_size(block);
    std::free(block);
}

}  // namespace

void* operator new(std::size_t size) {
    return allocate(size);
}
void* operator new[](std::size_t size) {
    return allocate(size);
}
void operator delete(void* block) noexcept {
    release(block);
}
void operator delete[](void* block) noexcept {
    release(block);
}
void operator delete(void* block, std::size_t) noexcept {
    release(block);
}
void operator delete[](void* block, std::size_t) noexcept {
    release(block);
}

namespace satchel::testing {

AllocationMeter::AllocationMeter() : calls_before_(calls), held_before_(held) {
    peak = held;
}

std::size_t AllocationMeter::allocations() const {
    return calls - calls_before_;
}

std::size_t AllocationMeter::peak_bytes() const {
    return peak - std::min(peak, held_before_);
}

}  // namespace satchel::testing
