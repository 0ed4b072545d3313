// Context: what every command gets: where the file is, its key, how to talk, and the one way in
// which a command is registered and run.
//
// Threads: one.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/console.hpp"
#include "storage/read_connection.hpp"
#include "storage/replica.hpp"

namespace CLI {
class App;
}

namespace satchel::cli {

struct Context {
    Console console;
    std::string file;           // -f, SATCHEL_FILE
    std::string key_file;       // --key-file, SATCHEL_KEY_FILE; else SATCHEL_KEY is the key itself
    std::string password_file;  // --password-file
    std::string program;        // how this program was started: the demo starts it again

    // The command that the arguments chose; gives the exit status.
    std::function<Result<ExitStatus>()> command;

    // "" when the file has no key. Fails as client::read_key_file().
    Result<std::string> key() const;
    // The file must exist: invalid_argument without a name, not_found without a file.
    Result<std::unique_ptr<storage::Replica>> open() const;
    Result<storage::ReadConnection> open_for_reading() const;
};

// Registers one group of commands; each is a file of its own.
void add_file_commands(CLI::App& app, Context& context);      // init, status
void add_read_commands(CLI::App& app, Context& context);      // query, get, history
void add_write_commands(CLI::App& app, Context& context);     // create, set, unset, delete, …
void add_conflict_commands(CLI::App& app, Context& context);  // conflicts, resolve
void add_journal_commands(CLI::App& app, Context& context);   // journal, rejected, resend, dismiss
void add_import_command(CLI::App& app, Context& context);
void add_export_command(CLI::App& app, Context& context);
void add_sync_commands(CLI::App& app, Context& context);    // login, sync, logout
void add_bundle_commands(CLI::App& app, Context& context);  // bundle out, bundle in
void add_verify_commands(CLI::App& app, Context& context);  // verify, why
void add_admin_commands(CLI::App& app, Context& context);
void add_demo_command(CLI::App& app, Context& context);

}  // namespace satchel::cli
