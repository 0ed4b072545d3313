// Directory: who may use a workspace. Accounts with passwords, roles, managers and pools; the
// devices they registered; the tokens that stand for them. Tables of the server's own database,
// named `_directory_…`, beside the store's.
//
//     SATCHEL_ASSIGN(Directory directory, Directory::open(store.database()));
//     SATCHEL_ASSIGN(const Account account, directory.find("li.wei"));
//     SATCHEL_ASSIGN(const std::string token, directory.issue_token(account.user, replica, now));
//     SATCHEL_ASSIGN(const Access access, directory.access(token, now));   // at each request
//
// | role     | rank | may                                              |
// | rep      | 1    | what the own scopes hold                         |
// | manager  | 2    | and what everybody below in the manager tree has |
// | director | 3    | the same; ranks higher under the rule `rank`     |
// | admin    | 9    | everything, and administer                       |
//
// Text form of roles: the names above.
// Threads: those of its database, one at a time. Errors: the database's, and what each call names.
// Calls do not begin transactions: several belong into one of the store's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/bundle_keys.hpp"
#include "storage/sqlite.hpp"
#include "sync/server_session.hpp"

namespace satchel::storage {

enum class Role : std::uint8_t { rep = 1, manager = 2, director = 3, admin = 9 };
std::string_view name(Role role);
Result<Role> parse_role(std::string_view text);

struct Account {
    RecordId user;      // also the id of its record in `_user`
    std::string login;  // canonical: see canonical_login
    std::string name;
    Role role = Role::rep;
    std::optional<RecordId> manager;
    std::vector<std::string> pools;  // ascending
    bool active = true;
    std::int64_t created_at = 0;  // milliseconds, as all times here
    std::size_t devices = 0;      // not revoked; only read
};

struct Device {
    std::uint64_t replica = 0;
    RecordId record;  // its record in `_device`
    RecordId user;
    std::string name;
    bool revoked = false;
    std::int64_t created_at = 0;
    std::int64_t last_seen_at = 0;  // within an hour
};

// Who a token stands for.
struct Access {
    Account account;
    std::optional<Device> device;  // none: a token that only administers
    Digest token{};
    Caller caller;  // everything but the scopes that only the store knows, see scopes()
};

// The Caller of an account on a device, all but its scopes.
Caller caller_of(const Account& account, const std::optional<Device>& device);

// A replica's id as people and records name it: 16 lower-case hexadecimal digits.
std::string replica_text(std::uint64_t replica);
Result<std::uint64_t> parse_replica(std::string_view text);

constexpr std::size_t kMaxLoginBytes = 64;
constexpr std::size_t kMaxPools = 64;                            // of one user; each is a scope
constexpr std::size_t kMaxDevices = 1'000;                       // of one user, not revoked
constexpr std::size_t kMaxTokens = 100;                          // of one device, or for one user
constexpr std::int64_t kTokenIdleMs = 400LL * 24 * 3600 * 1000;  // a year away, and some
constexpr std::int64_t kAdministrationTokenMs = 12LL * 3600 * 1000;

// 1 to 64 bytes of NFC text without spaces and control characters; A to Z become small letters.
Result<std::string> canonical_login(std::string_view typed);

class Directory {
  public:
    // Makes the tables where they are missing. The database must outlive it.
    static Result<Directory> open(Database& database);

    // Accounts. `add` and `save` fail with invalid_argument: a login that exists, a manager who
    // does not, is the account itself or is below it, a pool without a name.
    Status add(const Account& account);
    Status save(const Account& account);                      // name, role, manager, pools, active
    Result<Account> account(const RecordId& user);            // not_found
    Result<Account> find(std::string_view login_or_user_id);  // not_found
    Result<std::vector<Account>> accounts();                  // by login
    Result<bool> has_administrator();                         // an active one

    // The Argon2id string; empty when there is no password.
    Result<std::string> password_hash(const RecordId& user);
    Status set_password_hash(const RecordId& user, const std::string& hash);

    // Devices. forbidden: the file belongs to another user, or the device was revoked; limit: the
    // user has kMaxDevices.
    Result<Device> register_device(std::uint64_t replica, const RecordId& record,
                                   const RecordId& user, std::string_view device_name,
                                   std::int64_t now_ms);
    Result<Device> device(std::uint64_t replica);  // not_found
    Result<std::vector<Device>> devices(const std::optional<RecordId>& user);
    Status revoke(std::uint64_t replica);
    Result<std::vector<std::uint64_t>> active_replicas();

    // Tokens. Without a replica it can administer and nothing else. Of more than kMaxTokens of one
    // kind the oldest ends.
    Result<std::string> issue_token(const RecordId& user, std::optional<std::uint64_t> replica,
                                    std::int64_t now_ms);
    Status end_token(const Digest& token);
    Status end_tokens(const RecordId& user, const std::optional<Digest>& but);
    Status end_expired_tokens(std::int64_t now_ms);
    // unauthorized: not known, expired. Notes, once an hour, that it was used.
    Result<Access> access(std::string_view token, std::int64_t now_ms);

    // Bundles. The workspace's own keys, made when its tables are; a device's as its last log-in
    // told them (nothing: it logged in before there were bundles).
    Result<BundleKeys> bundle_keys();
    Result<std::optional<PublicKeys>> device_keys(std::uint64_t replica);
    Status set_device_keys(std::uint64_t replica, const PublicKeys& keys);
    // A bundle stands on the device's log-in and counts as its use. forbidden: there is none (any
    // more), since a new password, a log-out or 400 days without use end it.
    Status use_log_in(std::uint64_t replica, std::int64_t now_ms);

    // The scopes that the account's rights give, ascending; limit when over kMaxScopes. `existing`:
    // those that any record has, which an administrator holds.
    Result<std::vector<std::string>> scopes(const Account& account,
                                            const std::vector<std::string>& existing);

    // Whether an account has that owner's or pool's scope.
    Result<bool> has_scope(std::string_view scope);

  private:
    explicit Directory(Database& database) : database_(&database) {}

    Status check(const Account& account);
    Status check_has_room(std::uint64_t replica, const RecordId& user);
    Status end_oldest_tokens(const RecordId& user, std::optional<std::uint64_t> replica,
                             const Digest& but);
    Status save_pools(const Account& account);
    Result<std::vector<std::string>> pools(const RecordId& user);
    Result<std::vector<RecordId>> with_all_below(const RecordId& user);
    Result<std::vector<Account>> read_accounts(std::string_view where, ByteView value);
    Status make_bundle_keys();
    // Once an hour.
    Status touch(const Digest& token, std::optional<std::uint64_t> replica, std::int64_t used_at,
                 std::int64_t now_ms);

    Database* database_;
};

// Whether any account has this token, expired or not: one look-up by key, for a connection of its
// own that decides how much of a request is read before it is judged.
Result<bool> token_exists(Database& database, std::string_view token);

}  // namespace satchel::storage
