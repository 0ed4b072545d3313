#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "sales/schema_json.hpp"
#include "server/api.hpp"
#include "server/data_directory.hpp"

namespace satchel::server {
namespace {

constexpr std::size_t kMaxBackupNameBytes = 1'024;

// A path inside the backups' folder: an administrator's token is no key to the whole machine.
Result<std::string> backup_path(const Office& office, const ApiCall& call) {
    const std::string& folder = office.options.backups;
    SATCHEL_ASSIGN(auto asked, call.body.optional_text("path", kMaxBackupNameBytes));
    if (!asked || asked->empty()) return folder + "/" + backup_name(call.now_ms);
    if (asked->rfind(folder + "/", 0) == 0) asked->erase(0, folder.size() + 1);
    const bool plain = asked->find('/') == std::string::npos && asked->front() != '.' &&
                       asked->find('\0') == std::string::npos;
    if (plain) return folder + "/" + *asked;
    return Error{ErrorCode::invalid_argument,
                 "a backup's path is a file name, made in the server's backup folder (" + folder +
                     "); start satcheld with --backups to choose another folder"};
}

// Where a backup grows until it is whole. One for each workspace: what a crash leaves the next
// start finds, also in a folder that several head offices share.
std::string draft_of(Office& office) {
    const std::lock_guard lock(office.mutex);
    return office.options.backups + "/" + storage::replica_text(office.store->own_replica().id) +
           ".part";
}

// Whole under its name, or not there. Without the lock: devices sync meanwhile.
Result<storage::WorkspaceCopy> copy_to(Office& office, const std::string& path) {
    const std::string part = draft_of(office);
    remove_database(part);
    storage::OpenOptions how;
    how.read_only = true;
    SATCHEL_ASSIGN(storage::Database source, storage::Database::open(office.options.database, how));
    const auto go_on = [&office] { return !office.stopping; };
    Result<storage::WorkspaceCopy> copy = storage::copy_workspace(source, part, {}, go_on);
    if (copy && rename(part.c_str(), path.c_str()) != 0)
        copy = system_error("cannot give the backup its name");
    if (!copy) {
        remove_database(part);
        return copy;
    }
    SATCHEL_TRY(sync_folder(office.options.backups));
    return copy;
}

Status note(Office& office, const storage::WorkspaceCopy& copy, bool confirm) {
    const std::lock_guard lock(office.mutex);
    SATCHEL_TRY(office.store->note_backup(copy));
    return confirm ? office.store->confirm_backup() : Status();
}

Result<Json> back_up(Office& office, const std::string& path, bool confirm) {
    const std::unique_lock alone(office.backing_up, std::try_to_lock);
    if (!alone)
        return Error{ErrorCode::busy, "another backup is being made; wait until it is done"};
    if (exists(path))
        return Error{ErrorCode::invalid_argument, path + " exists already; choose another name"};
    SATCHEL_ASSIGN(const storage::WorkspaceCopy copy, copy_to(office, path));
    SATCHEL_TRY(note(office, copy, confirm));
    office.note_audit_head();
    struct stat made {};
    if (stat(path.c_str(), &made) != 0) return system_error("cannot look at " + path);
    spdlog::info("backup bytes={} head={}", made.st_size, number(copy.head));
    return Json{{"path", path},
                {"bytes", made.st_size},
                {"head", number(copy.head)},
                {"confirmed", confirm}};
}

}  // namespace

std::string backup_name(std::int64_t now_ms) {
    const std::time_t seconds = now_ms / 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[64];
    const std::size_t size = std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts);
    std::snprintf(text + size, sizeof text - size, "-%03d.satchel-server",
                  static_cast<int>(now_ms % 1000));
    return text;
}

void remove_unfinished_backup(Office& office) {
    const std::unique_lock alone(office.backing_up, std::try_to_lock);
    if (alone) remove_database(draft_of(office));
}

HttpReply make_backup(Office& office, const ApiCall& call) {
    const Result<std::string> path = backup_path(office, call);
    if (!path) return error_reply(path.error());
    const Result<std::optional<bool>> confirm = call.body.optional_flag("confirm");
    if (!confirm) return error_reply(confirm.error());
    return reply_of(back_up(office, *path, confirm->value_or(false)));
}

HttpReply confirm_backup(Office& office, const ApiCall&) {
    const std::lock_guard lock(office.mutex);
    if (const Status done = office.store->confirm_backup(); !done) return error_reply(done.error());
    return json_reply(Json::object());
}

Result<Json> show_schema(Office& office, const ApiCall&) {
    return sales::schema_to_json(*office.store->schema());
}

Result<Json> update_schema(Office& office, const ApiCall& call) {
    SATCHEL_ASSIGN(const Schema schema, sales::schema_from_json(call.body.json()));
    SATCHEL_TRY(office.store->install_schema(schema, call.now_ms));
    spdlog::info("schema updated number={}", schema.number());
    return Json{{"number", schema.number()}, {"seq", number(office.store->head())}};
}

}  // namespace satchel::server
