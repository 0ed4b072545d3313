// Replica as a DeviceStore: what a session asks of it.
#include <algorithm>

#include "storage/replica_core.hpp"
#include "storage/services.hpp"
#include "storage/taker.hpp"
#include "sync/mutants.hpp"

namespace satchel::storage {

Status ReplicaCore::visit_scope(
    const std::string& scope,
    const std::function<void(const TableInfo&, const RecordId&, Sequence)>& visit) {
    for (const Collection& collection : tables.schema()->collections()) {
        const TableInfo* table = tables.table(collection.id);
        SATCHEL_ASSIGN(Statement rows,
                       database.prepare("SELECT id, _seq, _scope FROM " + quoted(collection.name) +
                                        " WHERE _scope <> 0 UNION ALL"
                                        " SELECT id, seq, scope FROM _dead WHERE collection = " +
                                        std::to_string(number(collection.id))));
        while (true) {
            SATCHEL_ASSIGN(const bool more, rows.step());
            if (!more) break;
            const std::vector<std::string>& keys = scopes.keys_of(rows.integer(2));
            if (std::find(keys.begin(), keys.end(), scope) == keys.end()) continue;
            SATCHEL_ASSIGN(const RecordId id, RecordId::from_bytes(rows.blob(0)));
            visit(*table, id, Sequence{static_cast<std::uint64_t>(rows.integer(1))});
        }
    }
    return {};
}

Status ReplicaCore::want(const RecordId& id) {
    SATCHEL_ASSIGN(Statement * insert,
                   database.cached("INSERT OR IGNORE INTO wanted (id) VALUES (?1)"));
    insert->bind_blob(1, id.view());
    return insert->run();
}

// The server has no state after `head`: everything confirmed later is asked for anew.
Status ReplicaCore::want_after(Sequence head) {
    std::vector<RecordId> found;
    for (const Collection& collection : tables.schema()->collections()) {
        SATCHEL_ASSIGN(Statement rows,
                       database.prepare("SELECT id FROM " + quoted(collection.name) +
                                        " WHERE _seq > ?1 UNION ALL"
                                        " SELECT id FROM _dead WHERE seq > ?1"));
        rows.bind(1, stored(head));
        while (true) {
            SATCHEL_ASSIGN(const bool more, rows.step());
            if (!more) break;
            SATCHEL_ASSIGN(const RecordId id, RecordId::from_bytes(rows.blob(0)));
            found.push_back(id);
        }
    }
    for (const RecordId& id : found)
        SATCHEL_TRY(want(id));
    row.doubts_states = row.doubts_states || !found.empty();
    return {};
}

namespace {

// What is in memory counts for nothing unless the file has it too, also when memory ends on the way
// and an exception passes through.
class CachesUnlessCommitted {
  public:
    explicit CachesUnlessCommitted(ReplicaCore& core)
        : core_(core), before_(core.tables.schema()) {}
    CachesUnlessCommitted(const CachesUnlessCommitted&) = delete;
    CachesUnlessCommitted& operator=(const CachesUnlessCommitted&) = delete;
    ~CachesUnlessCommitted() {
        if (committed_) return;
        core_.data_version = -1;  // the next transaction reads everything again
        core_.journal.invalidate();
        if (core_.tables.schema() != before_) read_as_before();
    }
    void commit() { committed_ = true; }

  private:
    // Where memory is short the tables stay those of a schema that the file does not have, and the
    // next transaction reads the file's.
    void read_as_before() {
        try {
            core_.tables.read_as(before_);
        } catch (const std::bad_alloc&) {
        }
    }

