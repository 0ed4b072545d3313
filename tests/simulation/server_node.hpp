// ServerNode: the real server engine (SqliteServerStore and handle_sync) on a simulated disk, with
// crashes, backups and restores.
//
// Threads: one. Errors: Violation when it cannot be opened again after a crash (I-12).
#pragma once

#include <memory>
#include <optional>

#include "storage/server_store.hpp"
#include "tests/simulation/disk.hpp"
#include "tests/simulation/node_clock.hpp"
#include "tests/simulation/plan.hpp"
#include "tests/simulation/prng.hpp"
#include "tests/simulation/trace.hpp"

namespace satchel::simulation {

// One record as the server has it.
struct ServerRow {
    CollectionId collection{};
    RecordId id;
    ServerRecord record;
    bool dead = false;
};

struct Answer {
    Bytes bytes;                         // what goes back
    std::optional<SyncRequest> request;  // when it could be read
    std::optional<SyncReply> reply;      // when it was handled
    std::optional<Error> refusal;        // when it was not
};

class ServerNode {
  public:
    ServerNode(const Plan& plan, const std::int64_t& true_now, Prng random);
    // Another one on files that may be damaged: open_found() comes before anything else.
    ServerNode(const Plan& plan, const std::int64_t& true_now, Prng random, Disk::Snapshot files);
    ~ServerNode();

    storage::SqliteServerStore& store() { return *store_; }
    // Who may write what is held, also while its author is away; over restarts.
    void look_up_callers(storage::SqliteServerStore::CallerLookup lookup);
    Disk& disk() { return disk_; }
    void draw_from(Prng random) { random_ = random; }
    NodeClock& clock() { return clock_; }
    std::int64_t now() { return clock_.now_ms(); }
    const Services& services() const { return services_; }

    Answer handle(ByteView bytes, const Caller& caller);
    void power_loss();
    // A copy of the file while it runs; it counts once confirm_backup() was called.
    Status back_up();
    Status confirm_backup();
    bool has_backup() const { return backup_.has_value(); }
    // The newest confirmed backup becomes the file; a new epoch begins.
    void restore();

    // Where the audit log ended when devices were answered, and after restores; in order.
    // Their times are not kept: clocks go wild here.
    const std::vector<storage::AuditAnchor>& anchors() const { return anchors_; }
    // Of these, what no restore took back.
    const std::vector<storage::AuditHead>& standing_heads() const { return standing_heads_; }

    Status open_found() { return try_open(false, false); }
    Result<std::vector<ServerRow>> read_rows();

    // All records, the system's too; read once per state.
    const std::vector<ServerRow>& rows();
    const ServerRow* row(const RecordId& id);
    void forget_rows() { rows_known_ = false; }
    // Whether its log says that the change was accepted.
    bool has_merged(std::uint64_t replica, const ChangeId& id);

  private:
    ServerNode(const Plan& plan, const std::int64_t& true_now, Prng random, std::nullptr_t);
    storage::AuditHead audit_head();
    void note_audit_head();
    void open(bool create, bool restored);
    Status try_open(bool create, bool restored);

    Prng random_;
    NodeClock clock_;
    Disk disk_;
    Services services_;
    ServerOptions options_;
    storage::SqliteServerStore::CallerLookup callers_;
    std::unique_ptr<storage::SqliteServerStore> store_;
    // A copy of the file, and where its audit log ends.
    struct Backup {
        Bytes file;
        storage::AuditHead audit;
    };
    std::optional<Backup> backup_;
    std::optional<Backup> unconfirmed_;
    std::vector<storage::AuditAnchor> anchors_;
    std::vector<storage::AuditHead> standing_heads_;
    std::vector<ServerRow> rows_;
    bool rows_known_ = false;
};

// The services that product code uses, the real ones.
Services real_services();

// Throws a Violation of `invariant` unless the status is a success.
template <typename T>
void require(const Result<T>& result, const char* invariant, const std::string& what) {
    if (!result) throw Violation{invariant, what + ": " + result.error().message};
}

}  // namespace satchel::simulation
