// JSON as the interface uses it: one object per body, members of known kinds, errors that name the
// member. Nothing here throws, whatever the bytes are.
//
//     SATCHEL_ASSIGN(const JsonBody body, JsonBody::parse(request.body));
//     SATCHEL_ASSIGN(const std::string login, body.text("login", 64));
//     SATCHEL_ASSIGN(const auto role, body.optional_text("role", 16));
//
// Members that nobody asks for are passed over. Threads: values.
// Errors: invalid_argument, naming the member and what it must be; limit for a text too long.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http_server.hpp"
#include "sync/result.hpp"

namespace satchel::server {

using Json = nlohmann::json;

constexpr std::size_t kMaxTextsInList = 1'000;

class JsonBody {
  public:
    // An empty body is an empty object.
    static Result<JsonBody> parse(std::string_view body);
    // Of an object inside another one.
    static JsonBody of(const Json& object);

    Result<std::string> text(const char* name, std::size_t max_bytes) const;
    // Nothing: not given, or null.
    Result<std::optional<std::string>> optional_text(const char* name, std::size_t max_bytes) const;
    Result<std::optional<bool>> optional_flag(const char* name) const;
    Result<std::optional<std::vector<std::string>>> optional_texts(const char* name,
                                                                   std::size_t max_bytes) const;
    const Json& json() const { return json_; }

  private:
    const Json* member(const char* name) const;

    Json json_ = Json::object();
};

// Bytes that are not UTF-8 become U+FFFD.
std::string dump(const Json& json);
HttpReply json_reply(const Json& json, int status = 200);

// {"code", "message"} with the status of the code, as docs/http-api.md lists them.
int http_status(ErrorCode code);
HttpReply error_reply(const Error& error);
// 503 or 429 with Retry-After.
HttpReply later_reply(int status, std::string message, std::int64_t seconds);
// 503: to whatever comes, or still waits, while the server ends.
HttpReply stopping_reply();

}  // namespace satchel::server
