// New incarnations and restored servers: changesets issued again under new dots.
#include <algorithm>

#include "storage/replica_core.hpp"
#include "storage/services.hpp"
#include "storage/taker.hpp"

namespace satchel::storage {
namespace {

struct NewDot {
    Dot old_dot;
    Dot new_dot;
};
using NewDots = std::map<RecordId, std::vector<NewDot>>;

// The clock of an operation that is issued again: its own replica's entries name dots that have
// moved. What stays is what really is on this record: confirmed (`base`) or pending (`kept`).
VectorClock moved_clock(const VectorClock& clock, std::uint64_t own, const VectorClock& base,
                        const std::vector<Dot>& kept, const std::vector<NewDot>& moved) {
    VectorClock result;
    for (const Dot& entry : clock.entries()) {
        if (entry.replica.id != own) {
            result.advance(entry);
            continue;
        }
        const std::uint64_t confirmed = base.counter(entry.replica);
        if (confirmed > 0) result.advance({entry.replica, std::min(confirmed, entry.counter)});
        for (const Dot& dot : kept)
            if (dot.replica == entry.replica && dot.counter <= entry.counter) result.advance(dot);
        for (const NewDot& dot : moved)
            if (dot.old_dot.replica == entry.replica && dot.old_dot.counter <= entry.counter)
                result.advance(dot.new_dot);
    }
    // Of what it had seen nothing is left: the record's making was refused, and it goes with that.
    // An empty clock would make the record anew, out of an edit.
    return result.empty() ? clock : result;
}

}  // namespace

Result<std::vector<Change>> ReplicaCore::reissue(const std::vector<JournalRow>& rows) {
    const SyncReply nothing;
    Taker taker(*this, nothing, now());
    SATCHEL_TRY(journal.follow());
    SATCHEL_ASSIGN(const auto unwound, taker.unwind(rows));
    for (const JournalRow& old : rows)
        SATCHEL_TRY(journal.forget(old));
    SATCHEL_ASSIGN(ChainHead head, journal.head(row.replica));
    NewDots moved;
    for (JournalRow old : rows) {
        SATCHEL_ASSIGN(Changeset changeset, decode_changeset(old.bytes));
        const Changeset before = changeset;
        changeset.header.replica = row.replica;
        changeset.header.first_counter = head.counter + 1;
        for (std::size_t i = 0; i < changeset.operations.size(); ++i) {
            Operation& operation = changeset.operations[i];
            const auto known = unwound.find(operation.record);
            const VectorClock base =
                known == unwound.end() ? VectorClock{} : known->second.base.clock;
            std::vector<Dot> kept;
            for (const PendingOperation& each : journal.pending(operation.record)) {
                SATCHEL_ASSIGN(const auto other, journal.row(each.number));
                if (other)
                    kept.push_back({other->entry.replica, other->entry.first_counter + each.index});
            }
            operation.clock =
                moved_clock(operation.clock, row.replica.id, base, kept, moved[operation.record]);
            moved[operation.record].push_back({before.dot(i), changeset.dot(i)});
        }
        const Bytes bytes = encode(changeset);
        const Digest hash = chain_link(&blake2b, head.hash, bytes);
        const std::vector<Bytes> images(changeset.operations.size());
        SATCHEL_TRY(journal.append(changeset.header, bytes, hash, images, row.rank));
        head = {changeset.last_counter(), hash, changeset.header.stamp};
        old.entry.state = ChangesetState::superseded;
        SATCHEL_TRY(journal.save_state(old));
    }
    SATCHEL_TRY(journal.follow());
    Taker shown_again(*this, nothing, now());
    for (const auto& [id, entry] : unwound)
        SATCHEL_TRY(shown_again.show(id, entry));
    SATCHEL_TRY(shown_again.flush_images());
    SATCHEL_TRY(journal.move_mark());
    SATCHEL_TRY(scopes.save());
    return shown_again.changes();
}

namespace {

Result<std::vector<Change>> incarnate(ReplicaCore& core, std::uint32_t incarnation,
                                      std::uint64_t common) {
    if (incarnation <= core.row.replica.incarnation)
        return Error{ErrorCode::bad_reply, "the server offered an incarnation that is not new"};
    const ReplicaId before = core.row.replica;
    SATCHEL_ASSIGN(std::vector<JournalRow> rows, core.journal.open_rows());
    std::erase_if(rows, [&](const JournalRow& each) {
        return each.entry.replica != before || each.entry.first_counter <= common;
    });
    SATCHEL_TRY(core.journal.fill(rows));
    core.row.replica.incarnation = incarnation;
    core.row.acked_counter = 0;
    SATCHEL_TRY(core.save_row());
    return core.reissue(rows);
}

Result<std::vector<Change>> go_back(ReplicaCore& core, std::uint64_t epoch, Sequence head,
                                    std::uint64_t acked) {
    // The server's counter may fall into the middle of a changeset of another history.
    SATCHEL_ASSIGN(acked, core.journal.end_before(core.row.replica, acked));
    SATCHEL_ASSIGN(const std::vector<JournalRow> lost,
                   core.journal.rows_lost(core.row.replica, acked, head));
    const SyncReply nothing;
    SATCHEL_TRY(core.journal.follow());
    Taker taker(core, nothing, core.now());
    SATCHEL_ASSIGN(const auto unwound, taker.unwind(lost));
    for (JournalRow each : lost) {
        each.entry.state = ChangesetState::pending;
        each.entry.seq = Sequence{0};
        each.entry.reason = Reason::none;
        SATCHEL_TRY(core.journal.reopen(each));
    }
    core.journal.invalidate();
    SATCHEL_TRY(core.journal.follow());
    Taker shown_again(core, nothing, core.now());
    for (const auto& [id, entry] : unwound)
        SATCHEL_TRY(shown_again.show(id, entry));
    SATCHEL_TRY(shown_again.flush_images());
    SATCHEL_TRY(core.want_after(head));
    core.row.epoch = epoch;
    core.row.acked_counter = acked;
    core.row.cursor = std::min(core.row.cursor, head);
    core.row.position = {core.row.cursor, RecordId{}};
    core.row.position.id.bytes.fill(0xFF);
    if (!core.scopes.loading().empty()) core.row.position = {};
    SATCHEL_TRY(core.database.execute("DELETE FROM staged; UPDATE wanted SET state = 0"));
    SATCHEL_TRY(core.scopes.save());
    SATCHEL_TRY(core.save_row());
    return shown_again.changes();
}

}  // namespace

Status Replica::take_incarnation(std::uint32_t incarnation, std::uint64_t common) {
    return core_->change([&] { return incarnate(*core_, incarnation, common); });
}

Status Replica::take_restored(std::uint64_t epoch, Sequence head, std::uint64_t acked) {
    return core_->change([&] { return go_back(*core_, epoch, head, acked); });
}

}  // namespace satchel::storage
