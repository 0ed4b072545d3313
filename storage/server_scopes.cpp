#include "storage/server_scopes.hpp"

#include <algorithm>

#include "sync/chain.hpp"
#include "sync/wire.hpp"

namespace satchel::storage {
namespace {

std::int64_t number_of(std::size_t position) {
    return static_cast<std::int64_t>(position) + 1;
}

// A set's members as stored: their numbers, ascending by key.
Bytes pack(const std::vector<std::size_t>& members) {
    Writer out;
    for (const std::size_t member : members)
        out.unsigned_integer(member + 1);
    return out.take();
}

}  // namespace

const char* ServerScopes::tables_sql() {
    return "CREATE TABLE IF NOT EXISTS _scope (number INTEGER PRIMARY KEY,"
           " key TEXT NOT NULL UNIQUE, count INTEGER NOT NULL, checksum INTEGER NOT NULL,"
           " last INTEGER NOT NULL);"
           "CREATE TABLE IF NOT EXISTS _scope_set (number INTEGER PRIMARY KEY,"
           " members BLOB NOT NULL UNIQUE);"
           "CREATE TABLE IF NOT EXISTS _scope_entry (scope INTEGER NOT NULL,"
           " seq INTEGER NOT NULL, id BLOB NOT NULL, collection INTEGER NOT NULL,"
           " entered INTEGER NOT NULL, gone_at INTEGER, PRIMARY KEY (scope, seq, id))"
           " WITHOUT ROWID;"
           "CREATE INDEX IF NOT EXISTS _scope_gone ON _scope_entry (id, scope)"
           " WHERE gone_at IS NOT NULL;";
}

Status ServerScopes::load() {
    marks_.clear();
    undo_.clear();
    SATCHEL_TRY(load_scopes());
    SATCHEL_TRY(load_sets());
    SATCHEL_ASSIGN(const std::int64_t gone,
                   database_.integer("SELECT EXISTS (SELECT 1 FROM _scope_entry"
                                     " WHERE gone_at IS NOT NULL)"));
    any_gone_ = gone != 0;
    return {};
}

Status ServerScopes::load_scopes() {
    scopes_.clear();
    scope_of_.clear();
    SATCHEL_ASSIGN(Statement rows,
                   database_.prepare("SELECT number, key, count, checksum, last FROM _scope"
                                     " ORDER BY number"));
    while (true) {
        SATCHEL_ASSIGN(const bool row, rows.step());
        if (!row) return {};
        if (rows.integer(0) != number_of(scopes_.size()))
            return Error{ErrorCode::corrupt, "the scopes of the workspace have a hole"};
        scope_of_.emplace(rows.text(1), scopes_.size());
        scopes_.push_back({Bytes(rows.text(1)), static_cast<std::uint64_t>(rows.integer(2)),
                           static_cast<std::uint64_t>(rows.integer(3)),
                           static_cast<std::uint64_t>(rows.integer(4)), false});
    }
}

Status ServerScopes::load_sets() {
    sets_.clear();
    set_numbers_.clear();
    SATCHEL_ASSIGN(Statement rows,
                   database_.prepare("SELECT number, members FROM _scope_set ORDER BY number"));
    while (true) {
        SATCHEL_ASSIGN(const bool row, rows.step());
        if (!row) return {};
        Set set;
        Reader in(rows.blob(1));
        while (in.ok() && !in.at_end()) {
            const std::size_t member = in.bounded(scopes_.size());
            if (member == 0) in.fail();
            if (!in.ok()) break;
            set.members.push_back(member - 1);
            set.keys.push_back(scopes_[member - 1].key);
        }
        if (!in.ok() || rows.integer(0) != number_of(sets_.size()))
            return Error{ErrorCode::corrupt, "the sets of scopes of the workspace are damaged"};
        set_numbers_.emplace(set.keys, rows.integer(0));
        sets_.push_back(std::move(set));
    }
}

Status ServerScopes::save() {
    for (std::size_t i = 0; i < scopes_.size(); ++i) {
        Scope& scope = scopes_[i];
        if (!scope.changed) continue;
        SATCHEL_ASSIGN(Statement * update,
                       database_.cached("INSERT OR REPLACE INTO _scope VALUES (?1, ?2, ?3, ?4,"
                                        " ?5)"));
        update->bind(1, number_of(i));
        update->bind_text(2, scope.key);
        update->bind(3, stored(scope.count));
        update->bind(4, stored(scope.checksum));
        update->bind(5, stored(scope.last));
        SATCHEL_TRY(update->run());
        scope.changed = false;
    }
    return {};
}

Result<std::size_t> ServerScopes::scope(const std::string& key) {
    const auto known = scope_of_.find(key);
    if (known != scope_of_.end()) return known->second;
    scopes_.push_back({key, 0, 0, 0, true});
    scope_of_.emplace(key, scopes_.size() - 1);
    return scopes_.size() - 1;
}

const ServerScopes::Scope* ServerScopes::find(const std::string& key) const {
    const auto known = scope_of_.find(key);
    return known == scope_of_.end() ? nullptr : &scopes_[known->second];
}

Result<std::int64_t> ServerScopes::intern(const ScopeKeys& keys) {
    const auto known = set_numbers_.find(keys);
    if (known != set_numbers_.end()) return known->second;
    Set set{keys, {}};
    for (const std::string& key : keys) {
        SATCHEL_ASSIGN(const std::size_t member, scope(key));
        set.members.push_back(member);
    }
    const Bytes members = pack(set.members);
    SATCHEL_ASSIGN(Statement * insert, database_.cached("INSERT INTO _scope_set VALUES (?1, ?2)"));
    insert->bind(1, number_of(sets_.size()));
    insert->bind_blob(2, members);
    SATCHEL_TRY(insert->run());
    sets_.push_back(std::move(set));
    set_numbers_.emplace(keys, static_cast<std::int64_t>(sets_.size()));
    return static_cast<std::int64_t>(sets_.size());
}

const ScopeKeys& ServerScopes::keys_of(std::int64_t set) const {
    static const ScopeKeys kNone;
    if (set < 1 || static_cast<std::size_t>(set) > sets_.size()) return kNone;
    return sets_[static_cast<std::size_t>(set) - 1].keys;
}

void ServerScopes::change(std::size_t position, std::int64_t count, std::uint64_t checksum,
                          Sequence seq) {
    Scope& scope = scopes_[position];
    if (!marks_.empty()) undo_.emplace_back(position, scope);
    scope.count += static_cast<std::uint64_t>(count);
    scope.checksum += checksum;
    scope.last = std::max(scope.last, number(seq));
    scope.changed = true;
}

Status ServerScopes::insert_entry(std::size_t scope, CollectionId collection, const RecordId& id,
                                  Sequence seq) {
    SATCHEL_ASSIGN(Statement * insert,
                   database_.cached("INSERT INTO _scope_entry VALUES (?1, ?2, ?3, ?4, ?2, NULL)"));
    insert->bind(1, number_of(scope));
    insert->bind(2, stored(seq));
    insert->bind_blob(3, id.view());
    insert->bind(4, number(collection));
    return insert->run();
}

Status ServerScopes::move_entry(std::size_t scope, const RecordId& id, Sequence old_seq,
                                Sequence seq, std::optional<std::int64_t> gone_at) {
    SATCHEL_ASSIGN(Statement * update,
                   database_.cached("UPDATE _scope_entry SET seq = ?4, gone_at = ?5"
                                    " WHERE scope = ?1 AND seq = ?2 AND id = ?3"));
    update->bind(1, number_of(scope));
    update->bind(2, stored(old_seq));
    update->bind_blob(3, id.view());
    update->bind(4, stored(seq));
    if (gone_at)
        update->bind(5, *gone_at);
    else
        update->bind_null(5);
    SATCHEL_TRY(update->run());
    if (database_.changes() == 1) return {};
    return Error{ErrorCode::corrupt,
                 "record " + id.text() + " is not where its scope " + scopes_[scope].key + " says"};
}

Status ServerScopes::forget_departure(std::size_t scope, const RecordId& id) {
    if (!any_gone_) return {};
    SATCHEL_ASSIGN(Statement * remove,
                   database_.cached("DELETE FROM _scope_entry"
                                    " WHERE id = ?1 AND scope = ?2 AND gone_at IS NOT NULL"));
    remove->bind_blob(1, id.view());
    remove->bind(2, number_of(scope));
    return remove->run();
}

Status ServerScopes::enter(CollectionId collection, const RecordId& id, Sequence seq,
                           std::int64_t set) {
    const std::uint64_t part = checksum_part(id, seq);
    for (const std::size_t member : sets_[static_cast<std::size_t>(set) - 1].members) {
        SATCHEL_TRY(insert_entry(member, collection, id, seq));
        change(member, 1, part, seq);
    }
    return {};
}

Status ServerScopes::move(CollectionId collection, const RecordId& id, Sequence old_seq,
                          std::int64_t old_set, Sequence seq, std::int64_t set,
                          std::int64_t now_ms) {
    if (old_set < 1 || static_cast<std::size_t>(old_set) > sets_.size())
        return Error{ErrorCode::corrupt, "record " + id.text() + " has no set of scopes"};
    const std::vector<std::size_t> before = sets_[static_cast<std::size_t>(old_set) - 1].members;
    const std::vector<std::size_t> after =
        set == 0 ? std::vector<std::size_t>{} : sets_[static_cast<std::size_t>(set) - 1].members;
    const std::uint64_t old_part = checksum_part(id, old_seq);
    const std::uint64_t part = checksum_part(id, seq);
    const auto holds = [](const std::vector<std::size_t>& members, std::size_t scope) {
        return std::find(members.begin(), members.end(), scope) != members.end();
    };
    for (const std::size_t scope : before) {
        const bool stays = holds(after, scope);
        SATCHEL_TRY(move_entry(scope, id, old_seq, seq,
                               stays ? std::optional<std::int64_t>{} : std::optional(now_ms)));
        if (!stays) any_gone_ = true;
        change(scope, stays ? 0 : -1, (stays ? part : 0) - old_part, seq);
    }
    for (const std::size_t scope : after) {
        if (holds(before, scope)) continue;
        SATCHEL_TRY(forget_departure(scope, id));
        SATCHEL_TRY(insert_entry(scope, collection, id, seq));
        change(scope, 1, part, seq);
    }
    return {};
}

Result<std::optional<DepartureTime>> ServerScopes::departure(const std::string& key,
                                                             const RecordId& id) {
    const auto known = scope_of_.find(key);
    if (!any_gone_ || known == scope_of_.end()) return std::optional<DepartureTime>{};
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached("SELECT seq, gone_at FROM _scope_entry"
                                    " WHERE id = ?1 AND scope = ?2 AND gone_at IS NOT NULL"));
    select->bind_blob(1, id.view());
    select->bind(2, number_of(known->second));
    SATCHEL_ASSIGN(const bool found, select->step());
    std::optional<DepartureTime> time;
    if (found)
        time = DepartureTime{Sequence{static_cast<std::uint64_t>(select->integer(0))},
                             select->integer(1)};
    select->reset();
    return time;
}

