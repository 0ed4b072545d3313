#include "tests/simulation/trace.hpp"

#include <cstdio>

namespace satchel::simulation {

void Trace::mix(std::string_view bytes) {
    for (const char byte : bytes) {
        hash_ ^= static_cast<unsigned char>(byte);
        hash_ *= 0x100000001B3U;
    }
}

void Trace::add(std::int64_t now_ms, std::string_view line) {
    std::string text = std::to_string(now_ms) + " " + std::string(line);
    mix(text);
    if (verbose_) std::printf("%s\n", text.c_str());
    lines_.push_back(std::move(text));
    if (lines_.size() > kKept) lines_.pop_front();
}

}  // namespace satchel::simulation
