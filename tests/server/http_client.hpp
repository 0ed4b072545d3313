// What the tests of the server talk with: a plain HTTP client, and bare bytes on a socket.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace satchel::server {

struct Answer {
    int status = 0;  // 0: no HTTP reply; `failure` says why
    std::string failure;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;

    nlohmann::json json() const { return nlohmann::json::parse(body, nullptr, false); }
    std::string code() const { return json().value("code", ""); }
};

struct Ask {
    std::string method = "GET";
    std::string path;
    std::string body;
    std::string token;
    std::string content_type = "application/json";
    std::string trusted_certificate;  // file, for https
    long time_out_s = 20;
};

class HttpClient {
  public:
    explicit HttpClient(std::string url) : url_(std::move(url)) {}
    Answer ask(const Ask& ask) const;
    Answer get(const std::string& path, const std::string& token = "") const;
    Answer post(const std::string& path, const nlohmann::json& body,
                const std::string& token = "") const;

  private:
    std::string url_;
};

// One TCP connection to 127.0.0.1.
class BareSocket {
  public:
    explicit BareSocket(std::uint16_t port);
    BareSocket(const BareSocket&) = delete;
    BareSocket& operator=(const BareSocket&) = delete;
    ~BareSocket();

    bool send(const std::string& bytes);
    // Everything until the other side closes, or the time is over.
    std::string read_all(int time_out_ms = 5'000);
    // True when the other side has closed within the time.
    bool is_closed_within(int time_out_ms);

  private:
    int socket_;
};

}  // namespace satchel::server
