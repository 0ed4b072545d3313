// ScopeSets: the scopes that a device holds, with what they add up to here, and the sets of scopes
// that hold a record, interned as small numbers for the rows' `_scope` column.
//
// Sums change in memory and are written by `save`, once per transaction.
// Threads: the owner's. Errors: the database's.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "storage/sqlite.hpp"
#include "sync/protocol.hpp"

namespace satchel::storage {

struct HeldScope {
    std::int64_t id = 0;
    std::string key;
    bool loading = true;  // not complete yet
    ScopeSum sum;         // of what is here
    bool changed = false;
};

class ScopeSets {
  public:
    explicit ScopeSets(Database& database) : database_(database) {}

    static const char* tables_sql();
    Status load();
    Status save();

    std::vector<std::string> keys() const;     // ascending
    std::vector<std::string> loading() const;  // ascending
    const std::map<std::string, HeldScope>& held() const { return held_; }
    Status hold(const std::string& key);
    Status give_up(const std::string& key);
    void set_complete();  // all that are loading

    // The number of a set of scopes (keys not held are left out); 0: none.
    Result<std::int64_t> intern(const std::vector<std::string>& keys);
    const std::vector<std::string>& keys_of(std::int64_t set) const;

    // One record comes into or leaves the sums of every scope in its set.
    void add(std::int64_t set, const RecordId& id, Sequence seq);
    void subtract(std::int64_t set, const RecordId& id, Sequence seq);

  private:
    Status read_sets();

    Database& database_;
    std::map<std::string, HeldScope> held_;
    std::map<std::int64_t, std::vector<std::string>> sets_;
    std::map<std::vector<std::string>, std::int64_t> numbers_;
};

}  // namespace satchel::storage
