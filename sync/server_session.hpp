// The server's side of a sync: a function from a request and a store to a reply. The HTTP loop
// around it has no rule in it, and everything a device sends is judged here.
//
// For each changeset, strictly in the replica's order, one transaction with its effect:
//   known dot, same hash    -> the stored verdict again
//   known dot, other hash   -> fork
//   id known elsewhere      -> alias
//   not decodable, unknown schema, bad value, no right, pruned record -> quarantined, kept
//   builds on a change that is not here -> held, judged again when it comes
//   otherwise               -> merged, seq = head + 1, scopes and checksums kept up to date
//
// What one request may cost and what one device may leave behind is limited (sync/limits.hpp). A
// request that reaches such a limit is answered for the changesets before it, and with all that
// comes down: the reply's acked_counter says how far, its refusal why.
//
// Threads: one at a time per store. Errors: the store's; hostile changesets give verdicts. A whole
// request is refused only with invalid_argument (dots with a hole), forbidden (a replica that the
// token was not issued to) and limit (too many incarnations in a day).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sync/limits.hpp"
#include "sync/meta.hpp"
#include "sync/page.hpp"
#include "sync/protocol.hpp"
#include "sync/schema.hpp"
#include "sync/snapshot_pages.hpp"

namespace satchel {

// Who is asking: established by the HTTP layer from the token, never from the request.
struct Caller {
    std::uint64_t replica = 0;  // the id that the token was issued to
    RecordId user;
    std::uint8_t rank = 0;         // of the user's role, for the rule `rank`
    bool head_office = false;      // may write everything
    std::uint64_t speaks_for = 0;  // head office adopts a change of this device, and saw the same
    bool revoked = false;          // nothing of it is merged any more, all goes to quarantine
    std::vector<std::string> scopes;  // that the user's rights give, ascending
};

// One replica incarnation as the server knows it.
struct KnownReplica {
    ReplicaId replica;
    std::uint64_t high = 0;       // highest counter taken
    Digest hash{};                // chain there
    Sequence cursor_given{};      // highest checkpoint ever sent to it
    Sequence cursor_confirmed{};  // highest cursor it told
    Sequence load_head{};         // head when it began to load scopes; 0: none is loading
};

// What a device has used up, since a day began, of what it may leave behind here.
struct DeviceDay {
    std::int64_t began = 0;           // milliseconds
    std::uint64_t refused_bytes = 0;  // quarantined or held
    std::uint64_t incarnations = 0;   // issued to it
};

// A row of the operation log.
struct LoggedChangeset {
    ReplicaId replica;
    std::uint64_t first_counter = 0;
    std::uint64_t last_counter = 0;
    ChangeId id;
    Digest hash{};  // the chain after it
    Bytes bytes;
    std::int64_t receipt = 0;     // milliseconds
    std::int64_t device_now = 0;  // of the request that brought it
    RecordId author;              // user
    Verdict verdict;
};

// A record with what the server keeps about it.
struct ServerRecord {
    RecordState state;
    Sequence seq{};
    std::vector<std::string> scopes;  // ascending
    // The seq of each cell's last change; a cell not listed last changed at `created`.
    Sequence created{};
    std::vector<std::pair<FieldId, Sequence>> cell_seqs;  // ascending
    bool in_columns = false;  // the store's: no column has to be written but for what changes
};

struct DepartureTime {
    Sequence seq{};
    std::int64_t at = 0;  // milliseconds
};

// What a device has yet to walk through.
struct WalkQuery {
    std::vector<std::string> established;  // ascending; walked beyond `cursor`
    Sequence cursor{};
    std::vector<std::string> loading;  // ascending; walked beyond `loaded`
    Sequence loaded{};
    Sequence load_head{};  // departures up to here are no news for a loading scope
    RecordPlace from;      // both only beyond this
};

// One item of the walk over a device's scopes.
struct WalkItem {
    RecordPlace position;
    CollectionId collection{};
    std::vector<std::string> left;  // of the walked scopes, that it left at this seq; ascending
    std::vector<std::string> held;  // of the walked scopes, that hold it; ascending
    Sequence entered{};             // earliest entry into an established scope that holds it
};

// Records of one scope as they stand.
struct ScopeQuery {
    std::string scope;
    std::vector<CollectionId> collections;  // ascending; only of these
    RecordPlace from;                       // only beyond this
    Sequence until{};                       // and only up to here
};

struct ScopeItem {
    RecordPlace place;
    CollectionId collection{};
};

// A new record of registers on its way into its table, as its operation brought it: nothing is
// decoded twice. Its cells were all written by one dot.
struct FreshRow {
    std::vector<ValueView> registers;  // by the columns of the collection's Layout
    ByteView meta;                     // encode_fresh_meta
    Sequence seq{};
    const std::vector<std::string>* scopes = nullptr;  // ascending
};

// A row on its way out, as it lies in its table; views live for the call.
struct RowView {
    Sequence seq{};
    bool dead = false;               // then `meta` is the whole state, and there are no columns
    const Layout* layout = nullptr;  // of `registers`
    std::vector<ValueView> registers;
    ByteView meta;
    const std::vector<std::string>* scopes = nullptr;
    Sequence created{};
    std::vector<std::pair<FieldId, Sequence>> cell_seqs;  // ascending
};

// An epoch is a number that grows from restore to restore, from which each epoch's incarnations
// follow, and behind it 20 random bits: two restores of one backup may get the same number (in the
// same minute, or by a clock that is wrong), and their devices must not be taken for each other's.
// A workspace begins with epoch 1, number 0; and below 2^40 lie those that have no random bits,
// because an earlier build restored the file. All fit the 53 bits of a JSON reader.
constexpr unsigned kEpochRandomBits = 20;
constexpr std::uint64_t kFirstEpochNumber = std::uint64_t{1} << 20;
constexpr std::uint64_t epoch_number(std::uint64_t epoch) {
    const std::uint64_t number = epoch >> kEpochRandomBits;
    return number < kFirstEpochNumber ? epoch - 1 : number;
}

// What the server keeps. Every call happens inside a transaction that the caller of `handle_sync`
// began; `savepoint` and friends nest in it.
class ServerStore {
  public:
    virtual ~ServerStore() = default;

