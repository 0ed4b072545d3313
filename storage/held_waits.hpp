// HeldWaits: which held changeset of the log waits for which dot, in memory, so that only those
// are looked at again for which something has happened.
//
// Cost: O(log n), and O(those that wake). Threads: the owner's. Errors: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "sync/ids.hpp"

namespace satchel::storage {

class HeldWaits {
  public:
    void clear();
    std::size_t count() const { return waits_.size(); }

    // The held changeset with that number in the log waits for the dot, until it is woken.
    void wait(std::int64_t number, const Dot& dot);
    void remove(std::int64_t number);  // it is decided
    void wake(std::int64_t number) { ready_.insert(number); }
    // Whoever waits for one of these dots.
    void wake(ReplicaId replica, std::uint64_t first, std::uint64_t last);

    bool is_ready(std::int64_t number) const { return ready_.contains(number); }
    // Numbers, ascending.
    const std::set<std::int64_t>& ready() const { return ready_; }

  private:
    std::map<std::int64_t, Dot> waits_;  // of all that are held
    std::set<std::pair<Dot, std::int64_t>> by_dot_;
    std::set<std::int64_t> ready_;
};

}  // namespace satchel::storage
