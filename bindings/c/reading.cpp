// Queries, read tokens, conflicts, observers: the second part of satchel.h.
#include <algorithm>

#include "bindings/c/handles.hpp"
#include "sync/rules.hpp"

using satchel::Error;
using satchel::ErrorCode;
using satchel::Status;
using satchel::c_api::from_c;
using satchel::c_api::guarded;
using satchel::c_api::missing;
using satchel::c_api::TurnGuard;

namespace {

Status open_rows(const satchel::c_api::Shared& shared, std::string_view sql,
                 const std::vector<satchel::Value>& arguments, satchel_rows** rows) {
    SATCHEL_ASSIGN(auto connection,
                   satchel::storage::ReadConnection::open(shared.path, shared.key));
    auto handle = std::make_unique<satchel_rows>();
    handle->connection.emplace(std::move(connection));
    SATCHEL_ASSIGN(auto opened, handle->connection->query(sql, arguments));
    handle->rows.emplace(std::move(opened));
    *rows = handle.release();
    return {};
}

// Collection and field ids become their names through the replica's schema.
std::string conflict_sql(const satchel::Schema& schema) {
    std::string sql = "SELECT name, id, field FROM _conflict JOIN (";
    bool first = true;
    for (const satchel::Collection& collection : schema.collections())
        for (const satchel::Cell& cell : collection.cells) {
            const std::string& field = collection.fields[cell.fields.front()].name;
            sql += std::string(first ? "" : " UNION ALL ") + "SELECT " +
                   std::to_string(number(collection.id)) + " AS c, " +
                   std::to_string(number(cell.id)) + " AS f, '" + collection.name + "' AS name, '" +
                   field + "' AS field";
            first = false;
        }
    return sql + ") ON c = collection AND f = cell ORDER BY 1, 2, 3";
}

Status open_siblings(satchel::storage::Replica& replica, const char* collection,
                     const satchel_id& id, const char* field, satchel_siblings** siblings) {
    SATCHEL_ASSIGN(const auto view, replica.record(collection, from_c(id)));
    const satchel::Collection& known = *replica.schema()->find(view.collection);
    const satchel::Field* wanted = known.find(field);
    const satchel::Cell* cell = wanted == nullptr ? nullptr : known.cell(wanted->cell);
    if (cell == nullptr)
        return Error{ErrorCode::invalid_argument,
                     known.name + " has no plain field '" + field + "'"};
    auto handle = std::make_unique<satchel_siblings>();
    handle->token = view.token().text();
    const satchel::CellState* state = view.state.cell(cell->id);
    if (state != nullptr) {
        const auto place =
            std::find(cell->fields.begin(), cell->fields.end(), known.position(wanted->id)) -
            cell->fields.begin();
        const satchel::Sibling& shown = satchel::winner(*cell, *state);
        for (const satchel::Sibling& each : state->siblings) {
            satchel_siblings::Item item{each.values[static_cast<std::size_t>(place)],
                                        each.stamp.ms(), each.dot.text()};
            const auto at = &each == &shown ? handle->items.begin() : handle->items.end();
            handle->items.insert(at, std::move(item));
        }
    }
    *siblings = handle.release();
    return {};
}

}  // namespace

satchel_code satchel_query(satchel_replica* replica, const char* sql, size_t sql_size,
                           const satchel_value* arguments, size_t count, satchel_rows** rows,
                           satchel_error** error) {
    return guarded(error, [&]() -> Status {
        if (replica == nullptr || sql == nullptr || rows == nullptr)
            return missing("replica, sql and rows");
        std::vector<satchel::Value> values;
        for (size_t i = 0; i < count; ++i) {
            SATCHEL_ASSIGN(auto value, from_c(arguments[i]));
            values.push_back(std::move(value));
        }
        return open_rows(*replica->shared, {sql, sql_size}, values, rows);
    });
}

satchel_code satchel_rows_next(satchel_rows* rows, int* has_row, satchel_error** error) {
    return guarded(error, [&]() -> Status {
        if (rows == nullptr || has_row == nullptr) return missing("rows and has_row");
        SATCHEL_ASSIGN(const bool more, rows->rows->next());
        *has_row = more ? 1 : 0;
        return {};
    });
}

size_t satchel_rows_columns(const satchel_rows* rows) {
    return rows == nullptr ? 0 : static_cast<size_t>(rows->rows->columns());
}

const char* satchel_rows_name(satchel_rows* rows, size_t column) {
    if (rows == nullptr || column >= satchel_rows_columns(rows)) return "";
    rows->name = rows->rows->name(static_cast<int>(column));
    return rows->name.c_str();
}

