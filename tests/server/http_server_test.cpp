#include "server/http_server.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "tests/server/http_client.hpp"

namespace satchel::server {
namespace {

using std::chrono::milliseconds;

HttpReply text_reply(int status, std::string text) {
    HttpReply reply;
    reply.status = status;
    reply.content_type = "text/plain";
    reply.body = std::move(text);
    return reply;
}

// Echoes bodies of up to 1,000 bytes; keeps what is posted to /wait; refuses /refused.
class Echo : public HttpHandler {
  public:
    Admission admit(const HttpRequest& head) override {
        Admission admission;
        admission.max_body_bytes = 1'000;
        if (head.path == "/refused") admission.refusal = text_reply(401, "who are you?");
        return admission;
    }
    void handle(ExchangePointer exchange) override {
        const HttpRequest& request = exchange->request();
        if (request.path == "/wait") {
            waiting.set_value(std::move(exchange));
            return;
        }
        const auto asked = request.query.find("q");
        exchange->reply(text_reply(200, request.method + " " + request.path + " " + request.body +
                                            (asked == request.query.end() ? "" : asked->second)));
    }
    HttpReply refuse(int status) override { return text_reply(status, "refused"); }

    std::promise<ExchangePointer> waiting;
};

class HttpServerTest : public ::testing::Test {
  protected:
    void start() {
        options_.headers = {{"Satchel-Server", "test"}};
        Result<std::unique_ptr<HttpServer>> started = HttpServer::start(options_, echo_);
        ASSERT_TRUE(started) << started.error().message;
        server_ = *std::move(started);
    }
    HttpClient client() const {
        return HttpClient("http://127.0.0.1:" + std::to_string(server_->port()));
    }
    Answer post(const std::string& path, std::string body) const {
        Ask ask;
        ask.method = "POST";
        ask.path = path;
        ask.body = std::move(body);
        return client().ask(ask);
    }

