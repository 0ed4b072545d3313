// Names: how a person names a record on the command line, and how a record or a device is named to
// a person.
//
//     names.find(*account, "0192f3c4")        the one account whose id begins so
//     names.find(*account, "@Acme 上海")      the one account with this name (number, title, login)
//
// Threads: that of the database. Errors: not_found; invalid_argument when several fit.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/sqlite.hpp"
#include "sync/schema.hpp"

namespace satchel::cli {

constexpr std::size_t kMinPrefixDigits = 4;
constexpr std::string_view kHeadOffice = "head office";

class Names {
  public:
    // Both must outlive it.
    Names(storage::Database& database, const Schema& schema)
        : database_(database), schema_(schema) {}

    // invalid_argument, with the known ones.
    Result<const Collection*> collection(std::string_view name) const;
    // A full id need not be here; anything else must be.
    Result<RecordId> find(const Collection& collection, std::string_view text);
    // The same where the collection is not known: nullptr when no collection has it here.
    using Found = std::pair<const Collection*, RecordId>;
    Result<Found> find_anywhere(std::string_view text);
    // The same for what a reference field refers to; 0: any collection.
    Result<RecordId> find_in(CollectionId collection, std::string_view text);
    // The user with this login, name, id or beginning of an id.
    Result<RecordId> user(std::string_view text);

    // "李伟 (phone)", kHeadOffice, or the replica's id.
    std::string author(ReplicaId replica);
    // What the first of the record's naming fields shows; "" when there is none, or no record.
    std::string title(const Collection& collection, const RecordId& id);
    std::string title_in(CollectionId collection, const RecordId& id);

  private:
    using Finder = std::function<Result<std::vector<RecordId>>(const Collection&)>;

    bool is_head_office(const std::string& replica);
    // The one record of all collections that `finder` finds; nullptr: none.
    Result<Found> find_in_all(std::string_view text, const Finder& finder);
    Result<std::vector<RecordId>> with_prefix(const Collection& collection, std::string_view hex);
    Result<std::vector<RecordId>> with_name(const Collection& collection, std::string_view name);

    storage::Database& database_;
    const Schema& schema_;
    std::map<std::uint64_t, std::string> authors_;
};

// The names of the collections that are not the system's, divided by commas.
std::string collection_names(const Schema& schema);

}  // namespace satchel::cli