satchel_value satchel_rows_value(satchel_rows* rows, size_t column) {
    if (rows == nullptr || column >= satchel_rows_columns(rows)) return {};
    return satchel::c_api::to_c(rows->rows->value(static_cast<int>(column)));
}

void satchel_rows_close(satchel_rows* rows) {
    delete rows;
}

satchel_code satchel_read_token(satchel_replica* replica, const char* collection,
                                const satchel_id* id, const char** token, size_t* token_size,
                                satchel_error** error) {
    return guarded(error, [&]() -> Status {
        if (replica == nullptr || collection == nullptr || id == nullptr || token == nullptr ||
            token_size == nullptr)
            return missing("every argument");
        const TurnGuard turn(replica->shared->turn);
        SATCHEL_ASSIGN(const auto view, replica->shared->replica->record(collection, from_c(*id)));
        replica->token = view.token().text();
        *token = replica->token.c_str();
        *token_size = replica->token.size();
        return {};
    });
}

satchel_code satchel_conflicts(satchel_replica* replica, satchel_rows** rows,
                               satchel_error** error) {
    return guarded(error, [&]() -> Status {
        if (replica == nullptr || rows == nullptr) return missing("replica and rows");
        satchel::SchemaPointer schema;
        {
            const TurnGuard turn(replica->shared->turn);
            SATCHEL_TRY(replica->shared->replica->follow());
            schema = replica->shared->replica->schema();
        }
        return open_rows(*replica->shared, conflict_sql(*schema), {}, rows);
    });
}

satchel_code satchel_siblings_open(satchel_replica* replica, const char* collection,
                                   const satchel_id* id, const char* field,
                                   satchel_siblings** siblings, satchel_error** error) {
    return guarded(error, [&]() -> Status {
        if (replica == nullptr || collection == nullptr || id == nullptr || field == nullptr ||
            siblings == nullptr)
            return missing("every argument");
        const TurnGuard turn(replica->shared->turn);
        return open_siblings(*replica->shared->replica, collection, *id, field, siblings);
    });
}

size_t satchel_siblings_count(const satchel_siblings* siblings) {
    return siblings == nullptr ? 0 : siblings->items.size();
}
satchel_value satchel_siblings_value(const satchel_siblings* siblings, size_t index) {
    if (index >= satchel_siblings_count(siblings)) return {};
    return satchel::c_api::to_c(siblings->items[index].value.view());
}
int64_t satchel_siblings_time(const satchel_siblings* siblings, size_t index) {
    return index < satchel_siblings_count(siblings) ? siblings->items[index].time : 0;
}
const char* satchel_siblings_dot(const satchel_siblings* siblings, size_t index) {
    return index < satchel_siblings_count(siblings) ? siblings->items[index].dot.c_str() : "";
}
const char* satchel_siblings_token(const satchel_siblings* siblings, size_t* size) {
    if (siblings == nullptr) return "";
    if (size != nullptr) *size = siblings->token.size();
    return siblings->token.c_str();
}
void satchel_siblings_close(satchel_siblings* siblings) {
    delete siblings;
}

satchel_code satchel_observe(satchel_replica* replica, satchel_changed changed, void* context,
                             satchel_observer** observer, satchel_error** error) {
    return guarded(error, [&]() -> Status {
        if (replica == nullptr || changed == nullptr || observer == nullptr)
            return missing("replica, changed and observer");
        auto shared = replica->shared;
        const TurnGuard turn(shared->turn);
        satchel::storage::Replica* inner = shared->replica.get();
        const auto relay = [inner, changed,
                            context](const std::vector<satchel::storage::Change>& changes) {
            for (const auto& change : changes) {
                const satchel::Collection* collection = inner->schema()->find(change.collection);
                std::vector<satchel_id> ids;
                for (const satchel::RecordId& id : change.records)
                    ids.push_back(satchel::c_api::to_c(id));
                changed(context, collection == nullptr ? "" : collection->name.c_str(), ids.data(),
                        ids.size(), change.many ? 1 : 0);
            }
        };
        const std::int64_t number = inner->observe(relay);
        *observer = new satchel_observer{std::move(shared), number};
        return {};
    });
}

void satchel_unobserve(satchel_observer* observer) {
    if (observer == nullptr) return;
    {
        const TurnGuard turn(observer->shared->turn);
        observer->shared->replica->unobserve(observer->number);
    }
    delete observer;
}
