// Administration over HTTP: users, devices, handovers, backups, the schema.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "server/restore.hpp"
#include "tests/server/office_fixture.hpp"

namespace satchel::server {
namespace {

class AdminTest : public OfficeTest {
  protected:
    // Where a backup in the making stands.
    std::string draft_of_backups() const {
        storage::OpenOptions how;
        how.read_only = true;
        auto database = storage::Database::open(settings_.data + "/office.satchel-server", how);
        const auto own = database->integer("SELECT value FROM _setting WHERE key = 'own_replica'");
        return settings_.data + "/backups/" +
               storage::replica_text(static_cast<std::uint64_t>(*own)) + ".part";
    }
};

TEST_F(AdminTest, UsersAreListedAddedAndChanged) {
    start();
    const std::string boss = add_user("boss", "manager");
    const std::string li = add_user("li", "rep", "boss");
    const auto changed =
        client()
            .post("/v1/admin/users/change",
                  {{"user", "li"}, {"name", "李伟"}, {"pools", {"south", "north"}}}, admin())
            .json();
    EXPECT_EQ(changed["name"], "李伟");
    EXPECT_EQ(changed["manager"], boss);
    EXPECT_EQ(changed["pools"], nlohmann::json({"north", "south"}));
    const auto users = client().get("/v1/admin/users", admin()).json()["users"];
    ASSERT_EQ(users.size(), 3U);
    EXPECT_EQ(users[2]["user"], li);
}

TEST_F(AdminTest, APasswordThatNobodyGaveIsMadeAndToldOnce) {
    start();
    const Answer added = client().post("/v1/admin/users", {{"login", "li"}}, admin());
    ASSERT_EQ(added.status, 200) << added.body;
    const std::string first = added.json()["password"];
    EXPECT_EQ(log_in("li", "00000000000000a1", first).status, 200);
    const Answer again = client().post("/v1/admin/users/password", {{"user", "li"}}, admin());
    const std::string second = again.json()["password"];
    EXPECT_EQ(log_in("li", "00000000000000a1", first).status, 401);
    EXPECT_EQ(log_in("li", "00000000000000a1", second).status, 200);
}

TEST_F(AdminTest, MistakesAreNamed) {
    start();
    add_user("li");
    const auto add = [this](const nlohmann::json& body) {
        return client().post("/v1/admin/users", body, admin()).status;
    };
    EXPECT_EQ(add({{"login", "li"}}), 400);                        // exists
    EXPECT_EQ(add({{"login", "a b"}}), 400);                       // no login
    EXPECT_EQ(add({{"login", "x"}, {"role", "king"}}), 400);       // no role
    EXPECT_EQ(add({{"login", "x"}, {"manager", "nobody"}}), 404);  // no such manager
    EXPECT_EQ(add({{"login", "x"}, {"password", "short"}}), 400);  // too short
    EXPECT_EQ(add({{"login", "x"}, {"pools", {"a,b"}}}), 400);     // a comma
    const auto change = [this](const nlohmann::json& body) {
        return client().post("/v1/admin/users/change", body, admin()).status;
    };
    EXPECT_EQ(change({{"user", "nobody"}}), 404);
    EXPECT_EQ(change({{"user", "li"}, {"manager", "li"}}), 400);
    EXPECT_EQ(change({{"user", "admin"}, {"active", false}}), 400);  // the last administrator
    EXPECT_EQ(client().post("/v1/admin/devices/revoke", {{"replica", "xyz"}}, admin()).status, 400);
    EXPECT_EQ(client().get("/v1/admin/users", admin()).status, 200);
}

TEST_F(AdminTest, DevicesOfAUserAreListed) {
    start();
    add_user("li");
    TestDevice phone(folder_, client(), "li");
    const auto all = client().get("/v1/admin/devices?user=li", admin()).json()["devices"];
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0]["replica"], phone.replica_text());
    EXPECT_EQ(all[0]["revoked"], false);
    EXPECT_EQ(client().get("/v1/admin/devices?user=admin", admin()).json()["devices"].size(), 0U);
}

TEST_F(AdminTest, AllThatAUserOwnsGoesToAnother) {
    start();
    add_user("li");
    add_user("wang");
    TestDevice li(folder_, client(), "li");
    TestDevice wang(folder_, client(), "wang");
    const RecordId first = li.create_account("One");
    const RecordId second = li.create_account("Two");
    li.sync();
    const Answer answer =
        client().post("/v1/admin/handover", {{"from", "li"}, {"to", "wang"}}, admin());
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.json()["records"], 2);
    li.sync();
    wang.sync();
    for (const RecordId& id : {first, second}) {
        EXPECT_FALSE(li.has_account(id));
        EXPECT_TRUE(wang.has_account(id));
    }
    const Answer back =
        client().post("/v1/admin/handover",
                      {{"collection", "account"}, {"record", first.text()}, {"to", "li"}}, admin());
    EXPECT_EQ(back.status, 200) << back.body;
    li.sync();
    EXPECT_TRUE(li.has_account(first));
    EXPECT_EQ(client()
                  .post("/v1/admin/handover",
                        {{"from", "li"}, {"to", "wang"}, {"collection", "product"}}, admin())
                  .status,
              400);  // products have no owner
}

