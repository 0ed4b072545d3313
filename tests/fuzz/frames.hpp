// What a fuzz target for a handler is fed: several messages, one after the other, as a hostile peer
// would send them. Each begins with a byte of flags and its length (two bytes, low one first); the
// last takes what is left.
#pragma once

#include <vector>

#include "sync/ids.hpp"

namespace satchel::fuzz {

// Bits of a frame's flags.
constexpr unsigned kFits = 1;  // what only the right peer knows is put in: names, tags, chains

constexpr std::size_t kMaxFrames = 8;

struct Frame {
    unsigned flags = 0;
    Bytes message;
};

inline std::vector<Frame> frames_of(ByteView input) {
    std::vector<Frame> frames;
    while (input.size() > 3 && frames.size() < kMaxFrames) {
        const auto byte = [&input](std::size_t at) {
            return static_cast<unsigned char>(input[at]);
        };
        const std::size_t length = byte(1) + 256U * byte(2);
        frames.push_back({byte(0), Bytes(input.substr(3, length))});
        input.remove_prefix(std::min(input.size(), 3 + length));
    }
    return frames;
}

inline Bytes input_of(const std::vector<Frame>& frames) {
    Bytes input;
    for (const Frame& frame : frames) {
        input += static_cast<char>(frame.flags);
        input += static_cast<char>(frame.message.size() % 256);
        input += static_cast<char>(frame.message.size() / 256);
        input += frame.message;
    }
    return input;
}

}  // namespace satchel::fuzz
