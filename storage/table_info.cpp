#include "storage/table_info.hpp"

#include "storage/row_batch.hpp"

namespace satchel::storage {
namespace {

bool is_register(const Field& field) {
    return field.kind != FieldKind::set && field.kind != FieldKind::counter;
}

std::string make_select(const Collection& collection) {
    std::string sql = "SELECT ";
    for (const Field& field : collection.fields)
        if (is_register(field)) sql += quoted(field.name) + ", ";
    return sql + "_seq, _scope, _meta, _more FROM " + quoted(collection.name) + " WHERE id = ?1";
}

std::string make_insert(const Collection& collection, bool registers_only) {
    std::string names = "id";
    std::string marks = "?1";
    int parameter = 1;
    const auto add = [&](const std::string& name) {
        names += ", " + name;
        marks += ", ?" + std::to_string(++parameter);
    };
    for (const Field& field : collection.fields)
        if (!registers_only || is_register(field)) add(quoted(field.name));
    for (const char* name : {"_seq", "_scope", "_meta", "_more"})
        add(name);
    return "INTO " + quoted(collection.name) + " (" + names + ") VALUES (" + marks + ")";
}

// Rows that no scope holds yet.
std::string make_insert_new(const Collection& collection, std::size_t rows) {
    std::string names = "id";
    std::size_t width = 2;  // id and metadata, beside the registers
    for (const Field& field : collection.fields) {
        if (!is_register(field)) continue;
        names += ", " + quoted(field.name);
        ++width;
    }
    std::string values;
    for (std::size_t i = 0; i < rows * width; ++i) {
        const bool first = i % width == 0;
        values += (first ? (i == 0 ? "(0, 0, ?" : "), (0, 0, ?") : ", ?") + std::to_string(i + 1);
    }
    return "INSERT OR IGNORE INTO " + quoted(collection.name) + " (_seq, _scope, " + names +
           ", _meta) VALUES " + values + ")";
}

}  // namespace

std::string quoted(std::string_view name) {
    std::string out = "\"";
    for (const char c : name)
        out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + '"';
}

TableInfo make_table_info(const Collection& collection) {
    TableInfo info;
    info.collection = &collection;
    info.layout = layout_of(collection);
    for (std::size_t i = 0; i < collection.fields.size(); ++i)
        if (is_register(collection.fields[i])) info.register_fields.push_back(i);
    const std::string name = quoted(collection.name);
    const auto kept = [](std::string sql) { return KeptStatement(std::move(sql)); };
    info.select = kept(make_select(collection));
    info.insert = kept("INSERT OR REPLACE " + make_insert(collection, false));
    info.insert_plain = kept("INSERT OR IGNORE " + make_insert(collection, true));
    info.insert_one = kept(make_insert_new(collection, 1));
    info.insert_many = kept(make_insert_new(collection, RowBatch::kRows));
    info.select_place = kept("SELECT _seq, _scope FROM " + name + " WHERE id = ?1");
    info.update_place = kept("UPDATE " + name + " SET _seq = ?2, _scope = ?3 WHERE id = ?1");
    info.remove = kept("DELETE FROM " + name + " WHERE id = ?1");
    return info;
}

}  // namespace satchel::storage
