// login, sync, logout: this device and its head office.

#include <CLI/CLI.hpp>

#include "cli/connection.hpp"
#include "cli/context.hpp"
#include "cli/files.hpp"
#include "cli/option_checks.hpp"
#include "cli/sync_text.hpp"
#include "client/account.hpp"
#include "client/agent.hpp"
#include "client/log_out.hpp"
#include "client/sync_client.hpp"
#include "storage/services.hpp"

namespace satchel::cli {
namespace {

using std::chrono::steady_clock;
using storage::Replica;

// --- login

struct LoginArguments {
    std::string url;
    std::string user;
    std::string device_name;
    client::CurlOptions connection;
};

// As it was told, else as it was before, else as the machine is called.
Result<std::string> device_name(Replica& replica, const std::string& told) {
    if (!told.empty()) return told;
    SATCHEL_ASSIGN(client::Account before, client::account(replica));
    return before.device_name.empty() ? client::machine_name() : std::move(before.device_name);
}

// A word without a dot or a port was hardly meant as the name of a machine that is just away.
bool is_no_address(const std::string& typed, const Error& error) {
    return error.code == ErrorCode::offline && typed.find_first_of(".:") == std::string::npos;
}

void say_an_address(Console& console) {
    console.note(console.text("An address looks like https://sync.example.com",
                              "地址的形式如 https://sync.example.com"));
}

Result<ExitStatus> login(Context& context, const LoginArguments& arguments) {
    SATCHEL_ASSIGN(const std::unique_ptr<Replica> replica, context.open());
    SATCHEL_ASSIGN(
        const std::string password,
        read_password(context.password_file,
                      context.console.text("Password of {}: ", "{} 的密码:", arguments.user)));
    SATCHEL_ASSIGN(const auto transport, client::CurlTransport::make(arguments.connection));
    SATCHEL_ASSIGN(const std::string device, device_name(*replica, arguments.device_name));
    const auto done =
        client::login(*replica, *transport, {arguments.url, arguments.user, password, device});
    if (!done && is_no_address(arguments.url, done.error())) say_an_address(context.console);
    SATCHEL_ASSIGN(const client::Account account, done);
    SATCHEL_TRY(client::set_connection(*replica, arguments.connection));
    context.console.say("Logged in to {} as {} ({}). 'satchel sync' fetches the data.",
                        "已登录 {}:{}({})。请用 satchel sync 获取数据。", account.url, account.name,
                        account.role);
    context.console.result({{"server", account.url},
                            {"user", account.user},
                            {"login", account.login},
                            {"name", account.name},
                            {"role", account.role},
                            {"workspace", account.workspace}});
    return ExitStatus::ok;
}

// --- sync

struct SyncArguments {
    bool watch = false;
    std::int64_t wait_seconds = 0;
};

bool worth_another_try(ErrorCode code) {
    return code == ErrorCode::offline || code == ErrorCode::time_out || code == ErrorCode::busy ||
           code == ErrorCode::server_error || code == ErrorCode::bad_reply;
}

void pause(client::CancelToken& cancel, std::chrono::milliseconds time) {
    const auto until = steady_clock::now() + time;
    while (!cancel.cancelled() && steady_clock::now() < until)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

// One sync; with --wait, more tries until one succeeds or the time is up.
client::SyncOutcome sync_patiently(Replica& replica, client::Transport& transport,
                                   const SyncArguments& arguments, client::CancelToken& cancel) {
    const auto until = steady_clock::now() + std::chrono::seconds(arguments.wait_seconds);
    std::chrono::milliseconds pause_time(200);
    while (true) {
        client::SyncOutcome outcome = client::sync_once(replica, transport, {.cancel = &cancel});
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - steady_clock::now());
        if (outcome.status || !worth_another_try(outcome.status.error().code) ||
            left.count() <= 0 || outcome.back_off > left)
            return outcome;
        pause(cancel, std::min(std::max(pause_time, outcome.back_off), left));
        pause_time = std::min(pause_time * 2, std::chrono::milliseconds(5'000));
    }
}

// A file that was emptied keeps the address, and nothing of the person: it has nobody's work.
Error as_it_is_here(const Console& console, Replica& replica, const Error& error) {
    const auto account = client::account(replica);
    if (error.code != ErrorCode::unauthorized || !account || !account->login.empty()) return error;
    return {ErrorCode::unauthorized,
            console.text("nobody is logged in with this file: 'satchel login {} USER'",
                         "本文件无人登录:satchel login {} USER",
                         account->url.empty() ? "URL" : account->url)};
}

Result<ExitStatus> sync_now(Context& context, const SyncArguments& arguments) {
    SATCHEL_ASSIGN(const std::unique_ptr<Replica> replica, context.open());
    SATCHEL_ASSIGN(const auto transport, connect(*replica));
    Interrupt interrupt;
    const auto began = steady_clock::now();
    const client::SyncOutcome outcome =
        sync_patiently(*replica, *transport, arguments, interrupt.token());
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - began);
    if (!outcome.status) return as_it_is_here(context.console, *replica, outcome.status.error());
    SATCHEL_ASSIGN(const storage::ReplicaStatus status, replica->status());
    say_sync(context.console, outcome.report, status, took.count());
    context.console.result(sync_json(outcome.report, status, took.count()));
    return ExitStatus::ok;
}

// --- sync --watch

// Prints what changed in the agent's status, on the agent's thread.
class Watcher {
  public:
    explicit Watcher(Context& context) : context_(context) {}

    void show(const client::AgentStatus& status) {
        const bool synced = status.syncs != syncs_;
        const std::string waits = status.waits_for.text(context_.console.language);
        const std::string error =
            status.last_error ? client::words(*status.last_error, context_.console.language) : "";
        if (!synced && waits == waits_ && error == error_) return;
        syncs_ = status.syncs;
        waits_ = waits;
        error_ = error;
        if (context_.console.json)
            context_.console.result({{"waits_for", status.waits_for.key},
                                     {"syncs", status.syncs},
                                     {"news", status.news},
                                     {"cursor", number(status.replica.cursor)},
                                     {"pending", status.replica.pending},
                                     {"error", error.empty() ? Json() : Json(error)}});
        else
            context_.console.line(
                fmt::format("{} {}{}", time_now(), waits, error.empty() ? "" : " " + error));
        std::fflush(stdout);
    }

  private:
    static std::string time_now() { return time_text(storage::SystemClock().now_ms()); }

    Context& context_;
    std::uint64_t syncs_ = 0;
    std::string waits_;
    std::string error_;
};

Result<ExitStatus> watch(Context& context) {
    SATCHEL_ASSIGN(const std::unique_ptr<Replica> replica, context.open());  // it opens at all
    Interrupt interrupt;
    Watcher watcher(context);
    client::AgentOptions options;
    options.path = context.file;
    SATCHEL_ASSIGN(options.replica.key, context.key());
    options.live = true;
    options.listener = [&watcher](const client::AgentStatus& status) { watcher.show(status); };
    const std::unique_ptr<client::Agent> agent = client::Agent::start(options);
    agent->sync_now();
    interrupt.wait();
    agent->stop();
    return ExitStatus::ok;
}

// --- logout

Result<ExitStatus> logout(Context& context, bool force) {
    SATCHEL_ASSIGN(const std::unique_ptr<Replica> replica, context.open());
    SATCHEL_ASSIGN(const auto transport, connect(*replica));
    Interrupt interrupt;
    SATCHEL_ASSIGN(
        const client::LogOutOutcome outcome,
        client::log_out(*replica, *transport, {.force = force, .cancel = &interrupt.token()}));
    context.console.say(
        "Logged out; the data is off this device. {0} change{2} sent, {1} "
        "sealed.",
        "已退出,数据已从本设备清除。已发送 {0} 项修改,封存 {1} 项。", outcome.sent, outcome.sealed,
        plural(outcome.sent));
    context.console.result(
        {{"sent", outcome.sent}, {"sealed", outcome.sealed}, {"token_ended", outcome.token_ended}});
    return ExitStatus::ok;
}

void add_login(CLI::App& app, Context& context) {
    const auto arguments = std::make_shared<LoginArguments>();
    CLI::App* command = app.add_subcommand(
        "login",
        "Connect this file with a head office and a person; it is theirs until they log out");
    command->add_option("url", arguments->url, "https://sync.example.com")->required();
    command->add_option("user", arguments->user, "The login name")->required();
    command->add_option("--device-name", arguments->device_name,
                        "How head office lists this device; this machine's name otherwise");
    command->add_option("--ca-file", arguments->connection.ca_file,
                        "Certificates to trust, PEM; the system's otherwise");
    command->add_option("--pinned-key", arguments->connection.pinned_key,
                        "sha256//…: only a server with this key");
    command->add_option("--proxy", arguments->connection.proxy,
                        "http://proxy:port, or direct; as the environment says otherwise");
    command->callback([&context, arguments] {
        context.command = [&context, arguments] { return login(context, *arguments); };
    });
}

void add_sync(CLI::App& app, Context& context) {
    const auto arguments = std::make_shared<SyncArguments>();
    CLI::App* command = app.add_subcommand("sync", "Send what was written here, fetch what is new");
    command->add_flag("--watch", arguments->watch,
                      "Stay, and exchange changes as they come, until Ctrl-C");
    command
        ->add_option("--wait", arguments->wait_seconds,
                     "Without a connection try again for so many seconds")
        ->expected(0, 1)
        ->default_str("60")
        ->check(whole_number_from(0));
    command->callback([&context, arguments] {
        context.command = [&context, arguments] {
            return arguments->watch ? watch(context) : sync_now(context, *arguments);
        };
    });
}

}  // namespace

void add_sync_commands(CLI::App& app, Context& context) {
    add_login(app, context);
    add_sync(app, context);
    const auto force = std::make_shared<bool>(false);
    CLI::App* command = app.add_subcommand(
        "logout", "Send what is pending, end the log-in, take the data off this device");
    command->add_flag("--force", *force,
                      "Also when changes cannot be sent now: they stay sealed in the file until "
                      "the same person logs in again");
    command->callback([&context, force] {
        context.command = [&context, force] { return logout(context, *force); };
    });
}

}  // namespace satchel::cli
