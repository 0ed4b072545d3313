#include "storage/row_batch.hpp"

#include <cassert>

namespace satchel::storage {

void RowBatch::add(const TableInfo& table, const RecordId& id,
                   const std::vector<ValueView>& registers, ByteView meta) {
    assert(!is_full() && (is_empty() || table_ == &table));
    std::size_t bytes = bytes_.size() + id.view().size() + meta.size();
    for (const ValueView& value : registers)
        bytes += value.bytes.size();
    // Whatever can fail comes first: a row is here whole or not at all.
    bytes_.reserve(bytes);
    values_.reserve(values_.size() + registers.size() + 2);
    add({ValueType::bytes, 0, id.view()});
    for (const ValueView& value : registers)
        add(value);
    add({ValueType::bytes, 0, meta});
    table_ = &table;
    ++rows_;
}

void RowBatch::add(const ValueView& value) {
    bytes_ += value.bytes;
    values_.push_back(value);
}

const std::vector<ValueView>& RowBatch::values() {
    const char* at = bytes_.data();
    for (ValueView& value : values_) {
        value.bytes = {at, value.bytes.size()};
        at += value.bytes.size();
    }
    return values_;
}

void RowBatch::clear() {
    table_ = nullptr;
    rows_ = 0;
    values_.clear();
    bytes_.clear();
}

}  // namespace satchel::storage
