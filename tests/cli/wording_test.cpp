// What people read: the right field, the right number of things, a way out, and no terminal driven.

#include "tests/cli/program.hpp"

namespace satchel::cli {
namespace {

class Wording : public ProgramTest {
  protected:
    void SetUp() override {
        ProgramTest::SetUp();
        ASSERT_EQ(plain({"init", path("a.satchel")}).status, 0);
        done("a", {"create", "account", "name=Acme"});
    }
    // What `satchel -f a.satchel ARGUMENTS…` says to a person.
    std::string said(const std::vector<std::string>& arguments) const {
        std::vector<std::string> all = {"-f", path("a.satchel")};
        all.insert(all.end(), arguments.begin(), arguments.end());
        const Ran ran = plain(all);
        return ran.out + ran.err;
    }
};

#define EXPECT_HAS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)
#define EXPECT_HAS_NOT(text, part) EXPECT_EQ((text).find(part), std::string::npos) << (text)

TEST_F(Wording, HistoryAndJournalNameTheFieldsThatWereGiven) {
    done("a", {"set", "account", "@Acme", "city=上海"});
    for (const auto& text :
         {said({"history", "account", "@Acme"}), said({"journal", "--operations"})}) {
        EXPECT_HAS(text, "city = 上海");
        EXPECT_HAS_NOT(text, "province");
    }
    done("a", {"set", "account", "@Acme", "revenue=12.34", "revenue_currency=CNY"});
    EXPECT_HAS(said({"history", "account", "@Acme"}), "revenue = 12.34, revenue_currency = CNY");
}

TEST_F(Wording, NothingInAValueDrivesTheTerminal) {
    done("a", {"create", "account", "name=\x1b[2JGone",
               "city=\xc2\x9b"
               "31mRed"});
    for (const auto& text :
         {said({"query", "SELECT name, city FROM account"}),
          said({"get", "account", "@\x1b[2JGone"}), said({"history", "account", "@\x1b[2JGone"})}) {
        EXPECT_HAS_NOT(text, "\x1b");
        EXPECT_HAS_NOT(text, "\xc2\x9b");
        EXPECT_HAS(text, "\\x1b[2JGone");
    }
    EXPECT_EQ(done("a", {"query", "SELECT name FROM account ORDER BY name"})["rows"][0][0],
              "\x1b[2JGone");
}

TEST_F(Wording, OneIsNotMany) {
    EXPECT_HAS(said({"query", "SELECT 1"}), "1 row\n");
    EXPECT_HAS(said({"query", "SELECT 1 UNION SELECT 2"}), "2 rows\n");
    EXPECT_HAS(said({"status"}), "1 change to be sent");
    EXPECT_HAS(said({"export", "account", "--to", path("x.csv")}), "1 row in");
}

TEST_F(Wording, WhyDoesNotSendYouToItself) {
    const std::string text = said({"why", "@Nope"});
    EXPECT_HAS(text, "exactly the name 'Nope'");
    EXPECT_HAS(text, "whole id");
}

TEST_F(Wording, OnlySelectMayBeRun) {
    for (const char* sql : {"ATTACH 'x.db' AS x", "DELETE FROM account", "PRAGMA user_version = 3",
                            "BEGIN", "CREATE TABLE x (y)"})
        EXPECT_HAS(said({"query", sql}), "only SELECT");
}

TEST_F(Wording, AMomentIsTypedAsADateAndATime) {
    EXPECT_HAS(said({"create", "activity", "started_at=yesterday"}), "2026-11-22T10:00:00Z");
}

TEST_F(Wording, AnAddressIsShownWhereNoneWasTyped) {
    write(path("password"), "secret\n");
    EXPECT_HAS(said({"login", "notaurl", "li.wei", "--password-file", path("password")}),
               "https://sync.example.com");
}

TEST_F(Wording, WithNobodyLoggedInASyncNamesTheLogIn) {
    EXPECT_HAS(said({"sync"}), "satchel login URL USER");
}

TEST_F(Wording, HelpTellsEveryFormOfAMapping) {
    const std::string text = plain({"import", "--help"}).out;
    EXPECT_HAS(text, "join(");
    EXPECT_HAS(text, "1000000");
    EXPECT_HAS_NOT(plain({"query", "--help"}).out, "is in cents");
}

}  // namespace
}  // namespace satchel::cli
