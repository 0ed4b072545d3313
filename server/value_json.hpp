// A value as people and scripts read it in JSON: null, an integer, a text; references as record
// ids; other bytes as {"bytes": "0aff"}.
//
// Threads: pure. Errors: none.
#pragma once

#include "server/json_body.hpp"
#include "sync/schema.hpp"
#include "sync/value.hpp"

namespace satchel::server {

inline Json value_json(const Value& value, FieldKind kind) {
    switch (value.type()) {
        case ValueType::integer:
            return value.integer();
        case ValueType::text:
            return value.as_bytes();
        case ValueType::null:
            return nullptr;
        case ValueType::bytes:
            break;
    }
    const Result<RecordId> id = RecordId::from_bytes(value.as_bytes());
    if (kind == FieldKind::reference && id) return id->text();
    std::string digits;
    for (const char byte : value.as_bytes()) {
        digits += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4U];
        digits += "0123456789abcdef"[static_cast<unsigned char>(byte) & 0xfU];
    }
    return {{"bytes", digits}};
}

}  // namespace satchel::server
