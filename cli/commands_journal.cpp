// journal, rejected, resend, dismiss: this device's own changes, and what became of them.

#include <CLI/CLI.hpp>

#include "cli/context.hpp"
#include "cli/names.hpp"
#include "cli/option_checks.hpp"
#include "cli/record_text.hpp"
#include "client/new_record.hpp"

namespace satchel::cli {
namespace {

using storage::ChangesetState;
using storage::JournalEntry;
using storage::Replica;

constexpr std::size_t kShownOperations = 20;  // of one changeset, to people

Json entry_json(const JournalEntry& entry) {
    return {{"number", entry.number},
            {"change", entry.id.text()},
            {"replica", entry.replica.text()},
            {"first_counter", entry.first_counter},
            {"last_counter", entry.last_counter},
            {"committed_at", entry.committed_at},
            {"state", std::string(name(entry.state))},
            {"seq", number(entry.seq)},
            {"reason", std::string(name(entry.reason))},
            {"detail", entry.detail}};
}

Result<Json> operations_json(Replica& replica, const JournalEntry& entry) {
    SATCHEL_ASSIGN(const Changeset changeset, replica.changeset(entry.number));
    Json operations = Json::array();
    for (const Operation& operation : changeset.operations)
        if (const Collection* collection = replica.schema()->find(operation.collection);
            collection != nullptr)
            operations.push_back(operation_json(*collection, operation));
    return operations;
}

Status say_operations(Console& console, Replica& replica, const JournalEntry& entry) {
    SATCHEL_ASSIGN(const Changeset changeset, replica.changeset(entry.number));
    const SchemaPointer schema = replica.schema();
    Names names(replica.database(), *schema);
    std::size_t shown = 0;
    for (const Operation& operation : changeset.operations) {
        const Collection* collection = schema->find(operation.collection);
        if (collection == nullptr) continue;
        if (++shown > kShownOperations) {
            console.say("    … {} in all", "    …… 共 {} 项", changeset.operations.size());
            break;
        }
        console.line("    " + operation_text(*collection, operation, names));
    }
    return {};
}

// "2026-11-22T10:00:00Z #12 not accepted: You may not change this record (any more)."
std::string headline(const Console& console, const JournalEntry& entry) {
    std::string text =
        fmt::format("#{} {} {}", entry.number, time_text(entry.committed_at),
                    client::tr("state_" + std::string(name(entry.state)), console.language));
    if (entry.reason != Reason::none)
        text += ": " + client::tr("reason_" + std::string(name(entry.reason)), console.language);
    if (!entry.detail.empty()) text += " (" + entry.detail + ")";
    return text;
}

struct JournalArguments {
    std::size_t limit = 50;
    bool open = false;
    bool operations = false;
};

Result<ExitStatus> journal(Context& context, const JournalArguments& arguments) {
    SATCHEL_ASSIGN(const std::unique_ptr<Replica> replica, context.open());
    SATCHEL_ASSIGN(const auto entries, replica->journal(arguments.limit, arguments.open));
    Json items = Json::array();
    for (const JournalEntry& entry : entries) {
        context.console.say("{}", "{}", headline(context.console, entry));
        Json item = entry_json(entry);
        if (arguments.operations && context.console.json) {
            SATCHEL_ASSIGN(item["operations"], operations_json(*replica, entry));
        }
        if (arguments.operations && !context.console.json)
            SATCHEL_TRY(say_operations(context.console, *replica, entry));
        items.push_back(std::move(item));
    }
    if (items.empty())
        context.console.say("Nothing was written in this file yet.", "本文件中还没有任何修改。");
    context.console.result({{"entries", items}});
    return ExitStatus::ok;
}

Result<ExitStatus> rejected(Context& context) {
    SATCHEL_ASSIGN(const std::unique_ptr<Replica> replica, context.open());
    SATCHEL_ASSIGN(const auto entries, replica->journal(kMaxHistory, true));
    Json items = Json::array();
    for (const JournalEntry& entry : entries) {
        if (entry.state != ChangesetState::quarantined) continue;
        context.console.say("{}", "{}", headline(context.console, entry));
        Json item = entry_json(entry);
        SATCHEL_ASSIGN(item["operations"], operations_json(*replica, entry));
        if (!context.console.json) SATCHEL_TRY(say_operations(context.console, *replica, entry));
        items.push_back(std::move(item));
    }
    if (items.empty())
        context.console.say("Head office has accepted everything.", "总部已接受所有修改。");
    else
        context.console.say(
            "Write it again: satchel resend NUMBER [field=value …]; a new record without an owner "
            "becomes yours. Seen: satchel dismiss NUMBER",
            "重新提交:satchel resend 编号 [字段=值 …];没有负责人的新记录将归您所有。"
            "已知悉:satchel dismiss 编号");
    context.console.result({{"rejected", items}});
    return ExitStatus::ok;
}

// What is to be different, read as the fields of the changeset's first record.
Result<storage::FieldValues> differences(Replica& replica, std::int64_t entry,
                                         const std::vector<std::string>& assignments) {
    if (assignments.empty()) return storage::FieldValues();
    SATCHEL_ASSIGN(const Changeset changeset, replica.changeset(entry));
    const SchemaPointer schema = replica.schema();
    const Collection* collection = changeset.operations.empty()
                                       ? nullptr
                                       : schema->find(changeset.operations.front().collection);
    if (collection == nullptr)
        return Error{ErrorCode::upgrade_needed, "this release does not know the collection"};
    Names names(replica.database(), *schema);
    SATCHEL_ASSIGN(Assignments values, parse_assignments(*collection, assignments, {}, names));
    SATCHEL_TRY(no_sets_or_counters(values));
    return std::move(values.registers);
}

struct Numbered {
    std::int64_t entry = 0;
    std::vector<std::string> assignments;  // of resend
};

Result<ExitStatus> resend(Context& context, const Numbered& arguments) {
    const std::int64_t entry = arguments.entry;
    SATCHEL_ASSIGN(const std::unique_ptr<Replica> replica, context.open());
    SATCHEL_ASSIGN(const storage::FieldValues values,
                   differences(*replica, entry, arguments.assignments));
    SATCHEL_ASSIGN(const ChangeId change, client::resend(*replica, entry, values));
    context.console.say("Written again as a new change; the next sync sends it.",
                        "已重新写入,下次同步时发送。");
    context.console.result({{"number", entry}, {"change", change.text()}});
    return ExitStatus::ok;
}

Result<ExitStatus> dismiss(Context& context, const Numbered& arguments) {
    const std::int64_t entry = arguments.entry;
    SATCHEL_ASSIGN(const std::unique_ptr<Replica> replica, context.open());
    SATCHEL_TRY(replica->dismiss(entry));
    context.console.say("Off the list; it stays in the journal.",
                        "已从列表中移除,仍保留在日志中。");
    context.console.result({{"number", entry}});
    return ExitStatus::ok;
}

CLI::App* add_numbered(CLI::App& app, Context& context, const std::shared_ptr<Numbered>& arguments,
                       const char* name, const char* description,
                       Result<ExitStatus> (*action)(Context&, const Numbered&)) {
    CLI::App* command = app.add_subcommand(name, description);
    command->add_option("number", arguments->entry, "The entry's number in 'rejected'")->required();
    command->callback([&context, arguments, action] {
        context.command = [&context, arguments, action] { return action(context, *arguments); };
    });
    return command;
}

}  // namespace

void add_journal_commands(CLI::App& app, Context& context) {
    const auto arguments = std::make_shared<JournalArguments>();
    CLI::App* command =
        app.add_subcommand("journal", "This device's own changes, and what became of each");
    command->add_option("--limit", arguments->limit, "Entries at most, the newest (default 50)")
        ->check(whole_number_from(1));
    command->add_flag("--open", arguments->open, "Only those that still need something");
    command->add_flag("--operations", arguments->operations, "And what they wrote");
    command->callback([&context, arguments] {
        context.command = [&context, arguments] { return journal(context, *arguments); };
    });
    command = app.add_subcommand("rejected", "Changes that head office did not accept, and why");
    command->callback([&context] { context.command = [&context] { return rejected(context); }; });
    const auto numbered = std::make_shared<Numbered>();
    add_numbered(app, context, numbered, "resend",
                 "Write a rejected change again, on what is here now; a new record that has no "
                 "owner becomes yours",
                 resend)
        ->add_option("assignments", numbered->assignments, "field=value … that is to be different");
    add_numbered(app, context, numbered, "dismiss", "Take a rejected change off the list", dismiss);
}

}  // namespace satchel::cli
