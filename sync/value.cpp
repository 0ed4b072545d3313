#include "sync/value.hpp"

#include <array>
#include <charconv>

namespace satchel {
namespace {

constexpr char kHex[] = "0123456789abcdef";

void append_escaped(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\t':
            out += "\\t";
            return;
        case '\r':
            out += "\\r";
            return;
        default:
            break;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
        out += "\\u00";
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    } else {
        out += c;
    }
}

Error bad_text() {
    return {ErrorCode::invalid_argument,
            "not a value: write null, 42, \"text\" or x'0aff' (bytes in hexadecimal)"};
}

// The character after a backslash at `at`, which is moved behind it.
Result<char> unescape(std::string_view body, std::size_t& at) {
    constexpr std::array<std::pair<char, char>, 6> kEscapes{
        {{'n', '\n'}, {'t', '\t'}, {'r', '\r'}, {'"', '"'}, {'\\', '\\'}, {'/', '/'}}};
    if (at >= body.size()) return bad_text();
    const char kind = body[at++];
    for (const auto& [name, value] : kEscapes)
        if (name == kind) return value;
    unsigned code = 0;
    if (kind != 'u' || at + 4 > body.size()) return bad_text();
    const auto [end, error] = std::from_chars(body.data() + at, body.data() + at + 4, code, 16);
    if (error != std::errc{} || end != body.data() + at + 4 || code >= 0x80) return bad_text();
    at += 4;
    return static_cast<char>(code);
}

Result<Value> parse_text(std::string_view body) {
    std::string out;
    for (std::size_t at = 0; at < body.size();) {
        const char c = body[at++];
        if (c == '"') return bad_text();
        if (c != '\\') {
            out += c;
            continue;
        }
        SATCHEL_ASSIGN(const char plain, unescape(body, at));
        out += plain;
    }
    if (!is_utf8(out)) return Error{ErrorCode::invalid_argument, "the text is not valid UTF-8"};
    return Value::text(out);
}

Result<Value> parse_hex(std::string_view digits) {
    if (digits.size() % 2 != 0) return bad_text();
    std::string out;
    for (std::size_t at = 0; at < digits.size(); at += 2) {
        unsigned byte = 0;
        const char* begin = digits.data() + at;
        const auto [end, error] = std::from_chars(begin, begin + 2, byte, 16);
        if (error != std::errc{} || end != begin + 2) return bad_text();
        out += static_cast<char>(byte);
    }
    return Value::bytes(out);
}

}  // namespace

Result<Value> Value::parse(std::string_view text) {
    if (text == "null") return Value{};
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
        return parse_text(text.substr(1, text.size() - 2));
    if (text.size() >= 3 && text.starts_with("x'") && text.back() == '\'')
        return parse_hex(text.substr(2, text.size() - 3));
    std::int64_t integer = 0;
    const char* stop = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), stop, integer);
    if (error != std::errc{} || end != stop || text.empty()) return bad_text();
    return Value(integer);
}

std::string Value::text_form() const {
    std::string out;
    switch (type_) {
        case ValueType::null:
            return "null";
        case ValueType::integer:
            return std::to_string(integer_);
        case ValueType::text:
            out += '"';
            for (const char c : bytes_)
                append_escaped(out, c);
            out += '"';
            return out;
        case ValueType::bytes:
            out += "x'";
            for (const char c : bytes_) {
                out += kHex[static_cast<unsigned char>(c) >> 4];
                out += kHex[static_cast<unsigned char>(c) & 15];
            }
            out += '\'';
            return out;
    }
    return out;
}

bool is_utf8(ByteView bytes) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    for (std::size_t i = 0; i < bytes.size();) {
        const unsigned lead = byte(i);
        if (lead < 0x80) {
            ++i;
            continue;
        }
        const std::size_t size = lead >= 0xF0 ? 4U : lead >= 0xE0 ? 3U : 2U;
        if (lead < 0xC2 || lead > 0xF4 || i + size > bytes.size()) return false;
        const unsigned second = byte(i + 1);
        const unsigned low = lead == 0xE0 ? 0xA0U : lead == 0xF0 ? 0x90U : 0x80U;
        const unsigned high = lead == 0xED ? 0x9FU : lead == 0xF4 ? 0x8FU : 0xBFU;
        if (second < low || second > high) return false;
        for (std::size_t k = 2; k < size; ++k)
            if ((byte(i + k) & 0xC0U) != 0x80U) return false;
        i += size;
    }
    return true;
}

}  // namespace satchel
