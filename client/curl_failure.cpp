#include "client/curl_failure.hpp"

#include <curl/curl.h>

#include <array>

#include "client/messages.hpp"

namespace satchel::client {
namespace {

// OpenSSL's numbers (x509_vfy.h), part of its ABI; written here so that this file needs no OpenSSL.
constexpr long kNotYetValid = 9;
constexpr long kHasExpired = 10;
constexpr long kHostnameMismatch = 62;
constexpr long kAddressMismatch = 64;

enum class Names { host, proxy };

struct Row {
    int code;
    ErrorCode meaning;
    std::string_view key;
    Names about = Names::host;
};

constexpr auto kRows = std::to_array<Row>({
    {CURLE_COULDNT_RESOLVE_HOST, ErrorCode::offline, "offline_no_name"},
    {CURLE_COULDNT_RESOLVE_PROXY, ErrorCode::offline, "proxy_no_name", Names::proxy},
    {CURLE_COULDNT_CONNECT, ErrorCode::offline, "offline_refused"},
    {CURLE_INTERFACE_FAILED, ErrorCode::offline, "offline_refused"},
    {CURLE_GOT_NOTHING, ErrorCode::offline, "offline_broken"},
    {CURLE_SEND_ERROR, ErrorCode::offline, "offline_broken"},
    {CURLE_RECV_ERROR, ErrorCode::offline, "offline_broken"},
    {CURLE_SEND_FAIL_REWIND, ErrorCode::offline, "offline_kept"},
    {CURLE_PARTIAL_FILE, ErrorCode::offline, "offline_broken"},
    {CURLE_HTTP2, ErrorCode::offline, "offline_broken"},
    {CURLE_HTTP2_STREAM, ErrorCode::offline, "offline_broken"},
    {CURLE_PROXY, ErrorCode::offline, "proxy_refused", Names::proxy},
    {CURLE_UNSUPPORTED_PROTOCOL, ErrorCode::bad_reply, "garbage"},
    {CURLE_WEIRD_SERVER_REPLY, ErrorCode::bad_reply, "garbage"},
    {CURLE_BAD_CONTENT_ENCODING, ErrorCode::bad_reply, "garbage"},
    {CURLE_OUT_OF_MEMORY, ErrorCode::bad_reply, "garbage"},  // what an endless header ends in
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, ErrorCode::bad_reply, "tls_pin"},
    {CURLE_SSL_CACERT_BADFILE, ErrorCode::invalid_argument, "tls_ca_file"},
    {CURLE_SSL_CONNECT_ERROR, ErrorCode::bad_reply, "tls_failed"},
    {CURLE_URL_MALFORMAT, ErrorCode::invalid_argument, "bad_url"},
});

std::string_view certificate_key(long verify_result) {
    switch (verify_result) {
        case kHasExpired:
            return "tls_expired";
        case kNotYetValid:
            return "tls_not_yet";
        case 0:  // the names do not match, which libcurl finds before it asks for the chain's
        case 1:  // result; the result has libcurl's initial value then
        case kHostnameMismatch:
        case kAddressMismatch:
            return "tls_wrong_host";
        default:
            return "tls_unknown";
    }
}

Error time_out(const CurlFailure& failed) {
    if (failed.deadline) return failure(ErrorCode::time_out, "time_out_deadline", {failed.host});
    const auto key = failed.connected ? "time_out_silent" : "time_out_connect";
    return failure(ErrorCode::time_out, key, {failed.host});
}

}  // namespace

Error error_of(const CurlFailure& failed) {
    if (failed.code == CURLE_ABORTED_BY_CALLBACK) return failure(ErrorCode::cancelled, "cancelled");
    if (failed.code == CURLE_OPERATION_TIMEDOUT) return time_out(failed);
    if (failed.code == CURLE_PEER_FAILED_VERIFICATION)
        return failure(ErrorCode::bad_reply, certificate_key(failed.verify_result), {failed.host});
    if (failed.code == CURLE_WRITE_ERROR)
        return failure(ErrorCode::bad_reply, "reply_too_large",
                       {failed.host, std::to_string(failed.max_bytes)});
    if (failed.proxy_connect == 407)
        return failure(ErrorCode::bad_reply, "proxy_password", {failed.proxy});
    if (failed.proxy_connect >= 300)
        return failure(ErrorCode::offline, "proxy_refused", {failed.proxy});
    for (const Row& row : kRows) {
        if (row.code != failed.code) continue;
        const bool by_proxy = row.about == Names::proxy ||
                              (row.code == CURLE_COULDNT_CONNECT && !failed.proxy.empty());
        const auto key = by_proxy && row.code == CURLE_COULDNT_CONNECT ? "proxy_refused" : row.key;
        return failure(row.meaning, key, {by_proxy ? failed.proxy : failed.host});
    }
    return {ErrorCode::offline,
            std::string("libcurl: ") + curl_easy_strerror(static_cast<CURLcode>(failed.code))};
}

}  // namespace satchel::client
