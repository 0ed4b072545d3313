// The path of bundles, and the keys at log-in; whole rounds of files are tests/end_to_end's.
#include "storage/bundle_keys.hpp"
#include "tests/server/office_fixture.hpp"

namespace satchel::server {
namespace {

constexpr const char* kReplica = "00000000000000a1";

class BundlePath : public OfficeTest {
  protected:
    Answer send(const std::string& body, const std::string& token,
                const std::string& content_type = "application/x-satchel-bundle") const {
        Ask ask;
        ask.method = "POST";
        ask.path = "/v1/admin/bundle";
        ask.body = body;
        ask.token = token;
        ask.content_type = content_type;
        return client().ask(ask);
    }
    Answer log_in_with(const nlohmann::json& keys) const {
        return client().post("/v1/login", {{"login", "admin"},
                                           {"password", kPassword},
                                           {"replica", kReplica},
                                           {"bundle_keys", keys}});
    }
    Bytes bundle_of(const storage::BundleKeys& device, const std::string& office_keys) const {
        const auto office = storage::PublicKeys::parse(office_keys);
        EXPECT_TRUE(office) << office_keys;
        BundleHeader header;
        header.office = office->id();
        header.device = device.public_keys().id();
        header.replica = {0xa1, 1};
        return storage::close_bundle(header, {"no request"}, device, *office);
    }
};

TEST_F(BundlePath, IsForAdministratorsAndBundlesOnly) {
    start();
    add_user("li");
    EXPECT_EQ(send("x", "").status, 401);
    EXPECT_EQ(send("x", token("li", kReplica)).status, 403);
    EXPECT_EQ(send("x", admin(), "application/json").status, 415);
    for (const char* body : {"", "x", "{}"}) {
        const Answer answer = send(body, admin());
        EXPECT_EQ(answer.status, 400) << body;
        EXPECT_EQ(answer.code(), "corrupt") << body;
    }
}

TEST_F(BundlePath, LogInTellsTheWorkspacesKeysForEver) {
    start();
    const auto first = log_in("admin", kReplica).json();
    EXPECT_TRUE(storage::PublicKeys::parse(first.value("bundle_keys", "")));
    stop();
    start();
    EXPECT_EQ(log_in("admin", kReplica).json()["bundle_keys"], first["bundle_keys"]);
}

TEST_F(BundlePath, KeysThatAreNoneAreRefusedAtLogIn) {
    start();
    EXPECT_EQ(log_in_with("").status, 400);
    EXPECT_EQ(log_in_with("0123").status, 400);
    EXPECT_EQ(log_in_with(std::string(129, '0')).status, 413);
    EXPECT_EQ(log_in_with(7).status, 400);
    EXPECT_EQ(log_in_with(storage::BundleKeys::make().public_keys().text()).status, 200);
}

TEST_F(BundlePath, WhoHasNotToldTheKeysIsSentToLogIn) {
    start();
    const std::string office = log_in("admin", kReplica).json()["bundle_keys"];
    const storage::BundleKeys device = storage::BundleKeys::make();
    const Answer unknown = send(bundle_of(device, office), admin());
    EXPECT_EQ(unknown.status, 403) << unknown.body;
    EXPECT_NE(unknown.json().value("message", "").find("log in again"), std::string::npos);
    EXPECT_EQ(log_in_with(device.public_keys().text()).status, 200);
    const Answer known = send(bundle_of(device, office), admin());
    EXPECT_EQ(known.status, 400) << known.body;  // there is no request in it
    EXPECT_EQ(known.code(), "corrupt");
}

TEST_F(BundlePath, ADeviceThatIsNotHereIsNotFound) {
    start();
    const std::string office = log_in("admin", "00000000000000b2").json()["bundle_keys"];
    EXPECT_EQ(send(bundle_of(storage::BundleKeys::make(), office), admin()).status, 404);
}

}  // namespace
}  // namespace satchel::server
