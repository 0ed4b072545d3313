// Reads a table view: filtering, sorting and names of references are done by SQLite.
//
// Threads: one at a time, that of the ReadConnection. Errors: in TableView::error.
#pragma once

#include "client-imgui/snapshot.hpp"
#include "storage/read_connection.hpp"

namespace satchel::window {

// The statement of a query, for tests; ?1 is the filter as a LIKE pattern, when there is one.
std::string table_sql(const Schema& schema, const Collection& collection, const TableQuery& query);

// The columns that a table of the collection has: all fields but long texts and bytes; money and
// its currency are one.
std::vector<Column> table_columns(const Collection& collection);

// The living records.
TableView read_table(storage::ReadConnection& reader, const Schema& schema,
                     const TableQuery& query);

// A LIKE pattern, with '\' as its escape, that finds `text` anywhere.
std::string like_pattern(std::string_view text);

}  // namespace satchel::window
