// Building requests. What becomes of the answers: device_session_replies.cpp.
#include "sync/device_session.hpp"

#include <algorithm>

#include "sync/limits.hpp"

namespace satchel {
namespace {

constexpr std::size_t kMaxIdleRounds = 16;
// With a changeset of full size on top, and everything else, this fits one request.
constexpr std::size_t kMaxUploadBytes = kMaxRequestBytes - kMaxChangesetBytes - (4U << 20);

// Their confirmations fit one page, with room for news; what comes in a later page is sent whole.
constexpr std::uint64_t kMaxUploadOperations = 15'000;

Error no_progress(const SessionReport& report) {
    return {ErrorCode::server_error,
            "device and server do not agree after " + std::to_string(report.rounds) +
                " rounds without progress; nothing is lost and it is tried again later, "
                "`satchel verify` shows what differs"};
}

// Differs from every other request of the replica, but for a repetition within one millisecond.
std::uint64_t tag_of(const SyncRequest& request, const Services& services) {
    Writer facts;
    facts.replica(request.replica);
    facts.unsigned_integer(request.epoch);
    facts.integer(request.device_now);
    facts.unsigned_integer(request.last_counter);
    facts.unsigned_integer(request.wants_incarnation ? 1 : 0);
    facts.unsigned_integer(request.base_counter);
    facts.unsigned_integer(number(request.cursor));
    facts.unsigned_integer(number(request.position.seq));
    facts.record_id(request.position.id);
    facts.unsigned_integer(request.position.load.stage);
    facts.text(request.position.load.scope);
    facts.unsigned_integer(request.scopes_hash);
    facts.unsigned_integer(request.questions.size());
    facts.unsigned_integer(request.wanted.size());
    facts.text(request.repair_scope);
    const Digest digest = services.hash("satchel request ", facts.out());
    std::uint64_t tag = 0;
    for (std::size_t i = 0; i < 8; ++i)
        tag = tag << 8 | digest[i];
    return tag;
}

// Drops what does not fit one request; the rest goes with the next one.
Status trim(std::vector<UploadedChangeset>& changesets, std::uint64_t counter, std::uint64_t last) {
    const std::uint64_t first = counter;
    std::size_t bytes = 0;
    std::size_t keep = 0;
    for (const UploadedChangeset& changeset : changesets) {
        if (changeset.first_counter != counter + 1 || changeset.last_counter <= counter)
            return Error{ErrorCode::corrupt, "the journal has no changeset that begins with " +
                                                 std::to_string(counter + 1)};
        if (changeset.last_counter > last) break;
        if (keep == kMaxVerdicts || (keep > 0 && bytes >= kMaxUploadBytes)) break;
        if (keep > 0 && changeset.last_counter - first > kMaxUploadOperations) break;
        counter = changeset.last_counter;
        bytes += changeset.bytes.size();
        ++keep;
    }
    changesets.resize(keep);
    return {};
}

}  // namespace

SyncRequest request_at(const SyncState& state, std::int64_t now_ms) {
    SyncRequest request;
    request.replica = state.replica;
    request.closed = state.closed;
    request.epoch = state.epoch;
    request.device_now = now_ms;
    request.last_counter = state.last_counter;
    request.base_counter = state.acked_counter;
    request.base_hash = state.acked_hash;
    request.cursor = state.cursor;
    request.position = state.position;
    request.scopes_hash = scopes_hash(state.scopes);
    return request;
}

DeviceSession::DeviceSession(DeviceStore& store, const Services& services, SessionOptions options)
    : store_(store),
      services_(services),
      options_(options),
      upload_bytes_(options.upload_bytes),
      send_scope_list_(options.in_one_go) {}

Result<std::optional<Bytes>> DeviceSession::next_request(std::int64_t now_ms) {
    if (done_ || resting_) return std::optional<Bytes>{};
    if (report_.rounds >= options_.max_rounds || idle_rounds_ >= kMaxIdleRounds)
        return no_progress(report_);
    SATCHEL_ASSIGN(SyncRequest request, build_request(now_ms));
    if (!request.changesets.empty())
        SATCHEL_TRY(store_.make_durable(request.replica, request.changesets.back().last_counter));
    Bytes bytes = encode(request, services_);
    if (sent_)  // without an answer
        report_.sent_changesets -= std::min(report_.sent_changesets, sent_->changesets.size());
    ++report_.rounds;
    report_.sent_bytes += bytes.size();
    report_.sent_changesets += request.changesets.size();
    for (UploadedChangeset& changeset : request.changesets)
        changeset.bytes = {};
    sent_ = std::move(request);
    sent_at_ = now_ms;
    return std::optional<Bytes>(std::move(bytes));
}

Result<SyncRequest> DeviceSession::build_request(std::int64_t now_ms) {
    SATCHEL_ASSIGN(SyncState state, place());
    SATCHEL_TRY(go_on_in_closed(state));
    SyncRequest request = request_at(state, now_ms);
    sent_before_ = state.sent_counter;
    request.wants_incarnation = state.wants_incarnation;
    // No list is as short as an empty one, so it always goes along.
    request.lists_scopes = send_scope_list_ || state.scopes.empty();
    if (request.lists_scopes) request.scopes = std::move(state.scopes);
    request.loading = std::move(state.loading);
    request.whole_states_only = state.doubts_states;
    request.max_reply_bytes = options_.max_reply_bytes;
    SATCHEL_TRY(fill_upload(request));
    SATCHEL_TRY(fill_questions(request));
    SATCHEL_ASSIGN(request.wanted, store_.wanted(kMaxRepairIds));
    SATCHEL_TRY(fill_repair(request));
    const bool silent = request.changesets.empty() && request.questions.empty() &&
                        request.wanted.empty() && request.repair_scope.empty() &&
                        !send_scope_list_ && !request.wants_incarnation &&
                        request.last_counter == request.base_counter;
    if (silent && at_checkpoint_ && !waited_) request.wait_ms = options_.wait_ms;
    request.tag = tag_of(request, services_);
    return request;
}

// About an earlier incarnation no state comes down: where head office takes nothing more of it for
// now, the device asks as its present one.
Result<SyncState> DeviceSession::place() {
    return report_.refusal.empty() ? store_.sync_state() : store_.present_state();
}

// What a person gave up goes up with its chain, and no verdict changes it: without this an upload
// that has room for nothing else would be repeated for ever.
Status DeviceSession::go_on_in_closed(SyncState& state) {
    const bool further = state.closed && judged_.replica == state.replica &&
                         judged_.counter > state.acked_counter &&
                         judged_.counter < state.last_counter;
    if (!further) return {};
    SATCHEL_ASSIGN(const auto hash, store_.chain_hash(state.replica, judged_.counter));
    if (!hash) return {};
    state.acked_counter = judged_.counter;
    state.acked_hash = *hash;
    return {};
}

Status DeviceSession::fill_upload(SyncRequest& request) {
    if (request.last_counter == request.base_counter || !report_.refusal.empty()) return {};
    const std::size_t max_bytes = std::min(upload_bytes_, kMaxUploadBytes);
    SATCHEL_ASSIGN(request.changesets,
                   store_.upload(request.replica, request.base_counter, max_bytes));
    SATCHEL_TRY(trim(request.changesets, request.base_counter, request.last_counter));
    if (request.changesets.empty())
        return Error{ErrorCode::corrupt, "the journal does not hold what was not sent yet"};
    return {};
}

// Each once per session: an answer "held" would else be asked for without end. And together with a
// new incarnation: what is unknown then is issued again in its place among the others.
Status DeviceSession::fill_questions(SyncRequest& request) {
    SATCHEL_ASSIGN(request.questions, store_.questions());
    std::erase_if(request.questions, [&](const VerdictQuestion& question) {
        return !request.wants_incarnation &&
               std::binary_search(asked_.begin(), asked_.end(), question.id);
    });
    const std::size_t room = kMaxVerdicts - request.changesets.size();
    if (request.questions.size() > room) request.questions.resize(room);
    return {};
}

Result<std::string> DeviceSession::scope_to_repair() {
    SATCHEL_ASSIGN(const std::vector<std::string> scopes, store_.scopes_to_repair());
    for (const std::string& scope : scopes)
        if (std::find(repaired_.begin(), repaired_.end(), scope) == repaired_.end()) return scope;
    return std::string{};
}

// Only from a checkpoint on, where both sides stand at the same place. Where the answer is to bring
// everything at once, it brings the device to that place as well.
Status DeviceSession::fill_repair(SyncRequest& request) {
    const bool rests = request.loading.empty() && request.position.seq == request.cursor;
    if (!at_checkpoint_ && !(options_.in_one_go && rests)) return {};
    SATCHEL_ASSIGN(request.repair_scope, scope_to_repair());
    if (request.repair_scope.empty()) return {};
    SATCHEL_ASSIGN(request.repair, store_.repair_buckets(request.repair_scope));
    if (request.repair.size() == kRepairBuckets) return {};
    return Error{ErrorCode::internal, "a comparison has " + std::to_string(kRepairBuckets) +
                                          " key ranges, not " +
                                          std::to_string(request.repair.size())};
}

Result<bool> DeviceSession::anything_left() {
    SATCHEL_ASSIGN(const SyncState state, place());
    if (send_scope_list_ || !state.loading.empty()) return true;
    const bool may_send = report_.refusal.empty();
    if (may_send && (state.last_counter > state.acked_counter || state.wants_incarnation))
        return true;
    SyncRequest questions;
    SATCHEL_TRY(fill_questions(questions));
    if (!questions.questions.empty()) return true;
    SATCHEL_ASSIGN(const std::vector<RecordId> wanted, store_.wanted(1));
    if (!wanted.empty()) return true;
    SATCHEL_ASSIGN(const std::string scope, scope_to_repair());
    return !scope.empty();
}

}  // namespace satchel
