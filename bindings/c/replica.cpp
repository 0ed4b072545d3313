// Errors, opening, writing: the first part of satchel.h.
#include <new>

#include "bindings/c/handles.hpp"
#include "sales/starter_schema.hpp"

using satchel::Error;
using satchel::ErrorCode;
using satchel::Result;
using satchel::Status;
using satchel::Value;
using satchel::ValueType;
using satchel::c_api::fail;
using satchel::c_api::from_c;
using satchel::c_api::guarded;
using satchel::c_api::missing;
using satchel::c_api::Shared;
using satchel::c_api::TurnGuard;

namespace satchel::c_api {

satchel_code fail(const Error& error, satchel_error** out) {
    if (out != nullptr) *out = new (std::nothrow) satchel_error{error};
    return static_cast<satchel_code>(error.code);
}

satchel_value to_c(const ValueView& value) {
    return {static_cast<satchel_value_type>(value.type), value.integer, value.bytes.data(),
            value.bytes.size()};
}

Result<Value> from_c(const satchel_value& value) {
    if (value.size > 0 && value.bytes == nullptr) return missing("a value's bytes");
    const ByteView bytes = value.size == 0 ? ByteView{} : ByteView{value.bytes, value.size};
    switch (value.type) {
        case SATCHEL_NULL:
            return Value{};
        case SATCHEL_INTEGER:
            return Value(value.integer);
        case SATCHEL_TEXT:
            return Value::text(bytes);
        case SATCHEL_BYTES:
            return Value::bytes(bytes);
    }
    return Error{ErrorCode::invalid_argument, "a value of no known type"};
}

Result<storage::FieldValues> from_c(const satchel_field* fields, std::size_t count) {
    if (fields == nullptr && count > 0) return missing("fields");
    storage::FieldValues values;
    for (std::size_t i = 0; i < count; ++i) {
        if (fields[i].name == nullptr) return missing("a field's name");
        SATCHEL_ASSIGN(Value value, from_c(fields[i].value));
        values.emplace_back(fields[i].name, std::move(value));
    }
    return values;
}

RecordId from_c(const satchel_id& id) {
    RecordId record;
    std::copy(std::begin(id.bytes), std::end(id.bytes), record.bytes.begin());
    return record;
}

satchel_id to_c(const RecordId& id) {
    satchel_id out;
    std::copy(id.bytes.begin(), id.bytes.end(), std::begin(out.bytes));
    return out;
}

namespace {

Result<SchemaPointer> schema_of(const satchel_open_options& options) {
    if (options.schema_bytes != nullptr) {
        SATCHEL_ASSIGN(
            Schema schema,
            Schema::decode({static_cast<const char*>(options.schema_bytes), options.schema_size}));
        return SchemaPointer(std::make_shared<const Schema>(std::move(schema)));
    }
    if (options.schema == nullptr) return SchemaPointer{};
    if (std::string_view(options.schema) == "starter")
        return SchemaPointer(std::make_shared<const Schema>(sales::starter_schema()));
    return Error{ErrorCode::invalid_argument, "schema is \"starter\" or NULL"};
}

// What the caller's structure has of ours: an older program knows fewer members.
satchel_open_options known_part(const satchel_open_options* given) {
    satchel_open_options options{};
    if (given == nullptr) return options;
    const std::size_t size = std::min(given->struct_size, sizeof options);
    std::copy_n(reinterpret_cast<const char*>(given), size, reinterpret_cast<char*>(&options));
    return options;
}

Status open_shared(std::string_view path, const satchel_open_options* given,
                   satchel_replica** replica) {
    if (given != nullptr && given->struct_size < sizeof given->struct_size)
        return Error{ErrorCode::invalid_argument, "set struct_size first"};
    const satchel_open_options options = known_part(given);
    auto shared = std::make_shared<Shared>();
    shared->path = path;
    if (options.key != nullptr) shared->key.assign(options.key, options.key_size);
    storage::ReplicaOptions open;
    open.create = options.create != 0;
    open.key = shared->key;
    SATCHEL_ASSIGN(open.schema, schema_of(options));
    SATCHEL_ASSIGN(shared->replica, storage::Replica::open(shared->path, open));
    *replica = new satchel_replica{std::move(shared), {}, {}, {}};
    return {};
}

// One call that writes into an open transaction.
template <typename Work>
satchel_code write_with(satchel_write* write, const char* collection, const satchel_id* id,
                        satchel_error** error, Work&& work) {
    return guarded(error, [&]() -> Status {
        if (write == nullptr || !write->transaction) return missing("write");
        if (collection == nullptr) return missing("collection");
        if (id == nullptr) return missing("id");
        return work(*write->transaction);
    });
}

}  // namespace
}  // namespace satchel::c_api

