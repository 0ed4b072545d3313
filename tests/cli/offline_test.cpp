// The commands that need no server, as a script uses them: forms, exit statuses, nonsense.

#include "tests/cli/documented.hpp"
#include "tests/cli/program.hpp"

namespace satchel::cli {
namespace {

class Offline : public ProgramTest {
  protected:
    void SetUp() override {
        ProgramTest::SetUp();
        init_ = plain({"init", path("a.satchel"), "--json"});
        ASSERT_EQ(init_.status, 0) << init_.out << init_.err;
    }

    std::string make_account(const std::string& name) {
        return done("a", {"create", "account", "name=" + name})["id"];
    }
    static std::string as_documented(const std::string& name, const Json& answer) {
        const Json form = documented(name);
        return form.is_object() ? difference(answer, form) : "no form is documented";
    }

    Ran init_;
};

TEST_F(Offline, EveryAnswerHasItsDocumentedForm) {
    EXPECT_EQ(as_documented("init", init_.json), "");
    const Json made = done("a", {"create", "account", "name=武汉长江", "revenue=12.34",
                                 "revenue_currency=CNY", "tags=a;b", "visits=2"});
    EXPECT_EQ(as_documented("create", made), "");
    const std::string id = made["id"];
    EXPECT_EQ(as_documented("create", done("a", {"set", "account", id, "city=武汉"})), "");
    EXPECT_EQ(as_documented("create", done("a", {"unset", "account", id, "city"})), "");
    EXPECT_EQ(as_documented("create", done("a", {"tag", "account", id, "tags", "--add", "c"})), "");
    EXPECT_EQ(as_documented("create", done("a", {"count", "account", id, "visits", "--by", "-1"})),
              "");
    EXPECT_EQ(as_documented("status", done("a", {"status"})), "");
    EXPECT_EQ(as_documented("query", done("a", {"query", "SELECT name, employees FROM account"})),
              "");
    EXPECT_EQ(as_documented("get", done("a", {"get", "account", id, "--siblings"})), "");
    EXPECT_EQ(as_documented("history", done("a", {"history", "account", id})), "");
    EXPECT_EQ(as_documented("conflicts", done("a", {"conflicts"})), "");
    EXPECT_EQ(as_documented("journal", done("a", {"journal"})), "");
    EXPECT_EQ(as_documented("rejected", done("a", {"rejected"})), "");
    EXPECT_EQ(as_documented("why", done("a", {"why", id})), "");
    EXPECT_EQ(as_documented("export", done("a", {"export", "account", "--to", path("x.csv")})), "");
    const Ran imported = run("a", {"import", path("x.csv"), "--into", "account", "--check"});
    EXPECT_EQ(as_documented("import", imported.json), "");
    EXPECT_EQ(as_documented("error", run("a", {"get", "account", "0123"}).json), "");
}

TEST_F(Offline, ValuesComeBackAsTheyWereTyped) {
    const std::string id =
        done("a", {"create", "account", "name=Acme 上海 😀", "revenue=1234.50",
                   "revenue_currency=CNY", "tags=重点;VIP", "visits=2", "employees=1,054"})["id"];
    const Json fields = done("a", {"get", "account", id})["fields"];
    EXPECT_EQ(fields["name"], "Acme 上海 😀");
    EXPECT_EQ(fields["revenue"], "1234.50");
    EXPECT_EQ(fields["tags"], Json({"VIP", "重点"}));
    EXPECT_EQ(fields["visits"], 2);
    EXPECT_EQ(fields["employees"], 1054);
    const std::string deal = done("a", {"create", "opportunity", "name=商机",
                                        "account=@Acme 上海 😀", "close_date=2026-11-22"})["id"];
    const Json deal_fields = done("a", {"get", "opportunity", deal})["fields"];
    EXPECT_EQ(deal_fields["account"], id);
    EXPECT_EQ(deal_fields["close_date"], "2026-11-22");
}

TEST_F(Offline, ARecordIsFoundByItsPrefixOrItsName) {
    const std::string id = make_account("Acme");
    EXPECT_EQ(done("a", {"get", "account", id.substr(0, 13)})["id"], id);
    EXPECT_EQ(done("a", {"get", "account", "@Acme"})["id"], id);
    make_account("Acme");
    const Ran several = run("a", {"get", "account", "@Acme"});
    EXPECT_EQ(several.status, 2);
    EXPECT_EQ(run("a", {"get", "account", id.substr(0, 4)}).status, 2);  // both begin so
}

TEST_F(Offline, DeletedIsNotFoundByWritesAndComesBackByUndelete) {
    const std::string id = make_account("Acme");
    done("a", {"delete", "account", id});
    EXPECT_EQ(run("a", {"set", "account", id, "city=x"}).status, 3);
    EXPECT_TRUE(done("a", {"get", "account", id})["deleted"]);
    done("a", {"undelete", "account", id});
    EXPECT_FALSE(done("a", {"get", "account", id})["deleted"]);
}

TEST_F(Offline, AValueThatArrivedAfterTheTokenSurvives) {
    const std::string id = make_account("Acme");
    const std::string token = done("a", {"get", "account", id})["token"];
    done("a", {"set", "account", id, "sector=steel"});
    done("a", {"set", "account", id, "sector=glass", "--token", token});
    const Json listed = done("a", {"conflicts"})["conflicts"];
    ASSERT_EQ(listed.size(), 1U);
    EXPECT_EQ(difference(listed[0], documented("conflicts")["conflicts"][0]), "");
    EXPECT_EQ(listed[0]["values"].size(), 2U);
    const Json siblings = done("a", {"get", "account", id, "--siblings"})["siblings"];
    EXPECT_EQ(difference(siblings[0], documented("get")["siblings"][0]), "");
    const Json resolved = done("a", {"resolve", "account", id, "sector", "--take", "1"});
    EXPECT_EQ(difference(resolved, documented("resolve")), "");
    EXPECT_EQ(resolved["fields"]["sector"], listed[0]["values"][0]["values"]["sector"]);
    EXPECT_TRUE(done("a", {"conflicts"})["conflicts"].empty());
    EXPECT_EQ(run("a", {"resolve", "account", id, "sector", "--take", "1"}).status, 3);
}

TEST_F(Offline, BadRowsAreNamedAndTheOthersAreTaken) {
    write(path("bad.csv"), "name,employees\nAcme,12\nBad,many\n\"open\nGood,7\n");
    const Ran ran = run("a", {"import", path("bad.csv"), "--into", "account"});
    EXPECT_EQ(ran.status, 14);
    EXPECT_EQ(ran.json["created"], 2);
    EXPECT_EQ(ran.json["left_out"], 2);
    EXPECT_EQ(ran.json["problems"][0]["line"], 3);
    EXPECT_EQ(ran.json["problems"][0]["column"], "employees");
    EXPECT_EQ(difference(ran.json, documented("import")), "");
}

TEST_F(Offline, AGbkFileIsRead) {
    write(path("gbk.csv"), "name\n\xce\xe4\xba\xba\xb3\xa4\xbd\xad\n");  // 武汉长江
    EXPECT_EQ(done("a", {"import", path("gbk.csv"), "--into", "account"})["encoding"], "GB18030");
    EXPECT_EQ(done("a", {"query", "SELECT name FROM account"})["rows"][0][0], "武汉长江");
}

TEST_F(Offline, TheSameFileWithAKeyDoublesNothing) {
    write(path("x.csv"), "\xEF\xBB\xBFname,sector\nAcme,steel\nBeta,glass\n");
    const std::vector<std::string> import = {"import",  path("x.csv"), "--into",
                                             "account", "--key",       "name"};
    EXPECT_EQ(done("a", import)["created"], 2);
    EXPECT_EQ(done("a", import)["unchanged"], 2);
    write(path("x.csv"), "name,sector\nAcme,paper\nBeta,glass\n");
    const Json again = done("a", import);
    EXPECT_EQ(again["updated"], 1);
    EXPECT_EQ(again["unchanged"], 1);
    EXPECT_EQ(done("a", {"query", "SELECT count(*) FROM account"})["rows"][0][0], 2);
}

TEST_F(Offline, WhatIsExportedIsImportedAsItWas) {
    done("a", {"create", "account", "name=Say \"hi\", 上海", "revenue=12.34",
               "revenue_currency=CNY", "tags=a;b"});
    done("a", {"export", "account", "--to", path("x.csv"), "--bom"});
    ASSERT_EQ(plain({"init", path("b.satchel")}).status, 0);
    done("b", {"import", path("x.csv"), "--into", "account"});
    done("b", {"export", "account", "--to", path("y.csv"), "--bom"});
    const auto without_id = [](const std::string& text) {
        return text.substr(text.find('\n') + 1 +
                           std::string("0192f3c4-8a11-7c3e-9f00-012345678901").size());
    };
    EXPECT_EQ(without_id(content(path("x.csv"))), without_id(content(path("y.csv"))));
}

TEST_F(Offline, NonsenseGetsAStatusAndAWayOut) {
    const struct {
        std::vector<std::string> arguments;
        int status;
        const char* code;
    } cases[] = {
        {{"fly"}, 2, "invalid_argument"},
        {{"create"}, 2, "invalid_argument"},
        {{"create", "planet", "name=x"}, 2, "invalid_argument"},
        {{"create", "account", "colour=red"}, 2, "invalid_argument"},
        {{"create", "account", "employees=many"}, 2, "invalid_argument"},
        {{"create", "account", "name=a", "name=b"}, 2, "invalid_argument"},
        {{"create", "account", "owner=nobody"}, 3, "not_found"},
        {{"journal", "--limit", "-1"}, 2, "invalid_argument"},
        {{"query", "SELECT 1", "--limit", "-1"}, 2, "invalid_argument"},
        {{"why", "0123456"}, 3, "not_found"},
        {{"get", "account", "xyz"}, 2, "invalid_argument"},
        {{"get", "account", "0123456789"}, 3, "not_found"},
        {{"get", "account", "0192f3c4-8a11-7c3e-9f00-0123456789ab"}, 3, "not_found"},
        {{"set", "account", "0192f3c4-8a11-7c3e-9f00-0123456789ab", "city=x"}, 3, "not_found"},
        {{"query", "SELECT nothing FROM nowhere"}, 2, "invalid_argument"},
        {{"query", "DELETE FROM account"}, 2, "invalid_argument"},
        {{"import", "/nowhere/x.csv", "--into", "account"}, 3, "not_found"},
        {{"resend", "99"}, 3, "not_found"},
        {{"dismiss", "99"}, 3, "not_found"},
        {{"login", "not a url", "li.wei"}, 2, "invalid_argument"},
        {{"login", "http://127.0.0.1:1", "li.wei"}, 4, "offline"},
        {{"sync"}, 5, "unauthorized"},
        {{"verify"}, 5, "unauthorized"},
        {{"bundle", "out", "/nowhere/x"}, 5, "unauthorized"},
        {{"bundle", "in", "/nowhere/x"}, 3, "not_found"},
        {{"bundle", "fly", "x"}, 2, "invalid_argument"},
        {{"admin", "user", "list"}, 5, "unauthorized"},
        {{"admin", "fly"}, 2, "invalid_argument"},
        {{"admin", "restore", "/nowhere/x", "--data", "/nowhere"}, 3, "not_found"},
        {{"admin", "prune", "--days", "3"}, 2, "invalid_argument"},
    };
    write(path("password"), "secret\n");
    for (const auto& [arguments, status, code] : cases) {
        std::vector<std::string> all = {"--password-file", path("password")};
        all.insert(all.end(), arguments.begin(), arguments.end());
        const Ran ran = run("a", all);
        EXPECT_EQ(ran.status, status) << arguments.front() << ": " << ran.out << ran.err;
        EXPECT_EQ(ran.error_code(), code) << arguments.front() << ": " << ran.out;
    }
}

TEST_F(Offline, ACommandThatIsNotThereIsNamed) {
    EXPECT_EQ(plain({"fly"}).err,
              "satchel: there is no command 'satchel fly'; see 'satchel --help'\n");
    EXPECT_EQ(plain({"admin", "user", "fly"}).err,
              "satchel: there is no command 'satchel admin user fly'; see 'satchel admin user "
              "--help'\n");
    EXPECT_EQ(plain({"admin"}).err,
              "satchel: a command is missing behind 'satchel admin'; see 'satchel admin --help'\n");
}

TEST_F(Offline, AFileThatCannotBeOpenedSaysWhy) {
    EXPECT_EQ(run("missing", {"status"}).status, 3);
    EXPECT_EQ(plain({"status", "--json"}).status, 2);
    write(path("text.satchel"), std::string(8192, 'x'));
    EXPECT_EQ(run("text", {"status"}).error_code(), "not_a_database");
    EXPECT_EQ(run("text", {"status"}).status, 8);
    EXPECT_EQ(plain({"init", path("a.satchel")}).status, 2);  // it exists
    const Ran nowhere = plain({"init", path("nowhere/b.satchel")});
    EXPECT_EQ(nowhere.status, 3);
    EXPECT_NE(nowhere.err.find("there is no folder"), std::string::npos) << nowhere.err;
    // user_version, in bytes 60 to 63 of the header: a format that this release does not know
    std::fstream file(path("a.satchel"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(60);
    file.write("\0\0\1\0", 4);
    file.close();
    std::filesystem::remove(path("a.satchel-wal"));
    std::filesystem::remove(path("a.satchel-shm"));
    const Ran newer = run("a", {"status"});
    EXPECT_EQ(newer.status, 8) << newer.out;
    EXPECT_EQ(newer.error_code(), "newer_format") << newer.out;
    EXPECT_EQ(run("a", {"query", "SELECT 1"}).error_code(), "newer_format");
}

TEST_F(Offline, AnEncryptedFileNeedsItsKey) {
    write(path("key"), "correct horse\n");
    write(path("other"), "battery staple\n");
    ASSERT_EQ(plain({"init", path("b.satchel"), "--key-file", path("key")}).status, 0);
    EXPECT_EQ(run("b", {"--key-file", path("key"), "status"}).status, 0);
    const Ran wrong = run("b", {"--key-file", path("other"), "status"});
    EXPECT_EQ(wrong.status, 8);
    EXPECT_EQ(wrong.error_code(), "wrong_key");
    EXPECT_EQ(run("b", {"status"}).status, 8);
}

TEST_F(Offline, PeopleReadChineseWhenTheyWantTo) {
    const Ran ran = plain({"-f", path("a.satchel"), "--lang", "zh", "status"});
    EXPECT_EQ(ran.status, 0);
    EXPECT_NE(ran.out.find("从未同步"), std::string::npos) << ran.out;
    const Ran english = plain({"-f", path("a.satchel"), "status"});
    EXPECT_NE(english.out.find("Never synced"), std::string::npos) << english.out;
    EXPECT_EQ(plain({"-f", path("a.satchel"), "--lang", "fr", "status"}).status, 2);
}

TEST_F(Offline, EveryCommandHasHelp) {
    for (const char* command :
         {"init",      "login",   "sync",     "status", "query",   "get",     "create",
          "set",       "delete",  "undelete", "unset",  "tag",     "count",   "history",
          "conflicts", "resolve", "rejected", "resend", "dismiss", "journal", "why",
          "verify",    "import",  "export",   "bundle", "logout",  "admin",   "demo"}) {
        const Ran ran = plain({command, "--help"});
        EXPECT_EQ(ran.status, 0) << command;
        EXPECT_NE(ran.out.find(command), std::string::npos) << command;
    }
}

TEST_F(Offline, AMillionCharactersAndOddOnesAreTakenOrRefusedWithALimit) {
    write(path("long.csv"),
          "name\n" + std::string(1'000'000, 'x') + "\n" + std::string(2'000'000, 'y') + "\n");
    const Ran ran = run("a", {"import", path("long.csv"), "--into", "account"});
    EXPECT_EQ(ran.status, 14) << ran.out;
    EXPECT_EQ(ran.json["created"], 1);
    EXPECT_EQ(ran.json["left_out"], 1);
    write(path("nul.csv"), std::string("name\nA\0B\nGood\n", 14));
    EXPECT_EQ(run("a", {"import", path("nul.csv"), "--into", "account"}).json["created"], 1);
}

}  // namespace
}  // namespace satchel::cli
