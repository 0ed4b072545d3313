// SqliteServerStore: one workspace of the server in one SQLite file: record states, the operation
// log with verdicts, replicas, scopes with their sums and walk, graves. It implements sync's
// ServerStore; `handle_sync` holds the rules.
//
//     SATCHEL_ASSIGN(auto store, SqliteServerStore::open("sales.workspace", options));
//     SATCHEL_TRY(store->begin());
//     Result<Handled> handled = handle_sync(request, caller, *store, services, now_ms);
//     if (handled) SATCHEL_TRY(store->commit()); else store->roll_back_all();
//
// A reply may leave only after commit() has succeeded. Everything of ours in the file has a name
// that begins with '_'; the typed tables of the schema stand beside it (storage/record_tables.hpp).
//
// One process opens a workspace at a time: sums and scopes are kept in memory between requests.
// Threads: one at a time. Errors: the database's (sqlite.hpp); after an error inside a transaction
// call roll_back_all(), the store is then as before begin().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/audit_log.hpp"
#include "storage/record_tables.hpp"
#include "storage/sqlite.hpp"
#include "storage/workspace_copy.hpp"
#include "sync/server_session.hpp"

namespace satchel::storage {

// `application_id` 0x53415448 ("SATH", head office); `user_version` counts formats.
constexpr std::int32_t kServerApplicationId = 0x53415448;
constexpr std::int32_t kServerFormat = 1;

struct ServerStoreOptions {
    bool create = false;            // make the file when it is not there
    SchemaPointer schema;           // of a new file; null: only the system's collections
    std::string workspace;          // name of a new file's workspace
    bool restored = false;          // the file is a copy from a backup: begin a new epoch,
    std::uint64_t after_epoch = 1;  // ... later than this one: that of the file it replaces
    std::string key;                // encrypts the file; empty: not encrypted
    WallClock* clock = nullptr;     // null: the system's
    Random* random = nullptr;       // null: the system's
    std::string vfs;                // "": the system's files
    bool exclusive = false;         // no other connection: the simulator's disks
    int cache_kib = 65536;
    std::size_t snapshot_bytes = 32U << 20;  // pages of loads that are kept for the next device
};

// What an administrator looks at: one changeset that was not accepted.
struct QuarantinedChangeset {
    std::int64_t number = 0;  // in the log: names it for `adopt` and `dismiss`
    LoggedChangeset entry;
    bool adopted = false;
};

// not_a_database, newer_format: when it is no workspace of this release. `path`: for the message.
Status check_server_file(Database& database, const std::string& path);
// The epoch of a workspace's file, which no server uses. Fails as open().
Result<std::uint64_t> epoch_of(const std::string& path);

// Counts for metrics and `satchel verify`. Cost: the indexes of records and log are counted.
struct ServerFigures {
    std::uint64_t epoch = 0;
    Sequence head{};
    std::uint64_t accepted = 0;
    std::uint64_t held = 0;
    std::uint64_t quarantined = 0;  // not adopted
    std::uint64_t scopes = 0;
    std::uint64_t graves = 0;
    std::uint64_t records = 0;
    std::uint64_t dead = 0;
    std::int64_t file_bytes = 0;
    std::uint64_t pages_reused = 0;  // of loads, since the start (sync/snapshot_pages.hpp)
    std::uint64_t pages_made = 0;
};

class SqliteServerStore final : public ServerStore {
  public:
    // not_found without `create`; not_a_database when it is another program's file; newer_format.
    static Result<std::unique_ptr<SqliteServerStore>> open(const std::string& path,
                                                           const ServerStoreOptions& options);
    ~SqliteServerStore() override;

    // Around every handle_sync, and around several calls below that belong together.
    Status begin();
    Status begin_read();  // for looking at it: other connections may write meanwhile
    Status commit();
    void roll_back_all();
    bool in_transaction() const;

    Database& database();
    const Services& services() const;
    std::string workspace();
    ReplicaId own_replica();
    // Of the scopes those that hold something, what the open transaction made included.
    std::vector<std::string> filled_scopes();

