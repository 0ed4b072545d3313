#include <spdlog/spdlog.h>

#include <algorithm>

#include "server/api.hpp"
#include "server/release.hpp"
#include "storage/passwords.hpp"
#include "storage/text.hpp"

namespace satchel::server {
namespace {

using storage::Account;

constexpr std::size_t kMaxDeviceNameBytes = 100;
constexpr std::size_t kPublicKeysBytes = 128;
constexpr std::size_t kSealedKeyBytes = 1'024;

struct LoginForm {
    std::string login;
    std::string password;
    std::optional<std::uint64_t> replica;
    std::string device_name;
    std::optional<storage::PublicKeys> bundle_keys;
};

Result<LoginForm> read_form(const JsonBody& body) {
    LoginForm form;
    SATCHEL_ASSIGN(const std::string typed, body.text("login", storage::kMaxLoginBytes));
    SATCHEL_ASSIGN(form.login, storage::canonical_login(typed));
    SATCHEL_ASSIGN(form.password, body.text("password", storage::kMaxPasswordBytes));
    SATCHEL_ASSIGN(const auto replica, body.optional_text("replica", 16));
    if (replica) {
        SATCHEL_ASSIGN(form.replica, storage::parse_replica(*replica));
    }
    SATCHEL_ASSIGN(const auto device, body.optional_text("device_name", kMaxDeviceNameBytes));
    SATCHEL_ASSIGN(form.device_name, storage::canonical_text(device.value_or("")));
    SATCHEL_ASSIGN(const auto keys, body.optional_text("bundle_keys", kPublicKeysBytes));
    if (keys) {
        SATCHEL_ASSIGN(form.bundle_keys, storage::PublicKeys::parse(*keys));
    }
    return form;
}

Error wrong_password() {
    return {ErrorCode::unauthorized,
            "wrong login or password; try again, or ask an administrator for a new password"};
}

// The stored hash; empty when there is no such account, so that both take the same time.
Result<std::string> hash_of(Office& office, const std::string& login) {
    const std::lock_guard lock(office.mutex);
    const Result<Account> account = office.directory->find(login);
    if (account) return office.directory->password_hash(account->user);
    if (account.error().code == ErrorCode::not_found) return std::string();
    return account.error();
}

bool is_right(const std::string& hash, const std::string& typed) {
    const Result<std::string> canonical = storage::canonical_password(typed);
    return storage::password_matches(hash, canonical ? *canonical : std::string()) && canonical;
}

Status check_may_log_in(const Account& account, const LoginForm& form) {
    if (!account.active)
        return Error{ErrorCode::forbidden, "this account is disabled; ask an administrator"};
    if (form.replica || account.role == storage::Role::admin) return {};
    return Error{ErrorCode::forbidden,
                 "only administrators may do this; others log in with a replica file, and its "
                 "number as the member \"replica\""};
}

Status register_device(Office& office, const Account& account, const LoginForm& form,
                       std::int64_t now_ms) {
    const Result<storage::Device> known = office.directory->device(*form.replica);
    if (!known && known.error().code != ErrorCode::not_found) return known.error();
    const RecordId record = known ? known->record : office.ids.next(now_ms, office.random);
    SATCHEL_ASSIGN(const storage::Device device,
                   office.directory->register_device(*form.replica, record, account.user,
                                                     form.device_name, now_ms));
    if (form.bundle_keys)
        SATCHEL_TRY(office.directory->set_device_keys(*form.replica, *form.bundle_keys));
    if (known && known->name == form.device_name) return {};
    return office.mirror(device, now_ms);
}

Result<Json> let_in(Office& office, const LoginForm& form, std::int64_t now_ms) {
    SATCHEL_ASSIGN(const Account account, office.directory->find(form.login));
    SATCHEL_TRY(check_may_log_in(account, form));
    if (form.replica) SATCHEL_TRY(register_device(office, account, form, now_ms));
    SATCHEL_ASSIGN(const std::string token,
                   office.directory->issue_token(account.user, form.replica, now_ms));
    SATCHEL_ASSIGN(const storage::BundleKeys keys, office.directory->bundle_keys());
    ++office.metrics.logins;
    spdlog::info("login user={} replica={}", account.user.text(),
                 form.replica ? storage::replica_text(*form.replica) : "-");
    return Json{{"token", token},
                {"user", account.user.text()},
                {"login", account.login},
                {"name", account.name},
                {"role", std::string(storage::name(account.role))},
                {"workspace", office.store->workspace()},
                {"bundle_keys", keys.public_keys().text()},
                {"server_time", now_ms},
                {"epoch", office.store->epoch()},
                {"release", kRelease}};
}

HttpReply throttled(std::int64_t wait_ms) {
    const std::int64_t seconds = (wait_ms + 999) / 1000;
    return later_reply(429,
                       "too many wrong passwords; wait " + std::to_string(seconds) +
                           " seconds, or ask an administrator for a new password",
                       seconds);
}

}  // namespace

HttpReply login(Office& office, const ApiCall& call) {
    const Result<LoginForm> form = read_form(call.body);
    if (!form) return error_reply(form.error());
    const std::string& peer = call.http.peer;
    if (const std::int64_t wait = office.throttle.wait_ms(form->login, peer, call.now_ms); wait > 0)
        return throttled(wait);
    const Result<std::string> hash = hash_of(office, form->login);
    if (!hash) return error_reply(hash.error());
    if (!is_right(*hash, form->password)) {
        office.throttle.failed(form->login, peer, office.now_ms());
        ++office.metrics.wrong_passwords;
        spdlog::warn("login refused address={}", peer);
        return error_reply(wrong_password());
    }
    office.throttle.succeeded(form->login);
    return locked_reply(office, [&] { return let_in(office, *form, office.now_ms()); });
}

HttpReply change_password(Office& office, const ApiCall& call) {
    const Account& account = call.access->account;
    const Result<std::string> old = call.body.text("old_password", storage::kMaxPasswordBytes);
    if (!old) return error_reply(old.error());
    const Result<std::string> typed = call.body.text("new_password", storage::kMaxPasswordBytes);
    if (!typed) return error_reply(typed.error());
    const Result<std::string> chosen = storage::canonical_password(*typed);
    if (!chosen) return error_reply(chosen.error());
    const std::string& peer = call.http.peer;
    if (const std::int64_t wait = office.throttle.wait_ms(account.login, peer, call.now_ms);
        wait > 0)
        return throttled(wait);
    const Result<std::string> hash = hash_of(office, account.login);
    if (!hash) return error_reply(hash.error());
    if (!is_right(*hash, *old)) {
        office.throttle.failed(account.login, peer, office.now_ms());
        return error_reply({ErrorCode::forbidden, "the old password is wrong; try again"});
    }
    const Result<std::string> made = storage::hash_password(*chosen);
    if (!made) return error_reply(made.error());
    return locked_reply(office, [&]() -> Result<Json> {
        SATCHEL_TRY(office.directory->set_password_hash(account.user, *made));
        SATCHEL_TRY(office.directory->end_tokens(account.user, call.access->token));
        spdlog::info("password changed user={}", account.user.text());
        return Json::object();
    });
}

// Also for a device that was revoked: what it has sealed it is to hand in.
Result<Json> unseal(Office& office, const ApiCall& call) {
    SATCHEL_ASSIGN(const std::string text, call.body.text("sealed", kSealedKeyBytes));
    SATCHEL_ASSIGN(const Bytes sealed, storage::bytes_of_hex(text));
    SATCHEL_ASSIGN(const storage::BundleKeys keys, office.directory->bundle_keys());
    const Result<Bytes> plain = keys.open(sealed);
    const std::string owner =
        call.access->device ? storage::replica_text(call.access->device->replica) : "";
    if (!plain || owner.empty() || !plain->starts_with(owner))
        return Error{ErrorCode::forbidden, "this was not sealed here, or by another device"};
    return Json{{"key", plain->substr(owner.size())}};
}

Result<Json> logout(Office& office, const ApiCall& call) {
    SATCHEL_TRY(office.directory->end_token(call.access->token));
    return Json::object();
}

}  // namespace satchel::server
