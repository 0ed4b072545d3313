#include "sales/mapping.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "sales/csv.hpp"
#include "sales/numbers.hpp"
#include "sales/starter_schema.hpp"

namespace satchel::sales {
namespace {

constexpr std::size_t kMaxJoined = 8;
constexpr std::string_view kPunctuation = ",()=";

Error bad_mapping(const std::string& what) {
    return {ErrorCode::invalid_argument, "mapping: " + what};
}

// One item of the text, before anything in it is looked up.
struct Item {
    std::string target;                     // the field; empty for an alias
    std::string function;                   // empty for a plain column
    std::vector<std::string> arguments;     // the column alone when plain
    std::vector<std::string> replacements;  // of an alias: for arguments[i + 1]
};

// Takes the text apart: item, item, … with
// item = target "=" (column | function "(" argument, … ")") | "alias(" column, from = to, … ")".
class MappingText {
  public:
    explicit MappingText(std::string_view text) : rest_(text) {}

    Result<std::vector<Item>> items() {
        std::vector<Item> all;
        skip_spaces();
        while (!rest_.empty()) {
            SATCHEL_ASSIGN(Item item, take_item());
            all.push_back(std::move(item));
            if (rest_.empty()) break;
            SATCHEL_TRY(expect(',', "between two items"));
            skip_spaces();
        }
        return all;
    }

  private:
    void skip_spaces() {
        const std::string_view text = trimmed(rest_);
        rest_.remove_prefix(text.empty() ? rest_.size()
                                         : static_cast<std::size_t>(text.data() - rest_.data()));
    }

    bool take(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        skip_spaces();
        return true;
    }

    Status expect(char c, const std::string& where) {
        if (take(c)) return {};
        return bad_mapping(std::string("expected '") + c + "' " + where + ", found " +
                           (rest_.empty() ? "the end" : "\"" + excerpt(rest_) + "\""));
    }

    Result<std::string> take_quoted() {
        std::string word;
        for (std::size_t at = 1; at < rest_.size(); ++at) {
            if (rest_[at] != '"') {
                word += rest_[at];
            } else if (rest_.substr(at + 1).starts_with('"')) {
                word += rest_[++at];
            } else {
                rest_.remove_prefix(at + 1);
                skip_spaces();
                return word;
            }
        }
        return bad_mapping("a quote is opened and never closed: \"" + excerpt(rest_) + "\"");
    }

    Result<std::string> take_word(const std::string& what) {
        if (rest_.starts_with('"')) return take_quoted();
        const std::size_t end = std::min(rest_.find_first_of(kPunctuation), rest_.size());
        const std::string word(trimmed(rest_.substr(0, end)));
        if (word.empty())
            return bad_mapping(what + " is missing before " +
                               (rest_.empty() ? "the end" : "\"" + excerpt(rest_) + "\""));
        rest_.remove_prefix(end);
        return word;
    }

    Result<Item> take_item() {
        Item item;
        SATCHEL_ASSIGN(std::string head, take_word("a field"));
        if (head == "alias" && rest_.starts_with('(')) {
            item.function = std::move(head);
        } else {
            item.target = std::move(head);
            SATCHEL_TRY(expect('=', "behind the field " + item.target));
            SATCHEL_ASSIGN(std::string source, take_word("a column"));
            if (!rest_.starts_with('(')) {
                item.arguments.push_back(std::move(source));
                return item;
            }
            item.function = std::move(source);
        }
        SATCHEL_TRY(take_arguments(item));
        return item;
    }

    Status take_arguments(Item& item) {
        SATCHEL_TRY(expect('(', "behind " + item.function));
        do {
            SATCHEL_ASSIGN(std::string argument, take_word("an argument of " + item.function));
            item.arguments.push_back(std::move(argument));
            if (item.function != "alias" || item.arguments.size() == 1) continue;
            SATCHEL_TRY(expect('=', "between the two texts of an alias"));
            SATCHEL_ASSIGN(std::string replacement, take_word("the text to read"));
            item.replacements.push_back(std::move(replacement));
        } while (take(','));
        return expect(')', "behind the arguments of " + item.function);
    }

    std::string_view rest_;
};

template <typename Things, typename NameOf>
std::string list(const Things& things, NameOf name_of) {
    std::string all;
    for (const auto& thing : things)
        all += (all.empty() ? "" : ", ") + std::string(name_of(thing));
    return all;
}

std::string field_names(const Collection& collection) {
    return list(collection.fields, [](const Field& field) { return field.name; });
}

// Looks the items up in the schema and the header.
class MappingBuilder {
  public:
    MappingBuilder(const Schema& schema, const Collection& into,
                   const std::vector<std::string>& header)
        : schema_(schema), into_(into), header_(header) {}

    Result<Mapping> build(const std::vector<Item>& items);

  private:
    using Step = Status (MappingBuilder::*)(const Item&, const Field&, FieldSource&);
    struct Function {
        std::string_view name;
        std::string_view usage;
        std::size_t least_arguments;
        std::size_t most_arguments;
        Step step;
    };
    static const std::array<Function, 6> kFunctions;

