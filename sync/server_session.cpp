#include "sync/server_session.hpp"

#include <algorithm>

#include "sync/limits.hpp"
#include "sync/mutants.hpp"
#include "sync/server_exchange.hpp"

namespace satchel {

Result<Handled> handle_sync(const SyncRequest& request, const Caller& caller, ServerStore& store,
                            const Services& services, std::int64_t now_ms,
                            const ServerOptions& options) {
    return Exchange(request, caller, store, services, now_ms, options).run();
}

Result<Handled> Exchange::run() {
    SyncReply& reply = handled_.reply;
    reply.tag = request_.tag;
    reply.epoch = store_.epoch();
    reply.server_now = now_ms_;
    if (!agree_on_protocol()) return std::move(handled_);
    SATCHEL_TRY(check_request());
    SATCHEL_ASSIGN(const bool goes_on, take_part());
    if (goes_on) {
        SATCHEL_TRY(answer_questions());
        reply.acked_counter = shown_counter_;
        SATCHEL_ASSIGN(const std::uint64_t horizon, store_.horizon_counter(request_.replica));
        reply.horizon_counter = std::min(horizon, reply.acked_counter);
        if (broken(Mutant::horizon_ignored)) reply.horizon_counter = reply.acked_counter;
        if (is_verified()) {
            SATCHEL_TRY(send());
            SATCHEL_TRY(compare());
        } else if (reply.gained.empty()) {
            reply.position = request_.position;
        }
        handled_.nothing_new = is_silent();
    } else if (reply.status == ReplyStatus::fork) {
        SATCHEL_TRY(answer_questions());
    }
    SATCHEL_TRY(finish());
    return std::move(handled_);
}

// What is known here of the device beyond what this request has shown may be a copy's of it: no
// state that holds such changes goes down to it under names that it takes for its own. A request
// about an earlier incarnation shows nothing of the one that the device has now.
bool Exchange::is_verified() const {
    const bool shows_all = !request_.closed && known_.high <= handled_.reply.acked_counter;
    return shows_all || broken(Mutant::unverified_states);
}

bool Exchange::agree_on_protocol() {
    SyncReply& reply = handled_.reply;
    reply.protocol = std::min(request_.protocol_max, kProtocolMax);
    if (reply.protocol >= std::max(request_.protocol_min, kProtocolMin)) return true;
    reply.protocol = kProtocolMax;
    reply.status = ReplyStatus::upgrade_needed;
    return false;
}

Status Exchange::check_request() const {
    if (request_.replica.id != caller_.replica)
        return Error{ErrorCode::forbidden, "the token was issued to another replica"};
    if (request_.changesets.size() + request_.questions.size() > kMaxVerdicts ||
        request_.scopes.size() > kMaxScopes || request_.loading.size() > kMaxScopes ||
        request_.wanted.size() > kMaxRepairIds)
        return Error{ErrorCode::limit, "the request asks for more than one request may"};
    if (!request_.repair_scope.empty() && request_.repair.size() != kRepairBuckets)
        return Error{ErrorCode::invalid_argument, "a comparison has 256 key ranges"};
    std::uint64_t counter = request_.base_counter;
    for (const UploadedChangeset& sent : request_.changesets) {
        const bool follows = sent.first_counter == counter + 1 &&
                             sent.last_counter >= sent.first_counter &&
                             sent.last_counter - counter <= kMaxOperations &&
                             sent.last_counter <= request_.last_counter;
        if (!follows)
            return Error{ErrorCode::invalid_argument, "the changesets have a hole or an overlap"};
        counter = sent.last_counter;
    }
    if (request_.last_counter < request_.base_counter || request_.last_counter > INT64_MAX)
        return Error{ErrorCode::invalid_argument, "counters out of range"};
    return {};
}

Result<bool> Exchange::take_part() {
    SATCHEL_ASSIGN(const bool known, greet());
    if (!known || !settle_scopes()) return false;
    return upload();
}

Status Exchange::answer_questions() {
    for (const VerdictQuestion& question : request_.questions) {
        SATCHEL_ASSIGN(Verdict verdict, answer(question));
        verdict.incarnation = question.incarnation;
        verdict.first_counter = question.first_counter;
        handled_.reply.verdicts.push_back(std::move(verdict));
    }
    return {};
}

Result<Verdict> Exchange::answer(const VerdictQuestion& question) {
    const ReplicaId replica{request_.replica.id, question.incarnation};
    SATCHEL_ASSIGN(const auto named, store_.log_entry(replica, question.first_counter));
    if (named && named->id == question.id && named->first_counter == question.first_counter)
        return named->verdict;
    SATCHEL_ASSIGN(const auto original, store_.log_entry(request_.replica.id, question.id));
    Verdict verdict;
    verdict.kind = VerdictKind::unknown;
    if (!original) return verdict;
    verdict = original->verdict;
    if (verdict.kind != VerdictKind::accepted) return verdict;
    verdict.kind = VerdictKind::alias;
    verdict.original = {original->replica, original->first_counter};
    return verdict;
}

// A held changeset that is still held is no news.
bool Exchange::is_silent() const {
    const SyncReply& reply = handled_.reply;
    const bool decided =
        std::any_of(reply.verdicts.begin(), reply.verdicts.end(),
                    [](const Verdict& verdict) { return verdict.kind != VerdictKind::held; });
    return request_.changesets.empty() && !decided && reply.pages.empty() && reply.gained.empty() &&
           reply.lost.empty() && request_.wanted.empty() && request_.repair_scope.empty() &&
           loading_.empty() && reply.checkpoint.has_value();
}

// A poll without news writes nothing.
Status Exchange::finish() {
    constexpr std::uint64_t kLag = 1'024;  // a cursor that far behind is worth a write
    if (handled_.reply.status != ReplyStatus::ok) return {};
    const std::uint64_t confirmed = std::min(number(request_.cursor), number(store_.head()));
    const bool ahead = confirmed > number(known_.cursor_confirmed);
    if (ahead && (known_changed_ || confirmed - number(known_.cursor_confirmed) >= kLag)) {
        known_.cursor_confirmed = Sequence{confirmed};
        known_changed_ = true;
    }
    return known_changed_ ? store_.save_replica(known_) : Status{};
}

Result<Verdict> accept_own(const Bytes& changeset, const Caller& caller, ServerStore& store,
                           const Services& services, std::int64_t now_ms) {
    SATCHEL_ASSIGN(const ChangesetHeader header, decode_changeset_header(changeset));
    SATCHEL_ASSIGN(const Changeset decoded, decode_changeset(changeset));
    SATCHEL_ASSIGN(const auto found, store.replica(header.replica));
    KnownReplica known;
    known.replica = header.replica;
    known.hash = chain_start(services.hash, header.replica);
    if (found) known = *found;
    if (header.first_counter != known.high + 1)
        return Error{ErrorCode::invalid_argument, "head office's own changes come one by one"};
    if (!found) SATCHEL_TRY(store.save_replica(known));
    LoggedChangeset entry;
    entry.replica = header.replica;
    entry.first_counter = header.first_counter;
    entry.last_counter = decoded.last_counter();
    entry.hash = chain_link(services.hash, known.hash, changeset);
    entry.bytes = changeset;
    entry.receipt = now_ms;
    entry.device_now = now_ms;
    entry.author = caller.user;
    HeldRecords held(store);
    Judge judge({caller, store, services, held, now_ms, {}, false, {}, nullptr, false});
    SATCHEL_TRY(judge.judge(entry));
    SATCHEL_TRY(store.append_log(entry));
    known.high = entry.last_counter;
    known.hash = entry.hash;
    SATCHEL_TRY(store.save_replica(known));
    return entry.verdict;
}

}  // namespace satchel
