// The messages that fuzzing the handlers starts from are real ones, and this test can write them
// anew: SATCHEL_WRITE_SEEDS=1 build/dev/tests/fuzz/fuzz_seeds_tests
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "storage/services.hpp"
#include "tests/fuzz/pull_world.hpp"
#include "tests/fuzz/push_world.hpp"

namespace satchel::fuzz {
namespace {

const Services& services() {
    static const Services real{&storage::blake2b, &storage::compress, &storage::inflate};
    return real;
}

std::filesystem::path corpus(const std::string& target) {
    return std::filesystem::path(SATCHEL_SOURCE_DIR) / "tests/fuzz/corpus" / target;
}

// Every message of every seed is read by `reads` and, kept, is what it was.
template <typename World, typename Reads>
void expect_seeds(const std::string& target, World& world, Reads reads) {
    for (const auto& [name, input] : world.seeds()) {
        for (const Frame& frame : frames_of(input))
            EXPECT_TRUE((frame.flags & kFits) == 0 || reads(frame.message)) << name;
        EXPECT_EQ(input_of(frames_of(input)), input) << name;
        const auto file = corpus(target) / name;
        if (std::getenv("SATCHEL_WRITE_SEEDS") != nullptr) {
            std::filesystem::create_directories(corpus(target));
            std::ofstream(file, std::ios::binary) << input;
        }
        std::ifstream in(file, std::ios::binary);
        const Bytes found{std::istreambuf_iterator<char>(in), {}};
        EXPECT_EQ(found, input) << "the format changed: " << file;
    }
}

TEST(HandlerSeeds, OfThePushHandlerAreRequests) {
    PushWorld world;
    expect_seeds("push_handler", world, [](const Bytes& message) {
        return static_cast<bool>(decode_request(message, services()));
    });
}

TEST(HandlerSeeds, OfThePullHandlerAreReplies) {
    PullWorld world;
    expect_seeds("pull_handler", world, [](const Bytes& message) {
        return static_cast<bool>(decode_reply(message, services()));
    });
}

}  // namespace
}  // namespace satchel::fuzz
