// import: the rows of a CSV file become records, in transactions of a thousand.

#include <CLI/CLI.hpp>
#include <map>

#include "cli/connection.hpp"
#include "cli/context.hpp"
#include "cli/files.hpp"
#include "cli/names.hpp"
#include "cli/option_checks.hpp"
#include "cli/row_writer.hpp"
#include "client/messages.hpp"
#include "client/new_record.hpp"
#include "sales/encoding.hpp"
#include "sales/import.hpp"
#include "storage/record_tables.hpp"

namespace satchel::cli {
namespace {

using sales::ImportStep;
using storage::Replica;

constexpr std::size_t kListedProblems = 100;

// Answers from the replica, each name once.
class ReplicaResolver final : public sales::Resolver {
  public:
    ReplicaResolver(storage::Database& database, const Schema& schema, Names& names)
        : database_(database), schema_(schema), names_(names) {}

    Result<RecordId> find(CollectionId collection, FieldId field, const Value& value) override {
        const auto key = std::make_tuple(collection, field, value);
        if (const auto known = found_.find(key); known != found_.end()) return known->second;
        SATCHEL_ASSIGN(const RecordId id, look_up(collection, field, value));
        found_.emplace(key, id);
        return id;
    }

    Result<RecordId> user(std::string_view name) override {
        if (const auto known = users_.find(name); known != users_.end()) return known->second;
        SATCHEL_ASSIGN(const RecordId id, names_.user(name));
        users_.emplace(std::string(name), id);
        return id;
    }

  private:
    Result<RecordId> look_up(CollectionId id, FieldId field_id, const Value& value) {
        const Collection* collection = schema_.find(id);
        const Field* field = collection == nullptr ? nullptr : collection->find(field_id);
        if (field == nullptr) return Error{ErrorCode::internal, "a look-up of an unknown field"};
        SATCHEL_ASSIGN(
            storage::Statement * rows,
            database_.cached("SELECT id FROM " + storage::quoted(collection->name) + " WHERE " +
                             storage::quoted(field->name) + " = ?1 LIMIT 2"));
        if (value.type() == ValueType::integer)
            rows->bind(1, value.integer());
        else
            rows->bind_text(1, value.as_bytes());
        SATCHEL_ASSIGN(const bool one, rows->step());
        if (!one)
            return Error{ErrorCode::not_found,
                         "no " + collection->name + " on this device has this " + field->name};
        SATCHEL_ASSIGN(const RecordId record, RecordId::from_bytes(rows->blob(0)));
        SATCHEL_ASSIGN(const bool two, rows->step());
        rows->reset();
        if (two)
            return Error{ErrorCode::invalid_argument,
                         "several records of " + collection->name + " have this " + field->name};
        return record;
    }

