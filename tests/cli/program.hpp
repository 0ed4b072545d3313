// Program: the real `satchel` as a child process, with what it printed. Used by the tests of the
// command line and by the end-to-end tests.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "cli/child.hpp"

namespace satchel::cli {

using Json = nlohmann::ordered_json;

struct Ran {
    int status = -1;
    std::string out;
    std::string err;
    Json json;  // of `out`; discarded when it is not JSON

    std::string error_code() const {
        return json.is_object() && json.contains("error") ? json["error"]["code"] : "";
    }
};

inline std::string content(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

inline void write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

// A test with a folder of its own.
class ProgramTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string name =
            (std::filesystem::temp_directory_path() / "satchel-cli-test-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    std::string path(const std::string& name) const { return (folder_ / name).string(); }

    // `satchel ARGUMENTS…`, as it is.
    Ran plain(const std::vector<std::string>& arguments) const {
        std::vector<std::string> command = {SATCHEL_CLI_PROGRAM};
        command.insert(command.end(), arguments.begin(), arguments.end());
        std::filesystem::remove(path("out"));
        std::filesystem::remove(path("err"));
        auto child = Child::start(command, {.output = path("out"),
                                            .errors = path("err"),
                                            .environment = {{"LC_ALL", "C.UTF-8"},
                                                            {"SATCHEL_FILE", ""},
                                                            {"SATCHEL_KEY", ""},
                                                            {"SATCHEL_KEY_FILE", ""}}});
        Ran ran;
        if (!child) return ran;
        ran.status = child->wait();
        ran.out = content(path("out"));
        ran.err = content(path("err"));
        ran.json = Json::parse(ran.out, nullptr, false);
        return ran;
    }

    // `satchel -f NAME.satchel --json ARGUMENTS…`
    Ran run(const std::string& device, const std::vector<std::string>& arguments) const {
        std::vector<std::string> all = {"-f", path(device + ".satchel"), "--json"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return plain(all);
    }
    // The same; the test fails when the command does.
    Json done(const std::string& device, const std::vector<std::string>& arguments) const {
        const Ran ran = run(device, arguments);
        EXPECT_EQ(ran.status, 0) << arguments.front() << ": " << ran.out << ran.err;
        return ran.json;
    }

    std::filesystem::path folder_;
};

}  // namespace satchel::cli
