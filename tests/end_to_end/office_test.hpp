// OfficeTest: a real satcheld on a free port of 127.0.0.1, and devices that real `satchel`
// processes work on.
#pragma once

#include <memory>
#include <thread>

#include "tests/cli/documented.hpp"
#include "tests/cli/program.hpp"

namespace satchel::cli {

class OfficeTest : public ProgramTest {
  protected:
    void SetUp() override {
        ProgramTest::SetUp();
        write(path("password"), "correct horse battery\n");
        start_server("127.0.0.1:0");
    }

    void start_server(const std::string& listen) {
        const std::string address = path("office/address");
        std::filesystem::remove(address);
        auto child = Child::start({SATCHELD_PROGRAM, "--data", path("office"), "--listen", listen,
                                   "--admin-password-file", path("password")},
                                  {.output = path("satcheld.log"), .errors = path("satcheld.log")});
        ASSERT_TRUE(child);
        server_ = std::make_unique<Child>(std::move(*child));
        for (int i = 0; i < 6'000 && !content(address).ends_with('\n'); ++i) {
            ASSERT_TRUE(server_->running()) << content(path("satcheld.log"));
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        url_ = content(address);
        ASSERT_TRUE(url_.starts_with("http://127.0.0.1:")) << content(path("satcheld.log"));
        url_.pop_back();
    }
    void stop_server() {
        server_->terminate();
        EXPECT_EQ(server_->wait(), 0);
    }
    std::string listen() const { return url_.substr(std::string("http://").size()); }

    Ran admin(const std::vector<std::string>& arguments) const {
        std::vector<std::string> all = {"--json", "--password-file", path("password"),
                                        "admin",  "--server",        url_};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return plain(all);
    }
    void add_user(const std::string& login, const std::string& role = "rep",
                  const std::string& manager = "") const {
        std::vector<std::string> arguments = {"user",           "add",    login,
                                              "--role",         role,     "--new-password-file",
                                              path("password"), "--pool", "south"};
        if (!manager.empty()) arguments.insert(arguments.end(), {"--manager", manager});
        const Ran ran = admin(arguments);
        ASSERT_EQ(ran.status, 0) << ran.out << ran.err;
    }

    Json log_in(const std::string& device, const std::string& login) const {
        EXPECT_EQ(plain({"init", path(device + ".satchel")}).status, 0);
        return done(device, {"login", url_, login, "--password-file", path("password"),
                             "--device-name", device});
    }
    // A device that is in step.
    void make_device(const std::string& device, const std::string& login) const {
        log_in(device, login);
        done(device, {"sync"});
    }

    std::string as_documented(const std::string& name, const Json& answer) const {
        const Json form = documented(name);
        return form.is_object() ? difference(answer, form) : "no form is documented";
    }

    std::string url_;
    std::unique_ptr<Child> server_;
};

}  // namespace satchel::cli
