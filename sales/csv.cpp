#include "sales/csv.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace satchel::sales {
namespace {

constexpr std::size_t kExcerptCharacters = 24;
constexpr std::array<std::string_view, 8> kSpaces = {" ",  "\t", "\r",       "\n",
                                                     "\v", "\f", "\xC2\xA0", "\xE3\x80\x80"};

constexpr std::string_view kDelimiters = ",;\t";

// The delimiter that the first line has most of outside quotes; a comma when there is none. Quotes
// count at the beginning of a cell only, as they do for the reader.
char find_delimiter(std::string_view text) {
    std::array<std::size_t, kDelimiters.size()> counts{};
    bool quoted = false;
    bool begins = true;  // a cell
    for (const char c : text) {
        const bool turns = c == '"' && (quoted || begins);
        if (turns) quoted = !quoted;
        begins = turns && !quoted;  // a second quote behind it goes on with the cell
        if (quoted) continue;
        if (c == '\n') break;
        const std::size_t which = kDelimiters.find(c);
        if (which == std::string_view::npos) continue;
        begins = true;
        ++counts[which];
    }
    const auto most = std::max_element(counts.begin(), counts.end());
    return kDelimiters[static_cast<std::size_t>(most - counts.begin())];
}

// Also for the other delimiters, which a reader that looks for one would count.
bool needs_quotes(std::string_view cell) {
    return cell.find_first_of("\"\r\n") != std::string_view::npos ||
           cell.find_first_of(kDelimiters) != std::string_view::npos;
}

void append_quoted(Bytes& out, std::string_view cell) {
    out += '"';
    for (const char c : cell) {
        if (c == '"') out += '"';
        out += c;
    }
    out += '"';
}

std::string fields(std::size_t count) {
    return std::to_string(count) + (count == 1 ? " field" : " fields");
}

}  // namespace

std::string_view trimmed(std::string_view text) {
    const auto starts = [&](std::string_view space) { return text.starts_with(space); };
    const auto ends = [&](std::string_view space) { return text.ends_with(space); };
    for (auto space = std::find_if(kSpaces.begin(), kSpaces.end(), starts); space != kSpaces.end();
         space = std::find_if(kSpaces.begin(), kSpaces.end(), starts))
        text.remove_prefix(space->size());
    for (auto space = std::find_if(kSpaces.begin(), kSpaces.end(), ends); space != kSpaces.end();
         space = std::find_if(kSpaces.begin(), kSpaces.end(), ends))
        text.remove_suffix(space->size());
    return text;
}

std::string excerpt(std::string_view cell) {
    std::size_t characters = 0;
    for (std::size_t at = 0; at < cell.size(); ++at) {
        const bool begins = (static_cast<unsigned char>(cell[at]) & 0xC0U) != 0x80U;
        if (begins && ++characters > kExcerptCharacters)
            return std::string(cell.substr(0, at)) + "…";
    }
    return std::string(cell);
}

Result<CsvReader> CsvReader::open(std::string_view text) {
    CsvReader reader(text);
    reader.skip_empty_lines();
    if (reader.at_ >= text.size())
        return Error{ErrorCode::invalid_argument,
                     "the file is empty: its first line must name the columns"};
    reader.delimiter_ = find_delimiter(text.substr(reader.at_));
    const bool whole = reader.read_row();
    if (reader.row_.cells.size() > kMaxCsvColumns)
        return Error{ErrorCode::limit, "the header has more than " +
                                           std::to_string(kMaxCsvColumns) +
                                           " columns: leave out those that are not imported"};
    if (!whole)
        return Error{ErrorCode::invalid_argument, "line " + std::to_string(reader.problem_.line) +
                                                      ", the header: " + reader.problem_.message};
    SATCHEL_TRY(reader.check_header());
    return reader;
}

Status CsvReader::check_header() {
    std::map<std::string, std::size_t> seen;
    for (const std::string& cell : row_.cells) {
        const std::string column(trimmed(cell));
        header_.push_back(column);
        if (column.empty())
            return Error{ErrorCode::invalid_argument, "column " + std::to_string(header_.size()) +
                                                          " has no name: give it one in line " +
                                                          std::to_string(row_.line)};
        const auto [first, is_new] = seen.emplace(column, header_.size());
        if (!is_new)
            return Error{ErrorCode::invalid_argument, "columns " + std::to_string(first->second) +
                                                          " and " + std::to_string(header_.size()) +
                                                          " are both called \"" + column +
                                                          "\": rename one of them"};
    }
    return {};
}

CsvStep CsvReader::next() {
    skip_empty_lines();
    if (at_ >= text_.size()) return CsvStep::end;
    return read_row() ? CsvStep::row : CsvStep::problem;
}

void CsvReader::skip_empty_lines() {
    for (; at_ < text_.size(); ++line_) {
        if (text_[at_] == '\n') {
            ++at_;
        } else if (text_.substr(at_).starts_with("\r\n")) {
            at_ += 2;
        } else {
            return;
        }
    }
}

