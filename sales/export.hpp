// Export: the rows of a query as CSV or as JSON lines.
//
//     Bytes out;
//     const auto append = [&out](ByteView bytes) { out += bytes; return Status{}; };
//     SATCHEL_TRY(export_csv(rows, append, {.byte_order_mark = true}));
//
// | form      | CSV cell                   | JSON value                           |
// | plain     | digits, text, bytes as hex | number, string, string of hex digits |
// | record_id | 0192f3c4-8a11-…            | the same as a string                 |
// | date      | 2016-10-20                 | the same as a string                 |
// | money     | 1054.50                    | the same as a string                 |
// | set       | a;b                        | array of strings                     |
// | null      | nothing                    | null; of a set the empty array       |
//
// What export_csv writes of a collection, Importer reads back by the names of its columns: dates,
// money beside its currency, sets (set_text.hpp), ids. Not told apart in CSV are null and the
// empty text; JSON lines keep both. A text that begins with `=` is written as it is, and a
// spreadsheet program takes it for a formula.
//
// Threads: one at a time. Errors: those of the rows and of the sink, as they came; what was given
// to the sink before stays there. Memory: one buffer of kExportBufferBytes and one row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sync/schema.hpp"
#include "sync/value.hpp"

namespace satchel::sales {

constexpr std::size_t kExportBufferBytes = 64U << 10;

enum class CellForm : std::uint8_t { plain, record_id, date, money, set };

struct ExportColumn {
    std::string name;
    CellForm form = CellForm::plain;
    std::size_t currency = 0;  // of money: the position of the column with the currency's code
};

// Bytes as an export writes them: two small hexadecimal digits each.
std::string hex(ByteView bytes);

// The columns of these fields of a collection, each in the form that its kind and meaning ask for.
// Money whose currency is not among the fields stays in minor units.
std::vector<ExportColumn> export_columns(const Collection& collection,
                                         const std::vector<const Field*>& fields);

// The rows of a query.
class RowSource {
  public:
    virtual ~RowSource() = default;

    virtual const std::vector<ExportColumn>& columns() const = 0;

    // Puts the next row into `row`, one value per column; false when there is none.
    virtual Result<bool> next(std::vector<Value>& row) = 0;
};

// Takes what was written; an error ends the export.
using Sink = std::function<Status(ByteView)>;

struct CsvOptions {
    bool byte_order_mark = false;  // spreadsheet programs need it to see that it is UTF-8
    char delimiter = ',';
};

Status export_csv(RowSource& rows, const Sink& sink, const CsvOptions& options = {});

// One object per line, keys in the order of the columns.
Status export_json_lines(RowSource& rows, const Sink& sink);

}  // namespace satchel::sales
