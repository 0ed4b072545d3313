// Changesets that wait for each other: after the deadline nobody waits any more.
#include "sync/limits.hpp"
#include "tests/sync/server_fixture.hpp"

namespace satchel::test {
namespace {

const RecordId kLi = user_id(1);
const RecordId kWang = user_id(2);

class HeldCircle : public testing::Test {
  protected:
    void SetUp() override {
        li.write({account(1, kLi)});
        li.sync();
        wang.grant(user_scope(kLi));
        wang.sync();
        head.store().look_up_callers(
            [this](std::uint64_t id, const RecordId&) -> Result<std::optional<Caller>> {
                return std::optional(id == li.replica.id ? li.caller : wang.caller);
            });
    }
    VectorClock seen_by_all(const Dot& dot) {
        VectorClock seen = li.records[record_id(1)].state.clock;
        seen.advance(dot);
        return seen;
    }
    std::uint64_t note(SmallDevice& device, const Dot& seen, std::string_view value) {
        const std::uint64_t first =
            device.write({write(kAccount, record_id(1), seen_by_all(seen), {text(kNote, value)})});
        device.sync();
        return first;
    }
    VerdictKind kind(SmallDevice& device, std::uint64_t first) {
        return head.store().log_entry(device.replica, first)->value().verdict.kind;
    }

    Head head;
    SmallDevice li{head, 0xa, kLi};
    SmallDevice wang{head, 0xb, kWang};
};

// Seed 80530 of the simulation: a dot was given twice, before a restore and after.
TEST_F(HeldCircle, WhatWaitsForEachOtherIsTakenAfterTheDeadline) {
    const std::uint64_t of_wang = note(wang, {li.replica, 2}, "of wang");
    const std::uint64_t of_li = note(li, {wang.replica, of_wang}, "of li");
    const std::uint64_t behind = note(li, {li.replica, of_li}, "behind it");
    ASSERT_EQ(head.store().figures()->held, 3U);
    EXPECT_EQ(*head.store().sweep_held(kNow + kHoldDeadlineMs), 0U);
    EXPECT_EQ(head.store().figures()->held, 3U);
    EXPECT_EQ(*head.store().sweep_held(kNow + kHoldDeadlineMs + 1), 2U);
    EXPECT_EQ(head.store().figures()->held, 0U);
    for (const auto& [device, first] : {std::pair{&wang, of_wang}, {&li, of_li}, {&li, behind}})
        EXPECT_EQ(kind(*device, first), VerdictKind::accepted);
}

// One of the two came later: it may wait as long as any other.
TEST_F(HeldCircle, NobodyIsHurried) {
    const std::uint64_t of_wang = note(wang, {li.replica, 2}, "of wang");
    constexpr std::int64_t kLater = 1000;
    head.clock_source.now += kLater;
    note(li, {wang.replica, of_wang}, "of li");
    ASSERT_EQ(head.store().figures()->held, 2U);
    EXPECT_EQ(*head.store().sweep_held(kNow + kHoldDeadlineMs + 1), 0U);
    EXPECT_EQ(*head.store().sweep_held(kNow + kLater + kHoldDeadlineMs + 1), 2U);
    EXPECT_EQ(head.store().figures()->held, 0U);
}

}  // namespace
}  // namespace satchel::test
