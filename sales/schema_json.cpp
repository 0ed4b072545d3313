#include "sales/schema_json.hpp"

#include <utility>

#include "sales/strict_json.hpp"
#include "sync/limits.hpp"
#include "sync/rules.hpp"

namespace satchel::sales {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxLabelBytes = 200;
constexpr std::uint32_t kMaxId = 0x7fff'ffff;

template <typename T>
using Names = std::initializer_list<std::pair<T, const char*>>;

constexpr Names<FieldKind> kKinds = {
    {FieldKind::integer, "integer"},     {FieldKind::text, "text"}, {FieldKind::bytes, "bytes"},
    {FieldKind::reference, "reference"}, {FieldKind::set, "set"},   {FieldKind::counter, "counter"},
};
constexpr Names<DeletePolicy> kPolicies = {
    {DeletePolicy::update_wins, "update_wins"},
    {DeletePolicy::delete_wins, "delete_wins"},
};
constexpr Names<WriteRight> kRights = {
    {WriteRight::holders, "holders"},
    {WriteRight::head_office, "head_office"},
};
constexpr Names<CollectionId> kSystemCollections = {
    {system_ids::kSchema, "_schema"},
    {system_ids::kUser, "_user"},
    {system_ids::kDevice, "_device"},
};

template <typename T>
const char* name_in(const Names<T>& names, T wanted) {
    for (const auto& [value, text] : names)
        if (value == wanted) return text;
    return "";
}

template <typename T>
Result<T> value_in(const Names<T>& names, const std::string& text, const StrictObject& object,
                   const char* member) {
    std::string all;
    for (const auto& [value, name] : names) {
        if (text == name) return value;
        all += (all.empty() ? "" : ", ") + std::string(name);
    }
    return object.wrong(std::string("\"") + member + "\" must be one of " + all);
}

// --- a schema to JSON

std::string field_name(const Collection& collection, FieldId id) {
    const Field* field = collection.find(id);
    return field == nullptr ? "" : field->name;
}

json json_of(const Field& field, const Collection& collection, const Schema& schema) {
    json object = {{"id", number(field.id)},
                   {"name", field.name},
                   {"kind", name_in(kKinds, field.kind)},
                   {"label_zh", field.label_zh},
                   {"label_en", field.label_en}};
    if (field.cell != field.id) object["cell"] = field_name(collection, field.cell);
    if (const Collection* target = schema.find(field.refers_to)) object["refers_to"] = target->name;
    if (field.max_bytes != 0) object["max_bytes"] = field.max_bytes;
    if (field.indexed) object["indexed"] = true;
    return object;
}

json json_of(const ScopeRule& scope, const Collection& collection) {
    json object = {{"everyone", scope.everyone}};
    if (scope.owner != FieldId{}) object["owner"] = field_name(collection, scope.owner);
    if (scope.pool != FieldId{}) object["pool"] = field_name(collection, scope.pool);
    json parents = json::array();
    for (const FieldId parent : scope.parents)
        parents.push_back(field_name(collection, parent));
    object["parents"] = std::move(parents);
    return object;
}

json json_of(const Collection& collection, const Schema& schema) {
    json fields = json::array();
    for (const Field& field : collection.fields)
        fields.push_back(json_of(field, collection, schema));
    json rules = json::array();
    for (const Cell& cell : collection.cells) {
        if (cell.rule == ConflictRule::last_writer) continue;
        json rule = {{"cell", field_name(collection, cell.id)},
                     {"rule", std::string(name(cell.rule))}};
        if (!cell.order.empty()) rule["order"] = cell.order;
        rules.push_back(std::move(rule));
    }
    return {{"id", number(collection.id)},
            {"name", collection.name},
            {"label_zh", collection.label_zh},
            {"label_en", collection.label_en},
            {"delete", name_in(kPolicies, collection.delete_policy)},
            {"write", name_in(kRights, collection.write_right)},
            {"append_only", collection.append_only},
            {"priority", collection.priority},
            {"scope", json_of(collection.scope, collection)},
            {"fields", std::move(fields)},
            {"rules", std::move(rules)}};
}

// --- JSON to a schema

// A collection, and of each of its fields what it refers to: that may stand further down in the
// JSON, so it is resolved when all are read.
struct Draft {
    Collection collection;
    std::vector<std::optional<std::string>> refers_to;
    std::vector<CellRule> rules;
};

Result<FieldId> field_id(const Collection& collection, const std::string& name,
                         const StrictObject& object, const char* member) {
    const Field* field = collection.find(std::string_view(name));
    if (field != nullptr) return field->id;
    return object.wrong(std::string("\"") + member + "\" names '" + name +
                        "', and there is no such field");
}

// Leaves `to` as it is when the member was left out.
Status read_field_id(StrictObject& object, const char* member, const Collection& collection,
                     FieldId& to) {
    SATCHEL_ASSIGN(const auto name, object.optional_text(member, kMaxNameBytes));
    if (!name) return {};
    SATCHEL_ASSIGN(to, field_id(collection, *name, object, member));
    return {};
}

template <typename Labelled>
Status read_labels(StrictObject& object, Labelled& of) {
    SATCHEL_ASSIGN(const auto zh, object.optional_text("label_zh", kMaxLabelBytes));
    SATCHEL_ASSIGN(const auto en, object.optional_text("label_en", kMaxLabelBytes));
    of.label_zh = zh.value_or(of.name);
    of.label_en = en.value_or(of.name);
    return {};
}

Result<Field> read_field(StrictObject& object, const std::string& collection) {
    Field field;
    SATCHEL_ASSIGN(field.name, object.text("name", kMaxNameBytes));
    object.rename("schema, " + collection + "." + field.name);
    SATCHEL_ASSIGN(const std::uint32_t id, object.number("id", 1, kMaxId));
    field.id = field.cell = FieldId{id};
    SATCHEL_ASSIGN(const std::string kind, object.text("kind", kMaxNameBytes));
    SATCHEL_ASSIGN(field.kind, value_in(kKinds, kind, object, "kind"));
    SATCHEL_TRY(read_labels(object, field));
    SATCHEL_ASSIGN(field.max_bytes, object.number("max_bytes", 0, kMaxTextBytes, 0));
    SATCHEL_ASSIGN(field.indexed, object.flag("indexed", false));
    return field;
}

Status read_fields(StrictObject& object, Draft& draft) {
    SATCHEL_ASSIGN(auto fields, object.objects("fields", kMaxFields));
    for (StrictObject& each : fields) {
        SATCHEL_ASSIGN(Field field, read_field(each, draft.collection.name));
        draft.collection.fields.push_back(std::move(field));
        SATCHEL_ASSIGN(auto refers_to, each.optional_text("refers_to", kMaxNameBytes));
        draft.refers_to.push_back(std::move(refers_to));
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
        Field& field = draft.collection.fields[i];
        SATCHEL_TRY(read_field_id(fields[i], "cell", draft.collection, field.cell));
        SATCHEL_TRY(fields[i].end());
    }
    return {};
}

Status read_scope(StrictObject& object, Collection& collection) {
    SATCHEL_ASSIGN(auto scope, object.optional_object("scope"));
    if (!scope) return {};
    SATCHEL_ASSIGN(collection.scope.everyone, scope->flag("everyone", false));
    SATCHEL_TRY(read_field_id(*scope, "owner", collection, collection.scope.owner));
    SATCHEL_TRY(read_field_id(*scope, "pool", collection, collection.scope.pool));
    SATCHEL_ASSIGN(const auto parents, scope->texts("parents", kMaxFields, kMaxNameBytes));
    for (const std::string& parent : parents) {
        SATCHEL_ASSIGN(const FieldId id, field_id(collection, parent, *scope, "parents"));
        collection.scope.parents.push_back(id);
    }
    return scope->end();
}

Status read_policies(StrictObject& object, Collection& collection) {
    SATCHEL_ASSIGN(const auto policy, object.optional_text("delete", kMaxNameBytes));
    SATCHEL_ASSIGN(collection.delete_policy,
                   value_in(kPolicies, policy.value_or("update_wins"), object, "delete"));
    SATCHEL_ASSIGN(const auto right, object.optional_text("write", kMaxNameBytes));
    SATCHEL_ASSIGN(collection.write_right,
                   value_in(kRights, right.value_or("holders"), object, "write"));
    SATCHEL_ASSIGN(collection.append_only, object.flag("append_only", false));
    SATCHEL_ASSIGN(const std::uint32_t priority,
                   object.number("priority", 0, UINT8_MAX, collection.priority));
    collection.priority = static_cast<std::uint8_t>(priority);
    return {};
}

Status read_rules(StrictObject& object, Draft& draft) {
    SATCHEL_ASSIGN(auto rules, object.objects("rules", kMaxFields));
    for (StrictObject& each : rules) {
        CellRule rule;
        SATCHEL_ASSIGN(const std::string cell, each.text("cell", kMaxNameBytes));
        SATCHEL_ASSIGN(rule.cell, field_id(draft.collection, cell, each, "cell"));
        SATCHEL_ASSIGN(const std::string text, each.text("rule", kMaxNameBytes));
        const Result<ConflictRule> known = conflict_rule(text);
        if (!known) return each.wrong(known.error().message);
        rule.rule = *known;
        SATCHEL_ASSIGN(rule.order, each.texts("order", kMaxFields, kMaxTextBytes));
        SATCHEL_TRY(each.end());
        draft.rules.push_back(std::move(rule));
    }
    return {};
}

Result<Draft> read_collection(StrictObject& object) {
    Draft draft;
    Collection& collection = draft.collection;
    SATCHEL_ASSIGN(collection.name, object.text("name", kMaxNameBytes));
    object.rename("schema, " + collection.name);
    SATCHEL_ASSIGN(const std::uint32_t id, object.number("id", system_ids::kFirstFree, kMaxId));
    collection.id = CollectionId{id};
    SATCHEL_TRY(read_labels(object, collection));
    SATCHEL_TRY(read_policies(object, collection));
    SATCHEL_TRY(read_fields(object, draft));
    SATCHEL_TRY(read_scope(object, collection));
    SATCHEL_TRY(read_rules(object, draft));
    SATCHEL_TRY(object.end());
    return draft;
}

Result<CollectionId> collection_id(const std::vector<Draft>& drafts, const std::string& name,
                                   const std::string& where) {
    for (const auto& [id, system] : kSystemCollections)
        if (name == system) return id;
    for (const Draft& draft : drafts)
        if (draft.collection.name == name) return draft.collection.id;
    return Error{ErrorCode::invalid_argument, "schema, " + where + ": \"refers_to\" names '" +
                                                  name + "', and there is no such collection"};
}

Status resolve(Draft& draft, const std::vector<Draft>& drafts) {
    for (std::size_t i = 0; i < draft.collection.fields.size(); ++i) {
        if (!draft.refers_to[i]) continue;
        Field& field = draft.collection.fields[i];
        const std::string where = draft.collection.name + "." + field.name;
        SATCHEL_ASSIGN(field.refers_to, collection_id(drafts, *draft.refers_to[i], where));
    }
    return {};
}

}  // namespace

