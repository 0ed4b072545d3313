#include "sync/ids.hpp"

#include <charconv>

namespace satchel {
namespace {

constexpr char kHex[] = "0123456789abcdef";

std::string hex_text(const std::array<std::uint8_t, 16>& bytes) {
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += kHex[bytes[i] >> 4];
        text += kHex[bytes[i] & 15];
    }
    return text;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Reads 8-4-4-4-12 hex digits, or 32 without dashes.
bool parse_hex(std::string_view text, std::array<std::uint8_t, 16>& bytes) {
    const bool dashes = text.size() == 36;
    if (!dashes && text.size() != 32) return false;
    std::size_t at = 0;
    for (std::size_t i = 0; i < 16; ++i) {
        if (dashes && (i == 4 || i == 6 || i == 8 || i == 10) && text[at++] != '-') return false;
        const int high = hex_digit(text[at]);
        const int low = hex_digit(text[at + 1]);
        if (high < 0 || low < 0) return false;
        bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
        at += 2;
    }
    return true;
}

template <typename Id>
Result<Id> parse_id(std::string_view text, const char* what) {
    Id id;
    if (!parse_hex(text, id.bytes))
        return Error{ErrorCode::invalid_argument,
                     "'" + std::string(text.substr(0, 64)) + "' is not " + what +
                         " (32 hexadecimal digits, with or without dashes)"};
    return id;
}

template <typename Id>
Result<Id> id_from_bytes(ByteView view, const char* what) {
    Id id;
    if (view.size() != id.bytes.size())
        return Error{ErrorCode::corrupt,
                     std::string(what) + " has 16 bytes, not " + std::to_string(view.size())};
    for (std::size_t i = 0; i < view.size(); ++i)
        id.bytes[i] = static_cast<std::uint8_t>(view[i]);
    return id;
}

template <typename Number>
bool parse_number(std::string_view text, Number& value, int base) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, base);
    return error == std::errc{} && stop == end && !text.empty();
}

}  // namespace

Result<RecordId> RecordId::parse(std::string_view text) {
    return parse_id<RecordId>(text, "a record id");
}
Result<RecordId> RecordId::from_bytes(ByteView view) {
    return id_from_bytes<RecordId>(view, "a record id");
}
std::string RecordId::text() const {
    return hex_text(bytes);
}

Result<ChangeId> ChangeId::parse(std::string_view text) {
    return parse_id<ChangeId>(text, "a change id");
}
Result<ChangeId> ChangeId::from_bytes(ByteView view) {
    return id_from_bytes<ChangeId>(view, "a change id");
}
std::string ChangeId::text() const {
    return hex_text(bytes);
}

Result<ReplicaId> ReplicaId::parse(std::string_view text) {
    ReplicaId replica;
    const auto point = text.find('.');
    const bool id_ok = parse_number(text.substr(0, point), replica.id, 16);
    const bool incarnation_ok = point == std::string_view::npos ||
                                parse_number(text.substr(point + 1), replica.incarnation, 10);
    if (!id_ok || !incarnation_ok)
        return Error{ErrorCode::invalid_argument, "'" + std::string(text.substr(0, 64)) +
                                                      "' is not a replica id such as 1f3a.2"};
    return replica;
}

std::string ReplicaId::text() const {
    char digits[16];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, id, 16);
    std::string text(digits, end);
    if (incarnation != 1) text += '.' + std::to_string(incarnation);
    return text;
}

Result<Dot> Dot::parse(std::string_view text) {
    const auto colon = text.find(':');
    Dot dot;
    if (colon == std::string_view::npos || !parse_number(text.substr(colon + 1), dot.counter, 10))
        return Error{ErrorCode::invalid_argument,
                     "'" + std::string(text.substr(0, 64)) + "' is not a dot such as 1f3a:17"};
    SATCHEL_ASSIGN(dot.replica, ReplicaId::parse(text.substr(0, colon)));
    return dot;
}

std::string Dot::text() const {
    return replica.text() + ':' + std::to_string(counter);
}

RecordId RecordIdMaker::next(std::int64_t now_ms, Random& random) {
    constexpr std::uint32_t kCountLimit = 1U << 26;
    const auto now = static_cast<std::uint64_t>(now_ms < 0 ? 0 : now_ms) & 0xFFFF'FFFF'FFFFU;
    if (now > last_ms_) {
        last_ms_ = now;
        count_ = static_cast<std::uint32_t>(random.next() & 0xFFFFF);  // room to count upwards
    } else if (++count_ >= kCountLimit) {
        ++last_ms_;
        count_ = 0;
    }
    RecordId id;
    for (std::size_t i = 0; i < 6; ++i)
        id.bytes[i] = static_cast<std::uint8_t>(last_ms_ >> (40 - 8 * i));
    const std::uint32_t high = count_ >> 14;
    const std::uint32_t low = count_ & 0x3FFF;
    id.bytes[6] = static_cast<std::uint8_t>(0x70 | (high >> 8));
    id.bytes[7] = static_cast<std::uint8_t>(high);
    id.bytes[8] = static_cast<std::uint8_t>(0x80 | (low >> 8));
    id.bytes[9] = static_cast<std::uint8_t>(low);
    const std::uint64_t tail = random.next();
    for (std::size_t i = 0; i < 6; ++i)
        id.bytes[10 + i] = static_cast<std::uint8_t>(tail >> (8 * i));
    return id;
}

ChangeId make_change_id(Random& random) {
    ChangeId id;
    for (std::size_t half = 0; half < 2; ++half) {
        const std::uint64_t bits = random.next();
        for (std::size_t i = 0; i < 8; ++i)
            id.bytes[half * 8 + i] = static_cast<std::uint8_t>(bits >> (8 * i));
    }
    return id;
}

}  // namespace satchel
