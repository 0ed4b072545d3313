#include "bench/plain.hpp"

#include <algorithm>
#include <filesystem>

#include "bench/results.hpp"

namespace satchel::bench {

using storage::Database;
using storage::Statement;
using storage::Transaction;

PlainTable PlainTable::create(const std::string& path) {
    for (const char* suffix : {"", "-wal", "-shm"})
        std::filesystem::remove(path + suffix);
    storage::OpenOptions how;
    how.log_pages = 1000;  // as SQLite comes
    Database database = must(Database::open(path, how), "open plain");
    must(database.execute("CREATE TABLE opportunity (id BLOB NOT NULL PRIMARY KEY, name TEXT,"
                          " account BLOB, stage TEXT, amount INTEGER, currency TEXT,"
                          " close_date TEXT, probability INTEGER, owner BLOB, source TEXT,"
                          " next_step TEXT, updated_at INTEGER) WITHOUT ROWID"),
         "create plain");
    return PlainTable(std::move(database));
}

void PlainTable::build_indexes() {
    must(database_.execute("CREATE INDEX i1 ON opportunity (account);"
                           "CREATE INDEX i2 ON opportunity (stage)"),
         "index plain");
}

void PlainTable::insert(const std::vector<Opportunity>& rows, std::size_t from, std::size_t to,
                        std::size_t batch) {
    Statement insert =
        must(database_.prepare(
                 "INSERT INTO opportunity VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)"),
             "prepare");
    for (std::size_t start = from; start < to; start += batch) {
        Transaction transaction = must(Transaction::begin(database_), "begin");
        for (std::size_t i = start; i < std::min(to, start + batch); ++i) {
            const Opportunity& row = rows[i];
            insert.bind_blob(1, row.id.view());
            insert.bind_text(2, row.name);
            insert.bind_blob(3, row.account.view());
            insert.bind_text(4, row.stage);
            insert.bind(5, row.amount);
            insert.bind_text(6, row.currency);
            insert.bind_text(7, row.close_date);
            insert.bind(8, row.probability);
            insert.bind_blob(9, row.owner.view());
            insert.bind_text(10, row.source);
            insert.bind_text(11, row.next_step);
            insert.bind(12, row.updated_at);
            must(insert.run(), "insert");
        }
        must(transaction.commit(), "commit");
    }
}

void PlainTable::update_amounts(const std::vector<Opportunity>& rows,
                                const std::vector<std::size_t>& order, std::int64_t add,
                                std::size_t batch) {
    Statement update =
        must(database_.prepare("UPDATE opportunity SET amount = ?2 WHERE id = ?1"), "prepare");
    for (std::size_t start = 0; start < order.size(); start += batch) {
        Transaction transaction = must(Transaction::begin(database_), "begin");
        for (std::size_t i = start; i < std::min(order.size(), start + batch); ++i) {
            const Opportunity& row = rows[order[i]];
            update.bind_blob(1, row.id.view());
            update.bind(2, row.amount + add);
            must(update.run(), "update");
        }
        must(transaction.commit(), "commit");
    }
}

void PlainTable::empty_log() {
    must(database_.checkpoint(), "checkpoint");
}

}  // namespace satchel::bench
