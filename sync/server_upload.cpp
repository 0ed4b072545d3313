// Taking changesets, strictly in the replica's order; each verdict is kept with its changeset.
#include "sync/limits.hpp"
#include "sync/mutants.hpp"
#include "sync/server_exchange.hpp"

namespace satchel {

JudgeContext Exchange::judging(bool confirms) {
    return {caller_,
            store_,
            services_,
            held_,
            now_ms_,
            known_.cursor_given,
            number(known_.load_head) != 0,
            request_.cursor,
            &touched_,
            confirms};
}

Result<bool> Exchange::upload() {
    Judge judge(judging(true));
    Digest hash = request_.base_counter == 0 ? chain_start(services_.hash, request_.replica)
                                             : request_.base_hash;
    SATCHEL_ASSIGN(const auto saved, store_.replica(request_.replica));
    if (!saved && !request_.changesets.empty()) SATCHEL_TRY(store_.save_replica(known_));
    for (const UploadedChangeset& sent : request_.changesets) {
        hash = chain_link(services_.hash, hash, sent.bytes);
        if (sent.first_counter > known_.high) {
            if (is_spent(judge)) break;
            SATCHEL_ASSIGN(const bool taken, take(sent, hash, judge));
            if (!taken) break;
        } else {
            SATCHEL_ASSIGN(const bool same, repeat(sent, hash));
            if (!same) return fork();
        }
        shown_counter_ = sent.last_counter;
    }
    const bool may_go_on = decided_ || !request_.questions.empty();
    if (store_.has_held() && may_go_on) SATCHEL_TRY(judge_own_held());
    return true;
}

// The request has cost what one may, and something was taken: the rest comes with the next one.
bool Exchange::is_spent(const Judge& judge) const {
    return decided_ && judge.search_bytes() + held_.search_bytes() > kMaxSearchBytes;
}

// A lost reply: the stored verdict again. False when it is not the changeset that was taken.
Result<bool> Exchange::repeat(const UploadedChangeset& sent, const Digest& hash) {
    SATCHEL_ASSIGN(const auto logged, store_.log_entry(request_.replica, sent.first_counter));
    if (!logged || logged->first_counter != sent.first_counter ||
        logged->last_counter != sent.last_counter ||
        (logged->hash != hash && !broken(Mutant::duplicate_by_dot)))
        return false;
    if (!broken(Mutant::verdict_not_repeated)) handled_.reply.verdicts.push_back(logged->verdict);
    return true;
}

// False: neither it nor what follows is taken, for lack of room.
Result<bool> Exchange::take(const UploadedChangeset& sent, const Digest& hash, Judge& judge) {
    LoggedChangeset entry;
    entry.replica = request_.replica;
    entry.first_counter = sent.first_counter;
    entry.last_counter = sent.last_counter;
    entry.hash = hash;
    entry.bytes = sent.bytes;
    entry.receipt = now_ms_;
    entry.device_now = request_.device_now;
    entry.author = caller_.user;
    SATCHEL_TRY(judge.judge(entry, sent.refused));
    if (broken(Mutant::refused_not_kept) && entry.verdict.kind == VerdictKind::quarantined)
        entry.bytes.clear();
    const Status room = allowance_.admit(entry);
    if (!room) return stop(room.error());
    SATCHEL_TRY(store_.append_log(entry));
    known_.high = sent.last_counter;
    known_.hash = hash;
    known_changed_ = true;
    decided_ = true;
    handled_.changed = handled_.changed || entry.verdict.kind == VerdictKind::accepted;
    handled_.reply.verdicts.push_back(entry.verdict);
    return true;
}

// What comes down does not stop for it.
Result<bool> Exchange::stop(const Error& reason) {
    if (reason.code != ErrorCode::limit) return reason;
    handled_.reply.refusal = reason.message;
    return false;
}

// What this device's held changesets wait for may be here now; then those of others.
Status Exchange::judge_own_held() {
    HeldJudge judge;
    judge.now_ms = now_ms_;
    judge.may_judge = [this](const LoggedChangeset& held) -> Result<bool> {
        return held.replica.id == caller_.replica;
    };
    judge.judge = [this](LoggedChangeset& held) -> Result<std::size_t> {
        const std::size_t before = held_.search_bytes();
        Judge one(judging(false));
        SATCHEL_TRY(one.judge(held));
        return one.search_bytes() + held_.search_bytes() - before;
    };
    SATCHEL_ASSIGN(const std::vector<Verdict> own, judge_ready(store_, judge));
    for (const Verdict& verdict : own)
        tell(verdict);
    SATCHEL_ASSIGN(const std::size_t decided, judge_held(store_, services_, now_ms_));
    if (decided == 0) return {};
    handled_.changed = true;
    for (auto& [record, touched] : touched_)
        touched.confirmable = false;
    return {};
}

// In place of what this reply said about it before.
void Exchange::tell(const Verdict& verdict) {
    handled_.changed = handled_.changed || verdict.kind == VerdictKind::accepted;
    for (Verdict& said : handled_.reply.verdicts)
        if (said.incarnation == verdict.incarnation && said.first_counter == verdict.first_counter)
            said = verdict;
}

}  // namespace satchel
