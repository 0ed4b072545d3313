#include "storage/taker.hpp"

#include <algorithm>

#include "storage/services.hpp"
#include "sync/mutants.hpp"

namespace satchel::storage {
namespace {

// How a parked row is called.
std::string name_of(CollectionId collection, const RecordId& id) {
    return "record " + id.text() + " of collection " + std::to_string(number(collection));
}

}  // namespace

Taker::Taker(ReplicaCore& core, const SyncReply& reply, const RoundTrip& trip)
    : core_(core), reply_(reply), trip_(trip) {}

Status Taker::take() {
    ReplicaRow& row = core_.row;
    SATCHEL_TRY(core_.journal.follow());
    SATCHEL_ASSIGN(const std::int64_t dead,
                   core_.database.integer("SELECT EXISTS (SELECT 1 FROM _dead)"));
    no_dead_ = dead == 0;
    SATCHEL_ASSIGN(const std::int64_t parked,
                   core_.database.integer("SELECT EXISTS (SELECT 1 FROM parked)"));
    any_parked_ = parked != 0;
    row.epoch = reply_.epoch;
    row.clock_offset = clock_correction(reply_.server_now, trip_);
    see_time();
    row.acked_counter = std::max(row.acked_counter, reply_.acked_counter);
    SATCHEL_TRY(load_wanted());
    SATCHEL_TRY(take_verdicts());
    SATCHEL_TRY(take_scopes());
    SATCHEL_TRY(take_pages());
    SATCHEL_TRY(drop_refused());
    SATCHEL_TRY(take_repair());
    SATCHEL_TRY(flush_images());
    SATCHEL_TRY(core_.journal.move_mark());
    if (reply_.checkpoint) {
        SATCHEL_TRY(note_sums());
        SATCHEL_ASSIGN(const std::int64_t pruned,
                       core_.journal.prune(row.replica, reply_.horizon_counter));
        core_.purge_due = core_.purge_due || pruned > 0;
        row.last_success = trip_.answered;
    }
    if (row.earlier_open) {
        SATCHEL_ASSIGN(const auto earlier, core_.journal.earlier_unsent(row.replica));
        row.earlier_open = earlier.has_value();
    }
    SATCHEL_TRY(core_.scopes.save());
    return core_.save_row();
}

// No stamp of head office is later than its time now, but for the skew that it allows. What is
// written here from now on is later, whatever happens to this device's clock.
void Taker::see_time() {
    HybridClock clock(core_.row.hlc);
    clock.see(Stamp::at(reply_.server_now), reply_.server_now);
    core_.row.hlc = clock.last();
}

Status Taker::take_verdicts() {
    for (const Verdict& verdict : reply_.verdicts)
        SATCHEL_TRY(take_verdict(verdict));
    return {};
}

// At the end of this reply.
bool Taker::is_here(Sequence seq) const {
    return seq <= core_.row.cursor || (reply_.checkpoint && seq <= reply_.checkpoint->seq);
}

Status Taker::take_verdict(const Verdict& verdict) {
    const ReplicaId replica{core_.row.replica.id, verdict.incarnation};
    SATCHEL_ASSIGN(auto row, core_.journal.open_row(replica, verdict.first_counter));
    const bool open = row && (row->entry.state == ChangesetState::pending ||
                              row->entry.state == ChangesetState::held);
    if (!open)
        return verdict.kind == VerdictKind::accepted ? take_late(replica, verdict) : Status{};
    if (verdict.kind == VerdictKind::quarantined || verdict.kind == VerdictKind::alias) {
        SATCHEL_ASSIGN(row, core_.journal.row(row->entry.number));  // with its bytes
    }
    switch (verdict.kind) {
        case VerdictKind::accepted:
            row->entry.state = ChangesetState::accepted;
            row->entry.seq = verdict.seq;
            row->effective = verdict.effective;
            row->rank = verdict.rank;
            row->late = verdict.late;
            core_.row.rank = verdict.rank;
            break;
        case VerdictKind::held:
            row->entry.state = ChangesetState::held;
            break;
        case VerdictKind::quarantined:
            row->entry.state = ChangesetState::quarantined;
            if (!broken(Mutant::refused_still_shown)) dropped_.push_back(*row);
            break;
        case VerdictKind::alias: {
            // Until its original is here it stays on the screen: what is written meanwhile counts
            // as having seen it. It is asked for again.
            if (!is_here(verdict.seq)) {
                row->entry.state = ChangesetState::held;
                break;
            }
            row->entry.state = ChangesetState::alias;
            SATCHEL_TRY(note_alias(*row, verdict.original));
            dropped_.push_back(*row);
            break;
        }
        case VerdictKind::unknown:  // or it is asked for again with the new incarnation
            if (!core_.row.leaves_incarnation || broken(Mutant::unknown_at_once))
                unknown_.insert(row->entry.number);
            return {};
    }
    row->entry.reason = verdict.reason;
    row->entry.detail = verdict.detail;
    open_.erase(row->entry.number);
    return core_.journal.save_state(*row);
}

// A repetition of what is known; or a restored server has accepted, under the dots that it once
// had, what was issued again since, so that its states hold what no confirmation can bring.
Status Taker::take_late(ReplicaId replica, const Verdict& verdict) {
    SATCHEL_ASSIGN(const auto row, core_.journal.row_at(replica, verdict.first_counter));
    if (!row || row->entry.state != ChangesetState::superseded || row->bytes.empty()) return {};
    std::vector<RecordId> records;
    SATCHEL_TRY(visit_records(row->bytes, [&records](CollectionId, const RecordId& record) {
        records.push_back(record);
    }));
    for (const RecordId& record : records)
        SATCHEL_TRY(core_.want(record));
    return {};
}

// Both changesets are the same change: their operations follow in the same order.
Status Taker::note_alias(const JournalRow& row, const Dot& original) {
    Dot own{row.entry.replica, row.entry.first_counter};
    Dot known = original;
    return visit_records(row.bytes, [&](CollectionId, const RecordId& record) -> Status {
        SATCHEL_TRY(core_.save_alias(record, {own, known}));
        ++own.counter;
        ++known.counter;
        return {};
    });
}

Status Taker::take_scopes() {
    for (const std::string& key : reply_.lost)
        SATCHEL_TRY(lose_scope(key));
    if (reply_.gained.empty()) return {};
    for (const std::string& key : reply_.gained)
        SATCHEL_TRY(core_.scopes.hold(key));
    // The walk begins anew for what is loading; the cursor of the others stays.
    return core_.begin_anew({});
}

// Every row that only this scope held goes. Of what could not be shown nobody knows whose it was:
// all of it goes, and what another scope still shows comes again, since that does not add up.
Status Taker::lose_scope(const std::string& key) {
    if (!core_.scopes.held().contains(key)) return {};
    core_.purge_due = true;
    SATCHEL_TRY(core_.database.execute("DELETE FROM parked"));
    for (const Collection& collection : core_.tables.schema()->collections()) {
        const TableInfo* table = core_.tables.table(collection.id);
        std::vector<RecordId> ids;
        {
            SATCHEL_ASSIGN(
                Statement rows,
                core_.database.prepare("SELECT id, _scope FROM " + quoted(collection.name) +
                                       " WHERE _scope <> 0 UNION ALL SELECT id, scope FROM _dead"
                                       " WHERE collection = " +
                                       std::to_string(number(collection.id))));
            while (true) {
                SATCHEL_ASSIGN(const bool more, rows.step());
                if (!more) break;
                const auto& keys = core_.scopes.keys_of(rows.integer(1));
                if (std::find(keys.begin(), keys.end(), key) == keys.end()) continue;
                SATCHEL_ASSIGN(const RecordId id, RecordId::from_bytes(rows.blob(0)));
                ids.push_back(id);
            }
        }
        for (const RecordId& id : ids)
            SATCHEL_TRY(leave_scope(*table, id, key));
    }
    return core_.scopes.give_up(key);
}

// The record is no longer held under `key`; without another scope it leaves the device. Its pending
// changes stay in the journal until their verdict.
Status Taker::leave_scope(const TableInfo& table, const RecordId& id, const std::string& key) {
    if (broken(Mutant::evict_kept)) return {};
    SATCHEL_ASSIGN(const auto stored, core_.tables.load(table, id));
    if (!stored || stored->scope == 0) return {};
    std::vector<std::string> keys = core_.scopes.keys_of(stored->scope);
    if (std::erase(keys, key) == 0) return {};
    core_.scopes.subtract(stored->scope, id, stored->seq);
    changes_.add(table.collection->id, id);
    if (keys.empty()) return remove(table, id, *stored);
    SATCHEL_ASSIGN(const std::int64_t set, core_.scopes.intern(keys));
    core_.scopes.add(set, id, stored->seq);
    return core_.tables.move(table, id, stored->seq, set);
}

Status Taker::remove(const TableInfo& table, const RecordId& id, const StoredRecord& stored) {
    core_.purge_due = true;
    return core_.tables.remove(table, id, stored);
}

Result<Taker::OpenChangeset*> Taker::open(std::int64_t number) {
    const auto known = open_.find(number);
    if (known != open_.end()) return &known->second;
    SATCHEL_ASSIGN(auto row, core_.journal.row(number));
    if (!row) return Error{ErrorCode::corrupt, "a pending journal row is missing"};
    OpenChangeset entry;
    entry.row = *std::move(row);
    SATCHEL_ASSIGN(entry.changeset, decode_changeset(entry.row.bytes));
    SATCHEL_ASSIGN(entry.images, core_.journal.before_images(number));
    if (entry.images.size() != entry.changeset.operations.size())
        return Error{ErrorCode::corrupt, "a journal row and its before-images disagree"};
    return &open_.emplace(number, std::move(entry)).first->second;
}

// The confirmed state under what is shown: every before-image put back, newest first. What this
// reply has settled in the state of `seq` is no longer on top of it.
Result<RecordState> Taker::base_of(const RecordId& id, RecordState shown, Sequence seq) {
    const std::vector<PendingOperation>& pending = core_.journal.pending(id);
    for (auto at = pending.rbegin(); at != pending.rend(); ++at) {
        SATCHEL_ASSIGN(const OpenChangeset* entry, open(at->number));
        if (settles(entry->row, seq)) continue;
        SATCHEL_ASSIGN(shown, put_back(std::move(shown), entry->changeset.operations[at->index],
                                       entry->images[at->index]));
    }
    return shown;
}

bool Taker::settles(const JournalRow& row, Sequence seq) const {
    return (row.entry.state == ChangesetState::accepted ||
            row.entry.state == ChangesetState::settled) &&
           row.entry.seq <= std::min(seq, settle_to_);
}

// The confirmed state of `seq`: `base` and this device's own changesets up to there that the reply
// settles. Nothing where what they build on is not here.
Result<RecordState> Taker::with_own(const RecordId& id, RecordState base, Sequence seq) {
    for (const PendingOperation& each : core_.journal.pending(id)) {
        SATCHEL_ASSIGN(const OpenChangeset* entry, open(each.number));
        if (!settles(entry->row, seq)) continue;
        const Operation& operation = entry->changeset.operations[each.index];
        if (!base.exists() && !operation.clock.empty()) return RecordState{};
        const WriteContext write{.dot = entry->changeset.dot(each.index),
                                 .stamp = entry->row.effective,
                                 .rank = entry->row.rank,
                                 .intent = entry->changeset.header.intent,
                                 .late = entry->row.late,
                                 .also_seen = core_.also_seen(id, operation.clock)};
        if (core_.holds(id, base.clock, write.dot)) continue;
        SATCHEL_TRY(apply(base, operation, write));
    }
    return base;
}

Result<RecordState> Taker::replay(const RecordId& id, RecordState confirmed, Sequence seq,
                                  bool& any) {
    any = false;
    std::vector<PendingOperation> homeless;
    for (const PendingOperation& each : core_.journal.pending(id)) {
        SATCHEL_ASSIGN(OpenChangeset * entry, open(each.number));
        if (settles(entry->row, seq)) continue;
        const Operation& operation = entry->changeset.operations[each.index];
        Bytes image = before_image(confirmed, operation);
        if (image != entry->images[each.index]) {
            entry->images[each.index] = std::move(image);
            entry->images_changed = true;
        }
        // An operation on a record whose making was refused shows nothing: it is about to be
        // refused too. But where the record is made again, what follows may cover it, so that it
        // has to be there (storage/remade.hpp). Its image says, rightly, that nothing was there.
        if (!confirmed.exists() && !operation.clock.empty()) {
            homeless.push_back(each);
            continue;
        }
        for (const PendingOperation& earlier : std::exchange(homeless, {}))
            SATCHEL_TRY(replay_one(id, earlier, confirmed, any));
        SATCHEL_TRY(replay_one(id, each, confirmed, any));
    }
    return confirmed;
}

Status Taker::replay_one(const RecordId& id, const PendingOperation& pending, RecordState& state,
                         bool& any) {
    SATCHEL_ASSIGN(const OpenChangeset* entry, open(pending.number));
    const Operation& operation = entry->changeset.operations[pending.index];
    SATCHEL_ASSIGN(std::vector<Dot> seen, core_.seen_by_any_name(id, operation.clock));
    const WriteContext write{.dot = entry->changeset.dot(pending.index),
                             .stamp = entry->row.stamp,
                             .rank = entry->row.own_rank,
                             .intent = entry->changeset.header.intent,
                             .waits = true,
                             .also_seen = std::move(seen)};
    // One that the server's state holds already needs no second time.
    if (core_.holds(id, state.clock, write.dot)) return {};
    if (broken(Mutant::pending_not_replayed)) return {};
    const Status applied = apply(state, operation, write);
    // Others have filled what it would be added to: it is not shown, and head office's verdict
    // decides.
    const bool no_room = !applied && applied.error().code == ErrorCode::limit;
    if (no_room && !broken(Mutant::full_cell_blocks)) return {};
    SATCHEL_TRY(applied);
    any = true;
    return {};
}

Status Taker::flush_images() {
    for (auto& [number, entry] : open_) {
        if (!entry.images_changed) continue;
        SATCHEL_TRY(core_.journal.save_before_images(number, entry.images));
        entry.images_changed = false;
    }
    return {};
}

// Puts the record's row in order: what is shown, where it stands, what the scopes add up to.
Status Taker::place(const TableInfo& table, const RecordId& id,
                    const std::optional<StoredRecord>& stored, RecordState confirmed, Sequence seq,
                    std::int64_t scope_set) {
    if (stored) core_.scopes.subtract(stored->scope, id, stored->seq);
    StoredRecord after;
    after.seq = seq;
    after.scope = scope_set;
    bool any = false;
    SATCHEL_ASSIGN(after.state, replay(id, std::move(confirmed), seq, any));
    changes_.add(table.collection->id, id);
    note_housed(core_.journal.pending(id), scope_set != 0 ? seq : Sequence{0});
    // Without a scope only what is pending keeps a record here.
    if (!after.state.exists() || (scope_set == 0 && !any)) {
        if (stored) return remove(table, id, *stored);
        return {};
    }
    core_.scopes.add(scope_set, id, seq);
    if (is_dead(after.state, table.collection->delete_policy)) no_dead_ = false;
    return core_.tables.store(table, id, after, stored);
}

Result<std::map<RecordId, Taker::Unwound>> Taker::unwind(const std::vector<JournalRow>& rows) {
    std::map<RecordId, Unwound> unwound;
    for (const JournalRow& row : rows) {
        SATCHEL_ASSIGN(const Changeset changeset, decode_changeset(row.bytes));
        for (const Operation& operation : changeset.operations) {
            if (unwound.contains(operation.record)) continue;
            const TableInfo* table = core_.tables.table(operation.collection);
            if (table == nullptr) continue;
            Unwound entry;
            entry.table = table;
            SATCHEL_ASSIGN(entry.before, core_.tables.load(*table, operation.record));
            if (entry.before) {
                SATCHEL_ASSIGN(entry.base,
                               base_of(operation.record, entry.before->state, entry.before->seq));
            } else {
                SATCHEL_ASSIGN(const RecordState left, base_of(operation.record, {}, {}));
                entry.clock_when_it_left = left.clock;
            }
            unwound.emplace(operation.record, std::move(entry));
        }
    }
    return unwound;
}

Result<bool> Taker::is_made_by_pending(const RecordId& id) {
    for (const PendingOperation& each : core_.journal.pending(id)) {
        SATCHEL_ASSIGN(const OpenChangeset* entry, open(each.number));
        if (entry->changeset.operations[each.index].clock.empty()) return true;
    }
    return false;
}

Status Taker::show(const RecordId& id, const Unwound& unwound) {
    // It left the device: what waits on it shows nothing, and its images go on telling what it was
    // written on, until the record is here again. Or an operation of this replica makes it.
    if (!unwound.before) {
        SATCHEL_ASSIGN(const bool made, is_made_by_pending(id));
        if (!made) return {};
    }
    const Sequence seq = unwound.before ? unwound.before->seq : Sequence{0};
    const std::int64_t scope = unwound.before ? unwound.before->scope : 0;
    return place(*unwound.table, id, unwound.before, unwound.base, seq, scope);
}

// Refused changesets and aliases leave what is shown; the confirmed state says the rest.
Status Taker::drop_refused() {
    if (dropped_.empty()) return {};
    SATCHEL_ASSIGN(const auto unwound, unwind(dropped_));
    SATCHEL_TRY(flush_images());
    for (const JournalRow& row : dropped_)
        core_.journal.forget(row.entry.number);
    for (const auto& [id, entry] : unwound)
        SATCHEL_TRY(show(id, entry));
    dropped_.clear();
    return {};
}

Status Taker::settle() {
    SATCHEL_ASSIGN(const std::vector<SettledRow> rows, core_.journal.settle(settle_to_));
    SATCHEL_TRY(keep_unconfirmed(rows));
    std::vector<std::vector<JournalRecord>> settled;
    for (const SettledRow& row : rows) {
        settled.push_back(core_.journal.forget(row.number));
        open_.erase(row.number);
    }
    for (std::size_t i = 0; i < rows.size(); ++i)
        SATCHEL_TRY(leave_unheld(settled[i], housed_[rows[i].number]));
    return {};
}

// Rows that should have confirmed what settles may have been lost on their way. What the device
// wrote is confirmed all the same: it goes under what still waits. (Were it just forgotten, taking
// back what waits would take back parts of it, and leave others.) The sums bring the rest.
Status Taker::keep_unconfirmed(const std::vector<SettledRow>& rows) {
    std::set<RecordId> kept;
    for (const SettledRow& row : rows) {
        const std::vector<JournalRecord>& records = core_.journal.records(row.number);
        const std::vector<Sequence>& housed = housed_[row.number];
        for (std::size_t i = 0; i < records.size(); ++i) {
            if (i < housed.size() && housed[i] >= row.seq) continue;
            const auto& [collection, id] = records[i];
            const TableInfo* table = core_.tables.table(collection);
            if (table == nullptr || kept.contains(id)) continue;
            SATCHEL_ASSIGN(const auto where, core_.tables.place_of(*table, id));
            if (where && (where->scope == 0 || where->seq >= row.seq)) continue;
            kept.insert(id);
            SATCHEL_TRY(keep_own(*table, id, row.seq));
        }
    }
    return kept.empty() ? Status{} : flush_images();
}

Status Taker::keep_own(const TableInfo& table, const RecordId& id, Sequence seq) {
    SATCHEL_ASSIGN(const auto stored, core_.tables.load(table, id));
    if (!stored || stored->scope == 0 || stored->seq >= seq) return {};
    SATCHEL_ASSIGN(RecordState confirmed, base_of(id, stored->state, stored->seq));
    auto with = with_own(id, confirmed, settle_to_);
    // What has filled it up was replaced at head office since: the whole state tells.
    const bool no_room = !with && with.error().code == ErrorCode::limit;
    if (!with && !no_room) return with.error();
    if (no_room)
        SATCHEL_TRY(core_.want(id));
    else if (with->exists())
        confirmed = *std::move(with);
    return place(table, id, stored, std::move(confirmed), stored->seq, stored->scope);
}

// Records that this device made and that were handed over before it received them: the server has
// them, and none of the device's scopes does. `housed`: those that got a scope in this reply. What
// still waits goes on waiting in the journal; with nothing confirmed under it, only a change that
// makes the record shows it. (Left as it was, the row would hold what has settled, and its
// before-images would not.)
Status Taker::leave_unheld(const std::vector<JournalRecord>& records,
                           const std::vector<Sequence>& housed) {
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (i < housed.size() && housed[i] != Sequence{0}) continue;
        const auto& [collection, id] = records[i];
        const TableInfo* table = core_.tables.table(collection);
        if (table == nullptr) continue;
        SATCHEL_ASSIGN(const auto where, core_.tables.place_of(*table, id));
        if (where && where->scope != 0) continue;
        SATCHEL_ASSIGN(const auto stored, core_.tables.load(*table, id));
        if (!stored || stored->scope != 0) continue;
        SATCHEL_TRY(place(*table, id, stored, RecordState{}, Sequence{0}, 0));
    }
    return {};
}

