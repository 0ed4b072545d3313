#include "storage/workspace_copy.hpp"

#include <memory>

namespace satchel::storage {
namespace {

constexpr int kPagesPerStep = 2'048;  // 8 MiB

// One moment of the source, for as long as it lives.
class Moment {
  public:
    static Result<Moment> begin(Database& database) {
        SATCHEL_TRY(database.execute("BEGIN"));
        return Moment(&database);
    }
    Moment(Moment&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Moment& operator=(Moment&&) = delete;
    ~Moment() {
        if (database_ != nullptr) static_cast<void>(database_->execute("ROLLBACK"));
    }

  private:
    explicit Moment(Database* database) : database_(database) {}

    Database* database_;
};

Result<WorkspaceCopy> contents(Database& source) {
    WorkspaceCopy copy;
    SATCHEL_ASSIGN(const std::int64_t head,
                   source.integer("SELECT value FROM _setting WHERE key = 'head'"));
    copy.head = Sequence{static_cast<std::uint64_t>(head)};
    SATCHEL_ASSIGN(Statement rows, source.prepare("SELECT number, high FROM _replica"));
    for (;;) {
        SATCHEL_ASSIGN(const bool more, rows.step());
        if (!more) return copy;
        copy.counters.emplace_back(rows.integer(0), rows.integer(1));
    }
}

struct Finish {
    void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

Status copy_pages(Database& source, Database& target, const std::function<bool()>& go_on) {
    const std::unique_ptr<sqlite3_backup, Finish> backup(
        sqlite3_backup_init(target.handle(), "main", source.handle(), "main"));
    if (backup == nullptr) return target.error("making a backup");
    int step = SQLITE_OK;
    while (step == SQLITE_OK) {
        if (go_on && !go_on())
            return Error{ErrorCode::cancelled, "the backup was stopped; make it again"};
        step = sqlite3_backup_step(backup.get(), kPagesPerStep);
    }
    if (step == SQLITE_DONE) return {};
    return target.error("making a backup");
}

}  // namespace

Result<WorkspaceCopy> copy_workspace(Database& source, const std::string& target,
                                     const OpenOptions& how, const std::function<bool()>& go_on) {
    OpenOptions durable = how;
    durable.full_sync = true;
    SATCHEL_ASSIGN(Database copy, Database::open(target, durable));
    SATCHEL_ASSIGN(const Moment moment, Moment::begin(source));
    SATCHEL_ASSIGN(WorkspaceCopy held, contents(source));
    SATCHEL_TRY(copy_pages(source, copy, go_on));
    SATCHEL_TRY(copy.checkpoint());
    return held;
}

}  // namespace satchel::storage
