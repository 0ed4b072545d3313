// One record that a thousand devices edit, at once and in turns.
#include "sync/limits.hpp"
#include "tests/sync/server_fixture.hpp"

namespace satchel::test {
namespace {

const RecordId kLi = user_id(1);
const RecordId kAcme = record_id(1);

class Crowd : public testing::Test {
  protected:
    void SetUp() override {
        first.write({account(1, kLi)});
        first.sync();
    }
    // What head office says of a note by a new device that has seen `seen`.
    Verdict note(int device, const VectorClock& seen) {
        SmallDevice other(head, 0x1000 + static_cast<std::uint64_t>(device), kLi);
        const std::string value = "by " + std::to_string(device);
        const std::uint64_t counter =
            other.write({write(kAccount, kAcme, seen, {text(kNote, value)})});
        other.sync();
        return other.verdicts.at(counter);
    }
    std::size_t notes() { return head.state(kAccount, kAcme).cell(kNote)->siblings.size(); }

    Head head;
    SmallDevice first{head, 0xa1, kLi};
};

// F-49.
TEST_F(Crowd, OfAThousandValuesWrittenAtOnceSixtyFourAreKeptAndTheOthersAreAnswered) {
    const VectorClock seen = head.clock(kAccount, kAcme);
    std::size_t accepted = 0;
    for (int device = 0; device < 1'000; ++device) {
        const Verdict verdict = note(device, seen);
        if (verdict.kind == VerdictKind::accepted)
            ++accepted;
        else
            EXPECT_EQ(verdict.reason, Reason::invalid_value) << verdict.detail;
    }
    EXPECT_EQ(accepted, kMaxSiblings);
    EXPECT_EQ(notes(), kMaxSiblings);
    first.sync();
    first.expect_equal_to_head();
    EXPECT_EQ(note(1'000, head.clock(kAccount, kAcme)).kind, VerdictKind::accepted);
    EXPECT_EQ(notes(), 1U);
}

TEST_F(Crowd, ARecordTakesTheChangesOfSoManyDevicesAndGoesOnWithThem) {
    std::size_t accepted = 0;
    for (int device = 0; device < 1'100; ++device) {
        const Verdict verdict = note(device, head.clock(kAccount, kAcme));
        if (verdict.kind == VerdictKind::accepted)
            ++accepted;
        else
            EXPECT_EQ(verdict.reason, Reason::invalid_value) << verdict.detail;
    }
    EXPECT_EQ(accepted, kMaxClockEntries - 1);  // the first device's is there
    first.sync();
    first.expect_equal_to_head();
    const VectorClock all = head.clock(kAccount, kAcme);
    const std::uint64_t again = first.write({write(kAccount, kAcme, all, {text(kNote, "again")})});
    first.sync();
    EXPECT_EQ(first.verdict(again).kind, VerdictKind::accepted) << first.verdict(again).detail;
    EXPECT_EQ(notes(), 1U);
}

}  // namespace
}  // namespace satchel::test
