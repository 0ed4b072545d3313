// What a decoder must do with damaged bytes: refuse them with a code that says so, or have read
// something whose encoding they are.
#pragma once

#include <functional>

#include "sync/ids.hpp"

namespace satchel::testing {

// What became of a decoder's input; `again` encodes what was read.
struct Reading {
    ErrorCode code = ErrorCode::ok;
    Bytes again;
};
using Decoder = std::function<Reading(ByteView)>;

inline bool says_damaged(ErrorCode code) {
    return code == ErrorCode::corrupt || code == ErrorCode::limit ||
           code == ErrorCode::newer_format;
}

// How thoroughly: every position, or every `stride`th from `first` on; each byte changed in so many
// ways (255: in every way).
struct Thoroughness {
    int changes = 255;
    std::size_t first = 0;
    std::size_t stride = 1;
};

// Some 150 positions of an input, so that a property over many inputs stays quick.
inline Thoroughness sample(const Bytes& bytes, std::uint64_t any, int changes) {
    const std::size_t stride = 1 + bytes.size() / 150;
    return {changes, any % stride, stride};
}

// Calls `visit` with `bytes` cut off at each position, and with the byte there changed.
inline void for_each_damage(const Bytes& bytes, const Thoroughness& how,
                            const std::function<void(ByteView)>& visit) {
    Bytes changed = bytes;
    for (std::size_t i = how.first; i < bytes.size(); i += how.stride) {
        visit(ByteView(bytes).substr(0, i));
        for (int step = 1; step <= how.changes; ++step) {
            const int by = how.changes == 255 ? step : step * 53 % 256;
            changed[i] = static_cast<char>(static_cast<unsigned char>(bytes[i]) ^ by);
            visit(changed);
        }
        changed[i] = bytes[i];
    }
}

// The first damage that is neither refused nor canonical, in words; empty if there is none.
inline std::string find_lenience(const Bytes& bytes, const Thoroughness& how,
                                 const Decoder& decode) {
    std::string found;
    for_each_damage(bytes, how, [&](ByteView damaged) {
        const Reading reading = decode(damaged);
        const bool fine =
            reading.code == ErrorCode::ok ? reading.again == damaged : says_damaged(reading.code);
        if (fine || !found.empty()) return;
        std::size_t at = 0;
        while (at < damaged.size() && damaged[at] == bytes[at])
            ++at;
        found = "at byte " + std::to_string(at) + " of " + std::to_string(bytes.size()) + ": " +
                std::string(name(reading.code));
    });
    return found;
}

}  // namespace satchel::testing
