// The journal's index in memory: what is pending, accepted or held, by record and by counter. It
// follows the table, also when another process appended to it.
#include <algorithm>

#include "storage/journal.hpp"
#include "storage/seal.hpp"

namespace satchel::storage {
namespace {

bool is_open(ChangesetState state) {
    return state == ChangesetState::pending || state == ChangesetState::accepted ||
           state == ChangesetState::held;
}

}  // namespace

// An entry that was followed by half, until an error or for want of memory, is followed anew.
struct Journal::FollowedWhole {
    Journal& journal;
    Statement& rows;
    bool done = false;
    ~FollowedWhole() {
        if (done) return;
        rows.reset();
        journal.invalidate();
    }
};

Status Journal::follow() {
    SATCHEL_ASSIGN(Statement * rows,
                   database_.cached("SELECT number, state, bytes, reason FROM journal"
                                    " WHERE number > ?1"
                                    " AND number >= (SELECT first_open FROM journal_mark)"
                                    " ORDER BY number"));
    rows->bind(1, followed_);
    FollowedWhole whole{*this, *rows};
    while (true) {
        SATCHEL_ASSIGN(const bool row, rows->step());
        if (!row) break;
        followed_ = rows->integer(0);
        if (!is_open(static_cast<ChangesetState>(rows->integer(1)))) continue;
        SATCHEL_TRY(follow_entry(rows->blob(2), rows->integer(3) == 0));
    }
    rows->reset();
    whole.done = true;
    return {};
}

Status Journal::follow_entry(ByteView bytes, bool shown) {
    if (is_sealed(bytes)) return {};
    SATCHEL_ASSIGN(const ChangesetHeader header, decode_changeset_header(bytes));
    OpenEntry entry{header.replica, header.first_counter, header.intent == Intent::system, {}};
    SATCHEL_TRY(visit_records(bytes, [&](CollectionId collection, const RecordId& id) {
        if (!shown) return;
        pending_[id].push_back({followed_, entry.records.size()});
        entry.records.push_back({collection, id});
    }));
    open_numbers_.emplace(std::pair(entry.replica, entry.first_counter), followed_);
    open_.emplace(followed_, std::move(entry));
    return {};
}

bool Journal::is_system(std::int64_t number) const {
    const auto at = open_.find(number);
    return at != open_.end() && at->second.system;
}

const std::vector<PendingOperation>& Journal::pending(const RecordId& id) const {
    static const std::vector<PendingOperation> kNone;
    const auto at = pending_.find(id);
    return at == pending_.end() ? kNone : at->second;
}

Result<std::optional<JournalRow>> Journal::open_row(ReplicaId replica,
                                                    std::uint64_t first_counter) {
    const auto at = open_numbers_.find({replica, first_counter});
    if (at == open_numbers_.end()) return std::optional<JournalRow>{};
    SATCHEL_ASSIGN(JournalRow found, facts(at->second));
    return std::optional(std::move(found));
}

const std::vector<JournalRecord>& Journal::records(std::int64_t number) const {
    static const std::vector<JournalRecord> kNone;
    const auto at = open_.find(number);
    return at == open_.end() ? kNone : at->second.records;
}

std::vector<JournalRecord> Journal::forget(std::int64_t number) {
    const auto entry = open_.find(number);
    if (entry == open_.end()) return {};
    std::vector<JournalRecord> records = std::move(entry->second.records);
    open_numbers_.erase({entry->second.replica, entry->second.first_counter});
    open_.erase(entry);
    for (const JournalRecord& record : records) {
        const auto at = pending_.find(record.id);
        std::erase_if(at->second, [number](const PendingOperation& operation) {
            return operation.number == number;
        });
        if (at->second.empty()) pending_.erase(at);
    }
    return records;
}

void Journal::invalidate() {
    pending_.clear();
    open_.clear();
    open_numbers_.clear();
    followed_ = 0;
}

}  // namespace satchel::storage
