// The sync protocol, version 1: what one `POST /v1/sync` carries each way (docs/protocol.md).
//
// Up go the device's identity and position and its next whole changesets; down come verdicts,
// record states in pages, the next position, and a checkpoint when there is nothing more. The
// same bytes travel over HTTP, in a bundle file, and through the simulator.
//
// Both messages are flat msgpack (sync/wire.hpp); changesets and pages are compressed blocks.
// Everything is idempotent: a request may be repeated, a reply may be lost, at any point.
// Threads: values. Errors: decoding fails with corrupt, limit or newer_format.
#pragma once

#include <compare>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "sync/chain.hpp"
#include "sync/changeset.hpp"

namespace satchel {

constexpr std::uint64_t kProtocolMin = 1;
constexpr std::uint64_t kProtocolMax = 1;

// Pure functions that the layer above supplies (storage/services.hpp).
struct Services {
    HashFunction hash = nullptr;            // BLAKE2b-256
    Bytes (*compress)(ByteView) = nullptr;  // zstd
    Result<Bytes> (*inflate)(ByteView, std::size_t max_bytes) = nullptr;
    bool (*is_canonical_text)(ByteView) = nullptr;  // valid UTF-8 in NFC; null: not checked
};

// A record's place in the order of changes.
struct RecordPlace {
    Sequence seq{};
    RecordId id;

    auto operator<=>(const RecordPlace&) const = default;
};

// Where the load of new scopes is: their records as of `until` go down in stages, the most useful
// first (sync/load_order.hpp), each scope by itself; whatever changed later follows as news.
struct LoadPlace {
    std::uint64_t order = 0;  // number of the schema that gives the stages, plus 1; 0: not begun
    Sequence until{};
    std::uint32_t stage = 0;
    std::string scope;

    auto operator<=>(const LoadPlace&) const = default;
};
constexpr std::uint32_t kNewsStage = UINT16_MAX;  // all stages are done: the walk over the news

// A place in the walk; everything up to and with it has been sent.
struct WalkPosition {
    Sequence seq{};
    RecordId id{};
    LoadPlace load{};

    bool in_load() const { return load.order != 0 && load.stage != kNewsStage; }
    RecordPlace place() const { return {seq, id}; }
    bool operator==(const WalkPosition&) const = default;
    std::weak_ordering operator<=>(const WalkPosition& other) const {
        return std::tie(load, seq, id) <=> std::tie(other.load, other.seq, other.id);
    }
};

// Count and checksum of one scope's records, dead ones included.
struct ScopeSum {
    std::string scope;
    std::uint64_t count = 0;
    std::uint64_t checksum = 0;

