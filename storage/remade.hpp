// Records that are made again under an id that this device has changes for: what was not accepted
// is sent again while later changes of the record still wait for head office.
//
// These show nothing as long as the record is not there. Once it is, they are shown, or whatever
// is written on it from now on would replace them unseen: a replica's own counters are in order,
// so the clock of a later change covers them. Head office may have taken them after all.
//
// Threads: the replica's. Errors: the database's; then the transaction is not to be committed.
#pragma once

#include <utility>
#include <vector>

#include "storage/replica_core.hpp"

namespace satchel::storage {

class Remade {
  public:
    // Inside a local transaction, for a record that it makes.
    Status note(ReplicaCore& core, const TableInfo& table, const RecordId& id);
    // After the transaction's changeset is in the journal.
    Status show(ReplicaCore& core) const;

  private:
    bool followed_ = false;
    std::vector<std::pair<const TableInfo*, RecordId>> records_;
};

}  // namespace satchel::storage
