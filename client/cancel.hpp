// CancelToken: lets any thread stop what another one waits for, at once.
//
//     CancelToken cancel;
//     std::thread worker([&] { sync_once(replica, transport, {.cancel = &cancel}); });
//     cancel.cancel();                    // the worker is back within 100 ms
//
// Whoever waits registers how to wake it up:
//
//     auto registration = cancel.on_cancel([&] { curl_multi_wakeup(multi); });
//
// Threads: all of it from any thread. The function runs on the cancelling thread and must neither
// block nor touch the token. After its Registration is destroyed it runs no more.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

namespace satchel::client {

class CancelToken {
  public:
    class Registration {
      public:
        Registration(CancelToken& token, std::uint64_t number) : token_(token), number_(number) {}
        Registration(const Registration&) = delete;
        Registration& operator=(const Registration&) = delete;
        ~Registration() { token_.remove(number_); }

      private:
        CancelToken& token_;
        std::uint64_t number_;
    };

    CancelToken() = default;
    CancelToken(const CancelToken&) = delete;
    CancelToken& operator=(const CancelToken&) = delete;

    void cancel();
    bool cancelled() const { return cancelled_.load(std::memory_order_acquire); }
    // Ready for the next piece of work.
    void reset() { cancelled_.store(false, std::memory_order_release); }
    // Runs `wake` when cancel() is called, or now when it was called already.
    [[nodiscard]] Registration on_cancel(std::function<void()> wake);

  private:
    void remove(std::uint64_t number);

    std::atomic<bool> cancelled_{false};
    std::mutex mutex_;
    std::map<std::uint64_t, std::function<void()>> wakes_;
    std::uint64_t next_ = 0;
};

}  // namespace satchel::client
