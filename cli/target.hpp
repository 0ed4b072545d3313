// Target: an open replica, and the record in it that a command line names.
//
//     SATCHEL_ASSIGN(Target target, open_target(context, "account", "@Acme"));
//     target.replica->record(target.collection->name, target.id);
//
// Threads: one. Errors: those of Context::open() and of Names.
#pragma once

#include <memory>
#include <string>

#include "cli/context.hpp"
#include "cli/names.hpp"

namespace satchel::cli {

struct Target {
    std::unique_ptr<storage::Replica> replica;
    SchemaPointer schema;  // Names borrows it
    std::unique_ptr<Names> names;
    const Collection* collection = nullptr;
    RecordId id;

    Result<storage::RecordView> view() const { return replica->record(collection->name, id); }
};

// `record` "": only the collection, for a record that is to be made.
Result<Target> open_target(const Context& context, const std::string& collection,
                           const std::string& record);

}  // namespace satchel::cli
