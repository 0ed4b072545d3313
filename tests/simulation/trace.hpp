// Trace: what happened in a run, in order: a hash over everything and the last lines in words.
// Two runs of one seed have the same hash, or chance came in from outside.
//
// Violation: a broken invariant; thrown by the checks and caught by run_seed().
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace satchel::simulation {

struct Violation {
    std::string invariant;  // such as "I-2 no lost write"
    std::string what;       // expected and found
};

class Trace {
  public:
    explicit Trace(bool verbose) : verbose_(verbose) {}

    void add(std::int64_t now_ms, std::string_view line);
    // Bytes that must be the same again, but are not worth a line.
    void mix(std::string_view bytes);
    std::uint64_t hash() const { return hash_; }
    const std::deque<std::string>& last_lines() const { return lines_; }

  private:
    static constexpr std::size_t kKept = 60;

    bool verbose_;
    std::uint64_t hash_ = 0xCBF29CE484222325U;  // FNV-1a
    std::deque<std::string> lines_;
};

}  // namespace satchel::simulation
