// The small parts of the server, each by itself.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <limits>

#include "server/api.hpp"
#include "server/json_body.hpp"
#include "server/login_throttle.hpp"
#include "server/routes.hpp"
#include "server/work_queue.hpp"
#include "tests/server/read_file.hpp"

namespace satchel::server {
namespace {

TEST(Backups, NamesSortByTime) {
    EXPECT_EQ(backup_name(1'795'343'700'042), "20261122T103500Z-042.satchel-server");
    EXPECT_LT(backup_name(1'795'343'700'009), backup_name(1'795'343'700'010));
    EXPECT_LT(backup_name(1'795'343'700'999), backup_name(1'795'343'701'000));
}

TEST(LoginThrottle, SomeMistakesAreFreeThenTheWaitDoubles) {
    LoginThrottle throttle;
    for (int i = 0; i < 4; ++i) {
        throttle.failed("li", "a", 0);
        EXPECT_EQ(throttle.wait_ms("li", "a", 0), 0) << i;
    }
    throttle.failed("li", "a", 0);
    EXPECT_EQ(throttle.wait_ms("li", "a", 0), 30'000);
    EXPECT_EQ(throttle.wait_ms("li", "another address", 10'000), 20'000);
    throttle.failed("li", "a", 30'000);
    EXPECT_EQ(throttle.wait_ms("li", "a", 30'000), 60'000);
    EXPECT_EQ(throttle.wait_ms("wang", "a", 30'000), 0);
}

TEST(LoginThrottle, TheWaitHasAnEndAndASuccessClearsTheAccount) {
    LoginThrottle throttle;
    for (int i = 0; i < 100; ++i)
        throttle.failed("li", "a", 0);
    EXPECT_EQ(throttle.wait_ms("li", "b", 0), 15 * 60'000);
    throttle.succeeded("li");
    EXPECT_EQ(throttle.wait_ms("li", "b", 0), 0);
    EXPECT_GT(throttle.wait_ms("li", "a", 0), 0);  // the address guessed too often
}

TEST(LoginThrottle, AQuietHourClearsBothAndASteppedClockLocksNobodyOut) {
    LoginThrottle throttle;
    for (int i = 0; i < 5; ++i)
        throttle.failed("li", "a", 1'000'000'000);
    EXPECT_LE(throttle.wait_ms("li", "a", 0), 15 * 60'000);
    throttle.failed("li", "a", 1'000'000'000 + 3'700'000);
    EXPECT_EQ(throttle.wait_ms("li", "a", 1'000'000'000 + 3'700'000), 0);
}

TEST(LoginThrottle, MemoryIsBounded) {
    LoginThrottle throttle;
    for (std::size_t i = 0; i < LoginThrottle::kMaxTracked + 10; ++i)
        throttle.failed(std::to_string(i), "one", static_cast<std::int64_t>(i));
    EXPECT_GT(throttle.wait_ms("x", "one", 0), 0);
}

TEST(WorkQueue, RunsInOrderAndSaysWhenItIsFull) {
    WorkQueue queue(1, 2);
    std::promise<void> gate;
    std::promise<void> begun;
    std::vector<int> order;
    ASSERT_TRUE(queue.post([&] {
        begun.set_value();
        gate.get_future().wait();
    }));
    begun.get_future().wait();
    EXPECT_TRUE(queue.post([&] { order.push_back(1); }));
    EXPECT_TRUE(queue.post([&] { order.push_back(2); }));
    EXPECT_FALSE(queue.post([&] { order.push_back(3); }));
    EXPECT_TRUE(queue.post_own([&] { order.push_back(4); }));
    gate.set_value();
    queue.stop();
    EXPECT_EQ(order, (std::vector<int>{4, 1, 2}));
    EXPECT_FALSE(queue.post([] {}));
    EXPECT_FALSE(queue.post_own([] {}));
}

TEST(JsonBody, MembersAreCheckedByKind) {
    const JsonBody body =
        *JsonBody::parse(R"({"t": "x", "n": 3, "f": true, "l": ["a", "b"], "o": {}, "z": null})");
    EXPECT_EQ(*body.text("t", 10), "x");
    EXPECT_TRUE(**body.optional_flag("f"));
    EXPECT_EQ(body.optional_texts("l", 10)->value().size(), 2U);
    EXPECT_FALSE(*body.optional_text("z", 10));
    EXPECT_FALSE(*body.optional_text("missing", 10));
    EXPECT_EQ(body.text("t", 0).error().code, ErrorCode::limit);
    for (const char* wrong : {"n", "f", "l", "o", "z", "missing"})
        EXPECT_EQ(body.text(wrong, 10).error().code, ErrorCode::invalid_argument) << wrong;
    EXPECT_FALSE(body.optional_flag("t"));
    EXPECT_FALSE(body.optional_texts("t", 10));
}

TEST(JsonBody, WhatIsNoObjectIsRefused) {
    for (const char* bad : {"[]", "1", "{", "nul", "{\"a\":\"\xff\"}", "{} {}"})
        EXPECT_EQ(JsonBody::parse(bad).error().code, ErrorCode::invalid_argument) << bad;
    const std::string deep(100'000, '[');
    EXPECT_FALSE(JsonBody::parse("{\"a\":" + deep));
    EXPECT_TRUE(JsonBody::parse(""));
}

TEST(JsonReply, BytesThatAreNoTextDoNotBreakIt) {
    const HttpReply reply = error_reply({ErrorCode::not_found, "no \xff file"});
    EXPECT_EQ(reply.status, 404);
    EXPECT_TRUE(Json::accept(reply.body));
}

TEST(Routes, ThePageListsEveryPath) {
    const std::string page = read_file(SATCHEL_SOURCE_DIR "/docs/http-api.md");
    for (const Route& route : routes())
        EXPECT_NE(page.find(std::string(route.method) + " " + std::string(route.path)),
                  std::string::npos)
            << route.method << " " << route.path;
}

TEST(Routes, NothingButLogInAndHealthIsOpen) {
    for (const Route& route : routes()) {
        const bool open = route.needs == Needs::nothing;
        const bool may_be =
            route.path == "/v1/login" || route.path == "/v1/health" || route.path == "/v1/metrics";
        EXPECT_EQ(open, may_be) << route.path;
        const bool admin = route.path.find("/admin/") != std::string_view::npos;
        EXPECT_EQ(route.needs == Needs::administrator, admin) << route.path;
        EXPECT_TRUE(!open || route.max_body_bytes <= 4096U) << route.path;
    }
}

}  // namespace
}  // namespace satchel::server
