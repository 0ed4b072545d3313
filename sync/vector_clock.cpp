#include "sync/vector_clock.hpp"

#include <algorithm>

#include "sync/limits.hpp"

namespace satchel {
namespace {

auto find(const std::vector<Dot>& entries, ReplicaId replica) {
    return std::lower_bound(entries.begin(), entries.end(), replica,
                            [](const Dot& dot, ReplicaId id) { return dot.replica < id; });
}

}  // namespace

Result<VectorClock> VectorClock::parse(std::string_view text) {
    VectorClock clock;
    while (!text.empty()) {
        const auto space = std::min(text.find(' '), text.size());
        if (space > 0) {
            SATCHEL_ASSIGN(const Dot dot, Dot::parse(text.substr(0, space)));
            clock.advance(dot);
            if (clock.entries_.size() > kMaxClockEntries)
                return Error{ErrorCode::limit, "a clock has at most 1024 entries"};
        }
        text.remove_prefix(std::min(space + 1, text.size()));
    }
    return clock;
}

std::string VectorClock::text() const {
    std::string text;
    for (const Dot& dot : entries_)
        text += (text.empty() ? "" : " ") + dot.text();
    return text;
}

std::uint64_t VectorClock::counter(ReplicaId replica) const {
    const auto at = find(entries_, replica);
    return at != entries_.end() && at->replica == replica ? at->counter : 0;
}

bool VectorClock::covers(const VectorClock& other) const {
    return std::all_of(other.entries_.begin(), other.entries_.end(),
                       [this](const Dot& dot) { return covers(dot); });
}

ClockOrder VectorClock::compare(const VectorClock& other) const {
    const bool above = covers(other);
    const bool below = other.covers(*this);
    if (above && below) return ClockOrder::equal;
    if (above) return ClockOrder::after;
    return below ? ClockOrder::before : ClockOrder::concurrent;
}

void VectorClock::advance(const Dot& dot) {
    if (dot.counter == 0) return;
    const auto found = find(entries_, dot.replica);
    const auto at = entries_.begin() + (found - entries_.cbegin());
    if (at != entries_.end() && at->replica == dot.replica)
        at->counter = std::max(at->counter, dot.counter);
    else
        entries_.insert(at, dot);
}

void VectorClock::merge(const VectorClock& other) {
    for (const Dot& dot : other.entries_)
        advance(dot);
}

VectorClock operator""_clock(const char* text, std::size_t size) {
    auto clock = VectorClock::parse({text, size});
    return clock ? *clock : VectorClock{};
}

}  // namespace satchel
