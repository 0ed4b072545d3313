#include "client/agent.hpp"

#include <gtest/gtest.h>

#include "client/account.hpp"
#include "client/messages.hpp"
#include "tests/client/fake_line.hpp"
#include "tests/storage/replica_fixture.hpp"

namespace satchel::client {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing_support::FakeOffice;

// What the agent has told, to wait for.
class Watcher {
  public:
    void take(const AgentStatus& status) {
        const std::lock_guard lock(mutex_);
        last_ = status;
        ++told_;
        changed_.notify_all();
    }
    template <typename Predicate>
    bool wait_for(Predicate predicate) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 20s, [&] { return told_ > 0 && predicate(last_); });
    }
    AgentStatus last() const {
        const std::lock_guard lock(mutex_);
        return last_;
    }

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    AgentStatus last_;
    int told_ = 0;
};

class AgentTest : public storage::ReplicaTest {
  protected:
    void log_in() {
        ASSERT_TRUE(replica_->set_setting("server.url", "http://fake"));
        ASSERT_TRUE(replica_->set_setting("user.id", "u"));
        ASSERT_TRUE(replica_->set_setting("user.name", "李伟"));
        ASSERT_TRUE(replica_->set_setting("server.token", "t"));
    }
    AgentOptions options() {
        AgentOptions options;
        options.path = path_;
        options.poll = 20ms;
        options.policy.write_debounce_ms = 20;
        options.policy.floor_ms = 10;
        options.policy.network_debounce_ms = 1;
        options.policy.network_spread_ms = 1;
        options.policy.network_floor_ms = 10;
        options.listener = [this](const AgentStatus& status) { watcher_.take(status); };
        options.make_transport = office_->maker();
        return options;
    }
    void write() { create({{"name", Value::text("可乐")}}); }
    // After a sync that succeeded, with nothing running.
    bool wait_in_step() {
        return watcher_.wait_for([](const AgentStatus& status) {
            return status.syncs > 0 && !status.running && status.replica.pending == 0;
        });
    }
    bool wait_failed(ErrorCode code) {
        return watcher_.wait_for([&](const AgentStatus& status) {
            return !status.running && status.last_error && status.last_error->code == code;
        });
    }

    std::shared_ptr<FakeOffice> office_ = std::make_shared<FakeOffice>();
    Watcher watcher_;
};

TEST_F(AgentTest, SendsWhatWaitsWhenItStarts) {
    log_in();
    write();
    const auto agent = Agent::start(options());
    ASSERT_TRUE(wait_in_step());
    EXPECT_EQ(office_->taken(), 1U);
    const AgentStatus status = watcher_.last();
    EXPECT_TRUE(status.open);
    EXPECT_TRUE(status.logged_in);
    EXPECT_EQ(status.user_name, "李伟");
    EXPECT_FALSE(status.last_error);
    EXPECT_EQ(status.waits_for.key, "waits_periodic");
    EXPECT_GT(status.next_try_at, 0);
    EXPECT_EQ(status.progress.rounds, 1U);
    EXPECT_GT(status.progress.sent_bytes, 0U);
}

TEST_F(AgentTest, SendsAWriteAfterAMoment) {
    log_in();
    const auto agent = Agent::start(options());
    ASSERT_TRUE(wait_in_step());
    write();
    agent->wrote();
    ASSERT_TRUE(office_->wait_for_requests(2));
    EXPECT_TRUE(watcher_.wait_for([&](const AgentStatus&) { return office_->taken() == 1; }));
}

TEST_F(AgentTest, FindsWritesOfOtherProcessesByItself) {
    log_in();
    const auto agent = Agent::start(options());
    ASSERT_TRUE(wait_in_step());
    write();
    EXPECT_TRUE(watcher_.wait_for([&](const AgentStatus&) { return office_->taken() == 1; }));
}

