// A head office on a folder of its own, with an administrator and whoever a test needs; and devices
// that sync with it over real sockets.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "server/server.hpp"
#include "storage/replica.hpp"
#include "storage/services.hpp"
#include "tests/server/http_client.hpp"
#include "tests/temp_folder.hpp"

namespace satchel::server {

constexpr const char* kPassword = "correct horse battery";
const nlohmann::json kEmpty = nlohmann::json::object();

using test::TempFolder;

class OfficeTest : public ::testing::Test {
  protected:
    OfficeTest();
    void start();
    void stop() { server_.reset(); }

    HttpClient client() const { return HttpClient(server_->url()); }
    Answer log_in(const std::string& login, const std::string& replica = "",
                  const std::string& password = kPassword) const;
    std::string token(const std::string& login, const std::string& replica = "") const;
    // An account with kPassword; gives its user id.
    std::string add_user(const std::string& login, const std::string& role = "rep",
                         const std::string& manager = "");
    const std::string& admin();  // an administrator's token

    TempFolder folder_;
    Settings settings_;
    std::unique_ptr<Server> server_;
    std::string admin_token_;
};

// A device with a replica file of its own, which talks to the server through the real session.
class TestDevice {
  public:
    // Makes the file and logs in.
    TestDevice(const TempFolder& folder, const HttpClient& client, const std::string& login);

    // Syncs until nothing is left; the last answer.
    Answer sync(std::uint64_t wait_ms = 0);
    // One request, as the session would send it now; no reply is taken in.
    Bytes next_request(std::uint64_t wait_ms = 0);
    Answer send(const Bytes& request) const;

    RecordId create_account(const std::string& name);
    bool has_account(const RecordId& id);
    std::string replica_text() const { return replica_text_; }
    const std::string& token() const { return token_; }
    const RecordId& user() const { return user_; }
    storage::Replica& replica() { return *replica_; }

  private:
    HttpClient client_;
    std::unique_ptr<storage::Replica> replica_;
    Services services_;
    std::string replica_text_;
    std::string token_;
    RecordId user_;
};

}  // namespace satchel::server
