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

}  // namespace satchel::cli