    bool operator==(const ScopeSum&) const = default;
};

// Why a changeset was quarantined; stable, shown to people through the catalogue.
enum class Reason : std::uint8_t {
    none = 0,
    malformed = 1,        // cannot be decoded
    schema_unknown = 2,   // collection or field that head office does not know
    invalid_value = 3,    // wrong type or over a limit
    not_allowed = 4,      // the author may not write this record (any more)
    depends_on = 5,       // the making of the record, or of the one it belongs to, was not
    pruned = 6,           // the record was deleted long ago
    revoked = 7,          // the device was revoked
    false_claim = 8,      // its clock names changes that do not exist
    dependency_lost = 9,  // what it builds on was declared lost
};
std::string_view name(Reason reason);

// One changeset of an upload with its place in the replica's chain.
struct UploadedChangeset {
    std::uint64_t first_counter = 0;
    std::uint64_t last_counter = 0;
    Bytes bytes;
    // Why an earlier head office, before a restore, did not accept it; none: nobody has said so. It
    // stays not accepted: others may have written on top of what they never saw of it.
    Reason refused = Reason::none;
};

// A changeset that the device wants the verdict of again: held, or of an earlier incarnation.
struct VerdictQuestion {
    std::uint32_t incarnation = 1;
    std::uint64_t first_counter = 0;
    ChangeId id;
};

// Key ranges of one scope: an id belongs to bucket checksum_part(id, 0) % kRepairBuckets.
struct RepairBucket {
    std::uint64_t count = 0;
    std::uint64_t checksum = 0;
};
std::size_t repair_bucket(const RecordId& id);

struct SyncRequest {
    std::uint64_t protocol_min = kProtocolMin;
    std::uint64_t protocol_max = kProtocolMax;
    ReplicaId replica;
    std::uint64_t epoch = 0;         // the server's, as last told; 0: never synced
    std::int64_t device_now = 0;     // milliseconds, the device's own uncorrected clock
    std::uint64_t last_counter = 0;  // highest counter the device ever wrote in this incarnation
    bool closed = false;             // an earlier incarnation: only sent ones are sent again
    bool wants_incarnation = false;  // after a restore: the next changes need names nobody knows
    std::uint64_t base_counter = 0;  // chain point before the first changeset uploaded here
    Digest base_hash{};              // ... and its hash
    std::vector<UploadedChangeset> changesets;
    std::vector<VerdictQuestion> questions;
    Sequence cursor{};
    WalkPosition position;          // where the walk goes on; seq == cursor when none is under way
    std::uint64_t scopes_hash = 0;  // of the scopes held, complete or loading
    bool lists_scopes = false;      // `scopes` is given (the server had asked)
    std::vector<std::string> scopes;    // held, ascending
    std::vector<std::string> loading;   // of these, the ones not complete yet (see LoadPlace)
    bool whole_states_only = false;     // no patches: the device doubts what it holds
    std::vector<RecordId> wanted;       // send these anew as whole states
    std::string repair_scope;           // compare this scope ("": no)
    std::vector<RepairBucket> repair;   // kRepairBuckets of them
    std::uint64_t wait_ms = 0;          // a waiting request: answer when something is new
    std::uint64_t max_reply_bytes = 0;  // 0: the server's own page size
    std::uint64_t tag = 0;              // names the request; the reply repeats it
};
// Of the scopes held, 64 bits: differs where the list does.
std::uint64_t scopes_hash(const std::vector<std::string>& ascending);

enum class VerdictKind : std::uint8_t {
    accepted = 0,     // merged as `seq`
    held = 1,         // waits for a change that it builds on; ask again
    quarantined = 2,  // not accepted: kept at head office with the reason
    alias = 3,        // this change is known under other dots, `original` is the first
    unknown = 4,      // answer to a question: the server has never seen it
};

struct Verdict {
    std::uint32_t incarnation = 1;
    std::uint64_t first_counter = 0;
    VerdictKind kind = VerdictKind::accepted;
    Sequence seq{};         // of accepted (and of the original, for alias)
    Stamp effective;        // of accepted: the stamp that counts, for all its writes
    std::uint8_t rank = 0;  // of accepted: the author's role
    bool late = false;      // of accepted: made before a handover, flagged to the new owner
    Reason reason = Reason::none;
    std::string detail;  // names ids and fields, no values
    Dot original;  // of alias: the first dot it is known under; of held, not sent: what it waits
                   // for
};

enum class ReplyStatus : std::uint8_t {
    ok = 0,
    list_scopes = 1,     // the scopes held differ from the rights: send the request with the list
    fork = 2,            // the device was rolled back or copied: take `new_incarnation`
    restored = 3,        // the server was restored from a backup: see `restored_head`
    upgrade_needed = 4,  // no common protocol version
};

struct ChainPoint {
    std::uint64_t counter = 0;
    Digest hash{};
};

struct Checkpoint {
    Sequence seq{};  // the device now holds everything up to here
    std::vector<ScopeSum> scopes;
};

struct RepairItem {
    RecordId id;
    Sequence seq{};
};

struct SyncReply {
    std::uint64_t protocol = kProtocolMax;
    ReplyStatus status = ReplyStatus::ok;
    std::uint64_t epoch = 0;
    std::int64_t server_now = 0;        // milliseconds
    std::uint64_t acked_counter = 0;    // highest counter of this incarnation that is durable here
    std::uint64_t horizon_counter = 0;  // changesets up to here are in a backup: may be pruned
    std::vector<Verdict> verdicts;
    std::vector<Bytes> pages;                          // encoded, not compressed (sync/page.hpp)
    std::vector<std::shared_ptr<const Bytes>> packed;  // pages[i] compressed, or null; only sent
    WalkPosition position;                             // after these pages
    std::optional<Checkpoint> checkpoint;              // nothing more for now
    std::vector<std::string> gained;                   // scopes that the device does not hold yet
    std::vector<std::string> lost;                     // scopes that it must give up
    std::uint32_t new_incarnation = 0;                 // of fork
    std::vector<ChainPoint> chain;            // of fork: what the server has, newest first, spaced
    Sequence restored_head{};                 // of restored: what it has is complete up to here
    std::vector<RecordId> unknown;            // of the wanted: not there or not visible
    std::string repair_scope;                 // the compared scope
    std::vector<std::size_t> repair_buckets;  // of the compared scope: those that differ
    std::vector<RepairItem> repair_items;     // all its records in these buckets
    std::uint64_t back_off_ms = 0;            // come back no sooner than this
    std::string refusal;                      // why no more changesets are taken now; "": they are
    std::uint64_t tag = 0;                    // of the request: a late answer to another one shows
};

Bytes encode(const SyncRequest& request, const Services& services);
Result<SyncRequest> decode_request(ByteView bytes, const Services& services);
Bytes encode(const SyncReply& reply, const Services& services);
Result<SyncReply> decode_reply(ByteView bytes, const Services& services);

}  // namespace satchel