    storage::Database& database_;
    const Schema& schema_;
    Names& names_;
    std::map<std::tuple<CollectionId, FieldId, Value>, RecordId> found_;
    std::map<std::string, RecordId, std::less<>> users_;
};

struct ImportArguments {
    std::string file;
    std::string into;
    std::string map;
    std::string key;
    std::size_t from_line = 0;
    bool check = false;
};

void note_problem(Tally& tally, sales::RowProblem problem) {
    ++tally.left_out;
    if (tally.problems.size() < kListedProblems) tally.problems.push_back(std::move(problem));
}

// What is read and not yet written is written; then the rest of the file waits for another import.
Status stop(RowWriter& writer, Tally& tally, std::size_t line, const Error& why) {
    SATCHEL_TRY(writer.commit());
    tally.stopped_at = line;
    return why;
}

Status take_rows(sales::Importer& importer, RowWriter& writer, const client::CancelToken& cancel,
                 Tally& tally) {
    while (true) {
        const Result<ImportStep> step = importer.next();
        if (!step) return stop(writer, tally, importer.line(), step.error());
        if (*step == ImportStep::end) return writer.commit();
        if (cancel.cancelled())
            return stop(writer, tally, importer.line(),
                        client::failure(ErrorCode::cancelled, "cancelled"));
        if (*step == ImportStep::problem) {
            note_problem(tally, importer.problem());
            continue;
        }
        const Status written = writer.write(importer.row());
        if (written) continue;
        if (tally.stopped_at != 0) return written;
        note_problem(tally, {importer.row().line, "", "", written.error().message});
    }
}

Json problems_json(const Tally& tally) {
    Json problems = Json::array();
    for (const sales::RowProblem& problem : tally.problems)
        problems.push_back({{"line", problem.line},
                            {"column", problem.column},
                            {"excerpt", problem.excerpt},
                            {"message", problem.message}});
    return problems;
}

void say_problems(Console& console, const std::string& file, const Tally& tally) {
    for (const sales::RowProblem& problem : tally.problems)
        console.note(fmt::format("{}:{}: {}{}{}", file, problem.line,
                                 problem.column.empty() ? "" : problem.column + ": ",
                                 problem.message,
                                 problem.excerpt.empty() ? "" : " («" + problem.excerpt + "»)"));
    if (tally.left_out > tally.problems.size())
        console.note(console.text("… and {} more rows", "……还有 {} 行",
                                  tally.left_out - tally.problems.size()));
}

Json counts_json(const Tally& tally) {
    return {{"created", tally.created},
            {"updated", tally.updated},
            {"unchanged", tally.unchanged},
            {"left_out", tally.left_out},
            {"problems", problems_json(tally)}};
}

// The rows before the line are committed: a second import of the whole file would double them.
ExitStatus tell_stop(Context& context, const ImportArguments& arguments, const Tally& tally,
                     const Error& why) {
    Console& console = context.console;
    say_problems(console, arguments.file, tally);
    console.note(console.text(
        "Stopped before line {0}. The rows before it are taken: {1} new, {2} changed, {3} as they "
        "were, {4} left out. To go on without taking any twice, import again with --from-line {0}, "
        "or the whole file with --key FIELD.",
        "在第 {0} 行之前停止。之前的行已导入:新建 {1},更改 {2},未变 {3},跳过 {4}。"
        "为避免重复,请加上 --from-line {0} 再次导入,或用 --key 字段 重新导入整个文件。",
        tally.stopped_at, tally.created, tally.updated, tally.unchanged, tally.left_out));
    Json members = counts_json(tally);
    members["line"] = tally.stopped_at;
    Error told = why;
    if (console.json)
        told.message +=
            fmt::format("; to go on, import again with --from-line {}", tally.stopped_at);
    console.fail(told, members);
    return exit_status(why.code);
}

ExitStatus tell(Context& context, const ImportArguments& arguments, const sales::Importer& importer,
                sales::Encoding encoding, const Tally& tally) {
    Console& console = context.console;
    say_problems(console, arguments.file, tally);
    console.say("{}{} new, {} changed, {} as they were, {} left out ({})",
                "{}新建 {},更改 {},未变 {},跳过 {}({})",
                arguments.check ? console.text("Check only: ", "仅检查:") : "", tally.created,
                tally.updated, tally.unchanged, tally.left_out, name(encoding));
    for (const std::string& column : importer.mapping().unused_columns)
        console.note(console.text("column not used: {}", "未使用的列:{}", column));
    Json answer = {{"file", arguments.file},
                   {"collection", arguments.into},
                   {"encoding", std::string(name(encoding))},
                   {"checked_only", arguments.check}};
    answer.update(counts_json(tally));
    answer["unused_columns"] = importer.mapping().unused_columns;
    console.result(answer);
    return tally.left_out == 0 ? ExitStatus::ok : ExitStatus::partly;
}

Result<ExitStatus> import(Context& context, const ImportArguments& arguments) {
    SATCHEL_ASSIGN(const Bytes bytes, read_file(arguments.file, sales::kMaxImportFileBytes));
    SATCHEL_ASSIGN(const sales::DecodedText text, sales::to_utf8(bytes));
    SATCHEL_ASSIGN(const std::unique_ptr<Replica> replica, context.open());
    const SchemaPointer schema = replica->schema();
    Names names(replica->database(), *schema);
    SATCHEL_ASSIGN(const Collection* into, names.collection(arguments.into));
    ReplicaResolver resolver(replica->database(), *schema, names);
    SATCHEL_ASSIGN(sales::Importer importer,
                   sales::Importer::open(text.text, *schema,
                                         {.into = arguments.into,
                                          .map = arguments.map,
                                          .key = arguments.key,
                                          .from_line = arguments.from_line},
                                         resolver));
    Tally tally;
    SATCHEL_ASSIGN(const auto person, client::person_of(*replica));
    RowWriter writer(*replica, *into, person, arguments.check, tally);
    Interrupt interrupt;
    const Status taken = take_rows(importer, writer, interrupt.token(), tally);
    if (tally.ownerless > 0) context.console.note_ownerless();
    if (!taken && !arguments.check) return tell_stop(context, arguments, tally, taken.error());
    SATCHEL_TRY(taken);
    return tell(context, arguments, importer, text.encoding, tally);
}

}  // namespace

void add_import_command(CLI::App& app, Context& context) {
    const auto arguments = std::make_shared<ImportArguments>();
    CLI::App* command = app.add_subcommand(
        "import",
        "Read a CSV file (UTF-8, GBK, UTF-16) into a collection. Bad rows are named and left out.\n"
        "  --map \"name=account, revenue=money(revenue, CNY), owner=@user(agent)\"\n"
        "  field=column, date(column), money(column, CNY), money(column, CNY, 1000000) of a "
        "column\n"
        "  that counts millions, @lookup(account.name, column), @user(column),\n"
        "  join(column, column, …), const(text), alias(column, a=b). Without --map, columns that\n"
        "  are called like fields. Unsure? --check first.");
    command->add_option("csv", arguments->file, "The file")->required();
    command->add_option("--into", arguments->into, "The collection")->required();
    command->add_option("--map", arguments->map, "Which column becomes which field");
    command->add_option("--key", arguments->key,
                        "Field that names a record: the same file read again changes, and never "
                        "doubles");
    command
        ->add_option("--from-line", arguments->from_line,
                     "Pass over the rows before this line: to go on where an import stopped")
        ->check(whole_number_from(1));
    command->add_flag("--check", arguments->check, "Write nothing, only say what would happen");
    command->callback([&context, arguments] {
        context.command = [&context, arguments] { return import(context, *arguments); };
    });
}

}  // namespace satchel::cli
