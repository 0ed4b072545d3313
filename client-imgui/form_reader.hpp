// Reads one record as a form, and cells with several values as decisions to take.
//
// Threads: one at a time, that of the Reading's replica. Errors: in the views.
#pragma once

#include "client-imgui/snapshot.hpp"
#include "client-imgui/titles.hpp"

namespace satchel::window {

// What readers read from. Borrowed.
struct Reading {
    storage::Replica& replica;
    storage::ReadConnection& reader;
    const Schema& schema;
    Titles& titles;
    std::uint64_t own_replica = 0;  // writes of this device need no author
};

// `id`: nothing for the form of a new record.
FormView read_form(Reading& reading, const std::string& collection,
                   const std::optional<RecordId>& id);

// Nothing when the cell has one value only.
std::optional<ConflictView> read_conflict(Reading& reading, const Collection& collection,
                                          const Cell& cell, const storage::RecordView& record);

// The deleted records of a collection, as a table.
TableView read_deleted(Reading& reading, const TableQuery& query);

}  // namespace satchel::window
