#include "client-imgui/titles.hpp"

#include "client/record_titles.hpp"
#include "storage/directory.hpp"
#include "storage/record_tables.hpp"

namespace satchel::window {

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
    return titles_[key] = one_text("SELECT " + client::title_sql(*collection, "t") + " FROM " +
                                       storage::quoted(collection->name) + " AS t WHERE t.id = ?1",
                                   Value::id(id));
}

std::string Titles::author(ReplicaId replica) {
    if (const auto known = authors_.find(replica.id); known != authors_.end()) return known->second;
    const std::string id = storage::replica_text(replica.id);
    std::string name = one_text(
        "SELECT coalesce(u.name || coalesce(' (' || d.name || ')', ''), d.name) FROM _device AS d"
        " LEFT JOIN _user AS u ON u.id = d.user WHERE d.replica = ?1",
        Value::text(id));
    if (name.empty()) name = id;
    return authors_[replica.id] = name;
}

}  // namespace satchel::window
