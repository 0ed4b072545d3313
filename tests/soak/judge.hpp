// Judge: at the end of a soak, whether everything that was promised is at head office. It goes by
// the ledgers, which no engine has written.
//
// Every write that a ledger calls done has a verdict there, and
// - not accepted: is kept with its reason;
// - accepted, a value: stands in its cell, or somebody who had seen it (or who had seen what
//   somebody wrote who had seen it, and so on) replaced it; in the second case it stands no more;
// - accepted, an element of a set: is there, or was taken out by a person who saw it;
// - accepted, a step of a counter: is in the sum, once.
// And nothing stands there that no ledger has, and nobody is missing whom nobody deleted.
//
// Threads: one. Errors: those of reading; what must not be is told in `violations`.
#pragma once

#include <string>
#include <vector>

#include "storage/server_store.hpp"
#include "tests/soak/ledger.hpp"

namespace satchel::soak {

struct Judgement {
    std::vector<std::string> violations;
    std::uint64_t writes = 0;  // transactions that were promised
    std::uint64_t accepted = 0;
    std::uint64_t not_accepted = 0;
    std::uint64_t never_written = 0;  // attempts that came to nothing, as their ledger says
    std::uint64_t records = 0;
    std::uint64_t deleted = 0;
    std::uint64_t conflicts = 0;  // cells with several different values
    std::uint64_t values_replaced = 0;
    std::uint64_t counters = 0;
};

// What one device says that it did.
struct Testimony {
    std::uint64_t replica = 0;
    std::vector<Attempt> attempts;
};

// `store`: head office's, with nobody else working in it.
Result<Judgement> judge(storage::SqliteServerStore& store,
                        const std::vector<Testimony>& testimonies);

}  // namespace satchel::soak
