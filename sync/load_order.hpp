// LoadOrder: in which order a new device gets the records of its scopes, the most useful first.
//
//     the schema, then what is open, then history;
//     in each by the collection's priority, and there the user's own scope before the others
//
// Only collections with a cell of the rule `furthest` (two places or more) have history: records
// that are dead, or whose cell shows a value of the last place (a deal that is won or lost). What a
// record is follows from its state alone, so a load may be broken off and go on at any place.
//
// Threads: immutable. Errors: none.
#pragma once

#include <string>
#include <vector>

#include "sync/schema.hpp"

namespace satchel {

struct RowView;

struct LoadStage {
    std::uint32_t number = 0;  // ascending in the order of the load, below kNewsStage
    bool own = false;          // over the user's own scope only; otherwise over all others
    bool history = false;
    std::vector<CollectionId> collections;  // ascending
};

class LoadOrder {
  public:
    explicit LoadOrder(SchemaPointer schema);

    // What a position names it by: never 0, grows with the schema.
    std::uint64_t number() const { return std::uint64_t{schema_->number()} + 1; }
    const std::vector<LoadStage>& stages() const { return stages_; }
    // Whether the record goes down in this stage and not in its twin.
    bool belongs(const LoadStage& stage, CollectionId collection, const RowView& row) const;

  private:
    // The places that end the work on a record.
    struct Closing {
        CollectionId collection{};
        FieldId field{};
        std::string last_place;  // "Won|Lost"
    };

    void add(const Collection& collection, bool history);
    const Closing* closing(CollectionId collection) const;

    SchemaPointer schema_;
    std::vector<LoadStage> stages_;
    std::vector<Closing> closings_;
};

}  // namespace satchel
