#include "storage/journal.hpp"

#include <algorithm>

#include "storage/seal.hpp"
#include "storage/services.hpp"
#include "sync/mutants.hpp"
#include "sync/wire.hpp"

namespace satchel::storage {
namespace {

// Columns of a JournalRow, in the order that read_row expects.
#define JOURNAL_FACTS                                                                         \
    "number, incarnation, first_counter, last_counter, change_id, stamp, committed_at, hash," \
    " state, seq, effective, rank, late, reason, detail, replica, own_rank"
#define JOURNAL_COLUMNS JOURNAL_FACTS ", bytes"

// What was written is still here: a wipe leaves of some entries nothing but their place in the
// chain.
#define JOURNAL_KEPT "length(bytes) > 0"

// A changeset without a seq: a server that stands at ?4 may lack it when it lacks whatever followed
// it in the chain.
#define JOURNAL_AFTER_KEPT                                                                       \
    "first_counter > (SELECT coalesce(max(k.last_counter), 0) FROM journal AS k WHERE"           \
    " k.replica = journal.replica AND k.incarnation = journal.incarnation AND k.state IN (1, 2)" \
    " AND k.seq <= ?4)"

Bytes encode_images(const std::vector<Bytes>& images) {
    Writer out;
    for (const Bytes& image : images) {
        if (image.empty())
            out.nil();
        else
            out.bytes(image);
    }
    return out.take();
}

}  // namespace

const char* Journal::tables_sql() {
    return "CREATE TABLE IF NOT EXISTS entry (number INTEGER PRIMARY KEY,"
           " replica INTEGER NOT NULL, incarnation INTEGER NOT NULL,"
           " first_counter INTEGER NOT NULL, last_counter INTEGER NOT NULL,"
           " change_id BLOB NOT NULL, stamp INTEGER NOT NULL, committed_at INTEGER NOT NULL,"
           " hash BLOB NOT NULL, own_rank INTEGER NOT NULL,"
           // Last, so that reading the others never walks over them.
           " bytes BLOB NOT NULL, before BLOB NOT NULL);"
           // What became of an entry; none: pending. Apart, because an update of a long row writes
           // all of it again.
           "CREATE TABLE IF NOT EXISTS verdict (number INTEGER PRIMARY KEY,"
           " state INTEGER NOT NULL, seq INTEGER NOT NULL, effective INTEGER NOT NULL,"
           " rank INTEGER NOT NULL, late INTEGER NOT NULL, reason INTEGER NOT NULL,"
           " detail TEXT NOT NULL);"
           "CREATE INDEX IF NOT EXISTS verdict_quarantined ON verdict (number) WHERE state = 4;"
           "CREATE TRIGGER IF NOT EXISTS entry_removed AFTER DELETE ON entry BEGIN"
           " DELETE FROM verdict WHERE number = old.number; END;"
           "CREATE VIEW IF NOT EXISTS journal AS SELECT entry.number, replica, incarnation,"
           " first_counter, last_counter, change_id, stamp, committed_at, hash, own_rank,"
           " coalesce(state, 0) AS state, coalesce(seq, 0) AS seq,"
           " coalesce(effective, 0) AS effective, coalesce(rank, 0) AS rank,"
           " coalesce(late, 0) AS late, coalesce(reason, 0) AS reason,"
           " coalesce(detail, '') AS detail, bytes, before"
           " FROM entry LEFT JOIN verdict ON verdict.number = entry.number;"
           // Closed rows are many and open ones few; numbers below this are all closed.
           "CREATE TABLE IF NOT EXISTS journal_mark (id INTEGER PRIMARY KEY CHECK (id = 1),"
           " first_open INTEGER NOT NULL);"
           "INSERT OR IGNORE INTO journal_mark VALUES (1, 1);";
}

Result<JournalRow> Journal::read_row(Statement& in) {
    JournalRow row;
    row.entry.number = in.integer(0);
    row.entry.replica = {static_cast<std::uint64_t>(in.integer(15)),
                         static_cast<std::uint32_t>(in.integer(1))};
    row.entry.first_counter = static_cast<std::uint64_t>(in.integer(2));
    row.entry.last_counter = static_cast<std::uint64_t>(in.integer(3));
    SATCHEL_ASSIGN(row.entry.id, ChangeId::from_bytes(in.blob(4)));
    row.stamp.packed = static_cast<std::uint64_t>(in.integer(5));
    row.entry.committed_at = in.integer(6);
    SATCHEL_ASSIGN(row.hash, digest_from_bytes(in.blob(7)));
    row.entry.state = static_cast<ChangesetState>(in.integer(8));
    row.entry.seq = Sequence{static_cast<std::uint64_t>(in.integer(9))};
    row.effective.packed = static_cast<std::uint64_t>(in.integer(10));
    row.rank = static_cast<std::uint8_t>(in.integer(11));
    row.late = in.integer(12) != 0;
    row.entry.reason = static_cast<Reason>(in.integer(13));
    row.entry.detail = is_sealed(in.blob(14)) ? std::string() : std::string(in.text(14));
    row.own_rank = static_cast<std::uint8_t>(in.integer(16));
    if (in.column_count() > 17) row.bytes = in.blob(17);
    return row;
}

Result<std::vector<JournalRow>> Journal::read_all(Statement& rows) {
    std::vector<JournalRow> found;
    while (true) {
        SATCHEL_ASSIGN(const bool row, rows.step());
        if (!row) return found;
        SATCHEL_ASSIGN(JournalRow next, read_row(rows));
        found.push_back(std::move(next));
    }
}

Result<ChainHead> Journal::head(ReplicaId replica) {
    ChainHead head;
    head.hash = chain_start(&blake2b, replica);
    SATCHEL_ASSIGN(Statement * last,
                   database_.cached("SELECT stamp, replica, incarnation, last_counter, hash"
                                    " FROM entry ORDER BY number DESC LIMIT 1"));
    SATCHEL_ASSIGN(const bool found, last->step());
    if (!found) {
        last->reset();
        return head;
    }
    head.stamp.packed = static_cast<std::uint64_t>(last->integer(0));
    const ReplicaId owner{static_cast<std::uint64_t>(last->integer(1)),
                          static_cast<std::uint32_t>(last->integer(2))};
    if (owner == replica) {
        head.counter = static_cast<std::uint64_t>(last->integer(3));
        auto hash = digest_from_bytes(last->blob(4));
        last->reset();
        SATCHEL_ASSIGN(head.hash, std::move(hash));
    }
    last->reset();
    return head;
}

Result<std::int64_t> Journal::append(const ChangesetHeader& header, ByteView bytes,
                                     const Digest& hash, const std::vector<Bytes>& before,
                                     std::uint8_t own_rank) {
    const Bytes images = encode_images(before);
    SATCHEL_ASSIGN(
        Statement * insert,
        database_.cached("INSERT INTO entry (replica, incarnation, first_counter, last_counter,"
                         " change_id, stamp, committed_at, hash, bytes, before, own_rank)"
                         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"));
    insert->bind(1, stored(header.replica.id));
    insert->bind(2, header.replica.incarnation);
    insert->bind(3, stored(header.first_counter));
    insert->bind(4, stored(header.first_counter + before.size() - 1));
    insert->bind_blob(5, header.id.view());
    insert->bind(6, stored(header.stamp.packed));
    insert->bind(7, header.committed_at);
    insert->bind_blob(8, view(hash));
    insert->bind_blob(9, bytes);
    insert->bind_blob(10, images);
    insert->bind(11, own_rank);
    SATCHEL_TRY(insert->run());
    return database_.last_rowid();
}

Result<std::optional<JournalRow>> Journal::row(std::int64_t number) {
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached("SELECT " JOURNAL_COLUMNS " FROM journal WHERE number = ?1"));
    select->bind(1, number);
    SATCHEL_ASSIGN(const bool found, select->step());
    std::optional<JournalRow> result;
    if (found) {
        SATCHEL_ASSIGN(result, read_row(*select));
    }
    select->reset();
    return result;
}

Result<std::optional<JournalRow>> Journal::row_at(ReplicaId replica, std::uint64_t first_counter) {
    SATCHEL_ASSIGN(const std::int64_t before, last_number(replica, first_counter - 1));
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached("SELECT " JOURNAL_COLUMNS " FROM journal WHERE number > ?1"
                                    " ORDER BY number LIMIT 1"));
    select->bind(1, before);
    SATCHEL_ASSIGN(const bool found, select->step());
    std::optional<JournalRow> result;
    if (found) {
        SATCHEL_ASSIGN(result, read_row(*select));
    }
    select->reset();
    const bool same =
        result && result->entry.replica == replica && result->entry.first_counter == first_counter;
    return same ? result : std::nullopt;
}

Result<std::optional<ChangesetState>> Journal::state_of(const Dot& dot) {
    SATCHEL_ASSIGN(const std::int64_t before, last_number(dot.replica, dot.counter - 1));
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached("SELECT replica, incarnation, first_counter, last_counter,"
                                    " state FROM journal WHERE number > ?1"
                                    " ORDER BY number LIMIT 1"));
    select->bind(1, before);
    SATCHEL_ASSIGN(const bool found, select->step());
    const bool holds = found && select->integer(0) == stored(dot.replica.id) &&
                       select->integer(1) == static_cast<std::int64_t>(dot.replica.incarnation) &&
                       select->integer(2) <= stored(dot.counter) &&
                       select->integer(3) >= stored(dot.counter);
    std::optional<ChangesetState> state;
    if (holds) state = static_cast<ChangesetState>(select->integer(4));
    select->reset();
    return state;
}

