#include "sync/validate.hpp"

#include <algorithm>

#include "sync/limits.hpp"

namespace satchel {
namespace {

Error refuse(ErrorCode code, const Collection& collection, std::string_view field,
             std::string_view why) {
    return {code, collection.name + "." + std::string(field) + ": " + std::string(why)};
}

Error unknown_field(const Collection& collection, FieldId field) {
    return {ErrorCode::not_found,
            collection.name + " has no field " + std::to_string(number(field))};
}

Status check_type(const Collection& collection, const Field& field, const ValueView& value) {
    ValueType wanted = ValueType::text;
    if (field.kind == FieldKind::integer || field.kind == FieldKind::counter)
        wanted = ValueType::integer;
    if (field.kind == FieldKind::bytes || field.kind == FieldKind::reference)
        wanted = ValueType::bytes;
    if (value.type != wanted)
        return refuse(ErrorCode::invalid_argument, collection, field.name,
                      "a value of another kind");
    if (field.kind == FieldKind::reference && value.bytes.size() != 16)
        return refuse(ErrorCode::invalid_argument, collection, field.name,
                      "a reference has 16 bytes");
    return {};
}

// A pool names a scope.
std::size_t max_bytes(const Collection& collection, const Field& field) {
    const std::size_t own = field.max_bytes == 0 ? kMaxTextBytes : field.max_bytes;
    return field.id == collection.scope.pool ? std::min(own, kMaxScopeBytes - 2) : own;
}

Status check_cell(const Collection& collection, const CellWrite& write, TextCheck check) {
    const Cell* cell = collection.cell(write.cell);
    if (cell == nullptr) return unknown_field(collection, write.cell);
    if (write.values.size() != cell->fields.size())
        return Error{ErrorCode::invalid_argument, collection.name + ", cell " +
                                                      std::to_string(number(write.cell)) +
                                                      ": its fields are written together"};
    for (std::size_t i = 0; i < cell->fields.size(); ++i)
        SATCHEL_TRY(validate_value(collection, collection.fields[cell->fields[i]],
                                   write.values[i].view(), check));
    return {};
}

Status check_set(const Collection& collection, const SetWrite& write, TextCheck check) {
    const Field* field = collection.find(write.field);
    if (field == nullptr) return unknown_field(collection, write.field);
    if (field->kind != FieldKind::set || write.element.is_null())
        return refuse(ErrorCode::invalid_argument, collection, field->name,
                      "sets hold texts, and only sets do");
    return validate_value(collection, *field, write.element.view(), check);
}

Status check_counter(const Collection& collection, const CounterStep& step) {
    const Field* field = collection.find(step.field);
    if (field == nullptr) return unknown_field(collection, step.field);
    if (field->kind != FieldKind::counter)
        return refuse(ErrorCode::invalid_argument, collection, field->name, "not a counter");
    return {};
}

}  // namespace

Status validate_value(const Collection& collection, const Field& field, const ValueView& value,
                      TextCheck is_canonical_text) {
    if (value.is_null()) return {};
    SATCHEL_TRY(check_type(collection, field, value));
    const std::size_t limit = max_bytes(collection, field);
    if (value.bytes.size() > limit)
        return refuse(ErrorCode::limit, collection, field.name,
                      "at most " + std::to_string(limit) + " bytes");
    const TextCheck check = is_canonical_text == nullptr ? &is_utf8 : is_canonical_text;
    if (value.type == ValueType::text && !check(value.bytes))
        return refuse(ErrorCode::invalid_argument, collection, field.name,
                      "text that is not valid UTF-8 in NFC");
    return {};
}

Status validate(const Operation& operation, const Schema& schema, TextCheck is_canonical_text) {
    const Collection* collection = schema.find(operation.collection);
    if (collection == nullptr)
        return Error{ErrorCode::not_found,
                     "there is no collection " + std::to_string(number(operation.collection))};
    const bool writes =
        !operation.cells.empty() || !operation.sets.empty() || !operation.counters.empty();
    if (operation.kind != OperationKind::write && (writes || operation.clock.empty()))
        return Error{ErrorCode::invalid_argument,
                     collection->name + ": a deletion names a record and writes no field"};
    for (const CellWrite& write : operation.cells)
        SATCHEL_TRY(check_cell(*collection, write, is_canonical_text));
    if (operation.sets.size() > kMaxSetElements)
        return Error{ErrorCode::limit, collection->name + ": at most 1000 elements of sets"};
    for (const SetWrite& write : operation.sets)
        SATCHEL_TRY(check_set(*collection, write, is_canonical_text));
    for (const CounterStep& step : operation.counters)
        SATCHEL_TRY(check_counter(*collection, step));
    return {};
}

}  // namespace satchel
