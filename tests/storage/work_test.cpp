// What anything costs grows with what it changes, never with what is stored: the steps of SQLite's
// machine, counted on real files of two sizes.
#include <functional>

#include "tests/storage/trouble_scene.hpp"

namespace satchel::test {
namespace {

constexpr int kFew = 300, kMany = 3'000;  // records
// A device says where in its journal it stands at places that lie twice as far apart each time
// (its chain), so a sync costs a little more with each doubling: at most this for ten times.
constexpr std::int64_t kChain = 500;

// Steps of SQLite's machine, on one connection.
class Steps {
  public:
    explicit Steps(sqlite3* connection) : connection_(connection) {
        sqlite3_progress_handler(connection_, 1, &Steps::count, &steps_);
    }
    ~Steps() { sqlite3_progress_handler(connection_, 0, nullptr, nullptr); }
    Steps(const Steps&) = delete;
    Steps& operator=(const Steps&) = delete;
    std::int64_t so_far() const { return steps_; }

  private:
    static int count(void* steps) {
        ++*static_cast<std::int64_t*>(steps);
        return 0;
    }
    sqlite3* connection_;
    std::int64_t steps_ = 0;
};

struct Work {
    std::int64_t device = 0, office = 0;
};

// Head office and two phones that hold so many accounts of one owner, each from a change of its
// own; the first phone's journal has a tenth as many changes.
class Company : public Trouble {
  public:
    explicit Company(int records) {
        SetUp();
        head_->checks_sums = false;  // by a look at each entry
        EXPECT_TRUE(head_->store().database().execute("PRAGMA synchronous = OFF"));
        for (int i = 0; i < records; ++i)
            head_->write({account(i, user_id(1), "account " + std::to_string(i))});
        everybody_syncs({a_.get(), b_.get()});
        edit(*a_, records / 10, "earlier ");
        everybody_syncs({a_.get(), b_.get()});
    }
    ~Company() override { TearDown(); }
    void TestBody() override {}

    Work of(Phone& phone, const std::function<void()>& what) {
        const Steps device(phone.replica().database().handle());
        const Steps office(head_->store().database().handle());
        what();
        return {device.so_far(), office.so_far()};
    }
    Phone& a() { return *a_; }
    Phone& b() { return *b_; }
    Head& head() { return *head_; }
    void refuse_pools(bool refuse) {
        head_->store().look_up_scopes(
            [refuse](const std::string&) -> Result<bool> { return !refuse; });
    }
    std::int64_t newest_entry() { return a_->replica().journal(1)->front().number; }
    void edit(Phone& phone, int records, const std::string& value) {
        for (int i = 0; i < records; ++i)
            phone.set(record_id(10 + i), "name", value + std::to_string(i));
    }
};

using Act = std::function<Work(Company&)>;

// The same act in a small company and in a large one.
void expect_the_same_work(const char* what, const Act& act, std::int64_t chain = kChain) {
    const auto among = [&act](int records) {
        Company company(records);
        return act(company);
    };
    const Work few = among(kFew), many = among(kMany);
    EXPECT_LE(few.device, many.device) << what;
    EXPECT_LE(many.device, few.device + chain) << what << ", with " << kFew << " and " << kMany;
    EXPECT_EQ(few.office, many.office) << what << ", with " << kFew << " and " << kMany;
    EXPECT_GT(few.device + few.office, 0) << what;
}

TEST(Work, OfAnEditIsTheEdit) {
    expect_the_same_work(
        "an edit",
        [](Company& company) {
            return company.of(company.a(), [&] { company.edit(company.a(), 1, "new "); });
        },
        0);
}

TEST(Work, OfASyncWithoutNewsIsNothing) {
    expect_the_same_work("a sync without news", [](Company& company) {
        return company.of(company.a(), [&] { company.a().sync(company.head()); });
    });
}

TEST(Work, OfSendingIsWhatIsSent) {
    expect_the_same_work("sending ten edits", [](Company& company) {
        company.edit(company.a(), 10, "new ");
        return company.of(company.a(), [&] { company.a().sync(company.head()); });
    });
}

TEST(Work, OfReceivingIsWhatIsReceived) {
    expect_the_same_work("receiving ten edits", [](Company& company) {
        company.edit(company.a(), 10, "new ");
        company.a().sync(company.head());
        return company.of(company.b(), [&] { company.b().sync(company.head()); });
    });
}

TEST(Work, OfConflictsIsTheConflicts) {
    expect_the_same_work("ten conflicts", [](Company& company) {
        company.edit(company.a(), 10, "of a ");
        company.edit(company.b(), 10, "of b ");
        company.a().sync(company.head());
        return company.of(company.b(), [&] { company.b().sync(company.head()); });
    });
}

TEST(Work, OfAHandoverIsTheRecord) {
    expect_the_same_work("a handover and its departure", [](Company& company) {
        return company.of(company.a(), [&] {
            EXPECT_TRUE(company.head().store().handover(kAccount, record_id(5), user_id(2), kNow));
            company.a().sync(company.head());
        });
    });
}

TEST(Work, OfMakingAndDeletingIsTheRecord) {
    expect_the_same_work("making and deleting", [](Company& company) {
        return company.of(company.a(), [&] {
            const RecordId id = company.a().create("short-lived");
            company.a().sync(company.head());
            auto transaction = *company.a().replica().begin();
            EXPECT_TRUE(transaction.remove("account", id));
            EXPECT_TRUE(transaction.commit());
            company.a().sync(company.head());
        });
    });
}

TEST(Work, OfWhatIsRefusedIsTheChange) {
    expect_the_same_work("a refusal, and sending it again", [](Company& company) {
        return company.of(company.a(), [&] {
            company.refuse_pools(true);
            company.a().set(record_id(3), "pool", "nowhere");
            company.a().sync(company.head());
            company.refuse_pools(false);
            EXPECT_EQ(company.a().replica().status()->not_accepted, 1U);
            EXPECT_TRUE(company.a().replica().resend(company.newest_entry(), {}));
            company.a().sync(company.head());
        });
    });
}

TEST(Work, OfAskingForWhatIsNotThereIsTheQuestion) {
    expect_the_same_work("questions", [](Company& company) {
        const Caller caller = *company.a().caller();
        DeviceSession session(company.a().replica(), company.head().store().services());
        const auto bytes = session.next_request(kNow);
        SyncRequest request = *decode_request(**bytes, company.head().store().services());
        for (int i = 0; i < 50; ++i)
            request.wanted.push_back(record_id(100'000 + i));
        return company.of(company.a(),
                          [&] { EXPECT_TRUE(company.head().handle(request, caller)); });
    });
}

TEST(Work, OfTheStatusIsNothing) {
    expect_the_same_work(
        "the status line, and what waits",
        [](Company& company) {
            company.edit(company.a(), 1, "waits ");
            return company.of(company.a(), [&] {
                EXPECT_EQ(company.a().replica().status()->pending, 1U);
                EXPECT_EQ(company.a().replica().journal(100, true)->size(), 1U);
            });
        },
        0);
}

}  // namespace
}  // namespace satchel::test