namespace {

// SQLite sees no bit that the disk has turned; head office would merge what nobody wrote.
Error damaged_entry(const Dot& first) {
    return {ErrorCode::corrupt, "the journal's entry " + first.text() +
                                    " is not what was written: the file is damaged, and the entry"
                                    " is not sent; restore the file, or log in on a new one"};
}

}  // namespace

Result<std::vector<UploadedChangeset>> Journal::upload(ReplicaId replica, std::uint64_t counter,
                                                       std::size_t max_bytes) {
    SATCHEL_ASSIGN(const std::int64_t last, last_number(replica, counter));
    SATCHEL_ASSIGN(const std::optional<Digest> base, hash_at(replica, counter));
    Digest head = base.value_or(Digest{});
    SATCHEL_ASSIGN(Statement * rows,
                   database_.cached("SELECT replica, incarnation, first_counter, last_counter,"
                                    " bytes, hash, coalesce(reason, 0) FROM entry LEFT JOIN verdict"
                                    " ON verdict.number = entry.number"
                                    " WHERE entry.number > ?1 ORDER BY entry.number"));
    rows->bind(1, last);
    std::vector<UploadedChangeset> found;
    std::size_t bytes = 0;
    while (bytes < max_bytes) {
        SATCHEL_ASSIGN(const bool row, rows->step());
        if (!row) break;
        const ReplicaId owner{static_cast<std::uint64_t>(rows->integer(0)),
                              static_cast<std::uint32_t>(rows->integer(1))};
        if (owner != replica) break;  // a later incarnation's
        const ByteView next = rows->blob(4);
        if (next.empty()) break;  // wiped
        head = chain_link(&blake2b, head, next);
        if (view(head) != rows->blob(5) && !broken(Mutant::damaged_entry_sent)) {
            const Dot first{owner, static_cast<std::uint64_t>(rows->integer(2))};
            rows->reset();
            return damaged_entry(first);
        }
        bytes += next.size();
        if (!found.empty() && bytes > max_bytes) break;
        found.push_back({static_cast<std::uint64_t>(rows->integer(2)),
                         static_cast<std::uint64_t>(rows->integer(3)), Bytes(next),
                         static_cast<Reason>(rows->integer(6))});
    }
    rows->reset();
    return found;
}

