// CSV: reads and writes comma-separated text as RFC 4180 describes it and as programs really save
// it. The reader walks a UTF-8 buffer row by row; a bad row is a problem with its line number and
// the reading goes on behind it.
//
//     SATCHEL_ASSIGN(CsvReader reader, CsvReader::open(text));
//     for (CsvStep step = reader.next(); step != CsvStep::end; step = reader.next())
//         if (step == CsvStep::row) use(reader.row());
//         else report(reader.problem());
//
// - The first row that is not empty is the header. It decides the delimiter: whichever of `,` `;`
//   and tab it has most of outside quotes. Names are trimmed; none may be empty or twice there.
// - Lines end in LF or CR LF, the last one also without. Empty lines are skipped.
// - A cell that begins with a quote ends with one, may hold delimiters and line ends, and writes a
//   quote as two. A quote inside a cell that does not begin with one is an ordinary character.
// - After a row whose quotes do not fit, reading goes on at the next line.
//
// Threads: one at a time. The text must outlive the reader. Errors: only `open` fails
// (invalid_argument: no header, a name that is empty or there twice; limit: too many columns).
// Time is linear in the text, whatever the quotes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sync/ids.hpp"
#include "sync/limits.hpp"
#include "sync/result.hpp"

namespace satchel::sales {

constexpr std::size_t kMaxCsvColumns = 1'024;  // four times the fields of a collection

// Why one row was left out. `excerpt` is the beginning of the one cell at fault and is customer
// data: for the person who imports, not for a log. `message` never holds any.
struct RowProblem {
    std::size_t line = 0;  // where the row begins, from 1
    std::string column;    // empty when it is about the whole row
    std::string excerpt;
    std::string message;
};

struct CsvRow {
    std::size_t line = 0;  // where the row begins, from 1
    std::vector<std::string> cells;
};

enum class CsvStep : std::uint8_t { row, problem, end };

class CsvReader {
  public:
    static Result<CsvReader> open(std::string_view text);

    const std::vector<std::string>& header() const { return header_; }
    char delimiter() const { return delimiter_; }

    CsvStep next();
    const CsvRow& row() const { return row_; }              // after CsvStep::row
    const RowProblem& problem() const { return problem_; }  // after CsvStep::problem

  private:
    explicit CsvReader(std::string_view text) : text_(text) {}

    // What ended a cell.
    enum class CellEnd : std::uint8_t { delimiter, row, unclosed, text_after_quote };

    void skip_empty_lines();
    bool read_row();
    CellEnd read_cell(std::string& cell);
    CellEnd read_quoted(std::string& cell);
    CellEnd end_cell();
    std::string_view quote_fault(CellEnd end, std::size_t column) const;
    Status check_header();
    bool fail(std::size_t column, std::string message);
    void check_cell(std::size_t column);
    void resume_behind_first_line(std::size_t start, std::size_t line);

    std::string_view text_;
    char delimiter_ = ',';
    std::vector<std::string> header_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    CsvRow row_;
    RowProblem problem_;
};

// Writes rows that CsvReader reads back as they were: CR LF line ends, quotes where they are
// needed. It guards against nothing else: a text that begins with `=` stays one, and a
// spreadsheet program takes it for a formula.
class CsvWriter {
  public:
    // `out` must outlive the writer, which only appends to it.
    explicit CsvWriter(Bytes& out, char delimiter = ',') : out_(out), delimiter_(delimiter) {}

    void row(std::span<const std::string> cells);

  private:
    Bytes& out_;
    char delimiter_;
};

// Without white space at both ends: ASCII's, the no-break space and the ideographic space.
std::string_view trimmed(std::string_view text);

// The beginning of a cell for RowProblem::excerpt: at most 24 characters, then "…".
std::string excerpt(std::string_view cell);

}  // namespace satchel::sales
