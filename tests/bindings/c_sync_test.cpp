// satchel.h against a head office: what agents bring, who waits for whom, and a C99 program that
// works on two replicas.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <future>
#include <mutex>
#include <string>

#include "bindings/c/satchel.h"
#include "client/messages.hpp"
#include "storage/replica.hpp"
#include "tests/client/test_server.hpp"
#include "tests/server/office_fixture.hpp"

namespace satchel {
namespace {

using namespace std::chrono_literals;
using client::testing_support::Connection;
using client::testing_support::reply;
using client::testing_support::TestServer;

// A replica of one of this test's devices.
class Phone {
  public:
    Phone(const std::string& path, const char* schema) {
        satchel_open_options options{};
        options.struct_size = sizeof options;
        options.create = 1;
        options.schema = schema;
        EXPECT_EQ(satchel_open(path.data(), path.size(), &options, &replica_, nullptr), SATCHEL_OK);
    }
    Phone(const Phone&) = delete;
    Phone& operator=(const Phone&) = delete;
    ~Phone() { satchel_close(replica_); }

    operator satchel_replica*() const { return replica_; }

    void log_in(const std::string& url, const char* login) {
        satchel_error* error = nullptr;
        EXPECT_EQ(satchel_login(replica_, url.c_str(), login, server::kPassword, "a phone", &error),
                  SATCHEL_OK)
            << satchel_error_message(error);
    }
    void sync() {
        satchel_error* error = nullptr;
        EXPECT_EQ(satchel_sync(replica_, 30'000, &error), SATCHEL_OK)
            << satchel_error_message(error);
    }
    // Of the person whose login this is: without an owner nobody but head office may hold it.
    satchel_id create_account(const char* login) {
        const std::string sql = "SELECT id FROM _user WHERE login = ?1";
        const satchel_value named{SATCHEL_TEXT, 0, login, std::string_view(login).size()};
        satchel_rows* rows = nullptr;
        int found = 0;
        EXPECT_EQ(satchel_query(replica_, sql.data(), sql.size(), &named, 1, &rows, nullptr),
                  SATCHEL_OK);
        EXPECT_EQ(satchel_rows_next(rows, &found, nullptr), SATCHEL_OK);
        EXPECT_EQ(found, 1);
        const satchel_field fields[] = {{"name", {SATCHEL_TEXT, 0, "Acme", 4}},
                                        {"owner", satchel_rows_value(rows, 0)}};
        satchel_id id{};
        satchel_write* write = nullptr;
        EXPECT_EQ(satchel_begin(replica_, &write, nullptr), SATCHEL_OK);
        EXPECT_EQ(satchel_create(write, "account", fields, 2, &id, nullptr), SATCHEL_OK);
        EXPECT_EQ(satchel_commit(write, nullptr), SATCHEL_OK);
        satchel_rows_close(rows);
        return id;
    }
    bool has(const satchel_id& id) const {
        const char* token = nullptr;
        size_t size = 0;
        return satchel_read_token(replica_, "account", &id, &token, &size, nullptr) == SATCHEL_OK;
    }

  private:
    satchel_replica* replica_ = nullptr;
};

// What an observer was told.
class Ear {
  public:
    static void changed(void* ear, const char* collection, const satchel_id*, size_t, int) {
        if (std::string_view(collection) == "account") static_cast<Ear*>(ear)->hear();
    }
    int times() const {
        const std::lock_guard lock(mutex_);
        return times_;
    }
    // False: nothing more than `before` came within 20 seconds.
    bool hears_more_than(int before) {
        std::unique_lock lock(mutex_);
        return heard_.wait_for(lock, 20s, [&] { return times_ > before; });
    }

  private:
    void hear() {
        const std::lock_guard lock(mutex_);
        ++times_;
        heard_.notify_all();
    }

    mutable std::mutex mutex_;
    std::condition_variable heard_;
    int times_ = 0;
};

class COffice : public server::OfficeTest {
  protected:
    void SetUp() override {
        start();
        add_user("li.wei");
    }
    std::string url() const { return server_->url(); }

    // Has had its first sync.
    std::unique_ptr<Phone> ready(const char* name, const char* schema = nullptr) {
        auto phone = std::make_unique<Phone>(folder_.path(name), schema);
        phone->log_in(url(), "li.wei");
        phone->sync();
        return phone;
    }
    // Until the observer has been told that `id` is there.
    static bool brings(Ear& ear, const Phone& phone, const satchel_id& id) {
        for (int heard = 0; ear.hears_more_than(heard); heard = ear.times())
            if (phone.has(id)) return true;
        return false;
    }
};

TEST_F(COffice, AnObserverHearsWhatTheAgentBrings) {
    const auto other = ready("other");
    const satchel_id first = other->create_account("li.wei");
    other->sync();
    Phone phone(folder_.path("phone"), "starter");
    phone.log_in(url(), "li.wei");
    Ear ear;
    satchel_observer* observer = nullptr;
    satchel_agent* agent = nullptr;
    ASSERT_EQ(satchel_observe(phone, Ear::changed, &ear, &observer, nullptr), SATCHEL_OK);
    ASSERT_EQ(satchel_agent_start(phone, 1, &agent, nullptr), SATCHEL_OK);
    EXPECT_TRUE(brings(ear, phone, first));
    const satchel_id second = other->create_account("li.wei");
    other->sync();
    EXPECT_TRUE(brings(ear, phone, second));
    satchel_agent_stop(agent);
    satchel_unobserve(observer);
}

TEST_F(COffice, ASchemaThatTheAgentBroughtIsKnownToAllThatReads) {
    const auto other = ready("other");
    const satchel_id id = other->create_account("li.wei");
    other->sync();
    Phone phone(folder_.path("phone"), nullptr);
    satchel_rows* conflicts = nullptr;
    EXPECT_EQ(satchel_conflicts(phone, &conflicts, nullptr), SATCHEL_OK);
    satchel_rows_close(conflicts);
    phone.log_in(url(), "li.wei");
    satchel_agent* agent = nullptr;
    ASSERT_EQ(satchel_agent_start(phone, 1, &agent, nullptr), SATCHEL_OK);
    satchel_status status{};
    status.struct_size = sizeof status;
    for (int i = 0; i < 400 && (status.last_success_ms == 0 || status.loading != 0); ++i) {
        std::this_thread::sleep_for(50ms);
        ASSERT_EQ(satchel_read_status(phone, &status, nullptr), SATCHEL_OK);
    }
    EXPECT_TRUE(phone.has(id));
    satchel_siblings* siblings = nullptr;
    EXPECT_EQ(satchel_siblings_open(phone, "account", &id, "name", &siblings, nullptr), SATCHEL_OK);
    EXPECT_EQ(satchel_siblings_count(siblings), 1U);
    satchel_siblings_close(siblings);
    satchel_agent_stop(agent);
}

TEST_F(COffice, AnAgentStopsWhileAWriteIsOpen) {
    const auto phone = ready("phone");
    satchel_agent* agent = nullptr;
    satchel_write* write = nullptr;
    ASSERT_EQ(satchel_begin(*phone, &write, nullptr), SATCHEL_OK);
    ASSERT_EQ(satchel_agent_start(*phone, 1, &agent, nullptr), SATCHEL_OK);
    satchel_agent_stop(agent);
    satchel_rollback(write);
}

// The words of `error`, which is freed.
std::string words(satchel_error* error) {
    std::string words = satchel_error_message(error);
    satchel_error_free(error);
    return words;
}

struct HostSync {
    satchel_code code = SATCHEL_OK;
    std::string message{};
    int requests = 0;
};

// A host that brings its own HTTP: here the tests' client.
class CHost : public COffice {
  protected:
    // One sync as the manual says, from open to close.
    static HostSync sync(const Phone& phone) {
        satchel_session* session = nullptr;
        satchel_error* error = nullptr;
        HostSync sync{satchel_session_open(phone, &session, &error)};
        for (bool more = true; sync.code == SATCHEL_OK && more; sync.requests += more ? 1 : 0)
            sync.code = step(phone, session, &more, &error);
        satchel_session_close(session);
        sync.message = words(error);
        return sync;
    }
    static void write_long_notes(const Phone& phone, const satchel_id& id, char letter) {
        const std::string notes(1'000'000, letter);
        const satchel_field field{"notes", {SATCHEL_TEXT, 0, notes.data(), notes.size()}};
        satchel_write* write = nullptr;
        ASSERT_EQ(satchel_begin(phone, &write, nullptr), SATCHEL_OK);
        EXPECT_EQ(satchel_set(write, "account", &id, &field, 1, nullptr, 0, nullptr), SATCHEL_OK);
        EXPECT_EQ(satchel_commit(write, nullptr), SATCHEL_OK);
    }
    void revoke() {
        const auto devices = client().get("/v1/admin/devices", admin()).json()["devices"];
        for (const auto& device : devices)
            EXPECT_EQ(
                client()
                    .post("/v1/admin/devices/revoke", {{"replica", device["replica"]}}, admin())
                    .status,
                200);
    }
    static std::uint64_t pending(const Phone& phone) {
        satchel_status status{};
        status.struct_size = sizeof status;
        EXPECT_EQ(satchel_read_status(phone, &status, nullptr), SATCHEL_OK);
        return status.pending;
    }

  private:
    static satchel_code step(const Phone& phone, satchel_session* session, bool* more,
                             satchel_error** error) {
        server::Ask ask;
        const char* bytes = nullptr;
        size_t size = 0;
        const satchel_code code = satchel_session_request(session, &bytes, &size, error);
        *more = code == SATCHEL_OK && size > 0;
        if (!*more) return code;
        ask.body.assign(bytes, size);
        const server::Answer answer = post(phone, std::move(ask));
        const int from_satchel = answer.headers.contains("satchel-server") ? 1 : 0;
        return satchel_session_reply(session, answer.status, from_satchel, answer.body.data(),
                                     answer.body.size(), error);
    }
    static server::Answer post(const Phone& phone, server::Ask ask) {
        const char* url = nullptr;
        const char* token = nullptr;
        EXPECT_EQ(satchel_server(phone, &url, &token, nullptr), SATCHEL_OK);
        ask.method = "POST";
        ask.path = "/v1/sync";
        ask.token = token;
        ask.content_type = "application/x-satchel-sync";
        return server::HttpClient(url).ask(ask);
    }
};

TEST_F(CHost, ASyncByTheHostsHttpBringsRecordsUpAndDown) {
    Phone phone(folder_.path("phone"), "starter");
    phone.log_in(url(), "li.wei");
    EXPECT_EQ(sync(phone).code, SATCHEL_OK);
    const auto other = ready("other");
    const satchel_id up = phone.create_account("li.wei");
    const satchel_id down = other->create_account("li.wei");
    other->sync();
    EXPECT_EQ(sync(phone).code, SATCHEL_OK);
    other->sync();
    EXPECT_TRUE(other->has(up));
    EXPECT_TRUE(phone.has(down));
    EXPECT_EQ(pending(phone), 0U);
}

TEST_F(CHost, ARevokedDeviceHandsInAndIsEmptied) {
    const auto phone = ready("phone");
    const satchel_id id = phone->create_account("li.wei");
    revoke();
    const HostSync revoked = sync(*phone);
    EXPECT_EQ(revoked.code, SATCHEL_FORBIDDEN);
    EXPECT_EQ(revoked.message, client::tr("revoked", client::Language::english));
    EXPECT_FALSE(phone->has(id));
    EXPECT_EQ(pending(*phone), 0U);
    const auto items = client().get("/v1/admin/quarantine", admin()).json()["items"];
    ASSERT_EQ(items.size(), 1U);
    EXPECT_EQ(items[0]["reason"], "revoked");
}

TEST_F(CHost, WhatDoesNotFitOneRequestIsHandedInInParts) {
    const auto phone = ready("phone");
    const satchel_id id = phone->create_account("li.wei");
    for (const char letter : {'a', 'b', 'c', 'd', 'e'})
        write_long_notes(*phone, id, letter);
    revoke();
    const HostSync revoked = sync(*phone);
    EXPECT_EQ(revoked.message, client::tr("revoked", client::Language::english));
    EXPECT_GT(revoked.requests, 2);  // a megabyte each
    EXPECT_EQ(pending(*phone), 0U);
    const auto items = client().get("/v1/admin/quarantine", admin()).json()["items"];
    EXPECT_EQ(items.size(), 6U);
}

constexpr std::string_view kShutOut = R"({"code": "forbidden", "wiped": true, "acked_counter": 0})";

TEST_F(CHost, WhatARevokedDeviceCannotHandInStaysSealed) {
    const auto phone = ready("phone");
    const satchel_id id = phone->create_account("li.wei");
    satchel_session* session = nullptr;
    satchel_error* error = nullptr;
    const char* bytes = nullptr;
    size_t size = 0;
    ASSERT_EQ(satchel_session_open(*phone, &session, nullptr), SATCHEL_OK);
    ASSERT_EQ(satchel_session_request(session, &bytes, &size, nullptr), SATCHEL_OK);
    ASSERT_EQ(satchel_session_reply(session, 403, 1, kShutOut.data(), kShutOut.size(), nullptr),
              SATCHEL_OK);
    ASSERT_EQ(satchel_session_request(session, &bytes, &size, nullptr), SATCHEL_OK);
    EXPECT_GT(size, 0U);
    ASSERT_EQ(satchel_session_reply(session, 502, 0, "", 0, nullptr), SATCHEL_OK);
    EXPECT_EQ(satchel_session_request(session, &bytes, &size, &error), SATCHEL_FORBIDDEN);
    EXPECT_EQ(words(error), client::tr("revoked_sealed", client::Language::english, {"1"}));
    EXPECT_EQ(satchel_session_reply(session, 200, 1, "", 0, nullptr), SATCHEL_FORBIDDEN);
    satchel_session_close(session);
    EXPECT_FALSE(phone->has(id));
    EXPECT_EQ(pending(*phone), 1U);
    EXPECT_EQ(sync(*phone).code, SATCHEL_UNAUTHORIZED);  // sealed
    phone->sync();  // head office, though, knows of no revocation
    EXPECT_EQ(sync(*phone).code, SATCHEL_OK);
    EXPECT_EQ(pending(*phone), 0U);
    EXPECT_TRUE(phone->has(id));
}

TEST_F(CHost, ARevokedDeviceIsEmptiedEvenIfTheHostGivesUp) {
    const auto phone = ready("phone");
    const satchel_id id = phone->create_account("li.wei");
    satchel_session* session = nullptr;
    ASSERT_EQ(satchel_session_open(*phone, &session, nullptr), SATCHEL_OK);
    ASSERT_EQ(satchel_session_reply(session, 403, 1, kShutOut.data(), kShutOut.size(), nullptr),
              SATCHEL_OK);
    satchel_session_close(session);
    EXPECT_FALSE(phone->has(id));
    EXPECT_EQ(pending(*phone), 1U);
}

TEST_F(CHost, OnlyOneSyncsAFileAtATime) {
    const auto phone = ready("phone");
    satchel_session* session = nullptr;
    satchel_session* second = nullptr;
    ASSERT_EQ(satchel_session_open(*phone, &session, nullptr), SATCHEL_OK);
    EXPECT_EQ(satchel_session_open(*phone, &second, nullptr), SATCHEL_BUSY);
    EXPECT_EQ(satchel_sync(*phone, 1'000, nullptr), SATCHEL_BUSY);
    satchel_session_close(session);
    EXPECT_EQ(satchel_sync(*phone, 30'000, nullptr), SATCHEL_OK);

    auto lease = std::make_unique<Result<storage::SyncLease>>(
        storage::SyncLease::acquire(folder_.path("phone")));  // an agent's, or another process's
    ASSERT_TRUE(*lease);
    satchel_error* error = nullptr;
    EXPECT_EQ(satchel_session_open(*phone, &session, &error), SATCHEL_BUSY);
    EXPECT_EQ(words(error), client::tr("sync_busy", client::Language::english));
    lease.reset();
    EXPECT_EQ(sync(*phone).code, SATCHEL_OK);
}

TEST_F(CHost, ACaptivePortalsPageIsNoReplyAndLosesNothing) {
    const auto phone = ready("phone");
    const satchel_id id = phone->create_account("li.wei");
    const std::string_view page = "<html>Welcome to Hotel Pacific. Sign in</html>";
    satchel_session* session = nullptr;
    satchel_error* error = nullptr;
    const char* bytes = nullptr;
    size_t size = 0;
    ASSERT_EQ(satchel_session_open(*phone, &session, nullptr), SATCHEL_OK);
    ASSERT_EQ(satchel_session_request(session, &bytes, &size, nullptr), SATCHEL_OK);
    EXPECT_EQ(satchel_session_reply(session, 200, 0, page.data(), page.size(), &error),
              SATCHEL_BAD_REPLY);
    EXPECT_EQ(words(error), client::tr("portal", client::Language::english,
                                       {url().substr(std::string_view("http://").size())}));
    // One that pretends to be a Satchel server is found out, too.
    error = nullptr;
    EXPECT_EQ(satchel_session_reply(session, 200, 1, page.data(), page.size(), &error),
              SATCHEL_BAD_REPLY);
    EXPECT_EQ(words(error), client::tr("reply_damaged", client::Language::english));
    satchel_session_close(session);
    EXPECT_TRUE(phone->has(id));
    EXPECT_EQ(pending(*phone), 1U);
    EXPECT_EQ(sync(*phone).code, SATCHEL_OK);
    EXPECT_EQ(pending(*phone), 0U);
}

TEST_F(CHost, AnEndedLogInIsForgotten) {
    const auto phone = ready("phone");
    const char* url = nullptr;
    const char* token = nullptr;
    ASSERT_EQ(satchel_server(*phone, &url, &token, nullptr), SATCHEL_OK);
    EXPECT_EQ(client().post("/v1/logout", server::kEmpty, token).status, 200);
    EXPECT_EQ(sync(*phone).code, SATCHEL_UNAUTHORIZED);
    ASSERT_EQ(satchel_server(*phone, &url, &token, nullptr), SATCHEL_OK);
    EXPECT_STREQ(token, "");
}

// Takes log-ins, and never answers a sync.
class SilentOffice {
  public:
    std::string url() const { return server_.url(); }
    void wait_for_sync() { asked_.get_future().wait(); }

  private:
    void serve(Connection& connection) {
        while (true) {
            const std::string request = connection.read_request();
            if (request.empty()) return;
            if (request.starts_with("POST /v1/sync ")) break;
            connection.write(reply(200,
                                   R"({"token":"t","user":"u","login":"li.wei","name":"李伟",)"
                                   R"("role":"rep","workspace":"w"})",
                                   "Content-Type: application/json\r\n"));
        }
        if (!told_.exchange(true)) asked_.set_value();
        connection.wait_for_close();
    }

    std::promise<void> asked_;
    std::atomic<bool> told_{false};
    TestServer server_{[this](Connection& connection) { serve(connection); }};
};

class CSilence : public ::testing::Test {
  protected:
    void SetUp() override {
        phone_.log_in(office_.url(), "li.wei");
        sync_ =
            std::async(std::launch::async, [this] { return satchel_sync(phone_, 5'000, nullptr); });
        office_.wait_for_sync();
    }
    bool still_syncs() { return sync_.wait_for(0s) == std::future_status::timeout; }

    server::TempFolder folder_;
    Phone phone_{folder_.path("phone"), "starter"};
    SilentOffice office_;
    std::future<satchel_code> sync_;
};

TEST_F(CSilence, AWriteDoesNotWaitForASlowSync) {
    satchel_write* write = nullptr;
    satchel_id id{};
    const satchel_field field{"name", {SATCHEL_TEXT, 0, "A", 1}};
    ASSERT_EQ(satchel_begin(phone_, &write, nullptr), SATCHEL_OK);
    ASSERT_EQ(satchel_create(write, "account", &field, 1, &id, nullptr), SATCHEL_OK);
    ASSERT_EQ(satchel_commit(write, nullptr), SATCHEL_OK);
    EXPECT_TRUE(phone_.has(id));
    EXPECT_TRUE(still_syncs());
    EXPECT_EQ(sync_.get(), SATCHEL_TIME_OUT);
}

TEST_F(CSilence, CancelEndsASyncAtOnceAndTheNextOneRuns) {
    satchel_cancel(phone_);
    EXPECT_EQ(sync_.get(), SATCHEL_CANCELLED);
    EXPECT_EQ(satchel_sync(phone_, 50, nullptr), SATCHEL_TIME_OUT);
}

TEST_F(CSilence, CancelReachesASyncThatWaitsForAnOpenWrite) {
    satchel_cancel(phone_);
    sync_.wait();
    satchel_write* write = nullptr;
    ASSERT_EQ(satchel_begin(phone_, &write, nullptr), SATCHEL_OK);
    auto waiting =
        std::async(std::launch::async, [this] { return satchel_sync(phone_, 0, nullptr); });
    while (waiting.wait_for(1ms) == std::future_status::timeout)
        satchel_cancel(phone_);
    EXPECT_EQ(waiting.get(), SATCHEL_CANCELLED);
    satchel_rollback(write);
}

std::string output_of(const std::string& command, int& status) {
    std::string output;
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    char buffer[4096];
    while (pipe != nullptr && std::fgets(buffer, sizeof buffer, pipe) != nullptr)
        output += buffer;
    status = pipe == nullptr ? -1 : ::pclose(pipe);
    return output;
}

// TWO_PHONES in this test's folder.
class CExample : public COffice {
  protected:
    std::string run(const std::string& login, const std::string& password, int& status) {
        return output_of(std::string(TWO_PHONES) + " " + folder_.path() + " " + url() + " " +
                             login + " '" + password + "'",
                         status);
    }
};

TEST_F(CExample, TwoPhonesOfASalesPersonWorkApartSyncAndResolveAConflict) {
    int status = 0;
    const std::string output = run("li.wei", server::kPassword, status);
    EXPECT_EQ(status, 0) << output;
    // Both were written within a millisecond, so either may count as the later one.
    const bool medical_shown = output.find("shown: medical") != std::string::npos;
    EXPECT_NE(output.find(medical_shown ? "beside: retail" : "shown: retail"), std::string::npos)
        << output;
    EXPECT_TRUE(medical_shown || output.find("beside: medical") != std::string::npos) << output;
    EXPECT_NE(output.find("tablet shows 上海 Acme: retail and medical"), std::string::npos)
        << output;
}

TEST_F(CExample, AFailureIsToldInWords) {
    int status = 0;
    const std::string output = run("li.wei", "wrong", status);
    EXPECT_NE(status, 0);
    EXPECT_NE(output.find("login: "), std::string::npos) << output;
    EXPECT_EQ(output.find("login:  ("), std::string::npos) << output;
}

}  // namespace
}  // namespace satchel
