// AdminSession: one administrator's calls of the HTTP interface (docs/http-api.md,
// "Administration"), either by the log-in of a replica file, or by a log-in for this one command.
//
// Threads: one. Errors: unauthorized, forbidden (not an administrator), those of the network, and
// what the server says.
#pragma once

#include <memory>
#include <string>

#include "cli/context.hpp"
#include "client/curl_transport.hpp"

namespace satchel::cli {

struct AdminArguments {
    std::string server;  // with a log-in for this command; "": the replica file's
    std::string login = "admin";
    std::string ca_file;
};

// A device's request bundle, answered.
struct BundleAnswer {
    Bytes file;    // for the device
    Json summary;  // what it brought, in the server's words
};

class AdminSession {
  public:
    static Result<std::unique_ptr<AdminSession>> open(const Context& context,
                                                      const AdminArguments& arguments);
    AdminSession(const AdminSession&) = delete;
    AdminSession& operator=(const AdminSession&) = delete;
    // Ends a token that was only for this command.
    ~AdminSession();

    Result<Json> read(const std::string& path);                     // GET
    Result<Json> write(const std::string& path, const Json& body);  // POST
    // corrupt, newer_format: the bundle.
    Result<BundleAnswer> exchange_bundle(const Bytes& file);

  private:
    AdminSession() = default;
    Status log_in(const std::string& login, const std::string& password);
    Result<Json> call(const char* method, const std::string& path, const std::string& body);
    client::HttpRequest request_to(const char* method, const std::string& path) const;

    std::unique_ptr<client::CurlTransport> transport_;
    std::string url_;
    std::string token_;
    bool own_token_ = false;
};

// For a URL's query.
std::string percent_encoded(std::string_view text);

}  // namespace satchel::cli
