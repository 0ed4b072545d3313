// PushWorld: a head office with data of two people, and a device of one of them that sends whatever
// it likes. Every try begins from the same state.
//
//     static PushWorld world;
//     world.try_messages(frames_of(input));     // ends the program when a promise is broken
//
// What must hold whatever came: the answer is an error that a server gives, or a reply that devices
// can read and that shows nothing the sender may not see; records that the sender may not write are
// as they were, bit by bit; the sums add up; and the other person's devices sync and are equal.
//
// Threads: one.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/fuzz/frames.hpp"
#include "tests/sync/server_fixture.hpp"

namespace satchel::fuzz {

class PushWorld {
  public:
    PushWorld();

    void try_messages(const std::vector<Frame>& frames);
    // Real requests of the hostile device: name of the kept input, and the input.
    std::vector<std::pair<std::string, Bytes>> seeds();

  private:
    void prepare();
    SyncRequest fitted(SyncRequest request) const;
    void try_message(const Frame& frame);
    void check_reply(const SyncReply& reply);
    void check_others();

    test::Head head_;
    test::SmallDevice author_, reader_, hostile_;
    std::map<RecordId, Bytes> private_;  // states that the hostile device may not touch
};

}  // namespace satchel::fuzz
