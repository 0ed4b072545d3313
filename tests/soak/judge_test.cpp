// The canary of the soak: whatever head office could have lost or invented, the judge says so. A
// real head office holds what a real phone wrote; the ledger tells another story.
#include "tests/soak/judge.hpp"

#include <algorithm>

#include "tests/storage/phone.hpp"

namespace satchel::soak {
namespace {

using namespace satchel::test;

class Judge : public ::testing::Test {
  protected:
    void SetUp() override {
        record_ = write([](storage::LocalTransaction& transaction) {
            return transaction.create(
                "account", {{"name", Value::text("first")}, {"owner", Value::id(user_id(1))}});
        });
        tell(deed(DeedKind::write, kName, "first"));
        attempts_.back().deeds.push_back(deed(DeedKind::write, kOwner, ""));
        attempts_.back().deeds.back().value = text_of({Value::id(user_id(1))});
        change([this](storage::LocalTransaction& transaction) {
            return transaction.set("account", record_, {{"name", Value::text("second")}});
        });
        tell(deed(DeedKind::write, kName, "second", "first"));
        change([this](storage::LocalTransaction& transaction) {
            return transaction.add_to_set("account", record_, "tags", "hot");
        });
        tell(deed(DeedKind::add, kTags, "hot"));
        change([this](storage::LocalTransaction& transaction) {
            return transaction.count("account", record_, "calls", 3);
        });
        tell(deed(DeedKind::count, kCalls, ""));
        attempts_.back().deeds.back().step = 3;
        phone_.sync(head_);
    }

    template <typename Work>
    RecordId write(Work work) {
        auto transaction = *phone_.replica().begin();
        const auto id = work(transaction);
        EXPECT_TRUE(id);
        finish(transaction);
        return *id;
    }
    template <typename Work>
    void change(Work work) {
        auto transaction = *phone_.replica().begin();
        EXPECT_TRUE(work(transaction));
        finish(transaction);
    }
    void finish(storage::LocalTransaction& transaction) {
        const auto committed = transaction.commit();
        EXPECT_TRUE(committed);
        last_change_ = committed->text();
    }
    Deed deed(DeedKind kind, FieldId field, std::string_view value, std::string_view seen = {}) {
        Deed made;
        made.kind = kind;
        made.collection = "account";
        made.record = record_;
        made.field = field;
        made.value = text_of({Value::text(value)});
        if (!seen.empty()) made.seen.push_back(text_of({Value::text(seen)}));
        return made;
    }
    // That the last change did this.
    void tell(const Deed& deed) {
        attempts_.push_back({attempts_.size() + 1, {deed}, Outcome::done, last_change_});
    }
    Judgement judged() {
        const auto judgement =
            judge(head_.store(), {{phone_.replica().sync_state()->replica.id, attempts_}});
        EXPECT_TRUE(judgement) << judgement.error().message;
        return judgement ? *judgement : Judgement{};
    }
    void expect_violation(std::string_view what) {
        const std::vector<std::string> violations = judged().violations;
        const bool said = std::any_of(
            violations.begin(), violations.end(),
            [&](const std::string& each) { return each.find(what) != std::string::npos; });
        EXPECT_TRUE(said) << what << "; said: " << violations.size() << " "
                          << (violations.empty() ? "" : violations.front());
    }