    // Who may write what today, by replica id and user: lets held changesets of absent devices be
    // judged again as soon as what they wait for has come.
    using CallerLookup =
        std::function<Result<std::optional<Caller>>(std::uint64_t replica, const RecordId& user)>;
    void look_up_callers(CallerLookup lookup);
    // Whether an account has the scope: devices give records to nobody else. Without it they may
    // name any owner and pool.
    using ScopeLookup = std::function<Result<bool>(const std::string& scope)>;
    void look_up_scopes(ScopeLookup lookup);

    // Administration. Each call is a transaction of its own, or part of the one that is open.

    // Head office writes: through the same rules as a device, as the server's own replica.
    // An operation whose record exists and whose clock is empty takes the record's current clock
    // (to write over what is there now); others say themselves what they had seen.
    // The verdict may be `quarantined` (bad value); then nothing was written.
    Result<Verdict> write_own(std::vector<Operation> operations, Intent intent, std::int64_t now_ms,
                              const RecordId& author = {});
    // A new number's schema becomes a record of `_schema` and is used at once.
    // invalid_argument when it is no successor of the present one.
    Status install_schema(const Schema& schema, std::int64_t now_ms);
    // Creates or updates; fields named as in the schema of `_user`, `_device` (sync/schema.hpp).
    Result<RecordId> put_record(std::string_view collection, const RecordId* id,
                                const std::vector<std::pair<std::string, Value>>& fields,
                                std::int64_t now_ms);
    // Gives the record to another owner; its children follow. not_found, invalid_argument (the
    // collection has no owner).
    Result<Verdict> handover(CollectionId collection, const RecordId& record,
                             const RecordId& new_owner, std::int64_t now_ms);

    Result<std::vector<QuarantinedChangeset>> quarantine(std::size_t limit,
                                                         bool with_adopted = false);
    // Writes a quarantined changeset's values as head office's own, beside whatever is there now
    // (its clocks are kept, so nothing unseen is overwritten). What its author has written anew
    // since is left out; when nothing remains, nothing is written and `seq` is the head. The
    // verdict stays; it is marked.
    Result<Verdict> adopt(std::int64_t log_number, const RecordId& by, std::int64_t now_ms);

    // Moves records that are dead at or below the stable cut (the lowest cursor confirmed by the
    // active replicas) into the grave index. Gives how many. `active`: by replica id; others do
    // not hold the cut back.
    Result<std::size_t> prune(const std::vector<std::uint64_t>& active, std::size_t limit,
                              std::int64_t now_ms);
    // Changes that held changesets wait for will never come: the held ones go on without them.
    Status declare_lost(const Dot& dot, std::string_view by, std::int64_t now_ms);
    // Declares lost what has been waited for longer than kHoldDeadlineMs. Gives how many dots.
    Result<std::size_t> sweep_held(std::int64_t now_ms);
    // All that are held, in the order they came, without their bytes.
    Result<std::vector<LoggedChangeset>> held();

    // Remembers what a complete copy holds (storage/workspace_copy.hpp). It counts as backed up
    // from confirm_backup() on: when the copy that was noted last is safe elsewhere.
    Status note_backup(const WorkspaceCopy& copy);
    Status confirm_backup();

    // Where the audit log ends, with what the open transaction added (storage/audit_log.hpp).
    Result<AuditHead> audit_head();
    Result<ServerFigures> figures();
    // Recounts every scope and compares with the kept sums; corrupt names the first difference.
    Status check_sums();

