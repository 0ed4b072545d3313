#include "tests/server/office_fixture.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sales/starter_schema.hpp"
#include "storage/text.hpp"

namespace satchel::server {

OfficeTest::OfficeTest() {
    settings_.data = folder_.path("data");
    settings_.admin_password_file = folder_.path("password");
    std::ofstream(settings_.admin_password_file) << kPassword << "\n";
}

void OfficeTest::start() {
    Result<std::unique_ptr<Server>> started = Server::start(settings_);
    ASSERT_TRUE(started) << started.error().message;
    server_ = *std::move(started);
}

Answer OfficeTest::log_in(const std::string& login, const std::string& replica,
                          const std::string& password) const {
    nlohmann::json form = {{"login", login}, {"password", password}, {"device_name", "test"}};
    if (!replica.empty()) form["replica"] = replica;
    return client().post("/v1/login", form);
}

std::string OfficeTest::token(const std::string& login, const std::string& replica) const {
    const Answer answer = log_in(login, replica);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.json().value("token", "");
}

const std::string& OfficeTest::admin() {
    if (admin_token_.empty()) admin_token_ = token("admin");
    return admin_token_;
}

std::string OfficeTest::add_user(const std::string& login, const std::string& role,
                                 const std::string& manager) {
    const Answer answer = client().post("/v1/admin/users",
                                        {{"login", login},
                                         {"name", login},
                                         {"role", role},
                                         {"manager", manager},
                                         {"password", kPassword}},
                                        admin());
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.json().value("user", "");
}

TestDevice::TestDevice(const TempFolder& folder, const HttpClient& client, const std::string& login)
    : client_(client),
      services_{&storage::blake2b, &storage::compress, &storage::inflate,
                &storage::is_canonical_text} {
    static int made = 0;
    storage::ReplicaOptions options;
    options.create = true;
    options.schema = std::make_shared<const Schema>(sales::starter_schema());
    auto opened =
        storage::Replica::open(folder.path(login + std::to_string(++made) + ".satchel"), options);
    EXPECT_TRUE(opened) << opened.error().message;
    replica_ = *std::move(opened);
    replica_text_ = storage::replica_text(replica_->status()->replica.id);
    const Answer answer = client_.post("/v1/login", {{"login", login},
                                                     {"password", kPassword},
                                                     {"replica", replica_text_},
                                                     {"device_name", login}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    token_ = answer.json().value("token", "");
    const Result<RecordId> user = RecordId::parse(answer.json().value("user", ""));
    if (user) user_ = *user;
}

Answer TestDevice::send(const Bytes& request) const {
    Ask ask;
    ask.method = "POST";
    ask.path = "/v1/sync";
    ask.body = request;
    ask.token = token_;
    ask.content_type = "application/x-satchel-sync";
    return client_.ask(ask);
}

Bytes TestDevice::next_request(std::uint64_t wait_ms) {
    SessionOptions options;
    options.wait_ms = wait_ms;
    DeviceSession session(*replica_, services_, options);
    storage::SystemClock clock;
    Result<std::optional<Bytes>> request = session.next_request(clock.now_ms());
    EXPECT_TRUE(request) << request.error().message;
    return request && *request ? **request : Bytes();
}

Answer TestDevice::sync(std::uint64_t wait_ms) {
    SessionOptions options;
    options.wait_ms = wait_ms;
    DeviceSession session(*replica_, services_, options);
    storage::SystemClock clock;
    Answer answer;
    for (int round = 0; round < 100; ++round) {
        const Result<std::optional<Bytes>> request = session.next_request(clock.now_ms());
        EXPECT_TRUE(request) << request.error().message;
        if (!request || !*request) return answer;
        answer = send(**request);
        if (answer.status != 200) return answer;
        const Status taken = session.take_reply(answer.body, clock.now_ms());
        EXPECT_TRUE(taken) << taken.error().message;
        if (!taken) return answer;
    }
    ADD_FAILURE() << "the session does not end";
    return answer;
}

RecordId TestDevice::create_account(const std::string& name) {
    Result<storage::LocalTransaction> transaction = replica_->begin();
    EXPECT_TRUE(transaction);
    const Result<RecordId> id =
        transaction->create("account", {{"name", Value::text(name)}, {"owner", Value::id(user_)}});
    EXPECT_TRUE(id) << id.error().message;
    EXPECT_TRUE(transaction->commit());
    return *id;
}

bool TestDevice::has_account(const RecordId& id) {
    const auto record = replica_->record("account", id);
    return record && !record->dead;
}

}  // namespace satchel::server
