// The table of the limits of messages (limits_table_test.cpp), and what writes messages item by
// item, because no writer of ours writes what is too much.
//
//     list(exactly(3), &scope_name)   a count of 3, and three names
//     list({1U << 31, 1}, &zero)      a count of 2^31, and a zero
#pragma once

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "sync/wire.hpp"

namespace satchel::testing {

// How many a message says there are, and how many follow.
struct Count {
    std::uint64_t said = 0;
    std::size_t there = 0;
};

constexpr Count exactly(std::size_t count) {
    return {count, count};
}

struct Limit {
    const char* name;
    std::uint64_t most;
    Bytes (*message)(Count count);
    ErrorCode above = ErrorCode::corrupt;  // what one more is refused with
    ErrorCode (*decode)(ByteView message) = nullptr;
};

inline void PrintTo(const Limit& limit, std::ostream* out) {
    *out << limit.name;
}

inline std::vector<Limit> read_by(ErrorCode (*decode)(ByteView), std::vector<Limit> limits) {
    for (Limit& each : limits)
        each.decode = decode;
    return limits;
}

template <typename T>
ErrorCode code_of(const Result<T>& result) {
    return result ? ErrorCode::ok : result.error().code;
}

template <typename... Number>
Bytes numbers(Number... all) {
    Writer out;
    (out.unsigned_integer(static_cast<std::uint64_t>(all)), ...);
    return out.take();
}

inline Bytes bin(ByteView bytes) {
    Writer out;
    out.bytes(bytes);
    return out.take();
}

inline Bytes text(ByteView utf8) {
    Writer out;
    out.text(utf8);
    return out.take();
}

inline Bytes nil() {
    Writer out;
    out.nil();
    return out.take();
}

template <typename Item>
Bytes items(std::size_t count, const Item& item) {
    Bytes all;
    for (std::size_t i = 0; i < count; ++i)
        all += item(i);
    return all;
}

template <typename Item>
Bytes list(Count count, const Item& item) {
    return numbers(count.said) + items(count.there, item);
}

// MessagePack's longest header of a text (0xDB) or a bin (0xC6): no length has more than 32 bits.
inline Bytes with_length(char kind, std::uint64_t said, const Bytes& body) {
    const auto length = static_cast<std::uint32_t>(std::min<std::uint64_t>(said, UINT32_MAX));
    Bytes bytes(1, kind);
    for (int shift = 24; shift >= 0; shift -= 8)
        bytes += static_cast<char>((length >> shift) & 0xFF);
    return bytes + body;
}

inline Bytes text_of(Count length) {
    const Bytes body(length.there, 'x');
    return length.said == length.there ? text(body) : with_length('\xDB', length.said, body);
}

inline Bytes id(std::size_t i) {
    Bytes bytes(16, '\0');
    bytes[0] = static_cast<char>((i >> 8) & 0xFF);
    bytes[1] = static_cast<char>(i & 0xFF);
    return bytes;
}

inline Bytes ids_of(Count count) {
    const Bytes body = items(count.there, &id);
    return count.said == count.there ? bin(body) : with_length('\xC6', count.said, body);
}

inline Bytes scope_name(std::size_t i) {
    return text("p:" + std::to_string(100'000 + i));
}

// What many lists consist of, where one item need not differ from the next.
inline Bytes zero(std::size_t) {
    return numbers(0);
}
inline Bytes null_column(std::size_t) {
    return bin(nil());
}
inline Bytes field_and_one(std::size_t i) {
    return numbers(i + 1, 1);
}

// Of changesets, states of records and schemas.
std::vector<Limit> limits_of_formats();

}  // namespace satchel::testing