    Head head_;
    Phone phone_{":memory:"};
    RecordId record_;
    std::string last_change_;
    std::vector<Attempt> attempts_;
};

TEST_F(Judge, FindsNothingWhereAllIsAsTheLedgerSays) {
    const Judgement judgement = judged();
    EXPECT_EQ(judgement.violations, std::vector<std::string>{});
    EXPECT_EQ(judgement.writes, 4U);
    EXPECT_EQ(judgement.accepted, 4U);
    EXPECT_EQ(judgement.values_replaced, 1U);
    EXPECT_EQ(judgement.counters, 1U);
    EXPECT_EQ(judgement.records, 1U);
}

TEST_F(Judge, MissesAChangeThatNeverCame) {
    change([this](storage::LocalTransaction& transaction) {
        return transaction.set("account", record_, {{"note", Value::text("not sent")}});
    });
    tell(deed(DeedKind::write, kNote, "not sent"));
    expect_violation("never came to head office");
}

TEST_F(Judge, MissesAValueThatNobodyReplaced) {
    attempts_[1].deeds.push_back(deed(DeedKind::write, kNote, "lost"));
    expect_violation("is gone, and nobody replaced it");
}

TEST_F(Judge, SeesAValueThatNobodyWrote) {
    attempts_[1].deeds[0].value = text_of({Value::text("another")});
    expect_violation("nobody wrote it, or it was refused");
}

TEST_F(Judge, SeesAValueThatStandsBesideWhatReplacedIt) {
    attempts_[0].deeds[0].seen.push_back(attempts_[1].deeds[0].value);
    expect_violation("stands, though it was replaced");
}

TEST_F(Judge, CountsTheStepsOfACounter) {
    attempts_[3].deeds[0].step = 4;
    expect_violation("the counter shows 3, its steps are 4");
}

TEST_F(Judge, LooksForEveryElement) {
    attempts_[2].deeds.push_back(deed(DeedKind::add, kTags, "cold"));
    expect_violation("is gone, and nobody took it out");
    attempts_[2].deeds[1] = deed(DeedKind::drop, kTags, "hot");
    expect_violation("stands, though it was taken out");
    attempts_[2].deeds = {deed(DeedKind::add, kTags, "cold")};
    expect_violation("was never added");
}

TEST_F(Judge, SeesADeletionThatNobodyMade) {
    change([this](storage::LocalTransaction& transaction) {
        return transaction.remove("account", record_, nullptr);
    });
    tell(deed(DeedKind::remove, FieldId{}, ""));
    phone_.sync(head_);
    EXPECT_EQ(judged().violations, std::vector<std::string>{});
    attempts_.back().deeds.clear();
    expect_violation("is deleted, and nobody deleted it");
}

TEST_F(Judge, SeesThatARecordIsMissing) {
    attempts_[1].deeds[0].record = record_id(9);
    expect_violation("there is no such record");
}

TEST_F(Judge, WantsAnEndOfEveryAttempt) {
    attempts_.push_back({9, {deed(DeedKind::write, kNote, "begun")}, Outcome::open, {}});
    expect_violation("open attempt");
}

TEST_F(Judge, LetsARefusalPassThatHasItsReason) {
    head_.store().look_up_scopes([](const std::string&) -> Result<bool> { return false; });
    change([this](storage::LocalTransaction& transaction) {
        return transaction.set("account", record_, {{"pool", Value::text("nowhere")}});
    });
    tell(deed(DeedKind::write, kPool, "nowhere"));
    phone_.sync(head_);
    const Judgement judgement = judged();
    EXPECT_EQ(judgement.violations, std::vector<std::string>{});
    EXPECT_EQ(judgement.not_accepted, 1U);
}

// It waits for what the phone has not sent yet.
TEST_F(Judge, LetsNothingWaitForEver) {
    SmallDevice li{head_, 0xa, user_id(1)};
    li.sync();
    VectorClock seen = li.records[record_].state.clock;
    seen.advance({phone_.replica().sync_state()->replica, 99});
    const std::uint64_t first =
        li.write({test::write(kAccount, record_, seen, {text(kName, "x")})});
    li.sync();
    ASSERT_EQ(li.verdict(first).kind, VerdictKind::held);
    const auto header = decode_changeset_header(li.journal.front().bytes);
    const auto judgement =
        judge(head_.store(), {{li.replica.id, {{1, {}, Outcome::done, header->id.text()}}}});
    ASSERT_TRUE(judgement);
    EXPECT_NE(judgement->violations.front().find("is held"), std::string::npos);
}

}  // namespace
}  // namespace satchel::soak
