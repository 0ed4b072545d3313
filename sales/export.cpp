#include "sales/export.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sales/csv.hpp"
#include "sales/numbers.hpp"
#include "sales/set_text.hpp"
#include "sales/starter_schema.hpp"

namespace satchel::sales {
namespace {

using Json = nlohmann::ordered_json;

constexpr ByteView kByteOrderMark = "\xEF\xBB\xBF";

// A value without regard to its column. Empty for null.
std::string plain_text(const Value& value) {
    switch (value.type()) {
        case ValueType::null:
            return {};
        case ValueType::integer:
            return std::to_string(value.integer());
        case ValueType::text:
            return value.as_bytes();
        case ValueType::bytes:
            return hex(value.as_bytes());
    }
    return {};
}

// The elements of a set's column, which is a JSON array of texts; nothing when it is not one.
std::vector<std::string> elements(const Value& value) {
    if (value.type() != ValueType::text) return {};
    const Json array = Json::parse(value.as_bytes(), nullptr, /*allow_exceptions=*/false);
    if (!array.is_array()) return {};
    std::vector<std::string> all;
    for (const Json& element : array)
        if (element.is_string()) all.push_back(element.get_ref<const std::string&>());
    return all;
}

// A value as people read it. A value of another type than its form expects is written plainly.
std::string cell_text(const ExportColumn& column, const std::vector<Value>& row,
                      const Value& value) {
    const bool is_integer = value.type() == ValueType::integer;
    switch (column.form) {
        case CellForm::plain:
            break;
        case CellForm::record_id:
            if (const auto id = RecordId::from_bytes(value.as_bytes());
                id && value.type() == ValueType::bytes)
                return id->text();
            break;
        case CellForm::date:
            if (is_integer) return format_date(value.integer());
            break;
        case CellForm::money:
            if (is_integer)
                return format_decimal(value.integer(),
                                      minor_digits(row[column.currency].as_bytes()));
            break;
        case CellForm::set:
            return join_set(elements(value));
    }
    return plain_text(value);
}

Json cell_json(const ExportColumn& column, const std::vector<Value>& row, const Value& value) {
    if (column.form == CellForm::set) return elements(value);
    if (value.is_null()) return nullptr;
    if (column.form == CellForm::plain && value.type() == ValueType::integer)
        return value.integer();
    return cell_text(column, row, value);
}

// Collects bytes and hands them to the sink in pieces.
class Buffer {
  public:
    explicit Buffer(const Sink& sink) : sink_(sink) {}

    Bytes& bytes() { return bytes_; }

    Status flush_if_full() { return bytes_.size() < kExportBufferBytes ? Status{} : flush(); }

    Status flush() {
        if (bytes_.empty()) return {};
        SATCHEL_TRY(sink_(bytes_));
        bytes_.clear();
        return {};
    }

  private:
    const Sink& sink_;
    Bytes bytes_;
};

// Calls `write` for each row, and sees that all of it reaches the sink.
template <typename Write>
Status for_each_row(RowSource& rows, Buffer& buffer, Write write) {
    std::vector<Value> row;
    while (true) {
        SATCHEL_ASSIGN(const bool has_row, rows.next(row));
        if (!has_row) return buffer.flush();
        if (row.size() != rows.columns().size())
            return Error{ErrorCode::internal,
                         "export: a row of " + std::to_string(row.size()) + " values under " +
                             std::to_string(rows.columns().size()) + " columns"};
        write(row);
        SATCHEL_TRY(buffer.flush_if_full());
    }
}

ExportColumn export_column(const Collection& collection, const Field& field,
                           const std::vector<const Field*>& fields) {
    ExportColumn column{field.name, CellForm::plain, 0};
    if (field.kind == FieldKind::reference) column.form = CellForm::record_id;
    if (field.kind == FieldKind::set) column.form = CellForm::set;
    if (meaning(collection, field) == Meaning::date) column.form = CellForm::date;
    const Field* currency = currency_field(collection, field);
    const auto at = std::find(fields.begin(), fields.end(), currency);
    if (currency != nullptr && at != fields.end()) {
        column.form = CellForm::money;
        column.currency = static_cast<std::size_t>(at - fields.begin());
    }
    return column;
}

}  // namespace

std::string hex(ByteView bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        text += kDigits[static_cast<unsigned char>(c) >> 4];
        text += kDigits[static_cast<unsigned char>(c) & 15U];
    }
    return text;
}

std::vector<ExportColumn> export_columns(const Collection& collection,
                                         const std::vector<const Field*>& fields) {
    std::vector<ExportColumn> columns;
    for (const Field* field : fields)
        columns.push_back(export_column(collection, *field, fields));
    return columns;
}

Status export_csv(RowSource& rows, const Sink& sink, const CsvOptions& options) {
    Buffer buffer(sink);
    if (options.byte_order_mark) buffer.bytes() += kByteOrderMark;
    CsvWriter writer(buffer.bytes(), options.delimiter);
    const std::vector<ExportColumn>& columns = rows.columns();
    std::vector<std::string> cells;
    for (const ExportColumn& column : columns)
        cells.push_back(column.name);
    writer.row(cells);
    return for_each_row(rows, buffer, [&](const std::vector<Value>& row) {
        for (std::size_t i = 0; i < columns.size(); ++i)
            cells[i] = cell_text(columns[i], row, row[i]);
        writer.row(cells);
    });
}

Status export_json_lines(RowSource& rows, const Sink& sink) {
    Buffer buffer(sink);
    const std::vector<ExportColumn>& columns = rows.columns();
    return for_each_row(rows, buffer, [&](const std::vector<Value>& row) {
        Json object = Json::object();
        for (std::size_t i = 0; i < columns.size(); ++i)
            object[columns[i].name] = cell_json(columns[i], row, row[i]);
        buffer.bytes() += object.dump(-1, ' ', false, Json::error_handler_t::replace);
        buffer.bytes() += '\n';
    });
}

}  // namespace satchel::sales
