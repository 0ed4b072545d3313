// docs/formats.md, "valid if and only if": held against the golden files, and against what a sync
// makes of them. Read with plain SQL and the decoders, not through the engine.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "storage/services.hpp"
#include "storage/text.hpp"
#include "sync/chain.hpp"
#include "sync/device_session.hpp"
#include "sync/meta.hpp"
#include "tests/golden/company.hpp"

namespace satchel::golden {
namespace {

using storage::Database;
using storage::Statement;

void each(Database& database, const std::string& sql,
          const std::function<void(const Statement&)>& visit) {
    auto rows = must(database.prepare(sql), sql.c_str());
    while (must(rows.step(), sql.c_str()))
        visit(rows);
}

std::uint64_t bits(std::int64_t value) {
    return static_cast<std::uint64_t>(value);
}

// A row of a collection or of `_dead`.
struct Row {
    RecordId id;
    std::int64_t seq = 0;
    std::int64_t scope = 0;
    RecordState state;
    bool dead = false;
    std::uint32_t collection = 0;
};

ValueView column(const Statement& row, int index) {
    if (row.type(index) == SQLITE_NULL) return {};
    if (row.type(index) == SQLITE_INTEGER) return {ValueType::integer, row.integer(index), {}};
    const bool text = row.type(index) == SQLITE_TEXT;
    return {text ? ValueType::text : ValueType::bytes, 0, text ? row.text(index) : row.blob(index)};
}

Row read_row(const Statement& in, const Layout& layout) {
    std::vector<ValueView> values;
    int at = 4;
    for (std::size_t i = 0; i < layout.fields.size(); ++i)
        values.push_back(column(in, at++));
    Row row;
    row.id = must(RecordId::from_bytes(in.blob(0)), "an id");
    row.seq = in.integer(1);
    row.scope = in.integer(2);
    row.state = must(decode_meta(in.blob(3), layout, values), "metadata");
    return row;
}

std::vector<Row> all_rows(Database& database, const Schema& schema) {
    std::vector<Row> rows;
    for (const Collection& collection : schema.collections()) {
        const Layout layout = layout_of(collection);
        std::string sql = "SELECT id, _seq, _scope, _meta";
        for (const FieldId field : layout.fields)
            sql += ", " + storage::quoted(collection.find(field)->name);
        each(database, sql + " FROM " + storage::quoted(collection.name), [&](const Statement& in) {
            rows.push_back(read_row(in, layout));
            rows.back().collection = number(collection.id);
            EXPECT_FALSE(is_dead(rows.back().state, collection.delete_policy));
        });
    }
    each(database, "SELECT id, seq, scope, state, collection FROM _dead", [&](const Statement& in) {
        rows.push_back(read_row(in, {}));
        rows.back().dead = true;
        rows.back().collection = static_cast<std::uint32_t>(in.integer(4));
        const Collection* collection = schema.find(CollectionId{rows.back().collection});
        ASSERT_NE(collection, nullptr);
        EXPECT_TRUE(is_dead(rows.back().state, collection->delete_policy));
    });
    return rows;
}

using Conflicts = std::set<std::tuple<std::uint32_t, RecordId, std::uint32_t>>;

void expect_sound(Database& database, const std::vector<Row>& rows) {
    each(database, "PRAGMA integrity_check",
         [](const Statement& row) { EXPECT_EQ(row.text(0), "ok"); });
    std::set<RecordId> ids;
    Conflicts expected;
    for (const Row& row : rows) {
        EXPECT_TRUE(ids.insert(row.id).second) << row.id.text() << " stands twice";
        for (const FieldId cell :
             row.dead ? std::vector<FieldId>{} : storage::conflicted_cells(row.state))
            expected.emplace(row.collection, row.id, number(cell));
    }
    Conflicts found;
    each(database, "SELECT collection, id, cell FROM _conflict", [&found](const Statement& row) {
        found.emplace(row.integer(0), must(RecordId::from_bytes(row.blob(1)), "an id"),
                      row.integer(2));
    });
    EXPECT_EQ(found, expected);
}

using Sums = std::map<std::string, std::pair<std::uint64_t, std::uint64_t>>;

void add(Sums& sums, const std::string& scope, const Row& row) {
    auto& [count, checksum] = sums[scope];
    ++count;
    checksum += checksum_part(row.id, Sequence{bits(row.seq)});
}

void expect_scopes_of_replica(Database& database, const std::vector<Row>& rows) {
    std::map<std::int64_t, std::vector<std::string>> sets;
    each(database, "SELECT number, keys FROM scope_set", [&sets](const Statement& row) {
        std::istringstream keys{std::string(row.text(1))};
        std::vector<std::string>& set = sets[row.integer(0)];
        for (std::string key; std::getline(keys, key);)
            set.push_back(key);
        EXPECT_FALSE(set.empty());
        EXPECT_TRUE(std::is_sorted(set.begin(), set.end()));
    });
    Sums stored;
    each(database, "SELECT key, count, checksum FROM scope", [&stored](const Statement& row) {
        stored[std::string(row.text(0))] = {bits(row.integer(1)), bits(row.integer(2))};
    });
    Sums found;
    for (const auto& [scope, sum] : stored)
        found[scope] = {};
    for (const Row& row : rows) {
        if (row.scope == 0) continue;
        ASSERT_TRUE(sets.contains(row.scope)) << row.id.text();
        for (const std::string& scope : sets[row.scope])
            add(found, scope, row);
    }
    EXPECT_EQ(found, stored);
}

// Where a chain stands.
struct Link {
    std::uint64_t counter = 0;
    Digest hash{};
};

void expect_entry(const Statement& row, std::map<ReplicaId, Link>& chains) {
    const ReplicaId replica{bits(row.integer(1)), static_cast<std::uint32_t>(row.integer(2))};
    const std::string where = Dot{replica, bits(row.integer(3))}.text();
    const Changeset changeset = must(decode_changeset(row.blob(7)), "a changeset");
    EXPECT_EQ(changeset.header.replica, replica) << where;
    EXPECT_EQ(changeset.header.first_counter, bits(row.integer(3))) << where;
    EXPECT_EQ(changeset.last_counter(), bits(row.integer(4))) << where;
    EXPECT_EQ(changeset.header.id.view(), row.blob(5)) << where;
    const Digest hash = must(digest_from_bytes(row.blob(6)), "a hash");
    const bool first = !chains.contains(replica);
    Link& link = chains[replica];
    if (first) link.hash = chain_start(&storage::blake2b, replica);
    EXPECT_GT(changeset.header.first_counter, link.counter) << where;
    if (changeset.header.first_counter == link.counter + 1) {
        EXPECT_EQ(hash, chain_link(&storage::blake2b, link.hash, row.blob(7))) << where;
    }
    link = {changeset.last_counter(), hash};
}

void expect_journal(Database& database) {
    std::map<ReplicaId, Link> chains;
    each(database,
         "SELECT number, replica, incarnation, first_counter, last_counter, change_id, hash, bytes,"
         " before, state, (SELECT first_open FROM journal_mark) FROM journal ORDER BY number",
         [&chains](const Statement& row) {
             expect_entry(row, chains);
             Reader images(row.blob(8));
             std::int64_t count = 0;
             for (; images.ok() && !images.at_end(); ++count)
                 static_cast<void>(images.value());
             EXPECT_TRUE(images.ok());
             EXPECT_EQ(count, row.integer(4) - row.integer(3) + 1);
             const bool open = row.integer(9) == 0 || row.integer(9) == 1 || row.integer(9) == 3;
             EXPECT_TRUE(!open || row.integer(0) >= row.integer(10));
         });
    EXPECT_EQ(*database.integer("SELECT count(*) FROM verdict WHERE number NOT IN"
                                " (SELECT number FROM entry)"),
              0);
    for (const char* table : {"replica", "journal_mark"})
        EXPECT_EQ(*database.integer("SELECT count(*) FROM " + std::string(table)), 1);
}

void expect_valid(storage::Replica& replica) {
    const SchemaPointer schema = replica.schema();
    const std::vector<Row> rows = all_rows(replica.database(), *schema);
    expect_sound(replica.database(), rows);
    expect_scopes_of_replica(replica.database(), rows);
    expect_journal(replica.database());
}

void expect_scopes_of_store(Database& database, const std::vector<Row>& rows) {
    std::map<std::int64_t, std::set<std::int64_t>> sets;
    each(database, "SELECT number, members FROM _scope_set", [&sets](const Statement& row) {
        Reader in(row.blob(1));
        while (in.ok() && !in.at_end())
            sets[row.integer(0)].insert(static_cast<std::int64_t>(in.unsigned_integer()));
        EXPECT_TRUE(in.ok());
    });
    using Entry = std::tuple<std::int64_t, std::int64_t, RecordId, std::uint32_t>;
    std::set<Entry> expected;
    Sums sums;
    for (const Row& row : rows) {
        ASSERT_TRUE(sets.contains(row.scope)) << row.id.text();
        for (const std::int64_t scope : sets[row.scope]) {
            expected.emplace(scope, row.seq, row.id, row.collection);
            add(sums, std::to_string(scope), row);
        }
    }
    std::set<Entry> found;
    each(database, "SELECT scope, seq, id, collection FROM _scope_entry WHERE gone_at IS NULL",
         [&found](const Statement& row) {
             found.emplace(row.integer(0), row.integer(1),
                           must(RecordId::from_bytes(row.blob(2)), "an id"), row.integer(3));
         });
    EXPECT_EQ(found, expected);
    each(database, "SELECT number, count, checksum FROM _scope", [&sums](const Statement& row) {
        const std::pair sum(bits(row.integer(1)), bits(row.integer(2)));
        EXPECT_EQ(sum, sums[std::to_string(row.integer(0))]) << "scope " << row.integer(0);
    });
}

void expect_log(Database& database) {
    std::map<ReplicaId, Link> chains;
    each(database,
         "SELECT _log.number, id, incarnation, first, last, change, _log.hash, bytes FROM _log"
         " JOIN _replica ON _replica.number = _log.replica ORDER BY _log.replica, first",
         [&chains](const Statement& row) {
             const ReplicaId replica{bits(row.integer(1)),
                                     static_cast<std::uint32_t>(row.integer(2))};
             EXPECT_EQ(bits(row.integer(3)), chains[replica].counter + 1) << "a hole";
             if (chains[replica].counter == 0) chains.erase(replica);
             expect_entry(row, chains);
         });
    each(database, "SELECT 0, id, incarnation, high, hash FROM _replica WHERE high > 0",
         [&chains](const Statement& row) {
             const Link& link =
                 chains[{bits(row.integer(1)), static_cast<std::uint32_t>(row.integer(2))}];
             EXPECT_EQ(link.counter, bits(row.integer(3)));
             EXPECT_EQ(view(link.hash), row.blob(4));
         });
    EXPECT_EQ(*database.integer("SELECT count(*) - count(DISTINCT seq) FROM _log WHERE kind = 0"),
              0);
    EXPECT_EQ(*database.integer("SELECT count(*) FROM _log AS a WHERE kind = 3 AND NOT EXISTS"
                                " (SELECT 1 FROM _log AS b WHERE b.change = a.change"
                                " AND b.number < a.number AND b.kind <> 3)"),
              0);
}

void expect_valid(storage::SqliteServerStore& store) {
    const SchemaPointer schema = store.schema();
    Database& database = store.database();
    const std::vector<Row> rows = all_rows(database, *schema);
    expect_sound(database, rows);
    expect_scopes_of_store(database, rows);
    expect_log(database);
    std::set<RecordId> graves;
    each(database, "SELECT id FROM _grave", [&graves](const Statement& row) {
        graves.insert(must(RecordId::from_bytes(row.blob(0)), "an id"));
    });
    for (const Row& row : rows) {
        EXPECT_FALSE(graves.contains(row.id)) << row.id.text();
        EXPECT_LE(bits(row.seq), number(store.head())) << row.id.text();
        EXPECT_GT(row.seq, 0) << row.id.text();
    }
}

TEST(Validity, AReplicaAndAStoreAreValidAsThePageSaysBeforeAndAfterASync) {
    Copies copies(std::string(SATCHEL_SOURCE_DIR) + "/tests/golden");
    const auto replica = copies.replica();
    const auto store = copies.store();
    expect_valid(*replica);
    expect_valid(*store);
    const Services all = services();
    DeviceSession session(*replica, all);
    const Caller caller = caller_of(li(), replica->sync_state()->replica.id, true);
    while (exchange(session, *store, caller, copies.clock.now)) {
    }
    expect_valid(*replica);
    expect_valid(*store);
}

}  // namespace
}  // namespace satchel::golden
