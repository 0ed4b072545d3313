#include "sales/import.hpp"

#include <algorithm>

#include "sales/numbers.hpp"
#include "sales/set_text.hpp"
#include "sales/starter_schema.hpp"
#include "storage/services.hpp"
#include "storage/text.hpp"

namespace satchel::sales {
namespace {

constexpr std::string_view kKeyDomain = "satchel.keyed-record.1";

Error bad_cell(std::string message) {
    return {ErrorCode::invalid_argument, std::move(message)};
}

Error no_currency() {
    return bad_cell("not a currency: write its three capital letters, such as CNY");
}

// Whether the row is to blame, and the import goes on.
bool is_about_row(ErrorCode code) {
    return code == ErrorCode::invalid_argument || code == ErrorCode::not_found ||
           code == ErrorCode::limit;
}

Result<std::vector<Bytes>> set_elements(std::string_view text) {
    SATCHEL_ASSIGN(const std::vector<std::string> typed, split_set(text));
    std::vector<Bytes> elements;
    for (const std::string& element : typed) {
        SATCHEL_ASSIGN(Bytes canonical, storage::canonical_text(element));
        elements.push_back(std::move(canonical));
    }
    std::sort(elements.begin(), elements.end());
    elements.erase(std::unique(elements.begin(), elements.end()), elements.end());
    if (elements.size() > kMaxSetElements)
        return bad_cell("more than " + std::to_string(kMaxSetElements) + " elements in one set");
    return elements;
}

Result<Value> text_value(const Field& field, std::string_view text) {
    SATCHEL_ASSIGN(const Bytes canonical, storage::canonical_text(text));
    const std::size_t limit = field.max_bytes == 0 ? kMaxTextBytes : field.max_bytes;
    if (canonical.size() > limit)
        return bad_cell("more than " + std::to_string(limit) + " bytes: shorten it");
    return Value::text(canonical);
}

Result<Value> reference_value(std::string_view text) {
    const auto id = RecordId::parse(text);
    if (id) return Value::id(*id);
    return bad_cell(
        "not a record id: find the record by a field of its own, with "
        "@lookup(collection.field, column) or @user(column) in the mapping");
}

// A reference that a resolver found, or why it did not.
Result<Value> found(const Result<RecordId>& id, std::string_view where) {
    if (id) return Value::id(*id);
    if (id.error().code != ErrorCode::not_found) return id.error();
    return Error{ErrorCode::not_found, "there is no such " + std::string(where) +
                                           ": create it first, or read the name as another one "
                                           "with alias(column, from=to) in the mapping"};
}

}  // namespace

Result<Importer> Importer::open(std::string_view text, const Schema& schema,
                                const ImportOptions& options, Resolver& resolver) {
    const Collection* into = schema.find(options.into);
    if (into == nullptr) {
        std::string known;
        for (const Collection& each : schema.collections())
            known += (known.empty() ? "" : ", ") + each.name;
        return Error{ErrorCode::invalid_argument,
                     "there is no collection \"" + options.into + "\"; there are " + known};
    }
    SATCHEL_ASSIGN(CsvReader reader, CsvReader::open(text));
    Importer importer(std::move(reader), *into, resolver);
    SATCHEL_ASSIGN(importer.mapping_,
                   parse_mapping(options.map, schema, *into, importer.reader_.header()));
    importer.from_line_ = options.from_line;
    if (!options.key.empty()) SATCHEL_TRY(importer.choose_key(options.key));
    return importer;
}

Status Importer::choose_key(const std::string& name) {
    key_ = into_->find(name);
    const bool usable =
        key_ != nullptr && (key_->kind == FieldKind::text || key_->kind == FieldKind::integer);
    if (!usable)
        return bad_cell("key: " + into_->name + " has no field of text or whole numbers called \"" +
                        name + "\"");
    const auto is_key = [&](const FieldSource& source) { return source.field == key_->id; };
    if (std::any_of(mapping_.sources.begin(), mapping_.sources.end(), is_key)) return {};
    return bad_cell("key: the mapping gives the field " + name + " no column");
}

std::size_t Importer::line() const {
    return std::max(row_.line, problem_.line);
}

CsvStep Importer::next_row() {
    while (true) {
        const CsvStep step = reader_.next();
        if (step == CsvStep::row && reader_.row().line < from_line_) continue;
        if (step == CsvStep::problem && reader_.problem().line < from_line_) continue;
        return step;
    }
}

Result<ImportStep> Importer::next() {
    const CsvStep step = next_row();
    if (step == CsvStep::end) return ImportStep::end;
    if (step == CsvStep::problem) {
        problem_ = reader_.problem();
        return ImportStep::problem;
    }
    const Status converted = convert_row();
    if (converted) return ImportStep::row;
    if (!is_about_row(converted.error().code)) return converted.error();
    return blame_row(converted.error());
}

ImportStep Importer::blame_row(const Error& error) {
    problem_ = {reader_.row().line, {}, {}, error.message};
    if (column_ < reader_.header().size()) {
        problem_.column = reader_.header()[column_];
        problem_.excerpt = excerpt(cell(column_));
    }
    return ImportStep::problem;
}

Status Importer::convert_row() {
    row_ = {};
    row_.line = reader_.row().line;
    for (const FieldSource& source : mapping_.sources) {
        column_ = source.kind == SourceKind::constant ? reader_.header().size() : source.column;
        SATCHEL_TRY(convert(source));
    }
    return key_ == nullptr ? Status{} : find_record();
}

// The trimmed cell, or what an alias says to read in its place.
std::string_view Importer::cell(std::size_t column) const {
    const std::string_view text = trimmed(reader_.row().cells[column]);
    const auto aliases = mapping_.aliases.find(column);
    if (aliases == mapping_.aliases.end()) return text;
    const auto alias = aliases->second.find(text);
    return alias == aliases->second.end() ? text : std::string_view(alias->second);
}

std::string Importer::joined(const std::vector<std::size_t>& columns) const {
    std::string all;
    for (const std::size_t column : columns) {
        const std::string_view text = cell(column);
        if (!text.empty() && !all.empty()) all += " · ";
        all += text;
    }
    return all;
}

Status Importer::convert(const FieldSource& source) {
    const Field& field = *into_->find(source.field);
    if (source.kind == SourceKind::constant) return convert_plain(field, source.constant);
    if (source.kind == SourceKind::money) return convert_money(source);
    if (source.kind == SourceKind::joined) return convert_plain(field, joined(source.columns));
    const std::string_view text = cell(source.column);
    if (source.kind == SourceKind::plain) return convert_plain(field, text);
    if (text.empty()) return add(field, {});
    if (source.kind == SourceKind::date) {
        SATCHEL_ASSIGN(const std::int64_t days, parse_date(text));
        return add(field, Value(days));
    }
    SATCHEL_ASSIGN(const Bytes name, storage::canonical_text(text));
    const bool is_user = source.kind == SourceKind::user;
    const auto id =
        is_user ? resolver_->user(name)
                : resolver_->find(source.lookup_collection, source.lookup_field, Value::text(name));
    SATCHEL_ASSIGN(Value value, found(id, is_user ? "user" : "record"));
    return add(field, std::move(value));
}

// Half of the two may be there, as an export writes it; but the mapping's own currency comes with
// an amount only.
Status Importer::convert_money(const FieldSource& source) {
    const Field& field = *into_->find(source.field);
    const Field& currency_field = *into_->find(source.currency_field);
    const std::string_view text = cell(source.column);
    const bool has_column = source.currency_column.has_value();
    const std::string_view currency = has_column     ? cell(*source.currency_column)
                                      : text.empty() ? std::string_view()
                                                     : source.currency;
    if (!currency.empty() && !is_currency_code(currency)) {
        column_ = *source.currency_column;
        return no_currency();
    }
    if (text.empty()) {
        SATCHEL_TRY(add(field, {}));
    } else {
        SATCHEL_ASSIGN(const std::int64_t units,
                       parse_decimal(text, minor_digits(currency), source.scale));
        SATCHEL_TRY(add(field, Value(units)));
    }
    return add(currency_field, currency.empty() ? Value() : Value::text(currency));
}

Status Importer::convert_plain(const Field& field, std::string_view text) {
    if (field.kind == FieldKind::set) {
        SATCHEL_ASSIGN(std::vector<Bytes> elements, set_elements(text));
        row_.cells.push_back({field.id, field.kind, {}, std::move(elements)});
        return {};
    }
    if (text.empty()) return add(field, {});
    if (field.kind == FieldKind::text) {
        if (names_a_currency(field) && !is_currency_code(text)) return no_currency();
        SATCHEL_ASSIGN(Value value, text_value(field, text));
        return add(field, std::move(value));
    }
    if (field.kind == FieldKind::reference) {
        SATCHEL_ASSIGN(Value value, reference_value(text));
        return add(field, std::move(value));
    }
    SATCHEL_ASSIGN(const std::int64_t number, meaning(*into_, field) == Meaning::date
                                                  ? parse_date(text)
                                                  : parse_decimal(text, 0));
    return add(field, Value(number));
}

Status Importer::add(const Field& field, Value value) {
    row_.cells.push_back({field.id, field.kind, std::move(value), {}});
    return {};
}

// Gives the row the id of the record that has its key.
Status Importer::find_record() {
    const auto at = std::find_if(row_.cells.begin(), row_.cells.end(),
                                 [&](const auto& imported) { return imported.field == key_->id; });
    const auto source = std::find_if(mapping_.sources.begin(), mapping_.sources.end(),
                                     [&](const auto& each) { return each.field == key_->id; });
    column_ = source->kind == SourceKind::constant ? reader_.header().size() : source->column;
    const Value& key = at->value;
    if (key.is_null()) return bad_cell("the key is empty");
    const auto known = resolver_->find(into_->id, key_->id, key);
    row_.exists = static_cast<bool>(known);
    if (known) {
        row_.id = *known;
    } else if (known.error().code == ErrorCode::not_found) {
        const bool is_text = key.type() == ValueType::text;
        row_.id =
            keyed_record_id(into_->id, is_text ? key.as_bytes() : std::to_string(key.integer()));
    } else {
        return known.error();
    }
    const auto [first, is_new] = lines_of_keys_.emplace(*row_.id, row_.line);
    if (is_new) return {};
    return bad_cell("line " + std::to_string(first->second) + " has the same key");
}

RecordId keyed_record_id(CollectionId collection, std::string_view key) {
    Bytes head(kKeyDomain);
    for (const int shift : {24, 16, 8, 0})
        head += static_cast<char>((number(collection) >> shift) & 0xFFU);
    const Digest digest = storage::blake2b(head, key);
    RecordId id;
    std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
    id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0FU) | 0x80U);
    id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3FU) | 0x80U);
    return id;
}

}  // namespace satchel::sales
