// Allowance: what one device may leave behind at head office without anybody's consent: changesets
// that were not accepted and incarnations in a day, changesets that wait in all. What is accepted
// is not counted; rights say who may write what.
//
//     const Status room = allowance.admit(entry);   // before it goes into the log
//
// Private to the server's side. Threads: one at a time. Errors: limit, with words for the device's
// user, when there is no room (nothing is counted then); the store's.
#pragma once

#include <cstdint>
#include <optional>

#include "sync/server_session.hpp"

namespace satchel {

class Allowance {
  public:
    Allowance(ServerStore& store, std::uint64_t replica, std::int64_t now_ms)
        : store_(store), replica_(replica), now_ms_(now_ms) {}

    Status admit(const LoggedChangeset& entry);
    Status admit_incarnation();

  private:
    Result<DeviceDay> today();
    Status admit_held(std::uint64_t bytes);

    ServerStore& store_;
    const std::uint64_t replica_;
    const std::int64_t now_ms_;
    std::optional<std::uint64_t> held_bytes_;
};

}  // namespace satchel
