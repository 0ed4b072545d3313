#include "client/curl_failure.hpp"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include "client/messages.hpp"

namespace satchel::client {
namespace {

CurlFailure failed(CURLcode code) {
    CurlFailure failure;
    failure.code = code;
    failure.host = "sync.example.com";
    return failure;
}

TEST(CurlFailure, NoCodeOfLibcurlIsWithoutWords) {
    for (int code = 1; code < CURL_LAST; ++code) {
        const Error error = error_of(failed(static_cast<CURLcode>(code)));
        EXPECT_FALSE(error.message.empty()) << code;
        EXPECT_NE(error.code, ErrorCode::ok) << code;
    }
}

TEST(CurlFailure, ANameThatIsNotFoundMeansOffline) {
    const Error error = error_of(failed(CURLE_COULDNT_RESOLVE_HOST));
    EXPECT_EQ(error.code, ErrorCode::offline);
    EXPECT_EQ(words_of(error).key, "offline_no_name");
}

TEST(CurlFailure, ACertificateFailureSaysWhichOne) {
    struct Case {
        long verify_result;
        const char* key;
    };
    for (const Case& each :
         {Case{10, "tls_expired"}, Case{9, "tls_not_yet"}, Case{0, "tls_wrong_host"},
          Case{62, "tls_wrong_host"}, Case{18, "tls_unknown"}, Case{19, "tls_unknown"},
          Case{20, "tls_unknown"}, Case{23, "tls_unknown"}}) {
        CurlFailure failure = failed(CURLE_PEER_FAILED_VERIFICATION);
        failure.verify_result = each.verify_result;
        EXPECT_EQ(words_of(error_of(failure)).key, each.key) << each.verify_result;
        EXPECT_EQ(error_of(failure).code, ErrorCode::bad_reply);
    }
}

TEST(CurlFailure, ATimeOutSaysWhatWasTooSlow) {
    CurlFailure failure = failed(CURLE_OPERATION_TIMEDOUT);
    EXPECT_EQ(words_of(error_of(failure)).key, "time_out_connect");
    failure.connected = true;
    EXPECT_EQ(words_of(error_of(failure)).key, "time_out_silent");
    failure.deadline = true;
    EXPECT_EQ(words_of(error_of(failure)).key, "time_out_deadline");
}

}  // namespace
}  // namespace satchel::client
