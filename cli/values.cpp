#include "cli/values.hpp"

#include <fmt/format.h>

#include <charconv>
#include <set>

#include "sales/export.hpp"
#include "sales/numbers.hpp"
#include "sales/set_text.hpp"
#include "sales/starter_schema.hpp"

namespace satchel::cli {
namespace {

using sales::Meaning;

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

Error unknown_field(const Collection& collection, std::string_view name) {
    std::string known;
    for (const Field& field : collection.fields)
        known += (known.empty() ? "" : ", ") + field.name;
    return {ErrorCode::invalid_argument, collection.name + " has no field '" +
                                             std::string(name.substr(0, 64)) +
                                             "'; it has: " + known};
}

// The currency that a money field of this command line will have.
std::string currency_for(const Collection& collection, const Field& field,
                         const std::vector<std::string>& arguments,
                         const std::vector<Value>& shown) {
    const Field* currency = sales::currency_field(collection, field);
    if (currency == nullptr) return "";
    for (const std::string& argument : arguments)
        if (argument.starts_with(currency->name + "="))
            return argument.substr(currency->name.size() + 1);
    const std::size_t at = collection.position(currency->id);
    return at < shown.size() ? shown[at].as_bytes() : "";
}

Result<std::int64_t> parse_integer(Meaning meaning, std::string_view text,
                                   const std::string& currency) {
    switch (meaning) {
        case Meaning::date:
            return sales::parse_date(text);
        case Meaning::time:
            return parse_time(text);
        case Meaning::money:
            return sales::parse_decimal(text, sales::minor_digits(currency));
        case Meaning::plain:
            break;
    }
    return sales::parse_decimal(text, 0);
}

Status add_elements(const Field& field, std::string_view text, Assignments& to) {
    SATCHEL_ASSIGN(const std::vector<std::string> elements, sales::split_set(text));
    for (const std::string& element : elements)
        to.elements.emplace_back(field.name, element);
    return {};
}

Status assign(const Collection& collection, const Field& field, std::string_view text,
              const std::string& currency, Names& names, Assignments& to) {
    switch (field.kind) {
        case FieldKind::text:
            if (sales::names_a_currency(field) && !sales::is_currency_code(text))
                return Error{ErrorCode::invalid_argument,
                             "not a currency: write its three capital letters, such as CNY"};
            to.registers.emplace_back(field.name, Value::text(text));
            return {};
        case FieldKind::integer: {
            SATCHEL_ASSIGN(const std::int64_t integer,
                           parse_integer(sales::meaning(collection, field), text, currency));
            to.registers.emplace_back(field.name, Value(integer));
            return {};
        }
        case FieldKind::bytes: {
            SATCHEL_ASSIGN(Value bytes, Value::parse(text));
            to.registers.emplace_back(field.name, std::move(bytes));
            return {};
        }
        case FieldKind::reference: {
            SATCHEL_ASSIGN(const RecordId id, names.find_in(field.refers_to, text));
            to.registers.emplace_back(field.name, Value::id(id));
            return {};
        }
        case FieldKind::set:
            return add_elements(field, text, to);
        case FieldKind::counter: {
            SATCHEL_ASSIGN(const std::int64_t step, sales::parse_decimal(text, 0));
            to.counters.emplace_back(field.name, step);
            return {};
        }
    }
    return {};
}

std::string currency_of(const Collection& collection, const Field& field,
                        const std::vector<Value>& row) {
    return currency_for(collection, field, {}, row);
}

std::string id_text(const Bytes& bytes) {
    const auto id = RecordId::from_bytes(bytes);
    return id ? id->text() : sales::hex(bytes);
}

// A row that has nothing but the cell's values.
std::vector<Value> row_of(const Collection& collection, const Cell& cell,
                          const std::vector<Value>& values) {
    std::vector<Value> row(collection.fields.size());
    for (std::size_t i = 0; i < cell.fields.size() && i < values.size(); ++i)
        row[cell.fields[i]] = values[i];
    return row;
}

}  // namespace

Result<Assignments> parse_assignments(const Collection& collection,
                                      const std::vector<std::string>& arguments,
                                      const std::vector<Value>& shown, Names& names) {
    Assignments parsed;
    std::set<FieldId> given;
    for (const std::string& argument : arguments) {
        const std::size_t equals = argument.find('=');
        if (equals == std::string::npos)
            return Error{ErrorCode::invalid_argument, "'" + argument.substr(0, 64) +
                                                          "' is no field=value; example: "
                                                          "name=\"Acme 上海\""};
        const Field* field = collection.find(argument.substr(0, equals));
        if (field == nullptr) return unknown_field(collection, argument.substr(0, equals));
        if (!given.insert(field->id).second)
            return Error{ErrorCode::invalid_argument, field->name + " is given twice"};
        const std::string_view text = std::string_view(argument).substr(equals + 1);
        if (text.empty() && field->kind != FieldKind::text && field->kind != FieldKind::set)
            return Error{ErrorCode::invalid_argument,
                         field->name + ": nothing stands behind '='; 'satchel unset' empties it"};
        const std::string currency = currency_for(collection, *field, arguments, shown);
        const Status done = assign(collection, *field, text, currency, names, parsed);
        if (!done) return Error{done.error().code, field->name + ": " + done.error().message};
    }
    return parsed;
}

Status no_sets_or_counters(const Assignments& assignments) {
    if (assignments.elements.empty() && assignments.counters.empty()) return {};
    return Error{ErrorCode::invalid_argument,
                 "sets change by 'satchel tag', counters by 'satchel count'"};
}

std::string text_of(const Collection& collection, const Field& field,
                    const std::vector<Value>& row) {
    const Json value = json_of(collection, field, row);
    if (value.is_null()) return "";
    if (value.is_array()) {
        std::string elements;
        for (const Json& element : value)
            elements += (elements.empty() ? "" : "; ") + element.get<std::string>();
        return elements;
    }
    if (sales::meaning(collection, field) == Meaning::time)
        return time_text(value.get<std::int64_t>());
    return value.is_string() ? value.get<std::string>() : dump(value);
}

Json json_of(const Collection& collection, const Field& field, const std::vector<Value>& row) {
    const std::size_t at = collection.position(field.id);
    const Value value = at < row.size() ? row[at] : Value();
    if (field.kind == FieldKind::set) {
        Json elements = Json::parse(value.as_bytes(), nullptr, false);
        return elements.is_array() ? elements : Json::array();
    }
    if (field.kind == FieldKind::counter) return value.integer();
    if (value.is_null()) return nullptr;
    if (field.kind == FieldKind::reference) return id_text(value.as_bytes());
    if (field.kind == FieldKind::bytes) return sales::hex(value.as_bytes());
    if (value.type() != ValueType::integer) return value.as_bytes();
    switch (sales::meaning(collection, field)) {
        case Meaning::date:
            return sales::format_date(value.integer());
        case Meaning::money:
            return sales::format_decimal(value.integer(),
                                         sales::minor_digits(currency_of(collection, field, row)));
        case Meaning::time:
        case Meaning::plain:
            break;
    }
    return value.integer();
}

Json json_of(const Collection& collection, const std::vector<Value>& row) {
    Json fields = Json::object();
    for (const Field& field : collection.fields)
        fields[field.name] = json_of(collection, field, row);
    return fields;
}

Json json_of(const Collection& collection, const Cell& cell, const std::vector<Value>& values) {
    const std::vector<Value> row = row_of(collection, cell, values);
    Json fields = Json::object();
    for (const std::size_t at : cell.fields)
        fields[collection.fields[at].name] = json_of(collection, collection.fields[at], row);
    return fields;
}

std::vector<std::pair<const Field*, std::string>> parts_of(const Collection& collection,
                                                           const Cell& cell,
                                                           const std::vector<Value>& values) {
    const std::vector<Value> row = row_of(collection, cell, values);
    std::vector<std::pair<const Field*, std::string>> parts;
    for (const std::size_t at : cell.fields) {
        std::string part = text_of(collection, collection.fields[at], row);
        if (!part.empty()) parts.emplace_back(&collection.fields[at], std::move(part));
    }
    return parts;
}

std::string text_of(const Collection& collection, const Cell& cell,
                    const std::vector<Value>& values) {
    std::string text;
    for (const auto& [field, part] : parts_of(collection, cell, values))
        text += (text.empty() ? "" : " ") + part;
    return text.empty() ? "(empty)" : text;
}

std::string plain_text(const ValueView& value) {
    if (value.is_null()) return "";
    const Json json = plain_json(value);
    return json.is_string() ? json.get<std::string>() : dump(json);
}

Json plain_json(const ValueView& value) {
    switch (value.type) {
        case ValueType::null:
            return nullptr;
        case ValueType::integer:
            return value.integer;
        case ValueType::text:
            return std::string(value.bytes);
        case ValueType::bytes:
            return id_text(Bytes(value.bytes));
    }
    return nullptr;
}

std::string time_text(std::int64_t milliseconds) {
    if (milliseconds == 0) return "";
    const std::int64_t days =
        milliseconds >= 0 ? milliseconds / kDayMs : (milliseconds - kDayMs + 1) / kDayMs;
    const std::int64_t seconds = (milliseconds - days * kDayMs) / 1000;
    return fmt::format("{}T{:02}:{:02}:{:02}Z", sales::format_date(days), seconds / 3600,
                       seconds / 60 % 60, seconds % 60);
}

Result<std::int64_t> parse_time(std::string_view text) {
    std::int64_t milliseconds = 0;
    const auto whole = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
    if (whole.ec == std::errc() && whole.ptr == text.data() + text.size()) return milliseconds;
    const Error no_time{ErrorCode::invalid_argument,
                        "write a time as 2026-11-22T10:00:00Z or in milliseconds"};
    const std::size_t divider = text.find_first_of("T ");
    const auto days = sales::parse_date(text.substr(0, divider));
    if (!days) return no_time;
    std::int64_t seconds = 0;
    std::string_view rest =
        divider == std::string_view::npos ? std::string_view() : text.substr(divider + 1);
    if (rest.ends_with('Z')) rest.remove_suffix(1);
    for (const std::int64_t unit : {3600, 60, 1}) {
        if (rest.empty()) break;
        std::int64_t part = 0;
        const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), part);
        const std::int64_t limit = unit == 3600 ? 24 : 60;
        if (read.ec != std::errc() || part < 0 || part >= limit) return no_time;
        seconds += part * unit;
        rest.remove_prefix(static_cast<std::size_t>(read.ptr - rest.data()));
        if (rest.starts_with(':')) rest.remove_prefix(1);
    }
    if (!rest.empty()) return no_time;
    return *days * kDayMs + seconds * 1000;
}

}  // namespace satchel::cli
