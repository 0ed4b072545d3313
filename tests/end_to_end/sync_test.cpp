// Devices and a real head office in one process, over real HTTP on loopback: what each of them has
// tested with a stand-in for the other.
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>

#include "client/account.hpp"
#include "client/agent.hpp"
#include "client/log_out.hpp"
#include "client/messages.hpp"
#include "client/sync_client.hpp"
#include "tests/client/test_server.hpp"
#include "tests/end_to_end/sync_fixture.hpp"

namespace satchel::client {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing_support::Connection;
using testing_support::TestServer;

TEST_F(SyncTest, TwoDevicesConverge) {
    Device one = ready("one", "li.wei");
    Device two = ready("two", "chen.jie");
    const RecordId id = create(one, "上海可乐");
    expect_fine(one.sync());
    expect_fine(two.sync());
    EXPECT_EQ(name_of(two, id), "上海可乐");
    rename(two, id, "北京可乐");
    EXPECT_EQ(two.pending(), 1U);
    expect_fine(two.sync());
    EXPECT_EQ(two.pending(), 0U);
    expect_fine(one.sync());
    EXPECT_EQ(name_of(one, id), "北京可乐");
    EXPECT_GT(one.replica->status()->last_success_at, 0);
}

TEST_F(SyncTest, LoginTellsWhoItIs) {
    Device device = new_device("one");
    const auto account = log_in(device, "li.wei");
    ASSERT_TRUE(account) << account.error().message;
    EXPECT_TRUE(account->logged_in());
    EXPECT_EQ(account->login, "li.wei");
    EXPECT_EQ(account->role, "rep");
    EXPECT_EQ(account->url, server_->url());
    EXPECT_EQ(client::account(*device.replica)->token, account->token);
}

TEST_F(SyncTest, AWrongPasswordIsSaidAndStoresNothing) {
    Device device = new_device("one");
    const auto account = log_in(device, "li.wei", "wrong");
    ASSERT_FALSE(account);
    EXPECT_EQ(account.error().code, ErrorCode::unauthorized);
    EXPECT_EQ(words_of(account.error()).key, "wrong_password");
    EXPECT_EQ(client::account(*device.replica)->url, "");
    EXPECT_EQ(device.sync().status.error().code, ErrorCode::unauthorized);
}

TEST_F(SyncTest, AFileBelongsToOnePerson) {
    Device device = ready("one", "li.wei");
    const auto account = log_in(device, "chen.jie");
    ASSERT_FALSE(account);
    EXPECT_EQ(account.error().code, ErrorCode::forbidden);
    expect_fine(device.sync());
}

TEST_F(SyncTest, ATokenThatHasEndedNeedsALogInAndLosesNothing) {
    Device device = ready("one", "li.wei");
    const RecordId id = create(device, "A");
    admin_call("/v1/admin/users/password", {{"user", "li.wei"}, {"password", "another one"}},
               admin_);
    const SyncOutcome refused = device.sync();
    ASSERT_FALSE(refused.status);
    EXPECT_EQ(refused.status.error().code, ErrorCode::unauthorized);
    EXPECT_EQ(device.pending(), 1U);
    EXPECT_EQ(name_of(device, id), "A");
    ASSERT_TRUE(log_in(device, "li.wei", "another one"));
    expect_fine(device.sync());
    EXPECT_EQ(device.pending(), 0U);
}

TEST_F(SyncTest, ARevokedDeviceHandsInAndIsEmptied) {
    Device device = ready("one", "li.wei");
    const RecordId id = create(device, "A");
    expect_fine(device.sync());
    rename(device, id, "B");
    revoke(device);
    const SyncOutcome outcome = device.sync();
    ASSERT_FALSE(outcome.status);
    EXPECT_TRUE(outcome.wiped);
    EXPECT_EQ(outcome.status.error().code, ErrorCode::forbidden);
    EXPECT_EQ(words_of(outcome.status.error()).key, "revoked") << outcome.status.error().message;
    EXPECT_EQ(name_of(device, id), "(not here)");
    EXPECT_EQ(device.pending(), 0U);
    EXPECT_FALSE(client::account(*device.replica)->logged_in());
}

TEST_F(SyncTest, WhoLeavesTooMuchBehindIsToldAndStillReceives) {
    Device one = ready("one", "li.wei");
    Device two = ready("two", "chen.jie");
    const std::uint64_t replica = one.replica->sync_state()->replica.id;
    set_refused_bytes(replica, kMaxRefusedBytes);
    const RecordId theirs = create(two, "上海可乐");
    expect_fine(two.sync());
    const RecordId before = create(one, "taken");
    create(one, "of others", "north");
    const RecordId behind = create(one, "waits behind it");
    for (int i = 0; i < 2; ++i) {
        const SyncOutcome outcome = one.sync();
        ASSERT_FALSE(outcome.status);
        EXPECT_EQ(outcome.status.error().code, ErrorCode::limit);
        const std::string words(client::words(outcome.status.error(), Language::english));
        EXPECT_NE(words.find("64 MiB a day"), std::string::npos) << words;
        EXPECT_EQ(last_error(*one.replica)->value().error.code, ErrorCode::limit);
    }
    EXPECT_EQ(name_of(one, theirs), "上海可乐");
    EXPECT_EQ(one.pending(), 2U);
    expect_fine(two.sync());
    EXPECT_EQ(name_of(two, before), "taken");
    EXPECT_EQ(name_of(two, behind), "(not here)");

    set_refused_bytes(replica, 0);  // the next day
    expect_fine(one.sync());
    EXPECT_EQ(one.pending(), 0U);
    EXPECT_EQ(one.replica->status()->not_accepted, 1U);
    expect_fine(two.sync());
    EXPECT_EQ(name_of(two, behind), "waits behind it");
}

TEST_F(SyncTest, ARevokedDeviceThatLeftTooMuchBehindKeepsTheRestSealed) {
    Device one = ready("one", "li.wei");
    const RecordId id = create(one, "上海可乐");
    const std::uint64_t replica = one.replica->sync_state()->replica.id;
    set_refused_bytes(replica, kMaxRefusedBytes);
    revoke(one);
    const SyncOutcome outcome = one.sync();
    ASSERT_FALSE(outcome.status);
    EXPECT_TRUE(outcome.wiped);
    EXPECT_EQ(name_of(one, id), "(not here)");
    EXPECT_EQ(one.pending(), 1U);
    set_refused_bytes(replica, 0);
    EXPECT_FALSE(one.sync().status);
    EXPECT_EQ(one.pending(), 0U);
}

TEST_F(SyncTest, LogOutSendsAndEmpties) {
    Device device = ready("one", "li.wei");
    Device other = ready("two", "chen.jie");
    const RecordId id = create(device, "A");
    const auto outcome = log_out(*device.replica, *device.transport);
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->sent, 1U);
    EXPECT_EQ(outcome->sealed, 0U);
    EXPECT_TRUE(outcome->token_ended);
    EXPECT_EQ(name_of(device, id), "(not here)");
    expect_fine(other.sync());
    EXPECT_EQ(name_of(other, id), "A");
    EXPECT_TRUE(log_in(device, "chen.jie"));  // an empty file is anybody's
}