ScopeSum ServerScopes::sum(const std::string& key) const {
    const Scope* scope = find(key);
    return scope == nullptr ? ScopeSum{key, 0, 0} : ScopeSum{key, scope->count, scope->checksum};
}

ScopeKeys ServerScopes::filled() const {
    ScopeKeys keys;
    for (const Scope& scope : scopes_)
        if (scope.count > 0) keys.push_back(scope.key);
    return keys;
}

Status ServerScopes::visit(const std::string& key,
                           const std::function<void(const RecordId&, Sequence)>& visit) {
    const auto known = scope_of_.find(key);
    if (known == scope_of_.end()) return {};
    SATCHEL_ASSIGN(Statement * select, database_.cached("SELECT id, seq FROM _scope_entry"
                                                        " WHERE scope = ?1 AND gone_at IS NULL"));
    select->bind(1, number_of(known->second));
    while (true) {
        SATCHEL_ASSIGN(const bool row, select->step());
        if (!row) break;
        SATCHEL_ASSIGN(const RecordId id, RecordId::from_bytes(select->blob(0)));
        visit(id, Sequence{static_cast<std::uint64_t>(select->integer(1))});
    }
    select->reset();
    return {};
}

Status ServerScopes::check() {
    for (const Scope& scope : scopes_) {
        ScopeSum found{scope.key, 0, 0};
        SATCHEL_TRY(visit(scope.key, [&found](const RecordId& id, Sequence seq) {
            ++found.count;
            found.checksum += checksum_part(id, seq);
        }));
        if (found != sum(scope.key))
            return Error{ErrorCode::corrupt, "scope " + scope.key + " counts " +
                                                 std::to_string(scope.count) + " records, it has " +
                                                 std::to_string(found.count)};
    }
    return {};
}

void ServerScopes::mark() {
    marks_.push_back({scopes_.size(), sets_.size(), undo_.size()});
}

void ServerScopes::forget_mark() {
    marks_.pop_back();
    if (marks_.empty()) undo_.clear();
}

void ServerScopes::undo() {
    const Mark mark = marks_.back();
    while (undo_.size() > mark.undone) {
        auto& [position, before] = undo_.back();
        const bool changed = scopes_[position].changed;
        scopes_[position] = std::move(before);
        scopes_[position].changed = changed;
        undo_.pop_back();
    }
    for (; sets_.size() > mark.sets; sets_.pop_back())
        set_numbers_.erase(sets_.back().keys);
    for (; scopes_.size() > mark.scopes; scopes_.pop_back())
        scope_of_.erase(scopes_.back().key);
    forget_mark();
}

}  // namespace satchel::storage
