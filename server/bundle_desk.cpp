#include "server/bundle_desk.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "server/sync_service.hpp"

namespace satchel::server {
namespace {

constexpr std::size_t kMostReplyBytes = kMaxBundleBytes - (64U << 10);  // header and seal on top

Error shut_out(const std::string& login) {
    return {ErrorCode::forbidden,
            "this device of " + login +
                " may not use this workspace any more: it was revoked, or the account is disabled; "
                "what it sent is kept ('satchel admin quarantine'), and there is no answer for it"};
}

Error no_keys() {
    return {ErrorCode::forbidden,
            "this device has not told its keys for bundles, or has new ones; log in again on the "
            "device once, over a network, and write a new bundle; nothing is lost"};
}

Status check_purpose(const BundleHeader& header, const storage::BundleKeys& keys) {
    if (header.direction == BundleDirection::reply)
        return Error{ErrorCode::invalid_argument,
                     "this is an answer for a device, not a request: take it in there with "
                     "'satchel bundle in'"};
    if (header.office == keys.public_keys().id()) return {};
    return Error{ErrorCode::invalid_argument,
                 "this bundle is sealed to another head office; take it in there, or log in again "
                 "on the device and write a new one"};
}

}  // namespace

Status BundleDesk::open(ByteView file) {
    SATCHEL_ASSIGN(const Bundle bundle, decode_bundle(file));
    header_ = bundle.header;
    digest_ = storage::blake2b("satchel bundle ", file);
    {
        const std::lock_guard lock(office_.mutex);
        SATCHEL_ASSIGN(keys_, office_.directory->bundle_keys());
        SATCHEL_TRY(check_purpose(header_, *keys_));
        SATCHEL_ASSIGN(device_keys_, check_writer(bundle));
    }
    SATCHEL_TRY(storage::check_bundle(bundle, device_keys_));
    SATCHEL_ASSIGN(std::vector<SyncRequest> requests, read_requests(bundle));
    rounds_.emplace(std::move(requests), office_.store->services().hash);
    return rounds_->check();
}

// Whether the signature is that of the device is checked without the lock.
Result<storage::PublicKeys> BundleDesk::check_writer(const Bundle& bundle) {
    const Result<storage::Device> device = office_.directory->device(bundle.header.replica.id);
    if (!device && device.error().code == ErrorCode::not_found)
        return Error{ErrorCode::not_found,
                     "the device that wrote this bundle is not known here; log in again on the "
                     "device once, over a network, and write a new bundle; nothing is lost"};
    if (!device) return device.error();
    SATCHEL_ASSIGN(const auto keys, office_.directory->device_keys(bundle.header.replica.id));
    if (!keys || keys->id() != bundle.header.device) return no_keys();
    return *keys;
}

Result<std::vector<SyncRequest>> BundleDesk::read_requests(const Bundle& bundle) const {
    SATCHEL_ASSIGN(const Bytes body, keys_->open(bundle.sealed));
    SATCHEL_ASSIGN(const std::vector<ByteView> messages, decode_messages(body));
    std::vector<SyncRequest> requests;
    std::size_t bytes = 0;
    for (const ByteView message : messages) {
        SATCHEL_ASSIGN(SyncRequest request, decode_request(message, office_.store->services()));
        if (request.replica != bundle.header.replica)
            return Error{ErrorCode::invalid_argument,
                         "what is in this bundle is not of the device that it names"};
        for (const UploadedChangeset& changeset : request.changesets)
            bytes += changeset.bytes.size();
        if (bytes > kMaxBundleBytes)
            return Error{ErrorCode::limit,
                         "what is in this bundle grows too large when it is unpacked"};
        requests.push_back(std::move(request));
    }
    return requests;
}

// With the rights of this moment.
Result<storage::Access> BundleDesk::access() {
    SATCHEL_ASSIGN(const storage::Device device, office_.directory->device(header_.replica.id));
    SATCHEL_ASSIGN(const storage::Account account, office_.directory->account(device.user));
    summary_.login = account.login;
    storage::Access access{account, device, {}, storage::caller_of(account, device)};
    if (access.caller.revoked) return access;
    SATCHEL_TRY(office_.directory->use_log_in(header_.replica.id, office_.now_ms()));
    SATCHEL_ASSIGN(access.caller.scopes, office_.scopes_of(account));
    return access;
}

// A device that wrote fewer changes than are here was rolled back (a fork), if it says so today. A
// file that it wrote before it sent the others is merely old.
Status BundleDesk::check_is_current(const SyncRequest& request) {
    SATCHEL_ASSIGN(const auto known, office_.store->replica(request.replica));
    if (!known || request.last_counter >= known->high) return {};
    SATCHEL_ASSIGN(const auto last, office_.store->log_entry(request.replica, known->high));
    if (!last || last->device_now <= request.device_now) return {};
    return Error{ErrorCode::invalid_argument,
                 "this bundle is an old one: head office has later changes of this device, and all "
                 "that is in it; write a new one on the device if it still waits for an answer"};
}

Result<SyncReply> BundleDesk::answer_round() {
    ++office_.metrics.syncs;
    const std::lock_guard lock(office_.mutex);
    bool revoked = false;
    SyncRequest request = rounds_->request();
    Result<Handled> handled = office_.in_transaction([&]() -> Result<Handled> {
        SATCHEL_ASSIGN(const storage::Access access, this->access());
        revoked = access.caller.revoked;
        SATCHEL_TRY(check_is_current(request));
        return answer_sync(office_, request, access);
    });
    if (!handled) return handled.error();
    if (handled->changed) office_.tell_news();
    revoked_ = revoked;
    return std::move(handled->reply);
}

Status BundleDesk::answer() {
    std::size_t bytes = 0;
    while (!rounds_->finished() && replies_.size() < kMaxBundleMessages && bytes < kBundleBytes) {
        SATCHEL_ASSIGN(const SyncReply reply, answer_round());
        count(reply);
        SATCHEL_TRY(rounds_->take(reply));
        Bytes encoded = encode(reply, office_.store->services());
        bytes += encoded.size();
        // What does not fit comes with the next bundle: it is asked for again.
        if (bytes > kMostReplyBytes && !replies_.empty()) break;
        replies_.push_back(std::move(encoded));
        summary_.complete = rounds_->complete();
    }
    spdlog::info("bundle replica={} number={} changesets={} quarantined={} rounds={} bytes={}",
                 header_.replica.text(), header_.number, summary_.changesets, summary_.quarantined,
                 summary_.rounds, bytes);
    if (revoked_) return shut_out(summary_.login);
    return {};
}

void BundleDesk::count(const SyncReply& reply) {
    ++summary_.rounds;
    summary_.changesets += rounds_->request().changesets.size();
    for (const Verdict& verdict : reply.verdicts) {
        summary_.accepted += verdict.kind == VerdictKind::accepted ? 1 : 0;
        summary_.quarantined += verdict.kind == VerdictKind::quarantined ? 1 : 0;
        summary_.held += verdict.kind == VerdictKind::held ? 1 : 0;
    }
}

Bytes BundleDesk::reply_file() const {
    BundleHeader header = header_;
    header.direction = BundleDirection::reply;
    header.written_at = storage::SystemClock().now_ms();
    header.answers = digest_;
    return storage::close_bundle(header, replies_, *keys_, device_keys_);
}

}  // namespace satchel::server
