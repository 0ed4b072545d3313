// bundle out, bundle in: a sync by file, where there is no network at all. Head office's part is
// 'admin bundle' (commands_admin.cpp).

#include <CLI/CLI.hpp>

#include "cli/context.hpp"
#include "cli/files.hpp"
#include "cli/sync_text.hpp"
#include "client/bundle.hpp"
#include "sync/bundle.hpp"

namespace satchel::cli {
namespace {

using client::BundleOutcome;
using storage::Replica;

struct BundleArguments {
    std::string file;
    bool force = false;
};

Result<ExitStatus> bundle_out(Context& context, const BundleArguments& arguments) {
    SATCHEL_TRY(check_is_free(arguments.file, arguments.force));
    SATCHEL_ASSIGN(const std::unique_ptr<Replica> replica, context.open());
    SATCHEL_ASSIGN(const client::RequestBundle bundle, client::write_bundle(*replica));
    SATCHEL_TRY(write_whole_file(arguments.file, bundle.file, arguments.force));
    context.console.say(
        "{0}: request {1} with {2} change{4}, {3} bytes. At head office: satchel admin bundle {0} "
        "REPLY. Then here: satchel bundle in REPLY.",
        "{0}:第 {1} 号请求,含 {2} 项修改,{3} 字节。在总部运行 satchel admin bundle {0} REPLY,"
        "然后在本机运行 satchel bundle in REPLY。",
        arguments.file, bundle.number, bundle.changesets, bundle.file.size(),
        plural(bundle.changesets));
    if (!bundle.complete)
        context.console.say(
            "Not everything fits one file. The rest goes with the next 'satchel bundle out', once "
            "the answer to this one is taken in.",
            "一个文件装不下全部修改。导入本次答复后,请再运行 satchel bundle out 发送其余部分。");
    context.console.result({{"file", arguments.file},
                            {"number", bundle.number},
                            {"bytes", bundle.file.size()},
                            {"changesets", bundle.changesets},
                            {"complete", bundle.complete}});
    return ExitStatus::ok;
}

void say_taken(Console& console, const client::TakenBundle& taken,
               const storage::ReplicaStatus& status, std::int64_t milliseconds) {
    if (taken.outcome == BundleOutcome::taken_before)
        console.say("Everything in the answer to request {} was here already; nothing changed.",
                    "第 {} 号请求的答复中的内容本机均已有,没有变化。", taken.number);
    if (taken.outcome == BundleOutcome::overtaken)
        console.say(
            "This device has synced since it wrote request {}: its answer fits no more, and "
            "nothing of it was taken in.",
            "生成第 {} 号请求之后本设备已同步过,该答复已不适用,未导入任何内容。", taken.number);
    if (taken.outcome == BundleOutcome::taken && !taken.more)
        return say_sync(console, taken.report, status, milliseconds);
    if (taken.outcome == BundleOutcome::taken)
        console.say("The answer to request {0} is taken in: {1} record{3} came, {2} left.",
                    "已导入第 {0} 号请求的答复:收到 {1} 条记录,移出 {2} 条。", taken.number,
                    taken.report.received_rows, taken.report.departed,
                    plural(taken.report.received_rows));
    if (!taken.report.refusal.empty())
        console.say_key("too_large", {taken.report.refusal});
    else if (taken.more)
        console.say(
            "This device is not in step yet ({0} change{1} to send). Write another request with "
            "'satchel bundle out', or sync where there is a connection.",
            "本设备尚未与总部一致({0} 项修改待发送)。请再运行 satchel bundle out,"
            "或在有网络时同步。",
            status.pending, plural(status.pending));
}

Result<ExitStatus> bundle_in(Context& context, const BundleArguments& arguments) {
    SATCHEL_ASSIGN(const Bytes file, read_file(arguments.file, kMaxBundleBytes));
    SATCHEL_ASSIGN(const std::unique_ptr<Replica> replica, context.open());
    const auto began = std::chrono::steady_clock::now();
    SATCHEL_ASSIGN(const client::TakenBundle taken, client::take_bundle(*replica, file));
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - began);
    SATCHEL_ASSIGN(const storage::ReplicaStatus status, replica->status());
    say_taken(context.console, taken, status, took.count());
    const std::string& refusal = taken.report.refusal;
    Json answer = {{"file", arguments.file},
                   {"number", taken.number},
                   {"outcome", std::string(client::name(taken.outcome))},
                   {"more", taken.more},
                   {"refusal", refusal.empty() ? Json() : Json(refusal)}};
    answer.update(sync_json(taken.report, status, took.count()));
    context.console.result(answer);
    return ExitStatus::ok;
}

using Action = Result<ExitStatus> (*)(Context&, const BundleArguments&);

CLI::App* add(CLI::App* bundle, Context& context, const char* name, const char* description,
              const std::shared_ptr<BundleArguments>& arguments, Action action) {
    CLI::App* command = bundle->add_subcommand(name, description);
    command->add_option("bundle_file", arguments->file, "The bundle")->required();
    command->callback([&context, arguments, action] {
        context.command = [&context, arguments, action] { return action(context, *arguments); };
    });
    return command;
}

}  // namespace

void add_bundle_commands(CLI::App& app, Context& context) {
    CLI::App* bundle =
        app.add_subcommand("bundle", "A sync as a file, where there is no network at all");
    bundle->require_subcommand(1);
    const auto arguments = std::make_shared<BundleArguments>();
    add(bundle, context, "out", "Write what is new here into a file for head office", arguments,
        bundle_out)
        ->add_flag("--force", arguments->force, "Replace the file when it exists");
    add(bundle, context, "in", "Take head office's answer in", arguments, bundle_in);
}

}  // namespace satchel::cli
