// Value: what one field of a record holds. Four types and no more: nothing (null), an integer, a
// text, bytes. There is one integer type and no floating point, so equal values have equal bytes
// on every machine; money is an integer of minor units beside its currency, dates are days.
//
// Text form (tests, logs, command line): null, 42, "text" with JSON escapes, x'0aff'.
// Text is UTF-8 in NFC; `storage` brings it there before a value is written (docs/formats.md).
// Threads: values, free to copy. ValueView borrows; its owner must outlive it.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "sync/ids.hpp"

namespace satchel {

enum class ValueType : std::uint8_t { null, integer, text, bytes };

struct ValueView {
    ValueType type = ValueType::null;
    std::int64_t integer = 0;
    ByteView bytes;  // of text and bytes

    bool is_null() const { return type == ValueType::null; }
    bool operator==(const ValueView&) const = default;
};

class Value {
  public:
    Value() = default;
    explicit Value(std::int64_t integer) : type_(ValueType::integer), integer_(integer) {}
    explicit Value(const ValueView& view)
        : type_(view.type), integer_(view.integer), bytes_(view.bytes) {}
    static Value text(ByteView text) { return Value(ValueView{ValueType::text, 0, text}); }
    static Value bytes(ByteView bytes) { return Value(ValueView{ValueType::bytes, 0, bytes}); }
    static Value id(const RecordId& id) { return bytes(id.view()); }

    static Result<Value> parse(std::string_view text);
    std::string text_form() const;

    ValueType type() const { return type_; }
    bool is_null() const { return type_ == ValueType::null; }
    std::int64_t integer() const { return integer_; }  // 0 unless an integer
    const Bytes& as_bytes() const { return bytes_; }   // empty unless text or bytes
    ValueView view() const { return {type_, integer_, bytes_}; }

    // null < integers < texts < bytes; texts and bytes compare by their bytes.
    auto operator<=>(const Value&) const = default;

  private:
    ValueType type_ = ValueType::null;
    std::int64_t integer_ = 0;
    Bytes bytes_;
};

// Valid UTF-8: shortest forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(ByteView bytes);

}  // namespace satchel
