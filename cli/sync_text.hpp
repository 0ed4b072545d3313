// What one sync did, as text and as JSON.
//
// Threads: pure functions.
#pragma once

#include "cli/console.hpp"
#include "cli/values.hpp"
#include "storage/replica.hpp"
#include "sync/device_session.hpp"

namespace satchel::cli {

Json sync_json(const SessionReport& report, const storage::ReplicaStatus& status,
               std::int64_t milliseconds);
void say_sync(Console& console, const SessionReport& report, const storage::ReplicaStatus& status,
              std::int64_t milliseconds);

// What waits for others or for a decision here, with the command that shows it.
void say_what_is_open(Console& console, const storage::ReplicaStatus& status);

}  // namespace satchel::cli
