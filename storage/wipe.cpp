// Wiping: what a log-out or a revocation takes off the device, and how the rest is sealed.
#include <functional>
#include <utility>
#include <vector>

#include "storage/replica_core.hpp"
#include "storage/seal.hpp"

namespace satchel::storage {
namespace {

constexpr const char* kSealedSetting = "journal.sealed";

// Of what is closed only the chain remains where something open goes on from it: where it is, and
// its hash. What was written is gone.
constexpr const char* kWipeClosed =
    "CREATE TEMP TABLE closed AS SELECT number FROM verdict WHERE state IN (2, 5, 6);"
    "UPDATE entry SET bytes = x'', before = x'' WHERE number IN temp.closed;"
    "UPDATE verdict SET detail = '' WHERE number IN temp.closed;"
    "DELETE FROM entry WHERE number IN temp.closed"
    " AND number < (SELECT max(number) FROM entry)"
    " AND number <> (SELECT coalesce(max(number), 0) FROM entry AS e, replica AS r"
    "  WHERE e.replica = r.replica AND e.incarnation = r.incarnation"
    "  AND e.last_counter <= r.acked_counter)"
    " AND NOT EXISTS (SELECT 1 FROM entry AS next WHERE next.replica = entry.replica"
    "  AND next.incarnation = entry.incarnation"
    "  AND next.first_counter = entry.last_counter + 1"
    "  AND next.number NOT IN temp.closed);"
    "DROP TABLE temp.closed";

// What an entry keeps to itself: what was written, what that had replaced, and what head office
// said about it, which names records.
struct Contents {
    std::int64_t number = 0;
    Bytes bytes;
    Bytes before;
    Bytes detail;
};

Result<std::vector<Contents>> contents(Database& database) {
    SATCHEL_ASSIGN(Statement rows,
                   database.prepare("SELECT entry.number, bytes, before, coalesce(detail, '')"
                                    " FROM entry LEFT JOIN verdict ON verdict.number = entry.number"
                                    " WHERE length(bytes) > 0"));
    std::vector<Contents> found;
    while (true) {
        SATCHEL_ASSIGN(const bool more, rows.step());
        if (!more) return found;
        found.push_back(
            {rows.integer(0), Bytes(rows.blob(1)), Bytes(rows.blob(2)), Bytes(rows.blob(3))});
    }
}

Status save(Database& database, const Contents& entry) {
    SATCHEL_ASSIGN(Statement * update,
                   database.cached("UPDATE entry SET bytes = ?2, before = ?3 WHERE number = ?1"));
    update->bind(1, entry.number);
    update->bind_blob(2, entry.bytes);
    update->bind_blob(3, entry.before);
    SATCHEL_TRY(update->run());
    SATCHEL_ASSIGN(Statement * said,
                   database.cached("UPDATE verdict SET detail = ?2 WHERE number = ?1"));
    said->bind(1, entry.number);
    if (is_sealed(entry.detail))
        said->bind_blob(2, entry.detail);
    else
        said->bind_text(2, entry.detail);
    return said->run();
}

// The table of aliases with its record ids changed: sealed, or opened again.
Status change_alias_ids(Database& database, const std::function<Result<Bytes>(Bytes)>& change) {
    std::vector<std::pair<Bytes, std::vector<std::int64_t>>> aliases;
    {
        SATCHEL_ASSIGN(Statement rows, database.prepare("SELECT * FROM alias"));
        while (true) {
            SATCHEL_ASSIGN(const bool more, rows.step());
            if (!more) break;
            std::vector<std::int64_t> dots;
            for (int column = 1; column < rows.column_count(); ++column)
                dots.push_back(rows.integer(column));
            aliases.emplace_back(Bytes(rows.blob(0)), std::move(dots));
        }
    }
    SATCHEL_TRY(database.execute("DELETE FROM alias"));
    SATCHEL_ASSIGN(Statement insert,
                   database.prepare("INSERT INTO alias VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    for (const auto& [record, dots] : aliases) {
        SATCHEL_ASSIGN(const Bytes id, change(record));
        insert.bind_blob(1, id);
        for (std::size_t i = 0; i < dots.size(); ++i)
            insert.bind(static_cast<int>(i) + 2, dots[i]);
        SATCHEL_TRY(insert.run());
    }
    return {};
}

Status note_sealed(Database& database, bool sealed) {
    SATCHEL_ASSIGN(Statement * note,
                   database.cached(sealed ? "INSERT OR REPLACE INTO setting VALUES (?1, 'yes')"
                                          : "DELETE FROM setting WHERE key = ?1"));
    note->bind_text(1, kSealedSetting);
    return note->run();
}

Status seal_rows(ReplicaCore& core, const SealKey& key) {
    SATCHEL_ASSIGN(std::vector<Contents> entries, contents(core.database));
    for (Contents& entry : entries) {
        entry.bytes = key.seal(entry.bytes);
        entry.before = key.seal(entry.before);
        if (!entry.detail.empty()) entry.detail = key.seal(entry.detail);
        SATCHEL_TRY(save(core.database, entry));
    }
    SATCHEL_TRY(change_alias_ids(core.database,
                                 [&key](Bytes id) -> Result<Bytes> { return key.seal(id); }));
    return note_sealed(core.database, true);
}

// Sealed twice when a second log-out came before the first was undone.
Result<Bytes> opened(Bytes bytes, const std::vector<SealKey>& keys) {
    for (const SealKey& key : keys) {
        if (!is_sealed(bytes)) return bytes;
        auto plain = key.open(bytes);
        if (plain) bytes = *std::move(plain);
    }
    if (!is_sealed(bytes)) return bytes;
    return Error{ErrorCode::wrong_key, "what is sealed here was sealed with another key"};
}

Status unseal_rows(ReplicaCore& core, const std::vector<SealKey>& keys) {
    SATCHEL_ASSIGN(Transaction transaction, Transaction::begin(core.database));
    SATCHEL_ASSIGN(std::vector<Contents> entries, contents(core.database));
    for (Contents& entry : entries) {
        if (!is_sealed(entry.bytes)) continue;
        SATCHEL_ASSIGN(entry.bytes, opened(std::move(entry.bytes), keys));
        SATCHEL_ASSIGN(entry.before, opened(std::move(entry.before), keys));
        SATCHEL_ASSIGN(entry.detail, opened(std::move(entry.detail), keys));
        SATCHEL_TRY(save(core.database, entry));
    }
    SATCHEL_TRY(
        change_alias_ids(core.database, [&keys](Bytes id) { return opened(std::move(id), keys); }));
    SATCHEL_TRY(note_sealed(core.database, false));
    return transaction.commit();
}

// In one transaction: all or nothing.
Status wipe_rows(ReplicaCore& core, bool keep_pending, const SealKey* key) {
    SATCHEL_ASSIGN(Transaction transaction, Transaction::begin(core.database));
    SATCHEL_TRY(core.refresh());
    core.data_version = -1;  // whatever becomes of this, what is in memory is read again
    for (const Collection& collection : core.tables.schema()->collections())
        SATCHEL_TRY(core.database.execute(("DELETE FROM " + quoted(collection.name)).c_str()));
    SATCHEL_TRY(core.database.execute(
        "DELETE FROM _dead; DELETE FROM _conflict; DELETE FROM staged; DELETE FROM wanted;"
        "DELETE FROM repair; DELETE FROM scope; DELETE FROM scope_set; DELETE FROM parked"));
    SATCHEL_TRY(core.database.execute(keep_pending ? kWipeClosed
                                                   : "DELETE FROM entry; DELETE FROM alias;"
                                                     "UPDATE journal_mark SET first_open = 1"));
    if (!keep_pending) {
        // Another chain begins: what is gone must never be continued.
        SATCHEL_TRY(note_sealed(core.database, false));
        core.row = {};
        core.row.replica.id = core.random->next();
        SATCHEL_ASSIGN(Statement * renamed,
                       core.database.cached("UPDATE replica SET replica = ?1"));
        renamed->bind(1, static_cast<std::int64_t>(core.row.replica.id));
        SATCHEL_TRY(renamed->run());
    }
    if (keep_pending && key != nullptr) SATCHEL_TRY(seal_rows(core, *key));
    core.row.cursor = {};
    core.row.position = {};
    core.row.doubts_states = false;
    SATCHEL_TRY(core.save_row());
    return transaction.commit();
}

}  // namespace

// What is deleted is overwritten, where the disk has room for that; then the file is made small,
// and the log is emptied. A full disk may keep the file large, and the data in it, out of every
// table; a reader keeps the log, until the end of the next sync.
Status Replica::wipe(bool keep_pending, const SealKey* key) {
    ReplicaCore& core = *core_;
    Status wiped = wipe_rows(core, keep_pending, key);
    if (!wiped && wiped.error().code == ErrorCode::disk_full) {
        SATCHEL_TRY(core.database.execute("PRAGMA secure_delete = OFF"));
        wiped = wipe_rows(core, keep_pending, key);
        SATCHEL_TRY(core.database.execute("PRAGMA secure_delete = ON"));
    }
    SATCHEL_TRY(wiped);
    static_cast<void>(core.database.execute("VACUUM"));
    core.purge_due = true;
    core.purge_if_due();
    return {};
}

Status Replica::unseal(const std::vector<SealKey>& keys) {
    core_->data_version = -1;  // whatever becomes of this, what is in memory is read again
    core_->journal.invalidate();
    return unseal_rows(*core_, keys);
}

Result<bool> Replica::sealed() {
    SATCHEL_ASSIGN(const std::string sealed, setting(kSealedSetting));
    return !sealed.empty();
}

}  // namespace satchel::storage
