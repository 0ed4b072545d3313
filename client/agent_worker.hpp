// AgentWorker: the thread inside an Agent (client/agent.hpp). It owns replica, transport and
// policy; other threads reach it through its inbox only.
//
// Threads: inbox() and stop() from any thread, all the rest on its own.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "client/agent.hpp"
#include "client/agent_inbox.hpp"
#include "storage/services.hpp"

namespace satchel::client {

class AgentWorker {
  public:
    explicit AgentWorker(AgentOptions options);
    ~AgentWorker();

    AgentInbox& inbox() { return inbox_; }
    void stop();

  private:
    using Wishes = AgentInbox::Wishes;

    void loop();
    // False: the agent is to end.
    bool follow(const Wishes& wishes);
    bool is_due() const;
    SteadyTime next_wake() const;

    void sync();
    SyncOutcome try_sync();
    Status open();
    Status prepare_transport();
    void on_progress(const SyncProgress& progress);
    // A waiting request is out: what went before it has succeeded.
    void in_step(const SyncProgress& progress);
    void conclude(const SyncOutcome& outcome, CancelCause cause, std::int64_t elapsed_ms);
    void cancelled(CancelCause cause);

    // Finds writes of other connections and a log-in that was waited for.
    void look();
    void refresh();
    void read_replica();
    void plan_into_status();
    void publish();

    std::int64_t now() const;       // milliseconds of the clock that never steps back
    std::int64_t wall_now() const;  // milliseconds since 1970

    AgentOptions options_;
    AgentInbox inbox_;
    storage::SystemRandom random_;
    SyncPolicy policy_;
    std::unique_ptr<storage::Replica> replica_;
    std::unique_ptr<Transport> transport_;
    CurlOptions connection_;
    AgentStatus status_;
    std::optional<SteadyTime> slot_;    // a bounded run until then
    std::optional<Dot> written_;        // our last dot, as last seen
    std::optional<SyncProgress> told_;  // what the running sync was counted with, when it waited
    std::optional<Error> own_error_;    // of the last try, when the replica could not keep it
    std::int64_t own_error_at_ = 0;
    std::int64_t looked_at_ = 0;
    std::int64_t published_at_ = 0;
    std::mutex stopping_;
    std::thread thread_;
};

}  // namespace satchel::client
