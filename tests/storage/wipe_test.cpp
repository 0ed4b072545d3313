// Wiping a replica whose disk is full.
#include <gtest/gtest.h>

#include "storage/services.hpp"
#include "tests/simulation/disk.hpp"
#include "tests/storage/replica_fixture.hpp"

namespace satchel::storage {
namespace {

constexpr std::int64_t kRecords = 200;

class WipeTest : public ::testing::Test {
  protected:
    void SetUp() override {
        ReplicaOptions options = on_disk();
        options.create = true;
        options.schema = test_schema();
        auto replica = Replica::open(kPath, options);
        ASSERT_TRUE(replica) << replica.error().message;
        auto transaction = (*replica)->begin();
        for (std::int64_t i = 0; i < kRecords; ++i)
            ASSERT_TRUE(transaction->create("account", {{"name", Value::text(kSecret)},
                                                        {"notes", Value::text(Bytes(500, 'n'))}}));
        ASSERT_TRUE(transaction->commit());
        replica->reset();
        written_ = disk_.snapshot();
    }
    ReplicaOptions on_disk() const {
        ReplicaOptions options;
        options.vfs = disk_.name();
        options.exclusive = true;
        return options;
    }
    std::unique_ptr<Replica> open() {
        auto replica = Replica::open(kPath, on_disk());
        EXPECT_TRUE(replica) << replica.error().message;
        return *std::move(replica);
    }
    static std::int64_t accounts(Replica& replica) {
        return *replica.database().integer("SELECT count(*) FROM account");
    }
    bool file_holds(std::string_view text) const {
        const auto file = disk_.read(kPath);
        return file && file->find(text) != Bytes::npos;
    }

    static constexpr const char* kPath = "replica.satchel";
    static constexpr const char* kSecret = "a customer of ours";
    SystemRandom random_;
    SystemClock clock_;
    simulation::Disk disk_{"wipe-disk", random_, clock_};
    simulation::Disk::Snapshot written_;
};

TEST_F(WipeTest, WhatWasWrittenIsNotInTheFileAnyMore) {
    ASSERT_TRUE(file_holds(kSecret));
    const auto before = disk_.read(kPath)->size();
    const auto replica = open();
    ASSERT_TRUE(replica->wipe(false));
    EXPECT_FALSE(file_holds(kSecret));
    EXPECT_LT(disk_.read(kPath)->size(), before / 2);
}

// Wherever the disk gets full: everything is there, or everything is gone.
TEST_F(WipeTest, ADiskThatGetsFullMakesItAllOrNothing) {
    bool was_done = false;
    std::size_t done_in_spite = 0;
    for (std::uint64_t calls = 0; !was_done; calls += 3) {
        disk_.restore(written_);
        auto replica = open();
        const std::uint64_t failures = disk_.failures();
        disk_.fail_after(calls, simulation::Failure::full, true);
        const Status wiped = replica->wipe(false);
        disk_.heal();
        was_done = disk_.failures() == failures;
        if (wiped && !was_done) ++done_in_spite;
        EXPECT_TRUE(wiped || wiped.error().code == ErrorCode::disk_full) << calls;
        EXPECT_EQ(accounts(*replica), wiped ? 0 : kRecords) << calls;
        replica.reset();
        replica = open();
        EXPECT_EQ(accounts(*replica), wiped ? 0 : kRecords) << calls;
    }
    EXPECT_GT(done_in_spite, 0U) << "only making the file small failed";
}

}  // namespace
}  // namespace satchel::storage
