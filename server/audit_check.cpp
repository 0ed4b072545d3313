#include "server/audit_check.hpp"

#include "server/audit_anchors.hpp"
#include "server/data_directory.hpp"
#include "storage/server_store.hpp"

namespace satchel::server {

// The heads first: what a running server notes meanwhile is of entries that are not looked at.
Result<CheckedAudit> check_audit(const std::string& data, const std::string& anchors) {
    CheckedAudit checked;
    checked.anchors = anchors.empty() ? data + "/" + kAnchors : anchors;
    if (!anchors.empty() && !exists(anchors))
        return Error{ErrorCode::not_found, "there is no file " + anchors + " with heads"};
    SATCHEL_ASSIGN(const auto noted, read_anchors(checked.anchors));
    const std::string path = data + "/" + kDatabase;
    storage::OpenOptions how;
    how.create = false;
    how.read_only = true;
    SATCHEL_ASSIGN(storage::Database database, storage::Database::open(path, how));
    SATCHEL_TRY(storage::check_server_file(database, path));
    SATCHEL_ASSIGN(checked.report, storage::check_audit(database, noted));
    return checked;
}

}  // namespace satchel::server
