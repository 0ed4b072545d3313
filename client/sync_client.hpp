// sync_once: one sync of a replica with its server over HTTP, from the first request to agreement.
//
//     SyncOutcome outcome = sync_once(*replica, *transport, {.wait = 25s, .cancel = &cancel});
//     if (!outcome.status) show(words(outcome.status.error(), language));
//
// It holds the replica's SyncLease while it runs. Every step is durable: after an error, a time-out
// or a cancel everything that had come is kept, nothing that was written is lost, and the next call
// goes on where this one stood. It tries each request once; when to come back is SyncPolicy's
// matter.
//
// Threads: the one that owns the Replica. Errors (in outcome.status): busy (another process syncs
// this file), unauthorized (log in again), forbidden with `wiped` (shut out: see below), offline,
// time_out, cancelled, bad_reply, server_error, upgrade_needed, limit, and those of the replica.
//
// Shut out: what is pending is handed in (head office keeps it aside), then the replica is emptied.
// What cannot be handed in now stays sealed in the journal; the next call tries again.
#pragma once

#include <chrono>
#include <functional>

#include "client/transport.hpp"
#include "storage/replica.hpp"
#include "sync/device_session.hpp"

namespace satchel::client {

// How far a running sync is.
struct SyncProgress {
    std::size_t rounds = 0;
    std::size_t rows = 0;
    std::size_t changes = 0;         // rows that came or left, and changesets that went
    std::size_t sent_bytes = 0;      // with what is on its way
    std::size_t received_bytes = 0;  // with what has come of the current reply
    bool waiting = false;            // a waiting request is out: everything known is in step
};

std::size_t changes_in(const SessionReport& report);

struct SyncOptions {
    SteadyTime deadline = SteadyTime::max();
    CancelToken* cancel = nullptr;
    std::chrono::milliseconds wait{0};  // the last request waits for news this long
    // About once a second and when something has come, on this thread. It may read and write the
    // replica, and may cancel.
    std::function<void(const SyncProgress&)> on_progress{};
    WallClock* clock = nullptr;  // null: the system's
};

struct SyncOutcome {
    Status status;
    SessionReport report;
    std::chrono::milliseconds back_off{0};  // the server asks not to come back sooner
    bool wiped = false;                     // head office has shut this device out
    bool waited = false;                    // it ended in a waiting request
};

SyncOutcome sync_once(storage::Replica& replica, Transport& transport,
                      const SyncOptions& options = {});

// The last failure of a sync of this file, by whatever process; none after a success.
struct LastError {
    Error error;
    std::int64_t at = 0;  // milliseconds, wall clock
};
Result<std::optional<LastError>> last_error(storage::Replica& replica);

// The functions that the session needs (storage/services.hpp).
const Services& session_services();

}  // namespace satchel::client
