#include "client-imgui/titles.hpp"

#include <array>
#include <cstdio>

#include "storage/record_tables.hpp"

namespace satchel::window {

std::string title_sql(const Collection& collection, std::string_view row) {
    std::string parts;
    int count = 0;
    for (const char* wanted : {"name", "title", "number", "login"}) {
        if (collection.find(wanted) == nullptr) continue;
        parts += (count++ == 0 ? "" : ", ") + std::string(row) + "." + storage::quoted(wanted);
    }
    for (const Field& field : collection.fields) {
        if (count > 0) break;
        if (field.kind != FieldKind::text) continue;
        parts += std::string(row) + "." + storage::quoted(field.name);
        ++count;
    }
    if (count == 0) return "NULL";
    return count == 1 ? parts : "coalesce(" + parts + ")";
}

std::string Titles::one_text(const std::string& sql, Value argument) {
    auto rows = reader_.query(sql, {std::move(argument)});
    if (!rows) return "";
    const auto row = rows->next();
    return row && *row ? std::string(rows->value(0).bytes) : "";
}

std::string Titles::title(CollectionId collection_id, const RecordId& id) {
    const auto key = std::pair(collection_id, id);
    if (const auto known = titles_.find(key); known != titles_.end()) return known->second;
    const Collection* collection = schema_.find(collection_id);
    if (collection == nullptr) return "";
    return titles_[key] = one_text("SELECT " + title_sql(*collection, "t") + " FROM " +
                                       storage::quoted(collection->name) + " AS t WHERE t.id = ?1",
                                   Value::id(id));
}

std::string Titles::author(ReplicaId replica) {
    if (const auto known = authors_.find(replica.id); known != authors_.end()) return known->second;
    std::array<char, 17> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx",
                  static_cast<unsigned long long>(replica.id));
    std::string name = one_text(
        "SELECT coalesce(u.name || coalesce(' (' || d.name || ')', ''), d.name) FROM _device AS d"
        " LEFT JOIN _user AS u ON u.id = d.user WHERE d.replica = ?1",
        Value::text(digits.data()));
    if (name.empty()) name = replica.text();
    return authors_[replica.id] = name;
}

}  // namespace satchel::window
