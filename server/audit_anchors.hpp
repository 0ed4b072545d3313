// The heads of the audit log, noted in a text file outside of the database: what a chain of hashes
// cannot show by itself, that its end was cut off or that all of it was written anew, these do.
//
//     2026-11-23T09:00:00Z 1234 5d41402abc4b2a76b9719d911017c592…   (when, entries, hash)
//
// They are worth as much as the place where they stand is out of reach of whoever could change the
// database: a folder of another machine that only takes additions, or paper.
//
// Threads: any, one at a time per file. Errors: those of files; corrupt names the line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/audit_log.hpp"

namespace satchel::server {

// In the order they were noted; none when there is no file. A line that a power loss cut short is
// passed over.
Result<std::vector<storage::AuditAnchor>> read_anchors(const std::string& path);

// Adds the head, durably, unless it is the last one that stands there already. Gives the one before
// (count 0: none that can be read); what else the file has is not looked at.
Result<storage::AuditHead> note_anchor(const std::string& path, const storage::AuditHead& head,
                                       std::int64_t now_ms);

}  // namespace satchel::server
