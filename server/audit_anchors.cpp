#include "server/audit_anchors.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <ctime>
#include <optional>

#include "server/data_directory.hpp"

namespace satchel::server {
namespace {

using storage::AuditHead;

constexpr std::size_t kMaxFileBytes = 64U << 20;  // noted every hour: some seventy years
constexpr std::size_t kHashDigits = 64;

std::string time_text(std::int64_t now_ms) {
    const std::time_t seconds = now_ms / 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string hex(const Digest& digest) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : digest) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

std::optional<Digest> digest_of(std::string_view text) {
    Digest digest{};
    for (std::size_t i = 0; i < kHashDigits; ++i) {
        const char c = text[i];
        const bool letter = c >= 'a' && c <= 'f';
        if (!letter && (c < '0' || c > '9')) return std::nullopt;
        const int nibble = letter ? c - 'a' + 10 : c - '0';
        digest[i / 2] = static_cast<std::uint8_t>(digest[i / 2] << 4 | nibble);
    }
    return digest;
}

std::string line_of(const AuditHead& head, std::int64_t now_ms) {
    return time_text(now_ms) + " " + std::to_string(head.count) + " " + hex(head.hash) + "\n";
}

// Nothing for a line that was cut short; corrupt for one that is none of ours.
Result<std::optional<AuditHead>> read_line(const std::string& line, const std::string& where) {
    const std::size_t first = line.find(' ');
    const std::size_t second = first == std::string::npos ? first : line.find(' ', first + 1);
    const bool whole = second != std::string::npos && line.size() >= second + 1 + kHashDigits;
    if (!whole) return std::optional<AuditHead>{};
    AuditHead head;
    const std::optional<Digest> digest = digest_of(std::string_view(line).substr(second + 1));
    bool sound = digest && line.size() == second + 1 + kHashDigits && second - first <= 20;
    for (std::size_t i = first + 1; sound && i < second; ++i) {
        sound = std::isdigit(static_cast<unsigned char>(line[i])) != 0;
        head.count = head.count * 10 + static_cast<std::uint64_t>(line[i] - '0');
    }
    if (!sound)
        return Error{ErrorCode::corrupt, where +
                                             " is no anchor: it should be a time, a number and "
                                             "a hash of 64 digits"};
    head.hash = *digest;
    return std::optional(head);
}

Result<std::string> text_of(const std::string& path) {
    return exists(path) ? read_small_file(path, kMaxFileBytes) : std::string();
}

Result<std::vector<AuditHead>> heads_in(const std::string& text, const std::string& path) {
    std::vector<AuditHead> heads;
    std::size_t number = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string where = "line " + std::to_string(++number) + " of " + path;
        SATCHEL_ASSIGN(const auto head, read_line(text.substr(at, end - at), where));
        if (head) heads.push_back(*head);
        at = end + 1;
    }
    return heads;
}

Status append(const std::string& path, const std::string& text) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) return system_error("cannot write " + path);
    const ssize_t written = ::write(file, text.data(), text.size());
    const bool done = written == static_cast<ssize_t>(text.size()) && fsync(file) == 0;
    const Status failed = done ? Status{} : Status{system_error("cannot write " + path)};
    ::close(file);
    return failed;
}

}  // namespace

Result<std::vector<AuditHead>> read_anchors(const std::string& path) {
    SATCHEL_ASSIGN(const std::string text, text_of(path));
    return heads_in(text, path);
}

Result<AuditHead> note_anchor(const std::string& path, const AuditHead& head, std::int64_t now_ms) {
    SATCHEL_ASSIGN(const std::string text, text_of(path));
    SATCHEL_ASSIGN(const std::vector<AuditHead> noted, heads_in(text, path));
    const AuditHead last = noted.empty() ? AuditHead{} : noted.back();
    if (!noted.empty() && last == head) return last;
    const bool cut_short = !text.empty() && text.back() != '\n';
    SATCHEL_TRY(append(path, (cut_short ? "\n" : "") + line_of(head, now_ms)));
    return last;
}

}  // namespace satchel::server