// Incarnations and counters only ever rise, so the entries are sorted by them, and halving finds
// the place in a journal of any length. Numbers have holes where entries were pruned.
Result<std::int64_t> Journal::last_number(ReplicaId replica, std::uint64_t counter) {
    SATCHEL_ASSIGN(std::int64_t high, highest_number());
    SATCHEL_ASSIGN(Statement * row,
                   database_.cached("SELECT number, incarnation, last_counter FROM entry"
                                    " WHERE number <= ?1 ORDER BY number DESC LIMIT 1"));
    const std::pair wanted{replica.incarnation, counter};
    std::int64_t low = 0;
    while (low < high) {
        const std::int64_t middle = low + (high - low + 1) / 2;
        row->bind(1, middle);
        SATCHEL_ASSIGN(const bool found, row->step());
        const std::pair last{static_cast<std::uint32_t>(found ? row->integer(1) : 0),
                             static_cast<std::uint64_t>(found ? row->integer(2) : 0)};
        if (last <= wanted)
            low = middle;
        else
            high = row->integer(0) - 1;
        row->reset();
    }
    return low;
}

Result<std::int64_t> Journal::highest_number() {
    SATCHEL_ASSIGN(Statement * row, database_.cached("SELECT coalesce(max(number), 0) FROM entry"));
    SATCHEL_ASSIGN([[maybe_unused]] const bool found, row->step());
    const std::int64_t number = row->integer(0);
    row->reset();
    return number;
}

