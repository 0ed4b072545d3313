// New incarnations: changesets issued again under new dots.
#include <algorithm>
#include <set>

#include "storage/replica_core.hpp"
#include "storage/services.hpp"
#include "storage/taker.hpp"
#include "sync/mutants.hpp"

namespace satchel::storage {
namespace {

struct NewDot {
    Dot old_dot;
    Dot new_dot;
    std::optional<Dot> original;  // head office's name of the old one
};

// What happened to one record's operations so far.
struct Moved {
    VectorClock base;   // what really is on the record of its own replica: confirmed, not moved
    bool here = false;  // the record is on the device
    std::vector<NewDot> dots;
};

// The clock of an operation that is issued again: its own replica's entries name dots that have
// moved. What stays is what really is on this record: confirmed or pending (`kept`).
VectorClock moved_clock(const VectorClock& clock, std::uint64_t own, const Moved& moved,
                        const std::vector<Dot>& kept) {
    VectorClock result;
    for (const Dot& entry : clock.entries()) {
        if (entry.replica.id != own) {
            result.advance(entry);
            continue;
        }
        const std::uint64_t confirmed = moved.base.counter(entry.replica);
        if (confirmed > 0) result.advance({entry.replica, std::min(confirmed, entry.counter)});
        for (const Dot& dot : kept)
            if (dot.replica == entry.replica && dot.counter <= entry.counter) result.advance(dot);
        for (const NewDot& dot : moved.dots)
            if (dot.old_dot.replica == entry.replica && dot.old_dot.counter <= entry.counter)
                result.advance(dot.new_dot);
    }
    for (const NewDot& dot : moved.dots)
        if (dot.original && clock.covers(*dot.original)) result.advance(dot.new_dot);
    // Of what it had seen nothing is left: the record's making was refused, and it goes with that.
    // An empty clock would make the record anew, out of an edit.
    return result.empty() ? clock : result;
}

// Before `moved` is: what of its own replica is on a record that left the device only its clock
// says. And a confirmed state may hold it (a restored server has lost it): then of its replica only
// what its author had seen before it is still there.
void take_back(Moved& record, const Dot& moved, const VectorClock& seen_before) {
    VectorClock& base = record.base;
    if (!record.here && record.dots.empty())
        for (const Dot& entry : seen_before.entries())
            if (entry.replica.id == moved.replica.id) base.advance(entry);
    if (!base.covers(moved)) return;
    VectorClock rest;
    for (const Dot& entry : base.entries())
        if (entry.replica != moved.replica) rest.advance(entry);
    const std::uint64_t before = seen_before.counter(moved.replica);
    if (before > 0) rest.advance({moved.replica, before});
    base = std::move(rest);
}

}  // namespace

Result<std::vector<Dot>> ReplicaCore::pending_dots(const RecordId& record) {
    std::vector<Dot> dots;
    for (const PendingOperation& each : journal.pending(record)) {
        SATCHEL_ASSIGN(const JournalRow facts, journal.facts(each.number));
        dots.push_back({facts.entry.replica, facts.entry.first_counter + each.index});
    }
    return dots;
}

Result<std::uint64_t> ReplicaCore::own_end(OwnEnds& ends, const ReplicaId& replica) {
    const auto known = ends.find(replica);
    if (known != ends.end()) return known->second;
    SATCHEL_ASSIGN(const std::uint64_t end, journal.last_of(replica));
    ends.emplace(replica, end);
    return end;
}

std::optional<Dot> ReplicaCore::original_of(const RecordId& record, const Dot& own) const {
    const auto known = aliases.find(record);
    if (known == aliases.end()) return {};
    for (const Alias& alias : known->second)
        if (alias.own == own) return alias.original;
    return {};
}

// Its other name is one that this device gave it later, or head office's. Where its entry is gone
// from the journal, the entry under the later name tells.
Result<bool> ReplicaCore::was_issued_again(const Alias& alias,
                                           std::optional<ChangesetState> state) {
    if (state) return *state == ChangesetState::superseded;
    if (alias.original.replica.incarnation <= alias.own.replica.incarnation) return false;
    SATCHEL_ASSIGN(const auto later, journal.state_of(alias.original));
    return later.has_value();
}

// What the operation had seen of this replica that is another's: the incarnations of its copies,
// what a copy went on to write in one that both had, and what head office knows under the dots of
// one. None of it has moved.
Result<VectorClock> ReplicaCore::known_elsewhere(const Operation& operation, OwnEnds& ends) {
    VectorClock elsewhere;
    if (broken(Mutant::copy_forgotten)) return elsewhere;
    for (const Dot& entry : operation.clock.entries()) {
        if (entry.replica.id != row.replica.id) continue;
        SATCHEL_ASSIGN(const std::uint64_t end, own_end(ends, entry.replica));
        if (entry.counter > end) elsewhere.advance(entry);
    }
    const auto here = aliases.find(operation.record);
    if (here == aliases.end()) return elsewhere;
    const std::vector<Dot> seen = also_seen(operation.record, operation.clock);
    for (const Alias& alias : here->second) {
        if (!std::binary_search(seen.begin(), seen.end(), alias.original)) continue;
        SATCHEL_ASSIGN(const auto state, journal.state_of(alias.own));
        SATCHEL_ASSIGN(const bool again, was_issued_again(alias, state));
        const bool is_known = !state || state == ChangesetState::alias;
        if (is_known && !again) elsewhere.advance(alias.original);
    }
    return elsewhere;
}

// Issued again since the token was read: the server may have a copy's change under the name.
Result<bool> ReplicaCore::has_moved(const RecordId& record, const Dot& dot,
                                    const VectorClock& token) {
    const std::optional<Dot> original = original_of(record, dot);
    if (!original || holds(record, token, *original)) return false;
    SATCHEL_ASSIGN(const auto state, journal.state_of(dot));
    return was_issued_again({dot, *original}, state);
}

// How far an entry of a token goes by the names of now. The clock of a record names changes of that
// record alone: where this device wrote that one and has issued it again since, the entry goes to
// the last change that kept its name; past that one the numbers are a copy's. Any other keeps its
// name, also while a restored server lacks it.
Result<std::uint64_t> ReplicaCore::reach(const RecordId& record, const Dot& entry,
                                         const VectorClock& token, const VectorClock& shown) {
    if (entry.replica.id != row.replica.id || entry.replica == row.replica) return entry.counter;
    SATCHEL_ASSIGN(const bool moved, has_moved(record, entry, token));
    if (!moved) return entry.counter;
    SATCHEL_ASSIGN(const std::uint64_t kept, journal.last_of(entry.replica));
    return std::min({entry.counter, shown.counter(entry.replica), kept});
}

Result<VectorClock> ReplicaCore::renamed(const RecordId& record, const VectorClock& token,
                                         const VectorClock& shown) {
    if (token == shown) return token;  // it is of what is here now
    VectorClock result;
    std::set<ReplicaId> shortened;
    for (const Dot& entry : token.entries()) {
        SATCHEL_ASSIGN(const std::uint64_t counter, reach(record, entry, token, shown));
        if (counter < entry.counter) shortened.insert(entry.replica);
        if (counter > 0) result.advance({entry.replica, counter});
    }
    for (const Dot& dot : also_seen(record, token)) {
        if (!shown.covers(dot) || shortened.contains(dot.replica)) continue;
        SATCHEL_ASSIGN(const bool moved, has_moved(record, dot, token));
        if (!moved) result.advance(dot);
    }
    return result;
}

// What head office refused before a restore stays refused under its new dots.
Status ReplicaCore::repeat_refusal(std::int64_t number, const JournalEntry& refused) {
    SATCHEL_ASSIGN(JournalRow again, journal.facts(number));
    again.entry.reason = refused.reason;
    again.entry.detail = refused.detail;
    return journal.save_state(again);
}

Result<std::vector<Change>> ReplicaCore::reissue(const std::vector<JournalRow>& rows) {
    const SyncReply nothing;
    Taker taker(*this, nothing, {now(), now()});
    SATCHEL_TRY(journal.follow());
    SATCHEL_ASSIGN(const auto unwound, taker.unwind(rows));
    OwnEnds ends;
    for (const JournalRow& old : rows) {
        SATCHEL_TRY(own_end(ends, old.entry.replica));
        journal.forget(old.entry.number);
    }
    SATCHEL_ASSIGN(ChainHead head, journal.head(row.replica));
    std::map<RecordId, Moved> moved;
    for (const auto& [id, entry] : unwound)
        moved[id] = {entry.before ? entry.base.clock : entry.clock_when_it_left,
                     entry.before.has_value(),
                     {}};
    for (JournalRow old : rows) {
        SATCHEL_TRY(journal.check_whole(old));  // a new hash would make damage good
        SATCHEL_ASSIGN(Changeset changeset, decode_changeset(old.bytes));
        const Changeset before = changeset;
        const bool refused = old.entry.reason != Reason::none;
        changeset.header.replica = row.replica;
        changeset.header.first_counter = head.counter + 1;
        for (std::size_t i = 0; i < changeset.operations.size(); ++i) {
            Operation& operation = changeset.operations[i];
            Moved& on_record = moved[operation.record];
            if (!refused || !on_record.here) take_back(on_record, before.dot(i), operation.clock);
            SATCHEL_ASSIGN(const std::vector<Dot> kept, pending_dots(operation.record));
            SATCHEL_ASSIGN(const VectorClock known, known_elsewhere(operation, ends));
            operation.clock = moved_clock(operation.clock, row.replica.id, on_record, kept);
            operation.clock.merge(known);
            on_record.dots.push_back(
                {before.dot(i), changeset.dot(i), original_of(operation.record, before.dot(i))});
            SATCHEL_TRY(save_alias(operation.record, {before.dot(i), changeset.dot(i)}));
        }
        const Bytes bytes = encode(changeset);
        const Digest hash = chain_link(&blake2b, head.hash, bytes);
        // Of a record that is not here nothing makes them anew.
        SATCHEL_ASSIGN(const std::vector<Bytes> images, journal.before_images(old.entry.number));
        if (images.size() != changeset.operations.size())
            return Error{ErrorCode::corrupt, "a journal row and its before-images disagree"};
        SATCHEL_ASSIGN(const std::int64_t number,
                       journal.append(changeset.header, bytes, hash, images, row.rank));
        if (refused) SATCHEL_TRY(repeat_refusal(number, old.entry));
        head = {changeset.last_counter(), hash, changeset.header.stamp};
        old.entry.state = ChangesetState::superseded;
        SATCHEL_TRY(journal.save_state(old));
    }
    SATCHEL_TRY(journal.follow());
    Taker shown_again(*this, nothing, {now(), now()});
    for (const auto& [id, entry] : unwound)
        SATCHEL_TRY(shown_again.show(id, entry));
    SATCHEL_TRY(shown_again.flush_images());
    SATCHEL_TRY(journal.move_mark());
    SATCHEL_TRY(scopes.save());
    return shown_again.changes();
}

namespace {

// Whether what is confirmed of the record may hold what the server has not.
Status doubt(ReplicaCore& core, const std::vector<JournalRow>& rows) {
    for (const JournalRow& row : rows) {
        if (row.entry.seq == Sequence{0}) continue;
        SATCHEL_TRY(visit_records(row.bytes, [&core](CollectionId, const RecordId& record) {
            return core.want(record);
        }));
        core.row.doubts_states = true;
    }
    return {};
}

// What the server has never seen of what it was asked for.
Status add_unknown(ReplicaCore& core, const std::vector<Verdict>& answers,
                   std::vector<JournalRow>& rows) {
    if (broken(Mutant::unknown_at_once)) return {};
    SATCHEL_TRY(core.journal.follow());
    for (const Verdict& answer : answers) {
        if (answer.kind != VerdictKind::unknown) continue;
        const ReplicaId replica{core.row.replica.id, answer.incarnation};
        SATCHEL_ASSIGN(const auto asked, core.journal.open_row(replica, answer.first_counter));
        if (!asked || asked->entry.state != ChangesetState::held) continue;
        SATCHEL_ASSIGN(const auto whole, core.journal.row(asked->entry.number));
        if (whole) rows.push_back(*whole);
    }
    const auto before = [](const JournalRow& a, const JournalRow& b) {
        return a.entry.number < b.entry.number;
    };
    const auto same = [](const JournalRow& a, const JournalRow& b) {
        return a.entry.number == b.entry.number;
    };
    std::sort(rows.begin(), rows.end(), before);
    rows.erase(std::unique(rows.begin(), rows.end(), same), rows.end());
    return {};
}

Result<std::vector<Change>> incarnate(ReplicaCore& core, const NewIncarnation& issued) {
    if (issued.incarnation <= core.row.replica.incarnation)
        return Error{ErrorCode::bad_reply, "the server offered an incarnation that is not new"};
    SATCHEL_ASSIGN(std::vector<JournalRow> rows,
                   core.journal.rows_parted(issued.left, issued.common, core.row.cursor,
                                            core.row.leaves_incarnation));
    SATCHEL_TRY(add_unknown(core, issued.answers, rows));
    SATCHEL_TRY(doubt(core, rows));
    core.row.replica.incarnation = issued.incarnation;
    core.row.acked_counter = 0;
    core.row.sent_counter = 0;
    core.row.leaves_incarnation = false;
    core.row.earlier_open = true;
    SATCHEL_ASSIGN(std::vector<Change> changes, core.reissue(rows));
    SATCHEL_TRY(core.save_row());
    return changes;
}

}  // namespace

Status Replica::take_incarnation(const NewIncarnation& issued) {
    return core_->change([&] { return incarnate(*core_, issued); });
}

}  // namespace satchel::storage