    // ServerStore
    SchemaPointer schema() override;
    std::uint64_t epoch() override;
    Sequence restored_head(std::uint64_t since_epoch) override;
    Sequence head() override;
    Result<Sequence> next_seq() override;
    Result<std::optional<KnownReplica>> replica(ReplicaId id) override;
    Result<std::uint32_t> highest_incarnation(std::uint64_t replica) override;
    Status save_replica(const KnownReplica& replica) override;
    Result<std::uint64_t> horizon_counter(ReplicaId replica) override;
    Result<DeviceDay> device_day(std::uint64_t replica) override;
    Status save_device_day(std::uint64_t replica, const DeviceDay& day) override;
    Result<std::optional<LoggedChangeset>> logged(ReplicaId replica,
                                                  std::uint64_t counter_within) override;
    Result<std::optional<LoggedChangeset>> log_entry(ReplicaId replica,
                                                     std::uint64_t counter_within) override;
    Result<std::optional<LoggedChangeset>> log_entry(std::uint64_t replica,
                                                     const ChangeId& id) override;
    Status append_log(const LoggedChangeset& entry) override;
    Status save_verdict(const LoggedChangeset& entry, std::int64_t now_ms) override;
    Result<std::vector<ChainPoint>> chain_points(ReplicaId replica, std::size_t limit) override;
    Result<std::vector<LoggedChangeset>> ready_held() override;
    Status keep_waiting(const LoggedChangeset& held) override;
    Result<std::vector<LoggedChangeset>> held_of(ReplicaId replica) override;
    Result<std::optional<VerdictKind>> decided(const Dot& dot) override;
    bool has_held() override;
    Result<std::uint64_t> held_bytes(std::uint64_t replica) override;
    Result<std::vector<LoggedChangeset>> refused_of(std::uint64_t replica,
                                                    std::size_t max_bytes) override;
    Result<std::optional<Caller>> caller_of(const LoggedChangeset& entry) override;
    Result<bool> knows_scope(const std::string& scope) override;
    Result<bool> is_declared_lost(const Dot& dot) override;
    Status append_alias(const RecordId& record, const Dot& alias, const Dot& original) override;
    Result<std::vector<Dot>> aliased(const RecordId& record, const Dot& up_to) override;
    Result<std::optional<ServerRecord>> load(CollectionId collection, const RecordId& id) override;
    Result<std::optional<std::vector<std::string>>> scopes_of_record(CollectionId collection,
                                                                     const RecordId& id) override;
    Status store(CollectionId collection, const RecordId& id, const ServerRecord& record,
                 const std::optional<ServerRecord>& before, std::int64_t now_ms) override;
    Status rescope(CollectionId collection, const RecordId& id, Sequence seq,
                   const std::vector<std::string>& scopes, std::int64_t now_ms) override;
    Status note_dangling(const RecordId& parent) override;
    Result<bool> take_dangling(const RecordId& id) override;
    Status store_fresh(CollectionId collection, const RecordId& id, const FreshRow& row) override;
    Result<bool> in_grave(const RecordId& id) override;
    Result<std::vector<std::pair<CollectionId, RecordId>>> children(
        const RecordId& parent) override;
    Result<std::optional<DepartureTime>> departure(const std::string& scope,
                                                   const RecordId& id) override;
    Status use_schema(SchemaPointer schema) override;
    Result<std::vector<RecordId>> record_ids(CollectionId collection) override;
    Result<std::vector<WalkItem>> walk(const WalkQuery& query, std::size_t limit) override;
    Result<std::vector<ScopeItem>> scope_items(const ScopeQuery& query, std::size_t limit) override;
    Sequence last_change(const std::string& scope) override;
    SnapshotPages& snapshot_pages() override;
    Result<bool> visit_row(CollectionId collection, const RecordId& id,
                           const std::function<Status(const RowView&)>& visit) override;
    Result<std::vector<ScopeSum>> sums(const std::vector<std::string>& scopes) override;
    Status visit_scope(const std::string& scope,
                       const std::function<void(const RecordId&, Sequence)>& visit) override;
    Result<std::optional<CollectionId>> collection_of(const RecordId& id) override;
    Status savepoint() override;
    Status release() override;
    Status roll_back() override;

  private:
    struct Core;
    // `speaks_for`: the device whose change is adopted; 0 for none.
    Result<Verdict> write(std::vector<Operation> operations, Intent intent, std::int64_t now_ms,
                          const RecordId& author, std::uint64_t speaks_for);
    explicit SqliteServerStore(std::unique_ptr<Core> core);
    std::unique_ptr<Core> core_;
};

}  // namespace satchel::storage
