// docs/formats.md, "Replica" and "Server store", says which tables and columns there are: exactly
// those of a new file.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "storage/directory.hpp"
#include "tests/golden/company.hpp"

namespace satchel::golden {
namespace {

// Column and type, in order; by table.
using Columns = std::vector<std::pair<std::string, std::string>>;
using Tables = std::map<std::string, Columns>;

std::string page() {
    std::ifstream in(std::string(SATCHEL_SOURCE_DIR) + "/docs/formats.md");
    std::ostringstream all;
    all << in.rdbuf();
    return all.str();
}

std::string section(const std::string& from, const std::string& to) {
    const std::string all = page();
    const std::size_t begin = all.find("\n" + from + "\n");
    const std::size_t end = all.find("\n" + to + "\n");
    EXPECT_TRUE(begin != std::string::npos && end != std::string::npos && begin < end);
    return begin < end ? all.substr(begin, end - begin) : std::string();
}

std::vector<std::string> cells(const std::string& line) {
    std::vector<std::string> found;
    std::istringstream in(line.substr(2));
    for (std::string cell; std::getline(in, cell, '|');) {
        const std::size_t first = cell.find_first_not_of(' ');
        const std::size_t last = cell.find_last_not_of(' ');
        found.push_back(first == std::string::npos ? "" : cell.substr(first, last - first + 1));
    }
    return found;
}

// Tables whose head is | `name` | type | meaning |, or | a collection | type | meaning |.
Tables tables_of(const std::string& text) {
    Tables tables;
    Columns* columns = nullptr;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("| ")) {
            if (!line.starts_with("|-")) columns = nullptr;
            continue;
        }
        const std::vector<std::string> row = cells(line);
        if (columns != nullptr) {
            columns->emplace_back(row[0], row[1]);
        } else if (row[1] == "type" && row[0].starts_with("`")) {
            columns = &tables[row[0].substr(1, row[0].size() - 2)];
        } else if (row[1] == "type" && row[0] == "a collection") {
            columns = &tables[row[0]];
        }
    }
    return tables;
}

std::string type_text(const storage::Statement& row) {
    std::string type(row.text(1));
    for (char& c : type)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (type.empty()) type = "any";
    if (row.integer(3) > 0) return type + " key";
    return row.integer(2) != 0 ? type : type + " or null";
}

Columns columns_of(storage::Database& database, const std::string& table) {
    auto rows =
        must(database.prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info('" +
                              table + "')"),
             "columns");
    Columns columns;
    while (must(rows.step(), "a column"))
        columns.emplace_back(rows.text(0), type_text(rows));
    return columns;
}

std::vector<std::string> names(storage::Database& database, const std::string& which) {
    auto rows =
        must(database.prepare("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"
                              " AND type " +
                              which + " ORDER BY name"),
             "names");
    std::vector<std::string> found;
    while (must(rows.step(), "a name"))
        found.emplace_back(rows.text(0));
    return found;
}

// The tables of the file but for those of collections.
Tables real_tables(storage::Database& database) {
    Tables tables;
    for (const std::string& table : names(database, "= 'table'"))
        if (schema()->find(table) == nullptr) tables[table] = columns_of(database, table);
    return tables;
}

void expect_names_in(const std::string& text, storage::Database& database) {
    for (const std::string& name : names(database, "<> 'table'")) {
        if (name.starts_with("_index_")) continue;
        EXPECT_NE(text.find("`" + name + "`"), std::string::npos) << name << " is not in the page";
    }
}

std::unique_ptr<storage::Replica> new_replica() {
    storage::ReplicaOptions options;
    options.create = true;
    options.schema = schema();
    return must(storage::Replica::open(":memory:", options), "a replica");
}

std::unique_ptr<storage::SqliteServerStore> new_store() {
    storage::ServerStoreOptions options;
    options.create = true;
    options.schema = schema();
    auto store = must(storage::SqliteServerStore::open(":memory:", options), "a store");
    must(storage::Directory::open(store->database()), "a directory");
    return store;
}

TEST(FormatsTables, OfAReplicaAreThoseOfTheCode) {
    const std::string text = section("## Replica", "## Server store");
    Tables said = tables_of(text);
    said.erase("a collection");
    const auto replica = new_replica();
    EXPECT_EQ(said, real_tables(replica->database()));
    expect_names_in(text, replica->database());
}

TEST(FormatsTables, OfAServerStoreAreThoseOfTheCode) {
    const std::string text = section("## Server store", "## History");
    Tables said = tables_of(text);
    for (const auto& [name, columns] : tables_of(section("### Records", "## Server store")))
        if (name != "a collection") said[name] = columns;
    const auto store = new_store();
    EXPECT_EQ(said, real_tables(store->database()));
    expect_names_in(text, store->database());
}

// Before and after the columns of the fields.
TEST(FormatsTables, OfACollectionAreThoseOfTheCode) {
    const Columns said = tables_of(section("### Records", "## Server store"))["a collection"];
    ASSERT_EQ(said.size(), 6U);
    ASSERT_EQ(said[1].first, "*one per field*");
    const std::map<FieldKind, std::string> kinds = {
        {FieldKind::integer, "integer or null"}, {FieldKind::counter, "integer or null"},
        {FieldKind::text, "text or null"},       {FieldKind::set, "text or null"},
        {FieldKind::bytes, "blob or null"},      {FieldKind::reference, "blob or null"}};
    const auto replica = new_replica();
    const auto store = new_store();
    const SchemaPointer known = schema();
    for (const Collection& collection : known->collections()) {
        Columns expected = {said[0]};
        for (const Field& field : collection.fields)
            expected.emplace_back(field.name, kinds.at(field.kind));
        expected.insert(expected.end(), said.begin() + 2, said.end());
        EXPECT_EQ(columns_of(replica->database(), collection.name), expected) << collection.name;
        EXPECT_EQ(columns_of(store->database(), collection.name), expected) << collection.name;
    }
}

TEST(FormatsTables, NoCollectionIsNamedAsATableOrViewOfTheReplicasOwn) {
    const auto replica = new_replica();
    for (const std::string& name : names(replica->database(), "IN ('table', 'view')")) {
        if (schema()->find(name) != nullptr || name.starts_with("_")) continue;
        Collection taken;
        taken.id = kAccount;
        taken.name = name;
        EXPECT_FALSE(Schema::build(1, {taken}, {})) << name;
    }
}

TEST(FormatsTables, ThePageNamesTheApplicationIds) {
    const auto text = [](std::int32_t id) {
        std::ostringstream out;
        out << "`application_id` is 0x" << std::hex << id << " ";
        return out.str();
    };
    EXPECT_NE(page().find(text(storage::kReplicaApplicationId) + "(`SATC`)"), std::string::npos);
    EXPECT_NE(page().find(text(storage::kServerApplicationId) + "(`SATH`)"), std::string::npos);
}

}  // namespace
}  // namespace satchel::golden
