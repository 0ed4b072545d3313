#include "storage/directory.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "storage/text.hpp"
#include "sync/limits.hpp"

namespace satchel::storage {
namespace {

constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS _directory_user (
    user BLOB PRIMARY KEY, login TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role INTEGER NOT NULL,
    manager BLOB, active INTEGER NOT NULL, password TEXT NOT NULL, created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS _directory_user_manager ON _directory_user (manager);
CREATE TABLE IF NOT EXISTS _directory_pool (
    user BLOB NOT NULL, pool TEXT NOT NULL, PRIMARY KEY (user, pool)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS _directory_pool_name ON _directory_pool (pool);
CREATE TABLE IF NOT EXISTS _directory_device (
    replica INTEGER PRIMARY KEY, record BLOB NOT NULL, user BLOB NOT NULL, name TEXT NOT NULL,
    revoked INTEGER NOT NULL, created_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS _directory_device_user ON _directory_device (user);
CREATE TABLE IF NOT EXISTS _directory_token (
    token BLOB PRIMARY KEY, user BLOB NOT NULL, replica INTEGER, created_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS _directory_token_user ON _directory_token (user);
CREATE TABLE IF NOT EXISTS _directory_bundle_key (
    replica INTEGER PRIMARY KEY, public_keys TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS _directory_bundle_secret (
    id INTEGER PRIMARY KEY CHECK (id = 1), secret TEXT NOT NULL
);
)";

constexpr std::size_t kReplicaDigits = 16;

constexpr std::array<std::pair<Role, std::string_view>, 4> kRoles = {{
    {Role::rep, "rep"},
    {Role::manager, "manager"},
    {Role::director, "director"},
    {Role::admin, "admin"},
}};

Error no_such_account() {
    return {ErrorCode::not_found, "there is no such user; `satchel admin user list` shows all"};
}

Error invalid(std::string message) {
    return {ErrorCode::invalid_argument, std::move(message)};
}

Result<RecordId> id_at(const Statement& row, int column) {
    return RecordId::from_bytes(row.blob(column));
}

Result<Account> read_account(const Statement& row) {
    Account account;
    SATCHEL_ASSIGN(account.user, id_at(row, 0));
    account.login = row.text(1);
    account.name = row.text(2);
    account.role = static_cast<Role>(row.integer(3));
    if (!row.is_null(4)) {
        SATCHEL_ASSIGN(account.manager, id_at(row, 4));
    }
    account.active = row.integer(5) != 0;
    account.created_at = row.integer(6);
    account.devices = static_cast<std::size_t>(row.integer(7));
    return account;
}

Result<Device> read_device(const Statement& row) {
    Device device;
    device.replica = static_cast<std::uint64_t>(row.integer(0));
    SATCHEL_ASSIGN(device.record, id_at(row, 1));
    SATCHEL_ASSIGN(device.user, id_at(row, 2));
    device.name = row.text(3);
    device.revoked = row.integer(4) != 0;
    device.created_at = row.integer(5);
    device.last_seen_at = row.integer(6);
    return device;
}

bool is_printable(char c) {
    return static_cast<unsigned char>(c) > ' ' && c != '\x7f';
}

}  // namespace

std::string_view name(Role role) {
    for (const auto& [known, text] : kRoles)
        if (known == role) return text;
    return "unknown";
}

Result<Role> parse_role(std::string_view text) {
    for (const auto& [role, known] : kRoles)
        if (known == text) return role;
    return invalid("a role is one of rep, manager, director, admin");
}

std::string replica_text(std::uint64_t replica) {
    std::string text(kReplicaDigits, '0');
    for (std::size_t i = text.size(); i > 0; replica >>= 4U)
        text[--i] = "0123456789abcdef"[replica & 0xfU];
    return text;
}

Result<std::uint64_t> parse_replica(std::string_view text) {
    std::uint64_t replica = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, failure] = std::from_chars(text.data(), end, replica, 16);
    const bool whole = text.size() == kReplicaDigits && stopped == end;
    if (!whole || failure != std::errc{} || replica == 0 || replica_text(replica) != text)
        return invalid("a replica is named by 16 lower-case hexadecimal digits");
    return replica;
}

Result<std::string> canonical_login(std::string_view typed) {
    const bool fits = !typed.empty() && typed.size() <= kMaxLoginBytes;
    if (!fits || !std::all_of(typed.begin(), typed.end(), &is_printable))
        return invalid("a login has 1 to 64 bytes, without spaces and control characters");
    SATCHEL_ASSIGN(std::string login, canonical_text(typed));
    for (char& c : login)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return login;
}

Result<Directory> Directory::open(Database& database) {
    SATCHEL_TRY(database.execute(kTables));
    Directory directory(database);
    SATCHEL_TRY(directory.make_bundle_keys());
    return directory;
}

Status Directory::check(const Account& account) {
    if (account.pools.size() > kMaxPools) return invalid("a user has at most 64 pools");
    for (const std::string& pool : account.pools) {
        if (pool.empty() || pool.size() > kMaxNameBytes || pool.find(',') != std::string::npos)
            return invalid("a pool's name has 1 to 64 bytes and no comma");
    }
    if (!account.manager) return {};
    const Result<Account> manager = this->account(*account.manager);
    if (!manager && manager.error().code != ErrorCode::not_found) return manager.error();
    if (!manager) return invalid("there is no such manager; add the manager's account first");
    SATCHEL_ASSIGN(const std::vector<RecordId> below, with_all_below(account.user));
    if (std::find(below.begin(), below.end(), *account.manager) == below.end()) return {};
    return invalid("a user's manager cannot be the user, or somebody who works for the user");
}

Status Directory::add(const Account& account) {
    SATCHEL_TRY(check(account));
    const Result<Account> namesake = find(account.login);
    if (namesake) return invalid("the login '" + account.login + "' exists already");
    if (namesake.error().code != ErrorCode::not_found) return namesake.error();
    SATCHEL_ASSIGN(
        Statement * insert,
        database_->cached("INSERT INTO _directory_user (user, login, name, role, active, "
                          "password, created_at) VALUES (?1, ?2, '', 1, 1, '', ?3)"));
    insert->bind_blob(1, account.user.view());
    insert->bind_text(2, account.login);
    insert->bind(3, account.created_at);
    SATCHEL_TRY(insert->run());
    return save(account);
}

Status Directory::save(const Account& account) {
    SATCHEL_TRY(check(account));
    SATCHEL_ASSIGN(Statement * update,
                   database_->cached("UPDATE _directory_user SET name = ?2, role = ?3, "
                                     "manager = ?4, active = ?5 WHERE user = ?1"));
    update->bind_blob(1, account.user.view());
    update->bind_text(2, account.name);
    update->bind(3, static_cast<std::int64_t>(account.role));
    if (account.manager)
        update->bind_blob(4, account.manager->view());
    else
        update->bind_null(4);
    update->bind(5, account.active ? 1 : 0);
    SATCHEL_TRY(update->run());
    if (database_->changes() == 0) return no_such_account();
    return save_pools(account);
}

Status Directory::save_pools(const Account& account) {
    SATCHEL_ASSIGN(Statement * clear,
                   database_->cached("DELETE FROM _directory_pool WHERE user = ?1"));
    clear->bind_blob(1, account.user.view());
    SATCHEL_TRY(clear->run());
    for (const std::string& pool : account.pools) {
        SATCHEL_ASSIGN(Statement * insert,
                       database_->cached(
                           "INSERT OR IGNORE INTO _directory_pool (user, pool) VALUES (?1, ?2)"));
        insert->bind_blob(1, account.user.view());
        insert->bind_text(2, pool);
        SATCHEL_TRY(insert->run());
    }
    return {};
}

Result<std::vector<std::string>> Directory::pools(const RecordId& user) {
    SATCHEL_ASSIGN(
        Statement * rows,
        database_->cached("SELECT pool FROM _directory_pool WHERE user = ?1 ORDER BY 1"));
    rows->bind_blob(1, user.view());
    std::vector<std::string> all;
    for (;;) {
        SATCHEL_ASSIGN(const bool more, rows->step());
        if (!more) return all;
        all.emplace_back(rows->text(0));
    }
}

Result<std::vector<Account>> Directory::read_accounts(std::string_view where, ByteView value) {
    SATCHEL_ASSIGN(
        Statement * rows,
        database_->cached("SELECT user, login, name, role, manager, active, created_at, "
                          "(SELECT count(*) FROM _directory_device d WHERE d.user = u.user AND "
                          "NOT revoked) FROM _directory_user u " +
                          std::string(where) + " ORDER BY login"));
    if (where.find("?1") != std::string_view::npos) {
        if (where.find("login") != std::string_view::npos)
            rows->bind_text(1, value);
        else
            rows->bind_blob(1, value);
    }
    std::vector<Account> all;
    for (;;) {
        SATCHEL_ASSIGN(const bool more, rows->step());
        if (!more) break;
        SATCHEL_ASSIGN(Account account, read_account(*rows));
        all.push_back(std::move(account));
    }
    for (Account& account : all) {
        SATCHEL_ASSIGN(account.pools, pools(account.user));
    }
    return all;
}

Result<Account> Directory::account(const RecordId& user) {
    SATCHEL_ASSIGN(std::vector<Account> found, read_accounts("WHERE user = ?1", user.view()));
    if (found.empty()) return no_such_account();
    return std::move(found.front());
}

Result<Account> Directory::find(std::string_view login_or_user_id) {
    if (const Result<RecordId> user = RecordId::parse(login_or_user_id)) return account(*user);
    const Result<std::string> login = canonical_login(login_or_user_id);
    if (!login) return no_such_account();
    SATCHEL_ASSIGN(std::vector<Account> found, read_accounts("WHERE login = ?1", *login));
    if (found.empty()) return no_such_account();
    return std::move(found.front());
}

Result<std::vector<Account>> Directory::accounts() {
    return read_accounts("", "");
}

Result<bool> Directory::has_administrator() {
    SATCHEL_ASSIGN(const std::int64_t count,
                   database_->integer("SELECT count(*) FROM _directory_user "
                                      "WHERE role = 9 AND active"));
    return count > 0;
}

Result<std::string> Directory::password_hash(const RecordId& user) {
    SATCHEL_ASSIGN(Statement * row,
                   database_->cached("SELECT password FROM _directory_user WHERE user = ?1"));
    row->bind_blob(1, user.view());
    SATCHEL_ASSIGN(const bool found, row->step());
    if (!found) return no_such_account();
    std::string hash(row->text(0));
    row->reset();
    return hash;
}

Status Directory::set_password_hash(const RecordId& user, const std::string& hash) {
    SATCHEL_ASSIGN(Statement * update,
                   database_->cached("UPDATE _directory_user SET password = ?2 WHERE user = ?1"));
    update->bind_blob(1, user.view());
    update->bind_text(2, hash);
    return update->run();
}

Result<std::vector<RecordId>> Directory::with_all_below(const RecordId& user) {
    SATCHEL_ASSIGN(Statement * rows,
                   database_->cached("WITH RECURSIVE below(user) AS (VALUES (?1) UNION "
                                     "SELECT u.user FROM _directory_user u JOIN below b "
                                     "ON u.manager = b.user) SELECT user FROM below"));
    rows->bind_blob(1, user.view());
    std::vector<RecordId> all;
    for (;;) {
        SATCHEL_ASSIGN(const bool more, rows->step());
        if (!more) return all;
        SATCHEL_ASSIGN(const RecordId one, id_at(*rows, 0));
        all.push_back(one);
    }
}

Result<bool> Directory::has_scope(std::string_view scope) {
    const std::string_view name = scope.substr(std::min<std::size_t>(2, scope.size()));
    const bool is_pool = scope.starts_with("p:");
    const Result<RecordId> user = RecordId::parse(name);
    if (!is_pool && !user) return false;
    SATCHEL_ASSIGN(Statement * select,
                   database_->cached(is_pool ? "SELECT 1 FROM _directory_pool WHERE pool = ?1"
                                             : "SELECT 1 FROM _directory_user WHERE user = ?1"));
    if (is_pool)
        select->bind_text(1, name);
    else
        select->bind_blob(1, user->view());
    SATCHEL_ASSIGN(const bool found, select->step());
    select->reset();
    return found;
}

Result<std::vector<std::string>> Directory::scopes(const Account& account,
                                                   const std::vector<std::string>& existing) {
    std::vector<std::string> all = {kEveryoneScope};
    if (account.role == Role::admin) {
        all.emplace_back(kHeadOfficeScope);
        all.insert(all.end(), existing.begin(), existing.end());
        // Also of people who own nothing yet: what an administrator gives them in this very sync
        // must stay on the administrator's device.
        SATCHEL_ASSIGN(const std::vector<Account> everybody, accounts());
        for (const Account& each : everybody) {
            all.push_back(user_scope(each.user));
            for (const std::string& pool : each.pools)
                all.push_back(pool_scope(pool));
        }
    }
    SATCHEL_ASSIGN(const std::vector<RecordId> users, with_all_below(account.user));
    for (const RecordId& user : users)
        all.push_back(user_scope(user));
    for (const std::string& pool : account.pools)
        all.push_back(pool_scope(pool));
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    if (all.size() <= kMaxScopes) return all;
    return Error{ErrorCode::limit,
                 "this account's rights give more scopes than one device can "
                 "hold; use an account with narrower rights"};
}

Result<Device> Directory::register_device(std::uint64_t replica, const RecordId& record,
                                          const RecordId& user, std::string_view device_name,
                                          std::int64_t now_ms) {
    SATCHEL_TRY(check_has_room(replica, user));
    SATCHEL_ASSIGN(Statement * insert,
                   database_->cached("INSERT INTO _directory_device VALUES (?1, ?2, ?3, ?4, 0, ?5, "
                                     "?5) ON CONFLICT (replica) DO UPDATE SET name = ?4, "
                                     "last_seen_at = ?5 WHERE user = ?3 AND NOT revoked"));
    insert->bind(1, stored(replica));
    insert->bind_blob(2, record.view());
    insert->bind_blob(3, user.view());
    insert->bind_text(4, device_name);
    insert->bind(5, now_ms);
    SATCHEL_TRY(insert->run());
    SATCHEL_ASSIGN(Device registered, device(replica));
    if (registered.user != user)
        return Error{ErrorCode::forbidden,
                     "this replica file belongs to another user; make a file of your own "
                     "(satchel init)"};
    if (registered.revoked)
        return Error{ErrorCode::forbidden,
                     "this device was revoked; make a new file (satchel init), or ask an "
                     "administrator"};
    return registered;
}

// For one device more; one that is registered already needs none.
Status Directory::check_has_room(std::uint64_t replica, const RecordId& user) {
    SATCHEL_ASSIGN(Statement * count,
                   database_->cached("SELECT count(*) FROM _directory_device WHERE user = ?1"
                                     " AND NOT revoked AND replica <> ?2"));
    count->bind_blob(1, user.view());
    count->bind(2, stored(replica));
    SATCHEL_ASSIGN([[maybe_unused]] const bool row, count->step());
    const std::int64_t devices = count->integer(0);
    count->reset();
    if (devices < static_cast<std::int64_t>(kMaxDevices)) return {};
    return Error{ErrorCode::limit, "this user has " + std::to_string(kMaxDevices) +
                                       " devices; ask an administrator to shut out those that are "
                                       "not used any more (satchel admin device revoke)"};
}

Result<Device> Directory::device(std::uint64_t replica) {
    SATCHEL_ASSIGN(Statement * row,
                   database_->cached("SELECT * FROM _directory_device WHERE replica = ?1"));
    row->bind(1, stored(replica));
    SATCHEL_ASSIGN(const bool found, row->step());
    if (!found)
        return Error{ErrorCode::not_found,
                     "there is no such device; `satchel admin device list` shows all"};
    Result<Device> device = read_device(*row);
    row->reset();
    return device;
}

Result<std::vector<Device>> Directory::devices(const std::optional<RecordId>& user) {
    SATCHEL_ASSIGN(Statement * rows,
                   database_->cached("SELECT * FROM _directory_device "
                                     "WHERE ?1 IS NULL OR user = ?1 ORDER BY created_at, replica"));
    if (user) rows->bind_blob(1, user->view());
    std::vector<Device> all;
    for (;;) {
        SATCHEL_ASSIGN(const bool more, rows->step());
        if (!more) return all;
        SATCHEL_ASSIGN(Device device, read_device(*rows));
        all.push_back(std::move(device));
    }
}

Status Directory::revoke(std::uint64_t replica) {
    SATCHEL_ASSIGN(
        Statement * update,
        database_->cached("UPDATE _directory_device SET revoked = 1 WHERE replica = ?1"));
    update->bind(1, stored(replica));
    return update->run();
}

Result<std::vector<std::uint64_t>> Directory::active_replicas() {
    SATCHEL_ASSIGN(
        Statement * rows,
        database_->cached("SELECT d.replica FROM _directory_device d JOIN "
                          "_directory_user u USING (user) WHERE NOT revoked AND active"));
    std::vector<std::uint64_t> all;
    for (;;) {
        SATCHEL_ASSIGN(const bool more, rows->step());
        if (!more) return all;
        all.push_back(static_cast<std::uint64_t>(rows->integer(0)));
    }
}

}  // namespace satchel::storage
