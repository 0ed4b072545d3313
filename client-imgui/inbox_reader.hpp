// Reads what waits for a person: open conflicts, and input that was not accepted.
//
// Threads: one at a time, that of the Reading's replica. Errors: in the lists.
#pragma once

#include "client-imgui/form_reader.hpp"

namespace satchel::window {

constexpr std::size_t kMaxInboxItems = 200;      // shown at once; the rest follows when they go
constexpr std::size_t kMaxShownOperations = 20;  // of one changeset: an import has thousands

ConflictList read_conflicts(Reading& reading);
RejectedList read_rejected(Reading& reading);

}  // namespace satchel::window
