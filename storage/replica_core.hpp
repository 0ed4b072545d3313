// What the parts of a Replica share: its connection, its tables, its place in the world. Private to
// storage/; the public face is storage/replica.hpp.
//
// Threads: the replica's owner, one at a time. Errors: the database's.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/journal.hpp"
#include "storage/record_tables.hpp"
#include "storage/replica.hpp"
#include "storage/scope_sets.hpp"
#include "storage/sqlite.hpp"

namespace satchel::storage {

// The one row of the table `replica`.
struct ReplicaRow {
    ReplicaId replica;
    Stamp hlc;  // head office's time when it was last heard: local stamps are later
    std::uint64_t epoch = 0;
    Sequence cursor{};
    WalkPosition position;
    std::uint64_t acked_counter = 0;
    std::uint64_t sent_counter = 0;   // what of this incarnation ever left the device
    bool leaves_incarnation = false;  // the server was restored: what was not sent gets new names
    bool earlier_open = false;        // earlier incarnations have something to send
    std::int64_t clock_offset = 0;    // server's clock less ours, milliseconds
    std::int64_t last_success = 0;
    bool doubts_states = false;
    std::uint8_t rank = 0;  // of the user's role, as the last verdict said
};

struct ReplicaCore {
    ReplicaCore(Database opened, std::string file_path)
        : database(std::move(opened)),
          tables(database, RecordTables::Indexes::indexed_and_parents),
          journal(database),
          scopes(database),
          path(std::move(file_path)) {}

    // A dot of this replica that the server knows under another one.
    struct Alias {
        Dot own;
        Dot original;
    };

    Database database;
    RecordTables tables;
    Journal journal;
    ScopeSets scopes;
    std::string path;
    WallClock* clock = nullptr;
    Random* random = nullptr;
    std::unique_ptr<WallClock> own_clock;
    std::unique_ptr<Random> own_random;
    RecordIdMaker ids;
    ReplicaRow row;
    HybridClock hybrid;
    std::int64_t data_version = -1;  // of the caches above
    bool unheard = false;            // observers have not been told of what others wrote
    bool writing = false;
    // Records have left whose rows may still lie in the log; also when an earlier process ended
    // before it could look.
    bool purge_due = true;
    bool is_new = false;  // made by this process, and not read again since
    std::int64_t next_observer = 1;
    std::map<std::int64_t, std::shared_ptr<const Observer>> observers;
    std::unordered_map<RecordId, std::vector<Alias>> aliases;
    std::vector<SchemaPointer> retired;  // earlier schemas: pointers into them stay good

    Status create_tables();
    Status load_row();
    Status save_row();
    Status load_schema();
    Status use_schema(SchemaPointer schema);
    // Another connection may have written: reads again what is cached. Inside a transaction.
    Status refresh();
    // The same, in a transaction of its own.
    Status follow();
    Status install_schema(SchemaPointer schema);
    // Rows came with fields that the schema here does not know: head office's newer one got lost on
    // its way, and comes by a repair.
    Result<bool> rows_are_ahead();
    Status note_rows_ahead();
    // Nothing was complete here yet: rows go in place, and indexes are built when all have come.
    bool loads_first() const;
    std::int64_t now() const { return clock->now_ms(); }
    Status load_aliases();
    Status save_alias(const RecordId& record, const Alias& alias);
    // The original dots of every alias that the clock of an operation on the record covers,
    // ascending.
    std::vector<Dot> also_seen(const RecordId& record, const VectorClock& covered) const;
    // The same, and the own names of what the clock covers by its original: a restored head office
    // may know it by the own one now.
    Result<std::vector<Dot>> seen_by_any_name(const RecordId& record, const VectorClock& covered);
    // The other name of a dot of this replica on the record, if it has one.
    std::optional<Dot> original_of(const RecordId& record, const Dot& own) const;
    // Whether a state of the record with this clock has the dot in it, by its name or by that which
    // its original has.
    bool holds(const RecordId& record, const VectorClock& state, const Dot& dot) const;
    // A read token of the record, which may be older than the present incarnation: what was issued
    // again since goes by its new dots. `shown`: the record's clock now.
    Result<VectorClock> renamed(const RecordId& record, const VectorClock& token,
                                const VectorClock& shown);
    Result<std::uint64_t> reach(const RecordId& record, const Dot& entry, const VectorClock& token,
                                const VectorClock& shown);
    // `state`: of its own name.
    Result<bool> was_issued_again(const Alias& alias, std::optional<ChangesetState> state);
    Result<bool> has_moved(const RecordId& record, const Dot& dot, const VectorClock& token);
    // `shown` with the before-images of everything pending put back.
    Result<RecordState> confirmed(const RecordId& id, RecordState shown);
    void notify(const std::vector<Change>& changes);
    // Every record that `scope` holds here, dead ones included.
    Status visit_scope(
        const std::string& scope,
        const std::function<void(const TableInfo&, const RecordId&, Sequence)>& visit);
    Status fill_chain(SyncState& state, bool present_only);
    Status end_at_hole(SyncState& state);
    // Of what has left the device nothing stays in its files (I-7). At a checkpoint: before one the
    // position still names a record. With the next one when others read the file now, or the disk
    // fails.
    void purge_if_due();
    // The walk through head office's records goes on from there: what has come since the last
    // checkpoint comes again, or not at all.
    Status begin_anew(WalkPosition position);
    Status want(const RecordId& id);
    Status want_after(Sequence head);
    // One transaction in which `work` changes rows and the caches above; observers learn what it
    // gives. When it fails neither the file nor the caches have changed.
    // `at_checkpoint`: purges before they do.
    Status change(const std::function<Result<std::vector<Change>>()>& work,
                  bool at_checkpoint = false);
    // Issues journal rows again under the present incarnation (storage/reissue.cpp); gives what
    // changed.
    Result<std::vector<Change>> reissue(const std::vector<JournalRow>& rows);
    // Dots of what is pending on the record, ascending.
    Result<std::vector<Dot>> pending_dots(const RecordId& record);
    // Highest counters of incarnations, of what has not moved before; filled as they are asked for.
    using OwnEnds = std::map<ReplicaId, std::uint64_t>;
    Result<std::uint64_t> own_end(OwnEnds& ends, const ReplicaId& replica);
    Result<VectorClock> known_elsewhere(const Operation& operation, OwnEnds& ends);
    Status repeat_refusal(std::int64_t number, const JournalEntry& refused);
};

// Collects what a commit changed.
class ChangeCollector {
  public:
    void add(CollectionId collection, const RecordId& record);
    std::vector<Change> take();

  private:
    static constexpr std::size_t kMaxListed = 1'000;  // beyond it: "look again"
    std::map<CollectionId, Change> changes_;
};

// The part of `before` that putting back an operation's writes needs: the cells it writes, and
// clock, sets, counters and life whole.
Bytes before_image(const RecordState& before, const Operation& operation);
// `state` as it was before `operation`, whose before-image is given ("" : it made the record).
Result<RecordState> put_back(RecordState state, const Operation& operation, ByteView image);

}  // namespace satchel::storage
