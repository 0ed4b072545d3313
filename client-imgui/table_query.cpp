#include "client-imgui/table_query.hpp"

#include "client-imgui/field_text.hpp"
#include "client/record_titles.hpp"
#include "sales/starter_schema.hpp"
#include "storage/record_tables.hpp"

namespace satchel::window {
namespace {

using storage::quoted;

// The amount of a group shows its currency.
bool is_currency_of_money(const Collection& collection, const Field& field) {
    for (const Field& other : collection.fields)
        if (sales::currency_field(collection, other) == &field) return true;
    return false;
}

std::string plain_sql(const Field& field) {
    return "t." + quoted(field.name);
}

// What the column shows, as SQL.
std::string shown_sql(const Schema& schema, const Field& field, InputKind kind) {
    if (kind == InputKind::set)
        return "(SELECT group_concat(value, ', ') FROM json_each(" + plain_sql(field) + "))";
    const Collection* target =
        kind == InputKind::reference ? schema.find(field.refers_to) : nullptr;
    if (target == nullptr) return plain_sql(field);
    return "(SELECT " + client::title_sql(*target, "r") + " FROM " + quoted(target->name) +
           " AS r WHERE r.id = " + plain_sql(field) + ")";
}

// What the filter looks at, as SQL; "" for nothing.
std::string searched_sql(const Schema& schema, const Field& field, InputKind kind) {
    switch (kind) {
        case InputKind::date:
            return "date(" + plain_sql(field) + " * 86400, 'unixepoch')";
        case InputKind::bytes:
        case InputKind::time:
        case InputKind::counter:
        case InputKind::money:
            return "";
        default:
            return shown_sql(schema, field, kind);
    }
}

std::string filter_sql(const Schema& schema, const Collection& collection) {
    std::string any;
    for (const Field& field : collection.fields) {
        const std::string searched = searched_sql(schema, field, input_kind(collection, field));
        if (!searched.empty())
            any += (any.empty() ? " WHERE (" : " OR ") + searched + " LIKE ?1 ESCAPE '\\'";
    }
    return any.empty() ? "" : any + ")";
}

std::string order_sql(const Schema& schema, const Collection& collection, const TableQuery& query) {
    const Field* field = collection.find(query.sort_field);
    if (field == nullptr) return query.descending ? " ORDER BY t.id DESC" : " ORDER BY t.id";
    const InputKind kind = input_kind(collection, *field);
    const bool is_text = field->kind == FieldKind::text || kind == InputKind::reference;
    return " ORDER BY " + shown_sql(schema, *field, kind) + (is_text ? " COLLATE NOCASE" : "") +
           (query.descending ? " DESC" : "") + " NULLS LAST, t.id";
}

bool is_column(const Collection& collection, const Field& field) {
    const InputKind kind = input_kind(collection, field);
    return kind != InputKind::long_text && kind != InputKind::bytes &&
           !is_currency_of_money(collection, field);
}

// One line, and no longer than a table can show.
std::string clipped(std::string text) {
    constexpr std::size_t kMax = 160;
    if (text.size() > kMax) {
        std::size_t end = kMax;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
            --end;
        text.resize(end);
        text += "…";
    }
    for (char& c : text)
        if (c == '\n' || c == '\r' || c == '\t') c = ' ';
    return text;
}

Status read_rows(storage::Rows& rows, const Collection& collection, TableView& view) {
    while (true) {
        SATCHEL_ASSIGN(const bool more, rows.next());
        if (!more) return {};
        TableRow row;
        SATCHEL_ASSIGN(row.id, RecordId::from_bytes(rows.value(0).bytes));
        row.conflict = rows.value(1).integer != 0;
        row.cells.reserve(view.columns.size());
        int at = 2;
        for (const Column& column : view.columns) {
            const Field& field = *collection.find(column.field);
            const InputKind kind = input_kind(collection, field);
            const ValueView value = rows.value(at);
            row.cells.push_back(clipped(table_text(kind, value, rows.value(at + 1).bytes)));
            at += 2;
        }
        view.rows.push_back(std::move(row));
    }
}

Status count_all(storage::ReadConnection& reader, const Schema& schema,
                 const Collection& collection, const std::vector<Value>& arguments,
                 TableView& view) {
    view.total = static_cast<std::int64_t>(view.rows.size());
    if (view.rows.size() < kMaxTableRows) return {};
    SATCHEL_ASSIGN(
        auto rows,
        reader.query("SELECT count(*) FROM " + quoted(collection.name) + " AS t" +
                         (arguments.empty() ? std::string() : filter_sql(schema, collection)),
                     arguments));
    SATCHEL_TRY(rows.next());
    view.total = rows.value(0).integer;
    return {};
}

Status read(storage::ReadConnection& reader, const Schema& schema, TableView& view) {
    const Collection* collection = schema.find(view.query.collection);
    if (collection == nullptr)
        return Error{ErrorCode::not_found,
                     "there is no collection '" + view.query.collection + "' here"};
    view.columns = table_columns(*collection);
    std::vector<Value> arguments;
    if (!view.query.filter.empty())
        arguments.push_back(Value::text(like_pattern(view.query.filter)));
    SATCHEL_ASSIGN(auto rows, reader.query(table_sql(schema, *collection, view.query), arguments));
    SATCHEL_TRY(read_rows(rows, *collection, view));
    return count_all(reader, schema, *collection, arguments, view);
}

}  // namespace

std::string like_pattern(std::string_view text) {
    std::string pattern = "%";
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '\\') pattern += '\\';
        pattern += c;
    }
    return pattern + "%";
}

std::vector<Column> table_columns(const Collection& collection) {
    std::vector<Column> columns;
    for (const Field& field : collection.fields) {
        if (!is_column(collection, field)) continue;
        const InputKind kind = input_kind(collection, field);
        Column column;
        column.field = field.name;
        column.label = {field.label_zh, field.label_en.empty() ? field.name : field.label_en};
        column.number =
            kind == InputKind::integer || kind == InputKind::money || kind == InputKind::counter;
        column.choice = kind == InputKind::choice;
        column.wide = kind == InputKind::reference || field.name == "name";
        columns.push_back(std::move(column));
    }
    return columns;
}

std::string table_sql(const Schema& schema, const Collection& collection, const TableQuery& query) {
    std::string sql = "SELECT t.id, EXISTS (SELECT 1 FROM _conflict AS x WHERE x.collection = " +
                      std::to_string(number(collection.id)) + " AND x.id = t.id)";
    for (const Field& field : collection.fields) {
        if (!is_column(collection, field)) continue;
        const Field* currency = sales::currency_field(collection, field);
        sql += ", " + shown_sql(schema, field, input_kind(collection, field)) + ", " +
               (currency == nullptr ? "NULL" : plain_sql(*currency));
    }
    sql += " FROM " + quoted(collection.name) + " AS t";
    if (!query.filter.empty()) sql += filter_sql(schema, collection);
    return sql + order_sql(schema, collection, query) + " LIMIT " + std::to_string(kMaxTableRows);
}

TableView read_table(storage::ReadConnection& reader, const Schema& schema,
                     const TableQuery& query) {
    TableView view;
    view.query = query;
    if (const Status done = read(reader, schema, view); !done) {
        view.rows.clear();
        view.error = done.error();
    }
    return view;
}

}  // namespace satchel::window
