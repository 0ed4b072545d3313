#include "storage/held_waits.hpp"

namespace satchel::storage {

void HeldWaits::clear() {
    waits_.clear();
    by_dot_.clear();
    ready_.clear();
}

void HeldWaits::wait(std::int64_t number, const Dot& dot) {
    remove(number);
    waits_.emplace(number, dot);
    by_dot_.emplace(dot, number);
}

void HeldWaits::remove(std::int64_t number) {
    ready_.erase(number);
    const auto at = waits_.find(number);
    if (at == waits_.end()) return;
    by_dot_.erase({at->second, number});
    waits_.erase(at);
}

void HeldWaits::wake(ReplicaId replica, std::uint64_t first, std::uint64_t last) {
    for (auto at = by_dot_.lower_bound({Dot{replica, first}, 0});
         at != by_dot_.end() && at->first <= Dot{replica, last}; ++at)
        ready_.insert(at->second);
}

}  // namespace satchel::storage
