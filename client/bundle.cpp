#include "client/bundle.hpp"

#include "client/account.hpp"
#include "client/bundle_settings.hpp"
#include "client/messages.hpp"
#include "client/sync_client.hpp"
#include "client/sync_steps.hpp"
#include "client/upload_part.hpp"
#include "storage/directory.hpp"
#include "storage/services.hpp"
#include "sync/bundle.hpp"
#include "sync/bundle_rounds.hpp"
#include "sync/limits.hpp"

namespace satchel::client {
namespace {

using storage::Replica;

// Both sides' keys.
struct Keys {
    storage::BundleKeys device;
    storage::PublicKeys office;
};

Result<Keys> keys_of(Replica& replica) {
    SATCHEL_ASSIGN(const Account account, client::account(replica));
    if (account.url.empty()) return failure(ErrorCode::unauthorized, "not_logged_in");
    if (!account.logged_in()) return failure(ErrorCode::unauthorized, "login_again");
    SATCHEL_ASSIGN(const auto office, office_bundle_keys(replica));
    if (!office) return failure(ErrorCode::unauthorized, "bundle_no_keys");
    SATCHEL_ASSIGN(const storage::BundleKeys device, device_bundle_keys(replica));
    return Keys{device, *office};
}

// --- out

// Everything that the device has to say, as the requests of one session.
class Questions {
  public:
    Questions(Replica& replica, std::int64_t now_ms) : replica_(replica), now_ms_(now_ms) {}

    Status collect() {
        DeviceSession session(replica_, session_services(),
                              {.upload_bytes = kMaxRequestBytes, .in_one_go = true});
        SATCHEL_ASSIGN(const std::optional<Bytes> first, session.next_request(now_ms_));
        SATCHEL_ASSIGN(SyncRequest request, decode_request(*first, session_services()));
        counter_ = request.base_counter;
        messages_.push_back(*first);
        add(std::move(request));
        return collect_rest();
    }

    const std::vector<Bytes>& messages() const { return messages_; }
    const std::vector<SyncRequest>& requests() const { return requests_; }
    std::size_t changesets() const { return changesets_; }
    std::uint64_t up_to() const { return counter_; }
    bool is_complete() const { return counter_ >= requests_.back().last_counter; }

  private:
    Status collect_rest() {
        while (bytes_ < kBundleBytes && messages_.size() < kMaxBundleMessages) {
            SATCHEL_ASSIGN(auto part, upload_part(replica_, counter_, now_ms_));
            if (!part) return {};
            messages_.push_back(encode(*part, session_services()));
            add(*std::move(part));
        }
        return {};
    }

    void add(SyncRequest request) {
        for (const UploadedChangeset& changeset : request.changesets) {
            bytes_ += changeset.bytes.size();
            counter_ = changeset.last_counter;
        }
        changesets_ += request.changesets.size();
        requests_.push_back(without_content(std::move(request)));
    }

    Replica& replica_;
    std::int64_t now_ms_;
    std::vector<Bytes> messages_;
    std::vector<SyncRequest> requests_;
    std::size_t changesets_ = 0;
    std::size_t bytes_ = 0;
    std::uint64_t counter_ = 0;
};

// --- in

Error unreadable(const Error& error) {
    if (error.code == ErrorCode::newer_format)
        return failure(ErrorCode::newer_format, "bundle_newer");
    if (error.code == ErrorCode::limit) return failure(ErrorCode::limit, "bundle_too_large");
    return failure(ErrorCode::corrupt, "bundle_damaged");
}

Status check_addressee(Replica& replica, const BundleHeader& header, const Keys& keys) {
    if (header.direction == BundleDirection::request)
        return failure(ErrorCode::invalid_argument, "bundle_is_request");
    SATCHEL_ASSIGN(const SyncState state, replica.sync_state());
    if (header.replica.id != state.replica.id)
        return failure(
            ErrorCode::invalid_argument, "bundle_other_device",
            {storage::replica_text(header.replica.id), storage::replica_text(state.replica.id)});
    if (header.office != keys.office.id())
        return failure(ErrorCode::invalid_argument, "bundle_other_office");
    if (header.device == keys.device.public_keys().id()) return {};
    return failure(ErrorCode::invalid_argument, "bundle_old_keys");
}

// Whether the device has something to say or to ask beside what it was just told.
Result<bool> is_in_step(Replica& replica) {
    SATCHEL_ASSIGN(const SyncState state, replica.sync_state());
    SATCHEL_ASSIGN(const std::vector<RecordId> wanted, replica.wanted(1));
    SATCHEL_ASSIGN(const std::vector<std::string> scopes, replica.scopes_to_repair());
    return state.epoch != 0 && state.last_counter == state.acked_counter &&
           !state.wants_incarnation && state.loading.empty() &&
           state.position.seq == state.cursor && wanted.empty() && scopes.empty();
}

// The answers of one bundle on their way into the replica.
class Answers {
  public:
    Answers(Replica& replica, const AskedBundle& asked, std::int64_t now_ms)
        : replica_(replica),
          now_ms_(now_ms),
          session_(replica, session_services(), {.in_one_go = true}),
          rounds_(asked.requests, session_services().hash) {}

