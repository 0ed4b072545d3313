#include <gtest/gtest.h>

#include "client/curl_transport.hpp"
#include "client/messages.hpp"
#include "tests/client/test_certificate.hpp"
#include "tests/client/test_server.hpp"

namespace satchel::client {
namespace {

using testing_support::CertificateOptions;
using testing_support::Connection;
using testing_support::reply;
using testing_support::TestCertificate;
using testing_support::TestServer;

constexpr long kDay = 24 * 3600;

void answer(Connection& connection) {
    while (!connection.read_request().empty())
        connection.write(reply(200, "x"));
}

Result<HttpReply> exchange(const std::string& url, CurlOptions options) {
    CancelToken cancel;
    HttpRequest request{.method = "POST", .url = url};
    request.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    return (*CurlTransport::make(std::move(options)))->exchange(request, cancel);
}

Result<HttpReply> exchange(const TestCertificate& certificate, CurlOptions options) {
    TestServer server(answer, certificate.context());
    return exchange(server.url("/"), std::move(options));
}

CurlOptions trusting(const TestCertificate& certificate) {
    CurlOptions options;
    options.ca_file = certificate.ca_file();
    return options;
}

void expect_refused(const Result<HttpReply>& got, std::string_view key) {
    ASSERT_FALSE(got);
    EXPECT_EQ(words_of(got.error()).key, key) << got.error().message;
    EXPECT_EQ(got.error().code, ErrorCode::bad_reply);
}

TEST(Tls, ACertificateOfTheGivenCaIsTrusted) {
    const TestCertificate certificate;
    const auto got = exchange(certificate, trusting(certificate));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->body, "x");
}

TEST(Tls, AnUnknownCertificateIsNot) {
    const TestCertificate certificate;
    expect_refused(exchange(certificate, {}), "tls_unknown");
    const TestCertificate other;
    expect_refused(exchange(certificate, trusting(other)), "tls_unknown");
}

TEST(Tls, AnExpiredCertificateAsksAboutTheClock) {
    const TestCertificate certificate({.begins_s = -2 * kDay, .ends_s = -kDay});
    expect_refused(exchange(certificate, trusting(certificate)), "tls_expired");
}

TEST(Tls, ACertificateOfTheFutureMeansAWrongClock) {
    const TestCertificate certificate({.begins_s = kDay, .ends_s = 2 * kDay});
    expect_refused(exchange(certificate, trusting(certificate)), "tls_not_yet");
}

TEST(Tls, ACertificateOfAnotherMachineIsNotTrusted) {
    const TestCertificate certificate({.address = "192.0.2.1"});
    expect_refused(exchange(certificate, trusting(certificate)), "tls_wrong_host");
}

TEST(Tls, APinnedKeyMustBeTheServers) {
    const TestCertificate certificate;
    CurlOptions options = trusting(certificate);
    options.pinned_key = certificate.pin();
    const auto got = exchange(certificate, options);
    EXPECT_TRUE(got) << got.error().message;

    const TestCertificate next;
    options.pinned_key = next.pin() + ";" + certificate.pin();
    EXPECT_TRUE(exchange(certificate, options));
    options.pinned_key = next.pin();
    expect_refused(exchange(certificate, options), "tls_pin");
}

TEST(Tls, AServerWithoutTlsIsNotSpokenToInTheClear) {
    TestServer server([](Connection& connection) {
        connection.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        connection.wait_for_close();
    });
    expect_refused(exchange("https://127.0.0.1:" + std::to_string(server.port()), {}),
                   "tls_failed");
}

TEST(Tls, AMissingCaFileIsSaid) {
    const TestCertificate certificate;
    CurlOptions options;
    options.ca_file = "/no/such/file.pem";
    const auto got = exchange(certificate, options);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(words_of(got.error()).key, "tls_ca_file");
}

TEST(Tls, AServerThatDiesInTheMiddleDoesNotKillUs) {
    const TestCertificate certificate;
    TestServer server(
        [](Connection& connection) {
            connection.write("HTTP/1.1 200 OK\r\n");
            connection.reset();
        },
        certificate.context());
    CancelToken cancel;
    HttpRequest request{.method = "POST", .url = server.url("/")};
    request.body.assign(16U << 20, 'x');
    const auto got = (*CurlTransport::make(trusting(certificate)))->exchange(request, cancel);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::offline) << got.error().message;
}

}  // namespace
}  // namespace satchel::client
