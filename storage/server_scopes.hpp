// ServerScopes: which records every scope holds, in the order of their last change, with count and
// checksum. The server's side of what a device walks through.
//
//     _scope        (number, key, count, checksum, last): totals; in memory, written by save()
//     _scope_set    (number, members): sets of scopes, interned for the rows' `_scope` column
//     _scope_entry  (scope, seq, id, collection, entered, gone_at): one per record and scope; it
//                   moves to the record's new seq with every change; `gone_at` is set when the
//                   record has left the scope
//
// Cost: changes O(scopes of the record); walking O(items given + scopes that have news).
// Threads: the owner's. Errors: the database's.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/sqlite.hpp"
#include "sync/server_session.hpp"

namespace satchel::storage {

using ScopeKeys = std::vector<std::string>;

class ServerScopes {
  public:
    explicit ServerScopes(Database& database) : database_(database) {}

    static const char* tables_sql();
    // Reads totals and sets; after open and after a transaction was undone.
    Status load();
    // Writes the totals that changed; before every commit.
    Status save();

    // The number of a set of scopes; keys ascending.
    Result<std::int64_t> intern(const ScopeKeys& keys);
    const ScopeKeys& keys_of(std::int64_t set) const;

    // A record that was nowhere enters the scopes of `set`.
    Status enter(CollectionId collection, const RecordId& id, Sequence seq, std::int64_t set);
    // Its seq and scopes change; scopes that hold it no more keep its departure.
    Status move(CollectionId collection, const RecordId& id, Sequence old_seq, std::int64_t old_set,
                Sequence seq, std::int64_t set, std::int64_t now_ms);

    Result<std::optional<DepartureTime>> departure(const std::string& key, const RecordId& id);
    Result<std::vector<WalkItem>> walk(const WalkQuery& query, std::size_t limit);
    Result<std::vector<ScopeItem>> items(const ScopeQuery& query, std::size_t limit);
    Sequence last_change(const std::string& key) const;
    ScopeSum sum(const std::string& key) const;
    // Those that hold something, in the order in which they were made.
    ScopeKeys filled() const;
    Status visit(const std::string& key,
                 const std::function<void(const RecordId&, Sequence)>& visit);
    // corrupt when the totals are not what the entries add up to.
    Status check();
    std::size_t count() const { return scopes_.size(); }
    bool contains(const std::string& key) const { return find(key) != nullptr; }

    // Undoing a part of a transaction: `undo` brings the totals back to the last `mark`.
    void mark();
    void forget_mark();
    void undo();

  private:
    struct Scope {
        std::string key;
        std::uint64_t count = 0;
        std::uint64_t checksum = 0;
        std::uint64_t last = 0;  // highest seq of an entry
        bool changed = false;
    };
    struct Set {
        ScopeKeys keys;
        std::vector<std::size_t> members;  // positions in scopes_
    };
    struct Mark {
        std::size_t scopes = 0;
        std::size_t sets = 0;
        std::size_t undone = 0;
    };
    struct Source;

    Result<std::size_t> scope(const std::string& key);
    const Scope* find(const std::string& key) const;
    void change(std::size_t scope, std::int64_t count, std::uint64_t checksum, Sequence seq);
    Status insert_entry(std::size_t scope, CollectionId collection, const RecordId& id,
                        Sequence seq);
    Status move_entry(std::size_t scope, const RecordId& id, Sequence old_seq, Sequence seq,
                      std::optional<std::int64_t> gone_at);
    Status forget_departure(std::size_t scope, const RecordId& id);
    Status open_sources(const WalkQuery& query, std::vector<Source>& sources);
    Result<Statement*> walker(std::size_t index);
    Status load_scopes();
    Status load_sets();

    Database& database_;
    std::vector<Scope> scopes_;  // number - 1
    std::unordered_map<std::string, std::size_t> scope_of_;
    std::vector<Set> sets_;  // number - 1
    std::map<ScopeKeys, std::int64_t> set_numbers_;
    std::vector<Statement> walkers_;  // one per scope of a walk, kept
    std::vector<Mark> marks_;
    std::vector<std::pair<std::size_t, Scope>> undo_;  // before each change since the first mark
    bool any_gone_ = false;
};

}  // namespace satchel::storage
