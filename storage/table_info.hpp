// TableInfo: how one collection stands in SQL, worked out once per schema: its columns, and the
// texts of the statements that read and write its rows (storage/record_tables.hpp runs them).
//
// Threads: that of the Database whose statements are kept.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/sqlite.hpp"
#include "sync/meta.hpp"
#include "sync/schema.hpp"

namespace satchel::storage {

struct TableInfo {
    const Collection* collection = nullptr;
    Layout layout;
    std::vector<std::size_t> register_fields;  // layout column -> position in collection->fields
    mutable KeptStatement select;  // by id: register columns, _seq, _scope, _meta, _more
    mutable KeptStatement insert;  // id, all field columns, _seq, _scope, _meta, _more
    // id, register columns, _seq, _scope, _meta, _more, if not there
    mutable KeptStatement insert_plain;
    // Rows that were never confirmed, if not there: id, register columns, _meta of each.
    mutable KeptStatement insert_one;
    mutable KeptStatement insert_many;   // RowBatch::kRows of them
    mutable KeptStatement select_place;  // _seq, _scope by id
    mutable KeptStatement update_place;  // _seq, _scope by id
    mutable KeptStatement remove;        // by id
};

// The SQL name of something: quoted, quotes doubled.
std::string quoted(std::string_view name);

// `collection` must outlive what is given.
TableInfo make_table_info(const Collection& collection);

}  // namespace satchel::storage
