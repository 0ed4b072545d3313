#include "storage/journal.hpp"

#include <algorithm>

#include "storage/services.hpp"
#include "sync/wire.hpp"

namespace satchel::storage {
namespace {

// Columns of a JournalRow, in the order that read_row expects.
#define JOURNAL_FACTS                                                                         \
    "number, incarnation, first_counter, last_counter, change_id, stamp, committed_at, hash," \
    " state, seq, effective, rank, late, reason, detail, replica, own_rank"
#define JOURNAL_COLUMNS JOURNAL_FACTS ", bytes"

// A changeset without a seq: a server that stands at ?4 may lack it when it lacks whatever followed
// it in the chain.
#define JOURNAL_AFTER_KEPT                                                                       \
    "first_counter > (SELECT coalesce(max(k.last_counter), 0) FROM journal AS k WHERE"           \
    " k.replica = journal.replica AND k.incarnation = journal.incarnation AND k.state IN (1, 2)" \
    " AND k.seq <= ?4)"

bool is_open(ChangesetState state) {
    return state == ChangesetState::pending || state == ChangesetState::accepted ||
           state == ChangesetState::held;
}

std::int64_t signed_bits(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

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
    return "CREATE TABLE IF NOT EXISTS journal (number INTEGER PRIMARY KEY,"
           " replica INTEGER NOT NULL, incarnation INTEGER NOT NULL,"
           " first_counter INTEGER NOT NULL, last_counter INTEGER NOT NULL,"
           " change_id BLOB NOT NULL, stamp INTEGER NOT NULL, committed_at INTEGER NOT NULL,"
           " hash BLOB NOT NULL, state INTEGER NOT NULL DEFAULT 0, seq INTEGER NOT NULL DEFAULT 0,"
           " effective INTEGER NOT NULL DEFAULT 0, rank INTEGER NOT NULL DEFAULT 0,"
           " late INTEGER NOT NULL DEFAULT 0, reason INTEGER NOT NULL DEFAULT 0,"
           " detail TEXT NOT NULL DEFAULT '', own_rank INTEGER NOT NULL,"
           // Last, so that reading the others never walks over them.
           " bytes BLOB NOT NULL, before BLOB NOT NULL);"
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
    row.entry.detail = in.text(14);
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
                                    " FROM journal ORDER BY number DESC LIMIT 1"));
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
        database_.cached("INSERT INTO journal (replica, incarnation, first_counter, last_counter,"
                         " change_id, stamp, committed_at, hash, bytes, before, own_rank)"
                         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"));
    insert->bind(1, signed_bits(header.replica.id));
    insert->bind(2, header.replica.incarnation);
    insert->bind(3, signed_bits(header.first_counter));
    insert->bind(4, signed_bits(header.first_counter + before.size() - 1));
    insert->bind_blob(5, header.id.view());
    insert->bind(6, signed_bits(header.stamp.packed));
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

Result<std::optional<JournalRow>> Journal::row(ReplicaId replica, std::uint64_t first_counter) {
    SATCHEL_ASSIGN(Statement rows,
                   database_.prepare("SELECT " JOURNAL_COLUMNS
                                     " FROM journal WHERE number >= (SELECT first_open"
                                     " FROM journal_mark) AND replica = ?1 AND incarnation = ?2"
                                     " AND first_counter = ?3"));
    rows.bind(1, signed_bits(replica.id));
    rows.bind(2, replica.incarnation);
    rows.bind(3, signed_bits(first_counter));
    SATCHEL_ASSIGN(const bool found, rows.step());
    if (!found) return std::optional<JournalRow>{};
    SATCHEL_ASSIGN(JournalRow row, read_row(rows));
    return std::optional(std::move(row));
}

Result<std::vector<JournalRow>> Journal::rows_after(ReplicaId replica, std::uint64_t counter,
                                                    std::size_t max_bytes) {
    // Newest first down to `counter`, then turned round: the wanted rows are the journal's tail.
    SATCHEL_ASSIGN(const std::int64_t from, first_number_after(replica, counter));
    SATCHEL_ASSIGN(Statement rows,
                   database_.prepare("SELECT " JOURNAL_COLUMNS
                                     " FROM journal WHERE number >= ?4 AND replica = ?1"
                                     " AND incarnation = ?2 AND first_counter > ?3"
                                     " ORDER BY number"));
    rows.bind(1, signed_bits(replica.id));
    rows.bind(2, replica.incarnation);
    rows.bind(3, signed_bits(counter));
    rows.bind(4, from);
    std::vector<JournalRow> found;
    std::size_t bytes = 0;
    while (bytes < max_bytes) {
        SATCHEL_ASSIGN(const bool row, rows.step());
        if (!row) break;
        SATCHEL_ASSIGN(JournalRow next, read_row(rows));
        bytes += next.bytes.size();
        if (!found.empty() && bytes > max_bytes) break;
        found.push_back(std::move(next));
    }
    return found;
}

Result<std::int64_t> Journal::first_number_after(ReplicaId replica, std::uint64_t counter) {
    SATCHEL_ASSIGN(Statement * rows,
                   database_.cached("SELECT number, replica, incarnation, first_counter"
                                    " FROM journal ORDER BY number DESC"));
    std::int64_t first = INT64_MAX;
    while (true) {
        SATCHEL_ASSIGN(const bool row, rows->step());
        if (!row) break;
        const bool ours = rows->integer(1) == signed_bits(replica.id) &&
                          rows->integer(2) == static_cast<std::int64_t>(replica.incarnation);
        if (ours && static_cast<std::uint64_t>(rows->integer(3)) <= counter) break;
        if (ours) first = rows->integer(0);
        if (!ours && first != INT64_MAX) break;  // an earlier incarnation's rows
    }
    rows->reset();
    return first;
}

Result<std::vector<JournalRow>> Journal::open_rows() {
    SATCHEL_ASSIGN(Statement rows,
                   database_.prepare("SELECT " JOURNAL_FACTS " FROM journal WHERE number >="
                                     " (SELECT first_open FROM journal_mark)"
                                     " AND state IN (0, 1, 3) ORDER BY number"));
    return read_all(rows);
}

Result<std::vector<JournalRow>> Journal::rows_lost(ReplicaId replica, std::uint64_t counter,
                                                   Sequence seq) {
    SATCHEL_ASSIGN(
        Statement rows,
        database_.prepare("SELECT " JOURNAL_COLUMNS
                          " FROM journal WHERE replica = ?1 AND state <> 6 AND"
                          " ((incarnation = ?2 AND last_counter > ?3) OR"
                          " (state IN (1, 2) AND seq > ?4) OR"
                          " (incarnation <> ?2 AND state IN (3, 4, 5) AND " JOURNAL_AFTER_KEPT "))"
                          " ORDER BY number"));
    rows.bind(1, signed_bits(replica.id));
    rows.bind(2, replica.incarnation);
    rows.bind(3, signed_bits(counter));
    rows.bind(4, signed_bits(satchel::number(seq)));
    return read_all(rows);
}

Result<std::vector<JournalRow>> Journal::rows_parted(ReplicaId left, std::uint64_t common,
                                                     Sequence seq, bool restored) {
    SATCHEL_ASSIGN(Statement rows,
                   database_.prepare("SELECT " JOURNAL_COLUMNS
                                     " FROM journal WHERE replica = ?1 AND state <> 6 AND"
                                     " (incarnation > ?2 OR"
                                     " (incarnation = ?2 AND last_counter > ?3)) AND"
                                     " (state IN (0, 3) OR (state IN (1, 2) AND seq > ?4) OR"
                                     " (state IN (4, 5) AND ?5))"
                                     " ORDER BY number"));
    rows.bind(1, signed_bits(left.id));
    rows.bind(2, left.incarnation);
    rows.bind(3, signed_bits(common));
    rows.bind(4, signed_bits(satchel::number(seq)));
    rows.bind(5, restored ? 1 : 0);
    return read_all(rows);
}

Result<std::optional<JournalEntry>> Journal::earlier_unsent(ReplicaId present) {
    SATCHEL_ASSIGN(Statement rows,
                   database_.prepare("SELECT " JOURNAL_FACTS " FROM journal WHERE number >="
                                     " (SELECT first_open FROM journal_mark) AND state = 0"
                                     " AND replica = ?1 AND incarnation < ?2"
                                     " ORDER BY incarnation, number LIMIT 1"));
    rows.bind(1, signed_bits(present.id));
    rows.bind(2, present.incarnation);
    SATCHEL_ASSIGN(const bool found, rows.step());
    if (!found) return std::optional<JournalEntry>{};
    SATCHEL_ASSIGN(JournalRow row, read_row(rows));
    return std::optional(std::move(row.entry));
}

Result<std::uint64_t> Journal::last_of(ReplicaId replica) {
    SATCHEL_ASSIGN(Statement rows,
                   database_.prepare("SELECT coalesce(max(last_counter), 0) FROM journal"
                                     " WHERE replica = ?1 AND incarnation = ?2 AND state <> 6"));
    rows.bind(1, signed_bits(replica.id));
    rows.bind(2, replica.incarnation);
    SATCHEL_ASSIGN([[maybe_unused]] const bool found, rows.step());
    return static_cast<std::uint64_t>(rows.integer(0));
}

Result<std::vector<JournalEntry>> Journal::list(std::size_t limit, bool open_only) {
    const std::string where = open_only ? " WHERE state IN (0, 1, 3, 4)" : "";
    SATCHEL_ASSIGN(Statement rows, database_.prepare("SELECT " JOURNAL_FACTS " FROM journal" +
                                                     where + " ORDER BY number DESC LIMIT ?1"));
    rows.bind(1, static_cast<std::int64_t>(limit));
    SATCHEL_ASSIGN(std::vector<JournalRow> found, read_all(rows));
    std::vector<JournalEntry> entries;
    for (JournalRow& row : found)
        entries.push_back(std::move(row.entry));
    return entries;
}

Status Journal::save_state(const JournalRow& row) {
    SATCHEL_ASSIGN(Statement * update,
                   database_.cached("UPDATE journal SET state = ?2, seq = ?3, effective = ?4,"
                                    " rank = ?5, late = ?6, reason = ?7, detail = ?8"
                                    " WHERE number = ?1"));
    update->bind(1, row.entry.number);
    update->bind(2, static_cast<std::int64_t>(row.entry.state));
    update->bind(3, signed_bits(satchel::number(row.entry.seq)));
    update->bind(4, signed_bits(row.effective.packed));
    update->bind(5, row.rank);
    update->bind(6, row.late ? 1 : 0);
    update->bind(7, static_cast<std::int64_t>(row.entry.reason));
    update->bind_text(8, row.entry.detail);
    return update->run();
}

Result<std::optional<Digest>> Journal::hash_at(ReplicaId replica, std::uint64_t counter) {
    if (counter == 0) return std::optional(chain_start(&blake2b, replica));
    SATCHEL_ASSIGN(Statement rows, database_.prepare("SELECT hash FROM journal WHERE replica = ?1"
                                                     " AND incarnation = ?2 AND last_counter = ?3"
                                                     " ORDER BY number DESC LIMIT 1"));
    rows.bind(1, signed_bits(replica.id));
    rows.bind(2, replica.incarnation);
    rows.bind(3, signed_bits(counter));
    SATCHEL_ASSIGN(const bool found, rows.step());
    if (!found) return std::optional<Digest>{};
    SATCHEL_ASSIGN(const Digest hash, digest_from_bytes(rows.blob(0)));
    return std::optional(hash);
}

Result<std::uint64_t> Journal::end_before(ReplicaId replica, std::uint64_t counter) {
    SATCHEL_ASSIGN(Statement rows,
                   database_.prepare("SELECT coalesce(max(last_counter), 0) FROM journal"
                                     " WHERE replica = ?1 AND incarnation = ?2"
                                     " AND last_counter <= ?3"));
    rows.bind(1, signed_bits(replica.id));
    rows.bind(2, replica.incarnation);
    rows.bind(3, signed_bits(counter));
    SATCHEL_ASSIGN([[maybe_unused]] const bool found, rows.step());
    return static_cast<std::uint64_t>(rows.integer(0));
}

Result<std::uint64_t> Journal::run_start(ReplicaId replica) {
    SATCHEL_ASSIGN(Statement rows,
                   database_.prepare("SELECT coalesce(max(first_counter), 1) FROM (SELECT"
                                     " first_counter, lag(last_counter) OVER (ORDER BY number)"
                                     " AS before FROM journal WHERE replica = ?1"
                                     " AND incarnation = ?2)"
                                     " WHERE before IS NULL OR before <> first_counter - 1"));
    rows.bind(1, signed_bits(replica.id));
    rows.bind(2, replica.incarnation);
    SATCHEL_ASSIGN([[maybe_unused]] const bool found, rows.step());
    return static_cast<std::uint64_t>(rows.integer(0));
}

Status Journal::prune(ReplicaId replica, std::uint64_t horizon) {
    SATCHEL_ASSIGN(Statement * remove,
                   database_.cached("DELETE FROM journal WHERE number < (SELECT first_open FROM"
                                    " journal_mark) AND state IN (2, 5, 6) AND replica = ?1"
                                    " AND incarnation = ?2 AND last_counter < ?3"
                                    " AND number < (SELECT max(number) FROM journal)"));
    remove->bind(1, signed_bits(replica.id));
    remove->bind(2, replica.incarnation);
    remove->bind(3, signed_bits(horizon));
    return remove->run();
}

Result<std::vector<Bytes>> Journal::before_images(std::int64_t number) {
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached("SELECT before FROM journal WHERE number = ?1"));
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
                   database_.cached("UPDATE journal SET before = ?2 WHERE number = ?1"));
    update->bind(1, number);
    update->bind_blob(2, encoded);
    return update->run();
}

