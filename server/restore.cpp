#include "server/restore.hpp"

#include <cstdio>
#include <filesystem>
#include <system_error>

#include "server/audit_anchors.hpp"
#include "server/data_directory.hpp"
#include "storage/server_store.hpp"
#include "storage/services.hpp"

namespace satchel::server {
namespace {

Status copy(const std::string& from, const std::string& to) {
    std::error_code failure;
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing,
                               failure);
    // A backup may have come by way of a disk or a user who lets others read it.
    using std::filesystem::perms;
    if (!failure) std::filesystem::permissions(to, perms::owner_read | perms::owner_write, failure);
    if (!failure) return {};
    errno = failure.value();
    return system_error("cannot copy " + from);
}

Status check_backup(const std::string& path) {
    storage::OpenOptions how;
    how.create = false;
    SATCHEL_ASSIGN(storage::Database database, storage::Database::open(path, how));
    SATCHEL_ASSIGN(const std::int64_t application, database.application_id());
    if (application != storage::kServerApplicationId)
        return Error{ErrorCode::not_a_database, "the given file is no backup of a head office"};
    SATCHEL_ASSIGN(storage::Statement check, database.prepare("PRAGMA quick_check(1)"));
    SATCHEL_TRY(check.step());
    if (check.text(0) == "ok") return {};
    return Error{ErrorCode::corrupt, "the backup is damaged; take another one"};
}

Result<Restored> begin_epoch(const std::string& path, std::uint64_t after_epoch) {
    storage::ServerStoreOptions how;
    how.restored = true;
    how.after_epoch = after_epoch;
    SATCHEL_ASSIGN(const auto store, storage::SqliteServerStore::open(path, how));
    SATCHEL_TRY(store->check_sums());
    Restored restored;
    restored.epoch = store->epoch();
    restored.head = store->head();
    SATCHEL_ASSIGN(restored.audit, store->audit_head());
    SATCHEL_TRY(store->database().checkpoint());
    return restored;
}

// `target`: what is to be replaced. It may be gone or damaged, which is why somebody restores.
Result<Restored> prepare(const std::string& backup, const std::string& draft,
                         const std::string& target) {
    remove_database(draft);
    SATCHEL_TRY(copy(backup, draft));
    SATCHEL_TRY(check_backup(draft));
    const Result<std::uint64_t> former = storage::epoch_of(target);
    if (!former && former.error().code == ErrorCode::busy) return former.error();
    return begin_epoch(draft, former ? *former : 1);
}

Status put_aside(const std::string& from, const std::string& to) {
    for (const char* beside : kDatabaseFiles) {
        if (!exists(from + beside)) continue;
        if (rename((from + beside).c_str(), (to + beside).c_str()) != 0)
            return system_error("cannot put the former workspace aside");
    }
    return {};
}

}  // namespace

Result<Restored> restore(const std::string& data, const std::string& backup,
                         const std::string& anchors) {
    if (!exists(backup)) return Error{ErrorCode::not_found, "there is no file " + backup};
    SATCHEL_ASSIGN(const DataDirectory directory, DataDirectory::open(data));
    const std::string target = directory.database();
    const std::string draft = target + ".restoring";
    Result<Restored> restored = prepare(backup, draft, target);
    if (!restored) {
        remove_database(draft);
        return restored;
    }
    if (exists(target)) {
        storage::SystemClock clock;
        restored->replaced = target + ".replaced-" + std::to_string(clock.now_ms());
        SATCHEL_TRY(put_aside(target, restored->replaced));
    }
    if (rename(draft.c_str(), target.c_str()) != 0)
        return system_error("cannot put the backup in place");
    SATCHEL_TRY(sync_folder(directory.path()));
    storage::SystemClock clock;
    const auto noted = note_anchor(directory.anchors(anchors), restored->audit, clock.now_ms());
    if (!noted) restored->noted = noted.error();
    return restored;
}

}  // namespace satchel::server
