// The program itself: options, signals, TLS, and two of it on one folder.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/server/office_fixture.hpp"
#include "tests/server/read_file.hpp"

namespace satchel::server {
namespace {

// satcheld as a process of its own; its output goes to files.
class Program {
  public:
    Program(const TempFolder& folder, const std::string& name, std::vector<std::string> options)
        : out_(folder.path(name + ".out")), err_(folder.path(name + ".err")) {
        options.insert(options.begin(), SATCHELD);
        std::vector<char*> arguments;
        for (std::string& option : options)
            arguments.push_back(option.data());
        arguments.push_back(nullptr);
        pid_ = fork();
        if (pid_ != 0) return;
        prctl(PR_SET_PDEATHSIG, SIGKILL);  // when the test is interrupted
        dup2(open(out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
        dup2(open(err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
        execv(SATCHELD, arguments.data());
        _exit(127);
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program() {
        if (pid_ > 0) kill(pid_, SIGKILL);
        if (pid_ > 0) waitpid(pid_, nullptr, 0);
    }

    // Its address, from the line it prints when it is ready; "" when it ended instead.
    std::string url() {
        for (int i = 0; i < 600; ++i) {
            const std::string text = read_file(out_);
            const std::size_t at = text.find("listening on ");
            if (at != std::string::npos && text.back() == '\n')
                return text.substr(at + 13, text.size() - at - 14);
            if (waitpid(pid_, &status_, WNOHANG) == pid_) {
                pid_ = -1;
                return "";
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{50});
        }
        return "";
    }
    int end(int signal) {
        if (pid_ > 0) kill(pid_, signal);
        return wait();
    }
    int wait() {
        if (pid_ > 0) waitpid(std::exchange(pid_, -1), &status_, 0);
        return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
    }
    std::string errors() const { return read_file(err_); }
    std::string output() const { return read_file(out_); }

  private:
    std::string out_;
    std::string err_;
    pid_t pid_ = -1;
    int status_ = 0;
};

class ProgramTest : public ::testing::Test {
  protected:
    std::vector<std::string> with(std::vector<std::string> more = {}) {
        std::vector<std::string> all = {"--data", folder_.path("data"), "--listen", "127.0.0.1:0"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    int run(const std::string& command) { return std::system(command.c_str()); }
    void make_certificate() {
        ASSERT_EQ(
            run("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
                "-addext subjectAltName=IP:127.0.0.1 -keyout " +
                folder_.path("key.pem") + " -out " + folder_.path("cert.pem") + " >/dev/null 2>&1"),
            0);
    }

    TempFolder folder_;
};

TEST_F(ProgramTest, StartsMakesAnAdministratorAndStopsWhenAsked) {
    Program program(folder_, "first", with());
    const std::string url = program.url();
    ASSERT_NE(url, "") << program.errors();
    EXPECT_EQ(HttpClient(url).get("/v1/health").status, 200);
    const std::string password_file = folder_.path("data") + "/admin-password.txt";
    EXPECT_NE(program.output().find(password_file), std::string::npos);
    std::string password = read_file(password_file);
    password.pop_back();
    const Answer answer =
        HttpClient(url).post("/v1/login", {{"login", "admin"}, {"password", password}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(program.end(SIGTERM), 0);
    EXPECT_EQ(program.errors().find(password), std::string::npos);
    Program again(folder_, "second", with());
    EXPECT_NE(again.url(), "");
    EXPECT_NE(again.output().find(password_file), std::string::npos);  // nobody has noted it yet
    EXPECT_EQ(again.end(SIGINT), 0);
    std::filesystem::remove(password_file);
    Program noted(folder_, "third", with());
    EXPECT_NE(noted.url(), "");
    EXPECT_EQ(noted.output().find("admin-password"), std::string::npos);
    EXPECT_EQ(noted.end(SIGINT), 0);
}

TEST_F(ProgramTest, TwoOnOneFolderAreRefused) {
    Program first(folder_, "first", with());
    ASSERT_NE(first.url(), "") << first.errors();
    Program second(folder_, "second", with());
    EXPECT_EQ(second.url(), "");
    EXPECT_EQ(second.wait(), 7);
    EXPECT_NE(second.errors().find("in use by another satcheld"), std::string::npos)
        << second.errors();
    EXPECT_EQ(first.end(SIGTERM), 0);
}

TEST_F(ProgramTest, AKilledOneLeavesTheFolderUsable) {
    {
        Program first(folder_, "first", with());
        ASSERT_NE(first.url(), "") << first.errors();
    }
    Program second(folder_, "second", with());
    EXPECT_NE(second.url(), "") << second.errors();
}

TEST_F(ProgramTest, SpeaksTlsAndNamesAPlainCertificateMistake) {
    make_certificate();
    Program program(
        folder_, "tls",
        with({"--tls-cert", folder_.path("cert.pem"), "--tls-key", folder_.path("key.pem")}));
    const std::string url = program.url();
    ASSERT_EQ(url.rfind("https://127.0.0.1:", 0), 0U) << program.errors();
    Ask ask;
    ask.path = "/v1/health";
    ask.trusted_certificate = folder_.path("cert.pem");
    EXPECT_EQ(HttpClient(url).ask(ask).status, 200);
    EXPECT_EQ(HttpClient(url).get("/v1/health").status, 0);  // nobody vouches for it
    EXPECT_EQ(program.end(SIGTERM), 0);
    Program half(folder_, "half", with({"--tls-cert", folder_.path("cert.pem")}));
    EXPECT_EQ(half.wait(), 2);
    EXPECT_NE(half.errors().find("--tls-key"), std::string::npos) << half.errors();
    Program swapped(
        folder_, "swapped",
        with({"--tls-cert", folder_.path("key.pem"), "--tls-key", folder_.path("key.pem")}));
    EXPECT_EQ(swapped.wait(), 2);
    EXPECT_NE(swapped.errors().find("holds no certificate"), std::string::npos) << swapped.errors();
}

TEST_F(ProgramTest, WrongOptionsAndFoldersAreNamed) {
    Program unknown(folder_, "unknown", {"--nonsense"});
    EXPECT_EQ(unknown.wait(), 2);
    Program help(folder_, "help", {"--help"});
    EXPECT_EQ(help.wait(), 0);
    EXPECT_NE(help.output().find("--listen"), std::string::npos);
    std::ofstream(folder_.path("file")) << "x";
    Program file(folder_, "file_as_folder", {"--data", folder_.path("file")});
    EXPECT_EQ(file.wait(), 8);
    EXPECT_NE(file.errors().find("is a file"), std::string::npos) << file.errors();
    Program address(folder_, "address", {"--data", folder_.path("x"), "--listen", "nonsense"});
    EXPECT_EQ(address.wait(), 2);
    EXPECT_NE(address.errors().find("HOST:PORT"), std::string::npos) << address.errors();
    Program schema(folder_, "schema", with({"--schema", folder_.path("nofile")}));
    EXPECT_EQ(schema.wait(), 2);
    EXPECT_NE(schema.errors().find("nofile"), std::string::npos) << schema.errors();
}

TEST_F(ProgramTest, TheAuditLogIsLookedAtWhileTheServerRunsAndWhatIsWrongIsTold) {
    Program server(folder_, "server", with());
    ASSERT_NE(server.url(), "") << server.errors();
    Program whole(folder_, "whole", {"--data", folder_.path("data"), "--check-audit"});
    EXPECT_EQ(whole.wait(), 0) << whole.errors();
    EXPECT_NE(whole.output().find("the audit log is whole"), std::string::npos) << whole.output();
    EXPECT_NE(whole.output().find("stand in " + folder_.path("data") + "/audit-anchors.txt"),
              std::string::npos)
        << whole.output();
    server.end(SIGTERM);
    {
        auto database =
            storage::Database::open(folder_.path("data") + "/office.satchel-server", {});
        ASSERT_TRUE(database && database->execute("DELETE FROM _audit WHERE number = 1"));
    }
    Program broken(folder_, "broken", {"--data", folder_.path("data"), "--check-audit"});
    EXPECT_EQ(broken.wait(), 8);
    EXPECT_NE(broken.errors().find("entry 1 is missing"), std::string::npos) << broken.errors();
}

TEST_F(ProgramTest, AFileOfANewerReleaseIsRefused) {
    {
        Program first(folder_, "first", with());
        ASSERT_NE(first.url(), "") << first.errors();
        first.end(SIGTERM);
    }
    {
        auto database =
            storage::Database::open(folder_.path("data") + "/office.satchel-server", {});
        ASSERT_TRUE(database);
        ASSERT_TRUE(database->set_user_version(9'999));
    }
    Program second(folder_, "second", with());
    EXPECT_EQ(second.wait(), 8);
    EXPECT_NE(second.errors().find("newer"), std::string::npos) << second.errors();
}

}  // namespace
}  // namespace satchel::server
