// Journal: the replica's append-only list of its own changesets, each with its place in the hash
// chain, its verdict, and (never sent) the before-images of what its operations overwrote.
//
//     entry    one row per changeset, as it was committed; its before-images may be made anew
//     verdict  what became of an entry; none: pending
//     journal  (a view) both side by side, for reading
//
// A wipe that keeps what is pending leaves of some entries only their place in the chain: their
// bytes are empty, no list has them, and they never go up again.
//
// Counter, chain and stamp live in the last row, so a local write is one row and one append.
// `pending` finds the operations on a record that the confirmed state does not hold yet; it is an
// index in memory that follows the table, also when another process appended to it.
//
// Threads: the owner's. Errors: the database's, and corrupt.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/replica.hpp"
#include "storage/sqlite.hpp"
#include "sync/chain.hpp"
#include "sync/changeset.hpp"
#include "sync/protocol.hpp"

namespace satchel::storage {

// One operation of a changeset in the journal.
struct PendingOperation {
    std::int64_t number = 0;  // journal row
    std::size_t index = 0;    // operation in it

    auto operator<=>(const PendingOperation&) const = default;
};

struct JournalRecord {
    CollectionId collection{};
    RecordId id;
};

// A journal row with what syncing needs of it.
struct JournalRow {
    JournalEntry entry;
    Stamp stamp;
    Digest hash{};  // the chain after it
    Bytes bytes;
    Stamp effective;  // of accepted ones
    std::uint8_t rank = 0;
    std::uint8_t own_rank = 0;  // what the device believed when it wrote
    bool late = false;
};

struct ChainHead {
    std::uint64_t counter = 0;
    Digest hash{};
    Stamp stamp;  // of the last changeset, whatever its incarnation
};

// A changeset of ours that has been merged, and where.
struct SettledRow {
    std::int64_t number = 0;
    Sequence seq{};
};

class Journal {
  public:
    explicit Journal(Database& database) : database_(database) {}

    static const char* tables_sql();

    // Where the chain of this incarnation stands.
    Result<ChainHead> head(ReplicaId replica);
    // Appends a changeset; gives its number. `before`: one before-image per operation.
    Result<std::int64_t> append(const ChangesetHeader& header, ByteView bytes, const Digest& hash,
                                const std::vector<Bytes>& before, std::uint8_t own_rank);