TEST_F(SyncTest, LogOutWithoutAServerDoesNothingUnlessForced) {
    Device device = ready("one", "li.wei");
    const RecordId id = create(device, "A");
    server_->stop();
    server_.reset();
    const auto refused = log_out(*device.replica, *device.transport);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::offline) << refused.error().message;
    EXPECT_EQ(name_of(device, id), "A");

    const auto forced = log_out(*device.replica, *device.transport, {.force = true});
    ASSERT_TRUE(forced) << forced.error().message;
    EXPECT_EQ(forced->sent, 0U);  // it was put into a request, and nobody has taken it
    EXPECT_EQ(forced->sealed, 1U);
    EXPECT_FALSE(forced->token_ended);
    EXPECT_EQ(name_of(device, id), "(not here)");

    start_server();
    ASSERT_TRUE(log_in(device, "li.wei"));
    expect_fine(device.sync());
    EXPECT_EQ(device.pending(), 0U);
    EXPECT_EQ(name_of(device, id), "A");
}

// Head office held it for somebody else's change, and was restored since: it may be nowhere else.
TEST_F(SyncTest, WhatWaitsAtHeadOfficeIsSealedWhenNobodyCanAskForIt) {
    Device device = ready("one", "li.wei");
    const RecordId id = create(device, "A");
    ASSERT_TRUE(device.replica->database().execute(
        "INSERT INTO verdict SELECT number, 3, 0, 0, 0, 0, 0, 'waits' FROM entry"));
    ASSERT_EQ(device.replica->status()->held, 1U);
    server_->stop();
    server_.reset();
    const auto outcome = log_out(*device.replica, *device.transport);
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->sealed, 1U);
    start_server();
    ASSERT_TRUE(log_in(device, "li.wei"));
    expect_fine(device.sync());
    EXPECT_EQ(name_of(device, id), "A");
    EXPECT_EQ(device.replica->status()->held, 0U);
}