using satchel::c_api::write_with;

int satchel_abi_major(void) {
    return SATCHEL_ABI_MAJOR;
}
const char* satchel_release(void) {
    return SATCHEL_RELEASE;
}
const char* satchel_code_name(int code) {
    return satchel::name(static_cast<ErrorCode>(code)).data();
}

satchel_code satchel_error_code(const satchel_error* error) {
    return error == nullptr ? SATCHEL_OK : static_cast<satchel_code>(error->error.code);
}
const char* satchel_error_message(const satchel_error* error) {
    return error == nullptr ? "" : error->error.message.c_str();
}
void satchel_error_free(satchel_error* error) {
    delete error;
}

satchel_code satchel_open(const char* path, size_t path_size, const satchel_open_options* options,
                          satchel_replica** replica, satchel_error** error) {
    return guarded(error, [&]() -> Status {
        if (path == nullptr || replica == nullptr) return missing("path and replica");
        return satchel::c_api::open_shared({path, path_size}, options, replica);
    });
}

void satchel_close(satchel_replica* replica) {
    delete replica;
}

satchel_code satchel_begin(satchel_replica* replica, satchel_write** write, satchel_error** error) {
    return guarded(error, [&]() -> Status {
        if (replica == nullptr || write == nullptr) return missing("replica and write");
        auto made = std::make_unique<satchel_write>();
        made->shared = replica->shared;
        TurnGuard turn(made->shared->turn);
        SATCHEL_ASSIGN(auto transaction, made->shared->replica->begin());
        made->transaction.emplace(std::move(transaction));
        turn.keep();
        *write = made.release();
        return {};
    });
}

void satchel_rollback(satchel_write* write) {
    if (write == nullptr) return;
    write->transaction.reset();
    write->shared->turn.give_back();
    delete write;
}

satchel_code satchel_commit(satchel_write* write, satchel_error** error) {
    const satchel_code code = guarded(error, [&]() -> Status {
        if (write == nullptr || !write->transaction) return missing("write");
        const auto committed = write->transaction->commit();
        return committed ? Status{} : Status{committed.error()};
    });
    satchel_rollback(write);
    return code;
}

satchel_code satchel_create(satchel_write* write, const char* collection,
                            const satchel_field* fields, size_t count, satchel_id* id,
                            satchel_error** error) {
    const satchel_id unused{};
    return write_with(write, collection, &unused, error, [&](auto& transaction) -> Status {
        SATCHEL_ASSIGN(const auto values, from_c(fields, count));
        SATCHEL_ASSIGN(const satchel::RecordId made, transaction.create(collection, values));
        if (id != nullptr) *id = satchel::c_api::to_c(made);
        return {};
    });
}

satchel_code satchel_set(satchel_write* write, const char* collection, const satchel_id* id,
                         const satchel_field* fields, size_t count, const char* token,
                         size_t token_size, satchel_error** error) {
    return write_with(write, collection, id, error, [&](auto& transaction) -> Status {
        SATCHEL_ASSIGN(const auto values, from_c(fields, count));
        if (token == nullptr) return transaction.set(collection, from_c(*id), values);
        SATCHEL_ASSIGN(const auto seen, satchel::VectorClock::parse({token, token_size}));
        return transaction.set(collection, from_c(*id), values, &seen);
    });
}

satchel_code satchel_delete(satchel_write* write, const char* collection, const satchel_id* id,
                            satchel_error** error) {
    return write_with(write, collection, id, error, [&](auto& transaction) {
        return transaction.remove(collection, from_c(*id));
    });
}

satchel_code satchel_undelete(satchel_write* write, const char* collection, const satchel_id* id,
                              satchel_error** error) {
    return write_with(write, collection, id, error, [&](auto& transaction) {
        return transaction.undelete(collection, from_c(*id));
    });
}

satchel_code satchel_tag(satchel_write* write, const char* collection, const satchel_id* id,
                         const char* field, const char* element, size_t element_size, int present,
                         satchel_error** error) {
    return write_with(write, collection, id, error, [&](auto& transaction) -> Status {
        if (field == nullptr || element == nullptr) return missing("field and element");
        const std::string_view text(element, element_size);
        return present != 0 ? transaction.add_to_set(collection, from_c(*id), field, text)
                            : transaction.remove_from_set(collection, from_c(*id), field, text);
    });
}

satchel_code satchel_count(satchel_write* write, const char* collection, const satchel_id* id,
                           const char* field, int64_t step, satchel_error** error) {
    return write_with(write, collection, id, error, [&](auto& transaction) -> Status {
        if (field == nullptr) return missing("field");
        return transaction.count(collection, from_c(*id), field, step);
    });
}
