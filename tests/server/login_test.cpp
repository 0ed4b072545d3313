// Who gets in, how far, and what a body may be before and after.
#include <fstream>
#include <thread>

#include "tests/server/office_fixture.hpp"
#include "tests/server/read_file.hpp"

namespace satchel::server {
namespace {

using LoginTest = OfficeTest;
constexpr const char* kReplica = "00000000000000a1";

TEST_F(LoginTest, TheRightPasswordGivesATokenAndTheServersTruth) {
    start();
    const std::string user = add_user("li.wei");
    const Answer answer = log_in("Li.Wei", kReplica);
    ASSERT_EQ(answer.status, 200) << answer.body;
    const auto json = answer.json();
    EXPECT_EQ(json["user"], user);
    EXPECT_EQ(json["role"], "rep");
    EXPECT_EQ(json["workspace"], "satchel");
    EXPECT_EQ(json["token"].get<std::string>().size(), 43U);
    EXPECT_GT(json["server_time"].get<std::int64_t>(), 1'600'000'000'000);
    EXPECT_EQ(answer.headers.at("satchel-server"), json["release"]);
}

TEST_F(LoginTest, AWrongPasswordAndAnUnknownLoginLookTheSame) {
    start();
    const Answer wrong = log_in("admin", kReplica, "not the password");
    const Answer unknown = log_in("nobody", kReplica, "not the password");
    EXPECT_EQ(wrong.status, 401);
    EXPECT_EQ(wrong.code(), "unauthorized");
    EXPECT_EQ(wrong.body, unknown.body);
}

TEST_F(LoginTest, GuessingIsSlowedDownWithAWord) {
    settings_.throttle.account_failures = 3;
    start();
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(log_in("admin", kReplica, "not the password").status, 401);
    const Answer answer = log_in("admin", kReplica);
    EXPECT_EQ(answer.status, 429);
    EXPECT_EQ(answer.code(), "busy");
    EXPECT_GT(std::stoi(answer.headers.at("retry-after")), 20);
    EXPECT_NE(answer.json().value("message", "").find("wait"), std::string::npos);
}

TEST_F(LoginTest, ADisabledAccountIsTold) {
    start();
    add_user("li");
    const std::string token = this->token("li", kReplica);
    client().post("/v1/admin/users/change", {{"user", "li"}, {"active", false}}, admin());
    const Answer answer = log_in("li", kReplica);
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(answer.code(), "forbidden");
    EXPECT_EQ(client().post("/v1/password", kEmpty, token).status, 403);
}

TEST_F(LoginTest, OnlyAdministratorsGetATokenWithoutAFile) {
    start();
    add_user("li");
    EXPECT_EQ(log_in("li").status, 403);
    EXPECT_EQ(log_in("li").code(), "forbidden");
    EXPECT_EQ(log_in("admin").status, 200);
    const std::string token = this->token("li", kReplica);
    EXPECT_EQ(client().get("/v1/admin/users", token).status, 403);
    EXPECT_EQ(client().get("/v1/admin/users", admin()).status, 200);
}

TEST_F(LoginTest, AFileOfAnotherUserIsRefused) {
    start();
    add_user("li");
    add_user("wang");
    token("li", kReplica);
    EXPECT_EQ(log_in("wang", kReplica).status, 403);
}

TEST_F(LoginTest, LogOutEndsTheToken) {
    start();
    const std::string token = this->token("admin");
    EXPECT_EQ(client().post("/v1/logout", kEmpty, token).status, 200);
    const Answer answer = client().get("/v1/admin/users", token);
    EXPECT_EQ(answer.status, 401);
    EXPECT_NE(answer.json().value("message", "").find("log in again"), std::string::npos);
    EXPECT_EQ(client().get("/v1/admin/users").status, 401);
}

TEST_F(LoginTest, ANewPasswordEndsTheOtherTokensAndTheOldOneDoesNotWork) {
    start();
    add_user("li");
    const std::string kept = token("li", kReplica);
    const std::string other = token("li", "00000000000000a2");
    const nlohmann::json form = {{"old_password", kPassword}, {"new_password", "another one 1"}};
    EXPECT_EQ(client()
                  .post("/v1/password",
                        {{"old_password", "wrong one"}, {"new_password", "another one 1"}}, kept)
                  .status,
              403);
    EXPECT_EQ(client().post("/v1/password", form, kept).status, 200);
    EXPECT_EQ(client().post("/v1/logout", kEmpty, other).status, 401);
    EXPECT_EQ(client().post("/v1/logout", kEmpty, kept).status, 200);
    EXPECT_EQ(log_in("li", kReplica).status, 401);
    EXPECT_EQ(log_in("li", kReplica, "another one 1").status, 200);
}

TEST_F(LoginTest, AStartWithoutAPasswordFileMakesOneThatOnlyTheOwnerReads) {
    settings_.admin_password_file.clear();
    start();
    const std::string path = server_->password_file();
    ASSERT_EQ(path, settings_.data + "/admin-password.txt");
    std::string password = read_file(path);
    password.pop_back();
    EXPECT_EQ(log_in("admin", "", password).status, 200);
    EXPECT_EQ(read_file(settings_.data + "/address"), server_->url() + "\n");
}

TEST_F(LoginTest, ABodyBeforeLogInIsSmall) {
    start();
    Ask ask;
    ask.method = "POST";
    ask.path = "/v1/login";
    ask.body = R"({"login": "admin", "password": ")" + std::string(5'000, 'x') + "\"}";
    EXPECT_EQ(client().ask(ask).status, 413);
    ask.path = "/v1/sync";
    ask.body = std::string(5'000'000, 'x');
    EXPECT_EQ(client().ask(ask).status, 401);
    ask.token = "no such token";
    EXPECT_EQ(client().ask(ask).status, 401);
}

TEST_F(LoginTest, ABodyAfterLogInIsBoundedToo) {
    start();
    Ask ask;
    ask.method = "POST";
    ask.path = "/v1/sync";
    ask.token = token("admin", kReplica);
    ask.content_type = "application/x-satchel-sync";
    ask.body = std::string((16U << 20) + 1, 'x');
    EXPECT_EQ(client().ask(ask).status, 413);
    ask.body = "garbage";
    EXPECT_EQ(client().ask(ask).status, 400);
    ask.content_type = "text/html";
    EXPECT_EQ(client().ask(ask).status, 415);
}

TEST_F(LoginTest, WrongPathsMethodsAndBodiesAreNamed) {
    start();
    EXPECT_EQ(client().get("/").status, 404);
    EXPECT_EQ(client().get("/v1/nothing").code(), "not_found");
    const Answer method = client().get("/v1/login");
    EXPECT_EQ(method.status, 405);
    EXPECT_EQ(method.headers.at("allow"), "POST");
    for (const char* body : {"", "{", "[]", R"({"login": 1, "password": []})", "\xff\xfe"}) {
        Ask ask;
        ask.method = "POST";
        ask.path = "/v1/login";
        ask.body = body;
        const Answer answer = client().ask(ask);
        EXPECT_EQ(answer.status, 400) << body;
        EXPECT_EQ(answer.code(), "invalid_argument") << body;
    }
    EXPECT_EQ(client().get("/v1/health").status, 200);
}

TEST_F(LoginTest, HealthAndMetricsTellWhereTheServerStands) {
    start();
    const auto health = client().get("/v1/health").json();
    EXPECT_EQ(health["status"], "ok");
    EXPECT_EQ(health["epoch"], 1);
    EXPECT_GT(health["head"].get<int>(), 0);  // schema and administrator
    const Answer metrics = client().get("/v1/metrics");
    EXPECT_EQ(metrics.status, 200);
    EXPECT_NE(metrics.body.find("\nsatchel_requests_total "), std::string::npos);
    EXPECT_NE(metrics.body.find("\nsatchel_head "), std::string::npos);
    EXPECT_NE(metrics.body.find("\nsatchel_resident_memory_bytes "), std::string::npos);
}

}  // namespace
}  // namespace satchel::server
