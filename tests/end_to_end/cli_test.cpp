// The command line against a real head office: both programs as child processes.

#include <algorithm>

#include "tests/end_to_end/html_server.hpp"
#include "tests/end_to_end/office_test.hpp"

namespace satchel::cli {
namespace {

class Online : public OfficeTest {};

TEST_F(Online, EveryAnswerHasItsDocumentedForm) {
    add_user("li.wei");
    EXPECT_EQ(as_documented("login", log_in("phone", "li.wei")), "");
    EXPECT_EQ(as_documented("sync", done("phone", {"sync"})), "");
    const std::string id = done("phone", {"create", "account", "name=Acme", "pool=south"})["id"];
    EXPECT_EQ(as_documented("verify", done("phone", {"verify"})), "");
    const Json why = done("phone", {"why", id});
    EXPECT_EQ(as_documented("why", why), "");
    EXPECT_EQ(why["server"], "visible");
    EXPECT_EQ(as_documented("status", done("phone", {"status"})), "");
    EXPECT_EQ(as_documented("logout", done("phone", {"logout"})), "");
}

TEST_F(Online, TwoDevicesContradictEachOtherAndOneDecides) {
    add_user("li.wei");
    add_user("wang.fang");
    make_device("a", "li.wei");
    make_device("b", "wang.fang");
    const std::string id = done("a", {"create", "account", "name=武汉长江", "pool=south"})["id"];
    done("a", {"sync"});
    done("b", {"sync"});
    EXPECT_EQ(done("b", {"get", "account", id})["fields"]["name"], "武汉长江");

    done("a", {"set", "account", id, "sector=钢铁"});
    done("b", {"set", "account", id, "sector=玻璃"});
    done("b", {"set", "account", id, "city=武汉"});
    for (const char* device : {"a", "b", "a"})
        done(device, {"sync"});

    const Json here = done("a", {"conflicts"})["conflicts"];
    const Json there = done("b", {"conflicts"})["conflicts"];
    ASSERT_EQ(here.size(), 1U);
    EXPECT_EQ(difference(here[0], documented("conflicts")["conflicts"][0]), "");
    EXPECT_EQ(here[0]["shown"], there[0]["shown"]);
    EXPECT_EQ(here[0]["values"].size(), 2U);
    EXPECT_EQ(here[0]["shown"]["sector"], "玻璃");  // written last
    EXPECT_EQ(done("a", {"get", "account", id})["fields"]["city"], "武汉");

    const std::size_t mine = here[0]["values"][0]["values"]["sector"] == "钢铁" ? 1 : 2;
    const Json resolved =
        done("a", {"resolve", "account", id, "sector", "--take", std::to_string(mine)});
    EXPECT_EQ(resolved["fields"]["sector"], "钢铁");
    done("a", {"sync"});
    done("b", {"sync"});
    EXPECT_TRUE(done("b", {"conflicts"})["conflicts"].empty());
    EXPECT_EQ(done("b", {"get", "account", id})["fields"]["sector"], "钢铁");
    EXPECT_TRUE(done("a", {"verify"})["equal"]);
    EXPECT_TRUE(done("b", {"verify"})["equal"]);
}

TEST_F(Online, WhatIsNotAcceptedComesBackWithAReasonAndCanBeAdopted) {
    add_user("li.wei");
    make_device("desk", "admin");
    const std::string product =
        done("desk", {"create", "product", "name=GTX", "sales_price=10.00", "currency=USD"})["id"];
    done("desk", {"sync"});
    make_device("a", "li.wei");
    done("a", {"set", "product", product, "sales_price=1.00", "currency=USD"});
    done("a", {"create", "account", "name=Behind it", "pool=south"});
    EXPECT_EQ(done("a", {"sync"})["quarantined"], 1);
    const Json rejected = done("a", {"rejected"});
    ASSERT_EQ(rejected["rejected"].size(), 1U);
    EXPECT_EQ(difference(rejected, documented("rejected")), "");
    EXPECT_EQ(rejected["rejected"][0]["reason"], "not_allowed");
    EXPECT_EQ(done("a", {"get", "product", product})["fields"]["sales_price"], "10.00");
    const Json status = done("a", {"status"});
    EXPECT_EQ(status["not_accepted"], 1);
    EXPECT_EQ(status["pending"], 0);  // the account behind it went through

    const Ran told = plain({"-f", path("a.satchel"), "sync"});
    EXPECT_NE(told.out.find("1 change not accepted: 'satchel rejected'"), std::string::npos)
        << told.out;
    const std::string number = rejected["rejected"][0]["number"].dump();
    const std::string change = rejected["rejected"][0]["change"];
    const Ran listed = admin({"quarantine"});
    ASSERT_EQ(listed.json["items"].size(), 1U) << listed.out;
    EXPECT_EQ(admin({"adopt", change}).status, 0);
    EXPECT_EQ(as_documented("dismiss", done("a", {"dismiss", number})), "");
    done("a", {"sync"});
    EXPECT_EQ(done("a", {"get", "product", product})["fields"]["sales_price"], "1.00");
    EXPECT_EQ(done("a", {"status"})["not_accepted"], 0);
    EXPECT_TRUE(done("a", {"verify"})["equal"]);
}

TEST_F(Online, WhatIsResentIsWrittenAnew) {
    add_user("li.wei");
    make_device("desk", "admin");
    const std::string product =
        done("desk", {"create", "product", "name=GTX", "sales_price=10.00", "currency=USD"})["id"];
    done("desk", {"sync"});
    make_device("a", "li.wei");
    done("a", {"set", "product", product, "series=X"});
    done("a", {"sync"});
    const std::string number = done("a", {"rejected"})["rejected"][0]["number"].dump();
    EXPECT_EQ(as_documented("resend", done("a", {"resend", number})), "");
    EXPECT_TRUE(done("a", {"rejected"})["rejected"].empty());
    EXPECT_EQ(done("a", {"status"})["pending"], 1);
    done("a", {"sync"});  // still not allowed
    EXPECT_EQ(done("a", {"rejected"})["rejected"].size(), 1U);
}

TEST_F(Online, WhatANewcomerMakesIsTheirOwn) {
    add_user("li.wei");
    const std::string person = log_in("a", "li.wei")["user"];
    // As the page begins, before the first sync has brought anybody's name here.
    const std::string id =
        done("a", {"create", "account", "name=Acme", "city=武汉", "tags=a;b"})["id"];
    write(path("more.csv"), "name,owner\nBeta,\nGamma,\n");
    done("a", {"import", path("more.csv"), "--into", "account"});
    const std::string deal =
        done("a", {"create", "opportunity", "name=Deal", "account=" + id})["id"];
    EXPECT_EQ(done("a", {"sync"})["quarantined"], 0);
    EXPECT_EQ(done("a", {"get", "account", id})["fields"]["owner"], person);
    EXPECT_EQ(done("a", {"get", "account", "@Gamma"})["fields"]["owner"], person);
    EXPECT_TRUE(done("a", {"get", "opportunity", deal})["fields"]["owner"].is_null());
    EXPECT_EQ(done("a", {"why", id})["server"], "visible");
    EXPECT_TRUE(done("a", {"verify"})["equal"]);
}

TEST_F(Online, WhatBelongsToNobodyIsSentAgainAsYours) {
    add_user("li.wei");
    ASSERT_EQ(plain({"init", path("a.satchel")}).status, 0);
    const Ran early = plain({"-f", path("a.satchel"), "create", "account", "name=Early"});
    EXPECT_NE(early.err.find("satchel resend"), std::string::npos) << early.err;
    done("a", {"create", "account", "name=Eraly", "city=武汉"});
    const std::string person =
        done("a", {"login", url_, "li.wei", "--password-file", path("password")})["user"];
    EXPECT_EQ(done("a", {"sync"})["quarantined"], 2);
    const Json rejected = done("a", {"rejected"})["rejected"];
    EXPECT_NE(rejected[0]["detail"].get<std::string>().find("owner"), std::string::npos);
    std::vector<std::string> numbers = {rejected[0]["number"].dump(), rejected[1]["number"].dump()};
    std::sort(numbers.begin(), numbers.end());
    EXPECT_EQ(run("a", {"resend", numbers[0], "tags=x"}).status, 2);
    done("a", {"resend", numbers[0]});
    done("a", {"resend", numbers[1], "name=Late"});
    EXPECT_EQ(done("a", {"sync"})["quarantined"], 0);
    EXPECT_EQ(done("a", {"get", "account", "@Early"})["fields"]["owner"], person);
    const Json late = done("a", {"get", "account", "@Late"})["fields"];
    EXPECT_EQ(late["owner"], person);
    EXPECT_EQ(late["city"], "武汉");
    EXPECT_EQ(done("a", {"status"})["not_accepted"], 0);
    EXPECT_TRUE(done("a", {"verify"})["equal"]);
}

TEST_F(Online, ACustomerChangesHands) {
    add_user("li.wei");
    add_user("wang.fang");
    make_device("a", "li.wei");
    make_device("b", "wang.fang");
    const std::string id = done("a", {"create", "account", "name=Acme", "owner=li.wei"})["id"];
    const std::string deal =
        done("a", {"create", "opportunity", "name=Deal", "account=" + id})["id"];
    done("a", {"sync"});
    EXPECT_EQ(run("b", {"get", "account", id}).status, 3);
    EXPECT_EQ(done("b", {"why", id})["server"], "not_visible");
    const Ran handed =
        admin({"handover", "--to", "wang.fang", "--collection", "account", "--record", id});
    EXPECT_EQ(handed.status, 0) << handed.out;
    EXPECT_EQ(done("a", {"sync"})["departed"].get<int>() > 0, true);
    done("b", {"sync"});
    EXPECT_EQ(run("a", {"get", "opportunity", deal}).status, 3);
    EXPECT_EQ(done("b", {"get", "opportunity", deal})["fields"]["name"], "Deal");
    EXPECT_TRUE(done("a", {"verify"})["equal"]);
    EXPECT_TRUE(done("b", {"verify"})["equal"]);
}

TEST_F(Online, AnEditFromBeforeAHandoverIsShownAsSuch) {
    add_user("li.wei");
    add_user("wang.fang");
    make_device("a", "li.wei");
    make_device("b", "wang.fang");
    const std::string id =
        done("a", {"create", "account", "name=Acme", "owner=li.wei", "sector=steel"})["id"];
    done("a", {"sync"});
    done("a", {"set", "account", id, "sector=glass"});
    done("a", {"tag", "account", id, "tags", "--add", "VIP"});
    EXPECT_EQ(
        admin({"handover", "--to", "wang.fang", "--collection", "account", "--record", id}).status,
        0);
    EXPECT_EQ(done("a", {"sync"})["quarantined"], 0);
    done("b", {"sync"});
    const Json got = done("b", {"get", "account", id});
    EXPECT_EQ(got["late"], Json({"sector"})) << got;
    EXPECT_EQ(difference(got["late"], documented("get")["late"]), "");
    const auto line_with = [](const std::string& text, const std::string& part) {
        const std::size_t at = text.find(part);
        return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
    };
    const Ran shown = plain({"-f", path("b.satchel"), "get", "account", id});
    EXPECT_NE(line_with(shown.out, "glass").find("before the handover"), std::string::npos)
        << shown.out;
    EXPECT_EQ(line_with(shown.out, "Acme").find("handover"), std::string::npos) << shown.out;
    const Ran history = plain({"-f", path("b.satchel"), "history", "account", id});
    EXPECT_NE(line_with(history.out, "sector = glass").find("before the handover"),
              std::string::npos)
        << history.out;
    const std::string owner = line_with(history.out, "owner = ");
    EXPECT_NE(owner.find("(wang.fang)"), std::string::npos) << history.out;
    EXPECT_NE(owner.find("head office"), std::string::npos) << history.out;
    EXPECT_EQ(as_documented("history", done("b", {"history", "account", id})), "");
}

TEST_F(Online, BadDaysHaveAStatusOfTheirOwn) {
    add_user("li.wei");
    log_in("a", "li.wei");
    write(path("wrong"), "wrong password\n");
    const Ran wrong = run("a", {"login", url_, "li.wei", "--password-file", path("wrong")});
    EXPECT_EQ(wrong.status, 5);
    EXPECT_EQ(wrong.error_code(), "unauthorized");

    const HtmlServer hotel;
    const Ran portal =
        run("a", {"login", hotel.url(), "li.wei", "--password-file", path("password")});
    EXPECT_EQ(portal.status, 11) << portal.out;
    EXPECT_EQ(portal.error_code(), "bad_reply");

    done("a", {"sync"});
    add_user("wang.fang");
    const Ran other = run("a", {"login", url_, "wang.fang", "--password-file", path("password")});
    EXPECT_EQ(other.status, 5) << other.out;  // the file is somebody else's

    stop_server();
    done("a", {"create", "account", "name=Written offline", "pool=south"});
    EXPECT_EQ(run("a", {"sync"}).status, 4);
    EXPECT_EQ(run("a", {"verify"}).status, 4);
    EXPECT_EQ(done("a", {"status"})["pending"], 1);
    EXPECT_EQ(run("a", {"logout"}).status, 4);
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(run("a", {"sync", "--wait", "2"}).status, 4);
    EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
    start_server(listen());
    done("a", {"sync", "--wait", "10"});
    EXPECT_TRUE(done("a", {"verify"})["equal"]);
}

TEST_F(Online, ARevokedDeviceEmptiesItself) {
    add_user("li.wei");
    make_device("a", "li.wei");
    done("a", {"create", "account", "name=Acme", "pool=south"});
    done("a", {"sync"});
    const Json devices = admin({"device", "list", "--user", "li.wei"}).json["devices"];
    ASSERT_EQ(devices.size(), 1U);
    EXPECT_EQ(admin({"device", "revoke", devices[0]["replica"]}).status, 0);
    EXPECT_EQ(run("a", {"sync"}).status, 5);
    EXPECT_EQ(done("a", {"query", "SELECT count(*) FROM account"})["rows"][0][0], 0);
    const Ran status = plain({"-f", path("a.satchel"), "status"});
    EXPECT_NE(status.out.find("Nobody is logged in: 'satchel login " + url_), std::string::npos);
    EXPECT_NE(status.out.find("shut this device out"), std::string::npos) << status.out;
    EXPECT_EQ(status.out.find("()"), std::string::npos) << status.out;
    const Ran again = plain({"-f", path("a.satchel"), "sync"});
    EXPECT_EQ(again.status, 5);
    EXPECT_NE(again.err.find("nobody is logged in with this file: 'satchel login " + url_),
              std::string::npos)
        << again.err;
    EXPECT_EQ(again.err.find("kept"), std::string::npos) << again.err;
}

TEST_F(Online, ADeviceKeepsItsNameThroughAnotherLogIn) {
    add_user("li.wei");
    log_in("phone", "li.wei");
    done("phone", {"login", url_, "li.wei", "--password-file", path("password")});
    EXPECT_EQ(admin({"device", "list", "--user", "li.wei"}).json["devices"][0]["name"], "phone");
    done("phone", {"sync"});
    done("phone", {"logout"});
    done("phone", {"login", url_, "li.wei", "--password-file", path("password")});
    const Json listed = admin({"device", "list", "--user", "li.wei"}).json;
    for (const Json& device : listed["devices"])
        EXPECT_EQ(device["name"], "phone");
}

TEST_F(Online, ABackupIsRestoredAndDevicesSendAgainWhatItLacks) {
    add_user("li.wei");
    make_device("a", "li.wei");
    make_device("c", "li.wei");
    const Ran backup = admin({"backup", "one.satchel-server"});
    ASSERT_EQ(backup.status, 0) << backup.out;
    done("a", {"create", "account", "name=After the backup", "pool=south"});
    done("a", {"sync"});
    stop_server();
    const Ran restored =
        plain({"admin", "restore", backup.json["path"], "--data", path("office"), "--json"});
    ASSERT_EQ(restored.status, 0) << restored.out << restored.err;
    EXPECT_EQ(as_documented("admin restore", restored.json), "");
    start_server(listen());
    const Ran told = plain({"-f", path("c.satchel"), "sync"});
    EXPECT_NE(told.out.find("restored from a backup"), std::string::npos) << told.out;
    EXPECT_EQ(told.out.find("copied or rolled back"), std::string::npos) << told.out;
    EXPECT_TRUE(done("a", {"sync"})["restored"]);
    EXPECT_TRUE(done("a", {"verify"})["equal"]);
    make_device("b", "li.wei");
    EXPECT_EQ(done("b", {"get", "account", "@After the backup"})["deleted"], false);
}

TEST_F(Online, ARestoreThatFailsSaysWhy) {
    const Ran backup = admin({"backup", "one.satchel-server"});
    ASSERT_EQ(backup.status, 0) << backup.out;
    const std::string file = backup.json["path"];
    const auto restore = [&] {
        return plain({"admin", "restore", file, "--data", path("office"), "--json"});
    };
    const Ran running = restore();
    EXPECT_EQ(running.status, 7) << running.out;
    EXPECT_NE(running.out.find("is in use by another satcheld"), std::string::npos) << running.out;
    stop_server();
    const std::string whole = content(file);
    write(file, whole.substr(0, whole.size() / 2));
    const Ran damaged = restore();
    EXPECT_EQ(damaged.status, 8) << damaged.out;
    EXPECT_NE(damaged.out.find("damaged"), std::string::npos) << damaged.out;
    const Ran told = plain({"admin", "restore", file, "--data", path("office")});
    EXPECT_NE(told.err.find("damaged"), std::string::npos) << told.err;
    write(file, whole);
    EXPECT_EQ(restore().status, 0);
    start_server(listen());
}

TEST_F(Online, ARestoreNotesTheHeadOfTheAuditLogWhereItIsToldTo) {
    const Ran backup = admin({"backup", "one.satchel-server"});
    ASSERT_EQ(backup.status, 0) << backup.out;
    stop_server();
    const Ran restored = plain({"admin", "restore", backup.json["path"], "--data", path("office"),
                                "--anchors", path("anchors.txt")});
    EXPECT_EQ(restored.status, 0) << restored.err;
    const std::string noted = content(path("anchors.txt"));
    EXPECT_EQ(std::count(noted.begin(), noted.end(), '\n'), 1) << noted;
    start_server(listen());
}

TEST_F(Online, TooManyWrongPasswordsAreToldAsSuch) {
    add_user("li.wei");
    ASSERT_EQ(plain({"init", path("a.satchel")}).status, 0);
    write(path("wrong"), "wrong password\n");
    Ran last;
    for (int i = 0; i < 7; ++i)
        last = run("a", {"login", url_, "li.wei", "--password-file", path("wrong")});
    EXPECT_EQ(last.status, 5) << last.out;
    EXPECT_NE(last.out.find("too many wrong passwords; wait"), std::string::npos) << last.out;
}

TEST_F(Online, AnEndedLogInIsNotCalledNone) {
    add_user("li.wei");
    make_device("a", "li.wei");
    EXPECT_EQ(admin({"user", "password", "li.wei", "--new-password-file", path("password")}).status,
              0);
    EXPECT_EQ(run("a", {"sync"}).status, 5);
    const Ran users = run("a", {"admin", "user", "list"});
    EXPECT_EQ(users.status, 5);
    EXPECT_NE(users.out.find("The log-in has ended"), std::string::npos) << users.out;
}

TEST_F(Online, AnAdministratorsQuestionsAreAnswered) {
    EXPECT_EQ(admin({"user", "list"}).json["users"].size(), 1U);
    add_user("boss", "manager");
    add_user("li.wei", "rep", "boss");
    const Ran changed = admin({"user", "change", "li.wei", "--name", "李伟"});
    EXPECT_EQ(changed.json["name"], "李伟");
    EXPECT_EQ(admin({"user", "add", "li.wei"}).status, 2);  // exists
    EXPECT_EQ(admin({"user", "change", "nobody", "--name", "x"}).status, 3);
    EXPECT_FALSE(admin({"user", "password", "li.wei"}).json["password"].get<std::string>().empty());
    const Ran schema = admin({"schema", "show"});
    EXPECT_TRUE(schema.json["collections"].is_array());
    write(path("schema.json"), schema.out);
    const Ran unchanged = admin({"schema", "set", path("schema.json")});
    EXPECT_EQ(unchanged.status, 2) << unchanged.out;
    const std::string next = std::to_string(schema.json["number"].get<int>() + 1);
    EXPECT_NE(unchanged.out.find("write \\\"number\\\": " + next), std::string::npos)
        << unchanged.out;
    EXPECT_EQ(plain({"init", path("c.satchel"), "--schema", path("schema.json")}).status, 0);
    EXPECT_EQ(admin({"prune"}).status, 0);
    ASSERT_EQ(plain({"init", path("a.satchel")}).status, 0);
    EXPECT_EQ(run("a", {"login", url_, "li.wei", "--password-file", path("password")}).status, 5);
}

TEST_F(Online, OnlyAdministratorsAskHeadOffice) {
    add_user("li.wei");
    const Ran refused = plain({"--json", "--password-file", path("password"), "admin", "--server",
                               url_, "--login", "li.wei", "user", "list"});
    EXPECT_EQ(refused.status, 5) << refused.out;
    EXPECT_NE(refused.out.find("only administrators may do this"), std::string::npos)
        << refused.out;
}

TEST_F(Online, ABackupIsConfirmedAndALostChangeGivenUp) {
    const Ran once = admin({"backup", "one.satchel-server"});
    EXPECT_EQ(once.json["confirmed"], false) << once.out;
    EXPECT_EQ(admin({"confirm-backup"}).json, Json::object());
    EXPECT_EQ(admin({"backup", "two.satchel-server", "--confirm"}).json["confirmed"], true);
    const Ran told =
        plain({"--password-file", path("password"), "admin", "--server", url_, "confirm-backup"});
    EXPECT_EQ(told.out, "Done.\n");
    EXPECT_EQ(admin({"lost", "nonsense"}).status, 2);
    EXPECT_EQ(admin({"lost", "1f3a.2:17"}).json["dot"], "1f3a.2:17");
}

TEST_F(Online, EveryHistoryHasItsDocumentedForm) {
    add_user("li.wei");
    make_device("a", "li.wei");
    const std::string id =
        done("a", {"create", "account", "name=Acme", "tags=x", "visits=2"})["id"];
    done("a", {"set", "account", id, "revenue=12.34", "revenue_currency=CNY"});
    done("a", {"delete", "account", id});
    done("a", {"undelete", "account", id});
    done("a", {"sync"});
    const Json history = done("a", {"history", "account", id});
    EXPECT_GE(history["events"].size(), 6U);
    EXPECT_EQ(as_documented("history", history), "");
}

}  // namespace
}  // namespace satchel::cli