    ReplicaCore& core_;
    const SchemaPointer before_;
    bool committed_ = false;
};

}  // namespace

Status ReplicaCore::change(const std::function<Result<std::vector<Change>>()>& work,
                           bool at_checkpoint) {
    SATCHEL_ASSIGN(Transaction transaction, Transaction::begin(database));
    SATCHEL_TRY(refresh());
    CachesUnlessCommitted caches(*this);
    SATCHEL_ASSIGN(const std::vector<Change> changes, work());
    SATCHEL_TRY(transaction.commit());
    caches.commit();
    // Before observers are told: they may keep rows open, and so the log.
    if (at_checkpoint) purge_if_due();
    notify(changes);
    return {};
}

Result<SyncState> Replica::sync_state() {
    return state_of(false);
}

Result<SyncState> Replica::present_state() {
    return state_of(true);
}

Result<SyncState> Replica::state_of(bool present_only) {
    SATCHEL_ASSIGN(Transaction transaction, Transaction::begin(core_->database));
    SATCHEL_TRY(core_->refresh());
    SATCHEL_ASSIGN(const bool locked, sealed());
    if (locked) return sealed_error();
    const ReplicaRow& row = core_->row;
    SyncState state;
    SATCHEL_TRY(core_->fill_chain(state, present_only));
    SATCHEL_ASSIGN(const auto acked, core_->journal.hash_at(state.replica, state.acked_counter));
    if (!acked)
        return Error{ErrorCode::corrupt, "the journal lacks its last acknowledged entry, " +
                                             Dot{state.replica, state.acked_counter}.text()};
    state.acked_hash = *acked;
    state.epoch = row.epoch;
    state.sent_counter = row.sent_counter;
    state.cursor = row.cursor;
    state.position = row.position;
    state.scopes = core_->scopes.keys();
    state.loading = core_->scopes.loading();
    // What does not add up may lack what a patch or a confirmation builds on.
    SATCHEL_ASSIGN(const std::int64_t unequal,
                   core_->database.integer("SELECT EXISTS (SELECT 1 FROM repair)"));
    state.doubts_states = row.doubts_states || unequal != 0;
    SATCHEL_TRY(transaction.commit());
    return state;
}

// What a restored server lacks goes up as far as it is here: a wipe may have taken the rest.
Status ReplicaCore::end_at_hole(SyncState& state) {
    SATCHEL_ASSIGN(const std::uint64_t end, journal.run_end(state.replica, state.acked_counter));
    state.last_counter = std::min(state.last_counter, end);
    return {};
}

// Which chain goes up next, and from where to where.
Status ReplicaCore::fill_chain(SyncState& state, bool present_only) {
    if (row.earlier_open && !present_only) {
        SATCHEL_ASSIGN(const auto earlier, journal.earlier_unsent(row.replica));
        if (earlier) {
            state.closed = true;
            state.replica = earlier->replica;
            SATCHEL_ASSIGN(state.acked_counter, journal.base_of(*earlier));
            SATCHEL_ASSIGN(state.last_counter, journal.last_of(earlier->replica));
            return end_at_hole(state);
        }
    }
    SATCHEL_ASSIGN(const ChainHead head, journal.head(row.replica));
    state.replica = row.replica;
    state.acked_counter = std::min(row.acked_counter, head.counter);
    state.last_counter = head.counter;
    if (!row.leaves_incarnation) return {};
    state.last_counter = std::clamp(row.sent_counter, state.acked_counter, head.counter);
    SATCHEL_TRY(end_at_hole(state));
    state.wants_incarnation = !present_only && state.acked_counter == state.last_counter;
    return {};
}

Result<bool> Replica::is_handed_over(ReplicaId replica, std::uint64_t counter) {
    SATCHEL_ASSIGN(const bool left, core_->journal.any_open_but({replica, counter}));
    return !left;
}

Result<std::vector<UploadedChangeset>> Replica::upload(ReplicaId replica, std::uint64_t counter,
                                                       std::size_t max_bytes) {
    return core_->journal.upload(replica, counter, max_bytes);
}

Result<std::vector<VerdictQuestion>> Replica::questions() {
    SATCHEL_ASSIGN(const std::vector<JournalRow> rows, core_->journal.open_rows());
    std::vector<VerdictQuestion> questions;
    for (const JournalRow& row : rows) {
        if (row.entry.state != ChangesetState::held) continue;
        questions.push_back({row.entry.replica.incarnation, row.entry.first_counter, row.entry.id});
    }
    return questions;
}

Result<std::vector<RecordId>> Replica::wanted(std::size_t limit) {
    // The plus: else SQLite plans the statement anew whenever a limit is bound.
    SATCHEL_ASSIGN(Statement * rows,
                   core_->database.cached("SELECT id FROM wanted WHERE state = 0 ORDER BY id"
                                          " LIMIT +?1"));
    rows->bind(1, static_cast<std::int64_t>(limit));
    std::vector<RecordId> ids;
    while (true) {
        SATCHEL_ASSIGN(const bool more, rows->step());
        if (!more) break;
        SATCHEL_ASSIGN(const RecordId id, RecordId::from_bytes(rows->blob(0)));
        ids.push_back(id);
    }
    rows->reset();
    return ids;
}

// A commit with synchronous = FULL syncs the whole log, earlier commits included; one that changes
// no byte would write nothing, so a number grows.
Status Replica::make_durable(ReplicaId replica, std::uint64_t counter) {
    const std::uint64_t sent = replica == core_->row.replica
                                   ? std::max(core_->row.sent_counter, counter)
                                   : core_->row.sent_counter;
    SATCHEL_ASSIGN(Statement * update,
                   core_->database.cached("UPDATE replica SET sent_counter = ?1,"
                                          " durable = durable + 1"));
    update->bind(1, static_cast<std::int64_t>(sent));
    if (!broken(Mutant::sent_too_early))
        SATCHEL_TRY(core_->database.execute("PRAGMA synchronous = FULL"));
    const Status written = update->run();
    SATCHEL_TRY(core_->database.execute("PRAGMA synchronous = NORMAL"));
    if (written) core_->row.sent_counter = sent;
    return written;
}

Status Replica::take(const SyncReply& reply, const RoundTrip& trip) {
    if (core_->writing) return Error{ErrorCode::busy, "a transaction is open on this replica"};
    if (broken(Mutant::cursor_before_rows) && reply.checkpoint)
        SATCHEL_TRY(core_->database.execute(
            ("UPDATE replica SET cursor = " + std::to_string(number(reply.checkpoint->seq)))
                .c_str()));
    const auto work = [&]() -> Result<std::vector<Change>> {
        Taker taker(*core_, reply, trip);
        SATCHEL_TRY(taker.take());
        std::vector<Change> changes = taker.changes();
        if (taker.unknown().empty()) return changes;
        std::vector<JournalRow> rows;
        for (const std::int64_t each : taker.unknown()) {
            SATCHEL_ASSIGN(const auto found, core_->journal.row(each));
            if (found) rows.push_back(*found);
        }
        SATCHEL_ASSIGN(const std::vector<Change> more, core_->reissue(rows));
        changes.insert(changes.end(), more.begin(), more.end());
        return changes;
    };
    return core_->change(work, reply.checkpoint.has_value());
}

Status ReplicaCore::begin_anew(WalkPosition position) {
    SATCHEL_TRY(database.execute("DELETE FROM staged"));
    purge_due =
        purge_due || database.changes() > 0 || number(row.cursor) != 0 || row.position.in_load();
    row.position = std::move(position);
    return database.execute("UPDATE wanted SET state = 0");
}

void ReplicaCore::purge_if_due() {
    if (purge_due && database.purge()) purge_due = false;
}

Result<std::optional<Digest>> Replica::chain_hash(ReplicaId replica, std::uint64_t counter) {
    return core_->journal.hash_at(replica, counter);
}

Result<std::vector<std::string>> Replica::scopes_to_repair() {
    SATCHEL_ASSIGN(Statement * rows, core_->database.cached("SELECT scope FROM repair ORDER BY 1"));
    std::vector<std::string> scopes;
    while (true) {
        SATCHEL_ASSIGN(const bool more, rows->step());
        if (!more) break;
        scopes.emplace_back(rows->text(0));
    }
    rows->reset();
    return scopes;
}

Result<std::vector<RepairBucket>> Replica::repair_buckets(const std::string& scope) {
    std::vector<RepairBucket> buckets(kRepairBuckets);
    SATCHEL_TRY(
        core_->visit_scope(scope, [&buckets](const TableInfo&, const RecordId& id, Sequence seq) {
            RepairBucket& bucket = buckets[repair_bucket(id)];
            ++bucket.count;
            bucket.checksum += checksum_part(id, seq);
        }));
    return buckets;
}

Result<ChangeId> Replica::resend(std::int64_t journal_number,
                                 const std::map<RecordId, FieldValues>& amended) {
    SATCHEL_ASSIGN(auto row, core_->journal.row(journal_number));
    if (!row || row->entry.state != ChangesetState::quarantined)
        return Error{ErrorCode::not_found, "entry " + std::to_string(journal_number) +
                                               " of the journal is not among the not-accepted"};
    SATCHEL_ASSIGN(const Changeset changeset, this->changeset(journal_number));
    SATCHEL_ASSIGN(LocalTransaction transaction, begin());
    for (std::size_t i = 0; i < changeset.operations.size(); ++i) {
        const Operation& operation = changeset.operations[i];
        SATCHEL_TRY(transaction.repeat(operation, changeset.dot(i)));
        const auto amendment = amended.find(operation.record);
        if (amendment == amended.end()) continue;
        const Collection* collection = schema()->find(operation.collection);
        SATCHEL_TRY(transaction.set(collection->name, operation.record, amendment->second));
    }
    row->entry.state = ChangesetState::superseded;
    SATCHEL_TRY(core_->journal.save_state(*row));
    return transaction.commit();
}

Status Replica::dismiss(std::int64_t journal_number) {
    SATCHEL_ASSIGN(auto row, core_->journal.row(journal_number));
    if (!row || row->entry.state != ChangesetState::quarantined)
        return Error{ErrorCode::not_found, "entry " + std::to_string(journal_number) +
                                               " of the journal is not among the not-accepted"};
    row->entry.state = ChangesetState::superseded;
    return core_->journal.save_state(*row);
}

}  // namespace satchel::storage
