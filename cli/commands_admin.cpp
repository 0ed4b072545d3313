// admin: head office's own work, over the HTTP interface (docs/http-api.md, "Administration").

#include <CLI/CLI.hpp>

#include "cli/admin_session.hpp"
#include "cli/files.hpp"
#include "cli/option_checks.hpp"
#include "cli/program_files.hpp"
#include "cli/values.hpp"
#include "sync/bundle.hpp"
#include "sync/limits.hpp"

namespace satchel::cli {
namespace {

// Every option of the group; a command uses some of them.
struct Arguments {
    AdminArguments where;
    std::string user, name, role, manager, new_password_file, replica, change, from, to;
    std::string collection, record, path, data, anchors, answer, dot;
    std::vector<std::string> pools;
    bool disable = false;
    bool enable = false;
    bool force = false;
    bool confirm = false;
    std::int64_t limit = 100;
};

using Action = Result<Json> (*)(AdminSession&, const Context&, const Arguments&);

// --- what is asked of the server

Result<Json> add_user(AdminSession& session, const Context&, const Arguments& a) {
    Json body = {{"login", a.user}, {"name", a.name.empty() ? a.user : a.name}};
    if (!a.role.empty()) body["role"] = a.role;
    if (!a.manager.empty()) body["manager"] = a.manager;
    if (!a.pools.empty()) body["pools"] = a.pools;
    if (!a.new_password_file.empty()) {
        SATCHEL_ASSIGN(body["password"], read_password(a.new_password_file, ""));
    }
    return session.write("/v1/admin/users", body);
}

Result<Json> list_users(AdminSession& session, const Context&, const Arguments&) {
    return session.read("/v1/admin/users");
}

Result<Json> change_user(AdminSession& session, const Context&, const Arguments& a) {
    Json body = {{"user", a.user}};
    if (!a.name.empty()) body["name"] = a.name;
    if (!a.role.empty()) body["role"] = a.role;
    if (!a.manager.empty()) body["manager"] = a.manager == "none" ? "" : a.manager;
    if (!a.pools.empty()) body["pools"] = a.pools;
    if (a.disable || a.enable) body["active"] = a.enable;
    return session.write("/v1/admin/users/change", body);
}

Result<Json> set_password(AdminSession& session, const Context&, const Arguments& a) {
    Json body = {{"user", a.user}};
    if (!a.new_password_file.empty()) {
        SATCHEL_ASSIGN(body["password"], read_password(a.new_password_file, ""));
    }
    return session.write("/v1/admin/users/password", body);
}

Result<Json> list_devices(AdminSession& session, const Context&, const Arguments& a) {
    return session.read("/v1/admin/devices" +
                        (a.user.empty() ? "" : "?user=" + percent_encoded(a.user)));
}

Result<Json> revoke_device(AdminSession& session, const Context&, const Arguments& a) {
    return session.write("/v1/admin/devices/revoke", {{"replica", a.replica}});
}

Result<Json> hand_over(AdminSession& session, const Context&, const Arguments& a) {
    if (a.from.empty() && (a.collection.empty() || a.record.empty()))
        return Error{ErrorCode::invalid_argument,
                     "give --from LOGIN, or --collection C and --record ID"};
    Json body = {{"to", a.to}};
    if (!a.from.empty()) body["from"] = a.from;
    if (!a.collection.empty()) body["collection"] = a.collection;
    if (!a.record.empty()) body["record"] = a.record;
    return session.write("/v1/admin/handover", body);
}

Result<Json> list_quarantine(AdminSession& session, const Context&, const Arguments& a) {
    return session.read("/v1/admin/quarantine?limit=" + std::to_string(a.limit));
}

Result<Json> adopt(AdminSession& session, const Context&, const Arguments& a) {
    return session.write("/v1/admin/quarantine/adopt", {{"change", a.change}});
}

Result<Json> back_up(AdminSession& session, const Context&, const Arguments& a) {
    Json body = Json::object();
    if (!a.path.empty()) body["path"] = a.path;
    if (a.confirm) body["confirm"] = true;
    return session.write("/v1/admin/backup", body);
}

Result<Json> confirm_backup(AdminSession& session, const Context&, const Arguments&) {
    return session.write("/v1/admin/backup/confirm", Json::object());
}

Result<Json> give_up(AdminSession& session, const Context&, const Arguments& a) {
    return session.write("/v1/admin/lost", {{"dot", a.dot}});
}

Result<Json> show_schema(AdminSession& session, const Context&, const Arguments&) {
    return session.read("/v1/admin/schema");
}

// Of a schema that was refused: its number must be above that of the schema in force.
Status check_number(AdminSession& session, const Json& schema) {
    const auto typed = schema.find("number");
    if (typed == schema.end() || !typed->is_number_integer()) return {};
    SATCHEL_ASSIGN(const Json in_force, session.read("/v1/admin/schema"));
    const auto now = in_force.find("number");
    if (now == in_force.end() || !now->is_number_integer() || *typed > *now) return {};
    const std::int64_t number = now->get<std::int64_t>();
    return Error{ErrorCode::invalid_argument,
                 fmt::format("the schema in force is number {}: write \"number\": {} into the file",
                             number, number + 1)};
}

Result<Json> set_schema(AdminSession& session, const Context&, const Arguments& a) {
    SATCHEL_ASSIGN(const Bytes text, read_file(a.path, kMaxSchemaBytes));
    const Json schema = Json::parse(text, nullptr, false);
    if (!schema.is_object())
        return Error{ErrorCode::invalid_argument, a.path + " holds no JSON object"};
    auto done = session.write("/v1/admin/schema", schema);
    if (done) return done;
    SATCHEL_TRY(check_number(session, schema));
    return done;
}

Result<Json> prune(AdminSession& session, const Context&, const Arguments&) {
    return session.write("/v1/admin/prune", Json::object());
}

Result<Json> exchange_bundle(AdminSession& session, const Context&, const Arguments& a) {
    SATCHEL_TRY(check_is_free(a.answer, a.force));
    SATCHEL_ASSIGN(const Bytes request, read_file(a.path, kMaxBundleBytes));
    SATCHEL_ASSIGN(const BundleAnswer answer, session.exchange_bundle(request));
    SATCHEL_TRY(write_whole_file(a.answer, answer.file, a.force));
    Json told = {{"request", a.path}, {"reply", a.answer}, {"bytes", answer.file.size()}};
    told.update(answer.summary);
    return told;
}

// --- how the answer is told to people: a table for a list, a line per member otherwise

std::string cell_text(const std::string& key, const Json& value) {
    if (value.is_null()) return "";
    if (value.is_string()) return value.get<std::string>();
    if (key.ends_with("_at") && value.is_number_integer())
        return time_text(value.get<std::int64_t>());
    return dump(value);
}

void say_list(Console& console, const Json& items) {
    if (items.empty()) {
        console.say("None.", "无。");
        return;
    }
    std::vector<std::string> header;
    for (const auto& [key, value] : items.front().items())
        header.push_back(key);
    std::vector<std::vector<std::string>> rows;
    for (const Json& item : items) {
        std::vector<std::string> row;
        for (const std::string& key : header)
            row.push_back(item.contains(key) ? cell_text(key, item[key]) : "");
        rows.push_back(std::move(row));
    }
    console.table(header, std::move(rows));
}

void say_answer(Console& console, const Json& answer) {
    if (answer.empty()) return console.say("Done.", "已完成。");
    if (answer.contains("collections")) return console.line(dump(answer, 2));  // a schema
    for (const auto& [key, value] : answer.items()) {
        if (value.is_array() && !value.empty() && value.front().is_object())
            say_list(console, value);
        else
            console.line(fmt::format("{:<14} {}", key, cell_text(key, value)));
    }
}

Result<ExitStatus> run(Context& context, const Arguments& arguments, Action action) {
    SATCHEL_ASSIGN(const auto session, AdminSession::open(context, arguments.where));
    SATCHEL_ASSIGN(const Json answer, action(*session, context, arguments));
    if (!context.console.json) say_answer(context.console, answer);
    context.console.result(answer);
    return ExitStatus::ok;
}

// --- registration

struct Group {
    Context& context;
    std::shared_ptr<Arguments> arguments;

