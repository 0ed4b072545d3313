// A sync by file with the real programs: one round of files is a whole sync.

#include "tests/end_to_end/bundle_fixture.hpp"

namespace satchel::cli {
namespace {

using Bundles = BundleTest;

TEST_F(Bundles, EveryAnswerHasItsDocumentedForm) {
    add_user("li.wei");
    log_in("a", "li.wei");
    account("a", "Acme");
    const Json written = done("a", {"bundle", "out", path("request")});
    EXPECT_EQ(as_documented("bundle out", written), "");
    EXPECT_EQ(written["number"], 1);
    EXPECT_EQ(written["changesets"], 1);
    EXPECT_TRUE(written["complete"]);
    const Ran at_office = admin({"bundle", path("request"), path("reply")});
    EXPECT_EQ(at_office.status, 0) << at_office.out << at_office.err;
    EXPECT_EQ(as_documented("admin bundle", at_office.json), "");
    EXPECT_EQ(at_office.json["login"], "li.wei");
    EXPECT_EQ(at_office.json["accepted"], 1);
    EXPECT_TRUE(at_office.json["complete"]);
    const Json taken = in("a", path("reply"));
    EXPECT_EQ(as_documented("bundle in", taken), "");
    EXPECT_EQ(taken["outcome"], "taken");
    EXPECT_FALSE(taken["more"]);
    EXPECT_EQ(taken["pending"], 0);
    EXPECT_EQ(taken["accepted"], 1);
}

TEST_F(Bundles, TwoDevicesConvergeAndOneOfThemHasOnlyFiles) {
    add_user("li.wei");
    add_user("wang.fang");
    make_device("online", "li.wei");
    log_in("field", "wang.fang");
    const std::string id = account("online", "武汉长江");
    done("online", {"sync"});
    const Json first = carry("field");
    EXPECT_FALSE(first["more"]);
    EXPECT_EQ(fields("field", id)["name"], "武汉长江");

    done("online", {"set", "account", id, "sector=钢铁"});
    done("field", {"set", "account", id, "sector=玻璃"});
    done("field", {"set", "account", id, "city=武汉"});
    const std::string made = account("field", "Made in the field");
    done("online", {"sync"});
    carry("field");
    done("online", {"sync"});
    EXPECT_EQ(accounts("online"), accounts("field"));
    EXPECT_EQ(fields("online", made)["name"], "Made in the field");
    ASSERT_EQ(done("field", {"conflicts"})["conflicts"].size(), 1U);
    EXPECT_EQ(done("field", {"conflicts"})["conflicts"][0]["values"].size(), 2U);

    done("field", {"resolve", "account", id, "sector", "--take", "1"});
    carry("field");
    done("online", {"sync"});
    EXPECT_TRUE(done("online", {"conflicts"})["conflicts"].empty());
    EXPECT_EQ(accounts("online"), accounts("field"));
    EXPECT_EQ(done("field", {"status"})["cursor"], done("online", {"status"})["cursor"]);
    EXPECT_TRUE(done("field", {"verify"})["equal"]);
    EXPECT_TRUE(done("online", {"verify"})["equal"]);
}

TEST_F(Bundles, ManyPagesComeInOneFile) {
    add_user("li.wei");
    make_device("online", "li.wei");
    log_in("field", "li.wei");
    write_accounts(3'000);
    done("online", {"import", path("many.csv"), "--into", "account"});
    done("online", {"sync"});
    const std::string request = out("field");
    const Ran at_office = admin({"bundle", request, path("reply")});
    EXPECT_GT(at_office.json["rounds"], 2) << at_office.out;
    const Json taken = in("field", path("reply"));
    EXPECT_GT(taken["rounds"], 2);
    EXPECT_FALSE(taken["more"]);
    EXPECT_EQ(accounts("field").size(), 3'000U);
    EXPECT_EQ(accounts("field"), accounts("online"));
    EXPECT_TRUE(done("field", {"verify"})["equal"]);
}

TEST_F(Bundles, AnUploadThatFillsSeveralRequestsGoesInOneFile) {
    add_user("li.wei");
    make_device("field", "li.wei");
    write_accounts(9'000);
    done("field", {"import", path("many.csv"), "--into", "account"});
    const Json written = done("field", {"bundle", "out", path("request")});
    EXPECT_TRUE(written["complete"]);
    const Json taken = in("field", answered(path("request")));
    EXPECT_FALSE(taken["more"]) << taken;
    EXPECT_EQ(taken["pending"], 0);
    EXPECT_TRUE(done("field", {"verify"})["equal"]);
}

TEST_F(Bundles, LostRepeatedAndReorderedFilesAreHarmless) {
    add_user("li.wei");
    make_device("a", "li.wei");
    const std::string id = account("a", "One");
    const std::string lost = out("a");
    answered(lost);  // and never carried back
    done("a", {"set", "account", id, "city=武汉"});
    const std::string second = out("a");
    const std::string second_reply = answered(second);
    const std::string again = second + ".again";
    EXPECT_EQ(admin({"bundle", second, again}).status, 0);
    EXPECT_EQ(in("a", second_reply)["outcome"], "taken");
    EXPECT_EQ(in("a", second_reply)["outcome"], "taken_before");
    EXPECT_EQ(in("a", again)["outcome"], "taken_before");
    EXPECT_EQ(in("a", lost + ".reply")["outcome"], "overtaken");
    const Ran late = admin({"bundle", lost, lost + ".late"});
    EXPECT_EQ(late.status, 2);
    EXPECT_NE(late.out.find("an old one"), std::string::npos) << late.out;
    EXPECT_EQ(done("a", {"status"})["pending"], 0);
    EXPECT_EQ(fields("a", id)["city"], "武汉");
    EXPECT_TRUE(done("a", {"verify"})["equal"]);
}

TEST_F(Bundles, AnOlderAnswerThatStillFitsIsTaken) {
    add_user("li.wei");
    make_device("a", "li.wei");
    account("a", "One");
    const std::string first = answered(out("a"));
    account("a", "Two");
    const std::string second = answered(out("a"));
    EXPECT_EQ(in("a", first)["outcome"], "taken");
    const Json status = done("a", {"status"});
    EXPECT_EQ(status["pending"], 1);  // the second one, which is at head office already
    EXPECT_EQ(in("a", second)["outcome"], "overtaken");
    EXPECT_FALSE(carry("a")["more"]);
    EXPECT_EQ(done("a", {"status"})["pending"], 0);
    EXPECT_EQ(accounts("a").size(), 2U);
    EXPECT_TRUE(done("a", {"verify"})["equal"]);
}

TEST_F(Bundles, WhatIsWrittenMeanwhileGoesWithTheNextOne) {
    add_user("li.wei");
    make_device("a", "li.wei");
    account("a", "One");
    const std::string reply = answered(out("a"));
    account("a", "Two");
    const Json taken = in("a", reply);
    EXPECT_TRUE(taken["more"]);
    EXPECT_EQ(taken["pending"], 1);
    EXPECT_FALSE(carry("a")["more"]);
    EXPECT_TRUE(done("a", {"verify"})["equal"]);
}

TEST_F(Bundles, WhatIsNotAcceptedComesBackWithItsReason) {
    add_user("li.wei");
    make_device("desk", "admin");
    const std::string product =
        done("desk", {"create", "product", "name=GTX", "sales_price=10.00", "currency=USD"})["id"];
    done("desk", {"sync"});
    log_in("a", "li.wei");
    carry("a");
    done("a", {"set", "product", product, "sales_price=1.00", "currency=USD"});
    EXPECT_EQ(carry("a")["quarantined"], 1);
    EXPECT_EQ(done("a", {"rejected"})["rejected"][0]["reason"], "not_allowed");
    EXPECT_EQ(done("a", {"get", "product", product})["fields"]["sales_price"], "10.00");
}

TEST_F(Bundles, ACustomerChangesHands) {
    add_user("li.wei");
    add_user("wang.fang");
    log_in("a", "li.wei");
    log_in("b", "wang.fang");
    carry("a");
    const std::string id = done("a", {"create", "account", "name=Acme", "owner=li.wei"})["id"];
    carry("a");
    carry("b");
    EXPECT_EQ(run("b", {"get", "account", id}).status, 3);
    admin({"handover", "--to", "wang.fang", "--collection", "account", "--record", id});
    EXPECT_EQ(carry("a")["departed"], 1);
    carry("b");
    EXPECT_EQ(run("a", {"get", "account", id}).status, 3);
    EXPECT_EQ(fields("b", id)["name"], "Acme");
}

TEST_F(Bundles, ACopiedDeviceGoesOnUnderANewNumber) {
    add_user("li.wei");
    make_device("a", "li.wei");
    account("a", "Both");
    carry("a");
    for (const char* suffix : {"", "-wal"})
        if (std::filesystem::exists(path("a.satchel") + suffix))
            std::filesystem::copy_file(path("a.satchel") + suffix, path("copy.satchel") + suffix);
    account("a", "Of the original");
    carry("a");
    account("copy", "Of the copy");
    const Json forked = carry("copy");
    EXPECT_TRUE(forked["forked"]);
    EXPECT_TRUE(forked["more"]);
    EXPECT_FALSE(carry("copy")["more"]);
    carry("a");
    EXPECT_EQ(accounts("a").size(), 3U);
    EXPECT_EQ(accounts("a"), accounts("copy"));
}

TEST_F(Bundles, ADeviceThatWasPutBackToAnOlderCopyGoesOnUnderANewNumber) {
    add_user("li.wei");
    make_device("a", "li.wei");
    account("a", "Before");
    carry("a");
    std::filesystem::copy_file(path("a.satchel"), path("older.satchel"));
    account("a", "Only at head office");
    carry("a");
    std::filesystem::rename(path("older.satchel"), path("a.satchel"));
    for (const char* suffix : {"-wal", "-shm"})
        std::filesystem::remove(path("a.satchel") + suffix);
    const Json told = carry("a");
    EXPECT_TRUE(told["forked"]) << told;
    EXPECT_FALSE(carry("a")["more"]);
    EXPECT_EQ(accounts("a").size(), 2U);
    EXPECT_TRUE(done("a", {"verify"})["equal"]);
}

TEST_F(Bundles, ARestoredHeadOfficeGetsAgainWhatItLost) {
    add_user("li.wei");
    make_device("a", "li.wei");
    const Ran backup = admin({"backup", "one.satchel-server"});
    account("a", "After the backup");
    carry("a");
    stop_server();
    const Ran restored =
        plain({"admin", "restore", backup.json["path"], "--data", path("office"), "--json"});
    ASSERT_EQ(restored.status, 0) << restored.out << restored.err;
    start_server(listen());
    const Json told = carry("a");
    EXPECT_TRUE(told["restored"]);
    EXPECT_TRUE(told["more"]);
    Json next = carry("a");  // what was lost; then a new incarnation; then the news
    for (int trip = 0; trip < 2 && next["more"]; ++trip)
        next = carry("a");
    EXPECT_FALSE(next["more"]) << next;
    EXPECT_TRUE(done("a", {"verify"})["equal"]);
    make_device("b", "li.wei");
    EXPECT_EQ(accounts("b").size(), 1U);
}

TEST_F(Bundles, PeopleAreToldWhatToDoNextInTheirLanguage) {
    add_user("li.wei");
    make_device("a", "li.wei");
    account("a", "One");
    const std::string replica = path("a.satchel");
    const Ran out = plain({"-f", replica, "--lang", "zh", "bundle", "out", path("request")});
    EXPECT_NE(out.out.find("satchel admin bundle"), std::string::npos) << out.out;
    EXPECT_NE(out.out.find("第 1 号请求"), std::string::npos) << out.out;
    const std::string reply = answered(path("request"));
    const Ran first = plain({"-f", replica, "--lang", "zh", "bundle", "in", reply});
    EXPECT_NE(first.out.find("已与总部同步"), std::string::npos) << first.out;
    const Ran second = plain({"-f", replica, "bundle", "in", reply});
    EXPECT_NE(second.out.find("was here already"), std::string::npos) << second.out;
}

}  // namespace
}  // namespace satchel::cli
