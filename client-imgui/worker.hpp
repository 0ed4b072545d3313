// Worker: the thread that owns the Desk. The window posts intents and picks up the newest snapshot;
// neither waits for the other.
//
//     Worker worker({.path = file}, agent_sync(file, {}), [] { glfwPostEmptyEvent(); });
//     worker.post(ShowTable{…});
//     SnapshotPointer snapshot = worker.snapshot();
//
// Threads: post() and snapshot() from any thread; both take a mutex that is held for a pointer's
// move only. `wake` runs on the worker's thread after each new snapshot.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "client-imgui/desk.hpp"
#include "client-imgui/sync_control.hpp"

namespace satchel::window {

class Worker {
  public:
    // `make_sync`: called once the file is open; empty: no syncing.
    Worker(DeskOptions options, SyncFactory make_sync, std::function<void()> wake);
    ~Worker();

    void post(Intents intents);
    SnapshotPointer snapshot() const;

  private:
    struct Mail {
        Intents intents;
        std::optional<client::AgentStatus> sync;
        bool stop = false;
    };

    void loop();
    Mail wait_for_mail();
    bool carry_out(const Mail& mail);  // false: nothing changed
    void log_in(const Intent& intent);
    void start_sync();
    void publish();

    Desk desk_;
    SyncFactory make_sync_;
    std::function<void()> wake_;
    std::unique_ptr<SyncControl> sync_;  // of the worker's thread
    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    Mail mail_;
    SnapshotPointer snapshot_;
    std::thread thread_;
};

}  // namespace satchel::window
