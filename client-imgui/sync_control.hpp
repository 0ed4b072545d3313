// SyncControl: how the window asks for syncs; an agent does them, in tests something simpler.
//
// Threads: as each says. The listener given to the factory runs on any thread, never after the
// SyncControl is destroyed.
#pragma once

#include <functional>
#include <memory>

#include "client/agent.hpp"

namespace satchel::window {

class SyncControl {
  public:
    virtual ~SyncControl() = default;
    virtual void sync_now() = 0;
    virtual void stop() = 0;   // the running sync; later ones come as planned
    virtual void wrote() = 0;  // something was written here
};

using SyncListener = std::function<void(const client::AgentStatus&)>;
using SyncFactory = std::function<std::unique_ptr<SyncControl>(SyncListener)>;

// An agent on the same file, live while the window is open.
SyncFactory agent_sync(std::string path, storage::ReplicaOptions replica);

}  // namespace satchel::window
