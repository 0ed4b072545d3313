// VectorClock: which dots a record has taken in, as one counter per replica that ever wrote it.
//
// Text: "1f3a:3 2b.2:1", replicas ascending; the empty clock is "". Example:
//
//     "a:3 b:1"_clock.compare("a:2 b:5"_clock) == ClockOrder::concurrent
//
// Stored sorted, usually one to three entries. Cost of every call: O(entries).
// Threads: values. Errors: only of parse, invalid_argument.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sync/ids.hpp"

namespace satchel {

enum class ClockOrder { equal, before, after, concurrent };

class VectorClock {
  public:
    VectorClock() = default;

    static Result<VectorClock> parse(std::string_view text);
    std::string text() const;

    bool empty() const { return entries_.empty(); }
    // Highest counter taken in from `replica`; 0 when none.
    std::uint64_t counter(ReplicaId replica) const;
    bool covers(const Dot& dot) const { return dot.counter <= counter(dot.replica); }
    bool covers(const VectorClock& other) const;
    ClockOrder compare(const VectorClock& other) const;

    // Takes in one dot; a lower counter than the one held changes nothing.
    void advance(const Dot& dot);
    void merge(const VectorClock& other);

    // Ascending by replica; a Dot per entry is its highest.
    const std::vector<Dot>& entries() const { return entries_; }
    bool operator==(const VectorClock&) const = default;

  private:
    std::vector<Dot> entries_;
};

// For tests and the debugger; text that does not parse gives the empty clock.
VectorClock operator""_clock(const char* text, std::size_t size);

}  // namespace satchel
