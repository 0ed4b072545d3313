#include "cli/demo_device.hpp"

#include <algorithm>
#include <filesystem>

#include "cli/files.hpp"
#include "cli/program_files.hpp"

namespace satchel::cli {
namespace {

constexpr std::size_t kMaxAnswerBytes = 64U << 20;

// What a command of ours said in place of an answer.
Error error_in(const Json& answer, const std::string& what) {
    const auto error = answer.find("error");
    const auto text = [&](const char* key) {
        return error != answer.end() && error->contains(key) && (*error)[key].is_string()
                   ? (*error)[key].get<std::string>()
                   : std::string();
    };
    for (int code = 1; code <= static_cast<int>(ErrorCode::internal); ++code)
        if (satchel::name(static_cast<ErrorCode>(code)) == text("code"))
            return {static_cast<ErrorCode>(code), what + ": " + text("message")};
    return {ErrorCode::internal, what + " failed without saying why"};
}

}  // namespace

DemoDevice::DemoDevice(const std::string& folder, std::string name, std::string owner,
                       std::string password_file, std::string program)
    : name_(std::move(name)),
      owner_(std::move(owner)),
      password_file_(std::move(password_file)),
      file_(folder + "/" + name_ + ".satchel"),
      program_(program.empty() ? own_path() : std::move(program)) {}

std::vector<std::string> DemoDevice::command(const std::vector<std::string>& arguments) const {
    std::vector<std::string> all = {program_,          "-f",          file_, "--json",
                                    "--password-file", password_file_};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
}

Result<Child> DemoDevice::start(const std::vector<std::string>& arguments) const {
    std::error_code ignored;
    std::filesystem::remove(output(), ignored);
    return Child::start(command(arguments), {.output = output(), .errors = file_ + ".err"});
}

Result<Json> DemoDevice::answer_of(Child& child) const {
    const int status = child.wait();
    SATCHEL_ASSIGN(const Bytes text, read_file(output(), kMaxAnswerBytes));
    Json answer = Json::parse(text, nullptr, false);
    if (status != 0 || !answer.is_object()) return error_in(answer, name_);
    return answer;
}

Result<Json> DemoDevice::run(const std::vector<std::string>& arguments, int* status) const {
    SATCHEL_ASSIGN(Child child, start(arguments));
    const int ended = child.wait();
    if (status != nullptr) *status = ended;
    SATCHEL_ASSIGN(const Bytes text, read_file(output(), kMaxAnswerBytes));
    Json answer = Json::parse(text, nullptr, false);
    if ((ended != 0 && status == nullptr) || !answer.is_object())
        return error_in(answer, "on " + name_ + ", satchel " + arguments.front());
    return answer;
}

Result<std::vector<std::string>> DemoDevice::column(const std::string& sql) const {
    SATCHEL_ASSIGN(const Json answer, run({"query", sql, "--limit", "0"}));
    std::vector<std::string> values;
    for (const Json& row : answer["rows"])
        values.push_back(row.empty()          ? ""
                         : row[0].is_string() ? row[0].get<std::string>()
                                              : dump(row[0]));
    return values;
}

Result<std::string> DemoDevice::value(const std::string& sql) const {
    SATCHEL_ASSIGN(const std::vector<std::string> values, column(sql));
    if (values.empty())
        return Error{ErrorCode::not_found, "nothing on " + name_ + " is like that: " + sql};
    return values.front();
}

}  // namespace satchel::cli
