// Sample data: the files of a sales team that does not exist, for demos, tests and measurements.
// They have the columns and the proportions of a public practice set of CRM opportunities, so that
// one mapping imports both, and nothing else of it: every name is put together from syllables.
//
//     const SampleData data = sample_data({.seed = 7});
//     Importer::open(data.accounts, schema, {"account", "name=account,…", "name"}, resolver);
//
// | file           | rows  | columns                                                             |
// | accounts       |    85 | account, sector, year_established, revenue (millions of USD),       |
// |                |       | employees, office_location, subsidiary_of (15 have one)             |
// | products       |     7 | product, series, sales_price (USD)                                  |
// | sales_teams    |    35 | sales_agent, manager (6), regional_office (3)                       |
// | sales_pipeline | 8,800 | opportunity_id, sales_agent (30 of them), product, account,         |
// |                |       | deal_stage, engage_date, close_date, close_value                    |
//
// Opportunities: 4,238 Won, 2,473 Lost with value 0, 1,589 Engaging without close, 500 Prospecting
// without any date; 1,425 of the open ones name no account. About two names in five are Chinese.
//
// Threads: pure function. The same options give the same bytes on every machine and for ever.
#pragma once

#include <cstdint>

#include "sync/ids.hpp"

namespace satchel::sales {

struct SampleOptions {
    std::uint64_t seed = 1;
    // Days since 1970-01-01. Deals closed in the ten months up to this day, 2017-12-31 unless told.
    std::int64_t last_day = 17'531;
};

// CSV in UTF-8 as CsvWriter makes it.
struct SampleData {
    Bytes accounts;
    Bytes products;
    Bytes sales_teams;
    Bytes sales_pipeline;
};

SampleData sample_data(const SampleOptions& options = {});

}  // namespace satchel::sales