// Everything that the file and its companions hold on the disk.
std::string bytes_on_disk(const std::string& path) {
    std::string all;
    for (const char* suffix : {"", "-wal", "-shm"}) {
        std::ifstream in(path + suffix, std::ios::binary);
        all.append(std::istreambuf_iterator<char>(in), {});
    }
    return all;
}

TEST_F(SyncTest, WhatALogOutCannotSendIsReadByNobodyAndComesBackWithTheNextSync) {
    Device device = ready("one", "li.wei");
    const RecordId id = create(device, "a secret of the customer");
    expect_fine(device.sync());
    rename(device, id, "a secret of ours");
    server_->stop();
    server_.reset();
    ASSERT_TRUE(log_out(*device.replica, *device.transport, {.force = true}));
    EXPECT_EQ(bytes_on_disk(path("one")).find("a secret of"), std::string::npos);
    EXPECT_EQ(device.replica->sync_state().error().code, ErrorCode::unauthorized);
    const auto journal = device.replica->journal(10);
    ASSERT_EQ(journal->size(), 1U);
    EXPECT_EQ(device.replica->changeset(journal->front().number).error().code,
              ErrorCode::unauthorized);

    const RecordId later = create(device, "written while nobody was logged in");
    ASSERT_TRUE(log_out(*device.replica, *device.transport, {.force = true}));
    start_server();
    ASSERT_TRUE(log_in(device, "li.wei"));
    expect_fine(device.sync());
    EXPECT_EQ(device.pending(), 0U);
    EXPECT_EQ(name_of(device, id), "a secret of ours");
    EXPECT_EQ(name_of(device, later), "written while nobody was logged in");
}

TEST_F(SyncTest, ASealedKeyIsOpenedForItsOwnDeviceOnly) {
    Device device = ready("one", "li.wei");
    Device other = ready("two", "li.wei");
    create(device, "A");
    server_->stop();
    server_.reset();
    ASSERT_TRUE(log_out(*device.replica, *device.transport, {.force = true}));
    start_server();
    std::string sealed = *device.replica->setting("seal.keys");
    sealed.resize(sealed.find(' '));
    HttpRequest http{.method = "POST", .url = server_->url() + "/v1/unseal"};
    http.headers = {{"Authorization", "Bearer " + account(*other.replica)->token}};
    http.body = json{{"sealed", sealed}}.dump();
    CancelToken cancel;
    const auto answer = other.transport->exchange(http, cancel);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 403) << answer->body;
}

