// Bundles that go wrong: each says what to do, and nothing is lost.

#include "client/bundle_settings.hpp"
#include "storage/bundle_keys.hpp"
#include "storage/services.hpp"
#include "tests/end_to_end/bundle_fixture.hpp"

namespace satchel::cli {
namespace {

class BundleTrouble : public BundleTest {
  protected:
    void SetUp() override {
        BundleTest::SetUp();
        add_user("li.wei");
        make_device("a", "li.wei");
        id_ = account("a", "Acme");
        request_ = out("a");
        reply_ = answered(request_);
    }

    std::string changed(const std::string& file, std::size_t at) {
        std::string bytes = content(file);
        bytes[at] = static_cast<char>(bytes[at] ^ 1);
        const std::string copy = next_file("changed", "bundle");
        write(copy, bytes);
        return copy;
    }
    Ran take(const std::string& file) const { return run("a", {"bundle", "in", file}); }
    Ran offer(const std::string& file) { return admin({"bundle", file, next_file("x", "reply")}); }

    std::unique_ptr<storage::Replica> opened(const std::string& device) const {
        auto replica = storage::Replica::open(path(device + ".satchel"), {});
        EXPECT_TRUE(replica) << replica.error().message;
        return *std::move(replica);
    }
    // Head office's own keys, as only its machine has them.
    storage::BundleKeys office_keys() const {
        storage::OpenOptions how;
        how.read_only = true;
        how.create = false;
        auto database = storage::Database::open(path("office") + "/office.satchel-server", how);
        EXPECT_TRUE(database) << database.error().message;
        auto row = database->prepare("SELECT secret FROM _directory_bundle_secret");
        EXPECT_TRUE(*row->step());
        return *storage::BundleKeys::parse(row->text(0));
    }
    // The device still has what it wrote, and a whole round brings everything in step.
    void expect_nothing_lost() {
        EXPECT_EQ(fields("a", id_)["name"], "Acme");
        EXPECT_FALSE(carry("a")["more"]);
        EXPECT_EQ(done("a", {"status"})["pending"], 0);
        EXPECT_TRUE(done("a", {"verify"})["equal"]);
    }