Result<std::vector<JournalRow>> Journal::open_rows() {
    SATCHEL_ASSIGN(Statement * rows,
                   database_.cached("SELECT " JOURNAL_FACTS " FROM journal WHERE number >="
                                    " (SELECT first_open FROM journal_mark)"
                                    " AND state IN (0, 1, 3) ORDER BY number"));
    return read_all(*rows);
}

Result<std::vector<JournalRow>> Journal::rows_lost(ReplicaId replica, std::uint64_t counter,
                                                   Sequence seq) {
    SATCHEL_ASSIGN(
        Statement rows,
        database_.prepare("SELECT " JOURNAL_COLUMNS
                          " FROM journal WHERE replica = ?1 AND state <> 6 AND " JOURNAL_KEPT " AND"
                          " ((incarnation = ?2 AND last_counter > ?3) OR"
                          " (state IN (1, 2) AND seq > ?4) OR"
                          " (incarnation <> ?2 AND state IN (3, 4, 5) AND " JOURNAL_AFTER_KEPT "))"
                          " ORDER BY number"));
    rows.bind(1, stored(replica.id));
    rows.bind(2, replica.incarnation);
    rows.bind(3, stored(counter));
    rows.bind(4, stored(seq));
    return read_all(rows);
}

Result<std::vector<JournalRow>> Journal::rows_parted(ReplicaId left, std::uint64_t common,
                                                     Sequence seq, bool restored) {
    SATCHEL_ASSIGN(Statement rows,
                   database_.prepare("SELECT " JOURNAL_COLUMNS
                                     " FROM journal WHERE replica = ?1 AND state <> 6 AND"
                                     " " JOURNAL_KEPT " AND (incarnation > ?2 OR"
                                     " (incarnation = ?2 AND last_counter > ?3)) AND"
                                     " (state IN (0, 3) OR (state IN (1, 2) AND seq > ?4) OR"
                                     " (state IN (4, 5) AND ?5))"
                                     " ORDER BY number"));
    rows.bind(1, stored(left.id));
    rows.bind(2, left.incarnation);
    rows.bind(3, stored(common));
    rows.bind(4, stored(seq));
    rows.bind(5, restored ? 1 : 0);
    return read_all(rows);
}

Result<std::optional<JournalEntry>> Journal::earlier_unsent(ReplicaId present) {
    SATCHEL_ASSIGN(Statement rows,
                   database_.prepare("SELECT " JOURNAL_FACTS " FROM journal WHERE number >="
                                     " (SELECT first_open FROM journal_mark) AND state = 0"
                                     " AND replica = ?1 AND incarnation < ?2"
                                     " ORDER BY incarnation, number LIMIT 1"));
    rows.bind(1, stored(present.id));
    rows.bind(2, present.incarnation);
    SATCHEL_ASSIGN(const bool found, rows.step());
    if (!found) return std::optional<JournalEntry>{};
    SATCHEL_ASSIGN(JournalRow row, read_row(rows));
    return std::optional(std::move(row.entry));
}

