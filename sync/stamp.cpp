#include "sync/stamp.hpp"

#include <algorithm>
#include <charconv>

#include "sync/limits.hpp"
#include "sync/mutants.hpp"

namespace satchel {
namespace {
// What a clock may read at most, in the year 6429: above it there is room to count on.
constexpr std::int64_t kMaxReadingMs = 1LL << 47;
}  // namespace

Stamp Stamp::at(std::int64_t ms, std::uint16_t count) {
    const auto bounded = static_cast<std::uint64_t>(std::clamp<std::int64_t>(ms, 0, kMaxTimeMs));
    return Stamp{bounded << 16 | count};
}

Result<Stamp> Stamp::parse(std::string_view text) {
    std::int64_t ms = 0;
    std::uint16_t count = 0;
    const char* end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, ms);
    const bool point = first.ec == std::errc{} && first.ptr != end && *first.ptr == '.';
    const auto second = point ? std::from_chars(first.ptr + 1, end, count) : first;
    if (!point || second.ec != std::errc{} || second.ptr != end || ms < 0 || ms > kMaxTimeMs)
        return Error{ErrorCode::invalid_argument, "not a stamp such as 1732233600000.3"};
    return at(ms, count);
}

std::string Stamp::text() const {
    return std::to_string(ms()) + '.' + std::to_string(count());
}

Stamp HybridClock::next(std::int64_t now_ms) {
    const Stamp now = Stamp::at(std::min(now_ms, kMaxReadingMs));
    last_ = now > last_ || broken(Mutant::stamp_repeats)
                ? now
                : Stamp{last_.packed + 1};  // the carry is the addition's own
    return last_;
}

void HybridClock::see(Stamp stamp, std::int64_t now_ms) {
    if (stamp.ms() <= std::min(now_ms, kMaxReadingMs) + kSkewMs) last_ = std::max(last_, stamp);
}

Stamp effective_stamp(Stamp stamp, std::int64_t receipt, std::int64_t device_now,
                      std::int64_t committed_at) {
    if (receipt < 0) return Stamp::at(0);
    if (broken(Mutant::stamp_unbounded)) return stamp;
    std::int64_t age = 0;
    if (device_now >
        committed_at) {  // two readings of a stranger's clock: their difference may wrap
        const auto difference =
            static_cast<std::uint64_t>(device_now) - static_cast<std::uint64_t>(committed_at);
        age = static_cast<std::int64_t>(std::min(difference, static_cast<std::uint64_t>(receipt)));
    }
    return std::min(stamp, Stamp::at(std::min(receipt - age, kMaxReadingMs) + kSkewMs));
}

// A clock that was put back in between says only when the answer came.
std::int64_t clock_correction(std::int64_t server_now, const RoundTrip& trip) {
    const std::int64_t least = server_now - trip.answered;
    const std::int64_t most = server_now - std::min(trip.asked, trip.answered);
    return std::clamp(std::int64_t{0}, least, most);
}

}  // namespace satchel
