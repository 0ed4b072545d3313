// Stamp: a hybrid logical clock reading (Kulkarni et al., 2014): 48 bits of milliseconds and 16 of
// a counter. Ties are broken by the dot of the write that carries it.
//
// Text: "1732233600000.3" (milliseconds, counter). Stored as one integer, ms << 16 | count.
//
// Threads: values; a HybridClock has one owner. Errors: only of parse, invalid_argument.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "sync/result.hpp"

namespace satchel {

struct Stamp {
    std::uint64_t packed = 0;  // milliseconds << 16 | count: ordered as one integer

    static Stamp at(std::int64_t ms, std::uint16_t count = 0);
    static Result<Stamp> parse(std::string_view text);
    std::int64_t ms() const { return static_cast<std::int64_t>(packed >> 16); }
    std::uint16_t count() const { return static_cast<std::uint16_t>(packed & 0xFFFF); }
    std::string text() const;
    auto operator<=>(const Stamp&) const = default;
};

// Gives strictly ascending stamps for any script of clock readings: a clock that stands still or
// steps back only moves the counter, which carries into the milliseconds when it is full.
class HybridClock {
  public:
    explicit HybridClock(Stamp last = {}) : last_(last) {}

    Stamp next(std::int64_t now_ms);
    // Takes in a stamp seen from elsewhere, unless it is more than kSkewMs ahead of `now_ms`.
    void see(Stamp stamp, std::int64_t now_ms);
    Stamp last() const { return last_; }

  private:
    Stamp last_;
};

// The time that counts for a write, fixed once by the server when it accepts: never later than the
// moment of receipt less the age that the device measured with its own clock, plus kSkewMs.
// All arguments are milliseconds; `device_now` and `committed_at` are readings of the device clock.
Stamp effective_stamp(Stamp stamp, std::int64_t receipt, std::int64_t device_now,
                      std::int64_t committed_at);

// When a request left and when its answer came: milliseconds, by the device's own clock.
struct RoundTrip {
    std::int64_t asked = 0;
    std::int64_t answered = 0;
};

// What to add to the device's clock for the time at head office, whose clock showed `server_now`
// between the two: the smallest correction that fits. So a clock that may be right is left alone,
// and neither a slow line nor the days of a bundle are taken for an error of it. Milliseconds.
std::int64_t clock_correction(std::int64_t server_now, const RoundTrip& trip);

}  // namespace satchel
