// AgentInbox: what other threads want of an agent's thread, and what it tells them. The only place
// where the two meet.
//
// Threads: every method from any thread, except those said to be the agent's.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "client/agent_status.hpp"
#include "client/cancel.hpp"

namespace satchel::client {

// Why a running sync was cancelled.
enum class CancelCause : std::uint8_t { none, interrupt, person, stop };

class AgentInbox {
  public:
    // What has been asked for since the last take().
    struct Wishes {
        bool sync = false;
        bool wrote = false;
        bool network = false;
        std::optional<bool> live{};
        bool stop = false;
        std::optional<SteadyTime> slot{};  // a bounded run, until then

        bool any() const { return sync || wrote || network || live || stop || slot; }
    };

    void sync();
    void wrote();
    void network();
    void live(bool live);
    void stop();
    void cancel();
    // Waits until a bounded run asked for now has ended.
    void run_until(SteadyTime deadline);

    AgentStatus status() const;

    // The agent's thread only.
    Wishes take();
    // Sleeps until something is wished or the time has come.
    void sleep_until(SteadyTime time);
    void begin_sync();
    // Gives why it was cancelled, if it was.
    CancelCause end_sync();
    // While a waiting request is out, a wish to sync ends it at once.
    void set_waiting(bool waiting);
    void interrupt();
    void run_ended();  // the bounded runs taken before begin_sync() have ended
    void publish(const AgentStatus& status);
    CancelToken& token() { return token_; }

  private:
    void cancel_locked(CancelCause cause);

    mutable std::mutex mutex_;
    std::condition_variable wished_;
    std::condition_variable ended_;
    Wishes wishes_;
    CancelToken token_;
    CancelCause cause_ = CancelCause::none;
    bool syncing_ = false;
    bool waiting_ = false;
    bool stopped_ = false;
    std::uint64_t runs_asked_ = 0;
    std::uint64_t runs_taken_ = 0;
    std::uint64_t runs_begun_ = 0;
    std::uint64_t runs_ended_ = 0;
    AgentStatus status_;
};

}  // namespace satchel::client
