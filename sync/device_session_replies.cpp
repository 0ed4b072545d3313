// Taking answers in. Building requests: device_session.cpp.
#include <algorithm>

#include "sync/device_session.hpp"
#include "sync/reply_check.hpp"

namespace satchel {
namespace {

void count_verdicts(SessionReport& report, const std::vector<Verdict>& verdicts) {
    for (const Verdict& verdict : verdicts) {
        report.accepted += verdict.kind == VerdictKind::accepted ? 1 : 0;
        report.quarantined += verdict.kind == VerdictKind::quarantined ? 1 : 0;
        report.held += verdict.kind == VerdictKind::held ? 1 : 0;
    }
}

// How far the answer's verdicts go without a hole. What the server has beyond came with a request
// whose answer was lost: it is sent again for its verdicts, else it would wait for them for ever.
std::uint64_t last_judged(const SyncRequest& sent, const SyncReply& reply) {
    std::vector<std::uint64_t> judged;
    for (const Verdict& verdict : reply.verdicts)
        if (verdict.incarnation == sent.replica.incarnation)
            judged.push_back(verdict.first_counter);
    std::sort(judged.begin(), judged.end());
    std::uint64_t counter = sent.base_counter;
    for (const UploadedChangeset& changeset : sent.changesets) {
        if (changeset.last_counter > reply.acked_counter ||
            !std::binary_search(judged.begin(), judged.end(), changeset.first_counter))
            break;
        counter = changeset.last_counter;
    }
    return counter;
}

}  // namespace

Status DeviceSession::take_reply(ByteView bytes, std::int64_t now_ms) {
    if (!sent_) return Error{ErrorCode::bad_reply, "an answer came that no request is waiting for"};
    report_.received_bytes += bytes.size();
    auto reply = decode_reply(bytes, services_);
    if (!reply && reply.error().code == ErrorCode::newer_format)
        return Error{ErrorCode::upgrade_needed, reply.error().message};
    if (!reply) return reply.error();
    SATCHEL_TRY(check_reply(*sent_, *reply));
    pace_uploads(now_ms - sent_at_);
    SATCHEL_TRY(take_by_status(*reply, now_ms));
    note_answer(*reply);
    return {};
}

// Each request costs both sides a sync of their disks, so few and large ones are quick; small ones
// get through where the network comes and goes.
void DeviceSession::pace_uploads(std::int64_t answered_in_ms) {
    constexpr std::int64_t kQuick = 1'000;
    constexpr std::int64_t kSlow = 4'000;
    if (sent_->changesets.empty() || answered_in_ms < 0) return;
    const std::size_t most = std::max(options_.upload_bytes, options_.max_upload_bytes);
    if (answered_in_ms <= kQuick)
        upload_bytes_ = upload_bytes_ < most / 2 ? upload_bytes_ * 2 : most;
    if (answered_in_ms > kSlow) upload_bytes_ = std::max(upload_bytes_ / 2, options_.upload_bytes);
}

Status DeviceSession::take_by_status(SyncReply& reply, std::int64_t now_ms) {
    switch (reply.status) {
        case ReplyStatus::ok:
            return take_ok(reply, now_ms);
        case ReplyStatus::list_scopes:
            send_scope_list_ = true;
            return {};
        case ReplyStatus::fork:
            return take_fork(std::move(reply));
        case ReplyStatus::restored:
            // What the server has beyond our base is sent again for its verdicts. A device that was
            // rolled back as well hears of it then: a fork.
            SATCHEL_TRY(store_.take_restored({reply.epoch, reply.restored_head, sent_->replica,
                                              std::min(reply.acked_counter, sent_->base_counter),
                                              sent_before_}));
            judged_ = {};
            report_.restored = true;
            return {};
        case ReplyStatus::upgrade_needed:
            break;
    }
    return Error{ErrorCode::upgrade_needed, "install the newer release"};
}

Status DeviceSession::take_ok(SyncReply& reply, std::int64_t now_ms) {
    std::size_t rows = 0;
    std::size_t departed = 0;
    for (const Bytes& page : reply.pages) {
        SATCHEL_ASSIGN(const PageReader reader, PageReader::open(page));
        rows += reader.rows();
        departed += reader.departures().size();
    }
    const Dot judged{sent_->replica, last_judged(*sent_, reply)};
    reply.acked_counter = sent_->closed ? 0 : judged.counter;
    reply.horizon_counter = std::min(reply.horizon_counter, reply.acked_counter);
    SATCHEL_TRY(store_.take(reply, {sent_->device_now, now_ms}));
    judged_ = judged;
    report_.received_rows += rows;
    report_.departed += departed;
    report_.repaired = report_.repaired || !reply.repair_buckets.empty();
    count_verdicts(report_, reply.verdicts);
    send_scope_list_ = false;
    return {};
}

// Takes the highest point of the chain that both know; what came after it here is issued again.
Status DeviceSession::take_fork(SyncReply&& reply) {
    std::uint64_t common = 0;
    for (const ChainPoint& point : reply.chain) {
        SATCHEL_ASSIGN(const std::optional<Digest> ours,
                       store_.chain_hash(sent_->replica, point.counter));
        if (ours != point.hash) continue;
        common = point.counter;
        break;
    }
    SATCHEL_TRY(store_.take_incarnation(
        {sent_->replica, reply.new_incarnation, common, std::move(reply.verdicts)}));
    judged_ = {};
    // A restored head office gives a name of its own to who has never synced.
    report_.forked = sent_->epoch != 0 || reply.epoch <= 1;
    return {};
}

namespace {

// It is open until its original is here: then the same answer ends it.
bool is_alias(const VerdictQuestion& question, const SyncReply& reply) {
    return std::any_of(reply.verdicts.begin(), reply.verdicts.end(), [&](const Verdict& verdict) {
        return verdict.kind == VerdictKind::alias && verdict.incarnation == question.incarnation &&
               verdict.first_counter == question.first_counter;
    });
}

}  // namespace

// The answer is taken in for good; what follows only decides how the session goes on.
void DeviceSession::note_answer(const SyncReply& reply) {
    const SyncRequest sent = *std::exchange(sent_, std::nullopt);
    idle_rounds_ = moves_on(sent, reply) || sent.wait_ms > 0 ? 0 : idle_rounds_ + 1;
    report_.back_off_ms = reply.back_off_ms;
    resting_ = reply.back_off_ms > 0;
    at_checkpoint_ = reply.status == ReplyStatus::ok && reply.checkpoint.has_value();
    if (reply.status != ReplyStatus::ok) return;
    if (!reply.refusal.empty()) report_.refusal = reply.refusal;
    for (const VerdictQuestion& question : sent.questions)
        if (!is_alias(question, reply))
            asked_.insert(std::upper_bound(asked_.begin(), asked_.end(), question.id), question.id);
    if (!sent.repair_scope.empty()) repaired_.push_back(sent.repair_scope);
    if (sent.wait_ms > 0) waited_ = true;
    // Who is refused does not wait for news: it has something to tell.
    const bool waits = options_.wait_ms > 0 && report_.refusal.empty();
    if (!at_checkpoint_ || (waits && !waited_)) return;
    const Result<bool> left = anything_left();  // an error of the store shows with the next request
    done_ = left && !*left;
}

}  // namespace satchel
