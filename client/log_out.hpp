// log_out: takes a person's data off this device without losing what they wrote.
//
//     auto outcome = log_out(*replica, *transport, {.force = false});
//
// It sends what is pending, ends the token at the server, and empties the replica. Where sending
// does not work nothing happens and the error says why; with `force` the unsent changes stay sealed
// in the file (client/sealing.hpp) until the same person logs in again.
//
// Threads: the one that owns the Replica. Errors: the one that kept the changes from being sent,
// with their number; those of the replica. Ending the token is tried once: without a connection
// the server ends it later by itself.
#pragma once

#include "client/sync_client.hpp"

namespace satchel::client {

struct LogOutOptions {
    bool force = false;
    SteadyTime deadline = SteadyTime::max();
    CancelToken* cancel = nullptr;
};

struct LogOutOutcome {
    std::size_t sent = 0;      // changesets that head office took now
    std::size_t sealed = 0;    // changesets that stay in the file
    bool token_ended = false;  // the server has confirmed it
};

Result<LogOutOutcome> log_out(storage::Replica& replica, Transport& transport,
                              const LogOutOptions& options = {});

}  // namespace satchel::client
