// What a device does that head office has shut out (docs/http-api.md, "Revoked"): it hands in what
// is pending, request by request, then empties itself. What cannot be handed in stays sealed.
//
// Threads: the one that owns the Replica.
#pragma once

#include "client/sync_post.hpp"

namespace satchel::client {

// `post` has just got the reply that says so. Always ends in an error: forbidden when the device
// is empty now, else what kept it from that.
Status hand_in_and_wipe(storage::Replica& replica, SyncPost& post);

}  // namespace satchel::client
