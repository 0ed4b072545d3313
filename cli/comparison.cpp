#include "cli/comparison.hpp"

#include <algorithm>
#include <map>

#include "storage/record_tables.hpp"
#include "sync/chain.hpp"

namespace satchel::cli {
namespace {

using storage::Database;
using storage::Statement;

std::vector<std::string> lines(std::string_view text) {
    std::vector<std::string> all;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        all.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return all;
}

using ScopeSetKeys = std::map<std::int64_t, std::vector<std::string>>;

Result<ScopeSetKeys> read_scope_sets(Database& database) {
    ScopeSetKeys sets;
    SATCHEL_ASSIGN(Statement rows, database.prepare("SELECT number, keys FROM scope_set"));
    while (true) {
        SATCHEL_ASSIGN(const bool more, rows.step());
        if (!more) return sets;
        sets.emplace(rows.integer(0), lines(rows.text(1)));
    }
}

Status add_rows(Statement rows, const ScopeSetKeys& sets, std::map<std::string, ScopeSum>& sums) {
    while (true) {
        SATCHEL_ASSIGN(const bool more, rows.step());
        if (!more) return {};
        SATCHEL_ASSIGN(const RecordId id, RecordId::from_bytes(rows.blob(0)));
        const Sequence seq{static_cast<std::uint64_t>(rows.integer(1))};
        const auto set = sets.find(rows.integer(2));
        if (number(seq) == 0 || set == sets.end()) continue;  // not confirmed yet
        for (const std::string& key : set->second) {
            ++sums[key].count;
            sums[key].checksum += checksum_part(id, seq);
        }
    }
}

Result<std::map<std::string, ScopeSum>> recount(storage::Replica& replica) {
    Database& database = replica.database();
    SATCHEL_ASSIGN(const ScopeSetKeys sets, read_scope_sets(database));
    std::map<std::string, ScopeSum> sums;
    for (const Collection& collection : replica.schema()->collections()) {
        SATCHEL_ASSIGN(Statement rows, database.prepare("SELECT id, _seq, _scope FROM " +
                                                        storage::quoted(collection.name)));
        SATCHEL_TRY(add_rows(std::move(rows), sets, sums));
    }
    SATCHEL_ASSIGN(Statement dead, database.prepare("SELECT id, seq, scope FROM _dead"));
    SATCHEL_TRY(add_rows(std::move(dead), sets, sums));
    for (auto& [key, sum] : sums)
        sum.scope = key;
    return sums;
}

const ScopeSum* find(const std::vector<ScopeSum>& sums, const std::string& scope) {
    const auto at = std::find_if(sums.begin(), sums.end(),
                                 [&](const ScopeSum& sum) { return sum.scope == scope; });
    return at == sums.end() ? nullptr : &*at;
}

}  // namespace

bool Comparison::equal() const {
    return std::all_of(scopes.begin(), scopes.end(),
                       [](const ScopeComparison& scope) { return scope.equal(); });
}

std::uint64_t Comparison::records() const {
    std::uint64_t records = 0;
    for (const ScopeComparison& scope : scopes)
        records += scope.device.count;
    return records;
}

Result<std::vector<std::string>> scopes_of_record(storage::Replica& replica,
                                                  const Collection& collection,
                                                  const RecordId& id) {
    Database& database = replica.database();
    SATCHEL_ASSIGN(Statement rows,
                   database.prepare("SELECT s.keys FROM (SELECT id, _scope AS scope FROM " +
                                    storage::quoted(collection.name) +
                                    " UNION ALL SELECT id, scope FROM _dead) AS r"
                                    " JOIN scope_set AS s ON s.number = r.scope WHERE r.id = ?1"));
    rows.bind_blob(1, id.view());
    SATCHEL_ASSIGN(const bool found, rows.step());
    return found ? lines(rows.text(0)) : std::vector<std::string>();
}

Result<Comparison> compare(storage::Replica& replica, const Checkpoint& server) {
    SATCHEL_ASSIGN(auto counted, recount(replica));
    SATCHEL_ASSIGN(const storage::LocalSums kept, replica.sums());
    Comparison comparison;
    comparison.cursor = server.seq;
    std::vector<std::string> scopes;
    for (const ScopeSum& sum : server.scopes)
        scopes.push_back(sum.scope);
    for (const ScopeSum& sum : kept.scopes)
        if (find(server.scopes, sum.scope) == nullptr) scopes.push_back(sum.scope);
    for (const std::string& scope : scopes) {
        ScopeComparison each;
        each.scope = scope;
        const ScopeSum none{scope, 0, 0};
        const ScopeSum* at_server = find(server.scopes, scope);
        const ScopeSum* as_kept = find(kept.scopes, scope);
        const auto here = counted.find(scope);
        each.server = at_server != nullptr ? *at_server : none;
        each.device_kept = as_kept != nullptr ? *as_kept : none;
        each.device = here != counted.end() ? here->second : none;
        comparison.scopes.push_back(std::move(each));
    }
    return comparison;
}

}  // namespace satchel::cli
