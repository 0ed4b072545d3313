#include "storage/server_log.hpp"

#include <algorithm>

#include "sync/limits.hpp"
#include "sync/mutants.hpp"

namespace satchel::storage {
namespace {

constexpr const char* kColumns =
    "SELECT number, replica, first, last, change, hash, bytes, receipt, device_now, author, kind,"
    " seq, effective, rank, late, reason, detail, original, adopted_at FROM _log ";
// The same columns; a blob that is not asked for is not read.
constexpr const char* kAllButBytes =
    "SELECT number, replica, first, last, change, hash, x'', receipt, device_now, author, kind,"
    " seq, effective, rank, late, reason, detail, original, adopted_at FROM _log ";

void bind_verdict(Statement& statement, int first, const Verdict& verdict, const Bytes& original) {
    statement.bind(first, static_cast<std::int64_t>(verdict.kind));
    statement.bind(first + 1, stored(verdict.seq));
    statement.bind(first + 2, stored(verdict.effective.packed));
    statement.bind(first + 3, verdict.rank);
    statement.bind(first + 4, verdict.late ? 1 : 0);
    statement.bind(first + 5, static_cast<std::int64_t>(verdict.reason));
    statement.bind_text(first + 6, verdict.detail);
    statement.bind_text(first + 7, original);
}

// As Dot::text wrote it; "": none.
Result<Dot> read_dot(std::string_view text) {
    if (text.empty()) return Dot{};
    auto dot = Dot::parse(text);
    if (dot) return dot;
    return Error{ErrorCode::corrupt,
                 "the file is damaged: its log names a change that cannot be; restore a backup"};
}

Result<Verdict> read_verdict(const Statement& row, ReplicaId replica, std::uint64_t first) {
    Verdict verdict;
    verdict.incarnation = replica.incarnation;
    verdict.first_counter = first;
    verdict.kind = static_cast<VerdictKind>(row.integer(10));
    verdict.seq = Sequence{loaded(row.integer(11))};
    verdict.effective.packed = loaded(row.integer(12));
    verdict.rank = static_cast<std::uint8_t>(row.integer(13));
    verdict.late = row.integer(14) != 0;
    verdict.reason = static_cast<Reason>(row.integer(15));
    verdict.detail = row.text(16);
    SATCHEL_ASSIGN(verdict.original, read_dot(row.text(17)));
    return verdict;
}

std::vector<LoggedChangeset> entries_of(std::vector<NumberedChangeset> rows) {
    std::vector<LoggedChangeset> entries;
    for (NumberedChangeset& row : rows)
        entries.push_back(std::move(row.entry));
    return entries;
}

}  // namespace

Bytes original_text(const Verdict& verdict) {
    return verdict.original.counter == 0 ? Bytes{} : verdict.original.text();
}

const char* ServerLog::tables_sql() {
    return "CREATE TABLE IF NOT EXISTS _replica (number INTEGER PRIMARY KEY,"
           " id INTEGER NOT NULL, incarnation INTEGER NOT NULL, high INTEGER NOT NULL,"
           " hash BLOB NOT NULL, given INTEGER NOT NULL, confirmed INTEGER NOT NULL,"
           " load_head INTEGER NOT NULL, noted INTEGER NOT NULL DEFAULT 0,"
           " horizon INTEGER NOT NULL DEFAULT 0, UNIQUE (id, incarnation));"
           "CREATE TABLE IF NOT EXISTS _log (number INTEGER PRIMARY KEY,"
           " replica INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
           " change BLOB NOT NULL, hash BLOB NOT NULL,"
           " receipt INTEGER NOT NULL, device_now INTEGER NOT NULL, author BLOB NOT NULL,"
           " kind INTEGER NOT NULL, seq INTEGER NOT NULL, effective INTEGER NOT NULL,"
           " rank INTEGER NOT NULL, late INTEGER NOT NULL, reason INTEGER NOT NULL,"
           " detail TEXT NOT NULL, original TEXT NOT NULL, adopted_at INTEGER, adopted_by BLOB,"
           // Last, so that reading the others never walks over it.
           " bytes BLOB NOT NULL);"
           "CREATE UNIQUE INDEX IF NOT EXISTS _log_dot ON _log (replica, first);"
           "CREATE INDEX IF NOT EXISTS _log_change ON _log (change);"
           "CREATE INDEX IF NOT EXISTS _log_held ON _log (replica, number) WHERE kind = 1;"
           "CREATE INDEX IF NOT EXISTS _log_quarantined ON _log (number) WHERE kind = 2;"
           "CREATE INDEX IF NOT EXISTS _log_refused ON _log (replica, number) WHERE kind = 2;"
           "CREATE TABLE IF NOT EXISTS _alias (record BLOB NOT NULL, replica INTEGER NOT NULL,"
           " counter INTEGER NOT NULL, original TEXT NOT NULL,"
           " PRIMARY KEY (record, replica, counter)) WITHOUT ROWID;"
           "CREATE TABLE IF NOT EXISTS _lost (dot TEXT NOT NULL PRIMARY KEY, declared_by TEXT"
           " NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;";
}

Status ServerLog::load() {
    replicas_.clear();
    names_.clear();
    lost_.clear();
    aliasing_.clear();
    SATCHEL_TRY(audit_.load());
    {
        SATCHEL_ASSIGN(Statement rows, database_.prepare("SELECT dot FROM _lost"));
        while (true) {
            SATCHEL_ASSIGN(const bool row, rows.step());
            if (!row) break;
            SATCHEL_ASSIGN(const Dot dot, read_dot(rows.text(0)));
            lost_.insert(dot);
        }
    }
    SATCHEL_ASSIGN(Statement rows,
                   database_.prepare("SELECT id, incarnation FROM _replica"
                                     " WHERE number IN (SELECT DISTINCT replica FROM _alias)"));
    while (true) {
        SATCHEL_ASSIGN(const bool row, rows.step());
        if (!row) break;
        aliasing_.insert({loaded(rows.integer(0)), static_cast<std::uint32_t>(rows.integer(1))});
    }
    return load_held();
}

// What happened before this is not known: all are looked at once.
Status ServerLog::load_held() {
    waits_.clear();
    SATCHEL_ASSIGN(Statement rows,
                   database_.prepare("SELECT number, original FROM _log WHERE kind = 1"));
    while (true) {
        SATCHEL_ASSIGN(const bool row, rows.step());
        if (!row) return {};
        SATCHEL_ASSIGN(const Dot dot, read_dot(rows.text(1)));
        waits_.wait(rows.integer(0), dot);
        waits_.wake(rows.integer(0));
    }
}

Result<const ServerLog::Known*> ServerLog::known(ReplicaId id) {
    const auto at = replicas_.find(id);
    if (at != replicas_.end()) return &at->second;
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached("SELECT number, high, hash, given, confirmed, load_head,"
                                    " horizon FROM _replica WHERE id = ?1 AND incarnation = ?2"));
    select->bind(1, stored(id.id));
    select->bind(2, id.incarnation);
    SATCHEL_ASSIGN(const bool found, select->step());
    if (!found) {
        select->reset();
        return static_cast<const Known*>(nullptr);
    }
    Known known;
    known.number = select->integer(0);
    known.replica.replica = id;
    known.replica.high = loaded(select->integer(1));
    const Result<Digest> hash = digest_from_bytes(select->blob(2));
    known.replica.cursor_given = Sequence{loaded(select->integer(3))};
    known.replica.cursor_confirmed = Sequence{loaded(select->integer(4))};
    known.replica.load_head = Sequence{loaded(select->integer(5))};
    known.horizon = loaded(select->integer(6));
    select->reset();
    if (!hash) return hash.error();
    known.replica.hash = *hash;
    return &replicas_.emplace(id, known).first->second;
}

