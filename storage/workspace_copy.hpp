// A copy of a workspace as it is at one moment, made while its server reads and writes: a backup.
//
//     SATCHEL_ASSIGN(Database source, Database::open(path, read_only));
//     SATCHEL_ASSIGN(const WorkspaceCopy copy, copy_workspace(source, target, {}, go_on));
//     SATCHEL_TRY(store.note_backup(copy));  // with the store's lock, when the copy is complete
//
// The source is read in one transaction of its own, so nobody waits for it; meanwhile the server's
// write-ahead log grows by what is written.
//
// Threads: the source's. Errors: the databases'; cancelled when `go_on` said no.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "storage/sqlite.hpp"

namespace satchel::storage {

// What the copy holds.
struct WorkspaceCopy {
    Sequence head{};
    // The highest counter of each replica, by its number in the log.
    std::vector<std::pair<std::int64_t, std::int64_t>> counters;
};

// `source` has no transaction open. `how`: key, vfs and exclusive of the target, which is made or
// overwritten; after an error it is incomplete and the caller's to remove. `go_on` is asked every
// some megabytes.
Result<WorkspaceCopy> copy_workspace(Database& source, const std::string& target,
                                     const OpenOptions& how,
                                     const std::function<bool()>& go_on = {});

}  // namespace satchel::storage
