#include "client/sync_post.hpp"

#include "client/messages.hpp"
#include "storage/services.hpp"
#include "sync/protocol.hpp"

namespace satchel::client {
namespace {

constexpr std::string_view kContentType = "application/x-satchel-sync";

// A waiting request carries a position and no changesets, so it is small.
constexpr std::size_t kMaxWaitingBytes = 64U << 10;

bool asks_to_wait(const Bytes& request) {
    if (request.size() > kMaxWaitingBytes) return false;
    const auto decoded = decode_request(request, session_services());
    return decoded && decoded->wait_ms > 0;
}

SyncProgress progress_of(const SessionReport& report) {
    return {.rounds = report.rounds,
            .rows = report.received_rows,
            .changes = changes_in(report),
            .sent_bytes = report.sent_bytes,
            .received_bytes = report.received_bytes};
}

}  // namespace

SyncPost::SyncPost(Transport& transport, const SyncOptions& options)
    : transport_(transport), options_(options) {}

void SyncPost::use(const Account& account) {
    url_ = account.url + "/v1/sync";
    token_ = account.token;
}

Status SyncPost::may_go_on() const {
    if (options_.cancel != nullptr && options_.cancel->cancelled())
        return failure(ErrorCode::cancelled, "cancelled");
    if (std::chrono::steady_clock::now() >= options_.deadline)
        return failure(ErrorCode::time_out, "deadline");
    return {};
}

HttpRequest SyncPost::prepare(const Bytes& request) const {
    HttpRequest http{.method = "POST", .url = url_};
    http.headers = {{"Authorization", "Bearer " + token_},
                    {"Content-Type", std::string(kContentType)}};
    http.body = request;
    http.deadline = options_.deadline;
    http.patience = options_.wait;
    return http;
}

Result<Bytes> SyncPost::send(const Bytes& request, const SessionReport& so_far, bool once) {
    answer_ = {};
    waiting_ = options_.wait.count() > 0 && asks_to_wait(request);
    HttpRequest http = prepare(request);
    http.once = once;
    if (options_.on_progress) {
        http.on_progress = [&](std::size_t sent, std::size_t received) {
            SyncProgress now = progress_of(so_far);
            now.sent_bytes += sent;
            now.received_bytes += received;
            now.waiting = waiting_;
            options_.on_progress(now);
        };
    }
    CancelToken& cancel = options_.cancel == nullptr ? own_cancel_ : *options_.cancel;
    auto reply = transport_.exchange(http, cancel);
    lost_kept_connection_ = !reply && words_of(reply.error()).key == "offline_kept";
    if (!reply) return reply.error();
    answer_ = judge(*reply, url_);
    if (!answer_.status) return answer_.status.error();
    if (!reply->header("content-type").starts_with(kContentType))
        return failure(ErrorCode::bad_reply, "garbage", {host_of(url_)});
    return std::move(reply->body);
}

void SyncPost::tell(const SessionReport& so_far) const {
    if (options_.on_progress) options_.on_progress(progress_of(so_far));
}

std::chrono::milliseconds SyncPost::back_off() const {
    return answer_.retry_after.value_or(std::chrono::milliseconds(0));
}

std::int64_t SyncPost::now_ms() const {
    return storage::now_ms(options_.clock);
}

}  // namespace satchel::client
