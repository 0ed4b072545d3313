// The guard of the C API: whichever `new` inside a call fails, that call says SATCHEL_LIMIT,
// nothing of it has happened, and the next one works. This program's `new` fails on demand.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <new>
#include <optional>
#include <string>

#include "bindings/c/satchel.h"

namespace {

std::optional<std::uint64_t> calls_left;
bool has_failed = false;

void* allocate(std::size_t size) {
    if (calls_left && (*calls_left)-- == 0) {
        calls_left.reset();
        has_failed = true;
        throw std::bad_alloc();
    }
    void* block = std::malloc(size == 0 ? 1 : size);
    if (block == nullptr) std::abort();
    return block;
}

}  // namespace

void* operator new(std::size_t size) {
    return allocate(size);
}
void* operator new[](std::size_t size) {
    return allocate(size);
}
void operator delete(void* block) noexcept {
    std::free(block);
}
void operator delete[](void* block) noexcept {
    std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
    std::free(block);
}
void operator delete[](void* block, std::size_t) noexcept {
    std::free(block);
}

namespace satchel {
namespace {

// The n-th `new` inside `work` fails, for n = 0, 1, 2 …; gives how many there were.
std::size_t fail_everywhere(const std::function<satchel_code()>& work,
                            const std::function<void(satchel_code)>& afterwards) {
    for (std::uint64_t position = 0;; ++position) {
        has_failed = false;
        calls_left = position;
        const satchel_code code = work();
        calls_left.reset();
        if (!has_failed) {
            EXPECT_EQ(code, SATCHEL_OK);
            return position;
        }
        EXPECT_TRUE(code == SATCHEL_LIMIT || code == SATCHEL_OK) << position << ": " << code;
        afterwards(code);
        if (::testing::Test::HasFailure()) return position;
    }
}

class CMemory : public ::testing::Test {
  protected:
    void SetUp() override {
        path_ = ::testing::TempDir() + "c-memory-" + std::to_string(::getpid()) + ".satchel";
        remove_files();
        options_.struct_size = sizeof options_;
        options_.create = 1;
        options_.schema = "starter";
        ASSERT_EQ(open(), SATCHEL_OK);
    }
    void TearDown() override {
        satchel_close(replica_);
        remove_files();
    }
    void remove_files() const {
        for (const char* suffix : {"", "-wal", "-shm", "-sync"})
            std::filesystem::remove(path_ + suffix);
    }
    satchel_code open() {
        return satchel_open(path_.data(), path_.size(), &options_, &replica_, nullptr);
    }

    // One transaction that makes a record, tags it and writes it again.
    satchel_code write() {
        satchel_write* write = nullptr;
        satchel_code code = satchel_begin(replica_, &write, nullptr);
        if (code != SATCHEL_OK) return code;
        satchel_id id{};
        const satchel_field name{"name", {SATCHEL_TEXT, 0, "A customer of ours", 18}};
        code = satchel_create(write, "account", &name, 1, &id, nullptr);
        if (code == SATCHEL_OK)
            code = satchel_tag(write, "account", &id, "tags", "warm", 4, 1, nullptr);
        if (code == SATCHEL_OK)
            code = satchel_set(write, "account", &id, &name, 1, nullptr, 0, nullptr);
        if (code == SATCHEL_OK) return satchel_commit(write, nullptr);
        satchel_rollback(write);
        return code;
    }
    // One transaction that makes two records, whatever the calls say; gives how many it made.
    std::int64_t write_two() {
        satchel_write* write = nullptr;
        if (satchel_begin(replica_, &write, nullptr) != SATCHEL_OK) return 0;
        std::int64_t made = 0;
        for (int i = 0; i < 2; ++i) {
            const satchel_field name{"name", {SATCHEL_TEXT, 0, "A customer of ours", 18}};
            satchel_id id{};
            made += satchel_create(write, "account", &name, 1, &id, nullptr) == SATCHEL_OK ? 1 : 0;
        }
        return satchel_commit(write, nullptr) == SATCHEL_OK ? made : 0;
    }
    std::int64_t accounts() {
        satchel_rows* rows = nullptr;
        const std::string sql = "SELECT count(*) FROM account";
        EXPECT_EQ(satchel_query(replica_, sql.data(), sql.size(), nullptr, 0, &rows, nullptr),
                  SATCHEL_OK);
        int row = 0;
        EXPECT_EQ(satchel_rows_next(rows, &row, nullptr), SATCHEL_OK);
        const std::int64_t count = satchel_rows_value(rows, 0).integer;
        satchel_rows_close(rows);
        return count;
    }
    std::uint64_t pending() {
        satchel_status status{};
        status.struct_size = sizeof status;
        EXPECT_EQ(satchel_read_status(replica_, &status, nullptr), SATCHEL_OK);
        return status.pending;
    }

    std::string path_;
    satchel_open_options options_{};
    satchel_replica* replica_ = nullptr;
};

TEST_F(CMemory, AWriteForWhichThereIsNoMemoryDidNotHappenAndTheNextOneDoes) {
    std::int64_t expected = 0;
    const std::size_t positions = fail_everywhere([this] { return write(); },
                                                  [&](satchel_code code) {
                                                      if (code == SATCHEL_OK) ++expected;
                                                      ASSERT_EQ(accounts(), expected);
                                                      ASSERT_EQ(write(), SATCHEL_OK);
                                                      ASSERT_EQ(accounts(), ++expected);
                                                      ASSERT_EQ(pending(), expected);
                                                  });
    std::printf("write: %zu positions\n", positions);
    EXPECT_GT(positions, 50U);
}

TEST_F(CMemory, WhoCommitsInSpiteOfACallWithoutMemoryCommitsOnlyWhatWasMade) {
    std::int64_t expected = 0;
    std::uint64_t position = 0;
    for (has_failed = true; has_failed; ++position) {
        has_failed = false;
        calls_left = position;
        const std::int64_t made = write_two();
        calls_left.reset();
        expected += made;
        ASSERT_EQ(accounts(), expected) << position;
    }
    EXPECT_GT(position, 50U);
}

TEST_F(CMemory, AFileForWhichThereIsNoMemoryOpensAtTheNextTry) {
    ASSERT_EQ(write(), SATCHEL_OK);
    satchel_close(replica_);
    const std::size_t positions = fail_everywhere(
        [this] {
            replica_ = nullptr;
            const satchel_code code = open();
            satchel_close(replica_);
            return code;
        },
        [](satchel_code) {});
    std::printf("open: %zu positions\n", positions);
    EXPECT_GT(positions, 50U);
    replica_ = nullptr;
    ASSERT_EQ(open(), SATCHEL_OK);
    EXPECT_EQ(accounts(), 1);
}

TEST_F(CMemory, AQueryForWhichThereIsNoMemoryWorksAtTheNextTry) {
    ASSERT_EQ(write(), SATCHEL_OK);
    const std::string sql = "SELECT name, tags FROM account";
    const std::size_t positions = fail_everywhere(
        [&] {
            satchel_rows* rows = nullptr;
            satchel_code code =
                satchel_query(replica_, sql.data(), sql.size(), nullptr, 0, &rows, nullptr);
            int row = 0;
            if (code == SATCHEL_OK) code = satchel_rows_next(rows, &row, nullptr);
            satchel_rows_close(rows);
            return code;
        },
        [this](satchel_code) { ASSERT_EQ(accounts(), 1); });
    std::printf("query: %zu positions\n", positions);
    EXPECT_GE(positions, 3U);
}

}  // namespace
}  // namespace satchel