Result<bool> Journal::any_open_but(const Dot& last) {
    SATCHEL_ASSIGN(Statement rows,
                   database_.prepare("SELECT 1 FROM journal WHERE number >="
                                     " (SELECT first_open FROM journal_mark) AND state IN (0, 3)"
                                     " AND " JOURNAL_KEPT " AND NOT (replica = ?1"
                                     " AND incarnation = ?2 AND last_counter <= ?3) LIMIT 1"));
    rows.bind(1, stored(last.replica.id));
    rows.bind(2, last.replica.incarnation);
    rows.bind(3, stored(last.counter));
    return rows.step();
}

Result<std::uint64_t> Journal::base_of(const JournalEntry& entry) {
    SATCHEL_ASSIGN(Statement rows,
                   database_.prepare("SELECT first_counter, last_counter FROM journal WHERE"
                                     " number < ?1 AND replica = ?2 AND incarnation = ?3"
                                     " AND state = 6 AND " JOURNAL_KEPT " ORDER BY number DESC"));
    rows.bind(1, entry.number);
    rows.bind(2, stored(entry.replica.id));
    rows.bind(3, entry.replica.incarnation);
    std::uint64_t base = entry.first_counter - 1;
    std::uint64_t known = base;  // of what is before the last one nothing may be kept
    while (true) {
        SATCHEL_ASSIGN(const bool more, rows.step());
        if (!more || static_cast<std::uint64_t>(rows.integer(1)) != base) return known;
        base = static_cast<std::uint64_t>(rows.integer(0)) - 1;
        SATCHEL_ASSIGN(const auto hash, hash_at(entry.replica, base));
        if (hash) known = base;
    }
}

Result<std::uint64_t> Journal::last_of(ReplicaId replica) {
    return counter_of(
        "SELECT coalesce(max(last_counter), 0) FROM journal"
        " WHERE replica = ?1 AND incarnation = ?2 AND state <> 6",
        replica);
}

Result<std::uint64_t> Journal::counter_of(const char* sql, ReplicaId replica) {
    SATCHEL_ASSIGN(Statement rows, database_.prepare(sql));
    rows.bind(1, stored(replica.id));
    rows.bind(2, replica.incarnation);
    SATCHEL_ASSIGN([[maybe_unused]] const bool found, rows.step());
    return static_cast<std::uint64_t>(rows.integer(0));
}

Result<std::uint64_t> Journal::run_end(ReplicaId replica, std::uint64_t counter) {
    SATCHEL_ASSIGN(const std::int64_t last, last_number(replica, counter));
    SATCHEL_ASSIGN(Statement rows,
                   database_.prepare("SELECT first_counter, last_counter FROM entry"
                                     " WHERE number > ?1 AND replica = ?2 AND incarnation = ?3"
                                     " AND " JOURNAL_KEPT " ORDER BY number"));
    rows.bind(1, last);
    rows.bind(2, stored(replica.id));
    rows.bind(3, replica.incarnation);
    std::uint64_t end = counter;
    while (true) {
        SATCHEL_ASSIGN(const bool more, rows.step());
        if (!more || static_cast<std::uint64_t>(rows.integer(0)) != end + 1) return end;
        end = static_cast<std::uint64_t>(rows.integer(1));
    }
}

Result<std::vector<JournalEntry>> Journal::list(std::size_t limit, bool open_only) {
    const std::string open =
        open_only ? " AND number IN (SELECT number FROM entry WHERE number >= (SELECT first_open"
                    " FROM journal_mark) UNION ALL SELECT number FROM verdict WHERE state = 4)"
                    " AND state IN (0, 1, 3, 4)"
                  : "";
    // The plus: else SQLite plans the statement anew whenever a limit is bound.
    SATCHEL_ASSIGN(Statement * rows,
                   database_.cached("SELECT " JOURNAL_FACTS " FROM journal WHERE " JOURNAL_KEPT +
                                    open + " ORDER BY number DESC LIMIT +?1"));
    rows->bind(1, static_cast<std::int64_t>(limit));
    SATCHEL_ASSIGN(std::vector<JournalRow> found, read_all(*rows));
    std::vector<JournalEntry> entries;
    for (JournalRow& row : found)
        entries.push_back(std::move(row.entry));
    return entries;
}

