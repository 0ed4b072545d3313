// What a new device gets first, and what of it is made only once.
#include <algorithm>

#include "sync/load_order.hpp"
#include "sync/snapshot_pages.hpp"
#include "tests/sync/server_fixture.hpp"

namespace satchel::test {
namespace {

constexpr CollectionId kDeal{104};
constexpr FieldId kStage{3};  // of deal

const RecordId kLi = user_id(1);
const RecordId kWang = user_id(2);

// The company with deals, which come before everything else and end as won or lost.
SchemaPointer company_with_deals(std::uint32_t number, std::uint8_t account_priority) {
    std::vector<Collection> collections;
    const SchemaPointer before = company();
    for (const Collection& collection : before->collections())
        if (satchel::number(collection.id) >= system_ids::kFirstFree)
            collections.push_back(collection);
    collections[0].priority = account_priority;
    Collection deal = collections[3];  // visit
    deal.id = kDeal;
    deal.name = "deal";
    deal.append_only = false;
    deal.priority = 1;
    Field stage = deal.fields[0];
    stage.id = stage.cell = kStage;
    stage.name = "stage";
    deal.fields.push_back(stage);
    collections.push_back(deal);
    auto schema =
        Schema::build(number, std::move(collections),
                      {{kDeal, {{kStage, ConflictRule::furthest, {"open", "won|lost"}}}}});
    EXPECT_TRUE(schema) << (schema ? "" : schema.error().message);
    return schema ? std::make_shared<const Schema>(*std::move(schema)) : nullptr;
}

Operation deal(int n, const RecordId& owner, std::string_view stage) {
    return create(kDeal, record_id(n),
                  {text(kName, "Deal"), reference(kOwner, owner), text(kStage, stage)});
}

Operation product(int n) {
    return create(kProduct, record_id(n), {text(kName, "Pump")});
}

class Load : public testing::Test {
  protected:
    Load() { EXPECT_TRUE(head.store().install_schema(*company_with_deals(2, 5), kNow)); }

    // Their order of arrival at a new device, one record in a reply.
    std::vector<RecordId> arrivals(SmallDevice& device) {
        head.options.max_rows = 1;
        std::vector<RecordId> order;
        for (int round = 0; round < 200 && !device.checkpoint; ++round) {
            device.exchange();
            for (const auto& [id, kind] : device.last_rows)
                if (device.records.at(id).collection != system_ids::kSchema) order.push_back(id);
        }
        head.options = {};
        return order;
    }
    std::uint64_t found() { return head.store().snapshot_pages().found(); }
    std::uint64_t missed() { return head.store().snapshot_pages().missed(); }

