// Transport: carries one HTTP request to its end. libcurl does it on desktops and servers
// (client/curl_transport.hpp), a phone's own HTTP stack or a test can take its place.
//
//     HttpRequest request{.method = "POST", .url = url, .body = bytes};
//     Result<HttpReply> reply = transport.exchange(request, cancel);
//
// A reply with any status is a success here; what it means is client/http_answer.hpp's matter.
// Threads: one exchange at a time per Transport; CancelToken from any thread. Errors: offline,
// time_out, cancelled, bad_reply (something else answered), invalid_argument (the address), with
// words from the catalogue (client/messages.hpp).
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "client/cancel.hpp"
#include "sync/ids.hpp"
#include "sync/limits.hpp"
#include "sync/result.hpp"

namespace satchel::client {

using SteadyTime = std::chrono::steady_clock::time_point;

struct HttpRequest {
    std::string method = "GET";
    std::string url{};
    std::vector<std::pair<std::string, std::string>> headers{};
    Bytes body{};
    // The body must not arrive twice. A transport that would send it again by itself, since a
    // connection kept from earlier exchanges ended without an answer, gives offline with the words
    // "offline_kept" instead: it may have arrived.
    bool once = false;
    SteadyTime deadline = SteadyTime::max();  // for the whole exchange
    // The server may be silent this long before the line counts as dead: waiting requests.
    std::chrono::milliseconds patience{0};
    std::size_t max_reply_bytes = kMaxReplyBytes;
    // Called about once a second and when bytes have moved, with the totals of this exchange.
    std::function<void(std::size_t sent, std::size_t received)> on_progress{};
};

struct HttpReply {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    Bytes body;

    // The value of a header, "" when it is not there. `name` in lower case.
    std::string_view header(std::string_view name) const;
};

class Transport {
  public:
    virtual ~Transport() = default;

    virtual Result<HttpReply> exchange(const HttpRequest& request, CancelToken& cancel) = 0;
};

}  // namespace satchel::client
