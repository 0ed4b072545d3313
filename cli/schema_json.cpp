#include "cli/schema_json.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "sync/rules.hpp"

namespace satchel::cli {
namespace {

using nlohmann::json;

constexpr std::pair<std::string_view, FieldKind> kKinds[] = {
    {"integer", FieldKind::integer},     {"text", FieldKind::text}, {"bytes", FieldKind::bytes},
    {"reference", FieldKind::reference}, {"set", FieldKind::set},   {"counter", FieldKind::counter},
};

Error wrong(const std::string& where, const std::string& what) {
    return {ErrorCode::invalid_argument, "schema: " + where + ": " + what};
}

std::string text(const json& object, const char* key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_string() ? at->get<std::string>() : "";
}

std::uint32_t whole(const json& object, const char* key, std::uint32_t otherwise = 0) {
    const auto at = object.find(key);
    if (at == object.end() || !at->is_number_unsigned()) return otherwise;
    const auto value = at->get<std::uint64_t>();
    return value <= UINT32_MAX ? static_cast<std::uint32_t>(value) : otherwise;
}

bool flag(const json& object, const char* key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_boolean() && at->get<bool>();
}

const json& array(const json& object, const char* key) {
    static const json kEmpty = json::array();
    const auto at = object.find(key);
    return at != object.end() && at->is_array() ? *at : kEmpty;
}

// Fields and collections are named by their names; what they name may stand further down, so it is
// looked up when all have been read.
const json* object_of(const json& object, const char* key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_object() ? &*at : nullptr;
}

FieldId field_named(const Collection& collection, const std::string& wanted) {
    const Field* field = collection.find(wanted);
    return field == nullptr ? FieldId{} : field->id;
}

Result<Field> read_field(const std::string& collection, const json& object) {
    if (!object.is_object()) return wrong(collection, "a field is not an object");
    Field field;
    field.id = FieldId{whole(object, "id")};
    field.cell = field.id;
    field.name = text(object, "name");
    field.label_zh = text(object, "label_zh");
    field.label_en = text(object, "label_en");
    const std::string kind = text(object, "kind");
    const auto* known = std::find_if(std::begin(kKinds), std::end(kKinds),
                                     [&](const auto& each) { return each.first == kind; });
    if (known == std::end(kKinds))
        return wrong(collection + "." + field.name,
                     "kind is integer, text, bytes, reference, set or counter");
    field.kind = known->second;
    field.max_bytes = whole(object, "max_bytes");
    field.indexed = flag(object, "indexed");
    return field;
}

Status read_fields(const json& object, Collection& collection) {
    for (const json& row : array(object, "fields")) {
        SATCHEL_ASSIGN(Field field, read_field(collection.name, row));
        collection.fields.push_back(std::move(field));
    }
    std::size_t at = 0;
    for (const json& row : array(object, "fields")) {
        Field& field = collection.fields[at++];
        const std::string cell = text(row, "cell");
        if (!cell.empty()) field.cell = field_named(collection, cell);
        if (number(field.cell) == 0)
            return wrong(collection.name + "." + field.name, "its cell names no field");
    }
    return {};
}

Status read_rules(const json& object, const Collection& collection, std::vector<CellRule>& rules) {
    for (const json& row : array(object, "rules")) {
        if (!row.is_object()) return wrong(collection.name, "a rule is not an object");
        CellRule rule;
        rule.cell = field_named(collection, text(row, "cell"));
        SATCHEL_ASSIGN(rule.rule, conflict_rule(text(row, "rule")));
        for (const json& place : array(row, "order"))
            if (place.is_string()) rule.order.push_back(place.get<std::string>());
        rules.push_back(std::move(rule));
    }
    return {};
}

ScopeRule read_scope(const json& object, const Collection& collection) {
    ScopeRule scope;
    const json* given = object_of(object, "scope");
    if (given == nullptr) return scope;
    scope.everyone = flag(*given, "everyone");
    scope.owner = field_named(collection, text(*given, "owner"));
    scope.pool = field_named(collection, text(*given, "pool"));
    for (const json& parent : array(*given, "parents"))
        if (parent.is_string())
            scope.parents.push_back(field_named(collection, parent.get<std::string>()));
    return scope;
}

Result<Collection> read_collection(const json& object) {
    if (!object.is_object()) return wrong("collections", "one is not an object");
    Collection collection;
    collection.id = CollectionId{whole(object, "id")};
    collection.name = text(object, "name");
    collection.label_zh = text(object, "label_zh");
    collection.label_en = text(object, "label_en");
    if (text(object, "delete") == "delete_wins")
        collection.delete_policy = DeletePolicy::delete_wins;
    if (text(object, "write") == "head_office") collection.write_right = WriteRight::head_office;
    collection.append_only = flag(object, "append_only");
    collection.priority =
        static_cast<std::uint8_t>(std::min<std::uint32_t>(whole(object, "priority", 5), 255));
    SATCHEL_TRY(read_fields(object, collection));
    collection.scope = read_scope(object, collection);
    return collection;
}

constexpr std::pair<std::string_view, CollectionId> kSystem[] = {
    {"_schema", system_ids::kSchema},
    {"_user", system_ids::kUser},
    {"_device", system_ids::kDevice},
};

Status read_references(const json& list, std::vector<Collection>& collections) {
    std::map<std::string, CollectionId, std::less<>> ids(std::begin(kSystem), std::end(kSystem));
    for (const Collection& collection : collections)
        ids.emplace(collection.name, collection.id);
    std::size_t at = 0;
    for (const json& row : list) {
        Collection& collection = collections[at++];
        std::size_t field = 0;
        for (const json& field_row : array(row, "fields")) {
            const std::string target = text(field_row, "refers_to");
            Field& referring = collection.fields[field++];
            if (target.empty()) continue;
            const auto known = ids.find(target);
            if (known == ids.end())
                return wrong(collection.name + "." + referring.name,
                             "it refers to no known collection");
            referring.refers_to = known->second;
        }
    }
    return {};
}

}  // namespace

Result<Schema> schema_from_json(ByteView bytes) {
    const json object = json::parse(bytes, nullptr, false);
    if (!object.is_object()) return wrong("the file", "it is not a JSON object");
    const json& list = array(object, "collections");
    std::vector<Collection> collections;
    std::map<CollectionId, std::vector<CellRule>> rules;
    for (const json& row : list) {
        SATCHEL_ASSIGN(Collection collection, read_collection(row));
        SATCHEL_TRY(read_rules(row, collection, rules[collection.id]));
        collections.push_back(std::move(collection));
    }
    SATCHEL_TRY(read_references(list, collections));
    return Schema::build(whole(object, "number", 1), std::move(collections), rules);
}

}  // namespace satchel::cli