TEST_F(SyncTest, AServerThatStopsInTheMiddleIsFoundAgain) {
    Device device = ready("one", "li.wei");
    create(device, "A");
    server_->stop();
    server_.reset();
    const SyncOutcome gone = device.sync();
    ASSERT_FALSE(gone.status);
    EXPECT_EQ(gone.status.error().code, ErrorCode::offline) << gone.status.error().message;
    EXPECT_EQ(device.pending(), 1U);
    start_server();
    expect_fine(device.sync());
    EXPECT_EQ(device.pending(), 0U);
}

TEST_F(SyncTest, ACancelInTheMiddleLosesNothing) {
    Device device = ready("one", "li.wei");
    for (int i = 0; i < 20; ++i)
        create(device, "A" + std::to_string(i));
    CancelToken cancel;
    SyncOptions options;
    options.cancel = &cancel;
    options.on_progress = [&](const SyncProgress&) { cancel.cancel(); };
    const SyncOutcome stopped = device.sync(options);
    const auto code = stopped.status ? ErrorCode::cancelled : stopped.status.error().code;
    EXPECT_EQ(code, ErrorCode::cancelled);
    expect_fine(device.sync());
    EXPECT_EQ(device.pending(), 0U);
}

TEST_F(SyncTest, AnAdministratorKeepsTheFirstRecordOfAPoolThatNobodyHas) {
    Device device = ready("one", "admin");
    auto transaction = device.replica->begin();
    const auto id =
        transaction->create("account", {{"name", Value::text("A")}, {"pool", Value::text("new")}});
    ASSERT_TRUE(id) << id.error().message;
    ASSERT_TRUE(transaction->commit());
    expect_fine(device.sync());
    EXPECT_EQ(device.pending(), 0U);
    EXPECT_EQ(name_of(device, *id), "A");
    expect_fine(device.sync());
    EXPECT_EQ(name_of(device, *id), "A");
}

TEST_F(SyncTest, AWaitingRequestIsCancelledAtOnce) {
    Device device = ready("one", "li.wei");
    CancelToken cancel;
    std::promise<void> waiting;
    bool told = false;
    SyncOptions options;
    options.cancel = &cancel;
    options.wait = 30s;
    options.on_progress = [&](const SyncProgress& progress) {
        if (progress.waiting && !std::exchange(told, true)) waiting.set_value();
    };
    auto running = std::async(std::launch::async, [&] { return device.sync(options); });
    waiting.get_future().wait();
    const auto began = steady_clock::now();
    cancel.cancel();
    const SyncOutcome outcome = running.get();
    EXPECT_LT(steady_clock::now() - began, 500ms);
    ASSERT_FALSE(outcome.status);
    EXPECT_EQ(outcome.status.error().code, ErrorCode::cancelled);
}

TEST_F(SyncTest, ADeadlineThatPassesKeepsWhatCame) {
    Device device = ready("one", "li.wei");
    create(device, "A");
    const SyncOutcome late = device.sync({.deadline = steady_clock::now()});
    ASSERT_FALSE(late.status);
    EXPECT_EQ(late.status.error().code, ErrorCode::time_out);
    EXPECT_EQ(device.pending(), 1U);
    expect_fine(device.sync());
}

TEST_F(SyncTest, AgentsBringAChangeToEachOtherWhileOpen) {
    Device one = ready("one", "li.wei");
    Device two = ready("two", "chen.jie");
    std::mutex mutex;
    std::condition_variable told;
    std::uint64_t news = 0;
    AgentOptions options;
    options.live = true;
    options.policy.write_debounce_ms = 50;
    options.path = path("one");
    const auto first = Agent::start(options);
    options.path = path("two");
    options.listener = [&](const AgentStatus& status) {
        const std::lock_guard lock(mutex);
        news = status.news;
        told.notify_all();
    };
    const auto second = Agent::start(options);
    const RecordId id = create(one, "上海可乐");
    first->wrote();
    std::unique_lock lock(mutex);
    EXPECT_TRUE(told.wait_for(lock, 30s, [&] { return news > 0; }));
    lock.unlock();
    second->stop();
    EXPECT_EQ(name_of(two, id), "上海可乐");
}

}  // namespace
}  // namespace satchel::client
