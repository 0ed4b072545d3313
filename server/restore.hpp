// Puts a backup in the place of a workspace, while no server runs on it.
//
// The replaced file is kept beside it; the restored one begins a new epoch, so that every device
// finds out and sends again what the backup does not have. Each epoch is later than that of the
// backup and of the replaced file, since devices tell by the order which of their incarnations are
// of which. When the same backup is restored a second time and the file in between is gone, only
// the time is left to go by: hence one of sixteen for the minute of the restoring.
//
// Threads: one at a time per folder.
// Errors: busy (a server uses the folder), not_found, not_a_database, newer_format, corrupt (the
// backup is damaged), disk_full, io. On failure the workspace is as it was.
#pragma once

#include <cstdint>
#include <string>

#include "storage/audit_log.hpp"
#include "sync/ids.hpp"
#include "sync/result.hpp"

namespace satchel::server {

struct Restored {
    std::string replaced;  // where the former workspace is; "" = there was none
    std::uint64_t epoch = 0;
    Sequence head{};
    storage::AuditHead audit;
    Status noted;  // whether the head of its audit log was
};

// `anchors`: as Settings::anchors; the restored audit log's head is noted there. Where
// that fails, the next start does it.
Result<Restored> restore(const std::string& data, const std::string& backup,
                         const std::string& anchors = {});

}  // namespace satchel::server
