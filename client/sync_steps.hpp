// The steps of a sync that are the same whoever carries its bytes: sync_once over a Transport, a
// bundle, and a host's own HTTP (satchel_session_* in bindings/c).
//
// Threads: the one that owns the Replica.
#pragma once

#include "storage/replica.hpp"
#include "sync/device_session.hpp"

namespace satchel::client {

// busy, in words, while another program syncs the file.
Result<storage::SyncLease> lease_of(const storage::Replica& replica);

// What a refusal does here: after unauthorized the token is forgotten, so that the next sync asks
// for a log-in at once. Gives `error`, or that of the replica.
Error refused(storage::Replica& replica, const Error& error);

// The next request; nothing at the end. Fails as DeviceSession::next_request, and with limit at the
// end of a session in which the server took not all that is pending, with its reason: everything
// else is in step then.
Result<std::optional<Bytes>> next_request(DeviceSession& session, std::int64_t now_ms);

// Takes the body of a 200 in. Fails as DeviceSession::take_reply, but bad_reply for bytes that were
// damaged on the way: that passes, while a damaged file (corrupt) does not.
Status take_reply(DeviceSession& session, ByteView body, std::int64_t now_ms);

}  // namespace satchel::client