    Status add(const Item& item);
    Status add_alias(const Item& item);
    Status add_matching_columns();
    Status call(const Item& item, const Field& field, FieldSource& source);
    Status claim(const Field& field);
    Status check_plain(const Field& field) const;
    Result<std::size_t> column(const std::string& name);
    Result<const Field*> field_of(const Collection& collection, const std::string& name) const;
    Status check_reference(const Field& field, CollectionId target) const;

    Status date(const Item& item, const Field& field, FieldSource& source);
    Status money(const Item& item, const Field& field, FieldSource& source);
    Status lookup(const Item& item, const Field& field, FieldSource& source);
    Status user(const Item& item, const Field& field, FieldSource& source);
    Status join(const Item& item, const Field& field, FieldSource& source);
    Status constant(const Item& item, const Field& field, FieldSource& source);

    const Schema& schema_;
    const Collection& into_;
    const std::vector<std::string>& header_;
    Mapping mapping_;
    std::set<FieldId> taken_;
    std::set<std::size_t> used_;
};

const std::array<MappingBuilder::Function, 6> MappingBuilder::kFunctions = {{
    {"date", "date(column)", 1, 1, &MappingBuilder::date},
    {"money", "money(column, USD)", 2, 3, &MappingBuilder::money},
    {"@lookup", "@lookup(collection.field, column)", 2, 2, &MappingBuilder::lookup},
    {"@user", "@user(column)", 1, 1, &MappingBuilder::user},
    {"join", "join(column, column, …)", 2, kMaxJoined, &MappingBuilder::join},
    {"const", "const(text)", 1, 1, &MappingBuilder::constant},
}};

Result<Mapping> MappingBuilder::build(const std::vector<Item>& items) {
    for (const Item& item : items)
        SATCHEL_TRY(item.target.empty() ? add_alias(item) : add(item));
    if (mapping_.sources.empty()) SATCHEL_TRY(add_matching_columns());
    for (std::size_t i = 0; i < header_.size(); ++i)
        if (!used_.contains(i)) mapping_.unused_columns.push_back(header_[i]);
    return std::move(mapping_);
}

Result<std::size_t> MappingBuilder::column(const std::string& name) {
    const auto at = std::find(header_.begin(), header_.end(), name);
    if (at == header_.end())
        return bad_mapping("there is no column \"" + name + "\"; the file has " +
                           list(header_, [](const std::string& each) { return each; }));
    const auto position = static_cast<std::size_t>(at - header_.begin());
    used_.insert(position);
    return position;
}

Result<const Field*> MappingBuilder::field_of(const Collection& collection,
                                              const std::string& name) const {
    const Field* field = collection.find(name);
    if (field != nullptr) return field;
    return bad_mapping("there is no field \"" + name + "\" in " + collection.name + "; it has " +
                       field_names(collection));
}

Status MappingBuilder::claim(const Field& field) {
    if (taken_.insert(field.id).second) return {};
    return bad_mapping("the field " + field.name + " is given twice");
}

Status MappingBuilder::add_alias(const Item& item) {
    SATCHEL_ASSIGN(const std::size_t position, column(item.arguments.front()));
    for (std::size_t i = 0; i < item.replacements.size(); ++i)
        if (!mapping_.aliases[position].emplace(item.arguments[i + 1], item.replacements[i]).second)
            return bad_mapping("the alias \"" + item.arguments[i + 1] + "\" is given twice");
    return {};
}

Status MappingBuilder::add(const Item& item) {
    SATCHEL_ASSIGN(const Field* field, field_of(into_, item.target));
    SATCHEL_TRY(claim(*field));
    FieldSource source;
    source.field = field->id;
    if (item.function.empty()) {
        SATCHEL_TRY(check_plain(*field));
        SATCHEL_ASSIGN(source.column, column(item.arguments.front()));
    } else {
        SATCHEL_TRY(call(item, *field, source));
    }
    mapping_.sources.push_back(std::move(source));
    return {};
}

Status MappingBuilder::check_plain(const Field& field) const {
    if (field.kind == FieldKind::bytes)
        return bad_mapping("the field " + field.name + " holds bytes, which a text file has not");
    if (meaning(into_, field) == Meaning::money)
        return bad_mapping("the field " + field.name + " is money and needs its currency: " +
                           field.name + "=money(column, USD)");
    return {};
}

Status MappingBuilder::call(const Item& item, const Field& field, FieldSource& source) {
    const auto at =
        std::find_if(kFunctions.begin(), kFunctions.end(),
                     [&](const Function& function) { return function.name == item.function; });
    if (at == kFunctions.end())
        return bad_mapping("there is no function \"" + item.function + "\"; there are " +
                           list(kFunctions, [](const Function& each) { return each.usage; }));
    const std::size_t given = item.arguments.size();
    if (given < at->least_arguments || given > at->most_arguments)
        return bad_mapping(item.target + ": write " + std::string(at->usage));
    return (this->*at->step)(item, field, source);
}

Status MappingBuilder::date(const Item& item, const Field& field, FieldSource& source) {
    if (field.kind != FieldKind::integer)
        return bad_mapping("date() needs a field of whole numbers; " + field.name + " is not");
    source.kind = SourceKind::date;
    SATCHEL_ASSIGN(source.column, column(item.arguments[0]));
    return {};
}

Status MappingBuilder::money(const Item& item, const Field& field, FieldSource& source) {
    const Field* currency = currency_field(into_, field);
    if (currency == nullptr)
        return bad_mapping("money() needs a field with a currency in its group; " + field.name +
                           " has none");
    SATCHEL_TRY(claim(*currency));
    source.kind = SourceKind::money;
    source.currency_field = currency->id;
    SATCHEL_ASSIGN(source.column, column(item.arguments[0]));
    if (is_currency_code(item.arguments[1])) {
        source.currency = item.arguments[1];
    } else {
        SATCHEL_ASSIGN(source.currency_column, column(item.arguments[1]));
    }
    if (item.arguments.size() == 2) return {};
    const auto scale = parse_decimal(item.arguments[2], 0);
    if (!scale || *scale <= 0)
        return bad_mapping(
            "the third argument of money() is a whole number above 0: what one "
            "unit of the column is worth");
    source.scale = *scale;
    return {};
}

Status MappingBuilder::check_reference(const Field& field, CollectionId target) const {
    if (field.kind != FieldKind::reference)
        return bad_mapping("the field " + field.name + " refers to no record");
    if (field.refers_to == CollectionId{} || field.refers_to == target) return {};
    const Collection* right = schema_.find(field.refers_to);
    return bad_mapping("the field " + field.name + " does not refer to " +
                       schema_.find(target)->name +
                       (right == nullptr ? "" : " but to " + right->name));
}

Status MappingBuilder::lookup(const Item& item, const Field& field, FieldSource& source) {
    const std::string& path = item.arguments[0];
    const std::size_t dot = std::min(path.find('.'), path.size());
    const Collection* collection = schema_.find(std::string_view(path).substr(0, dot));
    if (collection == nullptr || dot == path.size())
        return bad_mapping(
            "@lookup(collection.field, column) has \"" + path + "\"; collections are " +
            list(schema_.collections(), [](const Collection& each) { return each.name; }));
    SATCHEL_ASSIGN(const Field* by, field_of(*collection, path.substr(dot + 1)));
    if (by->kind != FieldKind::text)
        return bad_mapping("@lookup searches in text fields; " + path + " is not one");
    SATCHEL_TRY(check_reference(field, collection->id));
    source.kind = SourceKind::lookup;
    source.lookup_collection = collection->id;
    source.lookup_field = by->id;
    SATCHEL_ASSIGN(source.column, column(item.arguments[1]));
    return {};
}

Status MappingBuilder::user(const Item& item, const Field& field, FieldSource& source) {
    SATCHEL_TRY(check_reference(field, system_ids::kUser));
    source.kind = SourceKind::user;
    SATCHEL_ASSIGN(source.column, column(item.arguments[0]));
    return {};
}

Status MappingBuilder::join(const Item& item, const Field& field, FieldSource& source) {
    if (field.kind != FieldKind::text)
        return bad_mapping("join() needs a text field; " + field.name + " is not one");
    source.kind = SourceKind::joined;
    for (const std::string& name : item.arguments) {
        SATCHEL_ASSIGN(const std::size_t position, column(name));
        source.columns.push_back(position);
    }
    source.column = source.columns.front();
    return {};
}

Status MappingBuilder::constant(const Item& item, const Field& field, FieldSource& source) {
    SATCHEL_TRY(check_plain(field));
    source.kind = SourceKind::constant;
    source.constant = item.arguments[0];
    return {};
}

// Money first: it takes the column of its currency with it.
Status MappingBuilder::add_matching_columns() {
    for (const bool is_money : {true, false}) {
        for (const std::string& name : header_) {
            const Field* field = into_.find(name);
            if (field == nullptr || taken_.contains(field->id)) continue;
            const Field* currency = currency_field(into_, *field);
            if ((currency != nullptr) != is_money) continue;
            Item item{field->name, {}, {name}, {}};
            if (is_money && std::count(header_.begin(), header_.end(), currency->name) > 0) {
                item.function = "money";
                item.arguments.push_back(currency->name);
            }
            SATCHEL_TRY(add(item));
        }
    }
    if (!mapping_.sources.empty()) return {};
    return bad_mapping("no column is called like a field of " + into_.name + ", which has " +
                       field_names(into_) + "; the file has " +
                       list(header_, [](const std::string& each) { return each; }));
}

}  // namespace

Result<Mapping> parse_mapping(std::string_view text, const Schema& schema, const Collection& into,
                              const std::vector<std::string>& header) {
    if (text.size() > kMaxMappingBytes)
        return Error{ErrorCode::limit,
                     "mapping: more than " + std::to_string(kMaxMappingBytes) + " bytes"};
    SATCHEL_ASSIGN(const std::vector<Item> items, MappingText(text).items());
    return MappingBuilder(schema, into, header).build(items);
}

}  // namespace satchel::sales
