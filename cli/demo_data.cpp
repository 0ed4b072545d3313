#include "cli/demo_data.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "cli/files.hpp"
#include "sales/csv.hpp"
#include "sales/encoding.hpp"
#include "sales/sample_data.hpp"

namespace satchel::cli {
namespace {

namespace fs = std::filesystem;
using sales::CsvReader;
using sales::CsvStep;
using sales::CsvWriter;

constexpr std::size_t kSmallRows = 600;
constexpr const char* kFolder = "crm-sales-opportunities";

// All rows of a CSV with its header.
struct Table {
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows;

    std::optional<std::size_t> column(std::string_view name) const {
        const auto at = std::find(header.begin(), header.end(), name);
        if (at == header.end()) return std::nullopt;
        return static_cast<std::size_t>(at - header.begin());
    }
};

Result<Table> read_table(ByteView text) {
    SATCHEL_ASSIGN(CsvReader reader, CsvReader::open(text));
    Table table{reader.header(), {}};
    for (CsvStep step = reader.next(); step != CsvStep::end; step = reader.next())
        if (step == CsvStep::row) table.rows.push_back(reader.row().cells);
    return table;
}

Status write_table(const std::string& path, const Table& table) {
    Bytes text;
    CsvWriter writer(text);
    writer.row(table.header);
    for (const auto& row : table.rows)
        writer.row(row);
    return write_file(path, text);
}

// The folder with the practice set, when there is one.
std::optional<fs::path> find_set(const std::string& told) {
    std::vector<fs::path> places;
    if (!told.empty()) {
        places = {told, fs::path(told) / kFolder};
    } else {
        places = {fs::path(SATCHEL_SOURCE_DIR) / ".." / "shared" / "data" / kFolder,
                  fs::path("..") / "shared" / "data" / kFolder};
    }
    std::error_code ignored;
    for (const fs::path& place : places)
        if (fs::exists(place / "sales_pipeline.csv", ignored)) return place;
    return std::nullopt;
}

struct Files {
    std::string origin;
    Table accounts, products, teams, pipeline;
};

Result<Table> read_csv(const fs::path& path) {
    SATCHEL_ASSIGN(const Bytes bytes, read_file(path.string(), sales::kMaxImportFileBytes));
    SATCHEL_ASSIGN(const sales::DecodedText text, sales::to_utf8(bytes));
    return read_table(text.text);
}

Result<Files> read_set(const fs::path& folder) {
    Files files;
    files.origin = "the CRM practice set in " + folder.lexically_normal().string();
    SATCHEL_ASSIGN(files.accounts, read_csv(folder / "accounts.csv"));
    SATCHEL_ASSIGN(files.products, read_csv(folder / "products.csv"));
    SATCHEL_ASSIGN(files.teams, read_csv(folder / "sales_teams.csv"));
    SATCHEL_ASSIGN(files.pipeline, read_csv(folder / "sales_pipeline.csv"));
    return files;
}

Result<Files> make_sample() {
    const sales::SampleData data = sales::sample_data();
    Files files;
    files.origin = "sample data of the project's own generator (the practice set is not here)";
    SATCHEL_ASSIGN(files.accounts, read_table(data.accounts));
    SATCHEL_ASSIGN(files.products, read_table(data.products));
    SATCHEL_ASSIGN(files.teams, read_table(data.sales_teams));
    SATCHEL_ASSIGN(files.pipeline, read_table(data.sales_pipeline));
    return files;
}

// "Darcel Schlecht" -> "darcel.schlecht"
std::string login_of(const std::string& name) {
    std::string login;
    for (const char c : name) {
        if (c == ' ')
            login += '.';
        else
            login += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return login;
}

Result<std::vector<DemoPerson>> people_of(const Table& teams) {
    const auto agent = teams.column("sales_agent");
    const auto manager = teams.column("manager");
    if (!agent || !manager)
        return Error{ErrorCode::invalid_argument,
                     "the sales teams need the columns sales_agent and manager"};
    std::vector<DemoPerson> managers;
    std::vector<DemoPerson> agents;
    for (const auto& row : teams.rows) {
        const std::string& name = row[*manager];
        const bool known = std::any_of(managers.begin(), managers.end(),
                                       [&](const DemoPerson& one) { return one.name == name; });
        if (!known) managers.push_back({login_of(name), name, ""});
        agents.push_back({login_of(row[*agent]), row[*agent], login_of(name)});
    }
    managers.insert(managers.end(), agents.begin(), agents.end());
    return managers;
}

// Adds the columns owner and pool.
Status give_owners(Table& accounts, const Table& pipeline) {
    const auto account = pipeline.column("account");
    const auto agent = pipeline.column("sales_agent");
    const auto name = accounts.column("account");
    if (!account || !agent || !name)
        return Error{ErrorCode::invalid_argument,
                     "the files need the columns account and sales_agent"};
    std::map<std::string, std::map<std::string, std::size_t>> deals;
    for (const auto& row : pipeline.rows)
        if (!row[*account].empty()) ++deals[row[*account]][row[*agent]];
    accounts.header.insert(accounts.header.end(), {"owner", "pool"});
    for (auto& row : accounts.rows) {
        const auto& counts = deals[row[*name]];
        const auto most =
            std::max_element(counts.begin(), counts.end(),
                             [](const auto& a, const auto& b) { return a.second < b.second; });
        const bool owned = most != counts.end();
        row.insert(row.end(), {owned ? most->first : "", owned ? "" : kDemoPool});
    }
    return {};
}

}  // namespace

const char* const kDemoAccountMap =
    "name=account, sector=sector, year_established=year_established,"
    " revenue=money(revenue, USD, 1000000), employees=employees, office_location=office_location,"
    " owner=@user(owner), pool=pool, alias(sector, technolgy=technology)";
const char* const kDemoProductMap =
    "name=product, series=series, sales_price=money(sales_price, USD)";
const char* const kDemoOpportunityMap =
    "number=opportunity_id, name=join(account, product), owner=@user(sales_agent), "
    "product=@lookup(product.name, product),"
    " account=@lookup(account.name, account), stage=deal_stage, engage_date=date(engage_date),"
    " close_date=date(close_date), amount=money(close_value, USD), alias(product, GTXPro=GTX Pro)";

Result<DemoData> prepare_demo_data(const std::string& told, bool small, const std::string& folder) {
    const std::optional<fs::path> set = find_set(told);
    if (!told.empty() && !set)
        return Error{ErrorCode::not_found, "no sales_pipeline.csv in " + told};
    SATCHEL_ASSIGN(Files files, set ? read_set(*set) : make_sample());
    if (small && files.pipeline.rows.size() > kSmallRows) files.pipeline.rows.resize(kSmallRows);
    DemoData data;
    data.origin = files.origin;
    SATCHEL_ASSIGN(data.people, people_of(files.teams));
    SATCHEL_TRY(give_owners(files.accounts, files.pipeline));
    data.accounts = folder + "/accounts.csv";
    data.products = folder + "/products.csv";
    data.opportunities = folder + "/opportunities.csv";
    data.opportunity_rows = files.pipeline.rows.size();
    SATCHEL_TRY(write_table(data.accounts, files.accounts));
    SATCHEL_TRY(write_table(data.products, files.products));
    SATCHEL_TRY(write_table(data.opportunities, files.pipeline));
    return data;
}

}  // namespace satchel::cli
