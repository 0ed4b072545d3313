// A listening TCP socket, with errors that say what to do.
//
// Errors: busy (the port is taken), read_only (a port below 1024 without the right),
// invalid_argument (no such address on this machine), io. Threads: functions without state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sync/result.hpp"

namespace satchel::server {

struct ListenAddress {
    std::string host;  // without brackets
    std::uint16_t port = 0;

    // "127.0.0.1:8080", "[::1]:0", "0.0.0.0:443", "localhost:0".
    static Result<ListenAddress> parse(std::string_view text);
    std::string text() const;
};

struct Listener {
    int socket = -1;  // the caller's to close
    std::uint16_t port = 0;
};

Result<Listener> listen_on(const ListenAddress& address);

}  // namespace satchel::server
