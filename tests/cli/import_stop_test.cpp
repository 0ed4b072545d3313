// An import that stops half way says how far it came, and goes on from there without doubles.

#include <csignal>
#include <thread>

#include "tests/cli/documented.hpp"
#include "tests/cli/program.hpp"

namespace satchel::cli {
namespace {

constexpr int kRows = 20'000;

class ImportStop : public ProgramTest {
  protected:
    void SetUp() override {
        ProgramTest::SetUp();
        ASSERT_EQ(plain({"init", path("a.satchel")}).status, 0);
        std::string text = "name,city\n";
        for (int i = 0; i < kRows; ++i)
            text += "Company " + std::to_string(i) + ",武汉\n";
        write(path("many.csv"), text);
    }

    std::vector<std::string> import_command() const {
        return {"-f", path("a.satchel"), "--json", "import", path("many.csv"), "--into", "account"};
    }
    Json count() const {
        return done("a",
                    {"query", "SELECT count(*), count(DISTINCT name) FROM account"})["rows"][0];
    }
    // What was taken is here, and no more; the rest comes by --from-line.
    void expect_to_go_on(const Json& answer) const {
        ASSERT_TRUE(answer.contains("error")) << answer;
        EXPECT_EQ(difference(answer, documented("import error")), "");
        const Json& error = answer["error"];
        const int taken = error["created"];
        EXPECT_GT(taken, 0);
        EXPECT_LT(taken, kRows);
        EXPECT_EQ(error["line"], taken + 2);
        EXPECT_EQ(count(), Json({taken, taken}));
        const std::string line = error["line"].dump();
        EXPECT_NE(error["message"].get<std::string>().find("--from-line " + line),
                  std::string::npos);
        const Json rest =
            done("a", {"import", path("many.csv"), "--into", "account", "--from-line", line});
        EXPECT_EQ(rest["created"], kRows - taken);
        EXPECT_EQ(count(), Json({kRows, kRows}));
    }
};

TEST_F(ImportStop, AFullDiskLeavesTheRowsBeforeItAndSaysWhereToGoOn) {
    std::string line = "trap '' XFSZ; ulimit -f 4096; exec '" SATCHEL_CLI_PROGRAM "'";  // 2 MiB
    for (const std::string& argument : import_command())
        line += " '" + argument + "'";
    auto child = Child::start({"sh", "-c", line}, {.output = path("answer")});
    ASSERT_TRUE(child);
    EXPECT_EQ(child->wait(), 9);
    expect_to_go_on(Json::parse(content(path("answer")), nullptr, false));
}

TEST_F(ImportStop, CtrlCTakesWhatWasReadAndSaysWhereToGoOn) {
    std::vector<std::string> command = import_command();
    command.insert(command.begin(), SATCHEL_CLI_PROGRAM);
    auto child = Child::start(command, {.output = path("answer")});
    ASSERT_TRUE(child);
    std::error_code none_yet;
    while (child->running() &&
           std::filesystem::file_size(path("a.satchel-wal"), none_yet) + 1 < 300'000)
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    ::kill(child->process(), SIGINT);
    EXPECT_EQ(child->wait(), 130);
    expect_to_go_on(Json::parse(content(path("answer")), nullptr, false));
}

TEST_F(ImportStop, RowsBeforeTheLineArePassedOverWithTheirProblems) {
    write(path("x.csv"), "name,employees\nAcme,many\nBeta,1\nGamma,2\n");
    const Json answer =
        done("a", {"import", path("x.csv"), "--into", "account", "--from-line", "4"});
    EXPECT_EQ(answer["created"], 1);
    EXPECT_EQ(done("a", {"query", "SELECT name FROM account"})["rows"], Json({{"Gamma"}}));
    EXPECT_EQ(run("a", {"import", path("x.csv"), "--into", "account", "--from-line", "0"}).status,
              2);
}

}  // namespace
}  // namespace satchel::cli
