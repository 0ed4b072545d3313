// Replica: one SQLite file that holds one user's working set on one device, with a journal of its
// own changes. Reads are plain SQL on typed tables; writes go through a LocalTransaction, which
// keeps the record's metadata, the journal and the rows together, atomically.
//
//     auto replica = Replica::open("sales.satchel", options);
//     auto transaction = (*replica)->begin();
//     auto id = transaction->create("account", {{"name", Value::text("Acme 上海")}});
//     transaction->set("account", *id, {{"tier", Value::text("A")}});
//     transaction->commit();
//
// It implements sync's DeviceStore: a DeviceSession syncs it. Always: shown = confirmed + pending.
//
// Threads: one at a time per Replica (it owns the one writer connection). Any number of
// ReadConnections (storage/read_connection.hpp) may read beside it, each on its own thread. Several
// processes may open one file; writes take turns (busy_timeout), and SyncLease (below) lets one of
// them sync. Errors: nothing is half done after one. disk_full, read_only and io leave the file as
// it was. File format: docs/formats.md, "Replica"; application_id and user_version are checked at
// open.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/record_tables.hpp"
#include "storage/seal.hpp"
#include "storage/sqlite.hpp"
#include "sync/device_session.hpp"
#include "sync/merge.hpp"
#include "sync/rules.hpp"

namespace satchel::storage {

// `application_id` 0x53415443 ("SATC"); `user_version` counts formats.
constexpr std::int32_t kReplicaApplicationId = 0x53415443;
constexpr std::int32_t kReplicaFormat = 1;

struct ReplicaOptions {
    std::string key;             // encrypts the file; empty: not encrypted
    bool create = false;         // make the file when it is not there
    SchemaPointer schema;        // of a new file; null: only the system's collections
    WallClock* clock = nullptr;  // null: the system's
    Random* random = nullptr;    // null: the system's
    std::string vfs;             // "" : the system's files
    bool exclusive = false;      // no other connection: the simulator's disks
    int busy_timeout_ms = 5000;
};

// What a record is, for screens and tools.
struct RecordView {
    CollectionId collection{};
    RecordId id;
    RecordState state;         // with everything pending
    RecordState confirmed;     // as the server had it; not `exists()` when it has not
    std::vector<Value> shown;  // one per field of the collection
    Sequence seq{};            // 0: never confirmed
    bool dead = false;
    bool pending = false;  // has changes that the server has not answered

    // What a form was shown: pass it back with the write, so that a value that arrived in between
    // survives beside it.
    const VectorClock& token() const { return state.clock; }
};

using FieldValues = std::vector<std::pair<std::string, Value>>;

class Replica;
struct ReplicaCore;  // storage/replica_core.hpp

// One local transaction = one changeset. Destroyed without commit: nothing happened.
// Field names that do not exist, values of the wrong kind or over a limit fail with
// invalid_argument or limit and leave the transaction usable.
class LocalTransaction {
  public:
    LocalTransaction(LocalTransaction&&) noexcept;
    LocalTransaction& operator=(LocalTransaction&&) noexcept;
    ~LocalTransaction();

    // Makes a record; `id`: made by the caller (imports with keys), else new.
    Result<RecordId> create(std::string_view collection, const FieldValues& values,
                            const RecordId* id = nullptr);
    // The fast way in: `values[i]` belongs to `fields[i]`; views must live for the call.
    Result<RecordId> create(const Collection& collection, const std::vector<FieldId>& fields,
                            const std::vector<ValueView>& values, const RecordId* id = nullptr);
    // Writes fields. A field of a group writes the whole group, the others as shown now.
    // `token`: what the person was shown; null: what is there now. Fails with not_found for a
    // record that is not here or deleted.
    Status set(std::string_view collection, const RecordId& id, const FieldValues& values,
               const VectorClock* token = nullptr);
    Status add_to_set(std::string_view collection, const RecordId& id, std::string_view field,
                      std::string_view element);
    Status remove_from_set(std::string_view collection, const RecordId& id, std::string_view field,
                           std::string_view element);
    Status count(std::string_view collection, const RecordId& id, std::string_view field,
                 std::int64_t step);
    Status remove(std::string_view collection, const RecordId& id,
                  const VectorClock* token = nullptr);
    Status undelete(std::string_view collection, const RecordId& id);
    std::size_t operations() const;
    // Commits; gives the changeset's id, zero when nothing was written. Afterwards the transaction
    // is spent.
    Result<ChangeId> commit();

