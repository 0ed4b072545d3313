// DemoOffice: the head office of the demo: a real `satcheld` process on 127.0.0.1, which can be
// killed and started again, and its administrator.
//
// Threads: one. Errors: not_found (no satcheld), time_out (it does not start), those of the server.
#pragma once

#include <memory>
#include <string>

#include "cli/admin_session.hpp"
#include "cli/child.hpp"
#include "cli/demo_data.hpp"

namespace satchel::cli {

class DemoOffice {
  public:
    explicit DemoOffice(std::string folder) : folder_(std::move(folder)) {}

    // Starts the server, on the same port as before when it ran already.
    Status start();
    void kill() { server_->kill(); }
    bool running() { return server_->running(); }
    pid_t process() const { return server_->process(); }
    const std::string& url() const { return url_; }
    std::string data() const { return folder_ + "/office"; }

    // Accounts for everybody, with the password in `folder`/password.txt.
    Status add_people(const std::vector<DemoPerson>& people);
    Result<Json> administer(const std::string& path, const Json& body);

  private:
    Result<std::unique_ptr<AdminSession>> administrator();

    std::string folder_;
    std::string url_;
    std::unique_ptr<Child> server_;
};

}  // namespace satchel::cli
