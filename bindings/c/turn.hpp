// Turn: who may use a replica now. Calls on it take turns; a satchel_write keeps its turn from
// begin to commit or rollback.
//
//     const TurnGuard guard(turn);   // this call's
//     const TurnPause pause(turn);   // within it: others go on while this one waits for something
//
// Threads: all of it from any thread; unlike a mutex one thread may take what another gives back.
#pragma once

#include <condition_variable>
#include <mutex>

#include "client/cancel.hpp"

namespace satchel::c_api {

class Turn {
  public:
    void take() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !taken_; });
        taken_ = true;
    }
    // False: it is not free, and `cancel` was cancelled.
    bool take_unless(client::CancelToken& cancel) {
        const auto registration = cancel.on_cancel([this] { wake(); });
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !taken_ || cancel.cancelled(); });
        if (taken_) return false;
        taken_ = true;
        return true;
    }
    void give_back() {
        {
            const std::lock_guard lock(mutex_);
            taken_ = false;
        }
        changed_.notify_all();
    }

  private:
    void wake() {
        { const std::lock_guard lock(mutex_); }  // nobody is between looking and sleeping
        changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    bool taken_ = false;
};

// Holds the turn for one call.
class TurnGuard {
  public:
    explicit TurnGuard(Turn& turn) : turn_(&turn) { turn.take(); }
    TurnGuard(Turn& turn, std::adopt_lock_t) : turn_(&turn) {}  // it has been taken
    ~TurnGuard() {
        if (turn_ != nullptr) turn_->give_back();
    }
    // The call ends and the turn does not: what the call made gives it back.
    void keep() { turn_ = nullptr; }
    TurnGuard(const TurnGuard&) = delete;
    TurnGuard& operator=(const TurnGuard&) = delete;

  private:
    Turn* turn_;
};

// Leaves the turn to others for a while.
class TurnPause {
  public:
    explicit TurnPause(Turn& turn) : turn_(turn) { turn_.give_back(); }
    ~TurnPause() { turn_.take(); }
    TurnPause(const TurnPause&) = delete;
    TurnPause& operator=(const TurnPause&) = delete;

  private:
    Turn& turn_;
};

}  // namespace satchel::c_api