TEST_F(AgentTest, WithoutALogInItWaitsAndSaysSo) {
    write();
    const auto agent = Agent::start(options());
    ASSERT_TRUE(wait_failed(ErrorCode::unauthorized));
    const AgentStatus status = watcher_.last();
    EXPECT_EQ(status.waits_for.key, "waits_login");
    EXPECT_EQ(status.next_try_at, 0);
    EXPECT_EQ(status.replica.pending, 1U);
    EXPECT_EQ(office_->requests(), 0);
    log_in();  // on another connection, as the command line does
    EXPECT_TRUE(wait_in_step());
}

TEST_F(AgentTest, OfflineIsToldInWordsAndTriedAgain) {
    log_in();
    write();
    office_->answer_with(failure(ErrorCode::offline, "offline_no_name", {"fake"}));
    AgentOptions given = options();
    given.policy.base_ms = 60'000;
    given.policy.cap_ms = 60'000;
    given.policy.floor_ms = 1'000;
    const auto agent = Agent::start(given);
    ASSERT_TRUE(wait_failed(ErrorCode::offline));
    const AgentStatus status = watcher_.last();
    EXPECT_EQ(status.failures, 1);
    EXPECT_EQ(status.waits_for.key, "waits_back_off");
    EXPECT_GT(status.next_try_at, status.last_error_at);
    EXPECT_EQ(status.replica.pending, 1U);
    EXPECT_GT(status.replica.oldest_pending_at, 0);
    const auto lines = status.lines(Language::chinese, status.last_error_at);
    EXPECT_NE(lines.front().find("没有网络连接"), std::string::npos) << lines.front();

    office_->answer_well();
    agent->network_came_back();
    ASSERT_TRUE(wait_in_step());
    EXPECT_FALSE(watcher_.last().last_error);
    EXPECT_EQ(watcher_.last().failures, 0);
}

TEST_F(AgentTest, TheLastErrorOutlivesTheAgent) {
    log_in();
    office_->answer_with(failure(ErrorCode::offline, "offline_no_name", {"fake"}));
    Agent::start(options())->run_for(5s);
    const auto last = last_error(*replica_);
    ASSERT_TRUE(last);
    ASSERT_TRUE(*last);
    EXPECT_EQ((*last)->error.code, ErrorCode::offline);
    office_->answer_well();
    Agent::start(options())->run_for(5s);
    EXPECT_FALSE(*last_error(*replica_));
}

TEST_F(AgentTest, ATokenThatHasEndedNeedsALogInAndLosesNothing) {
    log_in();
    write();
    HttpReply ended;
    ended.status = 401;
    ended.headers = {{"satchel-server", "0"}};
    ended.body = R"({"code":"unauthorized","message":"no"})";
    office_->answer_with(ended);
    const auto agent = Agent::start(options());
    ASSERT_TRUE(wait_failed(ErrorCode::unauthorized));
    EXPECT_EQ(watcher_.last().replica.pending, 1U);
    EXPECT_FALSE(watcher_.last().logged_in);
    office_->answer_well();
    log_in();
    EXPECT_TRUE(wait_in_step());
    EXPECT_EQ(office_->taken(), 1U);
}

