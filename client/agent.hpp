// Agent: syncs a replica in the background, on a thread and a connection of its own.
//
//     auto agent = Agent::start({.path = "sales.satchel", .live = true, .listener = show});
//     …
//     agent->wrote();                    // after a commit of ours: goes out after a moment
//     agent->run_for(25s);               // a phone's background slot: one bounded sync
//     agent->stop();
//
// It syncs when asked, after writes (also those of other processes), at regular times, when the
// network comes back, and, when `live`, by waiting requests that bring changes at once. SyncPolicy
// decides when; between two tries it sleeps. Whatever fails (no network, server gone, disk full,
// file locked) is told in its status and tried again as the policy says.
//
// Threads: all methods from any thread. The listener runs on the agent's thread, must not block,
// and must not call run_for() or stop(); after stop() has returned it runs no more. Errors: only in
// the status.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "client/agent_status.hpp"
#include "client/curl_transport.hpp"
#include "client/sync_policy.hpp"

namespace satchel::client {

struct AgentOptions {
    std::string path{};
    storage::ReplicaOptions replica{};
    PolicyOptions policy{};
    bool automatic = true;  // false: only when asked (a phone whose system decides)
    bool live = false;      // sync while open
    std::chrono::milliseconds wait{50'000};  // how long a waiting request waits
    std::chrono::milliseconds poll{2'000};   // how often to look for writes of other processes
    std::function<void(const AgentStatus&)> listener{};
    // How to reach the server; empty: CurlTransport.
    std::function<Result<std::unique_ptr<Transport>>(const CurlOptions&)> make_transport{};
};

class AgentWorker;

class Agent {
  public:
    static std::unique_ptr<Agent> start(AgentOptions options);
    ~Agent();

    void sync_now();
    void wrote();
    void network_came_back();
    void set_live(bool live);
    // Syncs now, and is back when that has ended, at the latest some 100 ms and one transaction
    // after `time`. What has come until then is kept.
    AgentStatus run_for(std::chrono::milliseconds time);
    // Stops the running sync, if any, within 100 ms and the transaction under way; the next regular
    // one comes as planned.
    void cancel();
    // Stops and ends the thread. May be called again.
    void stop();

    AgentStatus status() const;

  private:
    explicit Agent(std::unique_ptr<AgentWorker> worker);
    std::unique_ptr<AgentWorker> worker_;
};

}  // namespace satchel::client
