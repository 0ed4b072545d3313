// A replica with the sample data of a sales team, as a sales person's file looks after some days of
// work: 8,800 opportunities from head office, own changes, conflicts, one refusal.
#pragma once

#include <memory>
#include <string>

#include "storage/replica.hpp"

namespace satchel::window {

// A new file with the starter schema. `key`: "" for none.
std::unique_ptr<storage::Replica> make_replica(const std::string& path,
                                               const std::string& key = "");
// Imports accounts, products, users and opportunities, confirmed by head office.
void import_sample_data(storage::Replica& replica);
// Three conflicts of different rules, one not-accepted change, two pending ones.
void add_days_of_work(storage::Replica& replica);

void remove_replica(const std::string& path);

}  // namespace satchel::window
