// A schema as JSON, for `satchel init --schema FILE`: the form in which a server tells and takes it
// (docs/formats.md, "Schema as JSON").
//
// Threads: pure function. Errors: invalid_argument, naming the collection and what is wrong.
#pragma once

#include "sync/schema.hpp"

namespace satchel::cli {

Result<Schema> schema_from_json(ByteView json);

}  // namespace satchel::cli
