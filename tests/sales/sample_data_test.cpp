#include "sales/sample_data.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "sales/csv.hpp"
#include "storage/services.hpp"
#include "sync/value.hpp"

namespace satchel::sales {
namespace {

// All rows of a file, by the names of its columns.
using Row = std::map<std::string, std::string>;

std::vector<Row> rows(std::string_view text) {
    auto reader = CsvReader::open(text);
    EXPECT_TRUE(reader);
    std::vector<Row> all;
    while (reader->next() == CsvStep::row) {
        Row row;
        for (std::size_t i = 0; i < reader->header().size(); ++i)
            row[reader->header()[i]] = reader->row().cells[i];
        all.push_back(std::move(row));
    }
    return all;
}

std::set<std::string> column(const std::vector<Row>& all, const std::string& name) {
    std::set<std::string> values;
    for (const Row& row : all)
        values.insert(row.at(name));
    return values;
}

TEST(SampleData, TheSameSeedGivesTheSameBytesOnEveryMachine) {
    const SampleData data = sample_data();
    const Digest digest =
        storage::blake2b(data.accounts + data.products + data.sales_teams, data.sales_pipeline);
    EXPECT_EQ(Value::bytes(view(digest).substr(0, 8)).text_form(), "x'78cf4ca3ee0639cd'");
    EXPECT_EQ(sample_data({.seed = 7}).sales_pipeline, sample_data({.seed = 7}).sales_pipeline);
    EXPECT_NE(sample_data({.seed = 7}).sales_pipeline, data.sales_pipeline);
}

TEST(SampleData, HasTheSizeOfARealTeam) {
    const SampleData data = sample_data();
    EXPECT_EQ(rows(data.accounts).size(), 85U);
    EXPECT_EQ(rows(data.products).size(), 7U);
    const auto teams = rows(data.sales_teams);
    EXPECT_EQ(column(teams, "sales_agent").size(), 35U);
    EXPECT_EQ(column(teams, "manager").size(), 6U);
    EXPECT_EQ(column(teams, "regional_office").size(), 3U);
    const auto pipeline = rows(data.sales_pipeline);
    EXPECT_EQ(column(pipeline, "opportunity_id").size(), 8'800U);
    EXPECT_EQ(column(pipeline, "sales_agent").size(), 30U);
}

TEST(SampleData, StagesDatesAndValuesFitTogether) {
    std::map<std::string, std::size_t> stages;
    std::size_t without_account = 0;
    for (const Row& row : rows(sample_data().sales_pipeline)) {
        const std::string& stage = row.at("deal_stage");
        ++stages[stage];
        const bool is_closed = stage == "Won" || stage == "Lost";
        EXPECT_EQ(row.at("engage_date").empty(), stage == "Prospecting");
        EXPECT_EQ(row.at("close_date").empty(), !is_closed);
        EXPECT_EQ(row.at("close_value").empty(), !is_closed);
        if (is_closed) {
            EXPECT_LT(row.at("engage_date"), row.at("close_date"));
            EXPECT_EQ(row.at("close_value") == "0", stage == "Lost");
            EXPECT_LE(row.at("close_date"), "2017-12-31");
        }
        if (!row.at("account").empty()) continue;
        EXPECT_FALSE(is_closed);
        ++without_account;
    }
    EXPECT_EQ(stages["Won"], 4'238U);
    EXPECT_EQ(stages["Lost"], 2'473U);
    EXPECT_EQ(stages["Engaging"], 1'589U);
    EXPECT_EQ(stages["Prospecting"], 500U);
    EXPECT_EQ(without_account, 1'425U);
}

TEST(SampleData, EveryNameLeadsToARow) {
    const SampleData data = sample_data();
    const auto accounts = rows(data.accounts);
    const auto names = column(accounts, "account");
    const auto agents = column(rows(data.sales_teams), "sales_agent");
    const auto products = column(rows(data.products), "product");
    std::size_t subsidiaries = 0;
    for (const Row& row : accounts) {
        if (row.at("subsidiary_of").empty()) continue;
        EXPECT_TRUE(names.contains(row.at("subsidiary_of")));
        ++subsidiaries;
    }
    EXPECT_EQ(subsidiaries, 15U);
    for (const Row& row : rows(data.sales_pipeline)) {
        EXPECT_TRUE(agents.contains(row.at("sales_agent")));
        EXPECT_TRUE(products.contains(row.at("product")));
        EXPECT_TRUE(row.at("account").empty() || names.contains(row.at("account")));
    }
}

TEST(SampleData, SomeNamesAreChinese) {
    std::size_t chinese = 0;
    for (const std::string& name : column(rows(sample_data().accounts), "account"))
        chinese += static_cast<unsigned char>(name[0]) >= 0xE4;
    EXPECT_GT(chinese, 15U);
    EXPECT_LT(chinese, 60U);
}

TEST(SampleData, TheLastDayCanBeToday) {
    for (const Row& row : rows(sample_data({.last_day = 20'500}).sales_pipeline))
        EXPECT_LE(row.at("close_date"), "2026-02-16");
}

}  // namespace
}  // namespace satchel::sales
