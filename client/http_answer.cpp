#include "client/http_answer.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "client/messages.hpp"

namespace satchel::client {
namespace {

using nlohmann::json;

constexpr std::int64_t kMaxRetryAfterSeconds = 24 * 3600;
constexpr int kSignInFirst = 511;  // RFC 6585: what a public network answers

// The members of an error reply; what is not there or of another kind stays empty.
struct ErrorBody {
    std::string message;
    bool wiped = false;
    std::uint64_t acked_counter = 0;
};

ErrorBody read_error(const HttpReply& reply) {
    const json parsed = json::parse(reply.body, nullptr, false);
    ErrorBody body;
    if (!parsed.is_object()) return body;
    if (const auto at = parsed.find("message"); at != parsed.end() && at->is_string())
        body.message = at->get<std::string>().substr(0, 500);
    while (body.message.ends_with('.'))
        body.message.pop_back();
    if (const auto at = parsed.find("wiped"); at != parsed.end() && at->is_boolean())
        body.wiped = at->get<bool>();
    if (const auto at = parsed.find("acked_counter");
        at != parsed.end() && at->is_number_unsigned())
        body.acked_counter = at->get<std::uint64_t>();
    return body;
}

// Seconds only: our server sends no dates.
std::optional<std::int64_t> retry_after_seconds(const HttpReply& reply) {
    const std::string_view text = reply.header("retry-after");
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || seconds < 0)
        return std::nullopt;
    return std::min(seconds, kMaxRetryAfterSeconds);
}

// Between us and the server something answers in its place.
Error not_a_server(const HttpReply& reply, const std::string& host) {
    if (reply.status == 407) return failure(ErrorCode::bad_reply, "proxy_password", {host});
    if (reply.status >= 300 && reply.status < 400) {
        const std::string to = host_of(reply.header("location"));
        return failure(ErrorCode::bad_reply, "redirected", {host, to.empty() ? "?" : to});
    }
    if (reply.status == 413) return failure(ErrorCode::limit, "proxy_too_large", {host});
    // A gateway in front of the server, which is away.
    if (reply.status == 502 || reply.status == 503 || reply.status == 504)
        return failure(ErrorCode::server_error, "server_failed", {std::to_string(reply.status)});
    if (reply.status >= 500 && reply.status != kSignInFirst)
        return failure(ErrorCode::server_error, "proxy_failed",
                       {host, std::to_string(reply.status)});
    return failure(ErrorCode::bad_reply, "portal", {host});
}

// A host that brings its own HTTP hands no Retry-After in.
Error server_failed(int status, std::optional<std::int64_t> seconds) {
    if (status == 503 && seconds)
        return failure(ErrorCode::server_error, "server_busy", {std::to_string(*seconds)});
    return failure(ErrorCode::server_error, "server_failed", {std::to_string(status)});
}

Error refusal(const HttpReply& reply, const ErrorBody& body, std::optional<std::int64_t> seconds) {
    const std::string& says = body.message.empty() ? std::to_string(reply.status) : body.message;
    switch (reply.status) {
        case 400:
        case 415:
            return failure(ErrorCode::invalid_argument, "server_says", {says});
        case 401:
            return failure(ErrorCode::unauthorized, "login_again");
        case 403:
            return failure(ErrorCode::forbidden, "refused", {says});
        case 404:
            return failure(ErrorCode::not_found, "server_says", {says});
        case 405:
            return failure(ErrorCode::bad_reply, "no_such_path");
        case 413:
            return failure(ErrorCode::limit, "too_large", {says});
        case 429:  // of a log-in: too many wrong passwords, and how long to wait
            return failure(ErrorCode::forbidden, "refused", {says});
        case 507:
            return failure(ErrorCode::server_error, "server_disk_full");
        default:
            return server_failed(reply.status, seconds);
    }
}

bool is_host_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_' || c == ':' || c == '[' || c == ']' || c < 0;
}

}  // namespace

std::string_view HttpReply::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (key == name) return value;
    return {};
}

HttpAnswer judge(const HttpReply& reply, std::string_view url) {
    const bool ours = !reply.header("satchel-server").empty();
    if (ours && reply.status == 200) return {};

    HttpAnswer answer;
    const auto seconds = retry_after_seconds(reply);
    if (seconds) answer.retry_after = std::chrono::seconds(*seconds);
    if (!ours) {
        answer.status = not_a_server(reply, host_of(url));
        return answer;
    }
    const ErrorBody body = read_error(reply);
    answer.status = refusal(reply, body, seconds);
    answer.wiped = reply.status == 403 && body.wiped;
    answer.acked_counter = body.acked_counter;
    return answer;
}

std::string host_of(std::string_view url) {
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (!url.starts_with(scheme)) continue;
        url.remove_prefix(scheme.size());
        const std::string_view authority = url.substr(0, url.find_first_of("/?#"));
        return std::string(authority.substr(authority.rfind('@') + 1));
    }
    return {};
}

Result<std::string> server_url(std::string_view typed) {
    const auto bad = [&] {
        return failure(ErrorCode::invalid_argument, "bad_url", {std::string(typed)});
    };
    std::string_view text = typed;
    while (text.ends_with('/'))
        text.remove_suffix(1);
    std::string url(text);
    if (url.find("://") == std::string::npos)
        url = (is_loopback(url.substr(0, url.find('/'))) ? "http://" : "https://") + url;
    const std::string host = host_of(url);
    if (host.empty() || host.ends_with(':') || url.find('@') != std::string::npos) return bad();
    if (!std::all_of(host.begin(), host.end(), is_host_character)) return bad();
    if (url.find_first_of(" \t\r\n?#") != std::string::npos) return bad();
    return url;
}

bool is_loopback(std::string_view host) {
    const std::string_view name =
        host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
    return name == "localhost" || name == "[::1]" || name.starts_with("127.");
}

}  // namespace satchel::client
