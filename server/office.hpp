// Office: the workspace at work, with what all requests share: the store with its directory, the
// lock over both, what counts log-ins, and the news that something was merged.
//
//     const std::lock_guard lock(office.mutex);
//     Result<Json> done = office.in_transaction([&]() -> Result<Json> { … });
//
// Threads: hold `mutex` to use store, directory, random and ids; the rest from any thread.
// Errors: the store's.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/login_throttle.hpp"
#include "server/metrics.hpp"
#include "storage/directory.hpp"
#include "storage/server_store.hpp"
#include "storage/services.hpp"

namespace satchel::server {

struct OfficeOptions {
    std::string database;
    std::string backups;    // folder
    std::string anchors;    // file (audit_anchors.hpp); "": the audit log's head is not noted
    std::string workspace;  // name of a new one
    SchemaPointer schema;   // of a new one
    ThrottleOptions throttle;
};

class Office {
  public:
    // Opens the workspace, or makes it: not_a_database, newer_format, busy, read_only, corrupt.
    static Result<std::unique_ptr<Office>> open(const OfficeOptions& options);

    // Runs `work` in one transaction of the store; an error of it, or of saving, undoes all.
    template <typename Work>
    auto in_transaction(Work&& work) -> decltype(work());

    // The caller's rights of this moment.
    Result<std::vector<std::string>> scopes_of(const storage::Account& account);
    // Writes the account into `_user`, where devices see it.
    Status mirror(const storage::Account& account, std::int64_t now_ms);
    Status mirror(const storage::Device& device, std::int64_t now_ms);

    // Notes the audit log's head outside of the database; without the lock. What fails only loses
    // evidence: it is logged, and head office goes on.
    void note_audit_head();

    // Something was merged, or rights changed: whoever waits looks again.
    void tell_news() {
        if (on_news) on_news();
    }

    std::int64_t now_ms() { return clock.now_ms(); }

    const OfficeOptions options;
    std::string workspace;  // its name; does not change
    std::mutex mutex;
    std::mutex backing_up;  // one backup at a time; held without `mutex`
    std::unique_ptr<storage::SqliteServerStore> store;
    std::unique_ptr<storage::Directory> directory;
    storage::SystemRandom random;
    RecordIdMaker ids;

    std::function<void()> on_news;  // set before the first request; called with the lock held
    storage::SystemClock clock;
    LoginThrottle throttle;
    Metrics metrics;
    std::atomic<bool> stopping{false};

  private:
    std::mutex noting;  // one head at a time; taken before `mutex`

    explicit Office(const OfficeOptions& given) : options(given), throttle(given.throttle) {}

    Status open_store();
    Result<storage::AuditHead> audit_head();
    Result<std::optional<Caller>> caller(std::uint64_t replica, const RecordId& user);
    void note_position();
};

template <typename Work>
auto Office::in_transaction(Work&& work) -> decltype(work()) {
    SATCHEL_TRY(store->begin());
    auto result = work();
    if (!result) {
        store->roll_back_all();
        return result;
    }
    if (Status saved = store->commit(); !saved) {
        store->roll_back_all();
        return saved.error();
    }
    note_position();
    return result;
}

}  // namespace satchel::server
