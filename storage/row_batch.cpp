#include "storage/row_batch.hpp"

#include <algorithm>
#include <cassert>

namespace satchel::storage {

void RowBatch::add(const TableInfo& table, const RecordId& id,
                   const std::vector<ValueView>& registers, ByteView meta) {
    assert(!is_full() && (is_empty() || table_ == &table));
    std::size_t more = id.view().size() + meta.size();
    for (const ValueView& value : registers)
        more += value.bytes.size();
    // Whatever can fail comes first: a row is here whole or not at all.
    values_.reserve(values_.size() + registers.size() + 2);
    bytes_.resize(bytes_.size() + more);
    char* to = bytes_.data() + bytes_.size() - more;
    const auto add_value = [this, &to](const ValueView& value) {
        to = std::copy_n(value.bytes.data(), value.bytes.size(), to);
        values_.push_back(value);
    };
    add_value({ValueType::bytes, 0, id.view()});
    for (const ValueView& value : registers)
        add_value(value);
    add_value({ValueType::bytes, 0, meta});
    table_ = &table;
    ++rows_;
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
