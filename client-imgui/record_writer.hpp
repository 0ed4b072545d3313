// Carries out what a form asks for, as one local transaction.
//
// Threads: one at a time, that of the Replica. Errors: what is wrong with a field stands at that
// field; nothing is written after any error.
#pragma once

#include "client-imgui/intent.hpp"

namespace satchel::window {

// `saved`: gets the id of the record.
SaveAnswer save_record(storage::Replica& replica, const SaveRecord& request,
                       std::optional<RecordId>& saved);

Status delete_record(storage::Replica& replica, const DeleteRecord& request);
Status undelete_record(storage::Replica& replica, const UndeleteRecord& request);
Status resolve_conflict(storage::Replica& replica, const Resolve& request);

}  // namespace satchel::window
