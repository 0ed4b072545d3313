// SyncTest: devices and a real head office in one process, over real HTTP on loopback.
//
//     Device one = ready("one", "li.wei");     // logged in and in step
//     const RecordId id = create(one, "A");
//     expect_fine(one.sync());
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "client/account.hpp"
#include "client/sync_client.hpp"
#include "server/server.hpp"
#include "tests/temp_folder.hpp"

namespace satchel::client {

using nlohmann::json;
using storage::Replica;

inline constexpr const char* kPassword = "correct horse";

// One device: its file and its way to the server.
struct Device {
    std::unique_ptr<Replica> replica;
    std::unique_ptr<CurlTransport> transport;

    SyncOutcome sync(const SyncOptions& options = {}) {
        return sync_once(*replica, *transport, options);
    }
    std::size_t pending() { return replica->status()->pending; }
};

class SyncTest : public testing::Test {
  protected:
    void SetUp() override {
        std::ofstream(folder_ / "password") << kPassword << "\n";
        settings_.data = folder_ / "office";
        settings_.admin_password_file = folder_ / "password";
        start_server();
        admin_ = admin_token();
        add_user("li.wei");
        add_user("chen.jie");
    }
    void TearDown() override { server_.reset(); }

    void start_server() {
        auto started = server::Server::start(settings_);
        ASSERT_TRUE(started) << started.error().message;
        server_ = *std::move(started);
        settings_.listen.port = server_->port();  // the same when it starts again
    }

    json admin_call(const std::string& path, const json& body, const std::string& token = "") {
        HttpRequest request{.method = "POST", .url = server_->url() + path};
        request.headers = {{"Content-Type", "application/json"}};
        if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
        request.body = body.dump();
        CancelToken cancel;
        auto transport = *CurlTransport::make();
        const auto reply = ask(*transport, request, cancel);
        EXPECT_TRUE(reply) << path << ": " << reply.error().message;
        return reply ? json::parse(reply->body, nullptr, false) : json::object();
    }
    std::string admin_token() {
        return admin_call("/v1/login", {{"login", "admin"}, {"password", kPassword}})["token"];
    }
    void add_user(const std::string& login) {
        admin_call("/v1/admin/users",
                   {{"login", login},
                    {"name", login},
                    {"role", "rep"},
                    {"pools", json::array({"south"})},
                    {"password", kPassword}},
                   admin_);
    }
    void revoke(Device& device) {
        char text[17];
        std::snprintf(text, sizeof text, "%016llx",
                      static_cast<unsigned long long>(device.replica->sync_state()->replica.id));
        admin_call("/v1/admin/devices/revoke", {{"replica", text}}, admin_);
    }

    Device new_device(const std::string& name) {
        storage::ReplicaOptions options;
        options.create = true;
        auto replica = Replica::open(path(name), options);
        EXPECT_TRUE(replica) << replica.error().message;
        return {*std::move(replica), *CurlTransport::make()};
    }
    Result<Account> log_in(Device& device, const std::string& login,
                           const std::string& password = kPassword) {
        return client::login(*device.replica, *device.transport,
                             {server_->url(), login, password, "a device"});
    }
    // A device that is in step.
    Device ready(const std::string& name, const std::string& login) {
        Device device = new_device(name);
        const auto account = log_in(device, login);
        EXPECT_TRUE(account) << account.error().message;
        const SyncOutcome outcome = device.sync();
        EXPECT_TRUE(outcome.status) << outcome.status.error().message;
        return device;
    }
    // A customer of the pool that both users share, or of another one.
    RecordId create(Device& device, const std::string& name, const char* pool = "south") {
        auto transaction = device.replica->begin();
        const auto id = transaction->create(
            "account", {{"name", Value::text(name)}, {"pool", Value::text(pool)}});
        EXPECT_TRUE(id) << id.error().message;
        EXPECT_TRUE(transaction->commit());
        return *id;
    }
    static void rename(Device& device, const RecordId& id, const std::string& name) {
        auto transaction = device.replica->begin();
        const auto set = transaction->set("account", id, {{"name", Value::text(name)}});
        EXPECT_TRUE(set) << set.error().message;
        EXPECT_TRUE(transaction->commit());
    }
    static std::string name_of(Device& device, const RecordId& id) {
        const auto record = device.replica->record("account", id);
        if (!record || record->dead) return "(not here)";
        const Collection* account = device.replica->schema()->find("account");
        return std::string(record->shown[account->position(account->find("name")->id)].as_bytes());
    }
    // As if the device had left so much behind at head office today that was not accepted.
    void set_refused_bytes(std::uint64_t replica, std::size_t bytes) {
        server_.reset();
        auto office = storage::Database::open(settings_.data + "/office.satchel-server", {});
        ASSERT_TRUE(office);
        auto replace = office->prepare("INSERT OR REPLACE INTO _device_day VALUES (?1, ?2, ?3, 0)");
        ASSERT_TRUE(replace);
        replace->bind(1, storage::stored(replica));
        replace->bind(2, storage::SystemClock().now_ms());
        replace->bind(3, static_cast<std::int64_t>(bytes));
        ASSERT_TRUE(replace->run());
        start_server();
    }
    std::string path(const std::string& name) const { return folder_ / (name + ".satchel"); }

    test::TempFolder temp_;
    const std::filesystem::path folder_ = temp_.path();
    server::Settings settings_;
    std::unique_ptr<server::Server> server_;
    std::string admin_;
};

inline void expect_fine(const SyncOutcome& outcome) {
    EXPECT_TRUE(outcome.status) << outcome.status.error().message;
}

}  // namespace satchel::client
