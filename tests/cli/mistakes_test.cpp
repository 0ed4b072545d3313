// What once went wrong in silence: half a row, a dropped value, a lost file, a missing echo.

#include <pty.h>
#include <sys/wait.h>
#include <termios.h>

#include <thread>

#include "tests/cli/program.hpp"

namespace satchel::cli {
namespace {

class Mistakes : public ProgramTest {
  protected:
    void SetUp() override {
        ProgramTest::SetUp();
        ASSERT_EQ(plain({"init", path("a.satchel")}).status, 0);
    }

    Json rows(const std::string& sql) { return done("a", {"query", sql})["rows"]; }
    // A conflict on the field, of two values.
    std::string in_conflict(const std::string& field, const std::string& one,
                            const std::string& other) {
        const std::string id = done("a", {"create", "account", "name=Acme"})["id"];
        const std::string token = done("a", {"get", "account", id})["token"];
        done("a", {"set", "account", id, field + "=" + one});
        done("a", {"set", "account", id, field + "=" + other, "--token", token});
        return id;
    }
    // `satchel ARGUMENTS… > TO`
    Ran into(const std::string& to, const std::vector<std::string>& arguments) const {
        std::string line = SATCHEL_CLI_PROGRAM;
        for (const std::string& argument : arguments)
            line += " '" + argument + "'";
        auto child =
            Child::start({"sh", "-c", line + " > " + to + " 2> " + path("err")}, {.inherit = true});
        Ran ran;
        ran.status = child ? child->wait() : -1;
        ran.err = content(path("err"));
        return ran;
    }
};

TEST_F(Mistakes, ARowThatIsLeftOutLeavesNothingBehind) {
    write(path("c.csv"), "name,visits\nA,1\nC1,99999999999999999\nB,2\nC2,99999999999999999\n");
    const Ran ran = run("a", {"import", path("c.csv"), "--into", "account"});
    EXPECT_EQ(ran.status, 14);
    EXPECT_EQ(ran.json["created"], 2);
    EXPECT_EQ(ran.json["left_out"], 2);
    EXPECT_EQ(rows("SELECT name FROM account ORDER BY name"), Json({{"A"}, {"B"}}));
    EXPECT_EQ(rows("SELECT sum(visits) FROM account"), Json({{3}}));
}

TEST_F(Mistakes, AnUpdateThatIsLeftOutLeavesNothingBehind) {
    const auto many = [](const std::string& prefix) {  // more than half of what a set holds
        std::string elements;
        for (int i = 0; i < 600; ++i)
            elements += prefix + std::to_string(i) + ";";
        return elements;
    };
    write(path("c.csv"), "name,sector,tags\nA,steel,\nB,steel," + many("x") + "\n");
    done("a", {"import", path("c.csv"), "--into", "account", "--key", "name"});
    write(path("c.csv"), "name,sector,tags\nA,glass,x\nB,glass," + many("y") + "\n");
    const Ran ran = run("a", {"import", path("c.csv"), "--into", "account", "--key", "name"});
    EXPECT_EQ(ran.status, 14) << ran.out;
    EXPECT_EQ(ran.json["updated"], 1);
    EXPECT_EQ(ran.json["left_out"], 1);
    EXPECT_EQ(rows("SELECT name || ' ' || sector || ' ' || json_array_length(tags) FROM account "
                   "ORDER BY name"),
              Json({{"A glass 1"}, {"B steel 600"}}));
}

TEST_F(Mistakes, AnImportByKeyAddsTheElementsThatAreMissing) {
    const std::vector<std::string> import = {"import",  path("c.csv"), "--into",
                                             "account", "--key",       "name"};
    write(path("c.csv"), "name,tags,visits\nK,x,4\n");
    done("a", import);
    write(path("c.csv"), "name,tags,visits\nK,y;x,9\n");
    std::vector<std::string> check = import;
    check.emplace_back("--check");
    EXPECT_EQ(done("a", check)["updated"], 1);
    EXPECT_EQ(done("a", import)["updated"], 1);
    const Json fields = done("a", {"get", "account", "@K"})["fields"];
    EXPECT_EQ(fields["tags"], Json({"x", "y"}));
    EXPECT_EQ(fields["visits"], 4);  // counters stay
    EXPECT_EQ(done("a", check)["unchanged"], 1);
    EXPECT_EQ(done("a", import)["unchanged"], 1);
}

TEST_F(Mistakes, AnElementWithASemicolonSurvivesExportAndImport) {
    done("a", {"create", "account", "name=Acme", "tags=\"a;b\"; c"});
    done("a", {"export", "account", "--to", path("x.csv")});
    ASSERT_EQ(plain({"init", path("b.satchel")}).status, 0);
    done("b", {"import", path("x.csv"), "--into", "account"});
    EXPECT_EQ(done("b", {"get", "account", "@Acme"})["fields"]["tags"], Json({"a;b", "c"}));
    EXPECT_EQ(run("a", {"create", "account", "tags=\"a;b"}).status, 2);
}

TEST_F(Mistakes, ADecisionIsOfTheFieldsInConflictAndOfNothingElse) {
    const std::string id = in_conflict("sector", "steel", "glass");
    const struct {
        std::vector<std::string> decision;
        int status;
    } cases[] = {
        {{"name=zzz"}, 2},
        {{"sector=paper", "tags=zzz"}, 2},
        {{"--take", "1", "sector=paper"}, 2},
        {{"--take", "0"}, 2},
        {{}, 2},
        {{"sector=paper"}, 0},
    };
    for (const auto& [decision, status] : cases) {
        std::vector<std::string> all = {"resolve", "account", id, "sector"};
        all.insert(all.end(), decision.begin(), decision.end());
        EXPECT_EQ(run("a", all).status, status);
    }
    const Json fields = done("a", {"get", "account", id})["fields"];
    EXPECT_EQ(fields["name"], "Acme");
    EXPECT_EQ(fields["sector"], "paper");
}

TEST_F(Mistakes, AnEmptyKeyFileMakesNoFileWithoutEncryption) {
    for (const char* nothing : {"", "\n", "\r\n"}) {
        write(path("key"), nothing);
        const Ran ran = plain({"init", path("b.satchel"), "--key-file", path("key"), "--json"});
        EXPECT_EQ(ran.error_code(), "invalid_argument") << ran.out;
        EXPECT_FALSE(std::filesystem::exists(path("b.satchel")));
    }
}

TEST_F(Mistakes, AnAnswerThatCouldNotBeWrittenIsAnError) {
    const std::string file = path("a.satchel");
    EXPECT_EQ(into("/dev/full", {"-f", file, "query", "SELECT 1"}).status, 9);
    EXPECT_EQ(into("/dev/full", {"-f", file, "query", "SELECT 1", "--json"}).status, 9);
    EXPECT_EQ(into("/dev/full", {"-f", file, "export", "account"}).status, 9);
    const std::string much =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 100000) SELECT i FROM n";
    const Ran ran = into("/dev/full", {"-f", file, "query", much, "--limit", "0"});
    EXPECT_EQ(ran.status, 9);
    EXPECT_NE(ran.err.find("satchel: "), std::string::npos) << ran.err;
    EXPECT_EQ(into("/dev/null", {"-f", file, "query", "SELECT 1"}).status, 0);
}

TEST_F(Mistakes, AnExportThatFailsLeavesTheFileThatItWasToReplace) {
    write(path("x.csv"), "the one of yesterday\n");
    const std::string failing = "SELECT 1 UNION ALL SELECT abs(-9223372036854775808)";
    EXPECT_NE(run("a", {"export", "--query", failing, "--to", path("x.csv")}).status, 0);
    EXPECT_EQ(content(path("x.csv")), "the one of yesterday\n");
    done("a", {"export", "--query", "SELECT 7 AS n", "--to", path("x.csv")});
    EXPECT_EQ(content(path("x.csv")), "n\r\n7\r\n");
    const Ran nowhere = run("a", {"export", "account", "--to", path("nowhere/x.csv")});
    EXPECT_EQ(nowhere.status, 3);
    EXPECT_EQ(nowhere.out.find(".part"), std::string::npos) << nowhere.out;
    EXPECT_EQ(run("a", {"export", "account", "--to", folder_.string()}).status, 2);
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
        EXPECT_NE(entry.path().extension(), ".part");
}

TEST_F(Mistakes, AFolderIsNoFileToImport) {
    EXPECT_EQ(run("a", {"import", folder_.string(), "--into", "account"}).status, 2);
}

TEST_F(Mistakes, ANumberOutOfRangeIsToldInFewWords) {
    const Ran ran = run("a", {"query", "SELECT 1", "--limit", "-5"});
    EXPECT_EQ(ran.status, 2);
    EXPECT_LT(ran.out.size(), 300U) << ran.out;
    EXPECT_NE(ran.out.find("'-5' is no whole number"), std::string::npos) << ran.out;
    EXPECT_EQ(run("a", {"query", "SELECT 1", "--limit", "0"}).status, 0);
}

TEST_F(Mistakes, WhyTakesANameLikeTheOthers) {
    const std::string id = done("a", {"create", "account", "name=Acme"})["id"];
    EXPECT_EQ(done("a", {"why", "@Acme"})["id"], id);
    EXPECT_EQ(run("a", {"why", "@Nobody"}).status, 3);
}

TEST_F(Mistakes, AFileThatNeverSyncedDoesNotSayThatEverythingIsWithHeadOffice) {
    const Ran ran = plain({"-f", path("a.satchel"), "status"});
    EXPECT_EQ(ran.out.find("All changes"), std::string::npos) << ran.out;
}

TEST_F(Mistakes, StatusSaysWhyTheLastSyncFailed) {
    write(path("password"), "secret\n");
    EXPECT_EQ(run("a", {"sync"}).status, 5);
    EXPECT_EQ(done("a", {"status"})["last_error"]["code"], "unauthorized");
    const Ran ran = plain({"-f", path("a.satchel"), "status"});
    EXPECT_NE(ran.out.find("not logged in to a server"), std::string::npos) << ran.out;
}

// What has come from the terminal when `text` has; all of it when it never does.
std::string until(int terminal, const std::string& text) {
    std::string seen;
    char buffer[512];
    while (seen.find(text) == std::string::npos) {
        const ssize_t got = ::read(terminal, buffer, sizeof buffer);
        if (got <= 0) return seen;
        seen.append(buffer, static_cast<std::size_t>(got));
    }
    return seen;
}

bool echoes(int terminal) {
    termios state{};
    return ::tcgetattr(terminal, &state) == 0 && (state.c_lflag & ECHO) != 0;
}

TEST_F(Mistakes, CtrlCAtThePasswordGivesTheEchoBack) {
    const std::string file = path("a.satchel");
    int terminal = -1;
    const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
    ASSERT_GE(child, 0);
    if (child == 0) {
        ::unsetenv("SATCHEL_PASSWORD");
        ::execl(SATCHEL_CLI_PROGRAM, "satchel", "-f", file.c_str(), "login", "http://127.0.0.1:1",
                "li.wei", static_cast<char*>(nullptr));
        ::_exit(127);
    }
    EXPECT_NE(until(terminal, ": ").find("li.wei"), std::string::npos);
    for (int i = 0; i < 2'000 && echoes(terminal); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_FALSE(echoes(terminal));
    const int kept = ::dup(terminal);  // the state lives as long as one end is open
    ASSERT_EQ(::write(terminal, "\x03", 1), 1);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT) << status;
    EXPECT_TRUE(echoes(kept));
    ::close(kept);
    ::close(terminal);
}

}  // namespace
}  // namespace satchel::cli
