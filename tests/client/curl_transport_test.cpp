#include "client/curl_transport.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <future>

#include "client/http_answer.hpp"
#include "client/messages.hpp"
#include "tests/client/test_server.hpp"

namespace satchel::client {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing_support::closed_port;
using testing_support::Connection;
using testing_support::DeafPort;
using testing_support::reply;
using testing_support::TestServer;

std::unique_ptr<CurlTransport> transport(CurlOptions options = {}) {
    return *CurlTransport::make(std::move(options));
}

HttpRequest post(std::string url, Bytes body = "body") {
    HttpRequest request{.method = "POST", .url = std::move(url)};
    request.body = std::move(body);
    request.deadline = steady_clock::now() + 30s;
    return request;
}

// One POST to a server that follows `script`, judged as a client judges it.
Status outcome_of(TestServer::Script script, CurlOptions options = {},
                  std::size_t max_reply_bytes = kMaxReplyBytes) {
    TestServer server(std::move(script));
    const auto line = transport(std::move(options));
    HttpRequest request = post(server.url("/v1/sync"));
    request.max_reply_bytes = max_reply_bytes;
    CancelToken cancel;
    auto got = line->exchange(request, cancel);
    if (!got) return got.error();
    return judge(*got, request.url).status;
}

void expect_failure(const Status& status, ErrorCode code, std::string_view key) {
    ASSERT_FALSE(status);
    EXPECT_EQ(name(status.error().code), name(code)) << status.error().message;
    EXPECT_EQ(words_of(status.error()).key, key) << status.error().message;
}

TEST(CurlTransport, CarriesARequestAndItsReply) {
    std::promise<std::string> seen;
    TestServer server([&](Connection& connection) {
        seen.set_value(connection.read_request());
        connection.write(reply(200, "answer", "X-More: yes \r\n"));
    });
    HttpRequest request = post(server.url("/v1/x"), std::string("a\0b", 3));
    request.headers = {{"Authorization", "Bearer t"}};
    CancelToken cancel;
    const auto got = transport()->exchange(request, cancel);
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->status, 200);
    EXPECT_EQ(got->body, "answer");
    EXPECT_EQ(got->header("x-more"), "yes");
    const std::string sent = seen.get_future().get();
    EXPECT_NE(sent.find("POST /v1/x HTTP/1.1\r\n"), std::string::npos);
    EXPECT_NE(sent.find("Authorization: Bearer t\r\n"), std::string::npos);
    EXPECT_TRUE(sent.ends_with(std::string("a\0b", 3)));
}

TEST(CurlTransport, KeepsTheConnectionForTheNextExchange) {
    TestServer server([](Connection& connection) {
        while (!connection.read_request().empty())
            connection.write(reply(200, "x"));
    });
    const auto line = transport();
    CancelToken cancel;
    for (int i = 0; i < 5; ++i)
        ASSERT_TRUE(line->exchange(post(server.url()), cancel));
    EXPECT_EQ(server.connections(), 1);
}

TEST(CurlTransport, AKeptConnectionThatTheServerClosedIsNoError) {
    TestServer server([](Connection& connection) {
        connection.read_request();
        connection.write(reply(200, "x"));
    });
    const auto line = transport();
    CancelToken cancel;
    for (int i = 0; i < 3; ++i) {
        const auto got = line->exchange(post(server.url()), cancel);
        ASSERT_TRUE(got) << got.error().message;
    }
}

// The server may have taken it in, and what it answers to a second one is no answer to the first.
TEST(CurlTransport, WhatMustArriveOnceIsNotSentAgainWhenAKeptConnectionEnds) {
    std::atomic<int> requests{0};
    TestServer server([&](Connection& connection) {
        while (!connection.read_request().empty()) {
            if (++requests == 2) return;
            connection.write(reply(200, "x"));
        }
    });
    const auto line = transport();
    CancelToken cancel;
    HttpRequest request = post(server.url(), "changes");
    request.once = true;
    ASSERT_TRUE(line->exchange(request, cancel));
    const auto got = line->exchange(request, cancel);
    expect_failure(got ? Status() : got.error(), ErrorCode::offline, "offline_kept");
    EXPECT_EQ(requests, 2);
    EXPECT_TRUE(line->exchange(request, cancel)) << "by a connection of its own";
}

