// Comparison: the records on this device, added up per scope from the rows themselves, beside the
// server's sums at the same cursor (docs/protocol.md, "Checkpoint").
//
// Threads: that of the replica.
#pragma once

#include <string>
#include <vector>

#include "storage/replica.hpp"
#include "sync/protocol.hpp"

namespace satchel::cli {

struct ScopeComparison {
    std::string scope;
    ScopeSum device;       // counted now, row by row
    ScopeSum device_kept;  // as the device has kept it up to date
    ScopeSum server;
    bool equal() const { return device == server && device_kept == server; }
};

struct Comparison {
    Sequence cursor{};
    std::vector<ScopeComparison> scopes;
    bool equal() const;
    std::uint64_t records() const;
};

// The scopes that hold a record, "" for a row that none does.
Result<std::vector<std::string>> scopes_of_record(storage::Replica& replica,
                                                  const Collection& collection, const RecordId& id);

Result<Comparison> compare(storage::Replica& replica, const Checkpoint& server);

}  // namespace satchel::cli
