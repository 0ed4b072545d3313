#include "client/record_titles.hpp"

#include <algorithm>

#include "storage/record_tables.hpp"

namespace satchel::client {

std::vector<const Field*> naming_fields(const Collection& collection) {
    std::vector<const Field*> fields;
    for (const char* wanted : {"name", "title", "number", "login"})
        if (const Field* field = collection.find(wanted); field != nullptr) fields.push_back(field);
    return fields;
}

std::string title_sql(const Collection& collection, std::string_view row) {
    std::vector<const Field*> fields = naming_fields(collection);
    const auto text =
        std::find_if(collection.fields.begin(), collection.fields.end(),
                     [](const Field& field) { return field.kind == FieldKind::text; });
    if (fields.empty() && text != collection.fields.end()) fields.push_back(&*text);
    // Imported deals have a number and an empty name.
    std::string parts;
    for (const Field* field : fields)
        parts += "nullif(" + std::string(row) + "." + storage::quoted(field->name) + ", ''), ";
    return fields.empty() ? "NULL" : "coalesce(" + parts + "NULL)";
}

}  // namespace satchel::client
