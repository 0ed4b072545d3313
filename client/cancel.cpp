#include "client/cancel.hpp"

namespace satchel::client {

void CancelToken::cancel() {
    cancelled_.store(true, std::memory_order_release);
    const std::lock_guard lock(mutex_);
    for (const auto& [number, wake] : wakes_)
        wake();
}

CancelToken::Registration CancelToken::on_cancel(std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    if (cancelled()) wake();
    const std::uint64_t number = next_++;
    wakes_.emplace(number, std::move(wake));
    return {*this, number};
}

void CancelToken::remove(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    wakes_.erase(number);
}

}  // namespace satchel::client