    virtual SchemaPointer schema() = 0;
    virtual std::uint64_t epoch() = 0;
    // What a device that last met that epoch can still rely on: the lowest head that a later epoch
    // began with; 0 for an epoch that the store has never had.
    virtual Sequence restored_head(std::uint64_t since_epoch) = 0;
    virtual Sequence head() = 0;
    virtual Result<Sequence> next_seq() = 0;

    virtual Result<std::optional<KnownReplica>> replica(ReplicaId id) = 0;
    virtual Result<std::uint32_t> highest_incarnation(std::uint64_t replica) = 0;
    virtual Status save_replica(const KnownReplica& replica) = 0;
    virtual Result<std::uint64_t> horizon_counter(ReplicaId replica) = 0;
    virtual Result<DeviceDay> device_day(std::uint64_t replica) = 0;
    virtual Status save_device_day(std::uint64_t replica, const DeviceDay& day) = 0;

    virtual Result<std::optional<LoggedChangeset>> logged(ReplicaId replica,
                                                          std::uint64_t counter_within) = 0;
    // The same, and by its id, without the bytes, which may be many.
    virtual Result<std::optional<LoggedChangeset>> log_entry(ReplicaId replica,
                                                             std::uint64_t counter_within) = 0;
    // The first of that device, whatever incarnation; the id may have been taken by another, too.
    virtual Result<std::optional<LoggedChangeset>> log_entry(std::uint64_t replica,
                                                             const ChangeId& id) = 0;
    virtual Status append_log(const LoggedChangeset& entry) = 0;
    virtual Status save_verdict(const LoggedChangeset& entry, std::int64_t now_ms) = 0;
    virtual Result<std::vector<ChainPoint>> chain_points(ReplicaId replica, std::size_t limit) = 0;
    // Held ones for whose dot something has happened since they were looked at, in the order they
    // came, without their bytes. Each stays ready until it gets a verdict or is to wait on.
    virtual Result<std::vector<LoggedChangeset>> ready_held() = 0;
    virtual Status keep_waiting(const LoggedChangeset& held) = 0;
    // One replica's, with their bytes.
    virtual Result<std::vector<LoggedChangeset>> held_of(ReplicaId replica) = 0;
    virtual bool has_held() = 0;
    // What all that is held of the device counts as: at least kLeastKeptBytes each.
    virtual Result<std::uint64_t> held_bytes(std::uint64_t replica) = 0;
    // The newest quarantined changesets of the device, whatever incarnation, newest first; the one
    // that brings their bytes to `max_bytes` is the last.
    virtual Result<std::vector<LoggedChangeset>> refused_of(std::uint64_t replica,
                                                            std::size_t max_bytes) = 0;
    // What became of the changeset with that dot; nothing when it is not in the log.
    virtual Result<std::optional<VerdictKind>> decided(const Dot& dot) = 0;
    // The author of a held changeset with the rights of today; nothing when the store cannot tell.
    virtual Result<std::optional<Caller>> caller_of(const LoggedChangeset& entry) = 0;
    // Whether the scope was in use before, or an account has it; true when the store cannot tell.
    virtual Result<bool> knows_scope(const std::string& scope) = 0;
    virtual Result<bool> is_declared_lost(const Dot& dot) = 0;
    // `alias` names the same write on `record` as `original`.
    virtual Status append_alias(const RecordId& record, const Dot& alias, const Dot& original) = 0;
    // Originals of the record's aliases by that replica up to that counter.
    virtual Result<std::vector<Dot>> aliased(const RecordId& record, const Dot& up_to) = 0;

