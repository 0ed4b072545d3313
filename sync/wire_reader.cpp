// Byte tags after the msgpack specification (github.com/msgpack/msgpack/blob/master/spec.md).
#include "sync/limits.hpp"
#include "sync/wire.hpp"

namespace satchel {
namespace {

constexpr unsigned kNil = 0xC0;
constexpr unsigned kBin8 = 0xC4, kBin16 = 0xC5, kBin32 = 0xC6;
constexpr unsigned kUint8 = 0xCC, kUint16 = 0xCD, kUint32 = 0xCE, kUint64 = 0xCF;
constexpr unsigned kInt8 = 0xD0, kInt16 = 0xD1, kInt32 = 0xD2, kInt64 = 0xD3;
constexpr unsigned kStr8 = 0xD9, kStr16 = 0xDA, kStr32 = 0xDB;

}  // namespace

ByteView Reader::take(std::size_t size) {
    if (!ok_ || size > input_.size() - at_) {
        ok_ = false;
        return {};
    }
    const ByteView view = input_.substr(at_, size);
    at_ += size;
    return view;
}

std::uint64_t Reader::big_endian(std::size_t size) {
    std::uint64_t value = 0;
    for (const char c : take(size))
        value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

std::int64_t Reader::integer() {
    const ByteView head = take(1);
    if (head.empty()) return 0;
    const auto tag = static_cast<unsigned char>(head[0]);
    if (tag < 0x80) return tag;
    if (tag >= 0xE0) return static_cast<std::int64_t>(tag) - 256;
    std::uint64_t bits = 0;
    std::int64_t value = 0;
    bool canonical = true;
    switch (tag) {
        case kUint8:
            bits = big_endian(1);
            canonical = bits >= 0x80;
            break;
        case kUint16:
            bits = big_endian(2);
            canonical = bits > 0xFF;
            break;
        case kUint32:
            bits = big_endian(4);
            canonical = bits > 0xFFFF;
            break;
        case kUint64:
            bits = big_endian(8);
            canonical = bits > 0xFFFFFFFF && bits <= INT64_MAX;
            break;
        case kInt8:
            value = static_cast<std::int8_t>(big_endian(1));
            canonical = value < -32;
            break;
        case kInt16:
            value = static_cast<std::int16_t>(big_endian(2));
            canonical = value < INT8_MIN;
            break;
        case kInt32:
            value = static_cast<std::int32_t>(big_endian(4));
            canonical = value < INT16_MIN;
            break;
        case kInt64:
            value = static_cast<std::int64_t>(big_endian(8));
            canonical = value < INT32_MIN;
            break;
        default:
            canonical = false;
    }
    if (!canonical) ok_ = false;
    if (!ok_) return 0;
    return tag <= kUint64 ? static_cast<std::int64_t>(bits) : value;
}

std::uint64_t Reader::unsigned_integer() {
    if (ok_ && at_ < input_.size() && static_cast<unsigned char>(input_[at_]) == kUint64) {
        ++at_;
        const std::uint64_t bits = big_endian(8);
        if (bits <= 0xFFFFFFFF) ok_ = false;
        return ok_ ? bits : 0;
    }
    const std::int64_t value = integer();
    if (value < 0) ok_ = false;
    return ok_ ? static_cast<std::uint64_t>(value) : 0;
}

std::uint64_t Reader::bounded(std::uint64_t limit) {
    const std::uint64_t value = unsigned_integer();
    if (value > limit) ok_ = false;
    return ok_ ? value : 0;
}

std::size_t Reader::length(std::size_t size, std::uint64_t least) {
    const std::uint64_t value = big_endian(size);
    if (value < least) ok_ = false;  // a shorter form exists
    return static_cast<std::size_t>(value);
}

ByteView Reader::str_or_bin(bool want_text) {
    const ByteView head = take(1);
    if (head.empty()) return {};
    const auto tag = static_cast<unsigned char>(head[0]);
    const bool is_text = (tag >= 0xA0 && tag <= 0xBF) || (tag >= kStr8 && tag <= kStr32);
    const bool is_bytes = tag >= kBin8 && tag <= kBin32;
    if (want_text ? !is_text : !is_bytes) {
        ok_ = false;
        return {};
    }
    std::size_t size = tag & 0x1FU;
    if (tag == kStr8) size = length(1, 32);
    if (tag == kBin8) size = length(1, 0);
    if (tag == kStr16 || tag == kBin16) size = length(2, 0x100);
    if (tag == kStr32 || tag == kBin32) size = length(4, 0x10000);
    const ByteView body = take(size);
    if (want_text && !is_utf8(body)) ok_ = false;
    return ok_ ? body : ByteView{};
}

ByteView Reader::text() {
    return str_or_bin(true);
}
ByteView Reader::bytes() {
    return str_or_bin(false);
}

ValueView Reader::value() {
    if (!ok_ || at_ >= input_.size()) {
        ok_ = false;
        return {};
    }
    const auto tag = static_cast<unsigned char>(input_[at_]);
    if (tag == kNil) {
        ++at_;
        return {};
    }
    if ((tag >= 0xA0 && tag <= 0xBF) || (tag >= kStr8 && tag <= kStr32))
        return {ValueType::text, 0, text()};
    if (tag >= kBin8 && tag <= kBin32) return {ValueType::bytes, 0, bytes()};
    return {ValueType::integer, integer(), {}};
}

RecordId Reader::record_id() {
    const ByteView view = bytes();
    auto id = RecordId::from_bytes(view);
    if (!id) ok_ = false;
    return ok_ ? *id : RecordId{};
}

ReplicaId Reader::replica() {
    ReplicaId replica;
    replica.id = unsigned_integer();
    replica.incarnation = static_cast<std::uint32_t>(bounded(UINT32_MAX));
    return replica;
}

Dot Reader::dot() {
    Dot dot;
    dot.replica = replica();
    dot.counter = unsigned_integer();
    return dot;
}

Error Reader::error(std::string_view what) const {
    return {ErrorCode::corrupt, std::string(what) + " is damaged at byte " + std::to_string(at_) +
                                    " of " + std::to_string(input_.size())};
}

Status Reader::finish(std::string_view what) const {
    if (!ok_ || !at_end()) return error(what);
    return {};
}

}  // namespace satchel