Status Journal::save_state(const JournalRow& row) {
    SATCHEL_ASSIGN(Statement * save,
                   database_.cached("INSERT OR REPLACE INTO verdict (number, state, seq, effective,"
                                    " rank, late, reason, detail)"
                                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
    save->bind(1, row.entry.number);
    save->bind(2, static_cast<std::int64_t>(row.entry.state));
    save->bind(3, stored(row.entry.seq));
    save->bind(4, stored(row.effective.packed));
    save->bind(5, row.rank);
    save->bind(6, row.late ? 1 : 0);
    save->bind(7, static_cast<std::int64_t>(row.entry.reason));
    save->bind_text(8, row.entry.detail);
    return save->run();
}

Result<std::vector<SettledRow>> Journal::settle(Sequence seq) {
    std::vector<SettledRow> settled;
    SATCHEL_ASSIGN(Statement * update,
                   database_.cached("UPDATE verdict SET state = 2 WHERE state = 1 AND seq <= ?1"
                                    " AND number >= (SELECT first_open FROM journal_mark)"
                                    " RETURNING number, seq"));
    update->bind(1, stored(seq));
    while (true) {
        SATCHEL_ASSIGN(const bool row, update->step());
        if (!row) break;
        settled.push_back(
            {update->integer(0), Sequence{static_cast<std::uint64_t>(update->integer(1))}});
    }
    update->reset();
    std::sort(settled.begin(), settled.end(),
              [](const SettledRow& a, const SettledRow& b) { return a.number < b.number; });
    return settled;
}

Result<std::optional<Digest>> Journal::hash_at(ReplicaId replica, std::uint64_t counter) {
    if (counter == 0) return std::optional(chain_start(&blake2b, replica));
    SATCHEL_ASSIGN(const std::int64_t last, last_number(replica, counter));
    SATCHEL_ASSIGN(Statement * row,
                   database_.cached("SELECT hash, replica, incarnation, last_counter FROM entry"
                                    " WHERE number <= ?1 ORDER BY number DESC LIMIT 1"));
    row->bind(1, last);
    SATCHEL_ASSIGN(const bool found, row->step());
    const bool same = found && row->integer(1) == stored(replica.id) &&
                      row->integer(2) == static_cast<std::int64_t>(replica.incarnation) &&
                      row->integer(3) == stored(counter);
    const Result<Digest> hash = same ? digest_from_bytes(row->blob(0)) : Digest{};
    row->reset();
    if (!hash) return hash.error();
    return same ? std::optional(*hash) : std::nullopt;
}

Status Journal::check_whole(const JournalRow& row) {
    const JournalEntry& entry = row.entry;
    SATCHEL_ASSIGN(const auto before, hash_at(entry.replica, entry.first_counter - 1));
    const bool same = !before || chain_link(&blake2b, *before, row.bytes) == row.hash;
    if (same || broken(Mutant::damaged_entry_sent)) return {};
    return damaged_entry({entry.replica, entry.first_counter});
}

Result<std::uint64_t> Journal::end_before(ReplicaId replica, std::uint64_t counter) {
    SATCHEL_ASSIGN(const std::int64_t last, last_number(replica, counter));
    SATCHEL_ASSIGN(Statement * row,
                   database_.cached("SELECT replica, incarnation, last_counter FROM entry"
                                    " WHERE number <= ?1 ORDER BY number DESC LIMIT 1"));
    row->bind(1, last);
    SATCHEL_ASSIGN(const bool found, row->step());
    const bool ours = found && row->integer(0) == stored(replica.id) &&
                      row->integer(1) == static_cast<std::int64_t>(replica.incarnation);
    const auto end = ours ? static_cast<std::uint64_t>(row->integer(2)) : 0;
    row->reset();
    return end;
}

Result<std::uint64_t> Journal::run_start(ReplicaId replica) {
    SATCHEL_ASSIGN(Statement rows,
                   database_.prepare("SELECT coalesce(max(first_counter), (SELECT"
                                     " max(last_counter) + 1 FROM journal WHERE replica = ?1"
                                     " AND incarnation = ?2), 1) FROM (SELECT"
                                     " first_counter, lag(last_counter) OVER (ORDER BY number)"
                                     " AS before FROM journal WHERE replica = ?1"
                                     " AND incarnation = ?2 AND " JOURNAL_KEPT ")"
                                     " WHERE before IS NULL OR before <> first_counter - 1"));
    rows.bind(1, stored(replica.id));
    rows.bind(2, replica.incarnation);
    SATCHEL_ASSIGN([[maybe_unused]] const bool found, rows.step());
    return static_cast<std::uint64_t>(rows.integer(0));
}

Result<std::int64_t> Journal::prune(ReplicaId replica, std::uint64_t horizon) {
    if (horizon == 0) return std::int64_t{0};
    SATCHEL_ASSIGN(const std::int64_t last, last_number(replica, horizon - 1));
    SATCHEL_ASSIGN(Statement * remove,
                   database_.cached("DELETE FROM entry WHERE number IN (SELECT number FROM journal"
                                    " WHERE number <= ?3 AND number < (SELECT first_open FROM"
                                    " journal_mark) AND state IN (2, 5, 6) AND replica = ?1"
                                    " AND incarnation = ?2)"
                                    " AND number < (SELECT max(number) FROM entry)"));
    remove->bind(1, stored(replica.id));
    remove->bind(2, replica.incarnation);
    remove->bind(3, last);
    SATCHEL_TRY(remove->run());
    return database_.changes();
}

Result<std::vector<Bytes>> Journal::before_images(std::int64_t number) {
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached("SELECT before FROM entry WHERE number = ?1"));
    select->bind(1, number);
    SATCHEL_ASSIGN(const bool found, select->step());
    const Bytes blob = found ? Bytes(select->blob(0)) : Bytes{};
    select->reset();
    std::vector<Bytes> images;
    Reader in(blob);
    while (in.ok() && !in.at_end())
        images.emplace_back(in.value().bytes);
    SATCHEL_TRY(in.finish("the journal's before-images"));
    return images;
}

Status Journal::save_before_images(std::int64_t number, const std::vector<Bytes>& images) {
    const Bytes encoded = encode_images(images);
    SATCHEL_ASSIGN(Statement * update,
                   database_.cached("UPDATE entry SET before = ?2 WHERE number = ?1"));
    update->bind(1, number);
    update->bind_blob(2, encoded);
    return update->run();
}

Result<JournalRow> Journal::facts(std::int64_t number) {
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached("SELECT " JOURNAL_FACTS " FROM journal WHERE number = ?1"));
    select->bind(1, number);
    SATCHEL_ASSIGN(const bool found, select->step());
    if (!found) {
        select->reset();
        return Error{ErrorCode::corrupt, "a pending journal row is missing"};
    }
    auto row = read_row(*select);
    select->reset();
    return row;
}

Status Journal::fill(std::vector<JournalRow>& rows) {
    for (JournalRow& each : rows) {
        SATCHEL_ASSIGN(auto whole, row(each.entry.number));
        if (!whole) return Error{ErrorCode::corrupt, "a pending journal row is missing"};
        each.bytes = std::move(whole->bytes);
    }
    return {};
}

Status Journal::reopen(const JournalRow& row) {
    SATCHEL_TRY(save_state(row));
    SATCHEL_ASSIGN(Statement * mark,
                   database_.cached("UPDATE journal_mark SET first_open = min(first_open, ?1)"));
    mark->bind(1, row.entry.number);
    return mark->run();
}

Status Journal::move_mark() {
    SATCHEL_ASSIGN(Statement * mark,
                   database_.cached("UPDATE journal_mark SET first_open = coalesce((SELECT"
                                    " min(number) FROM journal WHERE number >= first_open"
                                    " AND state IN (0, 1, 3)),"
                                    " (SELECT coalesce(max(number), 0) + 1 FROM entry))"));
    return mark->run();
}

}  // namespace satchel::storage
