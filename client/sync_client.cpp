#include "client/sync_client.hpp"

#include <charconv>

#include "client/account.hpp"
#include "client/hand_in.hpp"
#include "client/messages.hpp"
#include "client/sealing.hpp"
#include "client/sync_post.hpp"
#include "client/sync_steps.hpp"
#include "storage/services.hpp"

namespace satchel::client {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxUploadBytes = 4U << 20;  // in one request, on a good line
constexpr std::string_view kErrorCode = "sync.error_code";
constexpr std::string_view kErrorMessage = "sync.error_message";
constexpr std::string_view kErrorAt = "sync.error_at";

std::int64_t to_number(std::string_view text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

// One call of sync_once.
class Run {
  public:
    Run(storage::Replica& replica, Transport& transport, const SyncOptions& options)
        : replica_(replica), transport_(transport), options_(options), post_(transport, options) {}

    SyncOutcome go() {
        outcome_.status = talk();
        outcome_.back_off = std::max(outcome_.back_off, post_.back_off());
        if (outcome_.status || is_news(outcome_.status.error().code)) remember();
        return std::move(outcome_);
    }

  private:
    // A sync that was stopped, or left to another process, has not failed.
    static bool is_news(ErrorCode code) {
        return code != ErrorCode::cancelled && code != ErrorCode::busy;
    }

    Status talk() {
        SATCHEL_ASSIGN(const Account account, client::account(replica_));
        SATCHEL_TRY(check_logged_in(account));
        SATCHEL_ASSIGN(const storage::SyncLease lease, lease_of(replica_));
        SATCHEL_TRY(open_what_is_sealed(account));
        post_.use(account);

        const SessionOptions session_options{
            .wait_ms = static_cast<std::uint64_t>(options_.wait.count()),
            .max_upload_bytes = kMaxUploadBytes};
        DeviceSession session(replica_, session_services(), session_options);
        const Status status = converse(session);
        outcome_.report = session.report();
        outcome_.back_off = milliseconds(session.report().back_off_ms);
        return status;
    }

    Status open_what_is_sealed(const Account& account) {
        CancelToken none;
        CancelToken& cancel = options_.cancel == nullptr ? none : *options_.cancel;
        HttpAnswer answer;
        const Status opened =
            unseal(replica_, transport_, account, options_.deadline, cancel, answer);
        outcome_.back_off = answer.retry_after.value_or(milliseconds(0));
        return opened ? opened : refused(replica_, opened.error());
    }

    Status converse(DeviceSession& session) {
        while (true) {
            SATCHEL_TRY(post_.may_go_on());
            auto request = next_request(session, post_.now_ms());
            if (!request) return request.error();
            if (!*request) return {};
            auto reply = post_.send(**request, session.report(), true);
            if (!reply && post_.lost_kept_connection()) continue;  // the next goes by a new one
            if (!reply && post_.answer().wiped) return leave();
            if (!reply) return refused(replica_, reply.error());
            outcome_.waited = post_.waiting();
            SATCHEL_TRY(take_reply(session, *reply, post_.now_ms()));
            post_.tell(session.report());
        }
    }

    Status leave() {
        outcome_.wiped = true;
        return hand_in_and_wipe(replica_, post_);
    }

    // For every status line, of this process and of others. A failure to note it is not the news.
    void remember() {
        const bool fine = static_cast<bool>(outcome_.status);
        auto known = replica_.setting(kErrorCode);
        if (!known || (fine && known->empty())) return;
        const Error error = fine ? Error{ErrorCode::ok, ""} : outcome_.status.error();
        const std::string code = fine ? "" : std::to_string(static_cast<int>(error.code));
        (void)replica_.set_setting(kErrorMessage, error.message);
        (void)replica_.set_setting(kErrorAt, std::to_string(post_.now_ms()));
        (void)replica_.set_setting(kErrorCode, code);
    }

    storage::Replica& replica_;
    Transport& transport_;
    const SyncOptions& options_;
    SyncPost post_;
    SyncOutcome outcome_;
};

}  // namespace

std::size_t changes_in(const SessionReport& report) {
    return report.received_rows + report.departed + report.sent_changesets;
}

SyncOutcome sync_once(storage::Replica& replica, Transport& transport, const SyncOptions& options) {
    return Run(replica, transport, options).go();
}

Result<std::optional<LastError>> last_error(storage::Replica& replica) {
    SATCHEL_ASSIGN(const std::string code, replica.setting(kErrorCode));
    if (code.empty()) return std::optional<LastError>{};
    LastError last;
    last.error.code = static_cast<ErrorCode>(to_number(code));
    SATCHEL_ASSIGN(last.error.message, replica.setting(kErrorMessage));
    SATCHEL_ASSIGN(const std::string at, replica.setting(kErrorAt));
    last.at = to_number(at);
    return std::optional<LastError>{std::move(last)};
}

const Services& session_services() {
    static const Services services{&storage::blake2b, &storage::compress, &storage::inflate};
    return services;
}

}  // namespace satchel::client