    virtual Result<std::optional<ServerRecord>> load(CollectionId collection,
                                                     const RecordId& id) = 0;
    // Only its scopes: cheap.
    virtual Result<std::optional<std::vector<std::string>>> scopes_of_record(
        CollectionId collection, const RecordId& id) = 0;
    // Stores the record and keeps scopes, checksums and the walk up to date; `before` is what
    // `load` gave (nothing for a new record).
    virtual Status store(CollectionId collection, const RecordId& id, const ServerRecord& record,
                         const std::optional<ServerRecord>& before, std::int64_t now_ms) = 0;
    // A new seq and other scopes, nothing else: a parent of it changed hands.
    virtual Status rescope(CollectionId collection, const RecordId& id, Sequence seq,
                           const std::vector<std::string>& scopes, std::int64_t now_ms) = 0;
    // A record names a parent that is not here (yet); `take_dangling` tells once when it comes.
    virtual Status note_dangling(const RecordId& parent) = 0;
    virtual Result<bool> take_dangling(const RecordId& id) = 0;
    // The same for a record that is new (`collection_of` gave nothing) and plain.
    virtual Status store_fresh(CollectionId collection, const RecordId& id,
                               const FreshRow& row) = 0;
    virtual Result<bool> in_grave(const RecordId& id) = 0;
    // Whatever its collection: a record takes its scopes from whatever it names as its parent.
    virtual Result<std::vector<std::pair<CollectionId, RecordId>>> children(
        const RecordId& parent) = 0;
    virtual Result<std::optional<DepartureTime>> departure(const std::string& scope,
                                                           const RecordId& id) = 0;
    // The schema changed: a record of `_schema` was accepted.
    virtual Status use_schema(SchemaPointer schema) = 0;
    // All records of a collection, dead ones included: when its scope rule changed.
    virtual Result<std::vector<RecordId>> record_ids(CollectionId collection) = 0;

    // The next items in (seq, id) order; fewer than `limit` only at the end.
    virtual Result<std::vector<WalkItem>> walk(const WalkQuery& query, std::size_t limit) = 0;
    // The same over what one scope holds.
    virtual Result<std::vector<ScopeItem>> scope_items(const ScopeQuery& query,
                                                       std::size_t limit) = 0;
    // The last change of anything that the scope holds or held.
    virtual Sequence last_change(const std::string& scope) = 0;
    // Emptied by the store when what a page shows changes otherwise than by a change in its scope.
    virtual SnapshotPages& snapshot_pages() = 0;
    // False when there is no such record.
    virtual Result<bool> visit_row(CollectionId collection, const RecordId& id,
                                   const std::function<Status(const RowView&)>& visit) = 0;
    virtual Result<std::vector<ScopeSum>> sums(const std::vector<std::string>& scopes) = 0;
    // Ids and seqs of a scope, for repair.
    virtual Status visit_scope(const std::string& scope,
                               const std::function<void(const RecordId&, Sequence)>& visit) = 0;
    virtual Result<std::optional<CollectionId>> collection_of(const RecordId& id) = 0;

    virtual Status savepoint() = 0;
    virtual Status release() = 0;
    virtual Status roll_back() = 0;
};

struct ServerOptions {
    std::size_t page_bytes = kPageBytes;
    std::size_t max_rows = kMaxPageRecords;
};

struct Handled {
    SyncReply reply;
    bool nothing_new = false;  // a waiting request may go on waiting
    bool changed = false;      // something was merged: wake the others
};

Result<Handled> handle_sync(const SyncRequest& request, const Caller& caller, ServerStore& store,
                            const Services& services, std::int64_t now_ms,
                            const ServerOptions& options = {});

// Takes a changeset that the server itself wrote (imports, administration) through the same rules.
Result<Verdict> accept_own(const Bytes& changeset, const Caller& caller, ServerStore& store,
                           const Services& services, std::int64_t now_ms);

// The scopes of a record under its collection's rule, from its shown values. `parent_scopes` looks
// up the scopes of another record.
Result<std::vector<std::string>> scopes_of(
    const Collection& collection, const RecordState& state,
    const std::function<Result<std::vector<std::string>>(const RecordId&)>& parent_scopes);

// What one field shows: what scopes follow from.
Value shown_field(const Collection& collection, const RecordState& state, FieldId field);

// Judges the held changesets again whose authors' rights the store can tell; stops when a round
// brings nothing new, or has cost as much as one request may: the next call goes on. Gives how many
// got another verdict. Inside a transaction.
Result<std::size_t> judge_held(ServerStore& store, const Services& services, std::int64_t now_ms);

// Scope keys.
inline std::string user_scope(const RecordId& user) {
    return "u:" + user.text();
}
inline std::string pool_scope(std::string_view pool) {
    return "p:" + std::string(pool);
}
constexpr const char* kEveryoneScope = "*";
constexpr const char* kHeadOfficeScope = "h";

}  // namespace satchel
