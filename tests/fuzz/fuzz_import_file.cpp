// A file that somebody imports, from its bytes to its rows: whatever it is, reading it ends, and
// what was read and is written again reads the same.
#include <cstdlib>

#include "sales/csv.hpp"
#include "sales/encoding.hpp"

namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(satchel::sales::CsvReader& reader) {
    using satchel::sales::CsvStep;
    Rows rows;
    for (CsvStep step = reader.next(); step != CsvStep::end; step = reader.next())
        if (step == CsvStep::row) rows.push_back(reader.row().cells);
    return rows;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto file = satchel::sales::to_utf8({reinterpret_cast<const char*>(data), size});
    if (!file) return 0;
    auto reader = satchel::sales::CsvReader::open(file->text);
    if (!reader) return 0;
    const Rows rows = rows_of(*reader);
    satchel::Bytes written;
    satchel::sales::CsvWriter writer(written, reader->delimiter());
    writer.row(reader->header());
    for (const auto& row : rows)
        writer.row(row);
    auto again = satchel::sales::CsvReader::open(written);
    if (!again || again->header() != reader->header() || rows_of(*again) != rows) std::abort();
    return 0;
}
