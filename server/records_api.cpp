#include <spdlog/spdlog.h>

#include <utility>

#include "server/api.hpp"
#include "server/value_json.hpp"
#include "storage/record_tables.hpp"
#include "sync/changeset.hpp"
#include "sync/limits.hpp"

namespace satchel::server {
namespace {

using storage::Account;

constexpr std::size_t kRecordsPerChangeset = 1'000;  // small pages, and small steps for devices
constexpr std::size_t kMaxQuarantineItems = 1'000;
constexpr std::size_t kPruneStep = 10'000;
constexpr std::size_t kIdTextBytes = 36;
constexpr std::size_t kDotTextBytes = 64;

struct Handover {
    RecordId from;
    RecordId to;
    std::size_t records = 0;
    std::size_t changesets = 0;
};

Result<Account> user_named(Office& office, const JsonBody& body, const char* member) {
    SATCHEL_ASSIGN(const std::string text, body.text(member, storage::kMaxLoginBytes));
    return office.directory->find(text);
}

Result<const Collection*> collection_named(const Schema& schema, const std::string& name) {
    const Collection* collection = schema.find(name);
    if (collection == nullptr)
        return Error{ErrorCode::not_found,
                     "there is no such collection; GET /v1/admin/schema "
                     "shows all"};
    if (collection->scope.owner != FieldId{}) return collection;
    return Error{ErrorCode::invalid_argument,
                 "records of '" + name + "' have no owner; hand over what they belong to"};
}

// "id", then the columns of the cell that holds the owner.
std::string select_owned(const Collection& collection, const Cell& cell) {
    std::string sql = "SELECT id";
    for (const std::size_t position : cell.fields)
        sql += ", " + storage::quoted(collection.fields[position].name);
    return sql + " FROM " + storage::quoted(collection.name) + " WHERE " +
           storage::quoted(collection.find(collection.scope.owner)->name) + " = ?1";
}

Value value_at(const storage::Statement& row, int column) {
    switch (row.type(column)) {
        case SQLITE_INTEGER:
            return Value(row.integer(column));
        case SQLITE_TEXT:
            return Value::text(row.text(column));
        case SQLITE_BLOB:
            return Value::bytes(row.blob(column));
        default:
            return Value();
    }
}

// Writes the owner's cell again, with the new owner in it. The empty clock makes the store take the
// record's present one.
Operation operation_for(const Collection& collection, const Cell& cell,
                        const storage::Statement& row, const RecordId& record,
                        const RecordId& owner) {
    Operation operation;
    operation.collection = collection.id;
    operation.record = record;
    CellWrite write;
    write.cell = cell.id;
    for (std::size_t i = 0; i < cell.fields.size(); ++i) {
        const bool is_owner = collection.fields[cell.fields[i]].id == collection.scope.owner;
        write.values.push_back(is_owner ? Value::id(owner)
                                        : value_at(row, static_cast<int>(i) + 1));
    }
    operation.cells.push_back(std::move(write));
    return operation;
}

Status write_changesets(Office& office, std::vector<Operation> operations, const ApiCall& call,
                        Handover& handover) {
    for (std::size_t done = 0; done < operations.size(); done += kRecordsPerChangeset) {
        const std::size_t end = std::min(done + kRecordsPerChangeset, operations.size());
        std::vector<Operation> some(
            std::make_move_iterator(operations.begin() + static_cast<std::ptrdiff_t>(done)),
            std::make_move_iterator(operations.begin() + static_cast<std::ptrdiff_t>(end)));
        SATCHEL_ASSIGN(const Verdict verdict,
                       office.store->write_own(std::move(some), Intent::person, call.now_ms,
                                               call.access->account.user));
        if (verdict.kind != VerdictKind::accepted)
            return Error{ErrorCode::invalid_argument,
                         "the handover was not accepted: " + verdict.detail};
        ++handover.changesets;
    }
    handover.records += operations.size();
    return {};
}

Status hand_over_collection(Office& office, const Collection& collection, const ApiCall& call,
                            Handover& handover) {
    const Field* owner = collection.find(collection.scope.owner);
    const Cell* cell = owner == nullptr ? nullptr : collection.cell(owner->cell);
    if (cell == nullptr) return Error{ErrorCode::internal, "a schema names an owner it lacks"};
    SATCHEL_ASSIGN(storage::Statement * rows,
                   office.store->database().cached(select_owned(collection, *cell)));
    rows->bind_blob(1, handover.from.view());
    std::vector<Operation> operations;
    for (;;) {
        SATCHEL_ASSIGN(const bool more, rows->step());
        if (!more) break;
        SATCHEL_ASSIGN(const RecordId record, RecordId::from_bytes(rows->blob(0)));
        operations.push_back(operation_for(collection, *cell, *rows, record, handover.to));
    }
    rows->reset();
    return write_changesets(office, std::move(operations), call, handover);
}

Status hand_over_all(Office& office, const ApiCall& call, Handover& handover) {
    SATCHEL_ASSIGN(const Account from, user_named(office, call.body, "from"));
    handover.from = from.user;
    const SchemaPointer schema = office.store->schema();
    SATCHEL_ASSIGN(const auto name, call.body.optional_text("collection", kMaxNameBytes));
    if (name) {
        SATCHEL_ASSIGN(const Collection* only, collection_named(*schema, *name));
        return hand_over_collection(office, *only, call, handover);
    }
    for (const Collection& collection : schema->collections()) {
        if (collection.scope.owner == FieldId{}) continue;
        SATCHEL_TRY(hand_over_collection(office, collection, call, handover));
    }
    return {};
}

Status hand_over_record(Office& office, const ApiCall& call, const std::string& record,
                        Handover& handover) {
    SATCHEL_ASSIGN(const RecordId id, RecordId::parse(record));
    SATCHEL_ASSIGN(const std::string name, call.body.text("collection", kMaxNameBytes));
    const SchemaPointer schema = office.store->schema();
    SATCHEL_ASSIGN(const Collection* collection, collection_named(*schema, name));
    SATCHEL_ASSIGN(const Verdict verdict,
                   office.store->handover(collection->id, id, handover.to, call.now_ms));
    if (verdict.kind != VerdictKind::accepted)
        return Error{ErrorCode::invalid_argument,
                     "the handover was not accepted: " + verdict.detail};
    handover.records = 1;
    handover.changesets = 1;
    return {};
}

const char* kind_name(OperationKind kind) {
    switch (kind) {
        case OperationKind::write:
            return "write";
        case OperationKind::remove:
            return "delete";
        case OperationKind::undelete:
            return "undelete";
    }
    return "unknown";
}

// What this schema does not know goes by its number.
std::string field_name(const Collection* collection, FieldId id) {
    const Field* field = collection == nullptr ? nullptr : collection->find(id);
    return field == nullptr ? "#" + std::to_string(number(id)) : field->name;
}

Json fields_of(const Operation& operation, const Collection* collection) {
    Json fields = Json::object();
    for (const CellWrite& write : operation.cells) {
        const Cell* cell = collection == nullptr ? nullptr : collection->cell(write.cell);
        for (std::size_t i = 0; i < write.values.size(); ++i) {
            if (cell == nullptr || i >= cell->fields.size()) continue;
            const Field& field = collection->fields[cell->fields[i]];
            fields[field.name] = value_json(write.values[i], field.kind);
        }
    }
    return fields;
}

Json json_of(const Operation& operation, const Schema& schema) {
    const Collection* collection = schema.find(operation.collection);
    Json sets = Json::array();
    for (const SetWrite& write : operation.sets)
        sets.push_back({{"field", field_name(collection, write.field)},
                        {"element", value_json(write.element, FieldKind::text)},
                        {"add", write.add}});
    Json counters = Json::object();
    for (const CounterStep& step : operation.counters)
        counters[field_name(collection, step.field)] = step.step;
    return {
        {"collection", collection == nullptr ? "#" + std::to_string(number(operation.collection))
                                             : collection->name},
        {"record", operation.record.text()},
        {"kind", kind_name(operation.kind)},
        {"fields", fields_of(operation, collection)},
        {"sets", std::move(sets)},
        {"counters", std::move(counters)}};
}

Json operations_of(const Bytes& changeset, const Schema& schema) {
    Json list = Json::array();
    const Result<Changeset> decoded = decode_changeset(changeset);
    if (!decoded) return list;  // what is quarantined as malformed cannot be shown
    for (const Operation& operation : decoded->operations)
        list.push_back(json_of(operation, schema));
    return list;
}

Json json_of(const storage::QuarantinedChangeset& item, const std::string& login,
             const Schema& schema) {
    const LoggedChangeset& entry = item.entry;
    return {{"change", entry.id.text()},
            {"replica", entry.replica.text()},
            {"first_counter", entry.first_counter},
            {"last_counter", entry.last_counter},
            {"user", entry.author.text()},
            {"login", login},
            {"received_at", entry.receipt},
            {"reason", std::string(name(entry.verdict.reason))},
            {"detail", entry.verdict.detail},
            {"adopted", item.adopted},
            {"operations", operations_of(entry.bytes, schema)}};
}

Result<std::int64_t> quarantined_number(Office& office, const ChangeId& change) {
    SATCHEL_ASSIGN(storage::Statement * row,
                   office.store->database().cached("SELECT number FROM _log WHERE change = ?1 "
                                                   "AND kind = 2 ORDER BY number"));
    row->bind_blob(1, change.view());
    SATCHEL_ASSIGN(const bool found, row->step());
    if (!found)
        return Error{ErrorCode::not_found,
                     "there is no such change in quarantine; GET /v1/admin/quarantine shows all"};
    const std::int64_t log_number = row->integer(0);
    row->reset();
    return log_number;
}

std::size_t limit_asked(const ApiCall& call) {
    const std::string text = call.query("limit");
    std::size_t limit = 0;
    for (const char digit : text) {
        if (digit < '0' || digit > '9' || limit > kMaxQuarantineItems) break;
        limit = limit * 10 + static_cast<std::size_t>(digit - '0');
    }
    return limit == 0 ? 100 : std::min(limit, kMaxQuarantineItems);
}

}  // namespace

Result<Json> hand_over(Office& office, const ApiCall& call) {
    SATCHEL_ASSIGN(const Account to, user_named(office, call.body, "to"));
    if (!to.active)
        return Error{ErrorCode::invalid_argument, "the new owner's account is disabled"};
    Handover handover;
    handover.to = to.user;
    SATCHEL_ASSIGN(const auto record, call.body.optional_text("record", kIdTextBytes));
    if (record)
        SATCHEL_TRY(hand_over_record(office, call, *record, handover));
    else
        SATCHEL_TRY(hand_over_all(office, call, handover));
    spdlog::info("handover records={} to={}", handover.records, to.user.text());
    return Json{{"records", handover.records},
                {"changesets", handover.changesets},
                {"head", number(office.store->head())}};
}

Result<Json> list_quarantine(Office& office, const ApiCall& call) {
    SATCHEL_ASSIGN(const std::vector<storage::QuarantinedChangeset> found,
                   office.store->quarantine(limit_asked(call), call.query("adopted") == "true"));
    const SchemaPointer schema = office.store->schema();
    Json items = Json::array();
    for (const storage::QuarantinedChangeset& item : found) {
        const Result<Account> author = office.directory->account(item.entry.author);
        if (!author && author.error().code != ErrorCode::not_found) return author.error();
        items.push_back(json_of(item, author ? author->login : "", *schema));
    }
    return Json{{"items", std::move(items)}};
}

Result<Json> adopt(Office& office, const ApiCall& call) {
    SATCHEL_ASSIGN(const std::string text, call.body.text("change", kIdTextBytes));
    SATCHEL_ASSIGN(const ChangeId change, ChangeId::parse(text));
    SATCHEL_ASSIGN(const std::int64_t log_number, quarantined_number(office, change));
    SATCHEL_ASSIGN(const Verdict verdict,
                   office.store->adopt(log_number, call.access->account.user, call.now_ms));
    if (verdict.kind != VerdictKind::accepted)
        return Error{
            ErrorCode::invalid_argument,
            "it cannot be adopted: " + std::string(name(verdict.reason)) + " " + verdict.detail};
    spdlog::info("adopted change={} seq={}", change.text(), number(verdict.seq));
    return Json{{"change", change.text()}, {"seq", number(verdict.seq)}};
}

Result<Json> declare_lost(Office& office, const ApiCall& call) {
    SATCHEL_ASSIGN(const std::string text, call.body.text("dot", kDotTextBytes));
    SATCHEL_ASSIGN(const Dot dot, Dot::parse(text));
    SATCHEL_TRY(office.store->declare_lost(dot, call.access->account.login, call.now_ms));
    spdlog::warn("declared lost dot={}", dot.text());
    return Json{{"dot", dot.text()}};
}

Result<Json> prune(Office& office, const ApiCall& call) {
    SATCHEL_ASSIGN(const std::vector<std::uint64_t> active, office.directory->active_replicas());
    std::size_t records = 0;
    for (;;) {
        SATCHEL_ASSIGN(const std::size_t step,
                       office.store->prune(active, kPruneStep, call.now_ms));
        records += step;
        if (step < kPruneStep) break;
    }
    spdlog::info("pruned records={}", records);
    return Json{{"records", records}};
}

}  // namespace satchel::server