// Empty pages of that many bytes: a copy of the file takes a while.
void make_larger(const std::string& file, int bytes) {
    auto database = storage::Database::open(file, {});
    ASSERT_TRUE(database) << database.error().message;
    const std::string fill = "CREATE TABLE _filler AS SELECT zeroblob(" + std::to_string(bytes) +
                             ") AS x; DROP TABLE _filler";
    ASSERT_TRUE(database->execute(fill.c_str()));
    ASSERT_TRUE(database->checkpoint());
}

TEST_F(AdminTest, ADeviceSyncsDuringABackupWhichRestoresAndVerifies) {
    start();
    add_user("li");
    stop();
    make_larger(settings_.data + "/office.satchel-server", 100'000'000);
    start();
    TestDevice li(folder_, client(), "li");
    const RecordId before = li.create_account("Before");
    li.sync();
    auto backup = std::async(std::launch::async, [&] {
        return client().post("/v1/admin/backup", {{"path", "monday"}, {"confirm", true}}, admin());
    });
    const std::string file = settings_.data + "/backups/monday";
    const std::string draft = draft_of_backups();
    while (!std::filesystem::exists(draft))
        std::this_thread::yield();
    EXPECT_FALSE(std::filesystem::exists(file)) << "not under its name before it is whole";
    int syncs = 0;
    while (backup.wait_for(std::chrono::seconds(0)) == std::future_status::timeout) {
        li.create_account("Meanwhile");
        ASSERT_EQ(li.sync().status, 200);
        ++syncs;
    }
    EXPECT_GE(syncs, 2) << "the first may have begun before, the last have ended after it";
    const Answer answer = backup.get();
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_TRUE(answer.json()["confirmed"]);
    EXPECT_GT(answer.json()["bytes"].get<std::int64_t>(), 100'000'000);
    EXPECT_FALSE(std::filesystem::exists(draft));
    settings_.listen.port = static_cast<std::uint16_t>(server_->port());
    stop();
    const Result<Restored> restored = restore(settings_.data, file);
    ASSERT_TRUE(restored) << restored.error().message;
    EXPECT_EQ(number(restored->head), answer.json()["head"]);
    start();
    EXPECT_EQ(li.sync().status, 200);
    TestDevice laptop(folder_, client(), "li");
    laptop.sync();
    EXPECT_TRUE(laptop.has_account(before));
}

TEST_F(AdminTest, WhatACrashLeftOfABackupGoesAtTheNextStartAndTheNextBackup) {
    start();
    const std::string draft = draft_of_backups();
    std::ofstream(draft) << "half";
    EXPECT_EQ(client().post("/v1/admin/backup", kEmpty, admin()).status, 200);
    EXPECT_FALSE(std::filesystem::exists(draft));
    std::ofstream(draft) << "half";
    stop();
    start();
    EXPECT_FALSE(std::filesystem::exists(draft));
}

TEST_F(AdminTest, ABackupStaysInItsFolder) {
    start();
    const auto status = [this](const std::string& path) {
        return client().post("/v1/admin/backup", {{"path", path}}, admin()).status;
    };
    EXPECT_EQ(status("/etc/evil"), 400);
    EXPECT_EQ(status("../evil"), 400);
    EXPECT_EQ(status(".hidden"), 400);
    EXPECT_EQ(status("monday"), 200);
    EXPECT_EQ(status("monday"), 400);  // nothing is overwritten
    EXPECT_TRUE(std::filesystem::exists(settings_.data + "/backups/monday"));
}

TEST_F(AdminTest, ASchemaIsReadChangedAndSentBack) {
    start();
    auto schema = client().get("/v1/admin/schema", admin()).json();
    const int before = schema["number"];
    EXPECT_EQ(client().post("/v1/admin/schema", schema, admin()).status, 400);  // same number
    schema["number"] = before + 1;
    for (auto& collection : schema["collections"])
        if (collection["name"] == "account")
            collection["fields"].push_back({{"id", 9'999}, {"name", "motto"}, {"kind", "text"}});
    const Answer answer = client().post("/v1/admin/schema", schema, admin());
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(client().get("/v1/admin/schema", admin()).json()["number"], before + 1);
    schema["number"] = before + 2;
    schema["collections"].erase(0);
    EXPECT_EQ(client().post("/v1/admin/schema", schema, admin()).status, 400);  // nothing goes away
}

TEST_F(AdminTest, PruningAndDeclaringLostAnswer) {
    start();
    const Answer pruned = client().post("/v1/admin/prune", kEmpty, admin());
    EXPECT_EQ(pruned.status, 200) << pruned.body;
    EXPECT_EQ(pruned.json()["records"], 0);
    EXPECT_EQ(client().post("/v1/admin/lost", {{"dot", "nonsense"}}, admin()).status, 400);
}

}  // namespace
}  // namespace satchel::server
