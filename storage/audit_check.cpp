// Holding the audit log against itself, against what it tells of, and against heads noted
// elsewhere.
#include <algorithm>
#include <map>
#include <optional>

#include "storage/audit_log.hpp"
#include "storage/server_log.hpp"
#include "storage/services.hpp"

namespace satchel::storage {
namespace {

Error wrong(const std::string& what) {
    return {ErrorCode::corrupt, "the audit log does not hold: " + what};
}

Error wrong(std::uint64_t entry, const std::string& what) {
    return wrong("entry " + std::to_string(entry) + " " + what);
}

// A value as it stands in a row, type and all: SQLite would read '2x' as 2, and not find it as 2.
Value value_at(const Statement& row, int column) {
    switch (row.type(column)) {
        case SQLITE_NULL:
            return {};
        case SQLITE_INTEGER:
            return Value(row.integer(column));
        case SQLITE_BLOB:
            return Value::bytes(row.blob(column));
        default:
            return Value::text(row.text(column));
    }
}

using Values = std::vector<Value>;

Values values_at(const Statement& row, int first, int count) {
    Values values;
    for (int column = first; column < first + count; ++column)
        values.push_back(value_at(row, column));
    return values;
}

Value number_value(std::uint64_t number) {
    return Value(stored(number));
}

// In the order of their columns: kind, seq, effective, rank, late, reason, detail, original.
constexpr int kVerdictColumns = 8;
Values read_verdict(Reader& in) {
    Values verdict;
    for (int i = 0; i < 6; ++i)
        verdict.push_back(number_value(in.unsigned_integer()));
    verdict.push_back(Value::text(in.bytes()));
    verdict.push_back(Value::text(in.text()));
    return verdict;
}

// A changeset as its entry tells of it, in the order of kChangesets.
constexpr const char* kChangesets =
    "SELECT receipt, _log.number, id, incarnation, first, last, change, _log.hash, device_now,"
    " author, kind, seq, effective, rank, late, reason, detail, original, adopted_at, adopted_by,"
    " bytes FROM _log LEFT JOIN _replica ON _replica.number = _log.replica ORDER BY _log.number";
constexpr int kNumberColumn = 1;
constexpr int kVerdictColumn = 10;
constexpr int kAdoptedColumn = 18;
constexpr int kBytesColumn = 20;

struct Told {
    ReplicaId replica;
    Bytes hash;
    Values changeset;  // all but the verdict
    Values verdict;
};

Told read_told(Reader& in, std::int64_t at_ms) {
    Told told;
    told.changeset = {Value(at_ms), Value(in.integer())};
    told.replica = in.replica();
    told.changeset.push_back(number_value(told.replica.id));
    told.changeset.push_back(number_value(told.replica.incarnation));
    for (int i = 0; i < 2; ++i)
        told.changeset.push_back(number_value(in.unsigned_integer()));
    told.changeset.push_back(Value::bytes(in.bytes()));
    told.hash = Bytes(in.bytes());
    told.changeset.push_back(Value::bytes(told.hash));
    told.changeset.push_back(Value(in.integer()));
    told.changeset.push_back(Value::bytes(in.bytes()));
    told.verdict = read_verdict(in);
    return told;
}

constexpr std::int64_t kDayMs = 86'400'000;

// The heads that were noted, in their order.
class Anchors {
  public:
    explicit Anchors(const std::vector<AuditAnchor>& noted) : noted_(noted) {
        for (const AuditAnchor& anchor : noted)
            wanted_.emplace(anchor.head.count, Digest{});
        see(AuditLog::start());
    }

    // The log as it was when it ended there.
    void see(const AuditHead& head) {
        const auto at = wanted_.find(head.count);
        if (at != wanted_.end()) at->second = head.hash;
    }
    void see_restore(std::uint64_t entry, std::int64_t at_ms) { restores_[entry] = at_ms; }

    // When the log ends there.
    Status check(std::uint64_t end, AuditReport& report) const {
        std::uint64_t held = 0;
        for (const AuditAnchor& anchor : noted_) {
            const AuditHead& head = anchor.head;
            if (head.count <= end && wanted_.at(head.count) == head.hash) {
                held = std::max(held, head.count);
                ++report.anchors;
            } else if (is_taken_back(anchor, held)) {
                ++report.taken_back;
            } else {
                return missing(head.count, end);
            }
        }
        return {};
    }

  private:
    bool is_taken_back(const AuditAnchor& anchor, std::uint64_t held) const {
        return std::any_of(restores_.upper_bound(held), restores_.end(), [&](const auto& restore) {
            return anchor.noted_at <= restore.second + kDayMs;
        });
    }
    static Error missing(std::uint64_t count, std::uint64_t end) {
        if (count > end)
            return wrong(end + 1, "and what follows are missing: " + std::to_string(count) +
                                      " entries were noted outside of the file");
        return wrong(count,
                     "is not the one that was noted outside of the file: the log up to it "
                     "was written anew");
    }

    const std::vector<AuditAnchor>& noted_;
    std::map<std::uint64_t, Digest> wanted_;          // what the log has there
    std::map<std::uint64_t, std::int64_t> restores_;  // when, by their entry
};

class Check {
  public:
    Check(Database& database, const std::vector<AuditAnchor>& noted)
        : database_(database), anchors_(noted) {}

    Result<AuditReport> run() {
        SATCHEL_TRY(check_tables());
        SATCHEL_ASSIGN(changesets_, database_.prepare(kChangesets));
        SATCHEL_ASSIGN(Statement entries,
                       database_.prepare("SELECT number, entry, link FROM _audit ORDER BY number"));
        report_.head = AuditLog::start();
        while (true) {
            SATCHEL_ASSIGN(const bool row, entries.step());
            if (!row) break;
            SATCHEL_TRY(check_link(entries));
            SATCHEL_TRY(check_entry(entries.blob(1)));
            anchors_.see(report_.head);
        }
        SATCHEL_TRY(anchors_.check(report_.head.count, report_));
        SATCHEL_TRY(check_rest());
        return report_;
    }

