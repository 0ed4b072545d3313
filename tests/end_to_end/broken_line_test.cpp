// A line that breaks at any byte, between a real device and a real head office.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <functional>

#include "server/restore.hpp"
#include "tests/client/test_server.hpp"
#include "tests/end_to_end/sync_fixture.hpp"

namespace satchel::client {
namespace {

using testing_support::Connection;
using testing_support::TestServer;

// What the line lets through.
struct Line {
    std::atomic<std::size_t> reply_lacks{0};         // bytes at its end
    std::atomic<std::size_t> request_has{SIZE_MAX};  // bytes; less than all: nothing comes back
    std::atomic<std::size_t> request_size{0};        // of the last one
    std::atomic<std::size_t> reply_size{0};
};

// The first bytes of a request, and then nobody is there any more.
void break_off(int port, std::string_view bytes) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_GE(socket, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) break;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    ::close(socket);
}

// The server's whole answer as bytes of HTTP.
std::string answer_of(const std::string& url, const std::string& request) {
    const auto body = request.find("\r\n\r\n") + 4;
    const auto token = request.find("Authorization: ");
    HttpRequest onward{.method = "POST", .url = url + "/v1/sync"};
    onward.headers = {
        {"Content-Type", "application/x-satchel-sync"},
        {"Authorization", request.substr(token + 15, request.find("\r\n", token) - token - 15)}};
    onward.body = request.substr(body);
    CancelToken cancel;
    const auto reply = (*CurlTransport::make())->exchange(onward, cancel);
    if (!reply) return {};
    return testing_support::reply(reply->status, reply->body,
                                  "Content-Type: application/x-satchel-sync\r\n");
}

TestServer::Script broken_by(const server::Server& server, Line& line) {
    return [url = server.url(), port = server.port(), &line](Connection& connection) {
        const std::string request = connection.read_request();
        if (request.empty()) return;
        line.request_size = request.size();
        if (line.request_has < request.size())
            return break_off(port, std::string_view(request).substr(0, line.request_has));
        const std::string whole = answer_of(url, request);
        line.reply_size = whole.size();
        connection.write(std::string_view(whole).substr(
            0, whole.size() - std::min(whole.size(), line.reply_lacks.load())));
    };
}

class BrokenLine : public SyncTest {
  protected:
    void TearDown() override {
        device = {};
        other = {};
        between.reset();
        SyncTest::TearDown();
    }

    // The device writes a customer, which has to go over the line.
    RecordId put_between() {
        device = ready("one", "li.wei");
        other = ready("other", "chen.jie");
        between = std::make_unique<TestServer>(broken_by(*server_, line));
        EXPECT_TRUE(device.replica->set_setting("server.url", between->url()));
        return create(device, "A");
    }
    // Nothing has happened, as far as the device can tell, and its person is told so.
    void expect_offline() {
        const SyncOutcome cut = device.sync();
        ASSERT_FALSE(cut.status);
        EXPECT_EQ(cut.status.error().code, ErrorCode::offline) << cut.status.error().message;
        EXPECT_EQ(device.pending(), 1U);
    }
    void expect_it_arrives(const RecordId& id) {
        expect_fine(device.sync());
        EXPECT_EQ(device.pending(), 0U);
        expect_fine(other.sync());
        EXPECT_EQ(name_of(other, id), "A");
        EXPECT_EQ(other.replica->conflicts()->size(), 0U);
    }

    Line line;
    std::unique_ptr<TestServer> between;
    Device device;
    Device other;
};

TEST_F(BrokenLine, AReplyThatEndsAtAnyByteCostsARepetitionAndNothingElse) {
    const RecordId id = put_between();
    line.reply_lacks = 1;
    expect_offline();
    ASSERT_GT(line.reply_size, 150U);
    for (std::size_t lacks = 2; lacks <= line.reply_size; ++lacks) {
        line.reply_lacks = lacks;
        expect_offline();
        if (HasFailure()) FAIL() << "at " << lacks << " bytes from the end";
    }
    line.reply_lacks = 0;
    expect_it_arrives(id);
}

TEST_F(BrokenLine, ARequestThatEndsAtAnyByteChangesNothing) {
    const RecordId id = put_between();
    line.request_has = 0;
    expect_offline();
    ASSERT_GT(line.request_size, 300U);
    for (std::size_t has = 1; has < line.request_size; ++has) {
        line.request_has = has;
        expect_offline();
        if (HasFailure()) FAIL() << "after " << has << " bytes";
    }
    expect_fine(other.sync());
    EXPECT_EQ(name_of(other, id), "(not here)");
    line.request_has = SIZE_MAX;
    expect_it_arrives(id);
}

// Keeps its connections; `meanwhile` happens behind each request that head office has answered and
// the device will get no answer to.
struct Swallowing {
    std::atomic<bool> next{false};
    std::function<void()> meanwhile;
};

TestServer::Script swallowed_by(const server::Server& server, Swallowing& line) {
    return [url = server.url(), &line](Connection& connection) {
        while (true) {
            const std::string request = connection.read_request();
            if (request.empty()) return;
            const std::string answer = answer_of(url, request);
            if (line.next.exchange(false)) return line.meanwhile();
            connection.write(answer);
        }
    };
}

// Found by the soak: libcurl sent the request a second time, of its own accord, when the kept
// connection ended, and head office had been restored in between. To the device what it brought had
// never left, so it changed the names that others had seen.
TEST_F(BrokenLine, WhatArrivedBeforeARestoreKeepsItsNames) {
    device = ready("one", "li.wei");
    other = ready("other", "chen.jie");
    const std::string backup = admin_call("/v1/admin/backup", json::object(), admin_)["path"];
    RecordId id;
    Swallowing swallowing;
    swallowing.meanwhile = [&] {
        expect_fine(other.sync());
        rename(other, id, "seen by the other");
        expect_fine(other.sync());
        server_.reset();
        const auto restored = server::restore(settings_.data, backup);
        EXPECT_TRUE(restored) << restored.error().message;
        start_server();
    };
    between = std::make_unique<TestServer>(swallowed_by(*server_, swallowing));
    EXPECT_TRUE(device.replica->set_setting("server.url", between->url()));
    expect_fine(device.sync());  // a connection that is kept
    id = create(device, "A");
    swallowing.next = true;
    expect_fine(device.sync());
    for (int i = 0; i < 2; ++i) {
        expect_fine(other.sync());
        expect_fine(device.sync());
    }
    EXPECT_EQ(name_of(device, id), "seen by the other");
    EXPECT_EQ(name_of(other, id), "seen by the other");
    EXPECT_EQ(other.replica->status()->held, 0U);
    EXPECT_EQ(device.replica->conflicts()->size(), 0U);
}

}  // namespace
}  // namespace satchel::client