TEST_F(AgentTest, ABusyServersHintIsWaitedFor) {
    log_in();
    HttpReply busy;
    busy.status = 503;
    busy.headers = {{"satchel-server", "0"}, {"retry-after", "60"}};
    busy.body = "{}";
    office_->answer_with(busy);
    const auto agent = Agent::start(options());
    ASSERT_TRUE(wait_failed(ErrorCode::server_error));
    const AgentStatus status = watcher_.last();
    EXPECT_EQ(status.waits_for.key, "waits_server_hint");
    EXPECT_GE(status.next_try_at - status.last_error_at, 59'000);
}

TEST_F(AgentTest, AWaitingRequestBringsNewsAndIsFollowedByTheNext) {
    log_in();
    AgentOptions given = options();
    given.live = true;
    const auto agent = Agent::start(given);
    ASSERT_TRUE(office_->wait_for_waiting());
    ASSERT_TRUE(watcher_.wait_for([](const AgentStatus& status) {
        return status.running && status.progress.waiting && status.waits_for.key == "waits_live";
    }));
    const int before = office_->requests();
    office_->news();
    EXPECT_TRUE(office_->wait_for_requests(before + 2));
}

TEST_F(AgentTest, WhileItWaitsItKnowsWhatWentBefore) {
    log_in();
    write();
    AgentOptions given = options();
    given.live = true;
    const auto agent = Agent::start(given);
    ASSERT_TRUE(watcher_.wait_for([](const AgentStatus& status) {
        return status.running && status.waits_for.key == "waits_live";
    }));
    const AgentStatus status = watcher_.last();
    EXPECT_EQ(status.replica.pending, 0U);
    EXPECT_EQ(status.replica.cursor, Sequence{1});
    EXPECT_GT(status.replica.last_success_at, 0);
    EXPECT_EQ(status.syncs, 1U);
    EXPECT_EQ(status.news, 1U);
    // The wait's end without anything is no sync of its own; what follows it is.
    office_->news();
    ASSERT_TRUE(watcher_.wait_for([](const AgentStatus& next) { return next.syncs == 2; }));
    EXPECT_TRUE(watcher_.last().progress.waiting);
    EXPECT_EQ(watcher_.last().news, 1U);
}

TEST_F(AgentTest, WhatFailedBeforeIsOverOnceItWaits) {
    log_in();
    office_->answer_with(failure(ErrorCode::offline, "offline_no_name", {"fake"}));
    AgentOptions given = options();
    given.live = true;
    const auto agent = Agent::start(given);
    ASSERT_TRUE(wait_failed(ErrorCode::offline));
    office_->answer_well();
    agent->sync_now();
    ASSERT_TRUE(watcher_.wait_for([](const AgentStatus& status) {
        return status.running && status.waits_for.key == "waits_live";
    }));
    EXPECT_FALSE(watcher_.last().last_error);
    EXPECT_EQ(watcher_.last().failures, 0);
}

TEST_F(AgentTest, AWriteDoesNotWaitForTheWaitingRequest) {
    log_in();
    AgentOptions given = options();
    given.live = true;
    const auto agent = Agent::start(given);
    ASSERT_TRUE(office_->wait_for_waiting());
    write();
    agent->wrote();
    EXPECT_TRUE(watcher_.wait_for([&](const AgentStatus&) { return office_->taken() == 1; }));
    EXPECT_TRUE(office_->wait_for_waiting());
}

TEST_F(AgentTest, SyncNowDoesNotWaitForTheWaitingRequest) {
    log_in();
    AgentOptions given = options();
    given.live = true;
    const auto agent = Agent::start(given);
    ASSERT_TRUE(office_->wait_for_waiting());
    const int before = office_->requests();
    agent->sync_now();
    EXPECT_TRUE(office_->wait_for_requests(before + 1));
    EXPECT_EQ(watcher_.last().failures, 0);
}

TEST_F(AgentTest, CancelStopsTheRunningSyncAndIsNoFailure) {
    log_in();
    write();
    office_->fall_silent();
    const auto agent = Agent::start(options());
    ASSERT_TRUE(office_->wait_for_requests(1));
    agent->cancel();
    ASSERT_TRUE(watcher_.wait_for([](const AgentStatus& status) {
        return !status.running && status.waits_for.key == "waits_periodic";
    }));
    const AgentStatus status = watcher_.last();
    EXPECT_FALSE(status.last_error);
    EXPECT_EQ(status.replica.pending, 1U);
    office_->answer_well();
    agent->sync_now();
    EXPECT_TRUE(wait_in_step());
}

TEST_F(AgentTest, StopEndsAWaitingRequestSoon) {
    log_in();
    AgentOptions given = options();
    given.live = true;
    const auto agent = Agent::start(given);
    ASSERT_TRUE(office_->wait_for_waiting());
    const auto began = steady_clock::now();
    agent->stop();
    EXPECT_LT(steady_clock::now() - began, 1s);
    EXPECT_TRUE(agent->status().stopped);
    agent->stop();
}

TEST_F(AgentTest, ABoundedRunSyncsOnceAndOnlyThen) {
    log_in();
    write();
    AgentOptions given = options();
    given.automatic = false;
    const auto agent = Agent::start(given);
    const AgentStatus status = agent->run_for(20s);
    EXPECT_EQ(office_->taken(), 1U);
    EXPECT_EQ(status.syncs, 1U);
    EXPECT_EQ(status.replica.pending, 0U);
    EXPECT_EQ(status.next_try_at, 0);
    write();
    agent->wrote();
    EXPECT_EQ(agent->run_for(20s).syncs, 2U);
    EXPECT_EQ(office_->taken(), 2U);
}

TEST_F(AgentTest, ABoundedRunEndsInTimeWhenTheServerIsSilent) {
    log_in();
    write();
    office_->fall_silent();
    AgentOptions given = options();
    given.automatic = false;
    const auto agent = Agent::start(given);
    const auto began = steady_clock::now();
    const AgentStatus status = agent->run_for(200ms);
    EXPECT_LT(steady_clock::now() - began, 1s);
    EXPECT_FALSE(status.running);
    EXPECT_EQ(status.replica.pending, 1U);
    const int requests = office_->requests();
    EXPECT_EQ(agent->run_for(0ms).syncs, 0U);
    EXPECT_EQ(office_->requests(), requests);
}

TEST_F(AgentTest, ABoundedRunEndsAWaitingRequest) {
    log_in();
    AgentOptions given = options();
    given.live = true;
    const auto agent = Agent::start(given);
    ASSERT_TRUE(office_->wait_for_waiting());
    write();
    EXPECT_EQ(agent->run_for(20s).replica.pending, 0U);
    EXPECT_EQ(office_->taken(), 1U);
}

TEST_F(AgentTest, AFileThatIsNotThereIsToldAndFoundLater) {
    log_in();
    replica_.reset();
    std::filesystem::rename(path_, path_ + ".other");
    const auto agent = Agent::start(options());
    ASSERT_TRUE(
        watcher_.wait_for([](const AgentStatus& status) { return status.last_error.has_value(); }));
    EXPECT_FALSE(watcher_.last().open);
    std::filesystem::rename(path_ + ".other", path_);
    agent->sync_now();
    EXPECT_TRUE(wait_in_step());
}

TEST_F(AgentTest, AReplicaThatAnotherProcessSyncsIsTriedAgain) {
    log_in();
    auto lease = std::make_unique<Result<storage::SyncLease>>(storage::SyncLease::acquire(path_));
    ASSERT_TRUE(*lease);
    const auto agent = Agent::start(options());
    ASSERT_TRUE(wait_failed(ErrorCode::busy));
    EXPECT_EQ(watcher_.last().trigger, Trigger::back_off);
    EXPECT_EQ(office_->requests(), 0);
    lease.reset();
    agent->sync_now();
    EXPECT_TRUE(wait_in_step());
}

TEST_F(AgentTest, ADamagedReplyIsNotTaken) {
    log_in();
    write();
    HttpReply damaged;
    damaged.status = 200;
    damaged.headers = {{"satchel-server", "0"}, {"content-type", "application/x-satchel-sync"}};
    damaged.body = "\x01\x02nonsense";
    office_->answer_with(damaged);
    const auto agent = Agent::start(options());
    ASSERT_TRUE(wait_failed(ErrorCode::bad_reply));
    EXPECT_EQ(words_of(*watcher_.last().last_error).key, "reply_damaged");
    EXPECT_EQ(watcher_.last().replica.pending, 1U);
    office_->answer_well();
    agent->sync_now();
    EXPECT_TRUE(wait_in_step());
}

TEST_F(AgentTest, ItSleepsBetweenTries) {
    log_in();
    office_->answer_with(failure(ErrorCode::offline, "offline_no_name", {"fake"}));
    AgentOptions given = options();
    given.policy = PolicyOptions{};
    const auto agent = Agent::start(given);
    ASSERT_TRUE(watcher_.wait_for([](const AgentStatus& status) { return status.failures >= 2; }));
    EXPECT_LE(office_->requests(), 3);
}

}  // namespace
}  // namespace satchel::client
