#include "cli/demo_office.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "cli/files.hpp"
#include "cli/program_files.hpp"
#include "client/secret_file.hpp"

namespace satchel::cli {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kStartTime{30};
constexpr std::size_t kMaxAddressBytes = 1'024;

// The administrator's calls, without a replica file.
Context administrator_context(const std::string& password_file) {
    Context context;
    context.password_file = password_file;
    return context;
}

}  // namespace

Status DemoOffice::start() {
    SATCHEL_ASSIGN(const std::string program, find_program("satcheld", "server"));
    const std::string address = data() + "/address";
    std::error_code ignored;
    std::filesystem::remove(address, ignored);
    const std::string listen =
        url_.empty() ? "127.0.0.1:0" : url_.substr(std::string("http://").size());
    SATCHEL_ASSIGN(Child child, Child::start({program, "--data", data(), "--listen", listen},
                                             {.output = folder_ + "/satcheld.log",
                                              .errors = folder_ + "/satcheld.log"}));
    server_ = std::make_unique<Child>(std::move(child));
    const auto until = steady_clock::now() + kStartTime;
    while (steady_clock::now() < until) {
        const auto text = read_file(address, kMaxAddressBytes);
        if (text && text->ends_with('\n')) {
            url_ = text->substr(0, text->size() - 1);
            return {};
        }
        if (!server_->running()) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    const auto log = read_file(folder_ + "/satcheld.log", 1U << 20);
    return {ErrorCode::time_out, "satcheld did not start: " + (log ? *log : std::string())};
}

Result<std::unique_ptr<AdminSession>> DemoOffice::administrator() {
    const Context context = administrator_context(data() + "/admin-password.txt");
    return AdminSession::open(context, {url_, "admin", ""});
}

Status DemoOffice::add_people(const std::vector<DemoPerson>& people) {
    SATCHEL_ASSIGN(const std::string password, client::read_secret_file(folder_ + "/password.txt"));
    SATCHEL_ASSIGN(const auto session, administrator());
    for (const DemoPerson& person : people) {
        Json body = {{"login", person.login},
                     {"name", person.name},
                     {"role", person.manager.empty() ? "manager" : "rep"},
                     {"pools", Json::array({kDemoPool})},
                     {"password", password}};
        if (!person.manager.empty()) body["manager"] = person.manager;
        SATCHEL_ASSIGN(const Json added, session->write("/v1/admin/users", body));
    }
    return {};
}

Result<Json> DemoOffice::administer(const std::string& path, const Json& body) {
    SATCHEL_ASSIGN(const auto session, administrator());
    return session->write(path, body);
}

}  // namespace satchel::cli
