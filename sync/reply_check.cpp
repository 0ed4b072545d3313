#include "sync/reply_check.hpp"

#include <algorithm>
#include <utility>

#include "sync/limits.hpp"

namespace satchel {
namespace {

Error misfit(const std::string& what) {
    return {ErrorCode::bad_reply, "the answer does not fit the request: " + what};
}

std::string range(std::uint64_t got, std::uint64_t limit) {
    return std::to_string(got) + " against " + std::to_string(limit);
}

Status check_protocol(const SyncRequest& request, const SyncReply& reply) {
    const bool spoken =
        reply.protocol >= request.protocol_min && reply.protocol <= request.protocol_max;
    if (spoken && reply.status != ReplyStatus::upgrade_needed) return {};
    return Error{ErrorCode::upgrade_needed, "the server speaks another protocol version (" +
                                                std::to_string(reply.protocol) +
                                                "): install the newer release"};
}

using ChangesetName = std::pair<std::uint32_t, std::uint64_t>;  // incarnation, first counter

Status check_verdicts(const SyncRequest& request, const SyncReply& reply) {
    std::vector<ChangesetName> sent;
    for (const UploadedChangeset& changeset : request.changesets)
        sent.emplace_back(request.replica.incarnation, changeset.first_counter);
    std::vector<ChangesetName> asked;
    for (const VerdictQuestion& question : request.questions)
        asked.emplace_back(question.incarnation, question.first_counter);
    std::sort(sent.begin(), sent.end());
    std::sort(asked.begin(), asked.end());
    for (const Verdict& verdict : reply.verdicts) {
        const ChangesetName of{verdict.incarnation, verdict.first_counter};
        const bool is_asked = std::binary_search(asked.begin(), asked.end(), of);
        const bool is_sent = std::binary_search(sent.begin(), sent.end(), of);
        if (!is_asked && (!is_sent || verdict.kind == VerdictKind::unknown))
            return misfit("a verdict of changeset " + std::to_string(verdict.incarnation) + ":" +
                          std::to_string(verdict.first_counter) + ", which nobody asked for");
        if (verdict.kind == VerdictKind::accepted && number(verdict.seq) == 0)
            return misfit("an accepted changeset without a number");
    }
    return {};
}

// Scopes that are new begin a walk of their own, so only then may the place go back.
Status check_place(const SyncRequest& request, const SyncReply& reply) {
    if (reply.checkpoint && reply.checkpoint->seq < request.cursor)
        return misfit("its checkpoint lies before the cursor, " +
                      range(number(reply.checkpoint->seq), number(request.cursor)));
    const bool walks = !reply.checkpoint && reply.gained.empty();
    if (walks && reply.position < request.position)
        return misfit("its place in the walk lies before ours, " +
                      range(number(reply.position.seq), number(request.position.seq)));
    return {};
}

Status check_answers(const SyncRequest& request, const SyncReply& reply) {
    std::vector<RecordId> wanted = request.wanted;
    std::sort(wanted.begin(), wanted.end());
    for (const RecordId& id : reply.unknown)
        if (!std::binary_search(wanted.begin(), wanted.end(), id))
            return misfit("record " + id.text() + " was not asked for");
    if (!reply.repair_scope.empty() && reply.repair_scope != request.repair_scope)
        return misfit("it compares a scope that nobody asked for");
    const std::vector<std::size_t>& buckets = reply.repair_buckets;
    for (const RepairItem& item : reply.repair_items)
        if (!std::binary_search(buckets.begin(), buckets.end(), repair_bucket(item.id)))
            return misfit("record " + item.id.text() + " lies outside of what it compares");
    return {};
}

Status check_ok(const SyncRequest& request, const SyncReply& reply) {
    if (reply.epoch == 0 || (request.epoch != 0 && reply.epoch != request.epoch))
        return misfit("it is of epoch " + range(reply.epoch, request.epoch));
    if (reply.acked_counter > request.last_counter)
        return misfit("it knows more changes than were written here, " +
                      range(reply.acked_counter, request.last_counter));
    if (reply.acked_counter < request.base_counter)
        return misfit("it knows fewer changes than it confirmed before, " +
                      range(reply.acked_counter, request.base_counter));
    if (reply.server_now < 0 || reply.server_now > kMaxTimeMs)
        return misfit("its clock shows " + std::to_string(reply.server_now));
    if (reply.horizon_counter > reply.acked_counter)
        return misfit("it has backed up changes that it does not know");
    SATCHEL_TRY(check_verdicts(request, reply));
    SATCHEL_TRY(check_place(request, reply));
    return check_answers(request, reply);
}

// The epoch is a new one, or the server found that it has less than it once confirmed.
Status check_restored(const SyncRequest& request, const SyncReply& reply) {
    const bool lost = reply.acked_counter < request.base_counter;
    if (reply.epoch != 0 && (reply.epoch != request.epoch || lost)) return {};
    return misfit("the server says that it was restored, and has lost nothing");
}

}  // namespace

Status check_reply(const SyncRequest& request, const SyncReply& reply) {
    SATCHEL_TRY(check_protocol(request, reply));
    if (reply.tag != request.tag) return misfit("it answers another one");
    switch (reply.status) {
        case ReplyStatus::ok:
            return check_ok(request, reply);
        case ReplyStatus::list_scopes:
            if (request.lists_scopes) return misfit("the scopes were listed already");
            return {};
        case ReplyStatus::fork:
            if (reply.new_incarnation <= request.replica.incarnation)
                return misfit("incarnation " +
                              range(reply.new_incarnation, request.replica.incarnation));
            return check_verdicts(request, reply);
        case ReplyStatus::restored:
            return check_restored(request, reply);
        case ReplyStatus::upgrade_needed:
            break;
    }
    return {};
}

bool moves_on(const SyncRequest& request, const SyncReply& reply) {
    if (reply.status != ReplyStatus::ok) return false;
    const bool place = reply.checkpoint ? reply.checkpoint->seq > request.cursor
                                        : reply.position > request.position;
    const bool wanted = !request.wanted.empty() && !(reply.pages.empty() && reply.unknown.empty());
    return place || wanted || reply.acked_counter > request.base_counter ||
           !reply.verdicts.empty() || !reply.gained.empty() || !reply.lost.empty() ||
           !request.repair_scope.empty();
}

}  // namespace satchel
