// Our side of the workloads: replicas filled and changed through the product's own writing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/rows.hpp"
#include "storage/replica.hpp"

namespace satchel::bench {

void remove_replica(const std::string& path);
std::unique_ptr<storage::Replica> open_replica(const std::string& path, SchemaPointer schema);
// opportunity_schema() without its indexes: W1 and W2 measure writing, not indexing.
SchemaPointer unindexed_schema();
std::vector<RecordId> insert_rows(storage::Replica& replica, const std::vector<Opportunity>& rows,
                                  std::size_t from, std::size_t to, std::size_t batch);
void update_amounts(storage::Replica& replica, const std::vector<RecordId>& ids,
                    const std::vector<std::size_t>& order, std::int64_t amount, std::size_t batch);

}  // namespace satchel::bench
