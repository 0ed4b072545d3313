#include "tests/client/fake_line.hpp"

#include <chrono>

#include "client/messages.hpp"
#include "client/sync_client.hpp"
#include "sync/protocol.hpp"

namespace satchel::client::testing_support {
namespace {

using namespace std::chrono_literals;

class FakeLine : public Transport {
  public:
    explicit FakeLine(std::shared_ptr<FakeOffice> office) : office_(std::move(office)) {}

    Result<HttpReply> exchange(const HttpRequest& request, CancelToken& cancel) override {
        return office_->exchange(request, cancel);
    }

  private:
    std::shared_ptr<FakeOffice> office_;
};

}  // namespace

std::function<Result<std::unique_ptr<Transport>>(const CurlOptions&)> FakeOffice::maker() {
    return [self = shared_from_this()](const CurlOptions&) -> Result<std::unique_ptr<Transport>> {
        return std::unique_ptr<Transport>(new FakeLine(self));
    };
}

void FakeOffice::answer_well() {
    const std::lock_guard lock(mutex_);
    error_.reset();
    reply_.reset();
    silent_ = false;
    changed_.notify_all();
}

void FakeOffice::answer_with(Error error) {
    answer_well();
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
}

void FakeOffice::answer_with(HttpReply reply) {
    answer_well();
    const std::lock_guard lock(mutex_);
    reply_ = std::move(reply);
}

void FakeOffice::fall_silent() {
    const std::lock_guard lock(mutex_);
    silent_ = true;
}

void FakeOffice::news() {
    const std::lock_guard lock(mutex_);
    ++news_;
    changed_.notify_all();
}

int FakeOffice::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

std::size_t FakeOffice::taken() const {
    const std::lock_guard lock(mutex_);
    return taken_;
}

bool FakeOffice::wait_for_requests(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, [&] { return requests_ >= count; });
}

bool FakeOffice::wait_for_waiting() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, [&] { return waiting_ > 0; });
}

bool FakeOffice::waits(const HttpRequest& request) const {
    const auto decoded = decode_request(request.body, session_services());
    return decoded && decoded->wait_ms > 0;
}

Result<HttpReply> FakeOffice::exchange(const HttpRequest& request, CancelToken& cancel) {
    std::unique_lock lock(mutex_);
    ++requests_;
    changed_.notify_all();
    const std::uint64_t news = news_;
    const bool waiting = !error_ && !reply_ && waits(request);
    if (waiting) ++waiting_;
    if (waiting) changed_.notify_all();
    const auto ready = [&] { return !silent_ && (!waiting || news_ != news || error_); };
    // Looks for the token by itself: what it waits for is its own lock.
    while (!ready() && !cancel.cancelled() && std::chrono::steady_clock::now() < request.deadline) {
        if (request.on_progress) {
            lock.unlock();
            request.on_progress(request.body.size(), 0);
            lock.lock();
        }
        changed_.wait_for(lock, 5ms);
    }
    if (waiting) --waiting_;
    if (cancel.cancelled()) return failure(ErrorCode::cancelled, "cancelled");
    if (std::chrono::steady_clock::now() >= request.deadline)
        return failure(ErrorCode::time_out, "time_out_deadline", {"fake"});
    if (error_) return *error_;
    if (reply_) return *reply_;
    return agree(request);
}

Result<HttpReply> FakeOffice::agree(const HttpRequest& request) {
    SATCHEL_ASSIGN(const SyncRequest asked, decode_request(request.body, session_services()));
    SyncReply answer;
    answer.tag = asked.tag;
    answer.epoch = 1;
    answer.server_now = asked.device_now;
    answer.acked_counter = asked.base_counter;
    for (const UploadedChangeset& changeset : asked.changesets) {
        Verdict verdict;
        verdict.incarnation = asked.replica.incarnation;
        verdict.first_counter = changeset.first_counter;
        verdict.seq = Sequence{++head_};
        verdict.effective = Stamp::at(asked.device_now);
        answer.verdicts.push_back(verdict);
        answer.acked_counter = changeset.last_counter;
        ++taken_;
    }
    answer.position = {Sequence{head_}, {}};
    answer.checkpoint = Checkpoint{Sequence{head_}, {}};
    HttpReply reply;
    reply.status = 200;
    reply.headers = {{"satchel-server", "0"}, {"content-type", "application/x-satchel-sync"}};
    reply.body = encode(answer, session_services());
    return reply;
}

}  // namespace satchel::client::testing_support
