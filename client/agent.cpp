#include "client/agent.hpp"

#include "client/agent_worker.hpp"

namespace satchel::client {

std::unique_ptr<Agent> Agent::start(AgentOptions options) {
    return std::unique_ptr<Agent>(new Agent(std::make_unique<AgentWorker>(std::move(options))));
}

Agent::Agent(std::unique_ptr<AgentWorker> worker) : worker_(std::move(worker)) {}

Agent::~Agent() {
    stop();
}

void Agent::sync_now() {
    worker_->inbox().sync();
}

void Agent::wrote() {
    worker_->inbox().wrote();
}

void Agent::network_came_back() {
    worker_->inbox().network();
}

void Agent::set_live(bool live) {
    worker_->inbox().live(live);
}

AgentStatus Agent::run_for(std::chrono::milliseconds time) {
    worker_->inbox().run_until(std::chrono::steady_clock::now() + time);
    return status();
}

void Agent::cancel() {
    worker_->inbox().cancel();
}

void Agent::stop() {
    worker_->stop();
}

AgentStatus Agent::status() const {
    return worker_->inbox().status();
}

}  // namespace satchel::client