Result<std::optional<KnownReplica>> ServerLog::replica(ReplicaId id) {
    SATCHEL_ASSIGN(const Known* known, this->known(id));
    if (known == nullptr) return std::optional<KnownReplica>{};
    return std::optional(known->replica);
}

Result<std::uint32_t> ServerLog::highest_incarnation(std::uint64_t replica) {
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached("SELECT coalesce(max(incarnation), 0) FROM _replica"
                                    " WHERE id = ?1"));
    select->bind(1, stored(replica));
    SATCHEL_ASSIGN([[maybe_unused]] const bool row, select->step());
    const auto highest = static_cast<std::uint32_t>(select->integer(0));
    select->reset();
    return highest;
}

Status ServerLog::save_replica(const KnownReplica& replica) {
    SATCHEL_ASSIGN(Statement * save,
                   database_.cached("INSERT INTO _replica (id, incarnation, high, hash, given,"
                                    " confirmed, load_head) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                                    " ON CONFLICT (id, incarnation) DO UPDATE SET high = ?3,"
                                    " hash = ?4, given = ?5, confirmed = ?6, load_head = ?7"));
    save->bind(1, stored(replica.replica.id));
    save->bind(2, replica.replica.incarnation);
    save->bind(3, stored(replica.high));
    save->bind_blob(4, view(replica.hash));
    save->bind(5, stored(replica.cursor_given));
    save->bind(6, stored(replica.cursor_confirmed));
    save->bind(7, stored(replica.load_head));
    SATCHEL_TRY(save->run());
    const auto at = replicas_.find(replica.replica);
    if (at != replicas_.end()) at->second.replica = replica;
    return {};
}

