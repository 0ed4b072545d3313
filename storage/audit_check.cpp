// Holding the audit log against itself, against what it tells of, and against heads noted
// elsewhere.
#include <map>
#include <optional>
#include <set>

#include "storage/audit_log.hpp"
#include "storage/services.hpp"
#include "sync/wire.hpp"

namespace satchel::storage {
namespace {

Error wrong(std::uint64_t entry, const std::string& what) {
    return {ErrorCode::corrupt,
            "the audit log does not hold: entry " + std::to_string(entry) + " " + what};
}

// What a verdict says in an entry.
struct Decision {
    std::uint64_t kind = 0;
    std::uint64_t seq = 0;
    std::uint64_t reason = 0;
    bool operator==(const Decision&) const = default;
};

Decision read_decision(Reader& in) {
    Decision decision;
    decision.kind = in.unsigned_integer();
    decision.seq = in.unsigned_integer();
    decision.reason = in.unsigned_integer();
    return decision;
}

Decision decision_in(const Statement& row, int first) {
    return {loaded(row.integer(first)), loaded(row.integer(first + 1)),
            loaded(row.integer(first + 2))};
}

// A changeset as its entry tells of it.
struct Told {
    std::int64_t number = 0;
    ReplicaId replica;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    ByteView hash;
    RecordId author;
    Decision decision;
};

Told read_told(Reader& in) {
    Told told;
    told.number = in.integer();
    told.replica = in.replica();
    told.first = in.unsigned_integer();
    told.last = in.unsigned_integer();
    told.hash = in.bytes();
    told.author = in.record_id();
    told.decision = read_decision(in);
    return told;
}

// The heads that were noted, as what has still to hold.
class Anchors {
  public:
    // A head that is no longer than one before it, and another, is that of a restore.
    explicit Anchors(const std::vector<AuditHead>& noted) {
        for (const AuditHead& head : noted) {
            const auto same = standing_.find(head.count);
            const bool again = same != standing_.end() && same->second == head.hash;
            const auto gone =
                again ? standing_.upper_bound(head.count) : standing_.lower_bound(head.count);
            if (gone != standing_.end()) restores_.insert(head.count);
            taken_back_ += static_cast<std::uint64_t>(std::distance(gone, standing_.end()));
            standing_.erase(gone, standing_.end());
            restores_.erase(restores_.upper_bound(head.count), restores_.end());
            standing_[head.count] = head.hash;
        }
    }

    Status check(const AuditHead& head, bool is_restore) const {
        const auto at = standing_.find(head.count);
        if (at != standing_.end() && at->second != head.hash)
            return wrong(head.count,
                         "is not the one that was noted outside of the file: the log up "
                         "to it was written anew");
        if (restores_.contains(head.count) && !is_restore)
            return wrong(head.count,
                         "should be that of a restore: what was noted after it is missing");
        return {};
    }
    Status check_end(const AuditHead& head) const {
        if (standing_.empty() || standing_.rbegin()->first <= head.count) return {};
        return wrong(head.count + 1,
                     "and what follows are missing: " + std::to_string(standing_.rbegin()->first) +
                         " entries were noted outside of the file");
    }
    std::uint64_t count() const { return standing_.size(); }
    std::uint64_t taken_back() const { return taken_back_; }

  private:
    std::map<std::uint64_t, Digest> standing_;  // by their count
    std::set<std::uint64_t> restores_;          // entries that have to be a restore's
    std::uint64_t taken_back_ = 0;
};

class Check {
  public:
    Check(Database& database, const std::vector<AuditHead>& noted)
        : database_(database), anchors_(noted) {}

    Result<AuditReport> run() {
        SATCHEL_ASSIGN(changesets_,
                       database_.prepare("SELECT _log.number, id, incarnation, first, last,"
                                         " _log.hash, author, kind, seq, reason, bytes FROM _log"
                                         " LEFT JOIN _replica ON _replica.number = _log.replica"
                                         " ORDER BY _log.number"));
        SATCHEL_ASSIGN(Statement entries,
                       database_.prepare("SELECT number, entry, link FROM _audit ORDER BY number"));
        report_.head = AuditLog::start();
        while (true) {
            SATCHEL_ASSIGN(const bool row, entries.step());
            if (!row) break;
            SATCHEL_TRY(check_link(entries));
            SATCHEL_TRY(check_entry(entries.blob(1)));
            SATCHEL_TRY(anchors_.check(report_.head, is_restore_));
        }
        SATCHEL_TRY(anchors_.check_end(report_.head));
        SATCHEL_TRY(check_rest());
        report_.anchors = anchors_.count();
        report_.taken_back = anchors_.taken_back();
        return report_;
    }

  private:
    Status check_link(const Statement& row) {
        const std::uint64_t count = report_.head.count + 1;
        if (loaded(row.integer(0)) != count) return wrong(count, "is missing");
        const Digest link = chain_link(&blake2b, report_.head.hash, row.blob(1));
        if (view(link) != row.blob(2)) return wrong(count, "is not as it was written");
        report_.head = {count, link};
        return {};
    }

