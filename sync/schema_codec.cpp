// The stored form of a schema: docs/formats.md, "Schema".
#include "sync/limits.hpp"
#include "sync/schema.hpp"
#include "sync/wire.hpp"

namespace satchel {
namespace {

constexpr std::uint64_t kSchemaFormat = 1;

void write_field(Writer& out, const Field& field) {
    out.unsigned_integer(number(field.id));
    out.text(field.name);
    out.text(field.label_zh);
    out.text(field.label_en);
    out.unsigned_integer(static_cast<std::uint64_t>(field.kind));
    out.unsigned_integer(number(field.cell));
    out.unsigned_integer(number(field.refers_to));
    out.unsigned_integer(field.max_bytes);
    out.unsigned_integer(field.indexed ? 1 : 0);
}

Field read_field(Reader& in) {
    Field field;
    field.id = FieldId{static_cast<std::uint32_t>(in.bounded(UINT32_MAX))};
    field.name = in.text();
    field.label_zh = in.text();
    field.label_en = in.text();
    field.kind = static_cast<FieldKind>(in.bounded(static_cast<std::uint64_t>(FieldKind::counter)));
    field.cell = FieldId{static_cast<std::uint32_t>(in.bounded(UINT32_MAX))};
    field.refers_to = CollectionId{static_cast<std::uint32_t>(in.bounded(UINT32_MAX))};
    field.max_bytes = static_cast<std::uint32_t>(in.bounded(kMaxTextBytes));
    field.indexed = in.bounded(1) == 1;
    return field;
}

void write_scope(Writer& out, const ScopeRule& scope) {
    out.unsigned_integer(scope.everyone ? 1 : 0);
    out.unsigned_integer(number(scope.owner));
    out.unsigned_integer(number(scope.pool));
    out.unsigned_integer(scope.parents.size());
    for (const FieldId parent : scope.parents)
        out.unsigned_integer(number(parent));
}

ScopeRule read_scope(Reader& in) {
    ScopeRule scope;
    scope.everyone = in.bounded(1) == 1;
    scope.owner = FieldId{static_cast<std::uint32_t>(in.bounded(UINT32_MAX))};
    scope.pool = FieldId{static_cast<std::uint32_t>(in.bounded(UINT32_MAX))};
    const std::uint64_t count = in.bounded(kMaxFields);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i)
        scope.parents.push_back(FieldId{static_cast<std::uint32_t>(in.bounded(UINT32_MAX))});
    return scope;
}

void write_rules(Writer& out, const Collection& collection) {
    out.unsigned_integer(collection.cells.size());
    for (const Cell& cell : collection.cells) {
        out.unsigned_integer(number(cell.id));
        out.unsigned_integer(static_cast<std::uint64_t>(cell.rule));
        out.unsigned_integer(cell.order.size());
        for (const std::string& value : cell.order)
            out.text(value);
    }
}

std::vector<CellRule> read_rules(Reader& in) {
    std::vector<CellRule> rules;
    const std::uint64_t count = in.bounded(kMaxFields);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        CellRule rule;
        rule.cell = FieldId{static_cast<std::uint32_t>(in.bounded(UINT32_MAX))};
        rule.rule =
            static_cast<ConflictRule>(in.bounded(static_cast<std::uint64_t>(ConflictRule::manual)));
        const std::uint64_t values = in.bounded(kMaxFields);
        for (std::uint64_t k = 0; k < values && in.ok(); ++k)
            rule.order.emplace_back(in.text());
        rules.push_back(std::move(rule));
    }
    return rules;
}

void write_collection(Writer& out, const Collection& collection) {
    out.unsigned_integer(number(collection.id));
    out.text(collection.name);
    out.text(collection.label_zh);
    out.text(collection.label_en);
    out.unsigned_integer(static_cast<std::uint64_t>(collection.delete_policy));
    out.unsigned_integer(static_cast<std::uint64_t>(collection.write_right));
    out.unsigned_integer(collection.append_only ? 1 : 0);
    out.unsigned_integer(collection.priority);
    write_scope(out, collection.scope);
    out.unsigned_integer(collection.fields.size());
    for (const Field& field : collection.fields)
        write_field(out, field);
    write_rules(out, collection);
}

Collection read_collection(Reader& in, std::vector<CellRule>& rules) {
    Collection collection;
    collection.id = CollectionId{static_cast<std::uint32_t>(in.bounded(UINT32_MAX))};
    collection.name = in.text();
    collection.label_zh = in.text();
    collection.label_en = in.text();
    collection.delete_policy = static_cast<DeletePolicy>(in.bounded(1));
    collection.write_right = static_cast<WriteRight>(in.bounded(1));
    collection.append_only = in.bounded(1) == 1;
    collection.priority = static_cast<std::uint8_t>(in.bounded(UINT8_MAX));
    collection.scope = read_scope(in);
    const std::uint64_t fields = in.bounded(kMaxFields);
    for (std::uint64_t i = 0; i < fields && in.ok(); ++i)
        collection.fields.push_back(read_field(in));
    rules = read_rules(in);
    return collection;
}

}  // namespace

Bytes Schema::encode() const {
    Writer out;
    out.unsigned_integer(kSchemaFormat);
    out.unsigned_integer(number_);
    std::size_t own = 0;
    for (const Collection& collection : collections_)
        own += satchel::number(collection.id) >= system_ids::kFirstFree ? 1 : 0;
    out.unsigned_integer(own);
    for (const Collection& collection : collections_)
        if (satchel::number(collection.id) >= system_ids::kFirstFree)
            write_collection(out, collection);
    return out.take();
}

Result<Schema> Schema::decode(ByteView bytes) {
    if (bytes.size() > kMaxSchemaBytes) return Error{ErrorCode::limit, "the schema is too large"};
    Reader in(bytes);
    const std::uint64_t format = in.unsigned_integer();
    if (in.ok() && format != kSchemaFormat)
        return Error{ErrorCode::newer_format, "the schema was written by a newer release"};
    const auto schema_number = static_cast<std::uint32_t>(in.bounded(UINT32_MAX));
    const std::uint64_t count = in.bounded(kMaxCollections);
    std::vector<Collection> collections;
    std::map<CollectionId, std::vector<CellRule>> rules;
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        std::vector<CellRule> own;
        Collection collection = read_collection(in, own);
        rules[collection.id] = std::move(own);
        collections.push_back(std::move(collection));
    }
    SATCHEL_TRY(in.finish("the schema"));
    return build(schema_number, std::move(collections), rules);
}

}  // namespace satchel
