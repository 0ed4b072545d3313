// upload_part: a request that only brings changesets: the rest of a long upload in a bundle, and
// what a device hands in that head office has shut out.
//
// Threads: the one that owns the Replica.
#pragma once

#include <optional>

#include "storage/replica.hpp"
#include "sync/protocol.hpp"

namespace satchel::client {

// The changesets after `counter`, cut after kUploadBytes, and nothing that asks for data. Nothing
// when there are none, or when the journal does not reach back so far.
Result<std::optional<SyncRequest>> upload_part(storage::Replica& replica, std::uint64_t counter,
                                               std::int64_t now_ms);

}  // namespace satchel::client
