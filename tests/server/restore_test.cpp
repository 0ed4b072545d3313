#include "server/restore.hpp"

#include <filesystem>
#include <fstream>

#include "tests/server/office_fixture.hpp"

namespace satchel::server {
namespace {

using RestoreTest = OfficeTest;

TEST_F(RestoreTest, DevicesSendAgainWhatTheBackupDoesNotHave) {
    start();
    add_user("li");
    TestDevice phone(folder_, client(), "li");
    const RecordId early = phone.create_account("before the backup");
    phone.sync();
    const std::string backup = client().post("/v1/admin/backup", kEmpty, admin()).json()["path"];
    const RecordId late = phone.create_account("after the backup");
    phone.sync();
    const std::string address = server_->url();
    const int port = server_->port();
    stop();

    const Result<Restored> restored = restore(settings_.data, backup);
    ASSERT_TRUE(restored) << restored.error().message;
    EXPECT_GT(restored->epoch, 1U);
    EXPECT_TRUE(std::filesystem::exists(restored->replaced));

    settings_.listen.port = static_cast<std::uint16_t>(port);
    start();
    EXPECT_EQ(server_->url(), address);
    EXPECT_EQ(client().get("/v1/health").json()["epoch"], restored->epoch);
    EXPECT_EQ(phone.sync().status, 200);
    TestDevice laptop(folder_, client(), "li");
    laptop.sync();
    for (const RecordId& id : {early, late}) {
        EXPECT_TRUE(phone.has_account(id));
        EXPECT_TRUE(laptop.has_account(id));
    }
}

TEST_F(RestoreTest, EachRestoreBeginsALaterEpochThanTheFileItReplaces) {
    start();
    const std::string backup = client().post("/v1/admin/backup", kEmpty, admin()).json()["path"];
    stop();
    std::uint64_t last = 1;
    for (int i = 0; i < 8; ++i) {
        const Result<Restored> restored = restore(settings_.data, backup);
        ASSERT_TRUE(restored) << restored.error().message;
        EXPECT_GT(restored->epoch, last);
        last = restored->epoch;
    }
}

TEST_F(RestoreTest, TheSameBackupGivesAnotherEpochEachTime) {
    start();
    const std::string backup = client().post("/v1/admin/backup", kEmpty, admin()).json()["path"];
    stop();
    const Result<Restored> first = restore(settings_.data, backup);
    ASSERT_TRUE(first) << first.error().message;
    std::filesystem::remove(settings_.data + "/office.satchel-server");  // the disk broke
    const Result<Restored> second = restore(settings_.data, backup);
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_EQ(second->replaced, "");
    EXPECT_NE(first->epoch, second->epoch);
}

TEST_F(RestoreTest, WhatIsRestoredIsItsOwnersOnlyWhateverModeTheBackupHas) {
    using std::filesystem::perms;
    start();
    const std::string backup = client().post("/v1/admin/backup", kEmpty, admin()).json()["path"];
    stop();
    std::filesystem::permissions(backup, perms::all);
    ASSERT_TRUE(restore(settings_.data, backup));
    const auto status = std::filesystem::status(settings_.data + "/office.satchel-server");
    EXPECT_EQ(status.permissions(), perms::owner_read | perms::owner_write);
}

TEST_F(RestoreTest, WhatIsNoBackupIsRefusedAndNothingChanges) {
    start();
    EXPECT_EQ(restore(settings_.data, "/nowhere").error().code, ErrorCode::not_found);
    EXPECT_EQ(restore(settings_.data, settings_.data + "/office.satchel-server").error().code,
              ErrorCode::busy);
    stop();
    const std::string text = folder_.path("text");
    std::ofstream(text) << std::string(10'000, 'x');
    EXPECT_EQ(restore(settings_.data, text).error().code, ErrorCode::not_a_database);
    start();
    EXPECT_EQ(client().get("/v1/health").json()["epoch"], 1);
}

}  // namespace
}  // namespace satchel::server
