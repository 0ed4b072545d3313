#include "bench/replicas.hpp"

#include <algorithm>
#include <filesystem>

#include "bench/results.hpp"

namespace satchel::bench {

using storage::LocalTransaction;
using storage::Replica;

void remove_replica(const std::string& path) {
    for (const char* suffix : {"", "-wal", "-shm", "-sync"})
        std::filesystem::remove(path + suffix);
}

std::unique_ptr<Replica> open_replica(const std::string& path, SchemaPointer schema) {
    storage::ReplicaOptions options;
    options.create = true;
    options.schema = std::move(schema);
    return must(Replica::open(path, options), "open replica");
}

SchemaPointer unindexed_schema() {
    std::vector<Collection> own;
    const SchemaPointer indexed = opportunity_schema();
    for (Collection collection : indexed->collections()) {
        if (number(collection.id) < system_ids::kFirstFree) continue;
        for (Field& field : collection.fields)
            field.indexed = false;
        own.push_back(std::move(collection));
    }
    return std::make_shared<const Schema>(must(Schema::build(1, std::move(own), {}), "schema"));
}

std::vector<RecordId> insert_rows(Replica& replica, const std::vector<Opportunity>& rows,
                                  std::size_t from, std::size_t to, std::size_t batch) {
    const SchemaPointer schema = replica.schema();
    const Collection& collection = *schema->find("opportunity");
    std::vector<ValueView> values;
    std::vector<RecordId> ids;
    ids.reserve(to - from);
    for (std::size_t start = from; start < to; start += batch) {
        LocalTransaction transaction = must(replica.begin(), "begin");
        for (std::size_t i = start; i < std::min(to, start + batch); ++i) {
            fill_values(rows[i], values);
            ids.push_back(
                must(transaction.create(collection, opportunity_fields(), values), "create"));
        }
        must(transaction.commit(), "commit");
    }
    return ids;
}

void update_amounts(Replica& replica, const std::vector<RecordId>& ids,
                    const std::vector<std::size_t>& order, std::int64_t amount, std::size_t batch) {
    for (std::size_t start = 0; start < order.size(); start += batch) {
        LocalTransaction transaction = must(replica.begin(), "begin");
        for (std::size_t i = start; i < std::min(order.size(), start + batch); ++i) {
            const auto value = amount + static_cast<std::int64_t>(order[i]);
            must(transaction.set("opportunity", ids[order[i]], {{"amount", Value(value)}}), "set");
        }
        must(transaction.commit(), "commit");
    }
}

}  // namespace satchel::bench
