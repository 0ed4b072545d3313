#include "server/work_queue.hpp"

#include <utility>

namespace satchel::server {

WorkQueue::WorkQueue(unsigned threads, std::size_t max_waiting) : max_waiting_(max_waiting) {
    for (unsigned i = 0; i < threads; ++i)
        threads_.emplace_back([this] { run(); });
}

bool WorkQueue::post(Task task) {
    const std::lock_guard lock(mutex_);
    if (stopped_ || outside_.size() >= max_waiting_) return false;
    outside_.push_back(std::move(task));
    changed_.notify_one();
    return true;
}

bool WorkQueue::post_own(Task task) {
    const std::lock_guard lock(mutex_);
    if (stopped_) return false;
    own_.push_back(std::move(task));
    changed_.notify_one();
    return true;
}

std::size_t WorkQueue::waiting() const {
    const std::lock_guard lock(mutex_);
    return outside_.size();
}

void WorkQueue::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        changed_.notify_all();
    }
    for (std::thread& thread : threads_)
        thread.join();
    threads_.clear();
}

// False: stopped, and nothing is left to do.
bool WorkQueue::next(Task& task) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopped_ || !outside_.empty() || !own_.empty(); });
    if (outside_.empty() && own_.empty()) return false;
    const bool from_own = !own_.empty() && (own_turn_ || outside_.empty());
    std::deque<Task>& from = from_own ? own_ : outside_;
    own_turn_ = !from_own;
    task = std::move(from.front());
    from.pop_front();
    return true;
}

void WorkQueue::run() {
    Task task;
    while (next(task)) {
        task();
        task = nullptr;  // what it held goes now, not when the next one comes
    }
}

}  // namespace satchel::server
