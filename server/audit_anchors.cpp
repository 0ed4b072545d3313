#include "server/audit_anchors.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <fstream>
#include <iterator>
#include <optional>

#include "server/data_directory.hpp"
#include "storage/bundle_keys.hpp"

namespace satchel::server {
namespace {

using storage::AuditAnchor;
using storage::AuditHead;

constexpr std::size_t kMaxFileBytes = 64U << 20;  // noted every hour: some seventy years
constexpr std::size_t kHashDigits = 64;
constexpr std::streamoff kLastBytes = 256;  // more than two lines

std::string time_text(std::int64_t now_ms) {
    const std::time_t seconds = now_ms / 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::optional<std::int64_t> time_of(const std::string& text) {
    std::tm parts{};
    const char* const end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    if (end == nullptr || *end != '\0') return std::nullopt;
    return std::int64_t{timegm(&parts)} * 1000;
}

std::string line_of(const AuditHead& head, std::int64_t now_ms) {
    return time_text(now_ms) + " " + std::to_string(head.count) + " " +
           storage::hex_text(view(head.hash)) + "\n";
}

// Nothing for a line that was cut short; corrupt for one that is none of ours.
Result<std::optional<AuditAnchor>> read_line(std::string_view line, const std::string& where) {
    const std::size_t first = line.find(' ');
    const std::size_t second = first == line.npos ? first : line.find(' ', first + 1);
    if (second == line.npos || line.size() < second + 1 + kHashDigits)
        return std::optional<AuditAnchor>{};
    AuditAnchor anchor;
    const auto time = time_of(std::string(line.substr(0, first)));
    const char* const end = line.data() + second;
    const auto number = std::from_chars(line.data() + first + 1, end, anchor.head.count);
    const Result<Bytes> bytes = storage::bytes_of_hex(line.substr(second + 1));
    const Result<Digest> hash = bytes ? digest_from_bytes(*bytes) : bytes.error();
    if (!hash || !time || number.ec != std::errc() || number.ptr != end)
        return Error{ErrorCode::corrupt, where +
                                             " is no head of an audit log: it should be a time, "
                                             "a number and a hash of 64 digits"};
    anchor.noted_at = *time;
    anchor.head.hash = *hash;
    return std::optional(anchor);
}

// The end of the file, with its last whole line; "" when there is none.
std::string last_bytes(const std::string& path) {
    std::ifstream in(path, std::ios::binary | std::ios::ate);
    if (!in) return "";
    const std::streamoff size = in.tellg();
    in.seekg(std::max<std::streamoff>(0, size - kLastBytes));
    return {std::istreambuf_iterator<char>(in), {}};
}

AuditHead last_head(std::string_view text) {
    while (text.ends_with('\n'))
        text.remove_suffix(1);
    const std::size_t begin = text.rfind('\n');
    const auto last = read_line(begin == text.npos ? text : text.substr(begin + 1), "");
    return last && *last ? (*last)->head : AuditHead{};
}

}  // namespace

Result<std::vector<AuditAnchor>> read_anchors(const std::string& path) {
    std::vector<AuditAnchor> anchors;
    const Result<std::string> text = read_small_file(path, kMaxFileBytes);
    if (!text && text.error().code == ErrorCode::not_found) return anchors;
    if (!text) return text.error();
    std::size_t number = 0;
    for (std::size_t at = 0; at < text->size();) {
        const std::size_t end = std::min(text->find('\n', at), text->size());
        const std::string where = "line " + std::to_string(++number) + " of " + path;
        SATCHEL_ASSIGN(const auto anchor,
                       read_line(std::string_view(*text).substr(at, end - at), where));
        if (anchor) anchors.push_back(*anchor);
        at = end + 1;
    }
    return anchors;
}

Result<AuditHead> note_anchor(const std::string& path, const AuditHead& head, std::int64_t now_ms) {
    const std::string text = last_bytes(path);
    const AuditHead last = last_head(text);
    const bool cut_short = !text.empty() && !text.ends_with('\n');
    if (last == head && !cut_short) return last;
    SATCHEL_TRY(append_to(path, (cut_short ? "\n" : "") + line_of(head, now_ms)));
    return last;
}

}  // namespace satchel::server