json schema_to_json(const Schema& schema) {
    json collections = json::array();
    for (const Collection& collection : schema.collections())
        if (number(collection.id) >= system_ids::kFirstFree)
            collections.push_back(json_of(collection, schema));
    return {{"number", schema.number()}, {"collections", std::move(collections)}};
}

Result<Schema> schema_from_json(const json& document) {
    SATCHEL_ASSIGN(StrictObject object, StrictObject::of(document, "schema"));
    SATCHEL_ASSIGN(const std::uint32_t schema_number, object.number("number", 1, kMaxId));
    if (!document.contains("collections")) return object.wrong("\"collections\" must be given");
    SATCHEL_ASSIGN(auto list, object.objects("collections", kMaxCollections));
    SATCHEL_TRY(object.end());
    std::vector<Draft> drafts;
    for (StrictObject& each : list) {
        SATCHEL_ASSIGN(Draft draft, read_collection(each));
        drafts.push_back(std::move(draft));
    }
    std::vector<Collection> collections;
    std::map<CollectionId, std::vector<CellRule>> rules;
    for (Draft& draft : drafts) {
        SATCHEL_TRY(resolve(draft, drafts));
        rules[draft.collection.id] = draft.rules;
        collections.push_back(draft.collection);
    }
    return Schema::build(schema_number, std::move(collections), rules);
}

Result<Schema> schema_from_json_text(ByteView text) {
    const json document = json::parse(text, nullptr, false);
    if (!document.is_discarded()) return schema_from_json(document);
    return Error{ErrorCode::invalid_argument, "schema: this is not JSON (docs/formats.md)"};
}

}  // namespace satchel::sales