// Reads one row into row_; false when it is at fault and problem_ says why. The cells of the last
// row give their memory to the next one.
bool CsvReader::read_row() {
    const std::size_t start = at_;
    row_.line = line_;
    problem_ = {};
    const std::size_t expected = header_.size();
    const std::size_t kept = expected == 0 ? kMaxCsvColumns + 1 : expected;
    std::size_t found = 0;
    for (CellEnd end = CellEnd::delimiter; end == CellEnd::delimiter; ++found) {
        const std::size_t place = std::min(found, kept - 1);
        if (row_.cells.size() <= place) row_.cells.emplace_back();
        end = read_cell(row_.cells[place]);
        const std::string_view fault = quote_fault(end, found);
        if (!fault.empty()) {
            resume_behind_first_line(start, row_.line);
            return fail(found, std::string(fault));
        }
        if (found < kept) check_cell(place);
    }
    row_.cells.resize(std::min(found, kept));
    if (expected != 0 && found != expected)
        return fail(kMaxCsvColumns, "the row has " + fields(found) + ", the header has " +
                                        std::to_string(expected) +
                                        ": add or remove delimiters, or put quotes around a cell "
                                        "that holds one");
    return problem_.message.empty();
}

// Why a row must be given up in its middle; empty when it need not be. The third case bounds the
// work on text in which every line opens a quote that the next one closes.
std::string_view CsvReader::quote_fault(CellEnd end, std::size_t column) const {
    if (end == CellEnd::unclosed)
        return "a quote is opened and never closed: close it, or double the quotes inside the cell";
    if (end == CellEnd::text_after_quote)
        return "there is text behind the closing quote: double the quotes inside the cell, or "
               "close the quote before";
    const bool has_too_many = !header_.empty() && column >= header_.size();
    if (end == CellEnd::delimiter && has_too_many && line_ > row_.line)
        return "a cell goes over several lines and the row has more fields than the header: "
               "is a quote not closed?";
    return {};
}

// Reads a cell and what ends it. Bytes above the limit are passed over, all but one, which tells.
CsvReader::CellEnd CsvReader::read_cell(std::string& cell) {
    cell.clear();
    if (at_ < text_.size() && text_[at_] == '"') return read_quoted(cell);
    const std::array<char, 2> stops = {delimiter_, '\n'};
    const std::size_t stop = std::min(
        text_.find_first_of(std::string_view(stops.data(), stops.size()), at_), text_.size());
    std::string_view content = text_.substr(at_, stop - at_);
    const bool at_line_end = stop < text_.size() && text_[stop] == '\n';
    if (at_line_end && content.ends_with('\r')) content.remove_suffix(1);
    cell = content.substr(0, kMaxTextBytes + 1);
    at_ = stop;
    return end_cell();
}

CsvReader::CellEnd CsvReader::read_quoted(std::string& cell) {
    for (++at_;;) {
        const std::size_t quote = text_.find('"', at_);
        if (quote == std::string_view::npos) return CellEnd::unclosed;
        const std::string_view content = text_.substr(at_, quote - at_);
        line_ += static_cast<std::size_t>(std::count(content.begin(), content.end(), '\n'));
        const std::size_t room = kMaxTextBytes + 1 - cell.size();
        cell += content.substr(0, room);
        at_ = quote + 1;
        if (at_ >= text_.size() || text_[at_] != '"') break;
        if (cell.size() <= kMaxTextBytes) cell += '"';
        ++at_;
    }
    if (text_.substr(at_).starts_with("\r\n")) ++at_;
    return end_cell();
}

// Steps over the delimiter or the line end.
CsvReader::CellEnd CsvReader::end_cell() {
    if (at_ >= text_.size()) return CellEnd::row;
    const char c = text_[at_];
    if (c != delimiter_ && c != '\n') return CellEnd::text_after_quote;
    ++at_;
    if (c == delimiter_) return CellEnd::delimiter;
    ++line_;
    return CellEnd::row;
}

void CsvReader::check_cell(std::size_t column) {
    const std::string& cell = row_.cells[column];
    if (!problem_.message.empty()) return;
    if (cell.size() > kMaxTextBytes)
        fail(column, "the cell has more than " + std::to_string(kMaxTextBytes) +
                         " bytes: shorten it, or attach the text as a file");
    else if (cell.find('\0') != std::string::npos)
        fail(column, "the cell holds a NUL character: remove it; is this really a text file?");
}

bool CsvReader::fail(std::size_t column, std::string message) {
    problem_.line = row_.line;
    problem_.column = column < header_.size() ? header_[column] : "";
    problem_.message = std::move(message);
    return false;
}

void CsvReader::resume_behind_first_line(std::size_t start, std::size_t line) {
    const std::size_t end = text_.find('\n', start);
    at_ = end == std::string_view::npos ? text_.size() : end + 1;
    line_ = line + 1;
}

void CsvWriter::row(std::span<const std::string> cells) {
    bool first = true;
    for (const std::string& cell : cells) {
        if (!first) out_ += delimiter_;
        first = false;
        // A single empty cell would be an empty line, which readers skip.
        if (needs_quotes(cell) || (cell.empty() && cells.size() == 1))
            append_quoted(out_, cell);
        else
            out_ += cell;
    }
    out_ += "\r\n";
}

}  // namespace satchel::sales