    std::string id_, request_, reply_;
};

TEST_F(BundleTrouble, AnyChangedByteIsNoticedAndNothingIsTaken) {
    const std::size_t request_size = content(request_).size();
    for (std::size_t at = 0; at < request_size; at += request_size / 12) {
        const Ran ran = offer(changed(request_, at));
        EXPECT_NE(ran.status, 0) << at;
        EXPECT_LT(ran.status, 13) << at << ran.out;
    }
    const std::size_t reply_size = content(reply_).size();
    for (std::size_t at = 0; at < reply_size; at += reply_size / 12) {
        const Ran ran = take(changed(reply_, at));
        EXPECT_TRUE(ran.status == 8 || ran.status == 2) << at << ran.out;
    }
    EXPECT_EQ(take(changed(reply_, reply_size - 1)).error_code(), "corrupt");
    EXPECT_EQ(offer(changed(request_, request_size - 1)).status, 8);
    EXPECT_EQ(done("a", {"status"})["pending"], 1);
    expect_nothing_lost();
}

TEST_F(BundleTrouble, ACutOffFileIsRefused) {
    for (const std::string& file : {request_, reply_}) {
        const std::string whole = content(file);
        for (const std::size_t size :
             {std::size_t{0}, std::size_t{5}, whole.size() / 2, whole.size() - 1}) {
            const std::string cut = next_file("cut", "bundle");
            write(cut, whole.substr(0, size));
            EXPECT_EQ(take(cut).status, 8) << size;
            EXPECT_EQ(offer(cut).status, 8) << size;
        }
    }
    expect_nothing_lost();
}

TEST_F(BundleTrouble, ANewerFormatSaysWhatToInstall) {
    for (const std::string& file : {request_, reply_}) {
        std::string bytes = content(file);
        bytes[5] = 2;
        const std::string newer = next_file("newer", "bundle");
        write(newer, bytes);
        EXPECT_EQ(take(newer).error_code(), "newer_format");
        EXPECT_EQ(offer(newer).error_code(), "newer_format");
    }
}

TEST_F(BundleTrouble, TheWrongWayRoundIsSaidToBeIt) {
    const Ran request_in = take(request_);
    EXPECT_EQ(request_in.status, 2);
    EXPECT_NE(request_in.out.find("admin bundle"), std::string::npos) << request_in.out;
    const Ran reply_to_office = offer(reply_);
    EXPECT_EQ(reply_to_office.status, 2);
    EXPECT_NE(reply_to_office.out.find("bundle in"), std::string::npos) << reply_to_office.out;
}

TEST_F(BundleTrouble, AnotherDevicesAnswerIsRefused) {
    add_user("wang.fang");
    make_device("b", "wang.fang");
    make_device("c", "li.wei");  // even of the same person
    for (const char* device : {"b", "c"}) {
        const Ran ran = run(device, {"bundle", "in", reply_});
        EXPECT_EQ(ran.status, 2) << ran.out;
        EXPECT_NE(ran.out.find("another device"), std::string::npos) << ran.out;
    }
    expect_nothing_lost();
}

TEST_F(BundleTrouble, AnotherHeadOfficeRefusesIt) {
    stop_server();
    std::filesystem::rename(path("office"), path("first"));
    start_server("127.0.0.1:0");
    const Ran ran = offer(request_);
    EXPECT_EQ(ran.status, 2);
    EXPECT_NE(ran.out.find("another head office"), std::string::npos) << ran.out;
}

TEST_F(BundleTrouble, AnAnswerThatSomebodyElseSignedIsRefused) {
    const auto replica = opened("a");
    const auto keys = client::device_bundle_keys(*replica);
    Bundle forged = *decode_bundle(content(reply_));
    forged.sealed = storage::sealed_to(keys->public_keys(), encode_messages({"anything"}));
    forged.signature = storage::BundleKeys::make().sign(signed_part(forged));
    write(path("forged"), encode(forged));
    const Ran ran = take(path("forged"));
    EXPECT_EQ(ran.status, 8);
    EXPECT_NE(ran.out.find("signature"), std::string::npos) << ran.out;
}

TEST_F(BundleTrouble, ARequestThatSomebodyElseSignedIsRefused) {
    Bundle forged = *decode_bundle(content(request_));
    forged.signature = storage::BundleKeys::make().sign(signed_part(forged));
    write(path("forged"), encode(forged));
    const Ran ran = offer(path("forged"));
    EXPECT_EQ(ran.status, 8);
    EXPECT_NE(ran.out.find("signature"), std::string::npos) << ran.out;
}

TEST_F(BundleTrouble, WhatHeadOfficeSignedButNobodyUnderstandsIsRefused) {
    Bundle odd = *decode_bundle(content(reply_));
    {
        const auto keys = client::device_bundle_keys(*opened("a"));
        odd.sealed = storage::sealed_to(keys->public_keys(), encode_messages({"anything"}));
    }
    odd.signature = office_keys().sign(signed_part(odd));
    write(path("odd"), encode(odd));
    EXPECT_EQ(take(path("odd")).status, 8);
    expect_nothing_lost();
}

TEST_F(BundleTrouble, AnAnswerThatWasTakenInPartGoesOnWhereItStopped) {
    log_in("new", "li.wei");
    write_accounts(2'500);
    done("a", {"import", path("many.csv"), "--into", "account"});
    done("a", {"sync"});
    const std::string reply = answered(out("new"));

    // The same answer, as if the device had stopped after the first part of it.
    Bundle first_part = *decode_bundle(content(reply));
    {
        const auto keys = client::device_bundle_keys(*opened("new"));
        const auto body = keys->open(first_part.sealed);
        const auto messages = decode_messages(*body);
        ASSERT_GT(messages->size(), 2U);
        first_part.sealed =
            storage::sealed_to(keys->public_keys(), encode_messages({Bytes((*messages)[0])}));
    }
    first_part.signature = office_keys().sign(signed_part(first_part));
    write(path("first_part"), encode(first_part));
    const Json part = in("new", path("first_part"));
    EXPECT_EQ(part["outcome"], "taken");
    EXPECT_TRUE(part["more"]);
    const Json rest = in("new", reply);
    EXPECT_EQ(rest["outcome"], "taken");
    EXPECT_FALSE(rest["more"]);
    EXPECT_EQ(in("new", reply)["outcome"], "taken_before");
    EXPECT_TRUE(done("new", {"verify"})["equal"]);
}

TEST_F(BundleTrouble, ARevokedDeviceIsRefusedAndWhatItSentIsKept) {
    done("a", {"set", "account", id_, "city=武汉"});
    const std::string late = out("a");
    const Json devices = admin({"device", "list", "--user", "li.wei"}).json["devices"];
    admin({"device", "revoke", devices[0]["replica"]});
    const Ran ran = offer(late);
    EXPECT_EQ(ran.status, 5);
    EXPECT_NE(ran.out.find("revoked"), std::string::npos) << ran.out;
    const Json kept = admin({"quarantine"}).json["items"];
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0]["reason"], "revoked");
    EXPECT_EQ(kept[0]["operations"][0]["fields"]["city"], "武汉");
}

TEST_F(BundleTrouble, ADisabledAccountIsRefused) {
    admin({"user", "change", "li.wei", "--disable"});
    EXPECT_EQ(offer(request_).status, 5);
    admin({"user", "change", "li.wei", "--enable"});
    EXPECT_EQ(offer(request_).status, 0);
}

TEST_F(BundleTrouble, ALogInThatHasEndedSaysSoAndANewOneGoesOn) {
    admin({"user", "password", "li.wei", "--new-password-file", path("password")});
    const Ran ran = offer(request_);
    EXPECT_EQ(ran.status, 5);
    EXPECT_NE(ran.out.find("log in again"), std::string::npos) << ran.out;
    done("a", {"login", url_, "li.wei", "--password-file", path("password")});
    EXPECT_EQ(in("a", answered(out("a")))["outcome"], "taken");
    expect_nothing_lost();
}

TEST_F(BundleTrouble, AFileThatLoggedInBeforeThereWereBundlesIsToldToLogInAgain) {
    ASSERT_TRUE(client::set_office_bundle_keys(*opened("a"), ""));
    const Ran ran = run("a", {"bundle", "out", path("x")});
    EXPECT_EQ(ran.status, 5);
    EXPECT_EQ(ran.error_code(), "unauthorized");
    EXPECT_NE(ran.out.find("Log in once more"), std::string::npos) << ran.out;
    done("a", {"login", url_, "li.wei", "--password-file", path("password")});
    expect_nothing_lost();
}

TEST_F(BundleTrouble, AnAnswerToWhatThisFileNeverAskedIsRefused) {
    {
        const auto replica = opened("a");
        for (std::uint64_t number = 0; number < client::kRememberedBundles; ++number)
            ASSERT_TRUE(replica->set_setting("bundle.request." + std::to_string(number), ""));
    }
    const Ran ran = take(reply_);
    EXPECT_EQ(ran.status, 2);
    EXPECT_NE(ran.out.find("write a new request"), std::string::npos) << ran.out;
    expect_nothing_lost();
}

TEST_F(BundleTrouble, AnExistingFileIsNotReplacedUnasked) {
    write(path("precious"), "mine");
    EXPECT_EQ(run("a", {"bundle", "out", path("precious")}).status, 2);
    EXPECT_EQ(admin({"bundle", request_, path("precious")}).status, 2);
    EXPECT_EQ(content(path("precious")), "mine");
    EXPECT_EQ(run("a", {"bundle", "out", path("precious"), "--force"}).status, 0);
    EXPECT_EQ(admin({"bundle", request_, path("precious"), "--force"}).status, 0);
    EXPECT_EQ(in("a", path("precious"))["outcome"], "taken");
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
        EXPECT_NE(entry.path().extension(), ".part") << entry.path();
}

TEST_F(BundleTrouble, AFolderThatIsNotThereLosesNothing) {
    EXPECT_EQ(run("a", {"bundle", "out", path("nowhere/x")}).status, 3);
    EXPECT_EQ(run("a", {"bundle", "in", path("nowhere/x")}).status, 3);
    expect_nothing_lost();
}

TEST_F(BundleTrouble, WhileAnotherProgramSyncsTheFileItWaits) {
    auto lease = storage::SyncLease::acquire(path("a.satchel"));
    ASSERT_TRUE(lease);
    EXPECT_EQ(run("a", {"bundle", "out", path("x")}).status, 7);
    EXPECT_EQ(take(reply_).status, 7);
}

TEST_F(BundleTrouble, WhoSyncedOverANetworkMeanwhileNeedsNoAnswer) {
    done("a", {"sync"});
    EXPECT_EQ(in("a", reply_)["outcome"], "taken_before");
    done("a", {"set", "account", id_, "city=武汉"});
    done("a", {"sync"});
    const Json late = in("a", reply_);
    EXPECT_EQ(late["outcome"], "overtaken");
    EXPECT_FALSE(late["more"]);
    expect_nothing_lost();
}

TEST_F(BundleTrouble, AFileWithoutALogInHasNoBundles) {
    ASSERT_EQ(plain({"init", path("lone.satchel")}).status, 0);
    EXPECT_EQ(run("lone", {"bundle", "out", path("x")}).status, 5);
    EXPECT_EQ(run("lone", {"bundle", "in", reply_}).status, 5);
    done("a", {"sync"});
    done("a", {"logout"});
    EXPECT_EQ(run("a", {"bundle", "out", path("x")}).status, 5);
    EXPECT_EQ(take(reply_).status, 5);
}

TEST_F(BundleTrouble, OnlyAnAdministratorTakesBundlesIn) {
    const Ran ran = run("a", {"admin", "bundle", request_, path("x")});
    EXPECT_EQ(ran.status, 5) << ran.out;
}

}  // namespace
}  // namespace satchel::cli