Result<std::uint64_t> ServerLog::horizon(ReplicaId id) {
    SATCHEL_ASSIGN(const Known* known, this->known(id));
    return known == nullptr ? 0 : known->horizon;
}

Result<std::optional<Sequence>> ServerLog::lowest_cursor(
    const std::vector<std::uint64_t>& replicas) {
    std::optional<Sequence> lowest;
    for (const std::uint64_t id : replicas) {
        SATCHEL_ASSIGN(const std::uint32_t incarnation, highest_incarnation(id));
        SATCHEL_ASSIGN(const auto replica, this->replica({id, incarnation}));
        const Sequence cursor = replica ? replica->cursor_confirmed : Sequence{};
        if (!lowest || cursor < *lowest) lowest = cursor;
    }
    return lowest;
}

Status ServerLog::note_backup(const WorkspaceCopy& copy) {
    SATCHEL_ASSIGN(Statement note,
                   database_.prepare("UPDATE _replica SET noted = ?2 WHERE number = ?1"));
    for (const auto& [number, counter] : copy.counters) {
        note.bind(1, number);
        note.bind(2, counter);
        SATCHEL_TRY(note.run());
    }
    return {};
}

Status ServerLog::confirm_backup() {
    replicas_.clear();
    return database_.execute("UPDATE _replica SET horizon = max(horizon, noted)");
}

Result<std::optional<ReplicaId>> ServerLog::replica_of(std::int64_t number) {
    const auto known = names_.find(number);
    if (known != names_.end()) return std::optional(known->second);
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached("SELECT id, incarnation FROM _replica WHERE number = ?1"));
    select->bind(1, number);
    SATCHEL_ASSIGN(const bool found, select->step());
    std::optional<ReplicaId> id;
    if (found)
        id = ReplicaId{loaded(select->integer(0)), static_cast<std::uint32_t>(select->integer(1))};
    select->reset();
    if (id) names_.emplace(number, *id);
    return id;
}

