// ServerLog: the operation log with its verdicts, the replicas with their chains, aliases, and what
// was declared lost.
//
//     _replica  one row per incarnation: highest counter, chain, cursors, backup horizon
//     _log      every changeset ever taken, as it came, with its verdict; never deleted
//     _alias    writes that are known under other dots
//     _lost     dots that will never come
//     _audit    what was decided about all of these (storage/audit_log.hpp)
//
// Cost: every call is a few index look-ups. Threads: the owner's. Errors: the database's.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "storage/audit_log.hpp"
#include "storage/held_waits.hpp"
#include "storage/sqlite.hpp"
#include "storage/workspace_copy.hpp"
#include "sync/server_session.hpp"

namespace satchel::storage {

struct NumberedChangeset {
    std::int64_t number = 0;
    LoggedChangeset entry;
    bool adopted = false;
};

// How the log writes `Verdict::original`; "": none.
Bytes original_text(const Verdict& verdict);

class ServerLog {
  public:
    explicit ServerLog(Database& database) : database_(database), audit_(database) {}

    static const char* tables_sql();
    // Reads what is kept in memory; after open and after something was undone.
    Status load();

    Result<std::optional<KnownReplica>> replica(ReplicaId id);
    Result<std::uint32_t> highest_incarnation(std::uint64_t replica);
    Status save_replica(const KnownReplica& replica);
    Result<std::uint64_t> horizon(ReplicaId id);
    // Lowest cursor that the newest incarnations of these replicas confirmed; nothing without any.
    Result<std::optional<Sequence>> lowest_cursor(const std::vector<std::uint64_t>& replicas);
    Status note_backup(const WorkspaceCopy& copy);  // remembers its counters
    Status confirm_backup();                        // they become the horizon

    // `with_bytes` false: everything else of it, whatever its size.
    Result<std::optional<LoggedChangeset>> logged(ReplicaId replica, std::uint64_t counter,
                                                  bool with_bytes = true);
    // The first of that device with the id, whatever incarnation, without the bytes.
    Result<std::optional<LoggedChangeset>> entry_of(std::uint64_t replica, const ChangeId& id);
    Result<std::optional<NumberedChangeset>> numbered(std::int64_t number);
    Result<std::vector<NumberedChangeset>> quarantined(std::size_t limit, bool with_adopted);
    // What the device `replica` (whatever incarnation) sent after entry `number` and that counts:
    // accepted, or adopted. Ascending. Cost: the changesets of that device.
    Result<std::vector<LoggedChangeset>> effective_since(std::uint64_t replica,
                                                         std::int64_t number);
    Result<std::vector<LoggedChangeset>> held();        // without bytes, in log order
    Result<std::vector<LoggedChangeset>> ready_held();  // of these, see HeldWaits
    Status keep_waiting(const LoggedChangeset& held);
    Result<bool> is_ready(const LoggedChangeset& held);
    Result<std::vector<LoggedChangeset>> held_of(ReplicaId replica);
    Result<std::uint64_t> held_bytes(std::uint64_t replica);
    Result<std::vector<LoggedChangeset>> refused_of(std::uint64_t replica, std::size_t max_bytes);
    Result<std::optional<VerdictKind>> decided(const Dot& dot);
    bool has_held() const { return waits_.count() > 0; }
    Status append(const LoggedChangeset& entry);
    // Another verdict for one that is held.
    Status save_verdict(const LoggedChangeset& entry, std::int64_t now_ms);
    Status mark_adopted(std::int64_t number, const RecordId& by, std::int64_t now_ms);
    Result<std::vector<ChainPoint>> chain_points(ReplicaId replica, std::size_t limit);

    Status append_alias(const RecordId& record, const Dot& alias, const Dot& original);
    // At most 10,000, the newest: an honest device has one for every fork.
    Result<std::vector<Dot>> aliased(const RecordId& record, const Dot& up_to);

    Status declare_lost(const Dot& dot, std::string_view by, std::int64_t now_ms);
    bool is_lost(const Dot& dot) const { return lost_.contains(dot); }

    AuditLog& audit() { return audit_; }

  private:
    struct Known {
        std::int64_t number = 0;
        KnownReplica replica;
        std::uint64_t horizon = 0;
    };

    Result<const Known*> known(ReplicaId id);
    Result<std::optional<ReplicaId>> replica_of(std::int64_t number);
    Result<LoggedChangeset> read_entry(const Statement& row);
    // Up to the one that brings their bytes to `max_bytes`.
    Result<std::vector<NumberedChangeset>> read_all(Statement& rows,
                                                    std::size_t max_bytes = SIZE_MAX);
    Status load_held();
    Result<std::int64_t> number_of(const LoggedChangeset& entry);

    Database& database_;
    std::map<ReplicaId, Known> replicas_;
    std::map<std::int64_t, ReplicaId> names_;  // by number; never changes
    std::set<Dot> lost_;
    std::set<ReplicaId> aliasing_;  // replicas that have aliases
    HeldWaits waits_;
    AuditLog audit_;
};

}  // namespace satchel::storage
