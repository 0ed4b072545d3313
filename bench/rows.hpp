// The row of every workload: a sales opportunity of 12 fields, about 190 bytes, varied like real
// ones and the same on every run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sync/schema.hpp"

namespace satchel::bench {

struct Opportunity {
    RecordId id;
    std::string name;  // ~24 characters
    RecordId account;
    std::string stage;  // ~10
    std::int64_t amount = 0;
    std::string currency;    // 3
    std::string close_date;  // 10
    std::int64_t probability = 0;
    RecordId owner;
    std::string source;     // ~8
    std::string next_step;  // ~60
    std::int64_t updated_at = 0;
};

std::vector<Opportunity> make_opportunities(std::size_t count, std::uint64_t seed);

// Bytes of the values alone, ids as 16 bytes, integers as 8.
std::size_t raw_bytes(const std::vector<Opportunity>& rows);

// The collection `opportunity` with these fields (id aside), everyone's, and its indexes (account,
// stage).
SchemaPointer opportunity_schema();

// Field ids and values of one row, in the schema's order.
const std::vector<FieldId>& opportunity_fields();
void fill_values(const Opportunity& row, std::vector<ValueView>& values);

}  // namespace satchel::bench
