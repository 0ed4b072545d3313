// The pull handler as a whole: whatever answers a device's requests, answer after answer
// (pull_world.hpp says what must hold).
#include "tests/fuzz/pull_world.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static satchel::fuzz::PullWorld world;
    world.try_answers(satchel::fuzz::frames_of({reinterpret_cast<const char*>(data), size}));
    return 0;
}
