// WorkQueue: threads that take tasks in order. Two kinds: tasks that came from outside, of which
// only so many may wait (then the caller says "overloaded"), and tasks of our own making, such as
// looking again for a request that waits; these two take turns when both are there.
//
//     WorkQueue queue(1, 512);
//     if (!queue.post(task)) answer_503();
//     queue.stop();   // runs what is queued, then ends the threads
//
// Threads: any. Errors: post() gives false when full or stopped.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace satchel::server {

class WorkQueue {
  public:
    using Task = std::function<void()>;

    WorkQueue(unsigned threads, std::size_t max_waiting);
    ~WorkQueue() { stop(); }

    bool post(Task task);
    // False only when stopped.
    bool post_own(Task task);
    std::size_t waiting() const;
    void stop();

  private:
    bool next(Task& task);
    void run();

    const std::size_t max_waiting_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Task> outside_;
    std::deque<Task> own_;
    bool own_turn_ = false;
    bool stopped_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace satchel::server
