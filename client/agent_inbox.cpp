#include "client/agent_inbox.hpp"

#include <algorithm>
#include <utility>

namespace satchel::client {

void AgentInbox::sync() {
    const std::lock_guard lock(mutex_);
    wishes_.sync = true;
    if (waiting_) cancel_locked(CancelCause::interrupt);
    wished_.notify_all();
}

void AgentInbox::wrote() {
    const std::lock_guard lock(mutex_);
    wishes_.wrote = true;
    wished_.notify_all();
}

void AgentInbox::network() {
    const std::lock_guard lock(mutex_);
    wishes_.network = true;
    wished_.notify_all();
}

void AgentInbox::live(bool live) {
    const std::lock_guard lock(mutex_);
    wishes_.live = live;
    if (waiting_ && !live) cancel_locked(CancelCause::interrupt);
    wished_.notify_all();
}

void AgentInbox::stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    wishes_.stop = true;
    cancel_locked(CancelCause::stop);
    wished_.notify_all();
    ended_.notify_all();
}

void AgentInbox::cancel() {
    const std::lock_guard lock(mutex_);
    cancel_locked(CancelCause::person);
}

void AgentInbox::run_until(SteadyTime deadline) {
    std::unique_lock lock(mutex_);
    const std::uint64_t run = ++runs_asked_;
    wishes_.slot = std::max(deadline, wishes_.slot.value_or(SteadyTime::min()));
    if (waiting_) cancel_locked(CancelCause::interrupt);
    wished_.notify_all();
    const auto over = [&] { return runs_ended_ >= run || stopped_; };
    if (ended_.wait_until(lock, deadline, over)) return;
    cancel_locked(CancelCause::interrupt);
    ended_.wait(lock, over);
}

AgentStatus AgentInbox::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

AgentInbox::Wishes AgentInbox::take() {
    const std::lock_guard lock(mutex_);
    runs_taken_ = runs_asked_;
    return std::exchange(wishes_, Wishes{.stop = stopped_});
}

void AgentInbox::sleep_until(SteadyTime time) {
    std::unique_lock lock(mutex_);
    const auto something = [&] { return wishes_.any(); };
    if (time == SteadyTime::max())
        wished_.wait(lock, something);
    else
        wished_.wait_until(lock, time, something);
}

void AgentInbox::begin_sync() {
    const std::lock_guard lock(mutex_);
    syncing_ = true;
    runs_begun_ = runs_taken_;
    cause_ = CancelCause::none;
    token_.reset();
    if (stopped_) cancel_locked(CancelCause::stop);
}

CancelCause AgentInbox::end_sync() {
    const std::lock_guard lock(mutex_);
    syncing_ = false;
    waiting_ = false;
    return cause_;
}

void AgentInbox::set_waiting(bool waiting) {
    const std::lock_guard lock(mutex_);
    waiting_ = waiting;
    if (waiting && (wishes_.sync || wishes_.slot)) cancel_locked(CancelCause::interrupt);
}

void AgentInbox::interrupt() {
    const std::lock_guard lock(mutex_);
    cancel_locked(CancelCause::interrupt);
}

void AgentInbox::run_ended() {
    const std::lock_guard lock(mutex_);
    runs_ended_ = runs_begun_;
    ended_.notify_all();
}

void AgentInbox::publish(const AgentStatus& status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
}

// A stronger cause replaces a weaker one.
void AgentInbox::cancel_locked(CancelCause cause) {
    if (!syncing_) return;
    cause_ = std::max(cause_, cause);
    token_.cancel();
}

}  // namespace satchel::client
