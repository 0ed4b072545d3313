// AuditLog: what head office decided about changes, when and for whom, as one chain of hashes.
//
// Each entry is bytes (docs/formats.md, "Audit log"), and its link is the hash of the link before
// it and of these bytes: none can be changed, left out, put in or moved without every later link
// changing. What people wrote is not in it: only the hash of a changeset's own chain, so that the
// log proves what stands in `_log` and repeats nobody's data.
//
// A chain alone does not show that its end was cut off, or that all of it was written anew. For
// that its head is noted outside the database once in a while (server/audit_anchors.hpp), and
// check_audit() holds the one against the other.
//
// Cost: one row and one hash for each decision. Threads: the owner's. Errors: the database's.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "storage/sqlite.hpp"
#include "sync/server_session.hpp"
#include "sync/wire.hpp"

namespace satchel::storage {

enum class AuditKind : std::uint8_t {
    taken,     // a changeset came, with its first verdict
    decided,   // another verdict for one that was held
    adopted,   // head office wrote a quarantined one as its own
    lost,      // a change will never come
    restored,  // the file became that of a backup: a new epoch
};

// The log up to and with entry number `count`.
struct AuditHead {
    std::uint64_t count = 0;
    Digest hash{};
    bool operator==(const AuditHead&) const = default;
};

class AuditLog {
  public:
    explicit AuditLog(Database& database) : database_(database) {}

    static const char* tables_sql();
    static AuditHead start();  // of a log without entries
    // Reads the head; after open and after something was undone.
    Status load();
    const AuditHead& head() const { return head_; }

    // `number`: of the changeset in `_log`, where it stands already.
    Status taken(std::int64_t number, const LoggedChangeset& entry);
    Status decided(std::int64_t number, const Verdict& verdict, std::int64_t now_ms);
    Status adopted(std::int64_t number, const RecordId& by, std::int64_t now_ms);
    Status lost(const Dot& dot, std::string_view by, std::int64_t now_ms);
    Status restored(std::uint64_t epoch, Sequence head, std::int64_t now_ms);

  private:
    Status append(const Writer& entry);

    Database& database_;
    AuditHead head_;
};

struct AuditReport {
    AuditHead head;
    std::uint64_t changesets = 0;
    std::uint64_t restores = 0;
    std::uint64_t anchors = 0;     // of those that were noted: they hold
    std::uint64_t taken_back = 0;  // a restore took back what they tell of
};

// A head that was noted outside of the file.
struct AuditAnchor {
    AuditHead head;
    std::int64_t noted_at = 0;  // ms
    bool operator==(const AuditAnchor&) const = default;
};

// Reads the whole log with every changeset that it tells of, in one transaction of its own, and
// compares: each link; each changeset with its verdict; the heads that were noted elsewhere, in the
// order they were noted. A head that is not in the log is of what a restore took back, where the
// entry of a restore comes after all that held before, and it happened no more than a day before
// the head was noted (clocks go back); else the head does not hold.
// corrupt names the first entry that is wrong, or the first head that does not hold.
Result<AuditReport> check_audit(Database& database, const std::vector<AuditAnchor>& anchors);

}  // namespace satchel::storage
