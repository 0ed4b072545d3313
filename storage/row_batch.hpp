// RowBatch: new rows of one collection that wait until there are enough of them for one statement.
// SQLite takes a third less time for a row when sixteen come at once: most of a small INSERT is
// the beginning and the end of a statement, and finding the end of the table again.
//
//     batch.add(table, id, registers, meta);
//     if (batch.is_full()) write(batch.values());
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <vector>

#include "sync/ids.hpp"
#include "sync/value.hpp"

namespace satchel::storage {

struct TableInfo;

class RowBatch {
  public:
    static constexpr std::size_t kRows = 16;  // 60 at once are not quicker

    bool is_empty() const { return rows_ == 0; }
    bool is_full() const { return rows_ == kRows; }
    // Of all rows; nullptr when there are none.
    const TableInfo* table() const { return table_; }

    // Copies the row. Requires: room for it, and the same table as the rows before it.
    void add(const TableInfo& table, const RecordId& id, const std::vector<ValueView>& registers,
             ByteView meta);
    // Row by row: id, registers, metadata. Lives until the next call.
    const std::vector<ValueView>& values();
    void clear();

  private:
    const TableInfo* table_ = nullptr;
    std::size_t rows_ = 0;
    std::vector<ValueView> values_;  // of their bytes only the lengths count, until values()
    Bytes bytes_;                    // one value's after the other's
};

}  // namespace satchel::storage
