// What head office checks of a request that no decoder has seen, and how deep scopes are followed:
// at the limit and one above.
#include "sync/limits.hpp"
#include "tests/sync/server_fixture.hpp"

namespace satchel::test {
namespace {

const RecordId kLi = user_id(1);
const RecordId kWang = user_id(2);

class HeadOfficeLimits : public testing::Test {
  protected:
    ErrorCode code_of(const SyncRequest& request) {
        const auto handled = head.handle(request, li.caller);
        return handled ? ErrorCode::ok : handled.error().code;
    }
    // The verdict of one contact that belongs to `parent`, sent by itself.
    Verdict write_contact(int n, int parent) {
        const std::uint64_t first = li.write({contact(n, record_id(parent))});
        li.sync();
        return li.verdicts.at(first);
    }

    Head head;
    SmallDevice li{head, 0xa1, kLi};
};

std::vector<std::string> scope_names(std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i)
        names.push_back("p:" + std::to_string(100'000 + i));
    return names;
}

TEST_F(HeadOfficeLimits, OfWhatOneRequestListsAreReachedAndNotPassed) {
    struct List {
        const char* name;
        std::size_t most;
        void (*fill)(SyncRequest& request, std::size_t count);
    };
    const List lists[] = {
        {"scopes", kMaxScopes,
         [](SyncRequest& request, std::size_t count) { request.scopes = scope_names(count); }},
        {"loading", kMaxScopes,
         [](SyncRequest& request, std::size_t count) { request.loading = scope_names(count); }},
        {"wanted", kMaxRepairIds,
         [](SyncRequest& request, std::size_t count) { request.wanted.resize(count); }},
        {"questions", kMaxVerdicts,
         [](SyncRequest& request, std::size_t count) { request.questions.resize(count); }}};
    for (const List& list : lists) {
        SyncRequest request = li.request();
        list.fill(request, list.most);
        EXPECT_EQ(code_of(request), ErrorCode::ok) << list.name;
        list.fill(request, list.most + 1);
        EXPECT_EQ(code_of(request), ErrorCode::limit) << list.name;
    }
}

TEST_F(HeadOfficeLimits, AComparisonHasAllItsKeyRangesAndNoMore) {
    SyncRequest request = li.request();
    request.repair_scope = "*";
    request.repair.resize(kRepairBuckets);
    EXPECT_EQ(code_of(request), ErrorCode::ok);
    for (const std::size_t count : {std::size_t{0}, kRepairBuckets - 1, kRepairBuckets + 1}) {
        request.repair.resize(count);
        EXPECT_EQ(code_of(request), ErrorCode::invalid_argument) << count;
    }
}

// Contacts below contacts below an account.
TEST_F(HeadOfficeLimits, ARecordTakesItsScopesFromSoManyParentsOfParents) {
    constexpr int kDeepest = static_cast<int>(kMaxScopeDepth);
    li.write({account(0, kLi)});
    li.sync();
    for (int n = 1; n <= kDeepest; ++n)
        EXPECT_EQ(write_contact(n, n - 1).kind, VerdictKind::accepted) << n;
    EXPECT_EQ(write_contact(kDeepest + 1, kDeepest).reason, Reason::not_allowed);
}

TEST_F(HeadOfficeLimits, AllThatFollowedAnAccountGoWithIt) {
    constexpr int kDeepest = static_cast<int>(kMaxScopeDepth);
    li.write({account(0, kLi)});
    li.sync();
    for (int n = 1; n <= kDeepest; ++n)
        write_contact(n, n - 1);
    ASSERT_TRUE(head.store().handover(kAccount, record_id(0), kWang, kNow));
    for (int n = 1; n <= kDeepest; ++n)
        EXPECT_EQ(head.scopes(kContact, record_id(n)), std::vector<std::string>{user_scope(kWang)})
            << n;
}

}  // namespace
}  // namespace satchel::test