TEST(CurlTransport, ACaptivePortalIsToldApart) {
    expect_failure(outcome_of([](Connection& connection) {
                       connection.read_request();
                       connection.write(
                           "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                           "Content-Length: 20\r\n\r\n<html>Please sign in");
                   }),
                   ErrorCode::bad_reply, "portal");
    expect_failure(outcome_of([](Connection& connection) {
                       connection.read_request();
                       connection.write(
                           "HTTP/1.1 511 Network Authentication Required\r\n"
                           "Content-Length: 0\r\n\r\n");
                   }),
                   ErrorCode::bad_reply, "portal");
}

TEST(CurlTransport, ARedirectIsNotFollowed) {
    std::atomic<int> requests{0};
    expect_failure(outcome_of([&](Connection& connection) {
                       while (!connection.read_request().empty()) {
                           ++requests;
                           connection.write(
                               "HTTP/1.1 307 Go\r\nContent-Length: 0\r\nLocation: "
                               "http://portal.example/login\r\n\r\n");
                       }
                   }),
                   ErrorCode::bad_reply, "redirected");
    EXPECT_EQ(requests, 1);
}

TEST(CurlTransport, AnAnswerCutInTheMiddleIsNoAnswer) {
    const auto half = "HTTP/1.1 200 OK\r\nSatchel-Server: 1\r\nContent-Length: 100\r\n\r\nhalf";
    const auto chunk =
        "HTTP/1.1 200 OK\r\nSatchel-Server: 1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";
    const auto head = "HTTP/1.1 200 OK\r\nSatchel-Ser";
    for (const char* bytes : {half, chunk, head, ""}) {
        expect_failure(outcome_of([&](Connection& connection) {
                           connection.read_request();
                           connection.write(bytes);
                       }),
                       ErrorCode::offline, "offline_broken");
    }
}

TEST(CurlTransport, AResetConnectionIsOffline) {
    expect_failure(outcome_of([](Connection& connection) {
                       connection.read_request();
                       connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
                       connection.reset();
                   }),
                   ErrorCode::offline, "offline_broken");
}

TEST(CurlTransport, GarbageIsNotAnAnswer) {
    for (const char* bytes : {"SSH-2.0-OpenSSH_9.2\r\n", "\x16\x03\x01\x02", "220 ftp ready\r\n"}) {
        expect_failure(outcome_of([&](Connection& connection) {
                           connection.read_request();
                           connection.write(bytes);
                       }),
                       ErrorCode::bad_reply, "garbage");
    }
}

TEST(CurlTransport, AHugeAnswerIsStoppedWhileItArrives) {
    expect_failure(
        outcome_of(
            [](Connection& connection) {
                connection.read_request();
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n");
                const std::string block(1 << 16, 'x');
                for (int i = 0; i < 1000; ++i)
                    connection.write(block);
            },
            {}, 1'000'000),
        ErrorCode::bad_reply, "reply_too_large");
}

TEST(CurlTransport, EndlessHeadersAreStopped) {
    const auto endless = [](std::string_view line) {
        return [line](Connection& connection) {
            connection.read_request();
            connection.write("HTTP/1.1 200 OK\r\n");
            for (int i = 0; i < 5'000; ++i)
                connection.write(line);
        };
    };
    const Status many = outcome_of(endless("X-Header: 0123456789012345678901234567890\r\n"));
    ASSERT_FALSE(many);
    EXPECT_EQ(many.error().code, ErrorCode::bad_reply) << many.error().message;
    const Status one = outcome_of(endless("0123456789012345678901234567890123456789"));
    ASSERT_FALSE(one);
    EXPECT_EQ(one.error().code, ErrorCode::bad_reply) << one.error().message;
}

TEST(CurlTransport, NobodyListeningIsOffline) {
    CancelToken cancel;
    const auto got = transport()->exchange(
        post("http://127.0.0.1:" + std::to_string(closed_port()) + "/"), cancel);
    ASSERT_FALSE(got);
    expect_failure(got.error(), ErrorCode::offline, "offline_refused");
}

TEST(CurlTransport, AServerThatFallsSilentIsATimeOut) {
    CurlOptions options;
    options.silence = 1s;
    expect_failure(outcome_of(
                       [](Connection& connection) {
                           connection.read_request();
                           connection.wait_for_close();
                       },
                       options),
                   ErrorCode::time_out, "time_out_silent");
}

TEST(CurlTransport, PatienceLetsAWaitingRequestBeSilentLonger) {
    TestServer server([](Connection& connection) {
        connection.read_request();
        if (connection.pause(2'500ms)) connection.write(reply(200, "news"));
    });
    CurlOptions options;
    options.silence = 1s;
    HttpRequest request = post(server.url());
    request.patience = 30s;
    CancelToken cancel;
    const auto got = transport(options)->exchange(request, cancel);
    ASSERT_TRUE(got) << got.error().message;
}

TEST(CurlTransport, ADribbleIsBoundByTheDeadline) {
    TestServer server([](Connection& connection) {
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nSatchel-Server: 1\r\nContent-Length: 100000\r\n\r\n");
        while (connection.pause(20ms))
            connection.write("x");
    });
    HttpRequest request = post(server.url());
    request.deadline = steady_clock::now() + 400ms;
    CancelToken cancel;
    const auto got = transport()->exchange(request, cancel);
    ASSERT_FALSE(got);
    expect_failure(got.error(), ErrorCode::time_out, "time_out_deadline");
    EXPECT_LT(steady_clock::now() - request.deadline, 500ms);
}

TEST(CurlTransport, ADeadlineThatHasPassedSendsNothing) {
    TestServer server([](Connection& connection) { connection.read_request(); });
    HttpRequest request = post(server.url());
    request.deadline = steady_clock::now() - 1ms;
    CancelToken cancel;
    const auto got = transport()->exchange(request, cancel);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::time_out);
    EXPECT_EQ(server.connections(), 0);
}

TEST(CurlTransport, AConnectionThatIsNeverTakenIsATimeOut) {
    const DeafPort deaf;
    CurlOptions options;
    options.connect_time_out = 300ms;
    CancelToken cancel;
    const auto got = transport(options)->exchange(post(deaf.url()), cancel);
    ASSERT_FALSE(got);
    expect_failure(got.error(), ErrorCode::time_out, "time_out_connect");
}

// Runs an exchange on a thread of its own and cancels it when `arrived` is set.
void expect_quick_cancel(const HttpRequest& request, std::future<void> arrived) {
    CancelToken cancel;
    const auto line = transport();
    auto running = std::async(std::launch::async, [&] { return line->exchange(request, cancel); });
    arrived.wait();
    const auto began = steady_clock::now();
    cancel.cancel();
    const auto got = running.get();
    EXPECT_LT(steady_clock::now() - began, 100ms);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::cancelled);
}

TEST(CurlTransport, CancelEndsAWaitAtOnce) {
    std::promise<void> arrived;
    TestServer server([&](Connection& connection) {
        connection.read_request();
        arrived.set_value();
        connection.wait_for_close();
    });
    expect_quick_cancel(post(server.url()), arrived.get_future());
}

TEST(CurlTransport, CancelEndsADownloadAtOnce) {
    std::promise<void> arrived;
    TestServer server([&](Connection& connection) {
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\nbegin");
        arrived.set_value();
        while (connection.pause(5ms))
            connection.write("x");
    });
    expect_quick_cancel(post(server.url()), arrived.get_future());
}

TEST(CurlTransport, CancelEndsAnUploadAtOnce) {
    std::promise<void> arrived;
    TestServer server([&](Connection& connection) {
        arrived.set_value();
        connection.pause(30s);  // and reads nothing
    });
    expect_quick_cancel(post(server.url(), Bytes(32U << 20, 'x')), arrived.get_future());
}

TEST(CurlTransport, CancelEndsConnectingAtOnce) {
    const DeafPort deaf;
    std::promise<void> at_once;
    at_once.set_value();
    expect_quick_cancel(post(deaf.url()), at_once.get_future());
}

TEST(CurlTransport, ACancelledTokenSendsNothing) {
    TestServer server([](Connection& connection) { connection.read_request(); });
    CancelToken cancel;
    cancel.cancel();
    const auto got = transport()->exchange(post(server.url()), cancel);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::cancelled);
    EXPECT_EQ(server.connections(), 0);
}

TEST(CurlTransport, WorksAgainAfterACancel) {
    TestServer server([](Connection& connection) {
        connection.read_request();
        connection.write(reply(200, "x"));
    });
    const auto line = transport();
    CancelToken cancel;
    cancel.cancel();
    ASSERT_FALSE(line->exchange(post(server.url()), cancel));
    cancel.reset();
    EXPECT_TRUE(line->exchange(post(server.url()), cancel));
}

TEST(CurlTransport, ProgressCountsBothWays) {
    TestServer server([](Connection& connection) {
        connection.read_request();
        connection.write(reply(200, std::string(300'000, 'y')));
    });
    HttpRequest request = post(server.url(), Bytes(200'000, 'x'));
    std::size_t sent = 0;
    std::size_t received = 0;
    request.on_progress = [&](std::size_t up, std::size_t down) {
        EXPECT_GE(up, sent);
        EXPECT_GE(down, received);
        sent = up;
        received = down;
    };
    CancelToken cancel;
    ASSERT_TRUE(transport()->exchange(request, cancel));
    EXPECT_EQ(sent, 200'000U);
    EXPECT_EQ(received, 300'000U);
}

TEST(CurlTransport, AProxyThatWantsAPasswordIsNamed) {
    const auto asks = [](Connection& connection) {
        while (!connection.read_request().empty())
            connection.write(
                "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
                "Content-Length: 0\r\n\r\n");
    };
    TestServer proxy(asks);
    CurlOptions options;
    options.proxy = proxy.url();
    CancelToken cancel;
    HttpRequest plain = post("http://sync.example.com/v1/sync");
    auto got = transport(options)->exchange(plain, cancel);
    ASSERT_TRUE(got) << got.error().message;
    expect_failure(judge(*got, plain.url).status, ErrorCode::bad_reply, "proxy_password");

    got = transport(options)->exchange(post("https://sync.example.com/v1/sync"), cancel);
    ASSERT_FALSE(got);
    expect_failure(got.error(), ErrorCode::bad_reply, "proxy_password");
}

TEST(CurlTransport, GoesThroughAProxyWithItsPassword) {
    std::promise<std::string> seen;
    TestServer proxy([&](Connection& connection) {
        std::string request = connection.read_request();
        if (request.find("Proxy-Authorization: Basic bmFtZTp3b3Jk") == std::string::npos) {
            connection.write(
                "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
                "Content-Length: 0\r\n\r\n");
            request = connection.read_request();
        }
        seen.set_value(request);
        connection.write(reply(200, "x"));
    });
    CurlOptions options;
    options.proxy = "http://name:word@127.0.0.1:" + std::to_string(proxy.port());
    CancelToken cancel;
    const auto got = transport(options)->exchange(post("http://sync.example.com/a"), cancel);
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->status, 200);
    EXPECT_NE(seen.get_future().get().find("POST http://sync.example.com/a"), std::string::npos);
}

TEST(CurlTransport, AProxyThatIsNotThereIsNamedWithoutItsPassword) {
    CurlOptions options;
    const std::string host = "127.0.0.1:" + std::to_string(closed_port());
    options.proxy = "http://name:word@" + host;
    CancelToken cancel;
    const auto got = transport(options)->exchange(post("http://sync.example.com/"), cancel);
    ASSERT_FALSE(got);
    expect_failure(got.error(), ErrorCode::offline, "proxy_refused");
    EXPECT_NE(got.error().message.find(host), std::string::npos);
    EXPECT_EQ(got.error().message.find("word"), std::string::npos);
}

TEST(CurlTransport, AProxyThatRefusesTheTunnelIsNamed) {
    TestServer proxy([](Connection& connection) {
        connection.read_request();
        connection.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    });
    CurlOptions options;
    options.proxy = proxy.url();
    CancelToken cancel;
    const auto got = transport(options)->exchange(post("https://sync.example.com/"), cancel);
    ASSERT_FALSE(got);
    expect_failure(got.error(), ErrorCode::offline, "proxy_refused");
}

TEST(CurlTransport, ThisMachineIsReachedWithoutTheEnvironmentsProxy) {
    TestServer server([](Connection& connection) {
        connection.read_request();
        connection.write(reply(200, "x"));
    });
    for (const char* name : {"no_proxy", "NO_PROXY"})
        unsetenv(name);  // of the machine that the tests run on
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    CancelToken cancel;
    const auto got = transport()->exchange(post(server.url()), cancel);
    const auto away = transport()->exchange(post("http://sync.example.com/"), cancel);
    unsetenv("http_proxy");
    EXPECT_TRUE(got) << got.error().message;
    ASSERT_FALSE(away);
    expect_failure(away.error(), ErrorCode::offline, "proxy_refused");
}

TEST(CurlTransport, OtherSchemesAreRefused) {
    for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/", "", "http://"}) {
        CancelToken cancel;
        EXPECT_FALSE(transport()->exchange(post(url), cancel)) << url;
    }
}

}  // namespace
}  // namespace satchel::client
