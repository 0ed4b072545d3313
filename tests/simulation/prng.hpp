// Prng: the only chance in a simulated world: xoshiro256** (Blackman, Vigna), seeded by splitmix64.
//
//     Prng random(seed);
//     if (random.chance(50)) ...          // 50 of 1,000
//     Prng of_a_node = random.split();    // a stream of its own
//
// Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sync/ids.hpp"

namespace satchel::simulation {

class Prng final : public Random {
  public:
    explicit Prng(std::uint64_t seed);

    std::uint64_t next() override;
    std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
    std::int64_t between(std::int64_t low, std::int64_t high);  // both ends included
    bool chance(unsigned per_mille) { return below(1000) < per_mille; }
    Prng split() { return Prng(next()); }
    // The stream number `stream` of a seed; it has nothing to do with the others.
    static Prng of(std::uint64_t seed, std::uint64_t stream);

    template <typename T>
    const T& pick(const std::vector<T>& from) {
        return from[below(from.size())];
    }

  private:
    std::array<std::uint64_t, 4> state_{};
};

}  // namespace satchel::simulation
