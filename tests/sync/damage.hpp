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

// Calls `visit` with every truncation of `bytes`, and with every byte of it changed in `changes`
// ways (255: in every way).
inline void for_each_damage(const Bytes& bytes, int changes,
                            const std::function<void(ByteView)>& visit) {
    for (std::size_t size = 0; size < bytes.size(); ++size)
        visit(ByteView(bytes).substr(0, size));
    Bytes changed = bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        for (int step = 1; step <= changes; ++step) {
            const int by = changes == 255 ? step : step * 53 % 256;
            changed[i] = static_cast<char>(static_cast<unsigned char>(bytes[i]) ^ by);
            visit(changed);
        }
        changed[i] = bytes[i];
    }
}

// The first damage that is neither refused nor canonical, in words; empty if there is none.
inline std::string find_lenience(const Bytes& bytes, int changes, const Decoder& decode) {
    std::string found;
    for_each_damage(bytes, changes, [&](ByteView damaged) {
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
