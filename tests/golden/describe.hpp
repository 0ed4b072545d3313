// Everything that a replica or a workspace holds, as lines of text: what a golden file means, apart
// from how it is stored. Made with the public functions, so it stays the same in every format.
//
//     account 01a0…8901 seq 7 pending
//       shown null "Acme" 3
//       clock 1f3a:8 2b:4
//       cell 1: 2b:4 at 1732233600007.0 rank 2: "Acme 上海"
//
// Errors: end the program (company.hpp, must).
#pragma once

#include <string>
#include <vector>

#include "storage/replica.hpp"
#include "storage/server_store.hpp"

namespace satchel::golden {

std::string describe(storage::Replica& replica);
std::string describe(storage::SqliteServerStore& store);

// Ids of every record of the collection, dead ones included, ascending.
std::vector<RecordId> record_ids(storage::Database& database, const Collection& collection);

}  // namespace satchel::golden
