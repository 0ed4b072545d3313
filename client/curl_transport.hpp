// CurlTransport: HTTP by libcurl, made for bad networks.
//
//     auto transport = CurlTransport::make({.ca_file = "office.pem"});
//     auto reply = (*transport)->exchange(request, cancel);
//
// TLS certificates are always verified. Proxies come from the option, else from the environment
// (https_proxy, http_proxy, all_proxy, no_proxy); this machine itself is reached without one.
// Redirects are never followed: behind one is a sign-in page, or a token in foreign hands.
// Connections are kept for the next exchange. A reply is bounded while it arrives.
//
// Threads: one at a time. A cancelled exchange returns within 100 ms, also while it resolves a name
// or connects.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "client/transport.hpp"

namespace satchel::client {

struct CurlOptions {
    std::string ca_file{};     // certificates to trust, PEM; "": the system's
    std::string pinned_key{};  // "sha256//<base64>[;sha256//…]": one of them, or no connection
    std::string proxy{};       // "http://name:password@host:port"; "": environment; "direct": none
    std::string user_agent = "Satchel";
    std::chrono::milliseconds connect_time_out{15'000};
    std::chrono::seconds silence{60};  // no byte either way for so long: the line is dead

    bool operator==(const CurlOptions&) const = default;
};

class CurlTransport final : public Transport {
  public:
    // Fails with internal when libcurl cannot start.
    static Result<std::unique_ptr<CurlTransport>> make(CurlOptions options = {});
    ~CurlTransport() override;

    Result<HttpReply> exchange(const HttpRequest& request, CancelToken& cancel) override;

  private:
    struct Handles;
    CurlTransport(CurlOptions options, std::unique_ptr<Handles> handles);

    CurlOptions options_;
    std::unique_ptr<Handles> handles_;
};

}  // namespace satchel::client
