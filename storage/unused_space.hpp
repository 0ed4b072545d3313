// SQLite's PRAGMA secure_delete overwrites what is deleted. But where a page is put together anew,
// a copy of a row that has moved to another page can stay in the unused space between the page's
// list of rows and the rows. This clears that space of each page that goes into the file.
//
// Threads: those of the connection.
#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <span>

namespace satchel::storage {

// The unused bytes of one page of a database file: what no row, list or header of SQLite's
// "Database File Format", section 1.6, uses. Empty for a page that does not look like one of a
// table or an index (SQLite clears others itself), and for one that is damaged.
std::span<std::byte> unused_space(std::span<std::byte> page, bool is_first);

// From now on whatever this connection writes into the pages of its main file goes there with its
// unused space cleared. Pages in the log stay as they are. Only for a file without a key, opened
// over SQLite's own layer or another that does not look into pages, whose auto_vacuum is off, and
// that has less than 2^25 pages: pages of a map, and links to such far ones, look like a tree's.
void clear_unused_space(sqlite3* connection);

}  // namespace satchel::storage
