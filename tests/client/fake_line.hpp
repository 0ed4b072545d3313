// FakeLine: a Transport without a network, to a head office that agrees with everything.
//
//     auto office = std::make_shared<FakeOffice>();
//     options.make_transport = office->maker();
//     office->answer_with(failure(ErrorCode::offline, …));   // from now on
//     office->answer_well();
//
// Threads: FakeOffice from any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "client/curl_transport.hpp"

namespace satchel::client::testing_support {

class FakeOffice : public std::enable_shared_from_this<FakeOffice> {
  public:
    // What agents need to reach it.
    std::function<Result<std::unique_ptr<Transport>>(const CurlOptions&)> maker();

    void answer_well();
    void answer_with(Error error);
    void answer_with(HttpReply reply);
    // Answers nothing at all until answer_…() is called.
    void fall_silent();
    // Lets waiting requests come back.
    void news();

    int requests() const;
    // Changesets taken.
    std::size_t taken() const;
    // Until `count` requests have come, answered or not; false after ten seconds.
    bool wait_for_requests(int count);
    // Until a waiting request is out.
    bool wait_for_waiting();

    Result<HttpReply> exchange(const HttpRequest& request, CancelToken& cancel);

  private:
    Result<HttpReply> agree(const HttpRequest& request);
    bool waits(const HttpRequest& request) const;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Error> error_;
    std::optional<HttpReply> reply_;
    bool silent_ = false;
    int requests_ = 0;
    int waiting_ = 0;
    std::uint64_t news_ = 0;
    std::uint64_t head_ = 0;
    std::size_t taken_ = 0;
};

}  // namespace satchel::client::testing_support
