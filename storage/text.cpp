#include "storage/text.hpp"

#include <utf8proc.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace satchel::storage {
namespace {

// In these ranges every code point is its own normal form C and joins with no neighbour of these
// ranges (Unicode's NFC_Quick_Check=Yes and combining class 0; a test asks utf8proc for each).
struct Range {
    char32_t first;
    char32_t last;
};
constexpr Range kStable[] = {
    {0x0001, 0x02FF},  // Latin; the combining marks begin behind it
    {0x2002, 0x20CF},  // dashes, quotes, ellipsis, currency; U+2000 and U+2001 decompose
    {0x3001, 0x3029},  // Chinese punctuation; tone marks begin behind it
    {0x4E00, 0x9FFF},  // the unified ideographs
    {0xFF00, 0xFFEF},  // full-width forms
};

bool is_stable(char32_t point) {
    for (const Range& range : kStable)
        if (point >= range.first && point <= range.last) return true;
    return false;
}

struct Character {
    char32_t point;
    std::size_t bytes;  // 0: not UTF-8
};

bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// The first character of a text that is not empty, as Unicode's table 3-7 has it: no overlong
// forms, no surrogates, nothing beyond U+10FFFF.
Character decode(ByteView text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0x80) return {lead, 1};
    const std::size_t bytes = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {0, 0};
    char32_t point = lead & (0xFFU >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        if (!is_continuation(text[i])) return {0, 0};
        point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
    }
    constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool is_surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (point < kSmallest[bytes] || is_surrogate || point > 0x10FFFF) return {0, 0};
    return {point, bytes};
}

// Of eight bytes none is NUL and none outside of ASCII.
bool is_ascii_word(const char* bytes) {
    constexpr std::uint64_t kHigh = 0x8080808080808080U;
    constexpr std::uint64_t kOnes = 0x0101010101010101U;
    std::uint64_t word;
    std::memcpy(&word, bytes, 8);
    return ((word | (word - kOnes)) & kHigh) == 0;
}

// Where the text is no longer ASCII without NUL, or somewhat before.
std::size_t skip_ascii(ByteView text, std::size_t at) {
    const std::size_t start = at;
    for (; at + 8 <= text.size(); at += 8)
        if (!is_ascii_word(text.data() + at)) return at;
    // The last bytes, together with some that have been looked at.
    const bool has_word = text.size() >= start + 8;
    if (has_word && is_ascii_word(text.data() + text.size() - 8)) return text.size();
    while (at < text.size() && static_cast<signed char>(text[at]) > 0)
        ++at;
    return at;
}

bool is_mark(char32_t point) {
    return utf8proc_get_property(static_cast<utf8proc_int32_t>(point))->combining_class != 0;
}

enum class Verdict { stable, needs_normalising, holds_nul, not_utf8, too_many_marks };

struct Scan {
    Verdict verdict;
    std::size_t at;  // the byte where it was found out, when the text is refused

    bool refused() const { return verdict > Verdict::needs_normalising; }
};

Scan scan(ByteView text) {
    bool stable = true;
    std::size_t marks = 0;
    for (std::size_t at = skip_ascii(text, 0); at < text.size();) {
        const auto [point, bytes] = decode(text.substr(at));
        if (bytes == 0) return {Verdict::not_utf8, at};
        if (point == 0) return {Verdict::holds_nul, at};
        const bool plain = is_stable(point);
        stable = stable && plain;
        marks = !plain && is_mark(point) ? marks + 1 : 0;
        if (marks > kMaxMarksInARow) return {Verdict::too_many_marks, at};
        at += bytes;
        if (bytes == 1) at = skip_ascii(text, at);
    }
    return {stable ? Verdict::stable : Verdict::needs_normalising, 0};
}

struct Free {
    void operator()(utf8proc_uint8_t* memory) const { std::free(memory); }
};

Result<Bytes> normalise(ByteView text) {
    utf8proc_uint8_t* mapped = nullptr;
    const utf8proc_ssize_t size =
        utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                     static_cast<utf8proc_ssize_t>(text.size()), &mapped,
                     static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    const std::unique_ptr<utf8proc_uint8_t, Free> owner(mapped);
    if (size < 0) return Error{ErrorCode::internal, utf8proc_errmsg(size)};
    return Bytes(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size));
}

Error refusal(const Scan& found) {
    const std::string where = " (byte " + std::to_string(found.at) + ")";
    if (found.verdict == Verdict::holds_nul)
        return {ErrorCode::invalid_argument,
                "the text holds a NUL character" + where +
                    ", where other programs would cut it off; remove it"};
    if (found.verdict == Verdict::too_many_marks)
        return {ErrorCode::limit,
                "the text stacks too many marks on one letter" + where + "; remove some"};
    return {ErrorCode::invalid_argument, "the text is not UTF-8" + where + "; convert it first"};
}

}  // namespace

bool is_canonical_text(ByteView text) {
    const Scan found = scan(text);
    if (found.refused()) return false;
    if (found.verdict == Verdict::stable) return true;
    const auto normal = normalise(text);
    return normal && *normal == text;
}

Result<Bytes> canonical_text(ByteView text) {
    const Scan found = scan(text);
    if (found.refused()) return refusal(found);
    if (found.verdict == Verdict::stable) return Bytes(text);
    return normalise(text);
}

}  // namespace satchel::storage