Result<LoggedChangeset> ServerLog::read_entry(const Statement& row) {
    LoggedChangeset entry;
    SATCHEL_ASSIGN(const auto replica, replica_of(row.integer(1)));
    if (!replica) return Error{ErrorCode::corrupt, "the log names a replica that is not there"};
    entry.replica = *replica;
    entry.first_counter = loaded(row.integer(2));
    entry.last_counter = loaded(row.integer(3));
    SATCHEL_ASSIGN(entry.id, ChangeId::from_bytes(row.blob(4)));
    SATCHEL_ASSIGN(entry.hash, digest_from_bytes(row.blob(5)));
    entry.bytes = row.blob(6);
    entry.receipt = row.integer(7);
    entry.device_now = row.integer(8);
    SATCHEL_ASSIGN(entry.author, RecordId::from_bytes(row.blob(9)));
    SATCHEL_ASSIGN(entry.verdict, read_verdict(row, entry.replica, entry.first_counter));
    return entry;
}

Result<std::vector<NumberedChangeset>> ServerLog::read_all(Statement& rows, std::size_t max_bytes) {
    std::vector<NumberedChangeset> all;
    std::size_t bytes = 0;
    while (bytes < max_bytes) {
        SATCHEL_ASSIGN(const bool row, rows.step());
        if (!row) break;
        auto entry = read_entry(rows);
        if (!entry) {
            rows.reset();
            return entry.error();
        }
        bytes += std::max(entry->bytes.size(), kLeastSearchBytes);
        all.push_back({rows.integer(0), *std::move(entry), !rows.is_null(18)});
    }
    rows.reset();
    return all;
}

Result<std::optional<LoggedChangeset>> ServerLog::logged(ReplicaId replica, std::uint64_t counter,
                                                         bool with_bytes) {
    SATCHEL_ASSIGN(const Known* known, this->known(replica));
    if (known == nullptr || counter == 0 || counter > INT64_MAX)
        return std::optional<LoggedChangeset>{};
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached(Bytes(with_bytes ? kColumns : kAllButBytes) +
                                    "WHERE replica = ?1 AND first <= ?2"
                                    " ORDER BY first DESC LIMIT 1"));
    select->bind(1, known->number);
    select->bind(2, stored(counter));
    SATCHEL_ASSIGN(auto found, read_all(*select));
    if (found.empty() || found.front().entry.last_counter < counter)
        return std::optional<LoggedChangeset>{};
    return std::optional(std::move(found.front().entry));
}

Result<std::optional<LoggedChangeset>> ServerLog::entry_of(std::uint64_t replica,
                                                           const ChangeId& id) {
    SATCHEL_ASSIGN(
        Statement * select,
        database_.cached(Bytes(kAllButBytes) + "WHERE change = ?1 AND replica IN"
                                               " (SELECT number FROM _replica WHERE id = ?2)"
                                               " ORDER BY number LIMIT 1"));
    select->bind_blob(1, id.view());
    select->bind(2, static_cast<std::int64_t>(replica));
    SATCHEL_ASSIGN(auto found, read_all(*select));
    if (found.empty()) return std::optional<LoggedChangeset>{};
    return std::optional(std::move(found.front().entry));
}

Result<std::optional<NumberedChangeset>> ServerLog::numbered(std::int64_t number) {
    SATCHEL_ASSIGN(Statement * select, database_.cached(Bytes(kColumns) + "WHERE number = ?1"));
    select->bind(1, number);
    SATCHEL_ASSIGN(auto found, read_all(*select));
    if (found.empty()) return std::optional<NumberedChangeset>{};
    return std::optional(std::move(found.front()));
}

Result<std::vector<NumberedChangeset>> ServerLog::quarantined(std::size_t limit,
                                                              bool with_adopted) {
    SATCHEL_ASSIGN(
        Statement * select,
        database_.cached(Bytes(kColumns) + "WHERE kind = 2 AND (?1 OR adopted_at IS NULL)"
                                           " ORDER BY number LIMIT ?2"));
    select->bind(1, with_adopted ? 1 : 0);
    select->bind(2, static_cast<std::int64_t>(limit));
    return read_all(*select);
}

