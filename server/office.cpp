#include "server/office.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "server/audit_anchors.hpp"

namespace satchel::server {

Result<std::unique_ptr<Office>> Office::open(const OfficeOptions& options) {
    std::unique_ptr<Office> office(new Office(options));
    SATCHEL_TRY(office->open_store());
    return office;
}

Status Office::open_store() {
    storage::ServerStoreOptions how;
    how.create = true;
    how.schema = options.schema;
    how.workspace = options.workspace;
    SATCHEL_ASSIGN(store, storage::SqliteServerStore::open(options.database, how));
    SATCHEL_ASSIGN(storage::Directory opened, storage::Directory::open(store->database()));
    directory = std::make_unique<storage::Directory>(std::move(opened));
    store->look_up_callers(
        [this](std::uint64_t replica, const RecordId& user) { return caller(replica, user); });
    store->look_up_scopes([this](const std::string& scope) { return directory->has_scope(scope); });
    workspace = store->workspace();
    note_position();
    return {};
}

void Office::note_position() {
    metrics.head = number(store->head());
    metrics.epoch = store->epoch();
}

Result<storage::AuditHead> Office::audit_head() {
    const std::lock_guard lock(mutex);
    return store->audit_head();
}

// The file may be on another machine, which may be slow: whoever syncs does not wait for it.
void Office::note_audit_head() {
    if (options.anchors.empty()) return;
    const std::lock_guard alone(noting);
    const Result<storage::AuditHead> head = audit_head();
    const Result<storage::AuditHead> last =
        head ? note_anchor(options.anchors, *head, now_ms()) : head.error();
    if (!last) {
        spdlog::error("the audit log's head was not noted: {}", last.error().message);
        return;
    }
    const bool same = last->count < head->count || *last == *head;
    if (!same)
        spdlog::error(
            "the audit log has {} entries, but {} in another one were noted last in {}: unless a "
            "backup was restored, look at it with satcheld --check-audit",
            head->count, last->count, options.anchors);
}

Result<std::vector<std::string>> Office::scopes_of(const storage::Account& account) {
    const bool all = account.role == storage::Role::admin;
    return directory->scopes(account, all ? store->filled_scopes() : std::vector<std::string>());
}

Result<std::optional<Caller>> Office::caller(std::uint64_t replica, const RecordId& user) {
    const Result<storage::Account> account = directory->account(user);
    if (!account && account.error().code == ErrorCode::not_found) return std::optional<Caller>();
    if (!account) return account.error();
    const Result<storage::Device> device = directory->device(replica);
    if (!device && device.error().code == ErrorCode::not_found) return std::optional<Caller>();
    if (!device) return device.error();
    Caller found = storage::caller_of(*account, *device);
    SATCHEL_ASSIGN(found.scopes, scopes_of(*account));
    return std::optional<Caller>(std::move(found));
}

Status Office::mirror(const storage::Account& account, std::int64_t now_ms) {
    std::string pools;
    for (const std::string& pool : account.pools)
        pools += (pools.empty() ? "" : ",") + pool;
    const Result<RecordId> written =
        store->put_record("_user", &account.user,
                          {{"name", Value::text(account.name)},
                           {"login", Value::text(account.login)},
                           {"role", Value::text(storage::name(account.role))},
                           {"manager", account.manager ? Value::id(*account.manager) : Value()},
                           {"active", Value(std::int64_t{account.active ? 1 : 0})},
                           {"pools", pools.empty() ? Value() : Value::text(pools)}},
                          now_ms);
    return written ? Status() : written.error();
}

Status Office::mirror(const storage::Device& device, std::int64_t now_ms) {
    const std::string replica = storage::replica_text(device.replica);
    const Result<RecordId> written = store->put_record("_device", &device.record,
                                                       {{"replica", Value::text(replica)},
                                                        {"user", Value::id(device.user)},
                                                        {"name", Value::text(device.name)}},
                                                       now_ms);
    return written ? Status() : written.error();
}

}  // namespace satchel::server
