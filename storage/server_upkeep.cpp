// Backups, figures and checks of a workspace.
#include "storage/server_core.hpp"

namespace satchel::storage {

Status SqliteServerStore::note_backup(const WorkspaceCopy& copy) {
    SATCHEL_ASSIGN(AdminTransaction transaction, AdminTransaction::begin(*this));
    SATCHEL_TRY(core_->log.note_backup(copy));
    return transaction.commit();
}

Status SqliteServerStore::confirm_backup() {
    SATCHEL_ASSIGN(AdminTransaction transaction, AdminTransaction::begin(*this));
    SATCHEL_TRY(core_->log.confirm_backup());
    return transaction.commit();
}

Result<ServerFigures> SqliteServerStore::figures() {
    ServerFigures figures;
    figures.epoch = core_->epoch;
    figures.head = core_->head;
    figures.scopes = core_->scopes.count();
    figures.pages_reused = core_->snapshot_pages.found();
    figures.pages_made = core_->snapshot_pages.missed();
    const auto count = [this](std::uint64_t& into, const std::string& sql) -> Status {
        SATCHEL_ASSIGN(const std::int64_t value, core_->database.integer(sql));
        into += static_cast<std::uint64_t>(value);
        return {};
    };
    const std::string of_log = "SELECT count(*) FROM _log WHERE kind = ";
    SATCHEL_TRY(count(figures.accepted, of_log + "0"));
    SATCHEL_TRY(count(figures.held, of_log + "1"));
    SATCHEL_TRY(count(figures.quarantined, of_log + "2 AND adopted_at IS NULL"));
    SATCHEL_TRY(count(figures.graves, "SELECT count(*) FROM _grave"));
    SATCHEL_TRY(count(figures.dead, "SELECT count(*) FROM _dead"));
    for (const Collection& collection : core_->tables.schema()->collections())
        SATCHEL_TRY(count(figures.records, "SELECT count(*) FROM " + quoted(collection.name)));
    SATCHEL_ASSIGN(const std::int64_t pages, core_->database.integer("PRAGMA page_count"));
    SATCHEL_ASSIGN(const std::int64_t page_bytes, core_->database.integer("PRAGMA page_size"));
    figures.file_bytes = pages * page_bytes;
    return figures;
}

Status SqliteServerStore::check_sums() {
    return core_->scopes.check();
}

}  // namespace satchel::storage
