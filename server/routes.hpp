// The paths of the interface: one table (routes.cpp) of what each is, for whom, and how long its
// body may be. docs/http-api.md says what they do; a test holds page and table together.
//
// Threads: constant data. Errors: none.
#pragma once

#include <span>
#include <string_view>

#include "server/api.hpp"

namespace satchel::server {

enum class Needs : std::uint8_t {
    nothing,
    known_token,  // also of a device that was shut out
    token,
    administrator,
};

enum class RouteKind : std::uint8_t {
    health,   // answered on the spot, also when the worker is busy
    metrics,  // text; from this machine without a token
    sync,     // the engine
    quick,    // `endpoint`, on the worker
    slow,     // `slow`, on a thread of its own kind
    bundle,   // the same, and the body is a bundle file instead of JSON
};

struct Route {
    std::string_view method;
    std::string_view path;
    RouteKind kind;
    Needs needs;
    std::size_t max_body_bytes;
    Endpoint endpoint = nullptr;
    SlowEndpoint slow = nullptr;
};

std::span<const Route> routes();
// nullptr: no such path with this method.
const Route* find_route(std::string_view method, std::string_view path);
// The methods that the path has, for the header Allow; empty: there is no such path.
std::string methods_of(std::string_view path);

}  // namespace satchel::server
