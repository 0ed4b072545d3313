// What a server's reply means: pure, and the same for every Transport (docs/http-api.md).
//
//     HttpAnswer answer = judge(*reply, url);
//     if (!answer.status) return answer.status.error();
//
// Threads: pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "client/transport.hpp"

namespace satchel::client {

struct HttpAnswer {
    Status status;  // ok: 200 of a Satchel server; else what the reply says, in words
    // The server asked not to come back sooner (Retry-After, at most a day).
    std::optional<std::chrono::milliseconds> retry_after;
    // Head office has shut this device out; it has our changes up to `acked_counter`.
    bool wiped = false;
    std::uint64_t acked_counter = 0;
};

HttpAnswer judge(const HttpReply& reply, std::string_view url);

// "sync.example.com:8443" of "https://sync.example.com:8443/v1"; "" when it is not a URL of http.
std::string host_of(std::string_view url);

// "https://sync.example.com/" -> "https://sync.example.com"; "sync.example.com" -> with https, an
// address of this machine with http. invalid_argument for what cannot be an address.
Result<std::string> server_url(std::string_view typed);

// This machine itself ("localhost", "127.0.0.1:8080", "[::1]:80").
bool is_loopback(std::string_view host);

}  // namespace satchel::client
