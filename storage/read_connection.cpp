#include "storage/read_connection.hpp"

#include "storage/replica.hpp"

namespace satchel::storage {

Rows::Rows(Statement statement, std::vector<Value> arguments)
    : arguments_(std::move(arguments)), statement_(std::move(statement)) {
    for (std::size_t i = 0; i < arguments_.size(); ++i) {
        const int parameter = static_cast<int>(i) + 1;
        const Value& value = arguments_[i];
        switch (value.type()) {
            case ValueType::null:
                statement_.bind_null(parameter);
                break;
            case ValueType::integer:
                statement_.bind(parameter, value.integer());
                break;
            case ValueType::text:
                statement_.bind_text(parameter, value.as_bytes());
                break;
            case ValueType::bytes:
                statement_.bind_blob(parameter, value.as_bytes());
                break;
        }
    }
}

ValueView Rows::value(int column) const {
    switch (statement_.type(column)) {
        case SQLITE_INTEGER:
            return {ValueType::integer, statement_.integer(column), {}};
        case SQLITE_NULL:
            return {};
        case SQLITE_BLOB:
            return {ValueType::bytes, 0, statement_.blob(column)};
        default:
            return {ValueType::text, 0, statement_.text(column)};  // also computed reals
    }
}

Result<ReadConnection> ReadConnection::open(const std::string& path, const std::string& key) {
    OpenOptions options;
    options.read_only = true;
    options.create = false;
    options.key = key;
    SATCHEL_ASSIGN(Database database, Database::open(path, options));
    SATCHEL_TRY(check_replica_file(database));
    SATCHEL_TRY(database.execute("PRAGMA query_only = ON"));
    return ReadConnection(std::move(database));
}

Result<Rows> ReadConnection::query(std::string_view sql, const std::vector<Value>& arguments) {
    Result<Statement> prepared = database_.prepare(sql);
    // SQLite has no code of its own for SQL that is wrong; here the caller's text is to blame.
    if (!prepared && prepared.error().code == ErrorCode::internal)
        return Error{ErrorCode::invalid_argument, prepared.error().message};
    if (!prepared) return prepared.error();
    Statement statement = *std::move(prepared);
    // SQLite calls ATTACH and BEGIN read-only; but they give no rows.
    if (sqlite3_stmt_readonly(statement.handle()) == 0 ||
        sqlite3_column_count(statement.handle()) == 0)
        return Error{ErrorCode::invalid_argument,
                     "only SELECT may be run here; write with create, set, delete"};
    if (static_cast<std::size_t>(sqlite3_bind_parameter_count(statement.handle())) !=
        arguments.size())
        return Error{ErrorCode::invalid_argument, "the statement has another number of parameters"};
    return Rows(std::move(statement), arguments);
}

}  // namespace satchel::storage
