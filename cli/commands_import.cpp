// import: the rows of a CSV file become records, in transactions of a thousand.

#include <CLI/CLI.hpp>
#include <map>

#include "cli/context.hpp"
#include "cli/files.hpp"
#include "cli/names.hpp"
#include "cli/row_writer.hpp"
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
    bool check = false;
};

// A code of which the row is to blame, not the disk.
bool blames_row(ErrorCode code) {
    return code == ErrorCode::invalid_argument || code == ErrorCode::limit ||
           code == ErrorCode::not_found;
}

void note_problem(Tally& tally, sales::RowProblem problem) {
    ++tally.left_out;
    if (tally.problems.size() < kListedProblems) tally.problems.push_back(std::move(problem));
}

Status take_rows(sales::Importer& importer, RowWriter& writer, Tally& tally) {
    while (true) {
        SATCHEL_ASSIGN(const ImportStep step, importer.next());
        if (step == ImportStep::end) return writer.commit();
        if (step == ImportStep::problem) {
            note_problem(tally, importer.problem());
            continue;
        }
        const Status written = writer.write(importer.row());
        if (written) continue;
        if (!blames_row(written.error().code)) return written;
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
    console.result({{"file", arguments.file},
                    {"collection", arguments.into},
                    {"encoding", std::string(name(encoding))},
                    {"checked_only", arguments.check},
                    {"created", tally.created},
                    {"updated", tally.updated},
                    {"unchanged", tally.unchanged},
                    {"left_out", tally.left_out},
                    {"problems", problems_json(tally)},
                    {"unused_columns", importer.mapping().unused_columns}});
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
                                         {arguments.into, arguments.map, arguments.key}, resolver));
    Tally tally;
    SATCHEL_ASSIGN(const auto person, client::person_of(*replica));
    RowWriter writer(*replica, *into, person, arguments.check, tally);
    SATCHEL_TRY(take_rows(importer, writer, tally));
    if (tally.ownerless > 0) context.console.note_ownerless();
    return tell(context, arguments, importer, text.encoding, tally);
}

}  // namespace

void add_import_command(CLI::App& app, Context& context) {
    const auto arguments = std::make_shared<ImportArguments>();
    CLI::App* command = app.add_subcommand(
        "import",
        "Read a CSV file (UTF-8, GBK, UTF-16) into a collection. Bad rows are named and left out.\n"
        "  --map \"name=account, revenue=money(revenue, CNY), owner=@user(agent)\"\n"
        "  field=column, date(column), money(column, CNY), @lookup(account.name, column),\n"
        "  @user(column), const(text), alias(column, a=b). Without --map, columns that are called\n"
        "  like fields. Unsure? --check first.");
    command->add_option("csv", arguments->file, "The file")->required();
    command->add_option("--into", arguments->into, "The collection")->required();
    command->add_option("--map", arguments->map, "Which column becomes which field");
    command->add_option("--key", arguments->key,
                        "Field that names a record: the same file read again changes, and never "
                        "doubles");
    command->add_flag("--check", arguments->check, "Write nothing, only say what would happen");
    command->callback([&context, arguments] {
        context.command = [&context, arguments] { return import(context, *arguments); };
    });
}

}  // namespace satchel::cli
