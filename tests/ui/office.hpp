// Office: a head office that is made up, for tests of the window: it answers a replica as the real
// one would, without a server. Conflicts and refusals come about as they do in life.
#pragma once

#include <gtest/gtest.h>

#include "storage/replica.hpp"

namespace satchel::window {

class Office {
  public:
    explicit Office(storage::Replica& replica);

    // Takes in everything that is pending and confirms every record.
    void accept_everything();
    // The oldest pending changeset comes back.
    void reject_oldest(Reason reason, const std::string& detail);
    // A colleague, who had not heard of what is pending here, wrote these fields of one cell.
    void colleague_wrote(const std::string& collection, const RecordId& id, ReplicaId colleague,
                         const std::string& cell_field, const std::vector<Value>& values,
                         std::int64_t at_ms);

  private:
    SyncReply reply();
    void send(SyncReply reply);

    storage::Replica& replica_;
    std::uint64_t seq_ = 0;  // goes on from the replica's cursor
    std::uint64_t colleague_counter_ = 1'000;
};

}  // namespace satchel::window
