// What the parts of a SqliteServerStore share. Private to storage/; the public face is
// storage/server_store.hpp.
//
// Threads: the store's owner, one at a time. Errors: the database's.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/device_days.hpp"
#include "storage/record_tables.hpp"
#include "storage/server_log.hpp"
#include "storage/server_scopes.hpp"
#include "storage/server_store.hpp"

namespace satchel::storage {

struct SqliteServerStore::Core {
    Core(Database opened, const ServerStoreOptions& given);

    Database database;
    ServerStoreOptions options;
    RecordTables tables;
    ServerLog log;
    ServerScopes scopes;
    DeviceDays device_days;
    SnapshotPages snapshot_pages;
    Services services;
    WallClock* clock = nullptr;
    Random* random = nullptr;
    std::unique_ptr<WallClock> own_clock;
    std::unique_ptr<Random> own_random;
    CallerLookup caller_lookup;
    ScopeLookup scope_lookup;

    // Settings, kept in memory.
    std::string workspace;
    std::uint64_t epoch = 1;
    std::map<std::uint64_t, Sequence> restored_heads;  // by the epoch that began with it
    Sequence head{};
    Sequence saved_head{};
    ReplicaId own;
    HybridClock hybrid;
    RecordIdMaker ids;

    // An id above it was never used: a new record needs no look-up.
    RecordId highest_id;
    bool any_grave = false;
    bool any_dangling = false;
    std::optional<Transaction> transaction;
    bool stale = false;   // what is in memory could not be read anew: the next begin() does it
    bool broken = false;  // a part could not be undone: nothing of the transaction may stay
    std::vector<Sequence> head_marks;  // one per open savepoint

    Status create(SqliteServerStore& store);
    Status open_existing();
    Status begin_epoch(std::int64_t now_ms);
    Status load();  // everything that is kept in memory
    Status read_again_if_stale();
    Status begin(Result<Transaction> (*how)(Database&));
    Status undo_part();
    Status load_epochs();
    Status load_schema();
    Status load_highest_id();
    Result<std::int64_t> setting(std::string_view key);
    Status set_setting(std::string_view key, std::int64_t value);
    Result<Bytes> blob_setting(std::string_view key);
    Status set_blob_setting(std::string_view key, ByteView value);

    Result<bool> exists(const std::string& sql, const RecordId& id);
    Status run(const char* sql) { return run(std::string(sql)); }
    Status run(const std::string& sql);
    Result<std::size_t> declare_overdue_lost(std::int64_t now_ms);
    Status bury(CollectionId collection, const RecordId& id, Sequence seq, std::int64_t now_ms);
    Status note_dead_children(const Collection& collection, const RecordId& id,
                              const RecordState& state, bool dead);
};

// A call of its own, or part of the transaction that is open; undone unless committed.
class AdminTransaction {
  public:
    static Result<AdminTransaction> begin(SqliteServerStore& store);
    AdminTransaction(AdminTransaction&& other) noexcept
        : store_(std::exchange(other.store_, nullptr)), nested_(other.nested_) {}
    AdminTransaction& operator=(AdminTransaction&&) = delete;
    ~AdminTransaction();
    Status commit();

  private:
    AdminTransaction(SqliteServerStore* store, bool nested) : store_(store), nested_(nested) {}

    SqliteServerStore* store_;
    bool nested_;
};

}  // namespace satchel::storage
