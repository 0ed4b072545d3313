// init and status: making a replica file, and the truth about it.

#include <CLI/CLI.hpp>
#include <filesystem>

#include "cli/context.hpp"
#include "cli/files.hpp"
#include "cli/sync_text.hpp"
#include "cli/values.hpp"
#include "client/account.hpp"
#include "client/sync_client.hpp"
#include "sales/schema_json.hpp"
#include "sales/starter_schema.hpp"
#include "storage/directory.hpp"
#include "storage/services.hpp"
#include "sync/limits.hpp"

namespace satchel::cli {
namespace {

using storage::Replica;
using storage::ReplicaStatus;

struct InitArguments {
    std::string file;
    std::string schema = "starter";
};

Result<SchemaPointer> schema_named(const std::string& text) {
    if (text == "none") return SchemaPointer();
    if (text == "starter") return std::make_shared<const Schema>(sales::starter_schema());
    SATCHEL_ASSIGN(const Bytes json, read_file(text, kMaxSchemaBytes));
    SATCHEL_ASSIGN(Schema schema, sales::schema_from_json_text(json));
    return std::make_shared<const Schema>(std::move(schema));
}

Result<ExitStatus> init(Context& context, const InitArguments& arguments) {
    std::error_code ignored;
    if (std::filesystem::exists(arguments.file, ignored))
        return Error{ErrorCode::invalid_argument,
                     arguments.file + " exists already; choose another name, or use it as it is"};
    const auto folder = std::filesystem::path(arguments.file).parent_path();
    if (!folder.empty() && !std::filesystem::is_directory(folder, ignored))
        return Error{ErrorCode::not_found, "there is no folder " + folder.string()};
    storage::ReplicaOptions options;
    options.create = true;
    SATCHEL_ASSIGN(options.schema, schema_named(arguments.schema));
    SATCHEL_ASSIGN(options.key, context.key());
    SATCHEL_ASSIGN(const std::unique_ptr<Replica> replica, Replica::open(arguments.file, options));
    SATCHEL_ASSIGN(const ReplicaStatus status, replica->status());
    Json collections = Json::array();
    for (const Collection& collection : replica->schema()->collections())
        if (number(collection.id) >= system_ids::kFirstFree) collections.push_back(collection.name);
    context.console.say("Made {} (replica {}). Collections: {}", "已创建 {}(副本 {})。数据表:{}",
                        arguments.file, storage::replica_text(status.replica.id),
                        collection_names(*replica->schema()));
    context.console.result({{"file", arguments.file},
                            {"replica", storage::replica_text(status.replica.id)},
                            {"encrypted", !options.key.empty()},
                            {"schema", replica->schema()->number()},
                            {"collections", collections}});
    return ExitStatus::ok;
}

// Everything that 'status' tells.
struct Facts {
    std::string file;
    ReplicaStatus status;
    client::Account account;
    std::optional<client::LastError> error;  // of the last sync
    std::int64_t now = 0;
};

Result<Facts> read_facts(const Context& context) {
    Facts facts;
    facts.file = context.file;
    facts.now = storage::SystemClock().now_ms();
    SATCHEL_ASSIGN(const std::unique_ptr<Replica> replica, context.open());
    SATCHEL_ASSIGN(facts.status, replica->status());
    SATCHEL_ASSIGN(facts.account, client::account(*replica));
    SATCHEL_ASSIGN(facts.error, client::last_error(*replica));
    return facts;
}

Json error_json(const Facts& facts) {
    if (!facts.error) return nullptr;
    return {{"code", std::string(name(facts.error->error.code))},
            {"message", facts.error->error.message},
            {"at", facts.error->at}};
}

Json status_json(const Facts& facts) {
    const auto age = [now = facts.now](std::int64_t at) {
        return at == 0 ? Json() : Json(now - at);
    };
    const ReplicaStatus& status = facts.status;
    const client::Account& account = facts.account;
    return {{"file", facts.file},
            {"replica", storage::replica_text(status.replica.id)},
            {"server", account.url},
            {"login", account.login},
            {"name", account.name},
            {"role", account.role},
            {"logged_in", account.logged_in()},
            {"ever_synced", status.ever_synced},
            {"epoch", status.epoch},
            {"cursor", number(status.cursor)},
            {"loading", status.loading},
            {"pending", status.pending},
            {"oldest_pending_ms", age(status.oldest_pending_at)},
            {"held", status.held},
            {"not_accepted", status.not_accepted},
            {"conflicts", status.conflicts},
            {"parked", status.parked},
            {"last_success_ms", age(status.last_success_at)},
            {"last_error", error_json(facts)},
            {"scopes", status.scopes}};
}

void say_what_waits(Console& console, const ReplicaStatus& status, std::int64_t now) {
    const auto since = [&](std::int64_t at) {
        return client::duration_words(now - at, console.language);
    };
    if (status.pending == 0 && status.ever_synced) console.say_key("status_all_sent");
    if (status.pending != 0)
        console.say("{0} change{1} to be sent, the oldest for {2}.",
                    "{0} 项修改等待发送,最早的已等待 {2}。", status.pending, plural(status.pending),
                    since(status.oldest_pending_at));
    say_what_is_open(console, status);
    if (status.parked != 0)
        console.say("{0} piece{1} of input that could not be applied, parked in this file.",
                    "{0} 项内容无法应用,已暂存在本文件中。", status.parked, plural(status.parked));
    if (status.loading) console.say_key("status_loading");
}

void say_account(Console& console, const client::Account& account) {
    if (account.url.empty())
        return console.say("Not logged in: 'satchel login URL USER'",
                           "尚未登录:satchel login URL USER");
    if (account.login.empty())  // the file was emptied; the address stays
        return console.say("Nobody is logged in: 'satchel login {} USER'",
                           "无人登录:satchel login {} USER", account.url);
    console.say(
        "{} ({}) at {}{}", "{}({}),服务器 {}{}", account.name, account.login, account.url,
        account.logged_in() ? "" : console.text("; log in again to sync", ";需要重新登录才能同步"));
}

void say_syncs(Console& console, const Facts& facts) {
    const auto since = [&](std::int64_t at) {
        return client::duration_words(facts.now - at, console.language);
    };
    if (facts.status.last_success_at == 0)
        console.say_key("status_never_synced");
    else
        console.say_key("status_last_success", {since(facts.status.last_success_at)});
    if (facts.error)
        console.say("The last try, {} ago, failed: {}", "最近一次尝试({}前)失败:{}",
                    since(facts.error->at), client::words(facts.error->error, console.language));
}

Result<ExitStatus> tell_status(Context& context) {
    SATCHEL_ASSIGN(const Facts facts, read_facts(context));
    Console& console = context.console;
    console.say("{} (replica {}), up to change {} of head office", "{}(副本 {}),总部进度 {}",
                facts.file, storage::replica_text(facts.status.replica.id),
                number(facts.status.cursor));
    say_account(console, facts.account);
    say_syncs(console, facts);
    say_what_waits(console, facts.status, facts.now);
    console.result(status_json(facts));
    return ExitStatus::ok;
}

}  // namespace

void add_file_commands(CLI::App& app, Context& context) {
    const auto arguments = std::make_shared<InitArguments>();
    CLI::App* command = app.add_subcommand("init", "Make a new, empty replica file");
    command->add_option("new_file", arguments->file, "The file to make")->required();
    command->add_option("--schema", arguments->schema,
                        "starter (customers, opportunities, …), none (it comes with the first "
                        "sync), or a file with a schema as JSON");
    command->callback([&context, arguments] {
        context.command = [&context, arguments] { return init(context, *arguments); };
    });
    command = app.add_subcommand("status", "What waits, since when, and why");
    command->callback(
        [&context] { context.command = [&context] { return tell_status(context); }; });
}

}  // namespace satchel::cli
