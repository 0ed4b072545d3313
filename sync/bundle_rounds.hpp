// BundleRounds: a whole session out of one request bundle. Head office goes on by itself where a
// device would ask again: it works out what the device will ask once it has taken the answer in.
// The device works out the same from the requests that it remembers, and takes the answers in one
// after the other.
//
//     BundleRounds rounds(requests);                      // as the device wrote them
//     while (!rounds.finished()) {
//         SyncReply reply = answer(rounds.request());
//         SATCHEL_TRY(rounds.take(reply));
//     }
//
// The first request says where the device stands and what it asks; the later ones only bring the
// changesets that did not fit it. `place()` is where the device stands before the round: an answer
// fits a device exactly while it stands there.
//
// Threads: one at a time. Errors: corrupt when an answer's page is.
#pragma once

#include <vector>

#include "sync/device_session.hpp"
#include "sync/protocol.hpp"

namespace satchel {

// What an answer has to find on the device to be taken in.
struct SyncPlace {
    ReplicaId replica;
    std::uint64_t epoch = 0;
    std::uint64_t acked_counter = 0;
    Sequence cursor{};
    WalkPosition position;
    std::vector<std::string> scopes;   // ascending
    std::vector<std::string> loading;  // ascending

    bool operator==(const SyncPlace&) const = default;
};
SyncPlace place_of(const SyncState& state);

// For keeping: a request that still says which changesets it sent, but not what was in them.
SyncRequest without_content(SyncRequest request);

class BundleRounds {
  public:
    // `requests`: at least one; the first lists the scopes held.
    BundleRounds(std::vector<SyncRequest> requests, HashFunction hash);

    // invalid_argument when the requests are not those of one device, one after the other.
    Status check() const;

    // Of this round.
    const SyncRequest& request() const { return request_; }
    const SyncPlace& place() const { return place_; }
    bool finished() const { return finished_; }
    // Finished at a checkpoint, with everything sent that the device had written by then: a bundle
    // about an earlier incarnation never is.
    bool complete() const;
    // The round's answer: the next one begins, or it was the last.
    Status take(const SyncReply& reply);

  private:
    void move_place(const SyncReply& reply);
    bool takes_all(const SyncReply& reply) const;
    void move_base();
    Status ask_on(const SyncReply& reply);

    std::vector<SyncRequest> requests_;
    HashFunction hash_;
    std::size_t next_ = 1;  // of requests_
    SyncRequest request_;
    SyncPlace place_;
    bool finished_ = false;
    bool refused_ = false;  // the last answer was none of data: a fork, a restored server …
};

}  // namespace satchel
