#include "storage/directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "storage/passwords.hpp"
#include "storage/services.hpp"

namespace satchel::storage {
namespace {

class Random : public satchel::Random {
  public:
    std::uint64_t next() override { return ++last_; }

  private:
    std::uint64_t last_ = 0;
};

class DirectoryTest : public ::testing::Test {
  protected:
    Account add(const std::string& login, Role role = Role::rep,
                std::optional<RecordId> manager = std::nullopt,
                std::vector<std::string> pools = {}) {
        Account account{ids_.next(kNow, random_), login, login, role, manager, std::move(pools)};
        EXPECT_TRUE(directory_.add(account));
        return account;
    }
    RecordId id() { return ids_.next(kNow, random_); }
    std::vector<std::string> scopes(const Account& account) {
        return *directory_.scopes(account, {"p:east", "u:somebody"});
    }

    static constexpr std::int64_t kNow = 1'700'000'000'000;
    Random random_;
    RecordIdMaker ids_;
    Database database_ = *Database::open(":memory:", {});
    Directory directory_ = *Directory::open(database_);
};

TEST_F(DirectoryTest, AnAccountIsFoundByLoginAndById) {
    const Account li = add("li.wei", Role::manager, std::nullopt, {"north", "south"});
    for (const std::string& key : {std::string("Li.Wei"), li.user.text()}) {
        const Result<Account> found = directory_.find(key);
        ASSERT_TRUE(found) << key;
        EXPECT_EQ(found->user, li.user);
        EXPECT_EQ(found->role, Role::manager);
        EXPECT_EQ(found->pools, (std::vector<std::string>{"north", "south"}));
        EXPECT_TRUE(found->active);
    }
    EXPECT_EQ(directory_.find("nobody").error().code, ErrorCode::not_found);
}

TEST_F(DirectoryTest, ALoginIsGivenOnce) {
    add("li.wei");
    Account again;
    again.user = id();
    again.login = "li.wei";
    EXPECT_EQ(directory_.add(again).error().code, ErrorCode::invalid_argument);
}

TEST_F(DirectoryTest, AManagerHoldsTheScopesOfEverybodyBelow) {
    const Account head = add("head", Role::director);
    const Account middle = add("middle", Role::manager, head.user, {"south"});
    const Account rep = add("rep", Role::rep, middle.user);
    const Account other = add("other");
    std::vector<std::string> expected = {"*", user_scope(head.user), user_scope(middle.user),
                                         user_scope(rep.user)};
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(scopes(head), expected);
    EXPECT_EQ(scopes(rep), (std::vector<std::string>{"*", user_scope(rep.user)}));
    EXPECT_EQ(scopes(other), (std::vector<std::string>{"*", user_scope(other.user)}));
    EXPECT_EQ(scopes(middle).size(), 4U);
}

TEST_F(DirectoryTest, AnAdministratorHoldsWhateverScopesThereAre) {
    const Account admin = add("root", Role::admin);
    EXPECT_EQ(scopes(admin),
              (std::vector<std::string>{"*", "h", "p:east", user_scope(admin.user), "u:somebody"}));
}

TEST_F(DirectoryTest, NobodyIsTheOwnManagerEvenThroughOthers) {
    Account a = add("a");
    const Account b = add("b", Role::rep, a.user);
    const Account c = add("c", Role::rep, b.user);
    a.manager = c.user;
    EXPECT_EQ(directory_.save(a).error().code, ErrorCode::invalid_argument);
    a.manager = a.user;
    EXPECT_EQ(directory_.save(a).error().code, ErrorCode::invalid_argument);
    a.manager = id();
    EXPECT_EQ(directory_.save(a).error().code, ErrorCode::invalid_argument);
}

TEST_F(DirectoryTest, ATokenStandsForUserAndDevice) {
    const Account li = add("li", Role::manager);
    ASSERT_TRUE(directory_.register_device(7, id(), li.user, "phone", kNow));
    const std::string token = *directory_.issue_token(li.user, 7, kNow);
    const Result<Access> access = directory_.access(token, kNow + 1);
    ASSERT_TRUE(access);
    EXPECT_EQ(access->account.login, "li");
    EXPECT_EQ(access->device->name, "phone");
    EXPECT_EQ(access->caller.replica, 7U);
    EXPECT_EQ(access->caller.user, li.user);
    EXPECT_EQ(access->caller.rank, 2);
    EXPECT_FALSE(access->caller.head_office);
    EXPECT_FALSE(access->caller.revoked);
    EXPECT_TRUE(*token_exists(database_, token));
}

TEST_F(DirectoryTest, AUserHasSoManyDevicesAndADeviceSoManyTokens) {
    const Account li = add("li");
    const Account wang = add("wang");
    for (std::uint64_t replica = 1; replica <= kMaxDevices; ++replica)
        ASSERT_TRUE(directory_.register_device(replica, id(), li.user, "phone", kNow)) << replica;
    EXPECT_EQ(
        directory_.register_device(kMaxDevices + 1, id(), li.user, "phone", kNow).error().code,
        ErrorCode::limit);
    EXPECT_TRUE(directory_.register_device(1, id(), li.user, "the same", kNow));
    EXPECT_TRUE(directory_.register_device(kMaxDevices + 2, id(), wang.user, "phone", kNow));
    ASSERT_TRUE(directory_.revoke(2));
    EXPECT_TRUE(directory_.register_device(kMaxDevices + 1, id(), li.user, "phone", kNow));

    const std::string first = *directory_.issue_token(li.user, 1, kNow);
    const std::string other = *directory_.issue_token(li.user, 3, kNow);
    for (std::size_t i = 1; i < kMaxTokens; ++i)
        ASSERT_TRUE(directory_.issue_token(li.user, 1, kNow + static_cast<std::int64_t>(i)));
    EXPECT_TRUE(directory_.access(first, kNow + 200));
    const std::string last = *directory_.issue_token(li.user, 1, kNow + 200);
    EXPECT_EQ(directory_.access(first, kNow + 200).error().code, ErrorCode::unauthorized);
    EXPECT_TRUE(directory_.access(last, kNow + 200));
    EXPECT_TRUE(directory_.access(other, kNow + 200));
}

TEST_F(DirectoryTest, AScopeIsKnownWhenAnAccountHasIt) {
    const Account li = add("li", Role::rep, std::nullopt, {"east"});
    EXPECT_TRUE(*directory_.has_scope("p:east"));
    EXPECT_FALSE(*directory_.has_scope("p:eas"));
    EXPECT_TRUE(*directory_.has_scope(user_scope(li.user)));
    EXPECT_FALSE(*directory_.has_scope(user_scope(id())));
    EXPECT_FALSE(*directory_.has_scope("u:"));
    EXPECT_FALSE(*directory_.has_scope(""));
}

TEST_F(DirectoryTest, OnlyTheHashOfATokenIsKept) {
    const Account li = add("li");
    const std::string token = *directory_.issue_token(li.user, std::nullopt, kNow);
    Statement rows = *database_.prepare("SELECT token FROM _directory_token");
    ASSERT_TRUE(*rows.step());
    EXPECT_EQ(rows.blob(0).size(), 32U);
    EXPECT_EQ(token.size(), 43U);
    EXPECT_EQ(rows.blob(0).find(token.substr(0, 8)), ByteView::npos);
}

TEST_F(DirectoryTest, TokensEndByTimeAndByHand) {
    const Account li = add("li");
    ASSERT_TRUE(directory_.register_device(7, id(), li.user, "phone", kNow));
    const std::string first = *directory_.issue_token(li.user, 7, kNow);
    const std::string second = *directory_.issue_token(li.user, 7, kNow);
    EXPECT_EQ(directory_.access(first, kNow + kTokenIdleMs + 1).error().code,
              ErrorCode::unauthorized);
    ASSERT_TRUE(directory_.end_tokens(li.user, token_hash(second)));
    EXPECT_FALSE(directory_.access(first, kNow));
    EXPECT_TRUE(directory_.access(second, kNow));
    ASSERT_TRUE(directory_.end_token(token_hash(second)));
    EXPECT_EQ(directory_.access(second, kNow).error().code, ErrorCode::unauthorized);
    EXPECT_EQ(directory_.access("", kNow).error().code, ErrorCode::unauthorized);
}

TEST_F(DirectoryTest, ATokenInUseDoesNotExpire) {
    const Account li = add("li");
    ASSERT_TRUE(directory_.register_device(7, id(), li.user, "phone", kNow));
    const std::string token = *directory_.issue_token(li.user, 7, kNow);
    std::int64_t now = kNow;
    for (int i = 0; i < 5; ++i) {
        now += kTokenIdleMs - 1;
        ASSERT_TRUE(directory_.access(token, now)) << i;
    }
    EXPECT_EQ(directory_.device(7)->last_seen_at, now);
}

TEST_F(DirectoryTest, ARevokedDeviceIsKnownAsSuchAndCannotComeBack) {
    const Account li = add("li");
    ASSERT_TRUE(directory_.register_device(7, id(), li.user, "phone", kNow));
    const std::string token = *directory_.issue_token(li.user, 7, kNow);
    ASSERT_TRUE(directory_.revoke(7));
    EXPECT_TRUE(directory_.access(token, kNow)->caller.revoked);
    EXPECT_EQ(directory_.register_device(7, id(), li.user, "phone", kNow).error().code,
              ErrorCode::forbidden);
}

TEST_F(DirectoryTest, ANewPasswordDoesNotKeepARevokedDeviceFromHearingThatItMustWipe) {
    const Account li = add("li");
    ASSERT_TRUE(directory_.register_device(7, id(), li.user, "phone", kNow));
    const std::string token = *directory_.issue_token(li.user, 7, kNow);
    ASSERT_TRUE(directory_.revoke(7));
    ASSERT_TRUE(directory_.end_tokens(li.user, std::nullopt));
    ASSERT_TRUE(directory_.access(token, kNow));
    EXPECT_TRUE(directory_.access(token, kNow)->caller.revoked);
}

TEST_F(DirectoryTest, ADisabledAccountsDevicesCountAsRevoked) {
    Account li = add("li");
    ASSERT_TRUE(directory_.register_device(7, id(), li.user, "phone", kNow));
    const std::string token = *directory_.issue_token(li.user, 7, kNow);
    EXPECT_EQ(*directory_.active_replicas(), std::vector<std::uint64_t>{7});
    li.active = false;
    ASSERT_TRUE(directory_.save(li));
    EXPECT_TRUE(directory_.access(token, kNow)->caller.revoked);
    EXPECT_TRUE(directory_.active_replicas()->empty());
}

TEST_F(DirectoryTest, AFileBelongsToOneUser) {
    const Account li = add("li");
    const Account wang = add("wang");
    const std::uint64_t replica = 0xffff'ffff'ffff'fff1;
    ASSERT_TRUE(directory_.register_device(replica, id(), li.user, "phone", kNow));
    EXPECT_EQ(directory_.register_device(replica, id(), wang.user, "x", kNow).error().code,
              ErrorCode::forbidden);
    EXPECT_EQ(directory_.devices(li.user)->at(0).replica, replica);
    EXPECT_TRUE(directory_.devices(wang.user)->empty());
}

TEST_F(DirectoryTest, TheWorkspacesBundleKeysAreMadeOnce) {
    const PublicKeys keys = directory_.bundle_keys()->public_keys();
    Directory again = *Directory::open(database_);
    EXPECT_EQ(again.bundle_keys()->public_keys(), keys);
    ASSERT_TRUE(database_.execute("DROP TABLE _directory_bundle_secret"));  // an older release's
    Directory upgraded = *Directory::open(database_);
    EXPECT_TRUE(upgraded.bundle_keys());
}

TEST_F(DirectoryTest, OfADevicesBundleKeysTheLastOnesCount) {
    const std::uint64_t replica = 0xffff'ffff'ffff'fff1;
    EXPECT_FALSE(directory_.device_keys(replica)->has_value());
    const PublicKeys first = BundleKeys::make().public_keys();
    const PublicKeys second = BundleKeys::make().public_keys();
    ASSERT_TRUE(directory_.set_device_keys(replica, first));
    EXPECT_EQ(**directory_.device_keys(replica), first);
    ASSERT_TRUE(directory_.set_device_keys(replica, second));
    EXPECT_EQ(**directory_.device_keys(replica), second);
}

TEST_F(DirectoryTest, ABundleStandsOnALogInAndKeepsItAlive) {
    const Account li = add("li");
    ASSERT_TRUE(directory_.register_device(7, id(), li.user, "phone", kNow));
    EXPECT_EQ(directory_.use_log_in(7, kNow).error().code, ErrorCode::forbidden);
    const std::string token = *directory_.issue_token(li.user, 7, kNow);
    EXPECT_TRUE(directory_.use_log_in(7, kNow + kTokenIdleMs));
    EXPECT_TRUE(directory_.access(token, kNow + 2 * kTokenIdleMs));
    EXPECT_EQ(directory_.use_log_in(7, kNow + 4 * kTokenIdleMs).error().code, ErrorCode::forbidden);
    EXPECT_EQ(directory_.use_log_in(8, kNow).error().code, ErrorCode::forbidden);
}

TEST(Passwords, OnlyTheRightOneMatches) {
    const std::string hash = *hash_password("correct horse");
    EXPECT_EQ(hash.rfind("$argon2id$", 0), 0U);
    EXPECT_TRUE(password_matches(hash, "correct horse"));
    EXPECT_FALSE(password_matches(hash, "correct horsf"));
    EXPECT_FALSE(password_matches("", ""));
}

TEST(Passwords, TheSamePasswordTypedOnTwoKeyboardsIsOne) {
    EXPECT_EQ(*canonical_password("caf\xc3\xa9 1234"), *canonical_password("cafe\xcc\x81 1234"));
    EXPECT_EQ(canonical_password("short").error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(canonical_password(std::string(129, 'x')).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(canonical_password("\xff\xff\xff\xff\xff\xff\xff\xff").error().code,
              ErrorCode::invalid_argument);
}

TEST(Logins, SpacesAndControlCharactersAreRefused) {
    EXPECT_EQ(*canonical_login("Li.Wei@Example"), "li.wei@example");
    EXPECT_EQ(*canonical_login("李伟"), "李伟");
    for (const char* bad : {"", "a b", "a\tb", "a\x7f"})
        EXPECT_EQ(canonical_login(bad).error().code, ErrorCode::invalid_argument) << bad;
}

}  // namespace
}  // namespace satchel::storage
