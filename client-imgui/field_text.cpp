#include "client-imgui/field_text.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include "sales/csv.hpp"
#include "sales/numbers.hpp"
#include "sales/starter_schema.hpp"
#include "storage/text.hpp"

namespace satchel::window {
namespace {

using sales::Meaning;

// Texts of several lines, by their name: the schema knows text only.
constexpr auto kLongTexts =
    std::to_array<std::string_view>({"notes", "content", "customer_feedback", "description"});

bool is_long(const Field& field) {
    return std::find(kLongTexts.begin(), kLongTexts.end(), field.name) != kLongTexts.end();
}

Error refused(std::string message) {
    return {ErrorCode::invalid_argument, std::move(message)};
}

// "1234567.50" as "1,234,567.50".
std::string grouped(std::string number) {
    const std::size_t sign = number.find('-') == 0 ? 1 : 0;
    std::size_t at = std::min(number.find('.'), number.size());
    while (at > sign + 3) {
        at -= 3;
        number.insert(at, 1, ',');
    }
    return number;
}

std::string hex(ByteView bytes) {
    return Value::bytes(bytes).text_form();
}

Result<storage::FieldValues> parse_money(const Collection& collection, const Field& field,
                                         const FieldChange& change) {
    const Field* currency = sales::currency_field(collection, field);
    const std::string_view amount = sales::trimmed(change.text);
    if (amount.empty())
        return storage::FieldValues{{field.name, Value{}}, {currency->name, Value{}}};
    const std::string_view code = sales::trimmed(change.currency);
    if (!sales::is_currency_code(code))
        return refused("a currency is three capital letters, such as CNY or USD");
    SATCHEL_ASSIGN(const std::int64_t units,
                   sales::parse_decimal(amount, sales::minor_digits(code)));
    return storage::FieldValues{{field.name, Value(units)}, {currency->name, Value::text(code)}};
}

Result<Value> parse_text(const Field& field, const std::string& text) {
    if (text.empty()) return Value{};
    SATCHEL_ASSIGN(const Bytes canonical, storage::canonical_text(text));
    const std::size_t limit = field.max_bytes == 0 ? kMaxTextBytes : field.max_bytes;
    if (canonical.size() > limit)
        return Error{ErrorCode::limit,
                     "the text is longer than " + std::to_string(limit) + " bytes: shorten it"};
    return Value::text(canonical);
}

// "2026-11-22 10:00" of the local time zone.
Result<Value> parse_local_time(std::string_view text) {
    if (sales::trimmed(text).empty()) return Value{};
    const std::string written(sales::trimmed(text));
    std::tm parts{};
    const char* end = strptime(written.c_str(), "%Y-%m-%d %H:%M", &parts);
    if (end == nullptr || *end != '\0') return refused("not a time: write 2026-11-22 10:00");
    parts.tm_isdst = -1;
    return Value(static_cast<std::int64_t>(std::mktime(&parts)) * 1000);
}

Result<Value> parse_number(InputKind kind, std::string_view text) {
    if (sales::trimmed(text).empty()) return Value{};
    const auto number = kind == InputKind::date ? sales::parse_date(sales::trimmed(text))
                                                : sales::parse_decimal(sales::trimmed(text), 0);
    if (!number) return number.error();
    return Value(*number);
}

}  // namespace

InputKind input_kind(const Collection& collection, const Field& field) {
    switch (field.kind) {
        case FieldKind::text:
            if (!options(collection, field).empty()) return InputKind::choice;
            return is_long(field) ? InputKind::long_text : InputKind::text;
        case FieldKind::bytes:
            return InputKind::bytes;
        case FieldKind::reference:
            return InputKind::reference;
        case FieldKind::set:
            return InputKind::set;
        case FieldKind::counter:
            return InputKind::counter;
        case FieldKind::integer:
            break;
    }
    switch (sales::meaning(collection, field)) {
        case Meaning::date:
            return InputKind::date;
        case Meaning::time:
            return InputKind::time;
        case Meaning::money:
            return InputKind::money;
        case Meaning::plain:
            break;
    }
    return InputKind::integer;
}

std::vector<std::string> options(const Collection& collection, const Field& field) {
    const Cell* cell = collection.cell(field.cell);
    std::vector<std::string> codes;
    if (cell == nullptr) return codes;
    for (std::string_view place : cell->order) {
        while (!place.empty()) {
            const std::size_t bar = std::min(place.find('|'), place.size());
            codes.emplace_back(place.substr(0, bar));
            place.remove_prefix(std::min(bar + 1, place.size()));
        }
    }
    return codes;
}

std::string typed_text(InputKind kind, const ValueView& value, std::string_view currency) {
    if (value.type == ValueType::null) return "";
    if (value.type == ValueType::text) return std::string(value.bytes);
    if (value.type == ValueType::bytes) {
        const auto id = RecordId::from_bytes(value.bytes);
        return kind == InputKind::reference && id ? id->text() : hex(value.bytes);
    }
    switch (kind) {
        case InputKind::date:
            return sales::format_date(value.integer);
        case InputKind::time:
            return local_time(value.integer);
        case InputKind::money:
            return sales::format_decimal(value.integer, sales::minor_digits(currency));
        default:
            return std::to_string(value.integer);
    }
}

std::string table_text(InputKind kind, const ValueView& value, std::string_view currency) {
    std::string text = typed_text(kind, value, currency);
    if (kind != InputKind::money || text.empty()) return text;
    return grouped(std::move(text)) + " " + std::string(currency);
}

std::string cell_text(const Collection& collection, const Cell& cell,
                      const std::vector<Value>& values) {
    std::string text;
    std::string currency;
    for (std::size_t i = 0; i < cell.fields.size() && i < values.size(); ++i)
        if (values[i].type() == ValueType::text) currency = values[i].as_bytes();
    bool has_money = false;
    for (std::size_t i = 0; i < cell.fields.size() && i < values.size(); ++i) {
        const InputKind kind = input_kind(collection, collection.fields[cell.fields[i]]);
        has_money = has_money || kind == InputKind::money;
        if (has_money && kind != InputKind::money) continue;  // the currency is there already
        const std::string part = table_text(kind, values[i].view(), currency);
        if (!part.empty()) text += (text.empty() ? "" : " · ") + part;
    }
    return text;
}

Result<storage::FieldValues> parse_change(const Collection& collection, const Field& field,
                                          const FieldChange& change) {
    const InputKind kind = input_kind(collection, field);
    switch (kind) {
        case InputKind::money:
            return parse_money(collection, field, change);
        case InputKind::integer:
        case InputKind::date: {
            SATCHEL_ASSIGN(Value value, parse_number(kind, change.text));
            return storage::FieldValues{{field.name, std::move(value)}};
        }
        case InputKind::time: {
            SATCHEL_ASSIGN(Value value, parse_local_time(change.text));
            return storage::FieldValues{{field.name, std::move(value)}};
        }
        case InputKind::reference:
            return storage::FieldValues{
                {field.name, change.reference ? Value::id(*change.reference) : Value{}}};
        case InputKind::text:
        case InputKind::long_text:
        case InputKind::choice: {
            SATCHEL_ASSIGN(Value value, parse_text(field, change.text));
            return storage::FieldValues{{field.name, std::move(value)}};
        }
        default:
            return refused("this field cannot be edited here");
    }
}

std::string local_time(std::int64_t milliseconds) {
    if (milliseconds == 0) return "";
    const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
    std::tm parts{};
    if (localtime_r(&seconds, &parts) == nullptr) return "";
    std::array<char, 32> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M", &parts);
    return {text.data(), size};
}

std::vector<std::string> set_elements(ByteView json) {
    std::vector<std::string> elements;
    std::size_t at = 1;
    while (at < json.size() && json[at] == '"') {
        std::size_t end = at + 1;
        while (end < json.size() && json[end] != '"')
            end += json[end] == '\\' ? 2 : 1;
        if (end >= json.size()) break;
        const auto element = Value::parse(json.substr(at, end + 1 - at));
        if (element) elements.push_back(element->as_bytes());
        at = end + 2;
    }
    return elements;
}

}  // namespace satchel::window
