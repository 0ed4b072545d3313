// The peer of every workload: the same rows in plain SQLite through the C API, WAL, synchronous =
// NORMAL, prepared statements, the same indexes.
#pragma once

#include <string>
#include <vector>

#include "bench/rows.hpp"
#include "storage/sqlite.hpp"

namespace satchel::bench {

class PlainTable {
  public:
    // A new file at `path`.
    static PlainTable create(const std::string& path);

    void build_indexes();
    // Inserts rows[from, to) in transactions of `batch`.
    void insert(const std::vector<Opportunity>& rows, std::size_t from, std::size_t to,
                std::size_t batch);
    // UPDATE … SET amount of rows[order[i]], in transactions of `batch`.
    void update_amounts(const std::vector<Opportunity>& rows, const std::vector<std::size_t>& order,
                        std::int64_t add, std::size_t batch);
    // Moves the log into the file.
    void empty_log();

  private:
    explicit PlainTable(storage::Database database) : database_(std::move(database)) {}
    storage::Database database_;
};

}  // namespace satchel::bench
