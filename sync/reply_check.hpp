// Whether a reply can be the answer to a request (docs/protocol.md, "Valid replies"). What a device
// takes in moves its place for good, so an answer that does not fit is refused whole: it came too
// late, to another request, or from a server that lost something without saying so.
//
// Pure functions. Threads: any. Errors: bad_reply; upgrade_needed for a foreign protocol version.
#pragma once

#include "sync/protocol.hpp"

namespace satchel {

Status check_reply(const SyncRequest& request, const SyncReply& reply);

// The answer brought the session forward: a place, a verdict, a scope, something asked for.
bool moves_on(const SyncRequest& request, const SyncReply& reply);

}  // namespace satchel
