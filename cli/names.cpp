#include "cli/names.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "client/record_titles.hpp"
#include "storage/directory.hpp"
#include "storage/record_tables.hpp"

namespace satchel::cli {
namespace {

using storage::Statement;

constexpr std::size_t kHexDigits = 32;

// The digits of an id or its beginning; "" when it is something else.
std::string hex_of(std::string_view text) {
    std::string hex;
    for (const char c : text) {
        if (c == '-') continue;
        const char low = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
        if ((low < '0' || low > '9') && (low < 'a' || low > 'f')) return "";
        hex += low;
    }
    return hex.size() <= kHexDigits ? hex : "";
}

RecordId filled_up(std::string hex, char digit) {
    hex.resize(kHexDigits, digit);
    for (const std::size_t at : {8U, 13U, 18U, 23U})
        hex.insert(at, 1, '-');
    const auto id = RecordId::parse(hex);
    return id ? *id : RecordId{};
}

Result<std::vector<RecordId>> ids_of(Statement& rows) {
    std::vector<RecordId> ids;
    while (true) {
        SATCHEL_ASSIGN(const bool more, rows.step());
        if (!more) return ids;
        SATCHEL_ASSIGN(const RecordId id, RecordId::from_bytes(rows.blob(0)));
        ids.push_back(id);
    }
}

Error no_id(std::string_view text) {
    return {ErrorCode::invalid_argument,
            "'" + std::string(text.substr(0, 64)) +
                "' is no record id: give one, its first digits (at least 4), or @ and the name"};
}

Error several(const Collection& collection, std::string_view text) {
    return {ErrorCode::invalid_argument, "several records of " + collection.name + " fit '" +
                                             std::string(text.substr(0, 64)) +
                                             "': give more digits of the id"};
}

Error none(const std::string& where, std::string_view text) {
    return {ErrorCode::not_found, "no " + where + " fits '" + std::string(text.substr(0, 64)) +
                                      "' on this device; 'satchel why ID' tells more"};
}

Error no_such_name(std::string_view name) {
    return {ErrorCode::not_found,
            "no record on this device has exactly the name '" + std::string(name.substr(0, 64)) +
                "'. What is not here is asked of head office by its whole id; part of a name is "
                "found with 'satchel query \"SELECT id, name FROM account WHERE name LIKE …\"'"};
}

}  // namespace

std::string collection_names(const Schema& schema) {
    std::string names;
    for (const Collection& collection : schema.collections())
        if (number(collection.id) >= system_ids::kFirstFree)
            names += (names.empty() ? "" : ", ") + collection.name;
    return names.empty() ? "none yet: log in and sync" : names;
}

Result<const Collection*> Names::collection(std::string_view name) const {
    const Collection* known = schema_.find(name);
    if (known != nullptr) return known;
    return Error{ErrorCode::invalid_argument, "there is no collection '" +
                                                  std::string(name.substr(0, 64)) +
                                                  "'; there are: " + collection_names(schema_)};
}

Result<std::vector<RecordId>> Names::with_prefix(const Collection& collection,
                                                 std::string_view hex) {
    const RecordId low = filled_up(std::string(hex), '0');
    const RecordId high = filled_up(std::string(hex), 'f');
    const std::string sql = fmt::format(
        "SELECT id FROM {} WHERE id BETWEEN ?1 AND ?2 UNION ALL SELECT id FROM _dead"
        " WHERE id BETWEEN ?1 AND ?2 AND collection = ?3 LIMIT 2",
        storage::quoted(collection.name));
    SATCHEL_ASSIGN(Statement rows, database_.prepare(sql));
    rows.bind_blob(1, low.view());
    rows.bind_blob(2, high.view());
    rows.bind(3, number(collection.id));
    return ids_of(rows);
}

Result<std::vector<RecordId>> Names::with_name(const Collection& collection,
                                               std::string_view name) {
    std::vector<RecordId> found;
    for (const Field* field : client::naming_fields(collection)) {
        SATCHEL_ASSIGN(Statement rows,
                       database_.prepare(fmt::format("SELECT id FROM {} WHERE {} = ?1 LIMIT 2",
                                                     storage::quoted(collection.name),
                                                     storage::quoted(field->name))));
        rows.bind_text(1, name);
        SATCHEL_ASSIGN(const std::vector<RecordId> ids, ids_of(rows));
        found.insert(found.end(), ids.begin(), ids.end());
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

Result<RecordId> Names::find(const Collection& collection, std::string_view text) {
    std::vector<RecordId> found;
    if (text.starts_with('@')) {
        SATCHEL_ASSIGN(found, with_name(collection, text.substr(1)));
    } else {
        const std::string hex = hex_of(text);
        if (hex.size() < kMinPrefixDigits) return no_id(text);
        if (hex.size() == kHexDigits) return filled_up(hex, '0');
        SATCHEL_ASSIGN(found, with_prefix(collection, hex));
    }
    if (found.empty()) return none(collection.name, text);
    if (found.size() > 1) return several(collection, text);
    return found.front();
}

Result<Names::Found> Names::find_in_all(std::string_view text, const Finder& finder) {
    Found found{nullptr, {}};
    for (const Collection& collection : schema_.collections()) {
        SATCHEL_ASSIGN(const std::vector<RecordId> ids, finder(collection));
        if (ids.empty()) continue;
        if (ids.size() > 1 || found.first != nullptr) return several(collection, text);
        found = {&collection, ids.front()};
    }
    return found;
}

Result<Names::Found> Names::find_anywhere(std::string_view text) {
    if (text.starts_with('@')) {
        SATCHEL_ASSIGN(const Found found, find_in_all(text, [&](const Collection& collection) {
                           return with_name(collection, text.substr(1));
                       }));
        if (found.first == nullptr) return no_such_name(text.substr(1));
        return found;
    }
    const std::string hex = hex_of(text);
    if (hex.size() < kMinPrefixDigits) return no_id(text);
    SATCHEL_ASSIGN(const Found found, find_in_all(text, [&](const Collection& collection) {
                       return with_prefix(collection, hex);
                   }));
    if (found.first != nullptr) return found;
    if (hex.size() == kHexDigits) return Found{nullptr, filled_up(hex, '0')};
    return Error{ErrorCode::not_found, "no record on this device begins with '" +
                                           std::string(text) + "'; its whole id would do"};
}

Result<RecordId> Names::find_in(CollectionId collection, std::string_view text) {
    if (collection == system_ids::kUser) return user(text.starts_with('@') ? text.substr(1) : text);
    const Collection* known = schema_.find(collection);
    if (known != nullptr) return find(*known, text);
    SATCHEL_ASSIGN(const auto found, find_anywhere(text));
    return found.second;
}

Result<RecordId> Names::user(std::string_view text) {
    const Collection& users = *schema_.find(system_ids::kUser);
    SATCHEL_ASSIGN(const std::vector<RecordId> named, with_name(users, text));
    if (named.size() == 1) return named.front();
    if (named.size() > 1) return several(users, text);
    if (hex_of(text).size() >= kMinPrefixDigits) return find(users, text);
    return Error{ErrorCode::not_found, "no user on this device has the name or login '" +
                                           std::string(text.substr(0, 64)) + "'"};
}

// Every device is listed in _device, on every device that has synced; head office is not.
bool Names::is_head_office(const std::string& replica) {
    auto rows = database_.prepare("SELECT max(replica = ?1) FROM _device");
    if (!rows) return false;
    rows->bind_text(1, replica);
    const auto row = rows->step();
    return row && *row && !rows->is_null(0) && rows->integer(0) == 0;
}

std::string Names::author(ReplicaId replica) {
    if (const auto known = authors_.find(replica.id); known != authors_.end()) return known->second;
    const std::string id = storage::replica_text(replica.id);
    std::string name = is_head_office(id) ? std::string(kHeadOffice) : id;
    auto rows = database_.prepare(
        "SELECT u.name, d.name FROM _device d LEFT JOIN _user u ON u.id = d.user"
        " WHERE d.replica = ?1");
    if (rows) {
        rows->bind_text(1, id);
        const auto row = rows->step();
        if (row && *row) {
            const std::string user(rows->text(0));
            const std::string device(rows->text(1));
            name = user.empty() ? device : device.empty() ? user : user + " (" + device + ")";
        }
    }
    return authors_[replica.id] = name;
}

std::string Names::title(const Collection& collection, const RecordId& id) {
    auto rows = database_.prepare("SELECT " + client::title_sql(collection, "t") + " FROM " +
                                  storage::quoted(collection.name) + " AS t WHERE t.id = ?1");
    if (!rows) return "";
    rows->bind_blob(1, id.view());
    const auto row = rows->step();
    return row && *row ? std::string(rows->text(0)) : "";
}

std::string Names::title_in(CollectionId collection, const RecordId& id) {
    const Collection* known = schema_.find(collection);
    return known == nullptr ? "" : title(*known, id);
}

}  // namespace satchel::cli
