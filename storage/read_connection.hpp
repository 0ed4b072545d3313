// ReadConnection: a read-only connection to a replica, for SQL, live views and exports, beside the
// writer.
//
//     auto reader = ReadConnection::open(path, key);
//     auto rows = reader->query("SELECT name, amount FROM opportunity WHERE stage = ?", {…});
//     while (rows->next()) … rows->text(0) …
//
// Any SELECT runs. Each `Rows` sees one snapshot. Threads: one at a time per connection; open one
// per thread. Errors: of open, those of Replica::open; of query, invalid_argument for SQL that does
// not parse, with SQLite's words, and for SQL that would write.
#pragma once

#include <string>
#include <vector>

#include "storage/sqlite.hpp"
#include "sync/value.hpp"

namespace satchel::storage {

class Rows {
  public:
    // Keeps `arguments` while the statement runs.
    Rows(Statement statement, std::vector<Value> arguments);

    Result<bool> next() { return statement_.step(); }
    int columns() const { return statement_.column_count(); }
    std::string name(int column) const { return std::string(statement_.column_name(column)); }
    // Valid until the next call of next().
    ValueView value(int column) const;

  private:
    std::vector<Value> arguments_;  // before the statement, which borrows them
    Statement statement_;
};

class ReadConnection {
  public:
    static Result<ReadConnection> open(const std::string& path, const std::string& key = "");

    Result<Rows> query(std::string_view sql, const std::vector<Value>& arguments = {});
    Database& database() { return database_; }

  private:
    explicit ReadConnection(Database database) : database_(std::move(database)) {}
    Database database_;
};

}  // namespace satchel::storage