    Status take(const std::vector<Bytes>& messages) {
        for (const Bytes& message : messages) {
            if (rounds_.finished()) return unreadable({ErrorCode::corrupt, ""});
            SATCHEL_TRY(take_one(message));
        }
        if (took_last_) return {};
        SATCHEL_ASSIGN(took_last_, stands_here());
        return {};
    }

    BundleOutcome outcome() const {
        if (taken_ > 0) return BundleOutcome::taken;
        return took_last_ ? BundleOutcome::taken_before : BundleOutcome::overtaken;
    }

    SessionReport report() const {
        SessionReport report = session_.report();
        report.rounds = taken_;
        return report;
    }

  private:
    Result<bool> stands_here() {
        SATCHEL_ASSIGN(const SyncState state, replica_.sync_state());
        return place_of(state) == rounds_.place();
    }

    // An answer that does not fit is passed over: it was taken in before, or the device has moved
    // on by another way.
    Status take_one(ByteView message) {
        const auto reply = decode_reply(message, session_services());
        if (!reply) return unreadable(reply.error());
        SATCHEL_ASSIGN(took_last_, stands_here());
        if (took_last_) {
            session_.expect(rounds_.request());
            const Status taken = session_.take_reply(message, now_ms_);
            if (!taken) return refused(taken.error());
            ++taken_;
        }
        return rounds_.take(*reply);
    }

    static Error refused(const Error& error) {
        if (error.code == ErrorCode::upgrade_needed)
            return failure(ErrorCode::upgrade_needed, "upgrade");
        if (error.code == ErrorCode::bad_reply)
            return failure(ErrorCode::corrupt, "bundle_damaged");
        return error;
    }

    Replica& replica_;
    std::int64_t now_ms_;
    DeviceSession session_;
    BundleRounds rounds_;
    std::size_t taken_ = 0;
    bool took_last_ = false;
};

Result<std::vector<Bytes>> open_answer(const Bundle& bundle, const Keys& keys) {
    if (!storage::check_bundle(bundle, keys.office))
        return failure(ErrorCode::corrupt, "bundle_forged");
    const Result<Bytes> body = keys.device.open(bundle.sealed);
    if (!body) return unreadable(body.error());
    const auto messages = decode_messages(*body);
    if (!messages) return unreadable(messages.error());
    return std::vector<Bytes>(messages->begin(), messages->end());
}

}  // namespace

std::string_view name(BundleOutcome outcome) {
    switch (outcome) {
        case BundleOutcome::taken:
            return "taken";
        case BundleOutcome::taken_before:
            return "taken_before";
        case BundleOutcome::overtaken:
            break;
    }
    return "overtaken";
}

Result<RequestBundle> write_bundle(Replica& replica, WallClock* clock) {
    SATCHEL_ASSIGN(const Keys keys, keys_of(replica));
    SATCHEL_ASSIGN(const storage::SyncLease lease, lease_of(replica));
    const std::int64_t now_ms = storage::now_ms(clock);
    Questions questions(replica, now_ms);
    SATCHEL_TRY(questions.collect());

    BundleHeader header;
    header.office = keys.office.id();
    header.device = keys.device.public_keys().id();
    header.replica = questions.requests().front().replica;
    header.written_at = now_ms;
    SATCHEL_ASSIGN(header.number, next_bundle_number(replica));
    RequestBundle written;
    written.number = header.number;
    written.changesets = questions.changesets();
    written.complete = questions.is_complete();
    written.file = storage::close_bundle(header, questions.messages(), keys.device, keys.office);
    SATCHEL_TRY(
        remember(replica, {header.number, bundle_digest(written.file), questions.requests()}));
    SATCHEL_TRY(replica.make_durable(header.replica, questions.up_to()));
    return written;
}

Result<TakenBundle> take_bundle(Replica& replica, ByteView file, WallClock* clock) {
    SATCHEL_ASSIGN(const Keys keys, keys_of(replica));
    const Result<Bundle> bundle = decode_bundle(file);
    if (!bundle) return unreadable(bundle.error());
    SATCHEL_TRY(check_addressee(replica, bundle->header, keys));
    SATCHEL_ASSIGN(const std::vector<Bytes> messages, open_answer(*bundle, keys));
    SATCHEL_ASSIGN(const storage::SyncLease lease, lease_of(replica));
    SATCHEL_ASSIGN(const auto asked, asked_bundle(replica, bundle->header.answers));
    if (!asked) return failure(ErrorCode::invalid_argument, "bundle_unknown");

    Answers answers(replica, *asked, storage::now_ms(clock));
    SATCHEL_TRY(answers.take(messages));
    TakenBundle taken{asked->number, answers.outcome(), answers.report(), false};
    SATCHEL_ASSIGN(const bool in_step, is_in_step(replica));
    taken.more = !in_step || taken.report.forked || taken.report.restored;
    return taken;
}

}  // namespace satchel::client
