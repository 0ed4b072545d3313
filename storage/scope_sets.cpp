#include "storage/scope_sets.hpp"

#include <algorithm>

#include "sync/chain.hpp"

namespace satchel::storage {
namespace {

constexpr char kSeparator = '\n';  // no key holds one

std::string joined(const std::vector<std::string>& keys) {
    std::string text;
    for (const std::string& key : keys)
        text += (text.empty() ? "" : "\n") + key;
    return text;
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> keys;
    while (!text.empty()) {
        const auto end = std::min(text.find(kSeparator), text.size());
        keys.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return keys;
}

}  // namespace

const char* ScopeSets::tables_sql() {
    return "CREATE TABLE IF NOT EXISTS scope (key TEXT NOT NULL PRIMARY KEY,"
           " loading INTEGER NOT NULL, count INTEGER NOT NULL, checksum INTEGER NOT NULL);"
           "CREATE TABLE IF NOT EXISTS scope_set (number INTEGER PRIMARY KEY,"
           " keys TEXT NOT NULL UNIQUE);";
}

Status ScopeSets::load() {
    held_.clear();
    SATCHEL_ASSIGN(Statement rows,
                   database_.prepare("SELECT key, loading, count, checksum FROM scope"));
    while (true) {
        SATCHEL_ASSIGN(const bool row, rows.step());
        if (!row) break;
        HeldScope scope;
        scope.key = rows.text(0);
        scope.loading = rows.integer(1) != 0;
        scope.sum = {scope.key, static_cast<std::uint64_t>(rows.integer(2)),
                     static_cast<std::uint64_t>(rows.integer(3))};
        held_.emplace(scope.key, std::move(scope));
    }
    return read_sets();
}

Status ScopeSets::read_sets() {
    sets_.clear();
    numbers_.clear();
    SATCHEL_ASSIGN(Statement rows, database_.prepare("SELECT number, keys FROM scope_set"));
    while (true) {
        SATCHEL_ASSIGN(const bool row, rows.step());
        if (!row) return {};
        std::vector<std::string> keys = split(rows.text(1));
        numbers_.emplace(keys, rows.integer(0));
        sets_.emplace(rows.integer(0), std::move(keys));
    }
}

Status ScopeSets::save() {
    for (auto& [key, scope] : held_) {
        if (!scope.changed) continue;
        SATCHEL_ASSIGN(Statement * update,
                       database_.cached("INSERT OR REPLACE INTO scope VALUES (?1, ?2, ?3, ?4)"));
        update->bind_text(1, key);
        update->bind(2, scope.loading ? 1 : 0);
        update->bind(3, static_cast<std::int64_t>(scope.sum.count));
        update->bind(4, static_cast<std::int64_t>(scope.sum.checksum));
        SATCHEL_TRY(update->run());
        scope.changed = false;
    }
    return {};
}

std::vector<std::string> ScopeSets::keys() const {
    std::vector<std::string> keys;
    for (const auto& [key, scope] : held_)
        keys.push_back(key);
    return keys;
}

std::vector<std::string> ScopeSets::loading() const {
    std::vector<std::string> keys;
    for (const auto& [key, scope] : held_)
        if (scope.loading) keys.push_back(key);
    return keys;
}

Status ScopeSets::hold(const std::string& key) {
    HeldScope scope;
    scope.key = key;
    scope.sum.scope = key;
    scope.changed = true;
    held_.emplace(key, std::move(scope));
    return {};
}

Status ScopeSets::give_up(const std::string& key) {
    held_.erase(key);
    SATCHEL_ASSIGN(Statement * remove, database_.cached("DELETE FROM scope WHERE key = ?1"));
    remove->bind_text(1, key);
    return remove->run();
}

void ScopeSets::set_complete() {
    for (auto& [key, scope] : held_) {
        if (!scope.loading) continue;
        scope.loading = false;
        scope.changed = true;
    }
}

Result<std::int64_t> ScopeSets::intern(const std::vector<std::string>& keys) {
    std::vector<std::string> kept;
    for (const std::string& key : keys)
        if (held_.contains(key)) kept.push_back(key);
    if (kept.empty()) return std::int64_t{0};
    std::sort(kept.begin(), kept.end());
    kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
    const auto known = numbers_.find(kept);
    if (known != numbers_.end()) return known->second;
    const std::string text = joined(kept);
    SATCHEL_ASSIGN(Statement * insert,
                   database_.cached("INSERT OR IGNORE INTO scope_set (keys) VALUES (?1)"));
    insert->bind_text(1, text);
    SATCHEL_TRY(insert->run());
    if (database_.changes() == 0)
        return Error{ErrorCode::corrupt,
                     "the file is damaged: its sets of scopes disagree with "
                     "their index; restore the file, or log in on a new one"};
    const std::int64_t number = database_.last_rowid();
    numbers_.emplace(kept, number);
    sets_.emplace(number, std::move(kept));
    return number;
}

const std::vector<std::string>& ScopeSets::keys_of(std::int64_t set) const {
    static const std::vector<std::string> kNone;
    const auto at = sets_.find(set);
    return at == sets_.end() ? kNone : at->second;
}

void ScopeSets::add(std::int64_t set, const RecordId& id, Sequence seq) {
    const std::uint64_t part = checksum_part(id, seq);
    for (const std::string& key : keys_of(set)) {
        const auto at = held_.find(key);
        if (at == held_.end()) continue;
        ++at->second.sum.count;
        at->second.sum.checksum += part;
        at->second.changed = true;
    }
}

void ScopeSets::subtract(std::int64_t set, const RecordId& id, Sequence seq) {
    const std::uint64_t part = checksum_part(id, seq);
    for (const std::string& key : keys_of(set)) {
        const auto at = held_.find(key);
        if (at == held_.end()) continue;
        --at->second.sum.count;
        at->second.sum.checksum -= part;
        at->second.changed = true;
    }
}

}  // namespace satchel::storage
