#include "client/new_record.hpp"

#include <algorithm>

#include "client/account.hpp"

namespace satchel::client {
namespace {

bool names(const Collection& collection, FieldId field, const storage::FieldValues& values) {
    const Field* wanted = collection.find(field);
    return wanted != nullptr && std::any_of(values.begin(), values.end(), [&](const auto& given) {
               return given.first == wanted->name && !given.second.is_null();
           });
}

bool is_scoped(const Collection& collection, const storage::FieldValues& values) {
    const ScopeRule& rule = collection.scope;
    if (rule.everyone || number(rule.owner) == 0) return true;
    return names(collection, rule.owner, values) || names(collection, rule.pool, values) ||
           std::any_of(rule.parents.begin(), rule.parents.end(),
                       [&](FieldId parent) { return names(collection, parent, values); });
}

// The register values of an operation, by the names of their fields.
storage::FieldValues values_of(const Collection& collection, const Operation& operation) {
    storage::FieldValues values;
    for (const CellWrite& write : operation.cells) {
        const Cell* cell = collection.cell(write.cell);
        if (cell == nullptr) continue;
        for (std::size_t i = 0; i < cell->fields.size() && i < write.values.size(); ++i)
            values.emplace_back(collection.fields[cell->fields[i]].name, write.values[i]);
    }
    return values;
}

// What an operation that makes a record lacks.
storage::FieldValues lacking(const Schema& schema, const Operation& operation,
                             const std::optional<RecordId>& person,
                             const storage::FieldValues& changed) {
    storage::FieldValues lacks = changed;
    const Collection* collection = schema.find(operation.collection);
    const bool makes = operation.kind == OperationKind::write && operation.clock.empty();
    if (collection == nullptr || !makes) return lacks;
    storage::FieldValues all = values_of(*collection, operation);
    all.insert(all.end(), changed.begin(), changed.end());
    if (belonging(*collection, person, all) == Belonging::person) lacks.push_back(all.back());
    return lacks;
}

}  // namespace

Result<std::optional<RecordId>> person_of(storage::Replica& replica) {
    SATCHEL_ASSIGN(const Account known, account(replica));
    const auto id = RecordId::parse(known.user);
    return id ? std::optional<RecordId>(*id) : std::nullopt;
}

Belonging belonging(const Collection& collection, const std::optional<RecordId>& person,
                    storage::FieldValues& values) {
    if (is_scoped(collection, values)) return Belonging::settled;
    if (!person) return Belonging::nobody;
    const std::string& owner = collection.find(collection.scope.owner)->name;
    std::erase_if(values, [&](const auto& given) { return given.first == owner; });
    values.emplace_back(owner, Value::id(*person));
    return Belonging::person;
}

Result<ChangeId> resend(storage::Replica& replica, std::int64_t journal_number,
                        const storage::FieldValues& values) {
    SATCHEL_ASSIGN(const Changeset changeset, replica.changeset(journal_number));
    if (!values.empty() && changeset.operations.size() != 1)
        return Error{ErrorCode::invalid_argument,
                     "this change is of several records: send it again as it is, then change them"};
    SATCHEL_ASSIGN(const auto person, person_of(replica));
    const SchemaPointer schema = replica.schema();
    std::map<RecordId, storage::FieldValues> amended;
    for (const Operation& operation : changeset.operations)
        if (auto lacks = lacking(*schema, operation, person, values); !lacks.empty())
            amended.emplace(operation.record, std::move(lacks));
    return replica.resend(journal_number, amended);
}

}  // namespace satchel::client
