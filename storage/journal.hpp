// Journal: the replica's append-only list of its own changesets, each with its place in the hash
// chain, its verdict, and (never sent) the before-images of what its operations overwrote.
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

namespace satchel::storage {

// One operation of a changeset in the journal.
struct PendingOperation {
    std::int64_t number = 0;  // journal row
    std::size_t index = 0;    // operation in it

    auto operator<=>(const PendingOperation&) const = default;
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
    // The same without its bytes: cheap. corrupt when it is missing.
    Result<JournalRow> facts(std::int64_t number);
    // Reads the bytes of rows that came without.
    Status fill(std::vector<JournalRow>& rows);
    // By its first counter in an incarnation.
    Result<std::optional<JournalRow>> row(ReplicaId replica, std::uint64_t first_counter);
    Result<std::vector<JournalRow>> rows_after(ReplicaId replica, std::uint64_t counter,
                                               std::size_t max_bytes);
    // Not settled, superseded, quarantined or alias: ascending, without their bytes.
    Result<std::vector<JournalRow>> open_rows();
    // Every row of the replica's id after `seq` or, in this incarnation, after `counter`: what a
    // server restored to that point may have lost. Ascending.
    Result<std::vector<JournalRow>> rows_lost(ReplicaId replica, std::uint64_t counter,
                                              Sequence seq);
    Result<std::vector<JournalEntry>> list(std::size_t limit, bool open_only);
    Status save_state(const JournalRow& row);
    // Saves a state that makes a closed row open again.
    Status reopen(const JournalRow& row);
    Result<std::optional<Digest>> hash_at(ReplicaId replica, std::uint64_t counter);
    // Where the last changeset ends that lies wholly up to `counter`; 0: none.
    Result<std::uint64_t> end_before(ReplicaId replica, std::uint64_t counter);
    Status prune(ReplicaId replica, std::uint64_t horizon);

    Result<std::vector<Bytes>> before_images(std::int64_t number);
    Status save_before_images(std::int64_t number, const std::vector<Bytes>& images);

    // Brings the index in memory up to date with the table.
    Status follow();
    // Operations on the record that are pending, accepted or held: ascending.
    const std::vector<PendingOperation>& pending(const RecordId& id) const;
    bool any_pending() const { return !pending_.empty(); }
    // The row is not pending any more.
    Status forget(const JournalRow& row);
    // After states were saved: passes over rows at the front that are closed for good.
    Status move_mark();
    // Forgets the index; the next follow() reads it anew.
    void invalidate();

  private:
    static Result<JournalRow> read_row(Statement& statement);
    static Result<std::vector<JournalRow>> read_all(Statement& rows);
    Result<std::int64_t> first_number_after(ReplicaId replica, std::uint64_t counter);

    Database& database_;
    std::unordered_map<RecordId, std::vector<PendingOperation>> pending_;
    std::int64_t followed_ = 0;  // highest number in the index
};

}  // namespace satchel::storage
