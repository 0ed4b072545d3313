// Server: one head office from start to stop, as the program and the tests run it.
//
//     SATCHEL_ASSIGN(auto server, Server::start(settings));
//     print("listening on " + server->url());
//     …
//     server->stop();
//
// Threads: one at a time. Errors: of start(), each saying what to do: the folder (in use, not
// writable), the file (newer format, another program's), the port, the certificate, the schema.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "server/data_directory.hpp"
#include "server/front_desk.hpp"
#include "server/http_server.hpp"
#include "server/office.hpp"

namespace satchel::server {

struct Settings {
    std::string data;
    ListenAddress listen{"127.0.0.1", 0};
    std::string tls_certificate;  // PEM files; both or none
    std::string tls_key;
    std::string workspace = "satchel";  // name of a new one
    std::string admin_password_file;    // first start only: its first line; else one is generated
    std::string schema = "starter";     // of a new workspace: starter, empty or a file of JSON
    std::string backups;                // folder; "" = DIR/backups
    std::string anchors;                // file; "" = DIR/audit-anchors.txt
    HttpOptions http;                   // address and certificate are taken from above
    FrontDeskOptions desk;
    ThrottleOptions throttle;
};

class Server {
  public:
    static Result<std::unique_ptr<Server>> start(const Settings& settings);
    ~Server() { stop(); }

    std::string url() const;
    std::uint16_t port() const { return http_->port(); }
    // Where the generated password of the first administrator stands; "" = nowhere (any more).
    const std::string& password_file() const { return password_file_; }
    // When the certificate ends, in milliseconds; 0 without TLS.
    std::int64_t certificate_expires_at() const { return certificate_expires_at_; }

    // What has to be done once in a while (each hour): old tokens, changes that never came,
    // the audit log's head.
    Status upkeep();
    // Finishes requests, answers those that wait, and closes the workspace.
    void stop();

  private:
    Server(DataDirectory directory, const Settings& settings)
        : settings_(settings), directory_(std::move(directory)) {}

    Status open_office();
    Status tidy_up();
    Status make_first_administrator();
    Result<std::string> first_password();
    Result<HttpOptions> http_options();

    const Settings settings_;
    DataDirectory directory_;
    std::string password_file_;
    std::int64_t certificate_expires_at_ = 0;
    std::unique_ptr<Office> office_;
    std::unique_ptr<FrontDesk> desk_;
    std::unique_ptr<HttpServer> http_;
};

}  // namespace satchel::server
