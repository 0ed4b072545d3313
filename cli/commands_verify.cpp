// verify and why: is this device right, and why is a record on it or not.

#include <CLI/CLI.hpp>

#include "cli/comparison.hpp"
#include "cli/connection.hpp"
#include "cli/context.hpp"
#include "cli/names.hpp"
#include "cli/record_text.hpp"
#include "client/sync_client.hpp"

namespace satchel::cli {
namespace {

using storage::Replica;

constexpr int kVerifyTries = 5;  // others may write between our sync and our question

// --- verify

// Syncs, then asks where the server stands, until both speak of the same cursor.
Result<Checkpoint> common_checkpoint(Replica& replica, client::Transport& transport,
                                     client::CancelToken& cancel) {
    for (int i = 0; i < kVerifyTries; ++i) {
        const client::SyncOutcome outcome =
            client::sync_once(replica, transport, {.cancel = &cancel});
        SATCHEL_TRY(outcome.status);
        SATCHEL_ASSIGN(const SyncReply reply, probe(replica, transport, cancel));
        SATCHEL_ASSIGN(const storage::ReplicaStatus status, replica.status());
        if (reply.checkpoint && reply.checkpoint->seq == status.cursor) return *reply.checkpoint;
    }
    return Error{ErrorCode::busy,
                 "others write so fast that no common moment was found; try again"};
}

Json sum_json(const ScopeSum& sum) {
    return {{"count", sum.count}, {"checksum", fmt::format("{:016x}", sum.checksum)}};
}

Json comparison_json(const Comparison& comparison) {
    Json scopes = Json::array();
    for (const ScopeComparison& scope : comparison.scopes)
        scopes.push_back({{"scope", scope.scope},
                          {"equal", scope.equal()},
                          {"device", sum_json(scope.device)},
                          {"device_kept", sum_json(scope.device_kept)},
                          {"server", sum_json(scope.server)}});
    return {{"equal", comparison.equal()},
            {"cursor", number(comparison.cursor)},
            {"records", comparison.records()},
            {"scopes", scopes}};
}

void say_comparison(Console& console, const Comparison& comparison) {
    for (const ScopeComparison& scope : comparison.scopes)
        if (!scope.equal())
            console.say("{} differs: {} records here ({:016x}), {} at the server ({:016x})",
                        "{} 不一致:本机 {} 条({:016x}),服务器 {} 条({:016x})", scope.scope,
                        scope.device.count, scope.device.checksum, scope.server.count,
                        scope.server.checksum);
    if (comparison.equal())
        console.say("equal: {0} record{3} in {1} scope{4}, at change {2}",
                    "一致:{0} 条记录,{1} 个范围,进度 {2}", comparison.records(),
                    comparison.scopes.size(), number(comparison.cursor),
                    plural(comparison.records()), plural(comparison.scopes.size()));
    else
        console.say("NOT equal. The next sync compares and repairs it; then verify again.",
                    "不一致。下次同步会比对并修复,之后请再次核对。");
}

Result<ExitStatus> verify(Context& context) {
    SATCHEL_ASSIGN(const std::unique_ptr<Replica> replica, context.open());
    SATCHEL_ASSIGN(const auto transport, connect(*replica));
    Interrupt interrupt;
    SATCHEL_ASSIGN(const Checkpoint checkpoint,
                   common_checkpoint(*replica, *transport, interrupt.token()));
    SATCHEL_ASSIGN(const Comparison comparison, compare(*replica, checkpoint));
    say_comparison(context.console, comparison);
    context.console.result(comparison_json(comparison));
    return comparison.equal() ? ExitStatus::ok : ExitStatus::unequal;
}

// --- why

// What is known about a record, as sentences and as JSON.
struct Answer {
    Json json = Json::object();
    std::vector<std::string> lines;
};

// "u:<id>" as "of 李伟", and so on.
std::string scope_words(const Console& console, const std::string& scope, Names& names) {
    if (scope == "*") return console.text("for everyone", "所有人可见");
    if (scope == "h") return console.text("head office only", "仅总部可见");
    if (scope.starts_with("p:")) return console.text("pool {}", "公海 {}", scope.substr(2));
    const auto user = RecordId::parse(scope.substr(std::min<std::size_t>(2, scope.size())));
    const std::string name = user ? names.title_in(system_ids::kUser, *user) : "";
    return console.text("records of {}", "{} 的记录", name.empty() ? scope : name);
}

Status explain_presence(const Console& console, Replica& replica, const Collection& collection,
                        const storage::RecordView& view, Names& names, Answer& answer) {
    answer.lines.push_back(console.text(
        "The {} \"{}\" is on this device{}.", "{}“{}”在本设备上{}。", collection.name,
        names.title(collection, view.id), view.dead ? console.text(", deleted", ",已删除") : ""));
    SATCHEL_ASSIGN(const std::vector<std::string> scopes,
                   scopes_of_record(replica, collection, view.id));
    for (const std::string& scope : scopes)
        answer.lines.push_back(console.text("  because you hold: {}", "  原因:您可见 {}",
                                            scope_words(console, scope, names)));
    if (number(view.seq) == 0)
        answer.lines.push_back(
            console.text("  because it was made here; head office has not "
                         "confirmed it yet",
                         "  原因:在本机新建,总部尚未确认"));
    answer.json["scopes"] = scopes;
    answer.json["seq"] = number(view.seq);
    answer.json["deleted"] = view.dead;
    answer.json["pending"] = view.pending;
    return {};
}

// Own changes of the record that still wait, or were not accepted.
Status explain_changes(const Console& console, Replica& replica, const RecordId& id,
                       Answer& answer) {
    SATCHEL_ASSIGN(const auto entries, replica.journal(kMaxHistory, true));
    Json changes = Json::array();
    for (const storage::JournalEntry& entry : entries) {
        SATCHEL_ASSIGN(const Changeset changeset, replica.changeset(entry.number));
        if (std::none_of(changeset.operations.begin(), changeset.operations.end(),
                         [&](const Operation& operation) { return operation.record == id; }))
            continue;
        const std::string state(name(entry.state));
        changes.push_back({{"number", entry.number},
                           {"state", state},
                           {"reason", std::string(name(entry.reason))}});
        std::string text = console.text("  your change #{}: {}", "  您的修改 #{}:{}", entry.number,
                                        client::tr("state_" + state, console.language));
        if (entry.reason != Reason::none)
            text += " " + client::tr("reason_" + std::string(name(entry.reason)), console.language);
        answer.lines.push_back(std::move(text));
    }
    answer.json["changes"] = std::move(changes);
    return {};
}

// "visible", "not_visible", or "offline" when the server could not be asked.
std::string ask_server(Replica& replica, const RecordId& id, std::string& error) {
    const auto transport = connect(replica);
    if (!transport) return "offline";
    Interrupt interrupt;
    const auto reply = probe(replica, **transport, interrupt.token(), {id});
    if (!reply) {
        error = reply.error().message;
        return "offline";
    }
    const bool unknown =
        std::find(reply->unknown.begin(), reply->unknown.end(), id) != reply->unknown.end();
    return unknown ? "not_visible" : "visible";
}

void explain_server(const Console& console, const std::string& server, bool here,
                    const std::string& error, Answer& answer) {
    if (server == "visible" && here)
        answer.lines.push_back(
            console.text("Head office has it for you, too.", "总部同样对您可见。"));
    if (server == "visible" && !here)
        answer.lines.push_back(console.text("Head office has it for you: the next sync brings it.",
                                            "总部对您可见,下次同步即可收到。"));
    if (server == "not_visible")
        answer.lines.push_back(console.text(
            "Head office has no such record for you: it does not exist there, was deleted long "
            "ago, or belongs to somebody whose records you may not see.",
            "总部没有您可见的此记录:不存在、早已删除,或属于您无权查看的人。"));
    if (server == "offline")
        answer.lines.push_back(
            console.text("Head office could not be asked: {}", "无法询问总部:{}", error));
}

Result<ExitStatus> why(Context& context, const std::string& record) {
    SATCHEL_ASSIGN(const std::unique_ptr<Replica> replica, context.open());
    const SchemaPointer schema = replica->schema();
    Names names(replica->database(), *schema);
    SATCHEL_ASSIGN(const auto found, names.find_anywhere(record));
    const auto& [collection, id] = found;
    Answer answer;
    const bool here = collection != nullptr;
    answer.json["id"] = id.text();
    answer.json["here"] = here;
    answer.json["collection"] = here ? Json(collection->name) : Json();
    if (here) {
        SATCHEL_ASSIGN(const storage::RecordView view, replica->record(collection->name, id));
        SATCHEL_TRY(explain_presence(context.console, *replica, *collection, view, names, answer));
    } else {
        answer.lines.push_back(
            context.console.text("{} is not on this device.", "{} 不在本设备上。", id.text()));
    }
    SATCHEL_TRY(explain_changes(context.console, *replica, id, answer));
    std::string error;
    const std::string server = ask_server(*replica, id, error);
    explain_server(context.console, server, here, error, answer);
    answer.json["server"] = server;
    for (const std::string& line : answer.lines)
        context.console.say("{}", "{}", line);
    context.console.result(answer.json);
    return ExitStatus::ok;
}

}  // namespace

void add_verify_commands(CLI::App& app, Context& context) {
    CLI::App* command = app.add_subcommand(
        "verify", "Sync, then compare every record here with head office; exit status 6: unequal");
    command->callback([&context] { context.command = [&context] { return verify(context); }; });
    const auto record = std::make_shared<std::string>();
    command = app.add_subcommand("why", "Why a record is, or is not, on this device");
    command->add_option("record", *record, "Its id, the first digits of it, or @ and its name")
        ->required();
    command->callback([&context, record] {
        context.command = [&context, record] { return why(context, *record); };
    });
}

}  // namespace satchel::cli
