// What is deleted is nowhere in the file: rows that SQLite has moved between pages included.
#include "storage/unused_space.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>

#include "storage/sqlite.hpp"
#include "tests/temp_folder.hpp"

namespace satchel::storage {
namespace {

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

class UnusedSpace : public ::testing::Test {
  protected:
    std::string path() const { return folder_.path("file"); }

    Database open(bool overwrite_deleted, const std::string& key = "",
                  std::chrono::milliseconds patience = std::chrono::seconds{5}) {
        OpenOptions options;
        options.busy_timeout_ms = static_cast<int>(patience.count());
        options.overwrite_deleted = overwrite_deleted;
        options.key = key;
        auto database = Database::open(path(), options);
        EXPECT_TRUE(database) << database.error().message;
        return *std::move(database);
    }

    // Rows of all lengths come, grow, shrink and go, in tables of both kinds, as they do in a
    // replica. Gives the marks of those that are gone.
    std::vector<std::string> live(Database& database) {
        EXPECT_TRUE(
            database.execute("CREATE TABLE deal (id BLOB PRIMARY KEY, text) WITHOUT ROWID;"
                             "CREATE TABLE entry (id INTEGER PRIMARY KEY, text);"));
        std::mt19937 random(7);
        std::map<int, std::string> here;
        std::vector<std::string> gone;
        for (int i = 0; i < kRows; ++i) {
            const std::string mark = "mark" + std::to_string(100'000 + i);
            std::string text;
            for (auto count = 1 + random() % 60; count > 0; --count)
                text += mark;
            const int id = static_cast<int>(random() % 300);
            if (const auto old = here.find(id); old != here.end()) gone.push_back(old->second);
            here[id] = mark;
            write("INSERT OR REPLACE INTO deal VALUES (?1, ?2)", database, id, text);
            write("INSERT OR REPLACE INTO entry VALUES (?1, ?2)", database, id, text);
        }
        for (int id = 0; id < 300; id += 2) {
            if (!here.contains(id)) continue;
            gone.push_back(here[id]);
            write("DELETE FROM deal WHERE id = ?1", database, id, "");
            write("DELETE FROM entry WHERE id = ?1", database, id, "");
        }
        return gone;
    }
    static void write(const char* sql, Database& database, int id, const std::string& text) {
        Statement* statement = *database.cached(sql);
        statement->bind(1, id);
        if (!text.empty()) statement->bind_text(2, text);
        EXPECT_TRUE(statement->run());
    }
    std::size_t left_of(const std::vector<std::string>& gone) const {
        const std::string file = content(path()), log = content(path() + "-wal");
        return static_cast<std::size_t>(
            std::count_if(gone.begin(), gone.end(), [&](const std::string& mark) {
                return file.find(mark) != std::string::npos || log.find(mark) != std::string::npos;
            }));
    }

    static constexpr int kRows = 3'000;
    test::TempFolder folder_;
};

TEST_F(UnusedSpace, NothingOfWhatIsGoneIsInTheFileOrTheLog) {
    Database database = open(true);
    const std::vector<std::string> gone = live(database);
    ASSERT_TRUE(database.purge());
    EXPECT_EQ(left_of(gone), 0U);
    EXPECT_EQ(*database.integer("SELECT count(*) FROM pragma_integrity_check WHERE "
                                "integrity_check = 'ok'"),
              1);
    EXPECT_GT(*database.integer("SELECT count(*) FROM deal"), 100);
}

// So the test above sees something: SQLite's own means leave copies.
TEST_F(UnusedSpace, SecureDeleteAloneLeavesCopies) {
    Database database = open(false);
    ASSERT_TRUE(database.execute("PRAGMA secure_delete = ON"));
    const std::vector<std::string> gone = live(database);
    ASSERT_TRUE(database.checkpoint());
    EXPECT_GT(left_of(gone), 0U);
}

TEST_F(UnusedSpace, WhatIsPurgedComesBackWithNoLaterWrite) {
    Database database = open(true);
    const std::vector<std::string> gone = live(database);
    ASSERT_TRUE(database.purge());
    ASSERT_TRUE(database.execute("UPDATE deal SET text = 'another'; UPDATE entry SET text = 'x'"));
    EXPECT_EQ(left_of(gone), 0U);
}

TEST_F(UnusedSpace, APurgeDoesNotWaitForReaders) {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::seconds kPatience{60};
    Database database = open(true, "", kPatience);
    const std::vector<std::string> gone = live(database);
    Database reader = open(true);
    {
        Statement rows = *reader.prepare("SELECT * FROM deal");
        ASSERT_TRUE(*rows.step());
        ASSERT_TRUE(database.execute("DELETE FROM entry"));
        const auto begin = Clock::now();
        EXPECT_FALSE(database.purge());
        EXPECT_LT(Clock::now() - begin, kPatience / 2);
    }
    EXPECT_TRUE(database.purge());
    EXPECT_EQ(left_of(gone), 0U);
}

#ifndef SATCHEL_SYSTEM_SQLITE
// The log of an encrypted file is written by way of the file's own methods: they stay what they
// are.
TEST_F(UnusedSpace, AnEncryptedFileAndItsLogStayEncrypted) {
    Database database = open(true, "a key");
    ASSERT_TRUE(
        database.execute("CREATE TABLE deal (text); INSERT INTO deal VALUES ('plain words')"));
    EXPECT_EQ(content(path() + "-wal").find("plain words"), std::string::npos);
    ASSERT_GT(content(path() + "-wal").size(), 0U);
    ASSERT_TRUE(database.purge());
    EXPECT_EQ(content(path()).find("plain words"), std::string::npos);
    EXPECT_EQ(*database.integer("SELECT count(*) FROM deal"), 1);
}
#endif

TEST(UnusedSpaceOfAPage, LiesBetweenTheListOfRowsAndTheRows) {
    std::vector<std::byte> page(512, std::byte{0xAA});
    const auto put = [&page](std::size_t at, std::initializer_list<int> bytes) {
        for (const int each : bytes)
            page[at++] = static_cast<std::byte>(each);
    };
    put(0, {13, 0, 0, 0, 3, 1, 0x80, 0});  // a leaf of a table with three rows, from byte 384 on
    EXPECT_EQ(unused_space(page, false).data(), page.data() + 14);
    EXPECT_EQ(unused_space(page, false).size(), 384U - 14U);
    put(0, {5});  // not a leaf: four bytes more
    EXPECT_EQ(unused_space(page, false).size(), 384U - 18U);
    put(100, {10, 0, 0, 0, 1, 1, 0, 0});  // in the first page
    EXPECT_EQ(unused_space(page, true).data(), page.data() + 110);
    EXPECT_EQ(unused_space(page, true).size(), 256U - 110U);
}

TEST(UnusedSpaceOfAPage, IsNothingWhereThePageIsNoneOfATreeOrDamaged) {
    std::vector<std::byte> page(512, std::byte{0});
    EXPECT_TRUE(unused_space(page, false).empty()) << "an overflow page";
    std::mt19937 random(11);
    for (int i = 0; i < 100'000; ++i) {
        for (std::size_t at = 0; at < 12; ++at)
            page[at] = static_cast<std::byte>(random());
        page[0] = static_cast<std::byte>(i % 16);
        const auto unused = unused_space(page, false);
        if (unused.empty()) continue;
        ASSERT_GE(unused.data(), page.data() + 8);
        ASSERT_LE(unused.data() + unused.size(), page.data() + page.size());
    }
}

}  // namespace
}  // namespace satchel::storage
