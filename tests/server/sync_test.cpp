// Devices that sync over real sockets: what is merged, what waits, and what a revoked one gets.
#include <chrono>
#include <future>
#include <thread>

#include "tests/server/office_fixture.hpp"

namespace satchel::server {
namespace {

using SyncTest = OfficeTest;
using Clock = std::chrono::steady_clock;

const Services kServices{&storage::blake2b, &storage::compress, &storage::inflate};

// The same request, with time to wait for news.
Bytes that_waits(const Bytes& request) {
    SyncRequest changed = *decode_request(request, kServices);
    changed.wait_ms = 15'000;
    return encode(changed, kServices);
}

TEST_F(SyncTest, WhatOneDeviceWritesTheManagersDeviceGets) {
    start();
    add_user("boss", "manager");
    add_user("li", "rep", "boss");
    add_user("wang");
    TestDevice li(folder_, client(), "li");
    TestDevice boss(folder_, client(), "boss");
    TestDevice wang(folder_, client(), "wang");
    const RecordId account = li.create_account("Acme 上海");
    for (TestDevice* device : {&li, &boss, &wang})
        EXPECT_EQ(device->sync().status, 200);
    EXPECT_TRUE(li.has_account(account));
    EXPECT_TRUE(boss.has_account(account));
    EXPECT_FALSE(wang.has_account(account));
    EXPECT_EQ(li.replica().status()->pending, 0U);
}

TEST_F(SyncTest, AWaitingRequestIsAnsweredWhenAnotherDeviceWrites) {
    start();
    add_user("li");
    TestDevice phone(folder_, client(), "li");
    TestDevice laptop(folder_, client(), "li");
    phone.sync();
    laptop.sync();
    phone.sync();
    const auto begun = Clock::now();
    auto waiting = std::async(std::launch::async, [&] { return phone.sync(15'000); });
    std::this_thread::sleep_for(std::chrono::milliseconds{400});
    EXPECT_NE(client().get("/v1/metrics").body.find("satchel_requests_waiting 1"),
              std::string::npos);
    const RecordId account = laptop.create_account("Acme");
    EXPECT_EQ(laptop.sync().status, 200);
    EXPECT_EQ(waiting.get().status, 200);
    EXPECT_LT(Clock::now() - begun, std::chrono::seconds{10});
    EXPECT_TRUE(phone.has_account(account));
}

TEST_F(SyncTest, AWaitingRequestEndsWhenItsTimeIsOver) {
    start();
    add_user("li");
    TestDevice phone(folder_, client(), "li");
    phone.sync();
    phone.sync();
    const auto begun = Clock::now();
    EXPECT_EQ(phone.sync(300).status, 200);
    EXPECT_GE(Clock::now() - begun, std::chrono::milliseconds{250});
}

TEST_F(SyncTest, TooManyThatWaitAreAnsweredAtOnceAndToldToComeLater) {
    settings_.desk.waiting.max_waiting = 0;
    start();
    add_user("li");
    TestDevice phone(folder_, client(), "li");
    phone.sync();
    phone.sync();
    const auto begun = Clock::now();
    EXPECT_EQ(phone.sync(15'000).status, 200);
    EXPECT_LT(Clock::now() - begun, std::chrono::seconds{10});
}

TEST_F(SyncTest, OneDeviceHasOnlySoManyRequestsWaiting) {
    settings_.desk.waiting.max_waiting_of_one = 2;
    start();
    add_user("li");
    TestDevice phone(folder_, client(), "li");
    TestDevice laptop(folder_, client(), "li");
    laptop.sync();
    phone.sync();
    phone.sync();
    const Bytes bytes = that_waits(phone.next_request());
    const auto begun = Clock::now();
    const auto wait = [&] {
        return std::async(std::launch::async, [&] { return phone.send(bytes); });
    };
    const auto back_off = [&](std::future<Answer>& waiting) {
        return decode_reply(waiting.get().body, kServices)->back_off_ms;
    };
    auto first = wait();
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    auto second = wait();
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    auto third = wait();
    EXPECT_GT(back_off(first), 0U) << "the oldest makes place, and does not come back at once";
    laptop.create_account("Acme");
    laptop.sync();
    EXPECT_EQ(back_off(second), 0U);
    EXPECT_EQ(back_off(third), 0U);
    EXPECT_LT(Clock::now() - begun, std::chrono::seconds{12});
}

TEST_F(SyncTest, ALineThatTheDeviceHasLeftIsNotTakenForACopyOfIt) {
    start();
    add_user("li");
    TestDevice phone(folder_, client(), "li");
    phone.sync();
    phone.sync();
    const Bytes bytes = that_waits(phone.next_request());
    auto left = std::async(std::launch::async, [&] { return phone.send(bytes); });
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    phone.create_account("Acme");
    phone.sync();
    EXPECT_EQ(decode_reply(left.get().body, kServices)->status, ReplyStatus::list_scopes);
    // Asked again, the same is a copy's, which knows less than head office.
    EXPECT_EQ(decode_reply(phone.send(bytes).body, kServices)->status, ReplyStatus::fork);
}

TEST_F(SyncTest, AShutDownAnswersThoseThatWait) {
    start();
    add_user("li");
    TestDevice phone(folder_, client(), "li");
    phone.sync();
    phone.sync();
    auto waiting = std::async(std::launch::async, [&] { return phone.sync(50'000); });
    std::this_thread::sleep_for(std::chrono::milliseconds{400});
    const auto begun = Clock::now();
    stop();
    EXPECT_LT(Clock::now() - begun, std::chrono::seconds{8});
    EXPECT_EQ(waiting.get().status, 200);
}

TEST_F(SyncTest, WhatARevokedDeviceSendsIsKeptAndItIsToldToWipe) {
    start();
    add_user("li");
    TestDevice phone(folder_, client(), "li");
    phone.sync();
    const RecordId account = phone.create_account("Acme");
    const Answer revoked =
        client().post("/v1/admin/devices/revoke", {{"replica", phone.replica_text()}}, admin());
    ASSERT_EQ(revoked.status, 200) << revoked.body;
    EXPECT_EQ(revoked.json()["revoked"], true);

    const Answer answer = phone.send(phone.next_request());
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(answer.code(), "forbidden");
    EXPECT_EQ(answer.json()["wiped"], true);
    EXPECT_EQ(answer.json()["acked_counter"], 1);

    const auto items = client().get("/v1/admin/quarantine", admin()).json()["items"];
    ASSERT_EQ(items.size(), 1U);
    EXPECT_EQ(items[0]["reason"], "revoked");
    EXPECT_EQ(items[0]["operations"][0]["record"], account.text());
    EXPECT_EQ(items[0]["operations"][0]["fields"]["name"], "Acme");
    EXPECT_EQ(items[0]["operations"][0]["kind"], "write");
    EXPECT_EQ(log_in("li", phone.replica_text()).status, 403);
}

TEST_F(SyncTest, AQuarantinedChangeIsShownWithItsSetsAndCounters) {
    start();
    add_user("li");
    TestDevice phone(folder_, client(), "li");
    phone.sync();
    const RecordId account = phone.create_account("Acme");
    phone.sync();
    auto write = phone.replica().begin();
    ASSERT_TRUE(write->add_to_set("account", account, "tags", "vip"));
    ASSERT_TRUE(write->remove_from_set("account", account, "tags", "new"));
    ASSERT_TRUE(write->count("account", account, "visits", 3));
    ASSERT_TRUE(write->commit());
    client().post("/v1/admin/devices/revoke", {{"replica", phone.replica_text()}}, admin());
    phone.send(phone.next_request());
    const auto items = client().get("/v1/admin/quarantine", admin()).json()["items"];
    ASSERT_EQ(items.size(), 1U);
    const auto& shown = items[0]["operations"][0];
    EXPECT_EQ(shown["counters"], nlohmann::json({{"visits", 3}}));
    const nlohmann::json in = {{"field", "tags"}, {"element", "vip"}, {"add", true}};
    const nlohmann::json out = {{"field", "tags"}, {"element", "new"}, {"add", false}};
    EXPECT_EQ(shown["sets"], nlohmann::json::array({out, in}));
}

TEST_F(SyncTest, AQuarantinedChangeCanBeAdopted) {
    start();
    add_user("li");
    TestDevice phone(folder_, client(), "li");
    phone.sync();
    const RecordId account = phone.create_account("Acme");
    client().post("/v1/admin/devices/revoke", {{"replica", phone.replica_text()}}, admin());
    phone.send(phone.next_request());
    const auto items = client().get("/v1/admin/quarantine", admin()).json()["items"];
    ASSERT_EQ(items.size(), 1U);
    const Answer adopted =
        client().post("/v1/admin/quarantine/adopt", {{"change", items[0]["change"]}}, admin());
    EXPECT_EQ(adopted.status, 200) << adopted.body;
    EXPECT_EQ(client().get("/v1/admin/quarantine", admin()).json()["items"].size(), 0U);
    TestDevice laptop(folder_, client(), "li");
    laptop.sync();
    EXPECT_TRUE(laptop.has_account(account));
}

TEST_F(SyncTest, ATokenOfAnotherFileIsRefused) {
    start();
    add_user("li");
    TestDevice phone(folder_, client(), "li");
    TestDevice laptop(folder_, client(), "li");
    Ask ask;
    ask.method = "POST";
    ask.path = "/v1/sync";
    ask.content_type = "application/x-satchel-sync";
    ask.body = phone.next_request();
    ask.token = laptop.token();
    const Answer answer = client().ask(ask);
    EXPECT_EQ(answer.status, 403);
    EXPECT_FALSE(answer.json().contains("wiped"));
    ask.token = admin();
    EXPECT_EQ(client().ask(ask).status, 403);
}

}  // namespace
}  // namespace satchel::server
