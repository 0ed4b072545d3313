// The push handler as a whole: what a hostile device sends, message after message, to a head office
// that other people use (push_world.hpp says what must hold).
#include "tests/fuzz/push_world.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static satchel::fuzz::PushWorld world;
    world.try_messages(satchel::fuzz::frames_of({reinterpret_cast<const char*>(data), size}));
    return 0;
}
