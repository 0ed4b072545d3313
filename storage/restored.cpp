// A server that was restored from a backup: the device goes back to where that one stands
// (docs/protocol.md, "After a restore").
#include <algorithm>
#include <map>

#include "storage/replica_core.hpp"
#include "storage/taker.hpp"
#include "sync/mutants.hpp"

namespace satchel::storage {
namespace {

// Opens again what a restored server may have lost. What does not link up with what the server has
// cannot go up under its name: of that only the verdict is asked for, as of what waits, and what is
// unknown is issued again. What was refused keeps its reason: it goes up to be kept there, as
// refused, and is not shown here meanwhile. (What was pruned is so old that its backup is certain;
// what was wiped is not.)
Status reopen_lost(ReplicaCore& core, std::vector<JournalRow>& lost, const RestoredServer& server,
                   bool attached) {
    std::map<ReplicaId, std::uint64_t> starts;
    for (JournalRow& row : lost) {
        JournalEntry& entry = row.entry;
        const auto [start, first] = starts.try_emplace(entry.replica, 0);
        if (first) {
            SATCHEL_ASSIGN(start->second, core.journal.run_start(entry.replica));
        }
        const bool linked = entry.replica == server.asked
                                ? attached
                                : start->second == 1 || entry.first_counter > start->second;
        const bool there = entry.replica == server.asked && entry.last_counter <= server.acked;
        entry.state = linked && !there ? ChangesetState::pending : ChangesetState::held;
        entry.seq = Sequence{0};
        if (broken(Mutant::refusal_forgotten)) entry.reason = Reason::none;
        SATCHEL_TRY(core.journal.reopen(row));
        const bool goes_up =
            entry.replica == core.row.replica && entry.state == ChangesetState::pending;
        if (goes_up)
            core.row.acked_counter = std::min(core.row.acked_counter, entry.first_counter - 1);
    }
    return {};
}

Result<std::vector<Change>> go_back(ReplicaCore& core, const RestoredServer& server) {
    // The server's counter may fall into the middle of a changeset of another history.
    SATCHEL_ASSIGN(const std::uint64_t acked, core.journal.end_before(server.asked, server.acked));
    SATCHEL_ASSIGN(std::vector<JournalRow> lost,
                   core.journal.rows_lost(server.asked, acked, server.head));
    SATCHEL_ASSIGN(const std::uint64_t start, core.journal.run_start(server.asked));
    const bool attached = acked + 1 >= start;
    core.row.sent_counter = std::min(core.row.sent_counter, server.sent);
    if (server.asked == core.row.replica) core.row.acked_counter = acked;
    if (server.asked == core.row.replica && !attached) core.row.sent_counter = acked;
    const SyncReply nothing;
    SATCHEL_TRY(core.journal.follow());
    Taker taker(core, nothing, {core.now(), core.now()});
    SATCHEL_ASSIGN(const auto unwound, taker.unwind(lost));
    SATCHEL_TRY(reopen_lost(core, lost, server, attached));
    core.journal.invalidate();
    SATCHEL_TRY(core.journal.follow());
    Taker shown_again(core, nothing, {core.now(), core.now()});
    for (const auto& [id, entry] : unwound)
        SATCHEL_TRY(shown_again.show(id, entry));
    SATCHEL_TRY(shown_again.flush_images());
    SATCHEL_TRY(core.want_after(server.head));
    core.row.epoch = server.epoch;
    core.row.leaves_incarnation = true;
    core.row.earlier_open = true;
    core.row.cursor = std::min(core.row.cursor, server.head);
    WalkPosition position{core.row.cursor, RecordId{}, {}};
    position.id.bytes.fill(0xFF);
    if (!core.scopes.loading().empty()) position = {};
    SATCHEL_TRY(core.begin_anew(std::move(position)));
    SATCHEL_TRY(core.scopes.save());
    SATCHEL_TRY(core.save_row());
    return shown_again.changes();
}

}  // namespace

Status Replica::take_restored(const RestoredServer& server) {
    return core_->change([&] { return go_back(*core_, server); });
}

}  // namespace satchel::storage