Result<std::vector<LoggedChangeset>> ServerLog::effective_since(std::uint64_t replica,
                                                                std::int64_t number) {
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached(Bytes(kColumns) +
                                    "WHERE replica IN (SELECT number FROM _replica WHERE id = ?1)"
                                    " AND number > ?2 AND (kind = 0 OR adopted_at IS NOT NULL)"
                                    " ORDER BY number"));
    select->bind(1, stored(replica));
    select->bind(2, number);
    SATCHEL_ASSIGN(auto rows, read_all(*select));
    return entries_of(std::move(rows));
}

Result<std::vector<LoggedChangeset>> ServerLog::held() {
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached(Bytes(kAllButBytes) + "WHERE kind = 1 ORDER BY number"));
    SATCHEL_ASSIGN(auto all, read_all(*select));
    return entries_of(std::move(all));
}

Result<std::vector<LoggedChangeset>> ServerLog::ready_held() {
    std::vector<NumberedChangeset> all;
    SATCHEL_ASSIGN(Statement * select, database_.cached(Bytes(kAllButBytes) + "WHERE number = ?1"));
    for (const std::int64_t number : waits_.ready()) {
        select->bind(1, number);
        SATCHEL_ASSIGN(auto found, read_all(*select));
        if (!found.empty()) all.push_back(std::move(found.front()));
    }
    return entries_of(std::move(all));
}

Status ServerLog::keep_waiting(const LoggedChangeset& held) {
    SATCHEL_ASSIGN(const std::int64_t number, number_of(held));
    waits_.wait(number, held.verdict.original);
    return {};
}

Result<bool> ServerLog::is_ready(const LoggedChangeset& held) {
    SATCHEL_ASSIGN(const std::int64_t number, number_of(held));
    return waits_.is_ready(number);
}

Result<std::int64_t> ServerLog::number_of(const LoggedChangeset& entry) {
    SATCHEL_ASSIGN(const Known* known, this->known(entry.replica));
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached("SELECT number FROM _log WHERE replica = ?1 AND first = ?2"));
    select->bind(1, known == nullptr ? 0 : known->number);
    select->bind(2, stored(entry.first_counter));
    SATCHEL_ASSIGN(const bool found, select->step());
    const std::int64_t number = found ? select->integer(0) : 0;
    select->reset();
    if (!found) return Error{ErrorCode::internal, "a changeset that is not in the log"};
    return number;
}

Result<std::vector<LoggedChangeset>> ServerLog::held_of(ReplicaId replica) {
    SATCHEL_ASSIGN(const Known* known, this->known(replica));
    if (!has_held() || known == nullptr) return std::vector<LoggedChangeset>{};
    SATCHEL_ASSIGN(
        Statement * select,
        database_.cached(Bytes(kColumns) + "WHERE kind = 1 AND replica = ?1 ORDER BY number"));
    select->bind(1, known->number);
    SATCHEL_ASSIGN(auto all, read_all(*select));
    return entries_of(std::move(all));
}

// SQLite knows the length of a blob without reading it.
Result<std::uint64_t> ServerLog::held_bytes(std::uint64_t replica) {
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached("SELECT coalesce(sum(max(length(bytes), ?2)), 0) FROM _log"
                                    " WHERE kind = 1 AND replica IN"
                                    " (SELECT number FROM _replica WHERE id = ?1)"));
    select->bind(1, stored(replica));
    select->bind(2, static_cast<std::int64_t>(kLeastKeptBytes));
    SATCHEL_ASSIGN([[maybe_unused]] const bool row, select->step());
    const std::uint64_t bytes = loaded(select->integer(0));
    select->reset();
    return bytes;
}

Result<std::vector<LoggedChangeset>> ServerLog::refused_of(std::uint64_t replica,
                                                           std::size_t max_bytes) {
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached("SELECT log.number, log.replica, first, last, change, log.hash,"
                                    " bytes, receipt, device_now, author, kind, seq, effective,"
                                    " rank, late, reason, detail, original, adopted_at"
                                    " FROM _replica CROSS JOIN _log log"
                                    " ON log.replica = _replica.number"
                                    " WHERE id = ?1 AND kind = 2"
                                    " ORDER BY incarnation DESC, log.number DESC"));
    select->bind(1, stored(replica));
    SATCHEL_ASSIGN(auto rows, read_all(*select, max_bytes));
    return entries_of(std::move(rows));
}