    Result<std::optional<JournalRow>> row(std::int64_t number);
    // The one with that first counter, in whatever state.
    Result<std::optional<JournalRow>> row_at(ReplicaId replica, std::uint64_t first_counter);
    // What became of the changeset that holds the dot; nothing: it is not in the journal.
    Result<std::optional<ChangesetState>> state_of(const Dot& dot);
    // The same as row(), without its bytes: cheap. corrupt when it is missing.
    Result<JournalRow> facts(std::int64_t number);
    // Reads the bytes of rows that came without.
    Status fill(std::vector<JournalRow>& rows);
    // A row that is pending, accepted or held, by its first counter; without its bytes. After
    // follow().
    Result<std::optional<JournalRow>> open_row(ReplicaId replica, std::uint64_t first_counter);
    // Whole changesets after `counter` in order, cut after `max_bytes` (at least one if any).
    // corrupt: the bytes of one do not give its place in the chain.
    Result<std::vector<UploadedChangeset>> upload(ReplicaId replica, std::uint64_t counter,
                                                  std::size_t max_bytes);
    // Not settled, superseded, quarantined or alias: ascending, without their bytes.
    Result<std::vector<JournalRow>> open_rows();
    // What a server may have lost that was restored to `seq` and has of the incarnation `replica`
    // what lies up to `counter`. Ascending; superseded rows are none.
    Result<std::vector<JournalRow>> rows_lost(ReplicaId replica, std::uint64_t counter,
                                              Sequence seq);
    // What of the incarnation `left` after `common`, and of later ones, is not known to be at a
    // server that stands at `seq`. `restored`: it may lack what it refused or knew under other
    // dots, too. Ascending; superseded rows are none.
    Result<std::vector<JournalRow>> rows_parted(ReplicaId left, std::uint64_t common, Sequence seq,
                                                bool restored);
    // The first changeset without a verdict in an incarnation before `present`; nothing: there is
    // none. Cost: the open rows.
    Result<std::optional<JournalEntry>> earlier_unsent(ReplicaId present);
    // Whether anything waits for a verdict, or is held, besides the incarnation up to `last`.
    Result<bool> any_open_but(const Dot& last);
    // Where the chain stands before `entry` and the superseded entries right before it: these have
    // no verdict to wait for, but a restored server may lack them, and takes nothing behind a hole.
    Result<std::uint64_t> base_of(const JournalEntry& entry);
    // Highest counter of an incarnation whose changeset was not issued again under another.
    Result<std::uint64_t> last_of(ReplicaId replica);
    // Where the changesets end that follow `counter` without a hole; a wipe leaves holes.
    Result<std::uint64_t> run_end(ReplicaId replica, std::uint64_t counter);
    Result<std::vector<JournalEntry>> list(std::size_t limit, bool open_only);
    Status save_state(const JournalRow& row);
    // Accepted rows up to `seq` become settled; ascending.
    Result<std::vector<SettledRow>> settle(Sequence seq);
    // Saves a state that makes a closed row open again.
    Status reopen(const JournalRow& row);
    Result<std::optional<Digest>> hash_at(ReplicaId replica, std::uint64_t counter);
    // corrupt when the row's bytes are not those that were written; where nothing is kept before
    // it nobody can tell.
    Status check_whole(const JournalRow& row);
    // Where the last changeset ends that lies wholly up to `counter`; 0: none.
    Result<std::uint64_t> end_before(ReplicaId replica, std::uint64_t counter);
    // Where the last changesets of the incarnation begin that follow each other without a hole;
    // what was pruned or wiped leaves one.
    Result<std::uint64_t> run_start(ReplicaId replica);
    // What is in order at head office and in its backup, up to counter `horizon`, goes. Gives how
    // many entries went.
    Result<std::int64_t> prune(ReplicaId replica, std::uint64_t horizon);

    Result<std::vector<Bytes>> before_images(std::int64_t number);
    Status save_before_images(std::int64_t number, const std::vector<Bytes>& images);

    // Brings the index in memory up to date with the table.
    Status follow();
    // Operations on the record that are pending, accepted or held: ascending.
    const std::vector<PendingOperation>& pending(const RecordId& id) const;
    // Whether an open row is an automatic write.
    bool is_system(std::int64_t number) const;
    // The records that the operations of a pending row write, in order; valid until forget().
    const std::vector<JournalRecord>& records(std::int64_t number) const;
    // The row is not pending any more; gives records() of it.
    std::vector<JournalRecord> forget(std::int64_t number);
    // After states were saved: passes over rows at the front that are closed for good.
    Status move_mark();
    // Forgets the index; the next follow() reads it anew.
    void invalidate();

  private:
    // An entry of the index in memory.
    struct OpenEntry {
        ReplicaId replica;
        std::uint64_t first_counter = 0;
        bool system = false;
        std::vector<JournalRecord> records;
    };

    static Result<JournalRow> read_row(Statement& statement);
    static Result<std::vector<JournalRow>> read_all(Statement& rows);
    Result<std::uint64_t> counter_of(const char* sql, ReplicaId replica);
    struct FollowedWhole;
    // Takes the row `followed_` into the index. Not shown: it was refused before a restore.
    Status follow_entry(ByteView bytes, bool shown);
    // A number up to which every entry ends at or before that counter, and none above it does.
    Result<std::int64_t> last_number(ReplicaId replica, std::uint64_t counter);
    Result<std::int64_t> highest_number();

    Database& database_;
    std::unordered_map<RecordId, std::vector<PendingOperation>> pending_;
    std::map<std::int64_t, OpenEntry> open_;                                    // by number
    std::map<std::pair<ReplicaId, std::uint64_t>, std::int64_t> open_numbers_;  // by first counter
    std::int64_t followed_ = 0;  // highest number in the index
};

}  // namespace satchel::storage
