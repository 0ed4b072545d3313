// create, set, unset, delete, undelete, tag, count: one command is one local transaction.

#include <CLI/CLI.hpp>

#include "cli/context.hpp"
#include "cli/target.hpp"
#include "cli/values.hpp"
#include "client/new_record.hpp"

namespace satchel::cli {
namespace {

using storage::LocalTransaction;

// What the arguments of these commands say; each uses some of it.
struct Arguments {
    std::string collection;
    std::string record;
    std::string field;
    std::vector<std::string> assignments;
    std::vector<std::string> fields;
    std::vector<std::string> add;
    std::vector<std::string> remove;
    std::string token;
    std::int64_t step = 1;
};

Result<Target> open_target(const Context& context, const Arguments& arguments) {
    return cli::open_target(context, arguments.collection, arguments.record);
}

Result<std::optional<VectorClock>> token_of(const Arguments& arguments) {
    if (arguments.token.empty()) return std::optional<VectorClock>();
    SATCHEL_ASSIGN(VectorClock token, VectorClock::parse(arguments.token));
    return std::optional<VectorClock>(std::move(token));
}

Result<ExitStatus> commit(Context& context, Target& target, LocalTransaction transaction) {
    SATCHEL_ASSIGN(const ChangeId change, transaction.commit());
    context.console.say("{} {}", "{} {}", target.collection->name, target.id.text());
    context.console.result({{"collection", target.collection->name},
                            {"id", target.id.text()},
                            {"change", change.text()}});
    return ExitStatus::ok;
}

Status write_extras(LocalTransaction& transaction, const Target& target,
                    const Assignments& assignments) {
    for (const auto& [field, element] : assignments.elements)
        SATCHEL_TRY(transaction.add_to_set(target.collection->name, target.id, field, element));
    for (const auto& [field, step] : assignments.counters)
        SATCHEL_TRY(transaction.count(target.collection->name, target.id, field, step));
    return {};
}

Result<ExitStatus> create(Context& context, const Arguments& arguments) {
    SATCHEL_ASSIGN(Target target, open_target(context, arguments));
    SATCHEL_ASSIGN(Assignments values,
                   parse_assignments(*target.collection, arguments.assignments, {}, *target.names));
    SATCHEL_ASSIGN(const auto person, client::person_of(*target.replica));
    const auto belonging = client::belonging(*target.collection, person, values.registers);
    SATCHEL_ASSIGN(LocalTransaction transaction, target.replica->begin());
    SATCHEL_ASSIGN(target.id, transaction.create(target.collection->name, values.registers));
    SATCHEL_TRY(write_extras(transaction, target, values));
    SATCHEL_ASSIGN(const ExitStatus done, commit(context, target, std::move(transaction)));
    if (belonging == client::Belonging::nobody) context.console.note_ownerless();
    return done;
}

Result<ExitStatus> set(Context& context, const Arguments& arguments) {
    SATCHEL_ASSIGN(Target target, open_target(context, arguments));
    SATCHEL_ASSIGN(const storage::RecordView view, target.view());
    SATCHEL_ASSIGN(
        const Assignments values,
        parse_assignments(*target.collection, arguments.assignments, view.shown, *target.names));
    SATCHEL_TRY(no_sets_or_counters(values));
    SATCHEL_ASSIGN(const auto token, token_of(arguments));
    SATCHEL_ASSIGN(LocalTransaction transaction, target.replica->begin());
    SATCHEL_TRY(transaction.set(target.collection->name, target.id, values.registers,
                                token ? &*token : nullptr));
    return commit(context, target, std::move(transaction));
}

Result<ExitStatus> unset(Context& context, const Arguments& arguments) {
    SATCHEL_ASSIGN(Target target, open_target(context, arguments));
    SATCHEL_ASSIGN(const auto token, token_of(arguments));
    storage::FieldValues values;
    for (const std::string& field : arguments.fields)
        values.emplace_back(field, Value());
    SATCHEL_ASSIGN(LocalTransaction transaction, target.replica->begin());
    SATCHEL_TRY(
        transaction.set(target.collection->name, target.id, values, token ? &*token : nullptr));
    return commit(context, target, std::move(transaction));
}

Result<ExitStatus> remove(Context& context, const Arguments& arguments) {
    SATCHEL_ASSIGN(Target target, open_target(context, arguments));
    SATCHEL_ASSIGN(const auto token, token_of(arguments));
    SATCHEL_ASSIGN(LocalTransaction transaction, target.replica->begin());
    SATCHEL_TRY(transaction.remove(target.collection->name, target.id, token ? &*token : nullptr));
    return commit(context, target, std::move(transaction));
}

Result<ExitStatus> undelete(Context& context, const Arguments& arguments) {
    SATCHEL_ASSIGN(Target target, open_target(context, arguments));
    SATCHEL_ASSIGN(LocalTransaction transaction, target.replica->begin());
    SATCHEL_TRY(transaction.undelete(target.collection->name, target.id));
    return commit(context, target, std::move(transaction));
}

Result<ExitStatus> tag(Context& context, const Arguments& arguments) {
    if (arguments.add.empty() && arguments.remove.empty())
        return Error{ErrorCode::invalid_argument, "give --add TEXT or --remove TEXT"};
    if (std::find(arguments.add.begin(), arguments.add.end(), "") != arguments.add.end())
        return Error{ErrorCode::invalid_argument, "nothing stands behind --add: write TEXT there"};
    SATCHEL_ASSIGN(Target target, open_target(context, arguments));
    SATCHEL_ASSIGN(LocalTransaction transaction, target.replica->begin());
    for (const std::string& element : arguments.add)
        SATCHEL_TRY(
            transaction.add_to_set(target.collection->name, target.id, arguments.field, element));
    for (const std::string& element : arguments.remove)
        SATCHEL_TRY(transaction.remove_from_set(target.collection->name, target.id, arguments.field,
                                                element));
    return commit(context, target, std::move(transaction));
}

Result<ExitStatus> count(Context& context, const Arguments& arguments) {
    SATCHEL_ASSIGN(Target target, open_target(context, arguments));
    SATCHEL_ASSIGN(LocalTransaction transaction, target.replica->begin());
    SATCHEL_TRY(
        transaction.count(target.collection->name, target.id, arguments.field, arguments.step));
    return commit(context, target, std::move(transaction));
}

using Action = Result<ExitStatus> (*)(Context&, const Arguments&);

// One command on COLLECTION, or on COLLECTION ID.
CLI::App* add_command(CLI::App& app, Context& context, const std::shared_ptr<Arguments>& arguments,
                      const char* name, const char* description, Action action) {
    CLI::App* command = app.add_subcommand(name, description);
    command->add_option("collection", arguments->collection, "Such as account")->required();
    if (action != create)
        command
            ->add_option("record", arguments->record,
                         "Its id, the first digits of it, or @ and its name")
            ->required();
    command->callback([&context, arguments, action] {
        context.command = [&context, arguments, action] { return action(context, *arguments); };
    });
    return command;
}

void add_token(CLI::App* command, const std::shared_ptr<Arguments>& arguments) {
    command->add_option("--token", arguments->token,
                        "What you were shown, as 'get' printed it: a value that arrived since "
                        "then survives beside yours");
}

}  // namespace

void add_write_commands(CLI::App& app, Context& context) {
    const auto arguments = std::make_shared<Arguments>();
    const auto add = [&](const char* name, const char* description, Action action) {
        return add_command(app, context, arguments, name, description, action);
    };
    add("create", "Make a record: create account name=Acme city=武汉 tags=\"a;b\"", create)
        ->add_option("assignments", arguments->assignments, "field=value …");
    CLI::App* command = add("set", "Write fields: set account 0192f3c4 sector=retail", set);
    command->add_option("assignments", arguments->assignments, "field=value …")->required();
    add_token(command, arguments);
    command = add("unset", "Empty fields", unset);
    command->add_option("fields", arguments->fields, "Their names")->required();
    add_token(command, arguments);
    add_token(add("delete", "Delete a record; 'undelete' takes it back", remove), arguments);
    add("undelete", "Take a deletion back", undelete);
    command = add("tag", "Add to or remove from a set: tag account 0192f3c4 tags --add VIP", tag);
    command->add_option("field", arguments->field, "The set")->required();
    command->add_option("--add", arguments->add, "Elements to add");
    command->add_option("--remove", arguments->remove, "Elements to remove");
    command = add("count", "Count up or down: count account 0192f3c4 visits --by -1", count);
    command->add_option("field", arguments->field, "The counter")->required();
    command->add_option("--by", arguments->step, "How many; 1 when not given");
}

}  // namespace satchel::cli
