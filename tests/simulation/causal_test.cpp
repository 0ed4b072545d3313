// The causal checker on histories made by hand: each guarantee broken once, and what is no breach.
#include "tests/simulation/causal.hpp"

#include <gtest/gtest.h>

#include "tests/simulation/company.hpp"

namespace satchel::simulation {
namespace {

constexpr std::size_t kAnn = 0, kBob = 1;

class Causal : public ::testing::Test {
  protected:
    static RecordId record(std::uint8_t n) {
        RecordId id;
        id.bytes[15] = n;
        return id;
    }
    // A write of the title by somebody who was shown `seen` there.
    Index write(std::size_t device, const RecordId& id, const std::set<Index>& seen = {}) {
        Changeset changeset;
        changeset.header.id.bytes[0] = ++count_;
        changeset.header.replica = {device + 1, 1};
        changeset.header.first_counter = count_;
        Operation operation;
        operation.collection = ids::kDeal;
        operation.record = id;
        operation.clock.advance({{9, 1}, 1});
        operation.cells = {{ids::kTitle, {Value(static_cast<std::int64_t>(count_))}}};
        changeset.operations = {operation};
        Seen all;
        for (const Index each : seen)
            add(all, each);
        history_.record(changeset, device, {{id, all}});
        return history_.operations().size() - 1;
    }
    // What a screen shows that has just these titles.
    Screen screen(const std::vector<Index>& shown) {
        Screen screen;
        for (const Index index : shown)
            add(screen[history_.operations()[index].operation.record], index);
        return screen;
    }
    void look(std::size_t device, const std::vector<Index>& shown, std::uint64_t epoch = 1) {
        checker_.look(device, epoch, screen(shown), true);
    }
    std::string breach(std::size_t device, const std::vector<Index>& shown) {
        try {
            look(device, shown);
        } catch (const Violation& violation) {
            EXPECT_EQ(violation.invariant, "I-9 session guarantees");
            return violation.what.substr(0, violation.what.find(':'));
        }
        return "";
    }

    History history_;
    std::set<Index> refused_;
    CausalChecker checker_{history_, [this](const KnownChange& change) {
                               return !refused_.contains(change.operations.front());
                           }};

  private:
    void add(Seen& seen, Index index) {
        std::set<Index>& titles = seen[ids::kTitle];
        titles.insert(index);
        const Seen& before = history_.operations()[index].seen;
        if (before.contains(ids::kTitle))
            titles.insert(before.at(ids::kTitle).begin(), before.at(ids::kTitle).end());
    }

    std::uint8_t count_ = 0;
};

TEST_F(Causal, WhatASessionWroteIsOnItsScreen) {
    const Index old = write(kBob, record(1));
    look(kAnn, {old});
    const Index own = write(kAnn, record(1), {old});
    EXPECT_EQ(breach(kAnn, {old}), "read your writes");
    EXPECT_EQ(breach(kAnn, {own}), "");
}

TEST_F(Causal, WhatWasShownStaysOrIsReplacedBySomethingThatHadSeenIt) {
    const Index first = write(kBob, record(1));
    const Index second = write(kBob, record(1), {first});
    look(kAnn, {first});
    look(kAnn, {second});
    EXPECT_EQ(breach(kAnn, {first}), "monotonic reads");
    const Index beside = write(kBob, record(1), {first});
    EXPECT_EQ(breach(kAnn, {beside}), "monotonic reads");
    EXPECT_EQ(breach(kAnn, {second, beside}), "");
}

TEST_F(Causal, WhoIsShownAWriteIsShownWhatItsSessionHadWrittenBefore) {
    const Index base = write(kAnn, record(1));
    look(kBob, {base});
    const Index first = write(kAnn, record(1), {base});
    const Index second = write(kAnn, record(2));
    look(kAnn, {first, second});
    EXPECT_EQ(breach(kBob, {base, second}), "monotonic writes");
    EXPECT_EQ(breach(kBob, {first, second}), "");
}

TEST_F(Causal, WhoIsShownAWriteIsShownWhatItsSessionHadReadBefore) {
    const Index base = write(kBob, record(1));
    const Index read = write(kBob, record(1), {base});
    look(kAnn, {read});
    const Index written = write(kAnn, record(2));
    look(kAnn, {read, written});
    constexpr std::size_t kCarl = 2;
    EXPECT_EQ(breach(kCarl, {base, written}), "writes follow reads");
    EXPECT_EQ(breach(kCarl, {read, written}), "");
}

TEST_F(Causal, WhatIsNotOnTheDeviceOrWasRefusedIsNotMissed) {
    const Index first = write(kAnn, record(1));
    const Index other = write(kAnn, record(2));
    look(kAnn, {first, other});
    EXPECT_EQ(breach(kAnn, {other}), "") << "the record is gone";
    const Index refused = write(kAnn, record(2), {other});
    look(kAnn, {other, refused});
    refused_.insert(refused);
    EXPECT_EQ(breach(kAnn, {other}), "");
}

// Seed 26939: who was told that it is not accepted wrote on, also on a copy of his device.
TEST_F(Causal, WhatHeadOfficeAdoptsIsReplacedByWhatTheAuthorOrHisCopyWroteOn) {
    const Index refused = write(kAnn, record(1));
    refused_.insert(refused);
    history_.survey(kAnn, {history_.change_of(refused).id}, nullptr);
    history_.copy_holder(kAnn, kBob);
    const Index adopted = write(kHeadOffice, record(1));
    history_.mark_as_copy_of(history_.change_of(refused));
    constexpr std::size_t kCarl = 2, kDora = 3;
    look(kCarl, {adopted});
    EXPECT_EQ(breach(kCarl, {write(kBob, record(1))}), "");
    EXPECT_EQ(breach(kCarl, {write(kDora, record(1))}), "monotonic reads");
}

TEST_F(Causal, APowerCutTakesBackWhatHadNotLeftAndNothingElse) {
    const Index sent = write(kAnn, record(1));
    checker_.leaves(kAnn);
    const Index lost = write(kAnn, record(1), {sent});
    look(kAnn, {lost});
    checker_.power_lost(kAnn);
    EXPECT_EQ(breach(kAnn, {sent}), "");
    const Index later = write(kBob, record(1));
    EXPECT_EQ(breach(kAnn, {later}), "read your writes");
}

TEST_F(Causal, AnOlderImageAndANewEpochBeginAnotherSession) {
    const Index first = write(kBob, record(1));
    const Index second = write(kBob, record(1), {first});
    look(kAnn, {second});
    checker_.put_back(kAnn);
    EXPECT_EQ(breach(kAnn, {first}), "");
    look(kAnn, {second});
    look(kAnn, {first}, 2);
    EXPECT_GT(checker_.judged(), 0U);
}

TEST_F(Causal, ACopyKnowsWhatItsOriginalKnew) {
    const Index first = write(kBob, record(1));
    const Index second = write(kBob, record(1), {first});
    look(kAnn, {second});
    constexpr std::size_t kCopy = 2;
    checker_.copied(kAnn, kCopy);
    EXPECT_EQ(breach(kCopy, {first}), "monotonic reads");
}

}  // namespace
}  // namespace satchel::simulation
