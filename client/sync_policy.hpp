// SyncPolicy: when to sync next. Pure decisions: time is an argument, chance a Random; the agent's
// thread and the simulator both drive it.
//
//     policy.failed(now, ErrorCode::offline, 0);
//     Plan plan = policy.plan();          // plan.at: when, plan.why: what for
//     …                                   // at that time:
//     policy.began(now);  sync;  policy.succeeded(now, {...});
//
// Rules: after a failure a random wait of up to base * 2^n, at most `cap` (full jitter: a fleet
// that lost its server does not come back in one moment); what the server asks for is honoured; no
// two tries closer than `floor`; writes are collected for a moment; what only a person can put
// right is tried slowly or not at all. What each error leads to is the table in sync_policy.cpp.
//
// Threads: one at a time. Errors: none. All times in milliseconds on one clock that never steps
// back; it need not be the wall clock.
#pragma once

#include <cstdint>
#include <optional>

#include "sync/ids.hpp"
#include "sync/result.hpp"

namespace satchel::client {

struct PolicyOptions {
    std::int64_t floor_ms = 250;             // between two tries, whatever happens
    std::int64_t base_ms = 1'000;            // bound of the first wait after a failure; doubles
    std::int64_t cap_ms = 300'000;           // ... up to this
    std::int64_t slow_ms = 3'600'000;        // where a person has to act first
    std::int64_t periodic_ms = 900'000;      // while everything is well; 0: never by itself
    std::int64_t write_debounce_ms = 1'000;  // a write goes after so much quiet
    std::int64_t write_limit_ms = 5'000;     // ... or so long after the first
    std::int64_t network_debounce_ms = 500;  // a network that just came is not stable yet
    std::int64_t network_spread_ms = 2'000;  // many devices share it
    std::int64_t network_floor_ms = 5'000;   // between a failure and a try that it causes
};

enum class Trigger : std::uint8_t {
    nothing,      // nothing is planned
    asked,        // a person or the host asked
    write,        // something was written here
    network,      // the network came back
    periodic,     // the regular time
    back_off,     // another try after a failure
    server_hint,  // the server said when
    live,         // the next waiting request
    login,        // somebody has to log in
    person,       // slow tries: somebody has to put something right
};

struct Plan {
    std::optional<std::int64_t> at;  // nothing: only when asked
    Trigger why = Trigger::nothing;
};

struct Success {
    std::int64_t back_off_ms = 0;  // the server asks not to come back sooner
    std::int64_t elapsed_ms = 0;
    bool news = false;  // it brought or sent something
};

// How a failure is treated.
enum class Reaction : std::uint8_t { retry, slowly, login };
Reaction reaction(ErrorCode code);

class SyncPolicy {
  public:
    SyncPolicy(PolicyOptions options, Random& random) : options_(options), random_(random) {}

    // What happens.
    void asked(std::int64_t now);
    void wrote(std::int64_t now);
    void network_came_back(std::int64_t now);
    // Sync while open: one waiting request after the other.
    void set_live(bool live, std::int64_t now);

    // What became of a try. Exactly one of the last four follows each began().
    void began(std::int64_t now);
    // All that went before a waiting request has succeeded; it waits from now on.
    void waits(std::int64_t now);
    void succeeded(std::int64_t now, const Success& success);
    void failed(std::int64_t now, ErrorCode code, std::int64_t retry_after_ms);
    void cancelled(std::int64_t now);
    // The waiting request was given up because wants_to_interrupt() said so.
    void interrupted(std::int64_t now);

    // The next try, which may lie in the past: then it is due.
    Plan plan() const;
    // Something has come up that a running waiting request holds up.
    bool wants_to_interrupt(std::int64_t now) const;
    bool live() const { return live_; }
    int failures() const { return failures_; }

  private:
    std::int64_t up_to(std::int64_t bound);
    std::int64_t back_off_bound(int failures) const;
    void schedule(std::int64_t at, Trigger why);
    void go_on(std::int64_t now);

    PolicyOptions options_;
    Random& random_;
    bool live_ = false;
    int failures_ = 0;       // in a row
    int empty_returns_ = 0;  // waiting requests in a row that did not wait
    Reaction state_ = Reaction::retry;
    std::optional<std::int64_t> began_;
    std::optional<std::int64_t> waits_;
    std::int64_t earliest_ = INT64_MIN;    // nothing goes before
    std::int64_t hold_until_ = INT64_MIN;  // nothing but a person goes before
    std::int64_t network_earliest_ = INT64_MIN;
    Plan scheduled_;
    std::optional<std::int64_t> asked_;
    std::optional<std::int64_t> write_;
    std::int64_t first_write_ = 0;
    std::optional<std::int64_t> network_;
    std::int64_t first_network_ = 0;
};

}  // namespace satchel::client
