// Taker: takes one reply of the server into a replica, inside one transaction. Private to storage/.
//
// The order matters and is the whole rule:
//   1. verdicts are noted in the journal;
//   2. scopes are given up and gained;
//   3. pages are applied in place (rows of scopes that are still loading), staged (more to come),
//      or, at a checkpoint, applied together with what was staged;
//   4. at the checkpoint the accepted changesets up to it are settled;
//   5. what was refused, or is known under other dots, is taken out of what is shown.
// For every record: confirmed := what the server says; shown := confirmed + still pending.
//
// Threads: the replica's. Errors: corrupt (what the reply says cannot be), the database's; then the
// transaction is not to be committed.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "storage/replica_core.hpp"
#include "sync/page.hpp"

namespace satchel::storage {

class Taker {
  public:
    Taker(ReplicaCore& core, const SyncReply& reply, const RoundTrip& trip);

    Status take();
    // Journal rows that the server has never seen, in spite of what the device thought.
    const std::set<std::int64_t>& unknown() const { return unknown_; }
    std::vector<Change> changes() { return changes_.take(); }

    // For storage/reissue.cpp: the confirmed states under the records of `rows`, and a record
    // shown again as its confirmed state plus what is pending now.
    struct Unwound {
        const TableInfo* table = nullptr;
        std::optional<StoredRecord> before;  // the row as it stands
        RecordState base;                    // the confirmed state
        VectorClock clock_when_it_left;      // where the row is no more; as the images tell
    };
    Result<std::map<RecordId, Unwound>> unwind(const std::vector<JournalRow>& rows);
    Status show(const RecordId& id, const Unwound& unwound);
    Status flush_images();

  private:
    struct OpenChangeset {
        JournalRow row;
        Changeset changeset;
        std::vector<Bytes> images;
        bool images_changed = false;
    };

    // How this reply settles a changeset of ours.
    struct Settling {
        bool settles = false;   // and is not flagged late
        bool as_shown = false;  // and with just the stamp and role that it is shown with
        Dot first;
        Stamp stamp, effective;
        std::uint8_t own_rank = 0, rank = 0;
        bool system = false;
    };
    struct ConfirmStatements {
        Statement* own = nullptr;     // a record that was never confirmed gets place and metadata
        Statement* select = nullptr;  // place
        Statement* update = nullptr;
    };

    void see_time();
    Status take_verdicts();
    bool is_here(Sequence seq) const;
    Status take_verdict(const Verdict& verdict);
    Status take_late(ReplicaId replica, const Verdict& verdict);
    Status note_alias(const JournalRow& row, const Dot& original);
    Status take_scopes();
    Status lose_scope(const std::string& key);
    Status remove(const TableInfo& table, const RecordId& id, const StoredRecord& stored);
    Status leave_scope(const TableInfo& table, const RecordId& id, const std::string& key);
    Status take_pages();
    Status put_pages(bool first_load);
    Status stage();
    Status mark_wanted(const RecordId& id, std::int64_t state);
    Status forget_all_unknown();
    Status take_checkpoint();
    Status take_schema(const std::vector<ByteView>& pages);
    Status apply_page(ByteView page);
    Status apply_row(const PageRow& row, const std::vector<std::string>& scopes, std::int64_t set);
    Result<bool> apply_new_row(const TableInfo& table, const PageRow& row, std::int64_t scope_set);
    Status apply_known_row(const TableInfo& table, const PageRow& row,
                           const std::vector<std::string>& scopes);
    // taker_confirm.cpp
    Result<const Settling*> settling(std::int64_t number);
    Result<const ConfirmStatements*> confirm_statements(const TableInfo& table);
    Result<bool> confirm_in_place(const TableInfo& table, const PageRow& row, std::int64_t set);
    Result<bool> confirm_own_record(const TableInfo& table, const PageRow& row, std::int64_t set,
                                    const PendingOperation& made);
    Result<bool> confirm_as_shown(const TableInfo& table, const PageRow& row, std::int64_t set);
    // The state that head office has now; nothing when the row does not fit what is here.
    Result<std::optional<RecordState>> confirmed_by(const PageRow& row,
                                                    const std::optional<StoredRecord>& stored);
    Status apply_departure(const Departure& departure);
    Status forget_unknown(const RecordId& id);
    Status forget_wanted(const RecordId& id);
    Status load_wanted();
    Status settle();
    Status keep_unconfirmed(const std::vector<SettledRow>& rows);
    // What settles is in the confirmed state, though the row of `seq` or a later one is not here.
    Status keep_own(const TableInfo& table, const RecordId& id, Sequence seq);
    Status leave_unheld(const std::vector<JournalRecord>& records,
                        const std::vector<Sequence>& housed);
    Result<bool> is_made_by_pending(const RecordId& id);
    void note_housed(const std::vector<PendingOperation>& pending, Sequence seq);
    Status drop_refused();
    Status take_repair();
    Status note_sums();
    Status forget_parked(CollectionId collection, const RecordId& id);
    Status park(const PageRow& row, const Error& why);

    Result<OpenChangeset*> open(std::int64_t number);
    Result<RecordState> base_of(const RecordId& id, RecordState shown, Sequence seq);
    Result<RecordState> with_own(const RecordId& id, RecordState base, Sequence seq);
    // Applies what is pending on the record over `confirmed`, the state of `seq`, and makes its
    // before-images anew. What this reply settles up to `seq` is in it.
    Result<RecordState> replay(const RecordId& id, RecordState confirmed, Sequence seq, bool& any);
    Status replay_one(const RecordId& id, const PendingOperation& pending, RecordState& state,
                      bool& any);
    // Whether the state that the record has at `seq` holds the changeset, by this reply.
    bool settles(const JournalRow& row, Sequence seq) const;
    Status place(const TableInfo& table, const RecordId& id,
                 const std::optional<StoredRecord>& stored, RecordState confirmed, Sequence seq,
                 std::int64_t scope_set);

    ReplicaCore& core_;
    const SyncReply& reply_;
    RoundTrip trip_;
    ChangeCollector changes_;
    std::map<std::int64_t, OpenChangeset> open_;
    std::map<std::int64_t, Settling> settling_;  // by journal number
    std::map<CollectionId, ConfirmStatements> confirm_statements_;
    Writer meta_before_, meta_after_;
    // By journal number and operation: where the record stands since this reply; 0: not placed by
    // it, or in no scope.
    std::map<std::int64_t, std::vector<Sequence>> housed_;
    std::vector<JournalRow> dropped_;  // quarantined or alias, by this reply
    std::set<std::int64_t> unknown_;   // the server has never seen them: to be issued again now
    std::set<RecordId> wanted_;
    Sequence settle_to_{};  // accepted changesets up to here are settled by this reply
    bool any_parked_ = false;
    bool no_dead_ = false;  // nothing deleted is kept here: no need to look
};

}  // namespace satchel::storage
