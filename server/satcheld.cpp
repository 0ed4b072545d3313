// satcheld: the program. Options, messages and signals; everything else is in server.hpp.
//
// Exit statuses: docs/operations.md.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <ctime>

#include "server/audit_check.hpp"
#include "server/release.hpp"
#include "server/restore.hpp"
#include "server/server.hpp"

namespace satchel::server {
namespace {

constexpr std::time_t kUpkeepSeconds = 3'600;
constexpr std::int64_t kWarnBeforeMs = 14LL * 24 * 3600 * 1000;

struct Options {
    Settings settings;
    std::string listen = "127.0.0.1:8470";
    std::string restore;
    bool check_audit = false;
    std::string log_level = "info";
};

void describe(CLI::App& app, Options& options) {
    Settings& settings = options.settings;
    app.add_option("--data", settings.data, "Folder of the workspace; made when missing")
        ->required();
    app.add_option("--listen", options.listen, "HOST:PORT; port 0 takes any free one")
        ->capture_default_str();
    app.add_option("--tls-cert", settings.tls_certificate, "Certificate with its chain, PEM");
    app.add_option("--tls-key", settings.tls_key, "Its private key, PEM, without a passphrase");
    app.add_option("--workspace", settings.workspace, "Name of a new workspace")
        ->capture_default_str();
    app.add_option("--admin-password-file", settings.admin_password_file,
                   "First start: the password of the account 'admin' (else one is generated and "
                   "written to DIR/admin-password.txt)");
    app.add_option("--schema", settings.schema,
                   "Collections of a new workspace: starter, empty, or a JSON file")
        ->capture_default_str();
    app.add_option("--backups", settings.backups, "Folder for backups (default DIR/backups)");
    app.add_option(
        "--anchors", settings.anchors,
        "File that the head of the audit log is added to, hourly and at each backup, start "
        "and end (default DIR/audit-anchors.txt); better on another machine");
    CLI::Option* restore = app.add_option("--restore", options.restore,
                                          "Put this backup in the place of the workspace, and end");
    app.add_flag("--check-audit", options.check_audit,
                 "Look whether the audit log is whole, and end: exit status 8 when it is not")
        ->excludes(restore);
    app.add_option("--log-level", options.log_level, "What goes to stderr")
        ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}))
        ->capture_default_str();
    app.set_version_flag("--version", std::string("satcheld ") + kRelease);
}

// The numbers that `satchel` has for the same (docs/cli.md); scripts and units branch on them.
int exit_status(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument:
            return 2;
        case ErrorCode::not_found:
            return 3;
        case ErrorCode::busy:
            return 7;
        case ErrorCode::corrupt:
        case ErrorCode::not_a_database:
        case ErrorCode::wrong_key:
        case ErrorCode::newer_format:
            return 8;
        case ErrorCode::disk_full:
        case ErrorCode::read_only:
        case ErrorCode::io:
            return 9;
        case ErrorCode::limit:
            return 10;
        default:
            return 1;
    }
}

int fail(const Error& error) {
    std::fprintf(stderr, "satcheld: %s\n", error.message.c_str());
    return exit_status(error.code);
}

// Each waiting device holds a socket; the usual soft limit is 1,024.
void raise_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

// Blocked before any thread starts, so that only wait_for_signal() gets them.
sigset_t block_signals() {
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return ends;
}

int run_restore(const Options& options) {
    const Result<Restored> restored =
        restore(options.settings.data, options.restore, options.settings.anchors);
    if (!restored) return fail(restored.error());
    std::printf("restored; epoch %llu, complete up to %llu\n",
                static_cast<unsigned long long>(restored->epoch),
                static_cast<unsigned long long>(number(restored->head)));
    if (!restored->replaced.empty())
        std::printf("the former workspace is in %s\n", restored->replaced.c_str());
    if (!restored->noted)
        std::fprintf(stderr,
                     "satcheld: the audit log's head was not noted: %s; the start does it\n",
                     restored->noted.error().message.c_str());
    return 0;
}

void say_anchors(const CheckedAudit& checked) {
    const storage::AuditReport& report = checked.report;
    if (report.anchors == 0) {
        std::printf("no head of it was noted in %s: nothing shows that its end was not cut off\n",
                    checked.anchors.c_str());
        return;
    }
    std::printf("%llu of its heads stand in %s, and hold\n",
                static_cast<unsigned long long>(report.anchors), checked.anchors.c_str());
    if (report.taken_back != 0)
        std::printf("%llu more are of what a restored backup did not have\n",
                    static_cast<unsigned long long>(report.taken_back));
}

int run_check_audit(const Options& options) {
    const Result<CheckedAudit> checked =
        check_audit(options.settings.data, options.settings.anchors);
    if (!checked) return fail(checked.error());
    const storage::AuditReport& report = checked->report;
    std::printf("the audit log is whole: %llu entries about %llu changesets; restored %llu times\n",
                static_cast<unsigned long long>(report.head.count),
                static_cast<unsigned long long>(report.changesets),
                static_cast<unsigned long long>(report.restores));
    say_anchors(*checked);
    return 0;
}

void announce(const Server& server) {
    if (!server.password_file().empty())
        std::printf("the password of 'admin' is in %s\n", server.password_file().c_str());
    std::printf("listening on %s\n", server.url().c_str());
    std::fflush(stdout);
    const std::int64_t expires = server.certificate_expires_at();
    const std::int64_t now_ms = static_cast<std::int64_t>(std::time(nullptr)) * 1000;
    if (expires != 0 && expires - now_ms < kWarnBeforeMs)
        spdlog::warn("the certificate expires in {} days", (expires - now_ms) / 86'400'000);
}

int run_server(const Options& options, const sigset_t& ends) {
    Result<std::unique_ptr<Server>> server = Server::start(options.settings);
    if (!server) return fail(server.error());
    announce(**server);
    const timespec pause{kUpkeepSeconds, 0};
    while (sigtimedwait(&ends, nullptr, &pause) < 0) {
        if (errno == EINTR) continue;
        if (const Status done = (*server)->upkeep(); !done)
            spdlog::error("upkeep: {}", done.error().message);
    }
    spdlog::info("stopping");
    (*server)->stop();
    return 0;
}

int run(int argc, char** argv) {
    Options options;
    CLI::App app("The head office of a Satchel workspace (docs/operations.md).", "satcheld");
    describe(app, options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
        return app.exit(problem) == 0 ? 0 : 2;
    }
    spdlog::set_default_logger(spdlog::stderr_logger_mt("satcheld"));
    spdlog::set_level(spdlog::level::from_str(options.log_level));
    spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    umask(077);  // whatever is made is its owner's only
    if (!options.restore.empty()) return run_restore(options);
    if (options.check_audit) return run_check_audit(options);
    Result<ListenAddress> address = ListenAddress::parse(options.listen);
    if (!address) return fail(address.error());
    options.settings.listen = *std::move(address);
    raise_file_limit();
    return run_server(options, block_signals());
}

}  // namespace
}  // namespace satchel::server

int main(int argc, char** argv) {
    return satchel::server::run(argc, argv);
}
