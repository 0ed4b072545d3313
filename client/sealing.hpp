// Sealing: what a log-out or a revocation cannot send stays in the file, but nobody reads it there.
// It is sealed with a key of its own (storage/seal.hpp), and that key with head office's: only head
// office opens it, for this device and nobody else. The next log-in or sync asks for it.
//
//     SATCHEL_TRY(wipe_and_seal(*replica));                    // a log-out without a connection
//     ...
//     SATCHEL_TRY(unseal(*replica, transport, account, …));    // logged in again
//
// A file that was last logged in with a server that told no keys keeps what is pending unsealed.
//
// Threads: the one that owns the Replica. Errors: those of Transport and of the replica; wrong_key.
#pragma once

#include "client/account.hpp"

namespace satchel::client {

// Empties the replica but for what is pending.
Status wipe_and_seal(storage::Replica& replica);

// Does nothing where nothing is sealed. `answer` tells more when it fails.
Status unseal(storage::Replica& replica, Transport& transport, const Account& account,
              SteadyTime deadline, CancelToken& cancel, HttpAnswer& answer);

}  // namespace satchel::client
