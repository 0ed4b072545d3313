// One import path for the real practice set, which the project does not ship, and for the sample
// data that the project makes itself. The set is looked for in $SATCHEL_DATA, else in
// ../shared/data beside the repository.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "sales/encoding.hpp"
#include "sales/import.hpp"
#include "sales/sample_data.hpp"
#include "sales/starter_schema.hpp"
#include "tests/sales/memory_resolver.hpp"

namespace satchel::sales {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAccountMap =
    "name=account,sector=sector,year_established=year_established,"
    "revenue=money(revenue,USD,1000000),employees=employees,office_location=office_location,"
    "pool=const(shared),alias(sector,technolgy=technology)";
constexpr const char* kProductMap = "name=product,series=series,sales_price=money(sales_price,USD)";
constexpr const char* kTeamMap = "name=sales_agent";
constexpr const char* kOpportunityMap =
    "number=opportunity_id,name=join(account, product),owner=@user(sales_agent),"
    "product=@lookup(product.name,product),"
    "account=@lookup(account.name,account),stage=deal_stage,engage_date=date(engage_date),"
    "close_date=date(close_date),amount=money(close_value,USD),alias(product,GTXPro=GTX Pro)";

fs::path data_folder() {
    const char* told = std::getenv("SATCHEL_DATA");
    const fs::path base =
        told != nullptr ? fs::path(told) : fs::path(SATCHEL_SOURCE_DIR) / ".." / "shared" / "data";
    return base / "crm-sales-opportunities";
}

Bytes file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    const auto text = to_utf8(out.str());
    EXPECT_TRUE(text) << path;
    return text ? text->text : Bytes{};
}

// What the opportunities of a company add up to.
struct Totals {
    std::size_t rows = 0;
    std::size_t named = 0;  // by account and product, or by product alone
    std::size_t problems = 0;
    std::string first_problem;
    std::map<std::string, std::size_t> stages;
    std::int64_t won_cents = 0;
    std::int64_t won_days = 0;
    std::size_t without_account = 0;
};

class OneImportPath : public testing::Test {
  protected:
    // Imports a file and remembers its records by `name_field`.
    template <typename Take>
    void import(const Bytes& text, const ImportOptions& options, Take take) {
        auto importer = Importer::open(text, schema_, options, resolver_);
        ASSERT_TRUE(importer) << importer.error().message;
        while (true) {
            const auto step = importer->next();
            ASSERT_TRUE(step) << step.error().message;
            if (*step == ImportStep::end) return;
            if (*step == ImportStep::row) {
                take(importer->row());
                continue;
            }
            ++totals_.problems;
            if (totals_.first_problem.empty()) totals_.first_problem = importer->problem().message;
        }
    }

    void import_names(const Bytes& text, const std::string& into, const char* map) {
        const Collection& collection = *schema_.find(into);
        import(text, {into, map, "name"}, [&](const ImportedRow& row) {
            resolver_.add(collection.id, value(collection, row, "name").as_bytes(), *row.id);
    });
}

    void import_all(const SampleData& data) {
    import_names(data.accounts, "account", kAccountMap);
    import_names(data.products, "product", kProductMap);
    import_names(data.sales_teams, "_user", kTeamMap);
        import(data.sales_pipeline, {"opportunity", kOpportunityMap, "number"},
               [&](const ImportedRow& row) { count(row);
});
}  // namespace

void count(const ImportedRow& row) {
    const Collection& opportunity = *schema_.find("opportunity");
    const std::string stage = value(opportunity, row, "stage").as_bytes();
    ++totals_.rows;
    const std::string name = value(opportunity, row, "name").as_bytes();
    const bool of_account = !value(opportunity, row, "account").is_null();
    totals_.named += !name.empty() && (name.find(" · ") != std::string::npos) == of_account;
    ++totals_.stages[stage];
    totals_.without_account += value(opportunity, row, "account").is_null();
    if (stage != "Won") return;
    totals_.won_cents += value(opportunity, row, "amount").integer();
    totals_.won_days += value(opportunity, row, "close_date").integer() -
                        value(opportunity, row, "engage_date").integer();
}

static Value value(const Collection& collection, const ImportedRow& row, std::string_view field) {
    for (const ImportedCell& cell : row.cells)
        if (cell.field == collection.find(field)->id) return cell.value;
    return {};
}

void expect_shape() {
    EXPECT_EQ(totals_.problems, 0U) << totals_.first_problem;
    EXPECT_EQ(totals_.rows, 8'800U);
    EXPECT_EQ(totals_.named, 8'800U);
    EXPECT_EQ(totals_.stages["Won"], 4'238U);
    EXPECT_EQ(totals_.stages["Lost"], 2'473U);
    EXPECT_EQ(totals_.stages["Engaging"], 1'589U);
    EXPECT_EQ(totals_.stages["Prospecting"], 500U);
    EXPECT_EQ(totals_.without_account, 1'425U);
}

const Schema schema_ = starter_schema();
MemoryResolver resolver_;
Totals totals_;
};  // namespace satchel::sales

TEST_F(OneImportPath, TakesTheSampleDataOfTheProject) {
    import_all(sample_data());
    expect_shape();
}

TEST_F(OneImportPath, TakesTheRealSetWithItsKnownFaults) {
    const fs::path folder = data_folder();
    if (!fs::exists(folder / "sales_pipeline.csv"))
        GTEST_SKIP() << "the practice set is not in " << folder
                     << ": set SATCHEL_DATA to the folder that holds crm-sales-opportunities";
    import_all({file(folder / "accounts.csv"), file(folder / "products.csv"),
                file(folder / "sales_teams.csv"), file(folder / "sales_pipeline.csv")});
    expect_shape();
    EXPECT_EQ(totals_.won_cents, 10'005'534'00);
    EXPECT_EQ(totals_.won_days, 219'452);
}

}  // namespace
}  // namespace satchel::sales
