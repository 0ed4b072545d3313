#include "client/sync_policy.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace satchel::client {
namespace {

// SplitMix64: the same numbers on every machine.
class Seeded : public Random {
  public:
    explicit Seeded(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() override {
        std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31);
    }

  private:
    std::uint64_t state_;
};

constexpr PolicyOptions kDefault{};

class SyncPolicyTest : public testing::Test {
  protected:
    // Begins at the planned time and fails.
    void fail_next(ErrorCode code = ErrorCode::offline, std::int64_t retry_after_ms = 0) {
        begin_next();
        policy_.failed(now_, code, retry_after_ms);
    }
    void succeed_next(const Success& success = {}) {
        begin_next();
        policy_.succeeded(now_, success);
    }
    void begin_next() {
        const Plan plan = policy_.plan();
        ASSERT_TRUE(plan.at);
        now_ = std::max(now_, *plan.at);
        policy_.began(now_);
    }

    Seeded random_{7};
    SyncPolicy policy_{kDefault, random_};
    std::int64_t now_ = 1'000'000;
};

TEST_F(SyncPolicyTest, NothingIsPlannedBeforeSomethingHappens) {
    EXPECT_FALSE(policy_.plan().at);
}

TEST_F(SyncPolicyTest, AskedMeansNow) {
    policy_.asked(now_);
    EXPECT_EQ(policy_.plan().at, now_);
    EXPECT_EQ(policy_.plan().why, Trigger::asked);
}

TEST_F(SyncPolicyTest, AfterASuccessTheNextIsRegularGiveOrTakeATenth) {
    policy_.asked(now_);
    succeed_next();
    const Plan plan = policy_.plan();
    EXPECT_EQ(plan.why, Trigger::periodic);
    EXPECT_GE(*plan.at - now_, kDefault.periodic_ms * 9 / 10);
    EXPECT_LE(*plan.at - now_, kDefault.periodic_ms * 11 / 10);
}

TEST_F(SyncPolicyTest, WritesAreCollectedForAMoment) {
    policy_.asked(now_);
    succeed_next();
    now_ += 10'000;
    policy_.wrote(now_);
    EXPECT_EQ(policy_.plan().at, now_ + kDefault.write_debounce_ms);
    EXPECT_EQ(policy_.plan().why, Trigger::write);
    policy_.wrote(now_ + 600);
    EXPECT_EQ(policy_.plan().at, now_ + 600 + kDefault.write_debounce_ms);
}

TEST_F(SyncPolicyTest, SteadyTypingDoesNotPutItOffForEver) {
    policy_.asked(now_);
    succeed_next();
    now_ += 10'000;
    for (std::int64_t t = 0; t < 60'000; t += 100)
        policy_.wrote(now_ + t);
    EXPECT_EQ(policy_.plan().at, now_ + kDefault.write_limit_ms);
}

TEST_F(SyncPolicyTest, AWriteDuringASyncCausesAnother) {
    policy_.asked(now_);
    begin_next();
    policy_.wrote(now_ + 10);
    policy_.succeeded(now_ + 20, {});
    EXPECT_EQ(policy_.plan().why, Trigger::write);
}

TEST_F(SyncPolicyTest, WritesDoNotShortenABackOff) {
    policy_.asked(now_);
    for (int i = 0; i < 12; ++i)
        fail_next();
    const Plan before = policy_.plan();
    policy_.wrote(now_);
    EXPECT_EQ(policy_.plan().at, before.at);
    EXPECT_EQ(policy_.plan().why, Trigger::back_off);
}

TEST_F(SyncPolicyTest, ANetworkThatCameBackDoes) {
    policy_.asked(now_);
    for (int i = 0; i < 12; ++i)
        fail_next();
    policy_.network_came_back(now_ + 10'000);
    const std::int64_t most = kDefault.network_debounce_ms + kDefault.network_spread_ms;
    EXPECT_LE(*policy_.plan().at, now_ + 10'000 + most);
}

TEST_F(SyncPolicyTest, ANetworkThatFlapsDoesNotCauseATryEachTime) {
    policy_.asked(now_);
    fail_next();
    int tries = 0;
    const std::int64_t end = now_ + 60'000;
    for (; now_ < end; now_ += 100) {
        policy_.network_came_back(now_);
        const Plan plan = policy_.plan();
        if (*plan.at > now_) continue;
        policy_.began(now_);
        policy_.failed(now_, ErrorCode::offline, 0);
        if (plan.why == Trigger::network) ++tries;
    }
    EXPECT_GE(tries, 1);
    EXPECT_LE(tries, 60'000 / kDefault.network_floor_ms);
}

TEST_F(SyncPolicyTest, APersonMayGoAheadOfTheServersHint) {
    policy_.asked(now_);
    fail_next(ErrorCode::server_error, 60'000);
    EXPECT_EQ(policy_.plan().why, Trigger::server_hint);
    EXPECT_GE(*policy_.plan().at, now_ + 60'000);
    policy_.network_came_back(now_);
    EXPECT_GE(*policy_.plan().at, now_ + 60'000);
    policy_.asked(now_);
    EXPECT_EQ(*policy_.plan().at, now_ + kDefault.floor_ms);
}

TEST_F(SyncPolicyTest, ABackOffHintAfterASuccessHoldsWritesUp) {
    policy_.asked(now_);
    succeed_next({.back_off_ms = 30'000});
    policy_.wrote(now_);
    EXPECT_GE(*policy_.plan().at, now_ + 30'000);
}

TEST_F(SyncPolicyTest, WithoutALogInNothingIsTriedUntilSomebodyAsks) {
    policy_.asked(now_);
    fail_next(ErrorCode::unauthorized);
    EXPECT_FALSE(policy_.plan().at);
    EXPECT_EQ(policy_.plan().why, Trigger::login);
    policy_.wrote(now_);
    policy_.network_came_back(now_);
    EXPECT_FALSE(policy_.plan().at);
    policy_.asked(now_);
    EXPECT_TRUE(policy_.plan().at);
}

TEST_F(SyncPolicyTest, WhatAPersonMustPutRightIsTriedSlowly) {
    for (const ErrorCode code :
         {ErrorCode::forbidden, ErrorCode::upgrade_needed, ErrorCode::corrupt, ErrorCode::limit,
          ErrorCode::internal, ErrorCode::wrong_key}) {
        policy_.asked(now_);
        fail_next(code);
        EXPECT_EQ(policy_.plan().why, Trigger::person);
        EXPECT_GE(*policy_.plan().at - now_, kDefault.slow_ms / 2);
        EXPECT_LE(*policy_.plan().at - now_, kDefault.slow_ms);
    }
}

TEST_F(SyncPolicyTest, EveryErrorCodeLeadsSomewhere) {
    for (int code = 1; code <= static_cast<int>(ErrorCode::internal); ++code) {
        if (static_cast<ErrorCode>(code) == ErrorCode::unauthorized) continue;
        Seeded random(1);
        SyncPolicy policy(kDefault, random);
        policy.asked(0);
        policy.began(0);
        policy.failed(10, static_cast<ErrorCode>(code), 0);
        EXPECT_TRUE(policy.plan().at) << code;
    }
}

TEST_F(SyncPolicyTest, LiveGoesOnAtOnceAfterNewsAndAfterARealWait) {
    policy_.set_live(true, now_);
    policy_.asked(now_);
    succeed_next({.news = true});
    EXPECT_EQ(policy_.plan().why, Trigger::live);
    EXPECT_EQ(*policy_.plan().at, now_ + kDefault.floor_ms);
    now_ += 50'000;
    succeed_next({.elapsed_ms = 50'000});
    EXPECT_EQ(*policy_.plan().at, now_ + kDefault.floor_ms);
}

TEST_F(SyncPolicyTest, ALineThatBreaksAfterARealWaitIsAFirstFailureAgain) {
    policy_.set_live(true, now_);
    policy_.asked(now_);
    fail_next();
    fail_next();
    begin_next();
    policy_.waits(now_);
    now_ += 500;  // a proxy that lets nothing wait
    policy_.failed(now_, ErrorCode::offline, 0);
    EXPECT_EQ(policy_.failures(), 3);
    begin_next();
    policy_.waits(now_);
    now_ += 40'000;
    policy_.failed(now_, ErrorCode::offline, 0);
    EXPECT_EQ(policy_.failures(), 1);
}

TEST_F(SyncPolicyTest, AServerThatDoesNotLetRequestsWaitIsNotHammered) {
    policy_.set_live(true, now_);
    policy_.asked(now_);
    const std::int64_t began = now_;
    int tries = 0;
    while (now_ < began + 3'600'000) {
        succeed_next({.elapsed_ms = 5});
        ++tries;
    }
    EXPECT_LT(tries, 100);  // an hour
}

TEST_F(SyncPolicyTest, AWriteInterruptsAWaitingRequestAfterItsMoment) {
    policy_.set_live(true, now_);
    policy_.asked(now_);
    begin_next();
    EXPECT_FALSE(policy_.wants_to_interrupt(now_));
    policy_.wrote(now_ + 5'000);
    EXPECT_FALSE(policy_.wants_to_interrupt(now_ + 5'000));
    EXPECT_TRUE(policy_.wants_to_interrupt(now_ + 5'000 + kDefault.write_debounce_ms));
    policy_.interrupted(now_ + 6'100);
    EXPECT_LE(*policy_.plan().at, now_ + 6'100);
}

TEST_F(SyncPolicyTest, ACancelledSyncComesAgainAtTheRegularTimeOnly) {
    policy_.asked(now_);
    begin_next();
    policy_.cancelled(now_ + 10);
    EXPECT_EQ(policy_.plan().why, Trigger::periodic);
}

// ---- properties over generated histories ----------------------------------------------------

struct Step {
    int what = 0;
    std::int64_t after = 0;
};

std::vector<Step> any_history() {
    return *rc::gen::container<std::vector<Step>>(rc::gen::construct<Step>(
        rc::gen::inRange(0, 12), rc::gen::inRange<std::int64_t>(0, 4'000)));
}

// Plays a history: events, and a try whenever one is due. Calls `tried` with each begin.
template <typename Tried>
void play(const std::vector<Step>& history, SyncPolicy& policy, Tried tried) {
    std::int64_t now = 0;
    policy.asked(now);
    for (const Step& step : history) {
        now += step.after;
        if (step.what == 0) policy.asked(now);
        if (step.what == 1) policy.wrote(now);
        if (step.what == 2) policy.network_came_back(now);
        if (step.what == 3) policy.set_live(!policy.live(), now);
        const Plan plan = policy.plan();
        if (!plan.at || *plan.at > now) continue;
        tried(now, plan);
        policy.began(now);
        if (step.what < 5) {
            policy.failed(now, ErrorCode::offline, 0);
        } else if (step.what == 5) {
            policy.failed(now, ErrorCode::server_error, 3'000);
        } else if (step.what == 6) {
            policy.cancelled(now);
        } else if (step.what == 7) {
            policy.interrupted(now);
        } else if (step.what == 8) {
            policy.failed(now, ErrorCode::unauthorized, 0);
        } else {
            policy.succeeded(now, {.back_off_ms = step.what == 9 ? 2'000 : 0});
        }
    }
}

RC_GTEST_PROP(SyncPolicyProperty, NoTwoTriesAreCloserThanTheFloor, ()) {
    Seeded random(*rc::gen::arbitrary<std::uint64_t>());
    SyncPolicy policy(kDefault, random);
    std::int64_t last = INT64_MIN / 2;
    play(any_history(), policy, [&](std::int64_t now, const Plan&) {
        RC_ASSERT(now - last >= kDefault.floor_ms);
        last = now;
    });
}

RC_GTEST_PROP(SyncPolicyProperty, TheWaitAfterNFailuresIsWithinItsBound, ()) {
    Seeded random(*rc::gen::arbitrary<std::uint64_t>());
    SyncPolicy policy(kDefault, random);
    const int failures = *rc::gen::inRange(1, 200);
    std::int64_t now = 0;
    policy.asked(now);
    std::int64_t bound = kDefault.base_ms;
    for (int i = 0; i < failures; ++i) {
        now = std::max(now, *policy.plan().at);
        policy.began(now);
        policy.failed(now, ErrorCode::offline, 0);
        const std::int64_t wait = *policy.plan().at - now;
        RC_ASSERT(wait >= kDefault.floor_ms);
        RC_ASSERT(wait <= kDefault.floor_ms + bound);
        bound = std::min(bound * 2, kDefault.cap_ms);
    }
}

RC_GTEST_PROP(SyncPolicyProperty, TheServersHintIsNeverUndercutByItself, ()) {
    Seeded random(*rc::gen::arbitrary<std::uint64_t>());
    SyncPolicy policy(kDefault, random);
    const auto hint = *rc::gen::inRange<std::int64_t>(1, 3'600'000);
    policy.asked(0);
    policy.began(0);
    policy.failed(10, ErrorCode::server_error, hint);
    policy.wrote(20);
    policy.network_came_back(30);
    policy.set_live(true, 40);
    RC_ASSERT(*policy.plan().at >= 10 + hint);
    RC_ASSERT(*policy.plan().at <= 10 + hint + std::max(hint / 2, kDefault.base_ms));
}

// ---- a fleet -------------------------------------------------------------------------------

struct Device {
    explicit Device(std::uint64_t seed) : random(seed), policy(kDefault, random) {}
    Seeded random;
    SyncPolicy policy;
};

// Tries per second of 1,000 devices from when the server came back.
std::vector<int> tries_after_outage(std::int64_t outage_ms, std::int64_t hint_ms) {
    std::vector<int> per_second(600);
    for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
        auto device = std::make_unique<Device>(seed * 7'919);
        SyncPolicy& policy = device->policy;
        std::int64_t now = 0;
        policy.asked(now);
        while (*policy.plan().at < outage_ms) {
            now = *policy.plan().at;
            policy.began(now);
            policy.failed(now, ErrorCode::server_error, hint_ms);
        }
        const auto second = (*policy.plan().at - outage_ms) / 1'000;
        if (second < 600) ++per_second[static_cast<std::size_t>(second)];
    }
    return per_second;
}

TEST(Fleet, AThousandDevicesComeBackSpreadOutAfterAnHourWithoutTheServer) {
    const auto tries = tries_after_outage(3'600'000, 0);
    EXPECT_LT(*std::max_element(tries.begin(), tries.end()), 40);
    int back = 0;
    for (std::size_t second = 0; second <= 301; ++second)
        back += tries[second];
    EXPECT_EQ(back, 1'000);  // all of them within the cap
}

TEST(Fleet, AHintGivenToAllDoesNotBringThemBackInOneMoment) {
    const auto tries = tries_after_outage(20'000, 30'000);
    EXPECT_LT(*std::max_element(tries.begin(), tries.end()), 150);
}

TEST(Fleet, DevicesOfOneNetworkDoNotAllStartInTheMomentItComesBack) {
    constexpr std::int64_t kBack = 10'000;
    std::vector<int> per_tenth(30);
    for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
        Device device(seed * 104'729);
        for (int i = 0; i < 12; ++i) {
            device.policy.asked(0);
            device.policy.began(0);
            device.policy.failed(0, ErrorCode::offline, 0);
        }
        device.policy.network_came_back(kBack);
        const Plan plan = device.policy.plan();
        if (plan.why != Trigger::network) continue;  // its own time was sooner
        ++per_tenth[static_cast<std::size_t>((*plan.at - kBack) / 100)];
    }
    EXPECT_LT(*std::max_element(per_tenth.begin(), per_tenth.end()), 120);
}

}  // namespace
}  // namespace satchel::client