Result<std::optional<VerdictKind>> ServerLog::decided(const Dot& dot) {
    std::optional<VerdictKind> kind;
    SATCHEL_ASSIGN(const Known* known, this->known(dot.replica));
    if (known == nullptr || dot.counter > INT64_MAX) return kind;
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached("SELECT kind, last FROM _log WHERE replica = ?1 AND first <= ?2"
                                    " ORDER BY first DESC LIMIT 1"));
    select->bind(1, known->number);
    select->bind(2, stored(dot.counter));
    SATCHEL_ASSIGN(const bool found, select->step());
    if (found && loaded(select->integer(1)) >= dot.counter)
        kind = static_cast<VerdictKind>(select->integer(0));
    select->reset();
    return kind;
}

Status ServerLog::append(const LoggedChangeset& entry) {
    SATCHEL_ASSIGN(const Known* known, this->known(entry.replica));
    if (known == nullptr)
        return Error{ErrorCode::internal, "a changeset of a replica that was never saved"};
    SATCHEL_ASSIGN(Statement * insert,
                   database_.cached("INSERT INTO _log VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?7, ?8, ?9,"
                                    " ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, NULL, NULL, ?6)"));
    const Bytes original = original_text(entry.verdict);
    insert->bind(1, known->number);
    insert->bind(2, stored(entry.first_counter));
    insert->bind(3, stored(entry.last_counter));
    insert->bind_blob(4, entry.id.view());
    insert->bind_blob(5, view(entry.hash));
    insert->bind_blob(6, entry.bytes);
    insert->bind(7, entry.receipt);
    insert->bind(8, entry.device_now);
    insert->bind_blob(9, entry.author.view());
    bind_verdict(*insert, 10, entry.verdict, original);
    SATCHEL_TRY(insert->run());
    const std::int64_t number = database_.last_rowid();
    SATCHEL_TRY(audit_.taken(number, entry));
    if (entry.verdict.kind == VerdictKind::held)
        waits_.wait(number, entry.verdict.original);
    else
        waits_.wake(entry.replica, entry.first_counter, entry.last_counter);
    return {};
}

Status ServerLog::save_verdict(const LoggedChangeset& entry, std::int64_t now_ms) {
    SATCHEL_ASSIGN(const Known* known, this->known(entry.replica));
    if (known == nullptr)
        return Error{ErrorCode::internal, "a verdict for a replica that was never saved"};
    SATCHEL_ASSIGN(Statement * update,
                   database_.cached("UPDATE _log SET kind = ?3, seq = ?4, effective = ?5,"
                                    " rank = ?6, late = ?7, reason = ?8, detail = ?9,"
                                    " original = ?10 WHERE replica = ?1 AND first = ?2"));
    const Bytes original = original_text(entry.verdict);
    update->bind(1, known->number);
    update->bind(2, stored(entry.first_counter));
    bind_verdict(*update, 3, entry.verdict, original);
    SATCHEL_TRY(update->run());
    SATCHEL_ASSIGN(const std::int64_t number, number_of(entry));
    if (!broken(Mutant::decision_not_audited))
        SATCHEL_TRY(audit_.decided(number, entry.verdict, now_ms));
    if (entry.verdict.kind == VerdictKind::held) {
        waits_.wait(number, entry.verdict.original);
        return {};
    }
    waits_.remove(number);
    waits_.wake(entry.replica, entry.first_counter, entry.last_counter);
    return {};
}

