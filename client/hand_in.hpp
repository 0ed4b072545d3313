// HandIn: what a device does that head office has shut out (docs/http-api.md, "Revoked"): it hands
// in what is pending, request by request, then empties itself. What cannot be handed in stays
// sealed.
//
//     HandIn hand_in(replica, answer.acked_counter);
//     while (const auto request = hand_in.next_request(now_ms))
//     hand_in.take(judge(send(*request))); return hand_in.finish();
//
// Threads: the one that owns the Replica. Errors: only finish() has any. What keeps the rest from
// being handed in is not told: how many changes stay is.
#pragma once

#include <optional>

#include "client/http_answer.hpp"
#include "client/sync_post.hpp"
#include "storage/replica.hpp"

namespace satchel::client {

class HandIn {
  public:
    // `acked`: head office has everything up to there, as the reply said that shut the device out.
    HandIn(storage::Replica& replica, std::uint64_t acked) : replica_(replica), acked_(acked) {}

    // The next part, durable here; nothing when head office has everything, or the last answer
    // brought no progress: finish.
    std::optional<Bytes> next_request(std::int64_t now_ms);
    void take(const HttpAnswer& answer);
    // Empties the device. Always ends in an error: forbidden when it is empty now ("revoked", or
    // "revoked_sealed" with what is left), else the replica's, which kept it from that.
    Status finish();

  private:
    Result<std::optional<Bytes>> next_part(std::int64_t now_ms);

    storage::Replica& replica_;
    std::uint64_t acked_;
    bool stuck_ = false;
};

// All of it over `post`, which has just got the reply that says so, as long as the caller of the
// sync has patience. Ends as finish() does.
Status hand_in_and_wipe(storage::Replica& replica, SyncPost& post);

}  // namespace satchel::client
