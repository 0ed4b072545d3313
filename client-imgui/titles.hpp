// Titles: what records and writers are called, so that nobody has to read an id.
//
// Threads: one at a time, that of the ReadConnection. Errors: none; what has no name is "".
#pragma once

#include <map>
#include <string>
#include <utility>

#include "storage/read_connection.hpp"
#include "sync/schema.hpp"

namespace satchel::window {

class Titles {
  public:
    Titles(storage::ReadConnection& reader, const Schema& schema)
        : reader_(reader), schema_(schema) {}

    std::string title(CollectionId collection, const RecordId& id);
    // The person and the device that wrote it, as far as they are known here.
    std::string author(ReplicaId replica);

  private:
    std::string one_text(const std::string& sql, Value argument);

    storage::ReadConnection& reader_;
    const Schema& schema_;
    std::map<std::pair<CollectionId, RecordId>, std::string> titles_;
    std::map<std::uint64_t, std::string> authors_;
};

}  // namespace satchel::window
