#include "sync/schema.hpp"

#include <algorithm>
#include <set>

#include "sync/limits.hpp"

namespace satchel {
namespace {

Error invalid(const std::string& where, const std::string& what) {
    return {ErrorCode::invalid_argument, "schema, " + where + ": " + what};
}

bool is_name(std::string_view name) {
    if (name.empty() || name.size() > kMaxNameBytes || name[0] < 'a' || name[0] > 'z') return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

// A collection's table stands beside SQLite's own and the replica's own.
constexpr std::string_view kTakenBeginnings[] = {"sqlite_", "pragma_", "json_"};
constexpr std::string_view kTakenTables[] = {
    "alias", "entry",     "journal", "journal_mark", "parked",  "repair", "replica",
    "scope", "scope_set", "setting", "staged",       "verdict", "wanted"};
// What SQLite takes for the number of a row, and ours.
constexpr std::string_view kTakenColumns[] = {"id", "oid", "rowid"};

Status check_table_name(const std::string& name) {
    for (const std::string_view beginning : kTakenBeginnings)
        if (name.starts_with(beginning))
            return invalid(name, "names that begin with '" + std::string(beginning) +
                                     "' are the database's own");
    for (const std::string_view taken : kTakenTables)
        if (name == taken)
            return invalid(name, "a table of every replica's own has this name; choose another");
    return {};
}

Status check_column_name(const std::string& where, const std::string& name) {
    for (const std::string_view taken : kTakenColumns)
        if (name == taken)
            return invalid(where, "every record has an '" + name + "' of its own; choose another");
    return {};
}

bool is_register(FieldKind kind) {
    return kind != FieldKind::set && kind != FieldKind::counter;
}

Status check_field(const Collection& collection, const Field& field) {
    const std::string where = collection.name + "." + field.name;
    if (!is_name(field.name))
        return invalid(where, "a field's name is [a-z][a-z0-9_]*, at most 64 characters");
    SATCHEL_TRY(check_column_name(where, field.name));
    if (number(field.id) == 0) return invalid(where, "a field's id starts at 1");
    if (!is_utf8(field.label_zh) || !is_utf8(field.label_en))
        return invalid(where, "a label is not valid UTF-8");
    if (field.max_bytes > kMaxTextBytes) return invalid(where, "max_bytes is above the limit");
    const Field* leader = collection.find(field.cell);
    if (leader == nullptr || leader->cell != leader->id || leader > &field)
        return invalid(where, "its cell is not the first field of a group");
    if (!is_register(field.kind) && field.cell != field.id)
        return invalid(where, "sets and counters stand alone, outside groups");
    if (leader != &field && !is_register(leader->kind))
        return invalid(where, "a group starts with a plain field");
    return {};
}

Status check_scope(const Collection& collection) {
    const auto is_reference = [&collection](FieldId id) {
        const Field* field = collection.find(id);
        return field != nullptr && field->kind == FieldKind::reference;
    };
    const ScopeRule& scope = collection.scope;
    if (number(scope.owner) != 0 && !is_reference(scope.owner))
        return invalid(collection.name, "the owner that scopes it must be a reference field");
    const Field* pool = collection.find(scope.pool);
    if (number(scope.pool) != 0 && (pool == nullptr || pool->kind != FieldKind::text))
        return invalid(collection.name, "the pool that scopes it must be a text field");
    if (scope.parents.size() > kMaxFields) return invalid(collection.name, "too many parents");
    for (const FieldId parent : scope.parents)
        if (!is_reference(parent))
            return invalid(collection.name, "a parent that scopes it must be a reference field");
    return {};
}

void build_cells(Collection& collection) {
    collection.cells.clear();
    for (std::size_t i = 0; i < collection.fields.size(); ++i) {
        const Field& field = collection.fields[i];
        if (!is_register(field.kind)) continue;
        auto at = std::find_if(collection.cells.begin(), collection.cells.end(),
                               [&field](const Cell& cell) { return cell.id == field.cell; });
        if (at == collection.cells.end())
            at = collection.cells.insert(at, Cell{field.cell, ConflictRule::last_writer, {}, {}});
        at->fields.push_back(i);
    }
    std::sort(collection.cells.begin(), collection.cells.end(),
              [](const Cell& a, const Cell& b) { return a.id < b.id; });
}

Status set_rules(Collection& collection, const std::vector<CellRule>& rules) {
    for (const CellRule& rule : rules) {
        const auto at = std::find_if(collection.cells.begin(), collection.cells.end(),
                                     [&rule](const Cell& cell) { return cell.id == rule.cell; });
        const std::string where = collection.name + ", cell " + std::to_string(number(rule.cell));
        if (at == collection.cells.end()) return invalid(where, "a rule for an unknown cell");
        const bool is_text = collection.fields[at->fields.front()].kind == FieldKind::text;
        if (rule.rule == ConflictRule::furthest && (rule.order.empty() || !is_text))
            return invalid(where, "furthest needs a text field and the list of its values");
        if (rule.rule == ConflictRule::union_lines && (!is_text || at->fields.size() > 1))
            return invalid(where, "union_lines needs a single text field");
        if (rule.order.size() > kMaxFields)
            return invalid(where, "at most 256 values in its order");
        at->rule = rule.rule;
        at->order = rule.order;
    }
    return {};
}

Status check_collection(const Collection& collection) {
    if (!is_utf8(collection.label_zh) || !is_utf8(collection.label_en))
        return invalid(collection.name, "a label is not valid UTF-8");
    if (!is_name(collection.name) && number(collection.id) >= system_ids::kFirstFree)
        return invalid(collection.name, "a collection's name is [a-z][a-z0-9_]*");
    SATCHEL_TRY(check_table_name(collection.name));
    if (collection.fields.empty() || collection.fields.size() > kMaxFields)
        return invalid(collection.name, "1 to 256 fields");
    std::set<FieldId> ids;
    std::set<std::string> names;
    for (const Field& field : collection.fields) {
        if (!ids.insert(field.id).second) return invalid(collection.name, "a field id twice");
        if (!names.insert(field.name).second)
            return invalid(collection.name + "." + field.name, "a field name twice");
        SATCHEL_TRY(check_field(collection, field));
    }
    return check_scope(collection);
}

Field system_field(FieldId id, const char* name, FieldKind kind, const char* zh, const char* en) {
    Field field;
    field.id = id;
    field.name = name;
    field.label_zh = zh;
    field.label_en = en;
    field.kind = kind;
    field.cell = id;
    return field;
}

Collection system_collection(CollectionId id, const char* name, std::vector<Field> fields) {
    Collection collection;
    collection.id = id;
    collection.name = name;
    collection.label_zh = name;
    collection.label_en = name;
    collection.write_right = WriteRight::head_office;
    collection.priority = 0;
    collection.scope.everyone = true;
    collection.fields = std::move(fields);
    return collection;
}

std::vector<Collection> system_collections() {
    using namespace system_ids;
    std::vector<Collection> all;
    all.push_back(system_collection(
        kSchema, "_schema",
        {system_field(kSchemaNumber, "number", FieldKind::integer, "编号", "Number"),
         system_field(kSchemaDefinition, "definition", FieldKind::bytes, "定义", "Definition")}));
    all.push_back(system_collection(
        kUser, "_user",
        {system_field(kUserName, "name", FieldKind::text, "姓名", "Name"),
         system_field(kUserLogin, "login", FieldKind::text, "登录名", "Login"),
         system_field(kUserRole, "role", FieldKind::text, "角色", "Role"),
         system_field(kUserManager, "manager", FieldKind::reference, "上级", "Manager"),
         system_field(kUserActive, "active", FieldKind::integer, "在用", "Active"),
         system_field(kUserPools, "pools", FieldKind::text, "线索池", "Pools")}));
    all.push_back(system_collection(
        kDevice, "_device",
        {system_field(kDeviceReplica, "replica", FieldKind::text, "副本", "Replica"),
         system_field(kDeviceUser, "user", FieldKind::reference, "用户", "User"),
         system_field(kDeviceName, "name", FieldKind::text, "名称", "Name")}));
    return all;
}

}  // namespace

const Field* Collection::find(FieldId field) const {
    const std::size_t at = position(field);
    return at < fields.size() ? &fields[at] : nullptr;
}

const Field* Collection::find(std::string_view field_name) const {
    for (const Field& field : fields)
        if (field.name == field_name) return &field;
    return nullptr;
}

const Cell* Collection::cell(FieldId cell_id) const {
    const auto at =
        std::lower_bound(cells.begin(), cells.end(), cell_id,
                         [](const Cell& cell, FieldId wanted) { return cell.id < wanted; });
    return at != cells.end() && at->id == cell_id ? &*at : nullptr;
}

std::size_t Collection::position(FieldId field) const {
    for (std::size_t i = 0; i < fields.size(); ++i)
        if (fields[i].id == field) return i;
    return fields.size();
}

Result<Schema> Schema::build(std::uint32_t number, std::vector<Collection> collections,
                             const std::map<CollectionId, std::vector<CellRule>>& rules) {
    Schema schema;
    schema.number_ = number;
    schema.collections_ = system_collections();
    for (Collection& collection : collections) {
        if (satchel::number(collection.id) < system_ids::kFirstFree)
            return invalid(collection.name, "ids below 100 are the system's");
        schema.collections_.push_back(std::move(collection));
    }
    if (schema.collections_.size() > kMaxCollections) return invalid("all", "too many collections");
    std::set<CollectionId> ids;
    std::set<std::string> names;
    for (Collection& collection : schema.collections_) {
        if (!ids.insert(collection.id).second || !names.insert(collection.name).second)
            return invalid(collection.name, "a collection's id or name twice");
        SATCHEL_TRY(check_collection(collection));
        build_cells(collection);
        const auto own = rules.find(collection.id);
        if (own != rules.end()) SATCHEL_TRY(set_rules(collection, own->second));
    }
    if (schema.encode().size() > kMaxSchemaBytes)
        return invalid("all", "larger than the record that carries it may be");
    return schema;
}

const Collection* Schema::find(CollectionId id) const {
    for (const Collection& collection : collections_)
        if (collection.id == id) return &collection;
    return nullptr;
}

const Collection* Schema::find(std::string_view name) const {
    for (const Collection& collection : collections_)
        if (collection.name == name) return &collection;
    return nullptr;
}

// The fields of a cell, in the order of its values.
static std::vector<FieldId> group_of(const Collection& collection, const Cell& cell) {
    std::vector<FieldId> group;
    for (const std::size_t field : cell.fields)
        group.push_back(collection.fields[field].id);
    return group;
}

Status check_successor(const Schema& older, const Schema& newer) {
    for (const Collection& before : older.collections()) {
        const Collection* after = newer.find(before.id);
        if (after == nullptr || after->name != before.name)
            return invalid(before.name, "a collection may not go or change its name");
        if (after->delete_policy != before.delete_policy)
            return invalid(before.name, "what an edit does to a deleted record stays as it is");
        for (const Field& field : before.fields) {
            const Field* kept = after->find(field.id);
            if (kept == nullptr || kept->kind != field.kind || kept->cell != field.cell ||
                kept->name != field.name)
                return invalid(before.name + "." + field.name,
                               "a field may not go or change its kind, cell or name; add a new id");
        }
        for (const Cell& cell : before.cells)
            if (group_of(before, cell) != group_of(*after, *after->cell(cell.id)))
                return invalid(before.name + ", cell " + std::to_string(number(cell.id)),
                               "a group's fields and their order stay as they are");
    }
    return {};
}

}  // namespace satchel
