#include "client/http_answer.hpp"

#include <gtest/gtest.h>

#include "client/messages.hpp"

namespace satchel::client {
namespace {

using std::chrono::milliseconds;

constexpr const char* kUrl = "https://sync.example.com:8443/v1/sync";

HttpReply ours(int status, std::string body = "{}") {
    return {status, {{"satchel-server", "0.1.0"}, {"content-type", "application/json"}}, body};
}

HttpReply foreign(int status, std::string body = "<html>") {
    return {status, {{"content-type", "text/html"}}, body};
}

std::string key_of(const HttpAnswer& answer) {
    return words_of(answer.status.error()).key;
}

TEST(HttpAnswer, TwoHundredOfASatchelServerIsFine) {
    EXPECT_TRUE(judge(ours(200), kUrl).status);
}

TEST(HttpAnswer, ASignInPageWithStatusTwoHundredIsNotTheServer) {
    const HttpAnswer answer = judge(foreign(200), kUrl);
    ASSERT_FALSE(answer.status);
    EXPECT_EQ(answer.status.error().code, ErrorCode::bad_reply);
    EXPECT_EQ(key_of(answer), "portal");
    EXPECT_NE(answer.status.error().message.find("sync.example.com:8443"), std::string::npos);
}

TEST(HttpAnswer, RefusalsOfSomebodyElseAreNotTheServers) {
    for (const int status : {400, 401, 403, 404, 429, 511}) {
        const HttpAnswer answer = judge(foreign(status), kUrl);
        ASSERT_FALSE(answer.status);
        EXPECT_EQ(answer.status.error().code, ErrorCode::bad_reply) << status;
    }
}

TEST(HttpAnswer, NobodyElseCanWipeADevice) {
    EXPECT_FALSE(judge(foreign(403, R"({"wiped": true})"), kUrl).wiped);
    EXPECT_FALSE(judge(ours(401, R"({"wiped": true})"), kUrl).wiped);
    EXPECT_FALSE(judge(ours(403, R"({"wiped": "yes"})"), kUrl).wiped);
    EXPECT_FALSE(judge(ours(403, R"([true])"), kUrl).wiped);
    EXPECT_FALSE(judge(ours(403, R"({"code": "forbidden", "message": "no"})"), kUrl).wiped);
}

TEST(HttpAnswer, ARevokedDeviceLearnsWhatTheServerHas) {
    const HttpAnswer answer =
        judge(ours(403, R"({"code":"forbidden","wiped":true,"acked_counter":17})"), kUrl);
    EXPECT_TRUE(answer.wiped);
    EXPECT_EQ(answer.acked_counter, 17U);
    EXPECT_EQ(answer.status.error().code, ErrorCode::forbidden);
}

TEST(HttpAnswer, ARedirectNamesWhereTo) {
    HttpReply reply = foreign(302);
    reply.headers.emplace_back("location", "http://portal.hotel.example/login?x=1");
    const HttpAnswer answer = judge(reply, kUrl);
    EXPECT_EQ(answer.status.error().code, ErrorCode::bad_reply);
    EXPECT_EQ(key_of(answer), "redirected");
    EXPECT_NE(answer.status.error().message.find("portal.hotel.example"), std::string::npos);
}

TEST(HttpAnswer, AGatewayWhoseServerIsAwayIsTriedAgain) {
    for (const int status : {502, 503, 504})
        EXPECT_EQ(judge(foreign(status), kUrl).status.error().code, ErrorCode::server_error);
}

TEST(HttpAnswer, AProxyThatRefusesLargeBodiesIsNamedAsOne) {
    const HttpAnswer answer = judge(foreign(413), kUrl);
    EXPECT_EQ(answer.status.error().code, ErrorCode::limit);
    EXPECT_EQ(key_of(answer), "proxy_too_large");
}

TEST(HttpAnswer, AProxyThatFailsIsTriedAgainAndIsNoSignInPage) {
    for (const int status : {500, 501, 520, 599}) {
        const HttpAnswer answer = judge(foreign(status), kUrl);
        EXPECT_EQ(answer.status.error().code, ErrorCode::server_error) << status;
        EXPECT_EQ(key_of(answer), "proxy_failed") << status;
    }
    EXPECT_EQ(key_of(judge(foreign(511), kUrl)), "portal");
}

TEST(HttpAnswer, RetryAfterIsHonoured) {
    HttpReply reply = ours(503);
    reply.headers.emplace_back("retry-after", "17");
    const HttpAnswer answer = judge(reply, kUrl);
    EXPECT_EQ(answer.status.error().code, ErrorCode::server_error);
    EXPECT_EQ(key_of(answer), "server_busy");
    EXPECT_EQ(key_of(judge(ours(503), kUrl)), "server_failed");  // it did not say when
    ASSERT_TRUE(answer.retry_after);
    EXPECT_EQ(*answer.retry_after, milliseconds(17'000));
}

TEST(HttpAnswer, AnAbsurdRetryAfterIsNot) {
    for (const char* value : {"-5", "soon", "1e9", "99999999999999999999", ""}) {
        HttpReply reply = ours(429);
        reply.headers.emplace_back("retry-after", value);
        EXPECT_FALSE(judge(reply, kUrl).retry_after) << value;
    }
    HttpReply reply = ours(429);
    reply.headers.emplace_back("retry-after", "99999999");
    EXPECT_EQ(*judge(reply, kUrl).retry_after, std::chrono::hours(24));
}

TEST(HttpAnswer, EachStatusOfTheServerHasItsCode) {
    struct Case {
        int status;
        ErrorCode code;
    };
    for (const Case& each :
         {Case{400, ErrorCode::invalid_argument}, Case{401, ErrorCode::unauthorized},
          Case{403, ErrorCode::forbidden}, Case{404, ErrorCode::not_found},
          Case{405, ErrorCode::bad_reply}, Case{413, ErrorCode::limit},
          Case{415, ErrorCode::invalid_argument}, Case{429, ErrorCode::forbidden},
          Case{500, ErrorCode::server_error}, Case{503, ErrorCode::server_error},
          Case{507, ErrorCode::server_error}, Case{599, ErrorCode::server_error}}) {
        const HttpAnswer answer = judge(ours(each.status), kUrl);
        ASSERT_FALSE(answer.status);
        EXPECT_EQ(answer.status.error().code, each.code) << each.status;
        EXPECT_NE(key_of(answer).substr(0, 5), "code_") << "no words for " << each.status;
    }
}

TEST(HttpAnswer, TooManyWrongPasswordsAreToldInTheServersWords) {
    HttpReply reply = ours(429);
    reply.headers.emplace_back("retry-after", "60");
    reply.body = R"({"code": "busy", "message": "too many wrong passwords; wait 60 seconds"})";
    const HttpAnswer answer = judge(reply, kUrl);
    EXPECT_EQ(answer.status.error().message,
              "The server refuses: too many wrong passwords; wait 60 seconds.");
    EXPECT_EQ(*answer.retry_after, milliseconds(60'000));
}

TEST(HttpAnswer, AddressesAreCompleted) {
    EXPECT_EQ(*server_url("https://a.example/"), "https://a.example");
    EXPECT_EQ(*server_url("a.example:8443"), "https://a.example:8443");
    EXPECT_EQ(*server_url("127.0.0.1:9"), "http://127.0.0.1:9");
    EXPECT_EQ(*server_url("http://[::1]:80//"), "http://[::1]:80");
    EXPECT_EQ(*server_url("总部.example"), "https://总部.example");
}

TEST(HttpAnswer, WhatIsNoAddressIsRefused) {
    for (const char* typed :
         {"", "/", "https://", "ftp://a.example", "a b.example", "https://name:word@a.example",
          "https://a.example?x=1", "file:///etc/passwd", "a\nb"}) {
        const auto url = server_url(typed);
        ASSERT_FALSE(url) << typed;
        EXPECT_EQ(url.error().code, ErrorCode::invalid_argument);
    }
}

TEST(HttpAnswer, ThisMachineIsKnown) {
    EXPECT_TRUE(is_loopback("127.0.0.1:80"));
    EXPECT_TRUE(is_loopback("localhost"));
    EXPECT_TRUE(is_loopback("[::1]:8080"));
    EXPECT_FALSE(is_loopback("localhost.example.com"));
    EXPECT_FALSE(is_loopback("10.0.0.1"));
}

}  // namespace
}  // namespace satchel::client
