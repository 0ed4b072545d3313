#include "client-imgui/record_writer.hpp"

#include "client-imgui/field_text.hpp"
#include "client/new_record.hpp"

namespace satchel::window {
namespace {

bool is_register(const Field& field) {
    return field.kind != FieldKind::set && field.kind != FieldKind::counter;
}

storage::FieldValues register_values(const Collection& collection, const SaveRecord& request,
                                     SaveAnswer& answer) {
    storage::FieldValues values;
    for (const FieldChange& change : request.changes) {
        const Field* field = collection.find(change.field);
        if (field == nullptr || !is_register(*field)) continue;
        auto parsed = parse_change(collection, *field, change);
        if (!parsed) {
            answer.problems.push_back({change.field, parsed.error()});
            continue;
        }
        values.insert(values.end(), parsed->begin(), parsed->end());
    }
    return values;
}

Status write_elements(storage::LocalTransaction& transaction, const std::string& collection,
                      const RecordId& id, const FieldChange& change) {
    for (const std::string& element : change.added)
        SATCHEL_TRY(transaction.add_to_set(collection, id, change.field, element));
    for (const std::string& element : change.removed)
        SATCHEL_TRY(transaction.remove_from_set(collection, id, change.field, element));
    if (change.step != 0) SATCHEL_TRY(transaction.count(collection, id, change.field, change.step));
    return {};
}

Result<RecordId> write_all(storage::Replica& replica, const SaveRecord& request,
                           const Collection& collection, storage::FieldValues values,
                           SaveAnswer& answer) {
    if (!request.id) {
        SATCHEL_ASSIGN(const auto person, client::person_of(replica));
        (void)client::belonging(collection, person, values);
    }
    SATCHEL_ASSIGN(storage::LocalTransaction transaction, replica.begin());
    RecordId id;
    if (request.id) {
        id = *request.id;
        if (!values.empty())
            SATCHEL_TRY(transaction.set(request.collection, id, values, &request.token));
    } else {
        SATCHEL_ASSIGN(id, transaction.create(request.collection, values));
    }
    for (const FieldChange& change : request.changes) {
        const Status written = write_elements(transaction, request.collection, id, change);
        if (!written) answer.problems.push_back({change.field, written.error()});
    }
    if (!answer.problems.empty()) return id;
    SATCHEL_TRY(transaction.commit());
    return id;
}

template <typename Write>
Status in_transaction(storage::Replica& replica, Write write) {
    SATCHEL_ASSIGN(storage::LocalTransaction transaction, replica.begin());
    SATCHEL_TRY(write(transaction));
    SATCHEL_TRY(transaction.commit());
    return {};
}

}  // namespace

SaveAnswer save_record(storage::Replica& replica, const SaveRecord& request,
                       std::optional<RecordId>& saved) {
    SaveAnswer answer;
    answer.serial = request.serial;
    const SchemaPointer schema = replica.schema();
    const Collection* collection = schema->find(request.collection);
    if (collection == nullptr) {
        answer.error = Error{ErrorCode::not_found, "this collection is not on this device"};
        return answer;
    }
    storage::FieldValues values = register_values(*collection, request, answer);
    if (!answer.problems.empty()) return answer;
    const auto id = write_all(replica, request, *collection, std::move(values), answer);
    if (!id) answer.error = id.error();
    answer.saved = id && answer.problems.empty();
    if (!answer.saved) return answer;
    saved = *id;
    // The input stands anew; the old entry needs no further look.
    if (request.replaces != 0)
        if (const Status done = replica.dismiss(request.replaces); !done)
            answer.error = done.error();
    return answer;
}

Status delete_record(storage::Replica& replica, const DeleteRecord& request) {
    return in_transaction(replica, [&](storage::LocalTransaction& transaction) {
        return transaction.remove(request.collection, request.id, &request.token);
    });
}

Status undelete_record(storage::Replica& replica, const UndeleteRecord& request) {
    return in_transaction(replica, [&](storage::LocalTransaction& transaction) {
        return transaction.undelete(request.collection, request.id);
    });
}

Status resolve_conflict(storage::Replica& replica, const Resolve& request) {
    return in_transaction(replica, [&](storage::LocalTransaction& transaction) {
        return transaction.set(request.collection, request.record, request.values, &request.token);
    });
}

}  // namespace satchel::window
