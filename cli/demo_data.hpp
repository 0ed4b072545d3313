// What the demo works with: the files of a sales team, either the public practice set of CRM
// opportunities or, where that is not there, the project's own sample data of the same shape.
//
// Threads: one. Errors: those of reading and writing files; invalid_argument for a bad CSV.
#pragma once

#include <string>
#include <vector>

#include "sync/result.hpp"

namespace satchel::cli {

struct DemoPerson {
    std::string login;
    std::string name;
    std::string manager;  // login; "" for a manager
};

struct DemoData {
    std::string origin;              // where it is from, in words
    std::vector<DemoPerson> people;  // managers first
    std::string accounts;            // files to import, in the demo's folder
    std::string products;
    std::string opportunities;
    std::size_t opportunity_rows = 0;
};

constexpr const char* kDemoPool = "shared";  // holds the accounts that nobody sells to yet

// `told`: the folder with the files ("" looks where the project keeps shared data); `small`: 600
// opportunities instead of all. Every account gets an owner: who has most of its opportunities.
Result<DemoData> prepare_demo_data(const std::string& told, bool small, const std::string& folder);

// How the files' columns become fields.
extern const char* const kDemoAccountMap;
extern const char* const kDemoProductMap;
extern const char* const kDemoOpportunityMap;

}  // namespace satchel::cli
