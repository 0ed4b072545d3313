#include <optional>
#include <utility>

#include "storage/directory.hpp"
#include "storage/passwords.hpp"

namespace satchel::storage {
namespace {

constexpr std::int64_t kTouchMs = 3600LL * 1000;  // one small write an hour, not one per request

Error not_known() {
    return {ErrorCode::unauthorized,
            "this log-in is not known here (any more); log in again, nothing is lost"};
}

struct TokenRow {
    RecordId user;
    std::optional<std::uint64_t> replica;
    std::int64_t used_at = 0;
    std::int64_t expires_at = 0;
};

Result<TokenRow> read_token(Database& database, const Digest& token) {
    SATCHEL_ASSIGN(Statement * row, database.cached("SELECT user, replica, used_at, expires_at "
                                                    "FROM _directory_token WHERE token = ?1"));
    row->bind_blob(1, view(token));
    SATCHEL_ASSIGN(const bool found, row->step());
    if (!found) return not_known();
    TokenRow read;
    SATCHEL_ASSIGN(read.user, RecordId::from_bytes(row->blob(0)));
    if (!row->is_null(1)) read.replica = static_cast<std::uint64_t>(row->integer(1));
    read.used_at = row->integer(2);
    read.expires_at = row->integer(3);
    row->reset();
    return read;
}

}  // namespace

Caller caller_of(const Account& account, const std::optional<Device>& device) {
    Caller caller;
    caller.replica = device ? device->replica : 0;
    caller.user = account.user;
    caller.rank = static_cast<std::uint8_t>(account.role);
    caller.head_office = account.role == Role::admin;
    caller.revoked = !account.active || (device && device->revoked);
    return caller;
}

Result<std::string> Directory::issue_token(const RecordId& user,
                                           std::optional<std::uint64_t> replica,
                                           std::int64_t now_ms) {
    const std::string token = generate_token();
    const Digest hash = token_hash(token);
    SATCHEL_ASSIGN(
        Statement * insert,
        database_->cached("INSERT INTO _directory_token VALUES (?1, ?2, ?3, ?4, ?4, ?5)"));
    insert->bind_blob(1, view(hash));
    insert->bind_blob(2, user.view());
    if (replica) insert->bind(3, stored(*replica));
    insert->bind(4, now_ms);
    insert->bind(5, now_ms + (replica ? kTokenIdleMs : kAdministrationTokenMs));
    SATCHEL_TRY(insert->run());
    SATCHEL_TRY(end_oldest_tokens(user, replica, hash));
    return token;
}

// `but` is the newest, even if the clock was put back since the others were issued.
Status Directory::end_oldest_tokens(const RecordId& user, std::optional<std::uint64_t> replica,
                                    const Digest& but) {
    SATCHEL_ASSIGN(Statement * remove,
                   database_->cached("DELETE FROM _directory_token WHERE token IN (SELECT token"
                                     " FROM _directory_token WHERE user = ?1 AND replica IS ?2"
                                     " AND token <> ?4"
                                     " ORDER BY created_at DESC LIMIT -1 OFFSET ?3)"));
    remove->bind_blob(1, user.view());
    replica ? remove->bind(2, stored(*replica)) : remove->bind_null(2);
    remove->bind(3, static_cast<std::int64_t>(kMaxTokens - 1));
    remove->bind_blob(4, view(but));
    return remove->run();
}

Status Directory::end_token(const Digest& token) {
    SATCHEL_ASSIGN(Statement * remove,
                   database_->cached("DELETE FROM _directory_token WHERE token = ?1"));
    remove->bind_blob(1, view(token));
    return remove->run();
}

// A revoked device keeps its token: all that it is good for is being told to wipe.
Status Directory::end_tokens(const RecordId& user, const std::optional<Digest>& but) {
    SATCHEL_ASSIGN(Statement * remove,
                   database_->cached("DELETE FROM _directory_token WHERE user = ?1 "
                                     "AND (?2 IS NULL OR token <> ?2) AND (replica IS NULL OR "
                                     "replica NOT IN (SELECT replica FROM _directory_device "
                                     "WHERE revoked))"));
    remove->bind_blob(1, user.view());
    if (but) remove->bind_blob(2, view(*but));
    return remove->run();
}

Status Directory::end_expired_tokens(std::int64_t now_ms) {
    SATCHEL_ASSIGN(Statement * remove,
                   database_->cached("DELETE FROM _directory_token WHERE expires_at < ?1"));
    remove->bind(1, now_ms);
    return remove->run();
}

Status Directory::touch(const Digest& token, std::optional<std::uint64_t> replica,
                        std::int64_t used_at, std::int64_t now_ms) {
    if (now_ms - used_at <= kTouchMs) return {};
    SATCHEL_ASSIGN(Statement * update,
                   database_->cached("UPDATE _directory_token SET used_at = ?2, "
                                     "expires_at = ?3 WHERE token = ?1"));
    update->bind_blob(1, view(token));
    update->bind(2, now_ms);
    update->bind(3, now_ms + kTokenIdleMs);
    SATCHEL_TRY(update->run());
    if (!replica) return {};
    SATCHEL_ASSIGN(
        Statement * seen,
        database_->cached("UPDATE _directory_device SET last_seen_at = ?2 WHERE replica = ?1"));
    seen->bind(1, stored(*replica));
    seen->bind(2, now_ms);
    return seen->run();
}

Result<Access> Directory::access(std::string_view token, std::int64_t now_ms) {
    Access access;
    access.token = token_hash(token);
    SATCHEL_ASSIGN(const TokenRow row, read_token(*database_, access.token));
    if (row.expires_at < now_ms) return not_known();
    SATCHEL_ASSIGN(access.account, account(row.user));
    if (row.replica) {
        SATCHEL_ASSIGN(access.device, device(*row.replica));
        SATCHEL_TRY(touch(access.token, row.replica, row.used_at, now_ms));
    }
    access.caller = caller_of(access.account, access.device);
    return access;
}

Result<bool> token_exists(Database& database, std::string_view token) {
    const Digest hash = token_hash(token);
    const Result<TokenRow> row = read_token(database, hash);
    if (row) return true;
    if (row.error().code == ErrorCode::unauthorized) return false;
    return row.error();
}

}  // namespace satchel::storage