Status Journal::follow() {
    SATCHEL_ASSIGN(Statement * rows,
                   database_.cached("SELECT number, bytes, state FROM journal WHERE number > ?1"
                                    " AND number >= (SELECT first_open FROM journal_mark)"
                                    " ORDER BY number"));
    rows->bind(1, followed_);
    while (true) {
        SATCHEL_ASSIGN(const bool row, rows->step());
        if (!row) break;
        followed_ = rows->integer(0);
        if (!is_open(static_cast<ChangesetState>(rows->integer(2)))) continue;
        std::size_t index = 0;
        const auto status =
            visit_records(rows->blob(1), [this, &index](CollectionId, const RecordId& id) {
                pending_[id].push_back({followed_, index++});
            });
        if (!status) {
            rows->reset();
            return status;
        }
    }
    rows->reset();
    return {};
}

const std::vector<PendingOperation>& Journal::pending(const RecordId& id) const {
    static const std::vector<PendingOperation> kNone;
    const auto at = pending_.find(id);
    return at == pending_.end() ? kNone : at->second;
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

Status Journal::forget(const JournalRow& row) {
    SATCHEL_TRY(visit_records(row.bytes, [this, &row](CollectionId, const RecordId& id) {
        const auto at = pending_.find(id);
        if (at == pending_.end()) return;
        std::erase_if(at->second, [&row](const PendingOperation& operation) {
            return operation.number == row.entry.number;
        });
        if (at->second.empty()) pending_.erase(at);
    }));
    return {};
}

Status Journal::reopen(const JournalRow& row) {
    SATCHEL_TRY(save_state(row));
    SATCHEL_ASSIGN(Statement * mark,
                   database_.cached("UPDATE journal_mark SET first_open = min(first_open, ?1)"));
    mark->bind(1, row.entry.number);
    return mark->run();
}

void Journal::invalidate() {
    pending_.clear();
    followed_ = 0;
}

Status Journal::move_mark() {
    return database_.execute(
        "UPDATE journal_mark SET first_open = coalesce((SELECT min(number) FROM journal WHERE"
        " number >= first_open AND state IN (0, 1, 3)),"
        " (SELECT coalesce(max(number), 0) + 1 FROM journal))");
}

}  // namespace satchel::storage
