#include "server/login_throttle.hpp"

#include <algorithm>

namespace satchel::server {
namespace {

std::string account_key(const std::string& login) {
    return "account " + login;
}
std::string address_key(const std::string& address) {
    return "address " + address;
}

constexpr unsigned kMaxDoublings = 20;  // the longest wait comes long before

}  // namespace

std::int64_t LoginThrottle::wait_ms(const std::string& login, const std::string& address,
                                    std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    return std::max(wait_of(account_key(login), now_ms), wait_of(address_key(address), now_ms));
}

void LoginThrottle::failed(const std::string& login, const std::string& address,
                           std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    note(account_key(login), options_.account_failures, now_ms);
    note(address_key(address), options_.address_failures, now_ms);
}

void LoginThrottle::succeeded(const std::string& login) {
    const std::lock_guard lock(mutex_);
    failures_.erase(account_key(login));
}

std::int64_t LoginThrottle::wait_of(const std::string& key, std::int64_t now_ms) const {
    const auto found = failures_.find(key);
    if (found == failures_.end()) return 0;
    const std::int64_t left = found->second.blocked_until_ms - now_ms;
    return std::clamp<std::int64_t>(left, 0, options_.longest_wait_ms);  // the clock may step back
}

void LoginThrottle::note(const std::string& key, unsigned free_failures, std::int64_t now_ms) {
    make_room();
    Failures& failures = failures_[key];
    if (now_ms - failures.last_ms > options_.forget_ms) failures = {};
    ++failures.count;
    failures.last_ms = now_ms;
    if (failures.count < free_failures) return;
    const unsigned doublings = std::min(failures.count - free_failures, kMaxDoublings);
    const std::int64_t wait = options_.first_wait_ms << doublings;
    failures.blocked_until_ms = now_ms + std::min(wait, options_.longest_wait_ms);
}

void LoginThrottle::make_room() {
    if (failures_.size() < kMaxTracked) return;
    const auto oldest = std::min_element(
        failures_.begin(), failures_.end(),
        [](const auto& a, const auto& b) { return a.second.last_ms < b.second.last_ms; });
    failures_.erase(oldest);
}

}  // namespace satchel::server
