#include "cli/console.hpp"

#include <algorithm>
#include <cstdio>

namespace satchel::cli {
namespace {

constexpr std::size_t kMaxColumnWidth = 48;

struct Character {
    char32_t code = 0;
    std::size_t bytes = 1;
};

Character character_at(std::string_view text) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const unsigned first = byte(0);
    if (first < 0x80) return {first, 1};
    const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    char32_t code = first & (0x7FU >> size);
    for (std::size_t i = 1; i < size; ++i)
        code = code << 6 | (byte(i) & 0x3FU);
    return {code, std::min(size, text.size())};
}

// The blocks of Unicode that terminals draw two columns wide (UAX 11, the common ones).
bool is_wide(char32_t code) {
    return (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
           (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
           (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF00 && code <= 0xFF60) ||
           (code >= 0xFFE0 && code <= 0xFFE6) || (code >= 0x1F300 && code <= 0x1FAFF) ||
           (code >= 0x20000 && code <= 0x3FFFD);
}

bool is_control(char32_t code) {
    return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

// Not fmt::print: that throws when the disk is full. finish() looks at what became of it.
void write_line(std::FILE* to, std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), to);
    std::fputc('\n', to);
}

}  // namespace

std::string visible(std::string_view text) {
    std::string shown;
    while (!text.empty()) {
        const Character character = character_at(text);
        if (is_control(character.code) && character.code != '\n' && character.code != '\t')
            shown += fmt::format("\\x{:02x}", static_cast<unsigned>(character.code));
        else
            shown += text.substr(0, character.bytes);
        text.remove_prefix(character.bytes);
    }
    return shown;
}

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        const Character character = character_at(text);
        width += is_wide(character.code) ? 2 : 1;
        text.remove_prefix(character.bytes);
    }
    return width;
}

std::string clipped(std::string_view whole, std::size_t width) {
    const std::string shown = visible(whole);
    std::string_view text = shown;
    std::string kept;
    std::size_t used = 0;
    while (!text.empty()) {
        const Character character = character_at(text);
        const std::size_t wide = is_wide(character.code) ? 2 : 1;
        if (used + wide > width - 1 && text.size() > character.bytes) return kept + "…";
        used += wide;
        if (is_control(character.code))
            kept += ' ';  // one line
        else
            kept += text.substr(0, character.bytes);
        text.remove_prefix(character.bytes);
    }
    return kept;
}

std::string dump(const Json& value, int indent) {
    return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

void Console::line(std::string_view text) {
    write_line(stdout, visible(text));
}

void Console::note(std::string_view text) {
    if (!json) write_line(stderr, visible(text));
}

void Console::note_ownerless() {
    note(
        text("Nobody has logged in with this file yet, so what is new belongs to nobody, and head "
             "office does not accept that. Log in before you make records; what it refused, "
             "'satchel resend' sends again as yours.",
             "尚无人用本文件登录,新建的记录没有负责人,总部不会接受。请先登录再新建;"
             "已被拒绝的可用 satchel resend 以您的名义重新提交。"));
}

void Console::table(const std::vector<std::string>& header,
                    std::vector<std::vector<std::string>> rows) {
    if (json) return;
    for (auto& row : rows)
        for (std::string& cell : row)
            cell = visible(cell);
    std::vector<std::size_t> widths;
    for (const std::string& name : header)
        widths.push_back(display_width(name));
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i)
            widths[i] = std::max(widths[i], std::min(display_width(row[i]), kMaxColumnWidth));
    const auto print = [&](const std::vector<std::string>& cells) {
        std::string text;
        for (std::size_t i = 0; i < cells.size() && i < widths.size(); ++i) {
            const std::string cell = clipped(cells[i], std::max<std::size_t>(widths[i], 1) + 1);
            text += cell;
            if (i + 1 == cells.size()) break;
            text.append(widths[i] + 2 - std::min(display_width(cell), widths[i]), ' ');
        }
        line(text);
    };
    print(header);
    for (const auto& row : rows)
        print(row);
}

void Console::result(const Json& value) {
    if (json) write_line(stdout, dump(value));
}

int Console::fail(const Error& error, const Json& more) {
    const int status = static_cast<int>(exit_status(error.code));
    if (json) {
        Json told = {
            {"code", std::string(name(error.code))}, {"message", error.message}, {"exit", status}};
        told.update(more);
        result({{"error", told}});
    } else {
        std::fflush(stdout);
        write_line(stderr, visible("satchel: " + client::words(error, language)));
    }
    return status;
}

int Console::finish(int status) {
    const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    if (written || status != 0) return status;
    write_line(stderr, "satchel: " + output_lost().message);
    return static_cast<int>(exit_status(output_lost().code));
}

Error output_lost() {
    return {ErrorCode::io, "writing the answer failed; is the disk full?"};
}

}  // namespace satchel::cli
