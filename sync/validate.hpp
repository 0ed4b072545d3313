// Whether an operation fits the schema: known collection and cells, values of the field's kind and
// within its limits, text in canonical form. The local commit and the server run this same check,
// so nothing is ever written that cannot be sent.
//
// Threads: any. Errors (messages name ids and fields, never a value):
//   not_found         a collection or field that the schema does not know
//   invalid_argument  a value of the wrong kind, text that is not canonical, a group cut in half
//   limit             a value over its limit
#pragma once

#include "sync/changeset.hpp"
#include "sync/schema.hpp"

namespace satchel {

using TextCheck = bool (*)(ByteView);  // null: only UTF-8 is checked

Status validate(const Operation& operation, const Schema& schema, TextCheck is_canonical_text);

// One value of one field, as `validate` checks it; null always fits a register.
Status validate_value(const Collection& collection, const Field& field, const ValueView& value,
                      TextCheck is_canonical_text);

}  // namespace satchel