  private:
    Status check_tables() {
        SATCHEL_ASSIGN(const std::int64_t tables,
                       database_.integer("SELECT count(*) FROM sqlite_schema WHERE type = 'table'"
                                         " AND name IN ('_audit', '_log', '_replica', '_lost')"));
        return tables == 4 ? Status{} : Status{wrong("its tables are not all there")};
    }

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
        const std::int64_t at_ms = in.integer();
        Status fits;
        if (kind == AuditKind::taken) {
            fits = check_changeset(read_told(in, at_ms));
        } else if (kind == AuditKind::decided) {
            const std::int64_t number = in.integer();
            fits = decide(number, read_verdict(in));
        } else if (kind == AuditKind::adopted) {
            const std::int64_t number = in.integer();
            adopted_[number] = {Value(at_ms), Value::bytes(in.bytes())};
        } else if (kind == AuditKind::lost) {
            const std::string dot = in.dot().text();
            lost_[dot] = {Value::text(in.text()), Value(at_ms)};
        } else if (kind == AuditKind::restored) {
            static_cast<void>(in.unsigned_integer());
            static_cast<void>(in.unsigned_integer());
            anchors_.see_restore(report_.head.count, at_ms);
            ++report_.restores;
        } else {
            in.fail();
        }
        if (!in.finish("an entry")) return wrong(report_.head.count, "cannot be read");
        return fits;
    }

    // The changesets stand in the order of their entries, none left out.
    Status check_changeset(const Told& told) {
        SATCHEL_ASSIGN(const bool there, changesets_->step());
        const Statement& row = *changesets_;
        const Value& number = told.changeset[kNumberColumn];
        const std::string which = "tells of changeset " + std::to_string(number.integer());
        if (!there || value_at(row, kNumberColumn) != number)
            return wrong(report_.head.count, which + ", which is not there");
        const auto [chain, is_new] = chains_.try_emplace(told.replica);
        if (is_new) chain->second = chain_start(&blake2b, told.replica);
        chain->second = chain_link(&blake2b, chain->second, row.blob(kBytesColumn));
        if (values_at(row, 0, kVerdictColumn) != told.changeset || view(chain->second) != told.hash)
            return wrong(report_.head.count, which + ", which is not as it came");
        ++report_.changesets;
        const Values verdict = values_at(row, kVerdictColumn, kVerdictColumns);
        if (told.verdict.front() == number_value(static_cast<std::uint64_t>(VerdictKind::held)))
            open_[number.integer()] = {told.verdict, verdict};
        else if (told.verdict != verdict)
            return became(number.integer());
        if (row.is_null(kAdoptedColumn) && row.is_null(kAdoptedColumn + 1)) return {};
        found_adopted_[number.integer()] = values_at(row, kAdoptedColumn, 2);
        return {};
    }

    // Only what is held is decided again.
    Status decide(std::int64_t number, Values verdict) {
        const auto at = open_.find(number);
        if (at == open_.end())
            return wrong(report_.head.count, "decides about changeset " + std::to_string(number) +
                                                 ", which was not held");
        at->second.told = std::move(verdict);
        return {};
    }

    // What later entries said of changesets, and that nothing stands there that no entry tells of.
    Status check_rest() {
        SATCHEL_ASSIGN(const bool more, changesets_->step());
        if (more)
            return wrong("no entry tells of changeset " +
                         std::to_string(changesets_->integer(kNumberColumn)));
        for (const auto& [number, verdict] : open_)
            if (verdict.told != verdict.found) return became(number);
        for (const auto& [number, told] : adopted_)
            if (!found_adopted_.contains(number) || found_adopted_[number] != told)
                return adopted(number);
        for (const auto& [number, found] : found_adopted_)
            if (!adopted_.contains(number)) return adopted(number);
        return check_lost();
    }

    Status check_lost() {
        SATCHEL_ASSIGN(Statement rows, database_.prepare("SELECT declared_by, at, dot FROM _lost"));
        while (true) {
            SATCHEL_ASSIGN(const bool row, rows.step());
            if (!row) break;
            const std::string dot(rows.text(2));
            const auto at = lost_.find(dot);
            if (at == lost_.end() || at->second != values_at(rows, 0, 2)) return declared(dot);
            lost_.erase(at);
        }
        return lost_.empty() ? Status{} : Status{declared(lost_.begin()->first)};
    }

    static Error became(std::int64_t number) {
        return wrong("what became of changeset " + std::to_string(number) +
                     " is not what its entries tell");
    }
    static Error adopted(std::int64_t number) {
        return wrong("who adopted changeset " + std::to_string(number) +
                     ", and when, is not what the entries tell");
    }
    static Error declared(const std::string& dot) {
        return wrong("who declared change " + dot +
                     " lost, and when, is not what the entries tell");
    }

    struct Open {
        Values told;
        Values found;
    };

    Database& database_;
    Anchors anchors_;
    AuditReport report_;
    std::optional<Statement> changesets_;
    std::map<ReplicaId, Digest> chains_;
    std::map<std::int64_t, Open> open_;  // those that came as held
    std::map<std::int64_t, Values> adopted_, found_adopted_;
    std::map<std::string, Values> lost_;
};

}  // namespace

Result<AuditReport> check_audit(Database& database, const std::vector<AuditAnchor>& anchors) {
    SATCHEL_ASSIGN(const Transaction reading, Transaction::begin_read(database));
    return Check(database, anchors).run();
}

}  // namespace satchel::storage
