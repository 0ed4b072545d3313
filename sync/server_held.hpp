// Held changesets: which records they write, and judging them again. Private to the server's side.
// Threads: one at a time. Errors: only the store's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "sync/changeset.hpp"
#include "sync/server_session.hpp"

namespace satchel {

// The records that held changesets write, by the replica that wrote them; read when first asked
// for, and kept up to date by whoever decides.
class HeldRecords {
  public:
    explicit HeldRecords(ServerStore& store) : store_(store) {}

    // The first counter above `after` under which a held changeset of that replica writes the
    // record; 0: none.
    Result<std::uint64_t> first(ReplicaId replica, const RecordId& record, std::uint64_t after = 0);
    void note(const Changeset& changeset);    // it is held now
    void forget(const Changeset& changeset);  // it is decided
    // What was read for it.
    std::size_t search_bytes() const { return search_bytes_; }

  private:
    using Writes = std::set<std::pair<RecordId, std::uint64_t>>;

    Result<Writes*> writes_of(ReplicaId replica);

    ServerStore& store_;
    std::map<ReplicaId, Writes> writes_;
    std::size_t search_bytes_ = 0;
};

// Who judges held changesets again.
struct HeldJudge {
    // Whether this one is for it to judge; it has no bytes yet.
    std::function<Result<bool>(const LoggedChangeset& held)> may_judge;
    // Judges the same, now with its bytes, in place; gives what that made it search.
    std::function<Result<std::size_t>(LoggedChangeset& held)> judge;
    std::int64_t now_ms = 0;
};

// Lets `judge` look at the ready ones, and at what becomes ready by that, until nothing more is
// decided or they have cost as much as one request may; what is left stays ready. Saves the new
// verdicts and gives them.
Result<std::vector<Verdict>> judge_ready(ServerStore& store, const HeldJudge& judge);

}  // namespace satchel
