// Looks at a workspace's audit log from beginning to end, also while its server runs: against
// itself, against the changesets that it tells of, and against the heads noted outside of it.
//
// Nothing is written. Threads: any. Errors: not_found (no workspace there, or no such file of
// heads), not_a_database, newer_format, corrupt (what is wrong, with the entry's number), io.
#pragma once

#include <string>

#include "storage/audit_log.hpp"
#include "sync/result.hpp"

namespace satchel::server {

struct CheckedAudit {
    storage::AuditReport report;
    std::string anchors;  // the file with the heads
};

// `anchors`: as Settings::anchors.
Result<CheckedAudit> check_audit(const std::string& data, const std::string& anchors = {});

}  // namespace satchel::server