    Status check_entry(ByteView bytes) {
        Reader in(bytes);
        const auto kind = static_cast<AuditKind>(in.bounded(UINT8_MAX));
        static_cast<void>(in.integer());  // when
        is_restore_ = kind == AuditKind::restored;
        std::optional<Told> told;
        if (kind == AuditKind::taken) {
            told = read_told(in);
        } else if (kind == AuditKind::decided) {
            const std::int64_t number = in.integer();
            decided_[number] = read_decision(in);
        } else if (kind == AuditKind::adopted) {
            const std::int64_t number = in.integer();
            adopted_[number] = in.record_id();
        } else if (kind == AuditKind::lost) {
            lost_.insert(in.dot().text());
            static_cast<void>(in.text());
        } else if (is_restore_) {
            static_cast<void>(in.unsigned_integer());
            static_cast<void>(in.unsigned_integer());
            ++report_.restores;
        } else {
            in.fail();
        }
        if (!in.finish("an entry")) return wrong(report_.head.count, "cannot be read");
        return told ? check_changeset(*told) : Status{};
    }

    // The changesets stand in the order of their entries, none left out.
    Status check_changeset(const Told& told) {
        SATCHEL_ASSIGN(const bool there, changesets_->step());
        const Statement& row = *changesets_;
        const std::string which = "tells of changeset " + std::to_string(told.number);
        if (!there || row.integer(0) != told.number)
            return wrong(report_.head.count, which + ", which is not there");
        const auto [chain, is_new] = chains_.try_emplace(told.replica);
        if (is_new) chain->second = chain_start(&blake2b, told.replica);
        chain->second = chain_link(&blake2b, chain->second, row.blob(10));
        const ReplicaId replica{loaded(row.integer(1)), static_cast<std::uint32_t>(row.integer(2))};
        const bool same = replica == told.replica && loaded(row.integer(3)) == told.first &&
                          loaded(row.integer(4)) == told.last && row.blob(5) == told.hash &&
                          view(chain->second) == told.hash && row.blob(6) == told.author.view();
        if (!same) return wrong(report_.head.count, which + ", which is not as it came");
        ++report_.changesets;
        if (told.decision != decision_in(row, 7)) decided_[told.number] = told.decision;
        return {};
    }

    // What later entries said of changesets, and that nothing stands there that no entry tells of.
    Status check_rest() {
        SATCHEL_ASSIGN(const bool more, changesets_->step());
        if (more) return untold("changeset " + std::to_string(changesets_->integer(0)));
        for (const auto& [number, decision] : decided_)
            SATCHEL_TRY(check_decision(number, decision));
        SATCHEL_TRY(check_adopted());
        SATCHEL_ASSIGN(Statement rows, database_.prepare("SELECT dot FROM _lost"));
        while (true) {
            SATCHEL_ASSIGN(const bool row, rows.step());
            if (!row) break;
            if (lost_.erase(Bytes(rows.text(0))) == 0)
                return untold("that change " + Bytes(rows.text(0)) + " is lost");
        }
        return lost_.empty() ? Status{}
                             : Status{gone("that change " + *lost_.begin() + " is lost")};
    }

    Status check_decision(std::int64_t number, const Decision& decision) {
        SATCHEL_ASSIGN(Statement * select, database_.cached("SELECT kind, seq, reason FROM _log"
                                                            " WHERE number = ?1"));
        select->bind(1, number);
        SATCHEL_ASSIGN(const bool there, select->step());
        const bool same = there && decision == decision_in(*select, 0);
        select->reset();
        return same ? Status{}
                    : Status{gone("what changeset " + std::to_string(number) + " became")};
    }

    Status check_adopted() {
        SATCHEL_ASSIGN(Statement rows,
                       database_.prepare("SELECT number, adopted_by FROM _log INDEXED BY"
                                         " _log_quarantined WHERE kind = 2 AND"
                                         " adopted_by IS NOT NULL"));
        while (true) {
            SATCHEL_ASSIGN(const bool row, rows.step());
            if (!row) break;
            const std::string what = "who adopted changeset " + std::to_string(rows.integer(0));
            const auto at = adopted_.find(rows.integer(0));
            if (at == adopted_.end() || at->second.view() != rows.blob(1)) return untold(what);
            adopted_.erase(at);
        }
        if (adopted_.empty()) return {};
        return gone("who adopted changeset " + std::to_string(adopted_.begin()->first));
    }

    static Error untold(const std::string& what) {
        return {ErrorCode::corrupt, "the audit log does not hold: no entry tells of " + what};
    }
    static Error gone(const std::string& what) {
        return {ErrorCode::corrupt, "the audit log does not hold: the file has lost " + what};
    }

    Database& database_;
    Anchors anchors_;
    AuditReport report_;
    std::optional<Statement> changesets_;
    bool is_restore_ = false;
    std::map<ReplicaId, Digest> chains_;
    std::map<std::int64_t, Decision> decided_;  // where it is not what the first entry said
    std::map<std::int64_t, RecordId> adopted_;
    std::set<std::string> lost_;
};

}  // namespace

Result<AuditReport> check_audit(Database& database, const std::vector<AuditHead>& anchors) {
    SATCHEL_ASSIGN(const Transaction reading, Transaction::begin_read(database));
    return Check(database, anchors).run();
}

}  // namespace satchel::storage