    HttpOptions options_;
    Echo echo_;
    std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, ARequestIsAnsweredWithTheServersHeaders) {
    start();
    const Answer answer = post("/a%20b?q=1%262", "hello");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "POST /a b hello1&2");
    EXPECT_EQ(answer.headers.at("satchel-server"), "test");
}

TEST_F(HttpServerTest, ABodyAtTheLimitIsTakenAndOneAboveIsNot) {
    start();
    EXPECT_EQ(post("/", std::string(1'000, 'x')).status, 200);
    EXPECT_EQ(post("/", std::string(1'001, 'x')).status, 413);
    EXPECT_EQ(post("/", std::string(3U << 20, 'x')).status, 413);  // curl sends Expect
}

TEST_F(HttpServerTest, ABodyWithoutALengthIsBoundedToo) {
    start();
    BareSocket socket(server_->port());
    ASSERT_TRUE(socket.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"));
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(socket.send("190\r\n" + std::string(0x190, 'x') + "\r\n"));
    ASSERT_TRUE(socket.send("0\r\n\r\n"));
    EXPECT_NE(socket.read_all(500).find(" 413 "), std::string::npos);
}

TEST_F(HttpServerTest, AnEndlessBodyIsCutOff) {
    options_.max_discarded_bytes = 100'000;
    start();
    BareSocket socket(server_->port());
    ASSERT_TRUE(socket.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"));
    bool open = true;
    for (int i = 0; i < 1'000 && open; ++i)
        open = socket.send("1000\r\n" + std::string(0x1000, 'x') + "\r\n");
    EXPECT_FALSE(open);
}

TEST_F(HttpServerTest, TheBodyOfARefusedRequestIsReadAndForgotten) {
    start();
    const Answer answer = post("/refused", std::string(500'000, 'x'));
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(answer.body, "who are you?");
}

TEST_F(HttpServerTest, AHeadThatDoesNotEndIsCutOff) {
    options_.head_time = milliseconds{200};
    start();
    BareSocket socket(server_->port());
    for (int i = 0; i < 3; ++i) {
        socket.send(i == 0 ? "GET / HTTP/1.1\r\n" : "X-A: b\r\n");
        std::this_thread::sleep_for(milliseconds{50});
    }
    EXPECT_TRUE(socket.is_closed_within(5'000));
}

TEST_F(HttpServerTest, ABodyThatDribblesIsCutOff) {
    options_.head_time = milliseconds{200};
    options_.body_time = milliseconds{200};
    options_.slowest_bytes_per_second = 1'000'000;
    start();
    BareSocket socket(server_->port());
    ASSERT_TRUE(socket.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nabc"));
    EXPECT_TRUE(socket.is_closed_within(5'000));
}

// At 100 bytes a second /, which takes 1,000, would have time for 10 seconds.
TEST_F(HttpServerTest, ABodyHasTheTimeForWhatWasAnnouncedNotForWhatThePathTakes) {
    options_.body_time = milliseconds{200};
    options_.slowest_bytes_per_second = 100;
    start();
    BareSocket socket(server_->port());
    ASSERT_TRUE(socket.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"));
    EXPECT_TRUE(socket.is_closed_within(4'000));
}

TEST_F(HttpServerTest, ABodyWithoutALengthHasTheTimeForWhatThePathTakes) {
    options_.head_time = milliseconds{200};
    options_.body_time = milliseconds{200};
    options_.slowest_bytes_per_second = 100;
    start();
    BareSocket socket(server_->port());
    ASSERT_TRUE(socket.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"));
    EXPECT_FALSE(socket.is_closed_within(800));
    ASSERT_TRUE(socket.send("5\r\nhello\r\n0\r\n\r\n"));
    EXPECT_NE(socket.read_all(500).find("POST / hello"), std::string::npos);
}

TEST_F(HttpServerTest, ARefusedBodyWithoutALengthGetsNoTimeForMore) {
    options_.body_time = milliseconds{200};
    options_.slowest_bytes_per_second = 100;
    start();
    BareSocket socket(server_->port());
    ASSERT_TRUE(
        socket.send("POST /refused HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"));
    EXPECT_TRUE(socket.is_closed_within(4'000));
}

TEST_F(HttpServerTest, AnOversizedHeadIsRefused) {
    start();
    BareSocket socket(server_->port());
    socket.send("GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(100'000, 'x') + "\r\n\r\n");
    const std::string reply = socket.read_all(1'000);
    EXPECT_EQ(reply.find(" 200 "), std::string::npos);
    EXPECT_EQ(client().get("/").status, 200);
}

TEST_F(HttpServerTest, GarbageIsNoHttpAndHurtsNobody) {
    start();
    BareSocket socket(server_->port());
    socket.send(std::string("\x16\x03\x01\0\xff\xfe\r\n\r\n\r\n", 13));
    socket.read_all(300);
    EXPECT_EQ(client().get("/").status, 200);
}

TEST_F(HttpServerTest, AReplyMayComeLaterFromAnotherThread) {
    start();
    auto answered = std::async(std::launch::async, [this] { return post("/wait", "x"); });
    const ExchangePointer exchange = echo_.waiting.get_future().get();
    EXPECT_EQ(client().get("/").status, 200);  // nobody is blocked meanwhile
    exchange->reply(text_reply(200, "now"));
    exchange->reply(text_reply(200, "too late"));
    EXPECT_EQ(answered.get().body, "now");
}

TEST_F(HttpServerTest, StoppingAnswersWhatStillWaits) {
    start();
    auto answered = std::async(std::launch::async, [this] { return post("/wait", "x"); });
    const ExchangePointer exchange = echo_.waiting.get_future().get();
    server_->stop(milliseconds{100});
    EXPECT_EQ(answered.get().status, 503);
    exchange->reply(text_reply(200, "too late"));
}

TEST_F(HttpServerTest, ATakenPortIsNamed) {
    start();
    HttpOptions same;
    same.address.port = server_->port();
    const auto second = HttpServer::start(same, echo_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::busy);
    EXPECT_NE(second.error().message.find(std::to_string(server_->port())), std::string::npos);
}

TEST(ListenAddress, ReadsAddressesAndTheirPorts) {
    EXPECT_EQ(ListenAddress::parse("127.0.0.1:80")->port, 80);
    EXPECT_EQ(ListenAddress::parse("[::1]:0")->host, "::1");
    EXPECT_EQ(ListenAddress::parse("[::1]:0")->text(), "[::1]:0");
    for (const char* bad : {"", "80", ":80", "a:", "a:b", "a:70000", "a:-1"})
        EXPECT_EQ(ListenAddress::parse(bad).error().code, ErrorCode::invalid_argument) << bad;
}

TEST(ListenAddress, AnAddressOfAnotherMachineIsRefusedWithWords) {
    const Result<Listener> made = listen_on({"192.0.2.1", 0});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace satchel::server
