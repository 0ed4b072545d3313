// A Resolver over names kept in memory.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "sales/import.hpp"

namespace satchel::sales {

class MemoryResolver : public Resolver {
  public:
    RecordId add(CollectionId collection, std::string_view name) {
        return add(collection, name, keyed_record_id(CollectionId{7}, std::string(name)));
    }
    RecordId add(CollectionId collection, std::string_view name, const RecordId& id) {
        return ids_[{collection, std::string(name)}] = id;
    }
    RecordId add_user(std::string_view name) { return add(system_ids::kUser, name); }
    void fail_with(Error error) { failure_ = std::move(error); }

    Result<RecordId> find(CollectionId collection, FieldId, const Value& value) override {
        if (failure_) return *failure_;
        const auto at = ids_.find({collection, value.as_bytes()});
        if (at == ids_.end()) return Error{ErrorCode::not_found, "no such record"};
        return at->second;
    }
    Result<RecordId> user(std::string_view name) override {
        return find(system_ids::kUser, {}, Value::text(name));
    }

  private:
    std::map<std::pair<CollectionId, std::string>, RecordId> ids_;
    std::optional<Error> failure_;
};

}  // namespace satchel::sales
