// SyncService: `POST /v1/sync` between HTTP and the engine. It finds out who is asking, hands the
// request to handle_sync in one transaction, and lets requests that wait for news wait: as entries
// in a list, without a thread. What is merged for one makes all that wait be looked at again, many
// in one transaction, so that they cost one save and not one each.
//
// Threads: start() on the worker; look_again() on the worker; wake() with the office's lock held;
// finish_waiting() from any. Errors: become replies.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "server/http_server.hpp"
#include "server/office.hpp"
#include "server/work_queue.hpp"

namespace satchel::server {

// One request of a caller who is known, inside a transaction. To a revoked device nothing goes
// down, and nothing about what it holds keeps what it sends from being taken. An administrator
// holds a scope, such as a pool that no account has, from the request on that brings its first
// record.
Result<Handled> answer_sync(Office& office, SyncRequest& request, const storage::Access& access);

struct WaitingOptions {
    std::size_t max_waiting = 4'000;
    std::size_t max_waiting_of_one = 4;         // device; the oldest makes place, perhaps dead
    std::chrono::milliseconds longest{55'000};  // shorter than what proxies allow
    std::uint64_t back_off_ms = 60'000;         // told to those that have no place to wait
};

class SyncService {
  public:
    SyncService(Office& office, WorkQueue& queue, WaitingOptions options);
    ~SyncService();

    void start(const ExchangePointer& exchange, const std::string& token);
    void wake();
    // No request waits any more, now and later.
    void finish_waiting();
    std::size_t waiting() const;

  private:
    using Clock = std::chrono::steady_clock;
    struct Entry {
        ExchangePointer exchange;
        std::string token;
        SyncRequest request;
        Clock::time_point until;
        bool has_waited = false;
        bool is_displaced = false;  // by a newer one of its device
    };
    using EntryPointer = std::shared_ptr<Entry>;

    // One look at one request; the reply goes out when the transaction is saved.
    struct Look {
        EntryPointer entry;
        bool may_wait = false;
        Result<Handled> handled = Error{};
        bool revoked = false;
        bool waits_on = false;
    };

    // In the office's transaction.
    Status look(Look& look);
    // After it, with the office's lock held.
    void settle(Look& look);
    void answer(Look& look);
    Result<storage::Access> admit(const Entry& entry);
    bool keep(const EntryPointer& entry);
    void displace_oldest(std::uint64_t replica);
    Result<std::optional<Handled>> ask_again(const Entry& entry);
    void look_again(const EntryPointer& entry, bool may_wait);
    void look_again(const std::vector<EntryPointer>& entries);
    void post(const EntryPointer& entry, bool may_wait);
    void post(std::vector<EntryPointer> entries);
    void watch_time();
    std::list<EntryPointer> take_waiting();

    Office& office_;
    WorkQueue& queue_;
    const WaitingOptions options_;
    mutable std::mutex mutex_;  // over what follows; taken after the office's
    std::condition_variable changed_;
    std::list<EntryPointer> waiting_;
    std::map<std::uint64_t, std::size_t> waiting_of_;  // by replica id
    bool finished_ = false;
    bool ended_ = false;
    std::thread timer_;
};

}  // namespace satchel::server
