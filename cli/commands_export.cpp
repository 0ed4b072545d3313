// export: a collection, or the rows of a query, as CSV or JSON lines.

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/context.hpp"
#include "cli/files.hpp"
#include "cli/names.hpp"
#include "cli/values.hpp"
#include "sales/export.hpp"
#include "storage/record_tables.hpp"

namespace satchel::cli {
namespace {

struct ExportArguments {
    std::string collection;
    std::string sql;
    std::string to;
    std::string format = "csv";
    bool mark = false;
};

class QueryRows final : public sales::RowSource {
  public:
    QueryRows(storage::Rows rows, std::vector<sales::ExportColumn> columns)
        : rows_(std::move(rows)), columns_(std::move(columns)) {}

    const std::vector<sales::ExportColumn>& columns() const override { return columns_; }

    Result<bool> next(std::vector<Value>& row) override {
        SATCHEL_ASSIGN(const bool more, rows_.next());
        if (!more) return false;
        row.resize(columns_.size());
        for (std::size_t i = 0; i < row.size(); ++i)
            row[i] = Value(rows_.value(static_cast<int>(i)));
        ++count;
        return true;
    }

    std::size_t count = 0;

  private:
    storage::Rows rows_;
    std::vector<sales::ExportColumn> columns_;
};

// The id and all fields of a collection.
Result<QueryRows> rows_of_collection(storage::ReadConnection& reader, const Schema& schema,
                                     const std::string& name) {
    Names names(reader.database(), schema);
    SATCHEL_ASSIGN(const Collection* collection, names.collection(name));
    std::vector<const Field*> fields;
    std::string sql = "SELECT id";
    for (const Field& field : collection->fields) {
        fields.push_back(&field);
        sql += ", " + storage::quoted(field.name);
    }
    std::vector<sales::ExportColumn> columns = sales::export_columns(*collection, fields);
    for (sales::ExportColumn& column : columns)
        if (column.form == sales::CellForm::money) ++column.currency;  // the id goes in front
    columns.insert(columns.begin(), {"id", sales::CellForm::record_id, 0});
    SATCHEL_ASSIGN(storage::Rows rows,
                   reader.query(sql + " FROM " + storage::quoted(name) + " ORDER BY id"));
    return QueryRows(std::move(rows), std::move(columns));
}

Result<QueryRows> rows_of_query(storage::ReadConnection& reader, const std::string& sql) {
    SATCHEL_ASSIGN(storage::Rows rows, reader.query(sql));
    std::vector<sales::ExportColumn> columns;
    for (int i = 0; i < rows.columns(); ++i)
        columns.push_back({rows.name(i), sales::CellForm::plain, 0});
    return QueryRows(std::move(rows), std::move(columns));
}

Status write_rows(const ExportArguments& arguments, QueryRows& rows, const sales::Sink& sink) {
    if (arguments.format == "csv")
        return sales::export_csv(rows, sink, {.byte_order_mark = arguments.mark});
    return sales::export_json_lines(rows, sink);
}

// The rows are the output; whether it went somewhere is seen at the end of the program.
Result<ExitStatus> print(const ExportArguments& arguments, QueryRows rows) {
    const sales::Sink sink = [](ByteView bytes) {
        const bool written = std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
        return written ? Status() : Status(output_lost());
    };
    SATCHEL_TRY(write_rows(arguments, rows, sink));
    return ExitStatus::ok;
}

Result<ExitStatus> write(Context& context, const ExportArguments& arguments, QueryRows rows) {
    if (arguments.to == "-") return print(arguments, std::move(rows));
    SATCHEL_ASSIGN(OutputFile file, OutputFile::open(arguments.to, true));
    SATCHEL_TRY(write_rows(arguments, rows, [&](ByteView bytes) { return file.write(bytes); }));
    SATCHEL_TRY(file.finish());
    context.console.say("{0} row{2} in {1}", "{0} 行已写入 {1}", rows.count, arguments.to,
                        plural(rows.count));
    context.console.result(
        {{"file", arguments.to}, {"format", arguments.format}, {"rows", rows.count}});
    return ExitStatus::ok;
}

Result<ExitStatus> run(Context& context, const ExportArguments& arguments) {
    if (arguments.collection.empty() == arguments.sql.empty())
        return Error{ErrorCode::invalid_argument,
                     "name a collection, or give --query \"SELECT …\""};
    if (context.console.json && arguments.to == "-")
        return Error{ErrorCode::invalid_argument,
                     "with --json give --to FILE: standard output is for the answer"};
    SchemaPointer schema;
    {
        SATCHEL_ASSIGN(const std::unique_ptr<storage::Replica> replica, context.open());
        schema = replica->schema();
    }
    SATCHEL_ASSIGN(storage::ReadConnection reader, context.open_for_reading());
    if (!arguments.sql.empty()) {
        SATCHEL_ASSIGN(QueryRows rows, rows_of_query(reader, arguments.sql));
        return write(context, arguments, std::move(rows));
    }
    SATCHEL_ASSIGN(QueryRows rows, rows_of_collection(reader, *schema, arguments.collection));
    return write(context, arguments, std::move(rows));
}

}  // namespace

void add_export_command(CLI::App& app, Context& context) {
    const auto arguments = std::make_shared<ExportArguments>();
    CLI::App* command = app.add_subcommand(
        "export", "Write a collection, or the rows of a query, as CSV or JSON lines");
    command->add_option("collection", arguments->collection, "Such as account");
    command->add_option("--query", arguments->sql, "SELECT …, instead of a collection");
    command->add_option("--to", arguments->to, "The file to write; - for standard output")
        ->default_val("-");
    command->add_option("--format", arguments->format, "csv or jsonl")
        ->check(CLI::IsMember({"csv", "jsonl"}));
    command->add_flag("--bom", arguments->mark, "Mark the CSV as UTF-8, for spreadsheet programs");
    command->callback([&context, arguments] {
        context.command = [&context, arguments] { return run(context, *arguments); };
    });
}

}  // namespace satchel::cli