  private:
    friend class Replica;
    struct State;
    Status repeat(const Operation& rejected, const Dot& dot);
    Status change_set(std::string_view collection, const RecordId& id, std::string_view field,
                      std::string_view element, bool add);
    explicit LocalTransaction(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// Which records a commit, local or synced, changed. An empty list of records with `many` set says
// "look again": a bulk load.
struct Change {
    CollectionId collection{};
    std::vector<RecordId> records;
    bool many = false;
};
using Observer = std::function<void(const std::vector<Change>&)>;

enum class ChangesetState : std::uint8_t {
    pending = 0,      // waits to be sent, or for the answer
    accepted = 1,     // merged at head office; still pending until the cursor has passed its seq
    settled = 2,      // merged, and the confirmed state holds it
    held = 3,         // head office waits for a change that it builds on
    quarantined = 4,  // not accepted; kept here and there with the reason
    alias = 5,        // known under other dots
    superseded = 6,   // issued again under another incarnation, or sent again by a person
};
std::string_view name(ChangesetState state);

// A row of the journal.
struct JournalEntry {
    std::int64_t number = 0;  // local, ascending
    ChangeId id;
    ReplicaId replica;
    std::uint64_t first_counter = 0;
    std::uint64_t last_counter = 0;
    std::int64_t committed_at = 0;  // milliseconds, device clock
    ChangesetState state = ChangesetState::pending;
    Sequence seq{};
    Reason reason = Reason::none;
    std::string detail;
};

struct OpenConflict {
    CollectionId collection{};
    RecordId record;
    FieldId cell{};
};

// What waits, since when, and why: the truth that every status line shows.
struct ReplicaStatus {
    ReplicaId replica;
    bool ever_synced = false;
    std::uint64_t epoch = 0;
    Sequence cursor{};
    std::size_t pending = 0;
    std::size_t held = 0;
    std::size_t not_accepted = 0;  // quarantined, not yet looked at
    std::size_t conflicts = 0;
    std::size_t parked = 0;              // input that could not be applied
    std::int64_t oldest_pending_at = 0;  // milliseconds; 0: none
    std::int64_t last_success_at = 0;    // 0: never
    bool loading = false;                // some scope is not complete yet
    std::vector<std::string> scopes;
};

// One scope of this device as it adds up here; beside the server's sums in `satchel verify`.
struct LocalSums {
    Sequence cursor{};
    std::vector<ScopeSum> scopes;
};

// That the file is a replica which this release reads. Fails with not_found (it is empty),
// not_a_database (another program's) or newer_format.
Status check_replica_file(Database& database);

class Replica final : public DeviceStore {
  public:
    static Result<std::unique_ptr<Replica>> open(const std::string& path,
                                                 const ReplicaOptions& options);
    ~Replica() override;

    // Collections and fields of it may be pointed to while the replica is open, also when a newer
    // schema has come.
    SchemaPointer schema() const;
    const std::string& path() const;

    // Intent::system: automatic writes (computed fields, migrations), which never revive a deleted
    // record.
    Result<LocalTransaction> begin(Intent intent = Intent::person);
    // not_found when the record is not on this device.
    Result<RecordView> record(std::string_view collection, const RecordId& id);
    Result<std::vector<OpenConflict>> conflicts();
    Result<std::vector<JournalEntry>> journal(std::size_t limit, bool open_only = false);
    Result<Changeset> changeset(std::int64_t journal_number);
    // Not-accepted input: write it again, on what is here now, under new dots. The old entry
    // becomes superseded. `amended`: values of its records to write with it, such as an owner.
    Result<ChangeId> resend(std::int64_t journal_number,
                            const std::map<RecordId, FieldValues>& amended = {});
    Status dismiss(std::int64_t journal_number);  // the person has seen it
    Result<ReplicaStatus> status();
    Result<LocalSums> sums();
    // Small facts of the host's own, such as server address and token: kept in the file.
    Result<std::string> setting(std::string_view key);  // "" when absent
    Status set_setting(std::string_view key, std::string_view value);

    // Observers run after the commit, on the committing thread; none runs after `unobserve`
    // returned. Of what other connections wrote `poll` tells them, whatever has taken it in before
    // (a begin, a sync, `follow`): "look again" in every collection. True: there was something.
    std::int64_t observe(Observer observer);
    void unobserve(std::int64_t observer);
    Result<bool> poll();
    // Takes in what other connections wrote, the schema too, and tells nobody.
    Status follow();

    // Removes every record but keeps the journal of what has no verdict yet (log-out, revocation),
    // sealed with `key` where there is one: until unseal() it is neither read nor sent.
    // `keep_pending` false: the journal goes too, and the file gets another replica id; schema and
    // settings stay.
    Status wipe(bool keep_pending, const SealKey* key = nullptr);
    // Opens what wipes have sealed; `keys`: the last one first. wrong_key: nothing has changed.
    Status unseal(const std::vector<SealKey>& keys);
    // Then sync_state() and what reads changesets are unauthorized.
    Result<bool> sealed();
    // Whether a head office that has taken `replica` in up to `counter` has all that is not settled
    // here. Not so if another incarnation is open too, or if what waits was never linked to what
    // head office has.
    Result<bool> is_handed_over(ReplicaId replica, std::uint64_t counter);

    // DeviceStore
    Result<SyncState> sync_state() override;
    Result<SyncState> present_state() override;
    Result<std::vector<UploadedChangeset>> upload(ReplicaId replica, std::uint64_t counter,
                                                  std::size_t max_bytes) override;
    Result<std::vector<VerdictQuestion>> questions() override;
    Result<std::vector<RecordId>> wanted(std::size_t limit) override;
    Status make_durable(ReplicaId replica, std::uint64_t counter) override;
    Status take(const SyncReply& reply, const RoundTrip& trip) override;
    Status take_incarnation(const NewIncarnation& issued) override;
    Status take_restored(const RestoredServer& server) override;
    Result<std::optional<Digest>> chain_hash(ReplicaId replica, std::uint64_t counter) override;
    Result<std::vector<std::string>> scopes_to_repair() override;
    Result<std::vector<RepairBucket>> repair_buckets(const std::string& scope) override;

    Database& database();

  private:
    friend class LocalTransaction;
    explicit Replica(std::unique_ptr<ReplicaCore> core);
    Result<SyncState> state_of(bool present_only);
    std::unique_ptr<ReplicaCore> core_;
};

// Held by the one process that syncs a replica; released when destroyed or when the process ends.
class SyncLease {
  public:
    // busy when another process holds it.
    static Result<SyncLease> acquire(const std::string& replica_path);
    SyncLease(SyncLease&&) noexcept;
    SyncLease& operator=(SyncLease&&) noexcept;
    ~SyncLease();

  private:
    explicit SyncLease(int file) : file_(file) {}
    int file_ = -1;
};

}  // namespace satchel::storage
