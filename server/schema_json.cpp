#include "server/schema_json.hpp"

#include <array>
#include <utility>

#include "sync/limits.hpp"
#include "sync/rules.hpp"

namespace satchel::server {
namespace {

constexpr std::size_t kMaxLabelBytes = 200;

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

template <typename T>
const char* name_in(const Names<T>& names, T wanted) {
    for (const auto& [value, text] : names)
        if (value == wanted) return text;
    return "";
}

Error bad(const std::string& where, const std::string& what) {
    return {ErrorCode::invalid_argument, "schema, " + where + ": " + what};
}

template <typename T>
Result<T> value_in(const Names<T>& names, const std::string& text, const std::string& where) {
    std::string all;
    for (const auto& [value, name] : names) {
        if (text == name) return value;
        all += (all.empty() ? "" : ", ") + std::string(name);
    }
    return bad(where, "one of " + all + " is expected");
}

std::string field_name(const Collection& collection, FieldId id) {
    const Field* field = collection.find(id);
    return field == nullptr ? "" : field->name;
}

Json json_of(const Field& field, const Collection& collection, const Schema& schema) {
    Json json = {{"id", number(field.id)},
                 {"name", field.name},
                 {"kind", name_in(kKinds, field.kind)},
                 {"label_zh", field.label_zh},
                 {"label_en", field.label_en}};
    if (field.cell != field.id) json["cell"] = field_name(collection, field.cell);
    if (const Collection* target = schema.find(field.refers_to)) json["refers_to"] = target->name;
    if (field.max_bytes != 0) json["max_bytes"] = field.max_bytes;
    if (field.indexed) json["indexed"] = true;
    return json;
}

Json json_of(const ScopeRule& scope, const Collection& collection) {
    Json json = {{"everyone", scope.everyone}};
    if (scope.owner != FieldId{}) json["owner"] = field_name(collection, scope.owner);
    if (scope.pool != FieldId{}) json["pool"] = field_name(collection, scope.pool);
    Json parents = Json::array();
    for (const FieldId parent : scope.parents)
        parents.push_back(field_name(collection, parent));
    json["parents"] = std::move(parents);
    return json;
}

Json json_of(const Collection& collection, const Schema& schema) {
    Json fields = Json::array();
    for (const Field& field : collection.fields)
        fields.push_back(json_of(field, collection, schema));
    Json rules = Json::array();
    for (const Cell& cell : collection.cells) {
        if (cell.rule == ConflictRule::last_writer) continue;
        Json rule = {{"cell", field_name(collection, cell.id)},
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

// The list's elements as bodies, so that each has the same checks.
Result<std::vector<JsonBody>> list_of(const JsonBody& body, const char* name, std::size_t max) {
    std::vector<JsonBody> list;
    const auto found = body.json().find(name);
    if (found == body.json().end()) return list;
    if (!found->is_array() || found->size() > max)
        return bad(name, "a list of at most " + std::to_string(max) + " objects is expected");
    for (const Json& element : *found) {
        if (!element.is_object()) return bad(name, "an object is expected");
        list.push_back(JsonBody::of(element));
    }
    return list;
}

Result<std::uint32_t> id_of(const JsonBody& body, const char* name, const std::string& where) {
    SATCHEL_ASSIGN(const auto id, body.optional_integer(name));
    if (id && *id > 0 && *id <= 0x7fff'ffff) return static_cast<std::uint32_t>(*id);
    return bad(where, std::string("the member \"") + name + "\" must be a number from 1 on");
}

// What names something that may stand further down in the JSON; resolved when all are read.
struct Draft {
    Collection collection;
    std::vector<std::string> cells;      // of each field; "" = its own
    std::vector<std::string> refers_to;  // of each field; "" = anything
    JsonBody json;
};

Result<Field> read_field(const JsonBody& body, const std::string& collection) {
    Field field;
    SATCHEL_ASSIGN(field.name, body.text("name", kMaxNameBytes));
    const std::string where = collection + "." + field.name;
    SATCHEL_ASSIGN(const std::uint32_t id, id_of(body, "id", where));
    field.id = field.cell = FieldId{id};
    SATCHEL_ASSIGN(const std::string kind, body.text("kind", kMaxNameBytes));
    SATCHEL_ASSIGN(field.kind, value_in(kKinds, kind, where));
    SATCHEL_ASSIGN(const auto zh, body.optional_text("label_zh", kMaxLabelBytes));
    SATCHEL_ASSIGN(const auto en, body.optional_text("label_en", kMaxLabelBytes));
    field.label_zh = zh.value_or(field.name);
    field.label_en = en.value_or(field.name);
    SATCHEL_ASSIGN(const auto max_bytes, body.optional_integer("max_bytes"));
    if (max_bytes.value_or(0) < 0 || max_bytes.value_or(0) > std::int64_t{kMaxTextBytes})
        return bad(where, "max_bytes is above the limit");
    field.max_bytes = static_cast<std::uint32_t>(max_bytes.value_or(0));
    SATCHEL_ASSIGN(const auto indexed, body.optional_flag("indexed"));
    field.indexed = indexed.value_or(false);
    return field;
}

Status read_fields(Draft& draft) {
    SATCHEL_ASSIGN(const std::vector<JsonBody> fields, list_of(draft.json, "fields", kMaxFields));
    for (const JsonBody& body : fields) {
        SATCHEL_ASSIGN(Field field, read_field(body, draft.collection.name));
        SATCHEL_ASSIGN(const auto cell, body.optional_text("cell", kMaxNameBytes));
        SATCHEL_ASSIGN(const auto refers_to, body.optional_text("refers_to", kMaxNameBytes));
        draft.collection.fields.push_back(std::move(field));
        draft.cells.push_back(cell.value_or(""));
        draft.refers_to.push_back(refers_to.value_or(""));
    }
    return {};
}

Result<FieldId> field_id(const Collection& collection, const std::string& name) {
    if (name.empty()) return FieldId{};
    const Field* field = collection.find(std::string_view(name));
    if (field != nullptr) return field->id;
    return bad(collection.name, "it names a field that it does not have");
}

Status read_scope(Draft& draft) {
    const auto found = draft.json.json().find("scope");
    if (found == draft.json.json().end()) return {};
    if (!found->is_object()) return bad(draft.collection.name, "scope must be an object");
    const JsonBody body = JsonBody::of(*found);
    ScopeRule& scope = draft.collection.scope;
    SATCHEL_ASSIGN(const auto everyone, body.optional_flag("everyone"));
    scope.everyone = everyone.value_or(false);
    SATCHEL_ASSIGN(const auto owner, body.optional_text("owner", kMaxNameBytes));
    SATCHEL_ASSIGN(scope.owner, field_id(draft.collection, owner.value_or("")));
    SATCHEL_ASSIGN(const auto pool, body.optional_text("pool", kMaxNameBytes));
    SATCHEL_ASSIGN(scope.pool, field_id(draft.collection, pool.value_or("")));
    SATCHEL_ASSIGN(const auto parents, body.optional_texts("parents", kMaxNameBytes));
    for (const std::string& parent : parents.value_or(std::vector<std::string>())) {
        SATCHEL_ASSIGN(const FieldId id, field_id(draft.collection, parent));
        scope.parents.push_back(id);
    }
    return {};
}

Status read_policies(Draft& draft) {
    Collection& collection = draft.collection;
    SATCHEL_ASSIGN(const auto policy, draft.json.optional_text("delete", kMaxNameBytes));
    SATCHEL_ASSIGN(collection.delete_policy,
                   value_in(kPolicies, policy.value_or("update_wins"), collection.name));
    SATCHEL_ASSIGN(const auto right, draft.json.optional_text("write", kMaxNameBytes));
    SATCHEL_ASSIGN(collection.write_right,
                   value_in(kRights, right.value_or("holders"), collection.name));
    SATCHEL_ASSIGN(const auto append_only, draft.json.optional_flag("append_only"));
    collection.append_only = append_only.value_or(false);
    SATCHEL_ASSIGN(const auto priority, draft.json.optional_integer("priority"));
    if (priority.value_or(5) < 0 || priority.value_or(5) > 255)
        return bad(collection.name, "priority is 0 to 255");
    collection.priority = static_cast<std::uint8_t>(priority.value_or(5));
    return {};
}

Result<Draft> read_collection(const JsonBody& body) {
    Draft draft;
    draft.json = body;
    SATCHEL_ASSIGN(draft.collection.name, body.text("name", kMaxNameBytes));
    SATCHEL_ASSIGN(const std::uint32_t id, id_of(body, "id", draft.collection.name));
    draft.collection.id = CollectionId{id};
    SATCHEL_ASSIGN(const auto zh, body.optional_text("label_zh", kMaxLabelBytes));
    SATCHEL_ASSIGN(const auto en, body.optional_text("label_en", kMaxLabelBytes));
    draft.collection.label_zh = zh.value_or(draft.collection.name);
    draft.collection.label_en = en.value_or(draft.collection.name);
    SATCHEL_TRY(read_policies(draft));
    SATCHEL_TRY(read_fields(draft));
    SATCHEL_TRY(read_scope(draft));
    return draft;
}

Result<CollectionId> collection_id(const std::vector<Draft>& drafts, const std::string& name) {
    if (name.empty()) return CollectionId{};
    if (name == "_user") return system_ids::kUser;
    if (name == "_device") return system_ids::kDevice;
    for (const Draft& draft : drafts)
        if (draft.collection.name == name) return draft.collection.id;
    return bad("refers_to", "there is no such collection");
}

Status resolve(Draft& draft, const std::vector<Draft>& drafts) {
    for (std::size_t i = 0; i < draft.collection.fields.size(); ++i) {
        Field& field = draft.collection.fields[i];
        SATCHEL_ASSIGN(field.refers_to, collection_id(drafts, draft.refers_to[i]));
        if (draft.cells[i].empty()) continue;
        SATCHEL_ASSIGN(field.cell, field_id(draft.collection, draft.cells[i]));
    }
    return {};
}

Result<std::vector<CellRule>> read_rules(const Draft& draft) {
    std::vector<CellRule> rules;
    SATCHEL_ASSIGN(const std::vector<JsonBody> bodies, list_of(draft.json, "rules", kMaxFields));
    for (const JsonBody& body : bodies) {
        CellRule rule;
        SATCHEL_ASSIGN(const std::string cell, body.text("cell", kMaxNameBytes));
        SATCHEL_ASSIGN(rule.cell, field_id(draft.collection, cell));
        SATCHEL_ASSIGN(const std::string text, body.text("rule", kMaxNameBytes));
        SATCHEL_ASSIGN(rule.rule, conflict_rule(text));
        SATCHEL_ASSIGN(auto order, body.optional_texts("order", kMaxTextBytes));
        if (order) rule.order = *std::move(order);
        rules.push_back(std::move(rule));
    }
    return rules;
}

}  // namespace

Json json_of(const Schema& schema) {
    Json collections = Json::array();
    for (const Collection& collection : schema.collections())
        if (number(collection.id) >= system_ids::kFirstFree)
            collections.push_back(json_of(collection, schema));
    return {{"number", schema.number()}, {"collections", std::move(collections)}};
}

Result<Schema> schema_of(const JsonBody& body) {
    SATCHEL_ASSIGN(const std::uint32_t schema_number, id_of(body, "number", "all"));
    SATCHEL_ASSIGN(const std::vector<JsonBody> bodies,
                   list_of(body, "collections", kMaxCollections));
    std::vector<Draft> drafts;
    for (const JsonBody& one : bodies) {
        SATCHEL_ASSIGN(Draft draft, read_collection(one));
        drafts.push_back(std::move(draft));
    }
    std::vector<Collection> collections;
    std::map<CollectionId, std::vector<CellRule>> rules;
    for (Draft& draft : drafts) {
        SATCHEL_TRY(resolve(draft, drafts));
        SATCHEL_ASSIGN(rules[draft.collection.id], read_rules(draft));
        collections.push_back(draft.collection);
    }
    return Schema::build(schema_number, std::move(collections), rules);
}

}  // namespace satchel::server
