// satchel: the command line. Parses, runs one command, says how it went.

#include <CLI/CLI.hpp>
#include <csignal>

#include "cli/context.hpp"

namespace satchel::cli {
namespace {

constexpr const char* kDescription =
    "satchel: work with a Satchel file, offline and in step with head office.\n"
    "\n"
    "  satchel init my.satchel                       make a file\n"
    "  export SATCHEL_FILE=my.satchel\n"
    "  satchel login https://sync.example.com li.wei\n"
    "  satchel sync                                  exchange what is new, both ways\n"
    "  satchel create account name=Acme city=武汉    works without a connection, too\n"
    "  satchel query \"SELECT name, city FROM account\"\n"
    "  satchel status                                what waits, since when, and why\n"
    "\n"
    "'satchel COMMAND --help' tells more. docs/cli.md has the JSON forms and exit statuses.";

// What --lang says, else the environment.
client::Language chosen(const std::string& language) {
    return language.empty() ? client::language_of_environment() : client::language_of(language);
}

void add_common_options(CLI::App& app, Context& context, std::string& language) {
    app.add_option("-f,--file", context.file, "The replica file")->envname("SATCHEL_FILE");
    app.add_option("--key-file", context.key_file,
                   "File with the key of an encrypted replica (or set SATCHEL_KEY)")
        ->envname("SATCHEL_KEY_FILE");
    app.add_option("--password-file", context.password_file,
                   "File with the password (or set SATCHEL_PASSWORD; else it is asked for)");
    app.add_flag("--json", context.console.json, "Answer with one JSON object, for scripts");
    app.add_option("--lang", language, "zh or en; otherwise as LANG says")
        ->check(CLI::IsMember({"zh", "en"}));
    app.set_version_flag("--version", "satchel " SATCHEL_RELEASE);
}

void add_commands(CLI::App& app, Context& context) {
    add_file_commands(app, context);
    add_sync_commands(app, context);
    add_bundle_commands(app, context);
    add_read_commands(app, context);
    add_write_commands(app, context);
    add_conflict_commands(app, context);
    add_journal_commands(app, context);
    add_verify_commands(app, context);
    add_import_command(app, context);
    add_export_command(app, context);
    add_admin_commands(app, context);
    add_demo_command(app, context);
}

// "satchel admin user": the command as far as it was understood.
std::string understood(const CLI::App& app) {
    std::string words = "satchel";
    for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
        at = at->get_subcommands().front();
        words += " " + at->get_name();
    }
    return words;
}

int fail_to_parse(const CLI::App& app, const CLI::ParseError& error, Context& context) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    const std::string command = understood(app);
    const std::vector<std::string> rest = app.remaining(true);
    const bool no_command = std::string_view(error.what()) == "A subcommand is required";
    std::string message = error.what();
    if (no_command) message = "a command is missing behind '" + command + "'";
    if (no_command && !rest.empty())
        message = "there is no command '" + command + " " + rest.front() + "'";
    return context.console.fail(
        {ErrorCode::invalid_argument, message + "; see '" + command + " --help'"});
}

int run(int count, char** arguments) {
    Context context;
    context.program = arguments[0];
    std::string language;
    CLI::App app(kDescription, "satchel");
    app.fallthrough();  // the options below may also stand behind the command
    app.require_subcommand(1);
    add_common_options(app, context, language);
    add_commands(app, context);
    for (int i = 1; i < count; ++i)  // so that a command line that does not parse says so in JSON
        if (std::string_view(arguments[i]) == "--json") context.console.json = true;
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        context.console.language = chosen(language);
        return context.console.finish(fail_to_parse(app, error, context));
    }
    context.console.language = chosen(language);
    const Result<ExitStatus> status = context.command();
    if (!status) return context.console.fail(status.error());
    return context.console.finish(static_cast<int>(*status));
}

}  // namespace
}  // namespace satchel::cli

int main(int count, char** arguments) {
    std::signal(SIGPIPE, SIG_DFL);
    try {
        return satchel::cli::run(count, arguments);
    } catch (const std::exception& error) {  // of a library: out of memory and the like
        satchel::cli::Console console;
        return console.fail({satchel::ErrorCode::internal, error.what()});
    }
}