Status ServerLog::mark_adopted(std::int64_t number, const RecordId& by, std::int64_t now_ms) {
    SATCHEL_ASSIGN(Statement * update,
                   database_.cached("UPDATE _log SET adopted_at = ?2, adopted_by = ?3"
                                    " WHERE number = ?1"));
    update->bind(1, number);
    update->bind(2, now_ms);
    update->bind_blob(3, by.view());
    SATCHEL_TRY(update->run());
    return audit_.adopted(number, by, now_ms);
}

// The newest half one by one, then each twice as far back as the one before.
Result<std::vector<ChainPoint>> ServerLog::chain_points(ReplicaId replica, std::size_t limit) {
    std::vector<ChainPoint> points;
    SATCHEL_ASSIGN(const Known* known, this->known(replica));
    if (known == nullptr) return points;
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached("SELECT last, hash, first FROM _log WHERE replica = ?1"
                                    " AND first <= ?2 ORDER BY first DESC LIMIT 1"));
    std::uint64_t wanted = known->replica.high;
    std::uint64_t distance = 1;
    while (wanted > 0 && points.size() < limit) {
        select->bind(1, known->number);
        select->bind(2, stored(wanted));
        SATCHEL_ASSIGN(const bool found, select->step());
        if (!found) break;
        const auto hash = digest_from_bytes(select->blob(1));
        const std::uint64_t last = loaded(select->integer(0));
        const std::uint64_t first = loaded(select->integer(2));
        select->reset();
        if (!hash) return hash.error();
        points.push_back({last, *hash});
        if (points.size() > limit / 2) distance *= 2;
        wanted = first > distance ? first - distance : 0;
    }
    select->reset();
    return points;
}

Status ServerLog::append_alias(const RecordId& record, const Dot& alias, const Dot& original) {
    SATCHEL_ASSIGN(const Known* known, this->known(alias.replica));
    if (known == nullptr)
        return Error{ErrorCode::internal, "an alias of a replica that was never saved"};
    SATCHEL_ASSIGN(Statement * insert,
                   database_.cached("INSERT OR REPLACE INTO _alias VALUES (?1, ?2, ?3, ?4)"));
    const Bytes text = original.text();
    insert->bind_blob(1, record.view());
    insert->bind(2, known->number);
    insert->bind(3, stored(alias.counter));
    insert->bind_text(4, text);
    SATCHEL_TRY(insert->run());
    aliasing_.insert(alias.replica);
    return {};
}

Result<std::vector<Dot>> ServerLog::aliased(const RecordId& record, const Dot& up_to) {
    std::vector<Dot> originals;
    if (!aliasing_.contains(up_to.replica)) return originals;
    SATCHEL_ASSIGN(const Known* known, this->known(up_to.replica));
    if (known == nullptr) return originals;
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached("SELECT original FROM _alias WHERE record = ?1"
                                    " AND replica = ?2 AND counter <= ?3"
                                    " ORDER BY counter DESC LIMIT 10000"));
    select->bind_blob(1, record.view());
    select->bind(2, known->number);
    select->bind(3, stored(std::min<std::uint64_t>(up_to.counter, INT64_MAX)));
    while (true) {
        SATCHEL_ASSIGN(const bool row, select->step());
        if (!row) break;
        const Result<Dot> original = Dot::parse(select->text(0));
        if (!original) {
            select->reset();
            return original.error();
        }
        originals.push_back(*original);
    }
    select->reset();
    return originals;
}

Status ServerLog::declare_lost(const Dot& dot, std::string_view by, std::int64_t now_ms) {
    SATCHEL_ASSIGN(Statement * insert,
                   database_.cached("INSERT OR IGNORE INTO _lost VALUES (?1, ?2, ?3)"));
    const Bytes text = dot.text();
    insert->bind_text(1, text);
    insert->bind_text(2, by);
    insert->bind(3, now_ms);
    SATCHEL_TRY(insert->run());
    if (lost_.insert(dot).second) SATCHEL_TRY(audit_.lost(dot, by, now_ms));
    waits_.wake(dot.replica, dot.counter, dot.counter);
    return {};
}

}  // namespace satchel::storage
