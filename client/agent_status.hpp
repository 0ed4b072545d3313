// AgentStatus: the truth about a replica's syncing, as every status line shows it.
//
//     status.waits_for.text(language)        // "Waiting a while before the next try, because …"
//     for (auto& line : status.lines(language, now_ms)) …
//
// Threads: values. All times are milliseconds on the wall clock; 0: none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/messages.hpp"
#include "client/sync_client.hpp"
#include "client/sync_policy.hpp"

namespace satchel::client {

struct AgentStatus {
    bool open = false;       // the replica could be opened
    bool stopped = false;    // the agent has ended
    bool logged_in = false;  // there is a token
    std::string user_name;
    storage::ReplicaStatus replica;  // pending, held, not accepted, conflicts, last success …

    bool running = false;                // a sync is on its way
    SyncProgress progress;               // of the running sync, else of the last one
    Trigger trigger = Trigger::nothing;  // what the next try is for
    Words waits_for;
    std::int64_t next_try_at = 0;  // 0: none is planned

    std::optional<Error> last_error;  // none after a success
    std::int64_t last_error_at = 0;
    int failures = 0;  // in a row

    // That succeeded since the agent began. One that ends in a waiting request counts when the
    // waiting begins, and again when that brings something.
    std::uint64_t syncs = 0;
    std::uint64_t news = 0;  // of these, the ones that changed something here: look again

    // Sentences for a person, the most important first.
    std::vector<std::string> lines(Language language, std::int64_t now_ms) const;
};

Words words_of(Trigger trigger);

}  // namespace satchel::client
