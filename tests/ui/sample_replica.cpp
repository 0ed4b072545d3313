#include "tests/ui/sample_replica.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "sales/sample_data.hpp"
#include "sales/starter_schema.hpp"
#include "storage/services.hpp"
#include "tests/sales/memory_resolver.hpp"
#include "tests/ui/office.hpp"

namespace satchel::window {
namespace {

constexpr ReplicaId kColleague{0x51a7c0ffee51a7c0, 1};
constexpr ReplicaId kManager{0x0b05500000000b05, 1};
constexpr std::int64_t kMinute = 60'000;

const char* const kAccountMap =
    "name=account,sector=sector,year_established=year_established,"
    "revenue=money(revenue,USD,1000000),employees=employees,office_location=office_location,"
    "pool=const(shared)";
const char* const kProductMap = "name=product,series=series,sales_price=money(sales_price,USD)";
const char* const kTeamMap = "name=sales_agent";
const char* const kOpportunityMap =
    "number=opportunity_id,name=join(account, "
    "product),owner=@user(sales_agent),product=@lookup(product.name,product),"
    "account=@lookup(account.name,account),stage=deal_stage,engage_date=date(engage_date),"
    "close_date=date(close_date),amount=money(close_value,USD)";

class SampleImport {
  public:
    explicit SampleImport(storage::Replica& replica) : replica_(replica) {}

    void take(const Bytes& text, const std::string& into, const char* map, const char* key) {
        const SchemaPointer schema = replica_.schema();
        auto importer = sales::Importer::open(text, *schema, {into, map, key}, resolver_);
        ASSERT_TRUE(importer) << importer.error().message;
        auto transaction = replica_.begin();
        ASSERT_TRUE(transaction);
        while (*importer->next() == sales::ImportStep::row) {
            if (transaction->operations() == 1'000) {
                ASSERT_TRUE(transaction->commit());
                transaction = replica_.begin();
            }
            create(*transaction, *schema->find(into), importer->row(), key);
        }
        ASSERT_TRUE(transaction->commit());
    }

  private:
    void create(storage::LocalTransaction& transaction, const Collection& into,
                const sales::ImportedRow& row, std::string_view key) {
        storage::FieldValues values;
        for (const sales::ImportedCell& cell : row.cells)
            values.emplace_back(into.find(cell.field)->name, cell.value);
        const auto id = transaction.create(into.name, values, &*row.id);
        ASSERT_TRUE(id) << id.error().message;
        for (const auto& [name, value] : values)
            if (name == key) resolver_.add(into.id, value.as_bytes(), *id);
    }

    storage::Replica& replica_;
    sales::MemoryResolver resolver_;
};

void add_device(storage::Replica& replica, ReplicaId device, const std::string& name,
                std::int64_t user) {
    std::vector<std::string> users;
    auto rows = replica.database().prepare("SELECT id FROM _user ORDER BY name");
    ASSERT_TRUE(rows);
    while (*rows->step())
        users.emplace_back(rows->blob(0));
    const std::string digits = device.text();
    const std::string padded = std::string(16 - digits.size(), '0') + digits;
    auto transaction = replica.begin();
    ASSERT_TRUE(transaction->create("_device",
                                    {{"replica", Value::text(padded)},
                                     {"user", Value::bytes(users[static_cast<std::size_t>(user)])},
                                     {"name", Value::text(name)}}));
    ASSERT_TRUE(transaction->commit());
}

RecordId nth_opportunity(storage::Replica& replica, const std::string& stage, int n) {
    auto rows = replica.database().prepare(
        "SELECT id FROM opportunity WHERE stage = '" + stage +
        "' AND account IS NOT NULL ORDER BY number LIMIT 1 OFFSET " + std::to_string(n));
    EXPECT_TRUE(rows && *rows->step());
    return *RecordId::from_bytes(rows->blob(0));
}

void set(storage::Replica& replica, const std::string& collection, const RecordId& id,
         const storage::FieldValues& values) {
    auto transaction = replica.begin();
    ASSERT_TRUE(transaction);
    const Status done = transaction->set(collection, id, values);
    ASSERT_TRUE(done) << done.error().message;
    ASSERT_TRUE(transaction->commit());
}

void tag(storage::Replica& replica, const RecordId& id) {
    auto transaction = replica.begin();
    for (const char* element : {"重点客户", "Q4", "renewal"})
        ASSERT_TRUE(transaction->add_to_set("opportunity", id, "tags", element));
    ASSERT_TRUE(transaction->count("opportunity", id, "calls", 3));
    ASSERT_TRUE(transaction->commit());
}

}  // namespace

std::unique_ptr<storage::Replica> make_replica(const std::string& path, const std::string& key) {
    remove_replica(path);
    storage::ReplicaOptions options;
    options.create = true;
    options.key = key;
    options.schema = std::make_shared<const Schema>(sales::starter_schema());
    auto replica = storage::Replica::open(path, options);
    EXPECT_TRUE(replica) << replica.error().message;
    return *std::move(replica);
}

void import_sample_data(storage::Replica& replica) {
    const sales::SampleData data = sales::sample_data();
    SampleImport import(replica);
    import.take(data.accounts, "account", kAccountMap, "name");
    import.take(data.products, "product", kProductMap, "name");
    import.take(data.sales_teams, "_user", kTeamMap, "name");
    import.take(data.sales_pipeline, "opportunity", kOpportunityMap, "number");
    add_device(replica, kColleague, "手机", 3);
    add_device(replica, kManager, "Laptop", 12);
    Office(replica).accept_everything();
}

void add_days_of_work(storage::Replica& replica) {
    Office office(replica);
    const std::int64_t now = storage::SystemClock().now_ms();
    const RecordId refused = nth_opportunity(replica, "Won", 5);
    set(replica, "opportunity", refused,
        {{"amount", Value(std::int64_t{1'250'000})}, {"currency", Value::text("USD")}});
    office.reject_oldest(Reason::not_allowed, "opportunity " + refused.text());

    const RecordId deal = nth_opportunity(replica, "Engaging", 7);
    set(replica, "opportunity", deal,
        {{"stage", Value::text("Won")},
         {"amount", Value(std::int64_t{4'820'000})},
         {"currency", Value::text("CNY")},
         {"next_step", Value::text("周五前寄出合同,请法务复核第 7 条")}});
    tag(replica, deal);
    office.colleague_wrote("opportunity", deal, kColleague, "stage", {Value::text("Lost")},
                           now - 42 * kMinute);
    office.colleague_wrote("opportunity", deal, kManager, "amount",
                           {Value(std::int64_t{5'150'000}), Value::text("CNY")},
                           now - 95 * kMinute);
    const RecordId other = nth_opportunity(replica, "Prospecting", 2);
    set(replica, "opportunity", other, {{"next_step", Value::text("电话回访")}});
    office.colleague_wrote("opportunity", other, kColleague, "next_step",
                           {Value::text("Send the price list")}, now - 12 * kMinute);
}

void remove_replica(const std::string& path) {
    for (const char* suffix : {"", "-wal", "-shm", "-sync"})
        std::filesystem::remove(path + suffix);
}

}  // namespace satchel::window
