// LoginThrottle: makes guessing passwords slow. After some failures an account, and an address,
// has to wait; each further failure doubles the wait. A success clears the account, not the
// address; a quiet hour clears both. What is logged in already is not touched by it.
//
//     if (const std::int64_t wait_ms = throttle.wait_ms(login, address, now)) refuse(wait_ms);
//     …
//     right ? throttle.succeeded(login) : throttle.failed(login, address, now);
//
// Memory is bounded: beyond kMaxTracked names the one that failed longest ago is forgotten.
// Threads: any. Errors: none.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace satchel::server {

struct ThrottleOptions {
    unsigned account_failures = 5;   // free ones; somebody with a new keyboard needs some
    unsigned address_failures = 20;  // an office has one address
    std::int64_t first_wait_ms = 30'000;
    std::int64_t longest_wait_ms = 15 * 60'000;
    std::int64_t forget_ms = 3'600'000;
};

class LoginThrottle {
  public:
    static constexpr std::size_t kMaxTracked = 10'000;

    explicit LoginThrottle(ThrottleOptions options = {}) : options_(options) {}

    // 0: go ahead.
    std::int64_t wait_ms(const std::string& login, const std::string& address, std::int64_t now_ms);
    void failed(const std::string& login, const std::string& address, std::int64_t now_ms);
    void succeeded(const std::string& login);

  private:
    struct Failures {
        unsigned count = 0;
        std::int64_t last_ms = 0;
        std::int64_t blocked_until_ms = 0;
    };

    void note(const std::string& key, unsigned free_failures, std::int64_t now_ms);
    std::int64_t wait_of(const std::string& key, std::int64_t now_ms) const;
    void make_room();

    const ThrottleOptions options_;
    mutable std::mutex mutex_;
    std::map<std::string, Failures> failures_;
};

}  // namespace satchel::server
