// Later writes of one transaction to the same record go into its one operation.
//
// Pure function. Both are writes of the same record; of what both write the second stays.
#pragma once

#include "sync/changeset.hpp"

namespace satchel::storage {

Operation combined(const Operation& first, const Operation& second);

}  // namespace satchel::storage
