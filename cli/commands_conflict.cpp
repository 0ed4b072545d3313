// conflicts and resolve: where two people wrote different things, and taking a decision.

#include <CLI/CLI.hpp>

#include "cli/context.hpp"
#include "cli/names.hpp"
#include "cli/option_checks.hpp"
#include "cli/record_text.hpp"
#include "cli/target.hpp"

namespace satchel::cli {
namespace {

using storage::Replica;

void say_conflict(Console& console, const Collection& collection, const Cell& cell,
                  const storage::RecordView& view, Names& names) {
    if (console.json) return;
    console.line(
        fmt::format("{} {} {}", collection.name, view.id.text(), names.title(collection, view.id)));
    for (const std::string& text :
         conflict_lines(console, collection, cell, *view.state.cell(cell.id), names))
        console.line(text);
}

Result<ExitStatus> list(Context& context) {
    SATCHEL_ASSIGN(const std::unique_ptr<Replica> replica, context.open());
    const SchemaPointer schema = replica->schema();
    Names names(replica->database(), *schema);
    SATCHEL_ASSIGN(const auto conflicts, replica->conflicts());
    Json items = Json::array();
    for (const storage::OpenConflict& conflict : conflicts) {
        const Collection* collection = schema->find(conflict.collection);
        if (collection == nullptr) continue;
        const Cell* cell = collection->cell(conflict.cell);
        if (cell == nullptr) continue;
        SATCHEL_ASSIGN(const storage::RecordView view,
                       replica->record(collection->name, conflict.record));
        const CellState* state = view.state.cell(cell->id);
        if (state == nullptr) continue;
        say_conflict(context.console, *collection, *cell, view, names);
        Json item = {{"collection", collection->name},
                     {"id", view.id.text()},
                     {"title", names.title(*collection, view.id)},
                     {"token", view.token().text()}};
        item.update(conflict_json(*collection, *cell, *state, names));
        items.push_back(std::move(item));
    }
    if (items.empty())
        context.console.say("No conflicts.", "没有冲突。");
    else
        context.console.say(
            "'>' is shown now. Decide: satchel resolve COLLECTION ID FIELD --take N",
            "“>”为当前显示的值。决定:satchel resolve COLLECTION ID FIELD --take N");
    context.console.result({{"conflicts", items}});
    return ExitStatus::ok;
}

struct ResolveArguments {
    std::string collection;
    std::string record;
    std::string field;
    std::size_t take = 0;
    std::vector<std::string> assignments;
    std::string token;
};

Error nothing_chosen() {
    return {ErrorCode::invalid_argument,
            "give either --take N, a value's number in 'satchel conflicts', or field=value"};
}

// The values to write: those of the chosen sibling.
Result<storage::FieldValues> taken(const Collection& collection, const Cell& cell,
                                   const CellState& state, std::size_t place) {
    if (place > state.siblings.size())
        return Error{ErrorCode::invalid_argument,
                     "there are only " + std::to_string(state.siblings.size()) + " values to take"};
    const Sibling& chosen = state.siblings[place - 1];
    storage::FieldValues values;
    for (std::size_t i = 0; i < cell.fields.size() && i < chosen.values.size(); ++i)
        values.emplace_back(collection.fields[cell.fields[i]].name, chosen.values[i]);
    return values;
}

// A value of the person's own: of the fields in conflict, and of nothing else.
Result<storage::FieldValues> typed(const Collection& collection, const Cell& cell,
                                   const storage::RecordView& view, Names& names,
                                   const std::vector<std::string>& assignments) {
    SATCHEL_ASSIGN(Assignments values,
                   parse_assignments(collection, assignments, view.shown, names));
    SATCHEL_TRY(no_sets_or_counters(values));
    for (const auto& [name, value] : values.registers)
        if (collection.find(name)->cell != cell.id)
            return Error{ErrorCode::invalid_argument,
                         name + " is not in this conflict; 'satchel set' writes it"};
    return std::move(values.registers);
}

Result<storage::FieldValues> decision(const Collection& collection, const Field& field,
                                      const storage::RecordView& view, Names& names,
                                      const ResolveArguments& arguments) {
    if ((arguments.take > 0) == !arguments.assignments.empty()) return nothing_chosen();
    const Cell* cell = collection.cell(field.cell);
    const CellState* state = cell == nullptr ? nullptr : view.state.cell(cell->id);
    if (state == nullptr || state->siblings.size() < 2)
        return Error{ErrorCode::not_found, collection.name + "." + field.name +
                                               " has no second value: nothing to resolve"};
    if (arguments.take > 0) return taken(collection, *cell, *state, arguments.take);
    return typed(collection, *cell, view, names, arguments.assignments);
}

Result<ExitStatus> resolve(Context& context, const ResolveArguments& arguments) {
    SATCHEL_ASSIGN(const Target target,
                   open_target(context, arguments.collection, arguments.record));
    const Collection& collection = *target.collection;
    SATCHEL_ASSIGN(const storage::RecordView view, target.view());
    const Field* field = collection.find(arguments.field);
    if (field == nullptr)
        return Error{ErrorCode::invalid_argument,
                     collection.name + " has no field '" + arguments.field.substr(0, 64) + "'"};
    SATCHEL_ASSIGN(const storage::FieldValues values,
                   decision(collection, *field, view, *target.names, arguments));
    VectorClock token = view.token();
    if (!arguments.token.empty()) {
        SATCHEL_ASSIGN(token, VectorClock::parse(arguments.token));
    }
    SATCHEL_ASSIGN(storage::LocalTransaction transaction, target.replica->begin());
    SATCHEL_TRY(transaction.set(collection.name, target.id, values, &token));
    SATCHEL_ASSIGN(const ChangeId change, transaction.commit());
    SATCHEL_ASSIGN(const storage::RecordView after, target.view());
    const CellState* left = after.state.cell(field->cell);
    const bool open = left != nullptr && is_conflict(*left);
    context.console.say("{} {} is now: {}{}", "{} {} 现为:{}{}", collection.name, field->name,
                        text_of(collection, *field, after.shown),
                        open
                            ? context.console.text("; a value that you were not shown is beside it",
                                                   ";旁边还有一个您未见过的值")
                            : "");
    context.console.result({{"collection", collection.name},
                            {"id", target.id.text()},
                            {"change", change.text()},
                            {"still_open", open},
                            {"fields", json_of(collection, after.shown)}});
    return ExitStatus::ok;
}

}  // namespace

void add_conflict_commands(CLI::App& app, Context& context) {
    CLI::App* command =
        app.add_subcommand("conflicts", "Where people wrote different things at the same time");
    command->callback([&context] { context.command = [&context] { return list(context); }; });

    const auto arguments = std::make_shared<ResolveArguments>();
    command = app.add_subcommand("resolve",
                                 "Decide a conflict: resolve opportunity 0192f3c4 amount --take 2");
    command->add_option("collection", arguments->collection, "Such as account")->required();
    command
        ->add_option("record", arguments->record,
                     "Its id, the first digits of it, or @ and its name")
        ->required();
    command->add_option("field", arguments->field, "The field in conflict")->required();
    command->add_option("assignments", arguments->assignments,
                        "Or a value of your own: field=value …");
    command->add_option("--take", arguments->take, "The number of the value to take")
        ->check(whole_number_from(1));
    command->add_option("--token", arguments->token, "As 'conflicts' printed it");
    command->callback([&context, arguments] {
        context.command = [&context, arguments] { return resolve(context, *arguments); };
    });
}

}  // namespace satchel::cli