    Head head;
    SmallDevice li{head, 0xa1, kLi};
    SmallDevice wang{head, 0xb2, kWang};
};

TEST_F(Load, BringsOpenWorkBeforeHistoryAndOnesOwnBeforeOthers) {
    li.grant(user_scope(kWang));
    head.write({deal(1, kWang, "won"), deal(2, kLi, "lost"), account(3, kWang), account(4, kLi),
                deal(5, kWang, "open"), deal(6, kLi, "open"), product(7)});
    const std::vector<RecordId> wanted = {record_id(6), record_id(5), record_id(4), record_id(7),
                                          record_id(3), record_id(2), record_id(1)};
    EXPECT_EQ(arrivals(li), wanted);
    li.expect_equal_to_head();
}

TEST_F(Load, BringsTheSchemaFirst) {
    head.write({deal(1, kLi, "open")});
    head.options.max_rows = 1;
    while (li.records.empty())
        li.exchange();
    EXPECT_EQ(li.records.begin()->second.collection, system_ids::kSchema);
}

TEST_F(Load, BringsTheDeletedAsHistory) {
    head.write({deal(1, kLi, "open"), deal(2, kLi, "won"), deal(3, kLi, "open")});
    Operation removal = write(kDeal, record_id(1), {}, {});
    removal.kind = OperationKind::remove;
    head.write({removal});
    EXPECT_EQ(arrivals(li).front(), record_id(3));
    li.expect_equal_to_head();
}

TEST_F(Load, SendsWhatChangesMeanwhileOnceMoreAsNews) {
    head.write({deal(1, kLi, "open"), deal(2, kLi, "won"), deal(3, kLi, "won")});
    head.options.max_rows = 1;
    while (!li.has(record_id(1)))
        li.exchange();
    // From history to open work, which has gone down already; and the other way.
    head.write({write(kDeal, record_id(2), {}, {text(kStage, "open")}),
                write(kDeal, record_id(1), {}, {text(kStage, "lost")})});
    li.sync();
    li.expect_equal_to_head();
}

TEST_F(Load, BeginsAnewWhenTheOrderChanges) {
    for (int i = 1; i <= 4; ++i)
        head.write({account(i, kLi)});
    head.write({deal(5, kLi, "open"), deal(6, kLi, "open")});
    head.options.max_rows = 1;
    while (!li.has(record_id(5)))
        li.exchange();
    ASSERT_FALSE(li.has(record_id(1)));
    // Accounts come before deals from now on: that place is past already.
    ASSERT_TRUE(head.store().install_schema(*company_with_deals(3, 0), kNow));
    const WalkPosition before = li.position;
    li.exchange();
    EXPECT_GT(li.position, before);
    li.sync();
    li.expect_equal_to_head();
}

TEST_F(Load, OfAScopeThatIsLostHalfwayEnds) {
    li.grant(user_scope(kWang));
    head.write({account(1, kLi), account(2, kLi), account(3, kWang), account(4, kWang)});
    head.options.max_rows = 1;
    while (!li.has(record_id(3)))
        li.exchange();
    std::erase(li.caller.scopes, user_scope(kWang));
    li.sync();
    EXPECT_FALSE(li.has(record_id(3)));
    li.expect_equal_to_head();
}

TEST_F(Load, OfAScopeGainedLaterStaysBelowWhatTheDeviceShows) {
    head.write({account(1, kWang)});
    li.sync();
    const Sequence cursor = li.cursor;
    head.write({account(2, kWang)});
    li.grant(user_scope(kWang));
    head.options.max_rows = 1;
    li.exchange();
    while (!li.has(record_id(1)))
        li.exchange();
    EXPECT_EQ(li.position.load.until, cursor);
    li.sync();
    EXPECT_TRUE(li.has(record_id(2)));
    li.expect_equal_to_head();
}

TEST_F(Load, MakesAPageOnceForAllWhoGetTheSame) {
    head.write({product(1), product(2), account(3, kLi)});
    li.sync();
    const std::uint64_t made = missed();
    const std::uint64_t again = found();
    wang.sync();  // the schema, the products; its own scope is empty
    EXPECT_GE(found(), again + 2);
    EXPECT_LT(missed() - made, made);
    wang.expect_equal_to_head();
    EXPECT_TRUE(wang.has(record_id(1)) && wang.has(record_id(2)));
    EXPECT_FALSE(wang.has(record_id(3)));
}

TEST_F(Load, MakesAPageAnewWhenItsScopeHasChanged) {
    head.write({product(1)});
    li.sync();
    head.write({write(kProduct, record_id(1), {}, {text(kName, "Valve")})});
    wang.sync();
    wang.expect_equal_to_head();
    EXPECT_EQ(wang.records.at(record_id(1)).state.cell(kName)->siblings.front().values.front(),
              Value::text("Valve"));
}

TEST_F(Load, KeepsNoPageOfATransactionThatWasUndone) {
    head.write({product(1)});
    ASSERT_TRUE(head.store().begin());
    head.write({write(kProduct, record_id(1), {}, {text(kName, "never")})});
    SmallDevice other(head, 0xc3, user_id(3));
    ASSERT_TRUE(handle_sync(other.request(), other.caller, head.store(), head.store().services(),
                            kNow, head.options));
    head.store().roll_back_all();
    head.write({write(kProduct, record_id(1), {}, {text(kName, "Valve")})});
    li.sync();
    li.expect_equal_to_head();
}

TEST_F(Load, NamesNoScopeThatTheDeviceDoesNotHold) {
    head.write({create(kAccount, record_id(1),
                       {text(kName, "Acme"), reference(kOwner, kLi), text(kPool, "north")})});
    li.grant(pool_scope("north"));
    wang.grant(pool_scope("north"));
    li.sync();
    wang.sync();
    const std::set<std::string> north = {pool_scope("north")};
    EXPECT_EQ(wang.records.at(record_id(1)).scopes, north);
    EXPECT_EQ(li.records.at(record_id(1)).scopes.size(), 2U);
    li.expect_equal_to_head();
    wang.expect_equal_to_head();
}

SnapshotPointer page_of(std::size_t bytes) {
    SnapshotPage page;
    page.bytes = Bytes(bytes, 'p');
    return std::make_shared<const SnapshotPage>(std::move(page));
}

TEST(SnapshotPagesTest, MakeRoomForTheNewestUse) {
    SnapshotPages pages(10'000);
    const SnapshotKey first{1, "a", {}, 1, 1};
    const SnapshotKey second{1, "b", {}, 1, 1};
    pages.keep(first, page_of(3'000));
    pages.keep(second, page_of(3'000));
    EXPECT_NE(pages.find(first, {}, {}), nullptr);
    pages.keep({1, "c", {}, 1, 1}, page_of(3'000));
    EXPECT_EQ(pages.find(second, {}, {}), nullptr);
    EXPECT_NE(pages.find(first, {}, {}), nullptr);
    EXPECT_LE(pages.size_bytes(), 10'000U);
    pages.keep(first, page_of(100'000));  // more than fits
    EXPECT_EQ(pages.find(first, {}, {}), nullptr);
    EXPECT_LE(pages.size_bytes(), 10'000U);
}

}  // namespace
}  // namespace satchel::test
