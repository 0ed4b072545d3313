#include "client-imgui/sync_control.hpp"

namespace satchel::window {
namespace {

class AgentSync final : public SyncControl {
  public:
    explicit AgentSync(client::AgentOptions options)
        : agent_(client::Agent::start(std::move(options))) {}
    ~AgentSync() override { agent_->stop(); }

    void sync_now() override { agent_->sync_now(); }
    void stop() override { agent_->cancel(); }
    void wrote() override { agent_->wrote(); }

  private:
    std::unique_ptr<client::Agent> agent_;
};

}  // namespace

SyncFactory agent_sync(std::string path, storage::ReplicaOptions replica) {
    return [path = std::move(path), replica = std::move(replica)](SyncListener listener) {
        client::AgentOptions options;
        options.path = path;
        options.replica = replica;
        options.live = true;
        options.listener = std::move(listener);
        return std::make_unique<AgentSync>(std::move(options));
    };
}

}  // namespace satchel::window
