// What one file exports, it and another one import as it was; and what would not come back is not
// taken in the first place.

#include "tests/cli/program.hpp"

namespace satchel::cli {
namespace {

class RoundTrip : public ProgramTest {
  protected:
    void SetUp() override {
        ProgramTest::SetUp();
        for (const char* device : {"a", "b"})
            ASSERT_EQ(plain({"init", path(std::string(device) + ".satchel")}).status, 0);
    }
    Json import_again(const std::string& device, const std::vector<std::string>& more = {}) {
        done("a", {"export", "account", "--to", path("x.csv")});
        std::vector<std::string> all = {"import", path("x.csv"), "--into", "account"};
        all.insert(all.end(), more.begin(), more.end());
        return done(device, all);
    }
};

TEST_F(RoundTrip, AnAmountWithoutACurrencyComesBack) {
    done("a", {"create", "account", "name=Y", "revenue=12.34"});
    EXPECT_EQ(import_again("b")["created"], 1);
    const Json fields = done("b", {"get", "account", "@Y"})["fields"];
    EXPECT_EQ(fields["revenue"], "12.34");
    EXPECT_TRUE(fields["revenue_currency"].is_null());
}

TEST_F(RoundTrip, AnImportOfOnesOwnExportChangesNothing) {
    done("a", {"create", "account", "name=Amount", "revenue=12.34"});
    done("a", {"create", "account", "name=Currency", "revenue_currency=CNY"});
    done("a", {"create", "account", "name=Both", "revenue=5", "revenue_currency=JPY", "tags=a;b"});
    done("a", {"create", "account", "name=EmptyText", "city="});
    const Json again = import_again("a", {"--key", "name"});
    EXPECT_EQ(again["unchanged"], 4) << again;
    EXPECT_EQ(done("a", {"get", "account", "@Currency"})["fields"]["revenue_currency"], "CNY");
}

TEST_F(RoundTrip, ACurrencyIsThreeCapitalLettersWhereverItIsTyped) {
    const std::string id = done("a", {"create", "account", "name=Acme"})["id"];
    for (const char* typed : {"abc", "CN", "", "DOLLAR"}) {
        const std::string currency = std::string("revenue_currency=") + typed;
        EXPECT_EQ(run("a", {"create", "account", "name=x", currency}).status, 2) << typed;
        EXPECT_EQ(run("a", {"set", "account", id, currency}).status, 2) << typed;
    }
    done("a", {"set", "account", id, "revenue_currency=CNY"});
    done("a", {"unset", "account", id, "revenue_currency"});
}

TEST_F(RoundTrip, AnEmptyElementIsRefused) {
    done("a", {"create", "account", "name=Acme"});
    const Ran ran = run("a", {"tag", "account", "@Acme", "tags", "--add", ""});
    EXPECT_EQ(ran.status, 2) << ran.out;
    EXPECT_NE(ran.out.find("--add"), std::string::npos) << ran.out;
    EXPECT_EQ(done("a", {"get", "account", "@Acme"})["fields"]["tags"], Json::array());
}

}  // namespace
}  // namespace satchel::cli