    CLI::App* add(CLI::App* parent, const char* name, const char* description, Action action) {
        CLI::App* command = parent->add_subcommand(name, description);
        command->callback([this_context = &context, held = arguments, action] {
            this_context->command = [this_context, held, action] {
                return run(*this_context, *held, action);
            };
        });
        return command;
    }
};

void add_user_options(CLI::App* command, Arguments& a) {
    command->add_option("--name", a.name, "How people know them, such as 李伟");
    command->add_option("--role", a.role, "rep, manager, director or admin")
        ->check(CLI::IsMember({"rep", "manager", "director", "admin"}));
    command->add_option("--manager", a.manager, "Login of the manager; none: no manager");
    command->add_option("--pool", a.pools, "A pool whose records they see; may be repeated");
}

void add_user_commands(CLI::App* admin, Group& group) {
    Arguments& a = *group.arguments;
    CLI::App* user = admin->add_subcommand("user", "Accounts")->require_subcommand(1);
    CLI::App* command =
        group.add(user, "add", "Make an account; prints the password it made up", add_user);
    command->add_option("login", a.user, "The login name")->required();
    add_user_options(command, a);
    command->add_option("--new-password-file", a.new_password_file, "Do not make one up");
    group.add(user, "list", "All accounts", list_users);
    command = group.add(user, "change", "Change an account", change_user);
    command->add_option("login", a.user, "Login or id")->required();
    add_user_options(command, a);
    command->add_flag("--disable", a.disable, "No log-in any more; their devices empty themselves");
    command->add_flag("--enable", a.enable, "Take that back");
    command = group.add(user, "password", "A new password; ends all log-ins", set_password);
    command->add_option("login", a.user, "Login or id")->required();
    command->add_option("--new-password-file", a.new_password_file, "Do not make one up");
}

void add_device_commands(CLI::App* admin, Group& group) {
    Arguments& a = *group.arguments;
    CLI::App* device = admin->add_subcommand("device", "Devices")->require_subcommand(1);
    group.add(device, "list", "All devices", list_devices)
        ->add_option("--user", a.user, "Only those of this login");
    group.add(device, "revoke", "Shut a lost device out: it empties itself", revoke_device)
        ->add_option("replica", a.replica, "16 digits, as 'list' prints them")
        ->required();
}

void add_record_commands(CLI::App* admin, Group& group) {
    Arguments& a = *group.arguments;
    CLI::App* command = group.add(admin, "handover", "Give records to another owner", hand_over);
    command->add_option("--to", a.to, "Login of the new owner")->required();
    command->add_option("--from", a.from, "Everything this login owns");
    command->add_option("--collection", a.collection, "Only of this collection");
    command->add_option("--record", a.record, "Only this record (with --collection)");
    group.add(admin, "quarantine", "Changes that were not accepted", list_quarantine)
        ->add_option("--limit", a.limit, "At most so many, the newest")
        ->check(whole_number_from(1));
    group.add(admin, "adopt", "Take a change that was not accepted in after all", adopt)
        ->add_option("change", a.change, "Its id, as 'quarantine' prints it")
        ->required();
    group
        .add(admin, "lost", "A change will never come: what waits for it goes on without", give_up)
        ->add_option("dot", a.dot, "Which, such as 1f3a5c7e9b2d4f60.2:17")
        ->required();
}

void add_bundle_command(CLI::App* admin, Group& group) {
    Arguments& a = *group.arguments;
    CLI::App* command = group.add(
        admin, "bundle", "Take a device's bundle in, and write the answer for it", exchange_bundle);
    command->add_option("request", a.path, "What 'satchel bundle out' wrote")->required();
    command->add_option("reply", a.answer, "The file for 'satchel bundle in'")->required();
    command->add_flag("--force", a.force, "Replace the reply's file when it exists");
}

void add_upkeep_commands(CLI::App* admin, Group& group) {
    Arguments& a = *group.arguments;
    CLI::App* backup = group.add(admin, "backup", "Back the running server up", back_up);
    backup->add_option("name", a.path,
                       "A file name in the server's folder for backups; by time otherwise");
    backup->add_flag("--confirm", a.confirm,
                     "It is safe where it is: devices may forget the changes in it at once");
    group.add(admin, "confirm-backup",
              "The last backup is safe elsewhere: devices may forget the changes in it",
              confirm_backup);
    CLI::App* schema = admin->add_subcommand("schema", "The schema")->require_subcommand(1);
    group.add(schema, "show", "As JSON, to edit and set again", show_schema);
    group.add(schema, "set", "A schema with a higher number", set_schema)
        ->add_option("schema_file", a.path, "The JSON")
        ->required();
    group.add(admin, "prune", "Forget deleted records that every active device knows of", prune);
    CLI::App* restore =
        admin->add_subcommand("restore", "Put a backup in place of a stopped server's data");
    restore->add_option("backup_file", a.path, "The backup")->required();
    restore->add_option("--data", a.data, "The server's folder")->required();
    restore->add_option("--anchors", a.anchors, "The server's file of that name, if it has one");
    restore->callback([context = &group.context, held = group.arguments] {
        context->command = [context, held] {
            return restore_backup(*context, held->path, held->data, held->anchors);
        };
    });
}

}  // namespace

void add_admin_commands(CLI::App& app, Context& context) {
    CLI::App* admin = app.add_subcommand(
        "admin",
        "Head office: accounts, devices, handovers, quarantine, backups. With --server URL and "
        "--login NAME, or with the -f FILE of a replica that an administrator is logged in with");
    admin->require_subcommand(1);
    Group group{context, std::make_shared<Arguments>()};
    AdminArguments& where = group.arguments->where;
    admin->add_option("--server", where.server, "https://sync.example.com")
        ->envname("SATCHEL_SERVER");
    admin->add_option("--login", where.login, "An administrator (default admin)")
        ->envname("SATCHEL_LOGIN");
    admin->add_option("--ca-file", where.ca_file, "Certificates to trust, PEM");
    add_user_commands(admin, group);
    add_device_commands(admin, group);
    add_record_commands(admin, group);
    add_bundle_command(admin, group);
    add_upkeep_commands(admin, group);
}

}  // namespace satchel::cli