void Taker::note_housed(const std::vector<PendingOperation>& pending, Sequence seq) {
    for (const PendingOperation& each : pending) {
        std::vector<Sequence>& operations = housed_[each.number];
        if (operations.size() <= each.index) operations.resize(each.index + 1);
        operations[each.index] = seq;
    }
}

// What does not add up like the server's is compared and repaired (DeviceSession does it).
Status Taker::note_sums() {
    SATCHEL_TRY(core_.database.execute("DELETE FROM repair"));
    if (broken(Mutant::sums_not_compared)) return {};
    for (const ScopeSum& theirs : reply_.checkpoint->scopes) {
        const auto ours = core_.scopes.held().find(theirs.scope);
        if (ours == core_.scopes.held().end() || ours->second.sum == theirs) continue;
        SATCHEL_ASSIGN(Statement * insert, core_.database.cached("INSERT INTO repair VALUES (?1)"));
        insert->bind_text(1, theirs.scope);
        SATCHEL_TRY(insert->run());
    }
    return {};
}

// What cannot be shown holds nothing else up: it is kept as it came, once, and asked for again when
// the scope does not add up.
Status Taker::forget_parked(CollectionId collection, const RecordId& id) {
    SATCHEL_ASSIGN(Statement * remove, core_.database.cached("DELETE FROM parked WHERE what = ?1"));
    const std::string what = name_of(collection, id);
    remove->bind_text(1, what);
    return remove->run();
}

Status Taker::park(const PageRow& row, const Error& why) {
    Writer out;
    out.bytes(row.meta);
    for (const ValueView& value : row.values)
        out.value(value);
    SATCHEL_TRY(forget_parked(row.collection, row.id));
    const std::string what = name_of(row.collection, row.id);
    SATCHEL_ASSIGN(Statement * insert,
                   core_.database.cached("INSERT INTO parked (at, what, why, bytes)"
                                         " VALUES (?1, ?2, ?3, ?4)"));
    insert->bind(1, trip_.answered);
    insert->bind_text(2, what);
    insert->bind_text(3, why.message);
    insert->bind_blob(4, out.out());
    any_parked_ = true;
    return insert->run();
}

}  // namespace satchel::storage
