#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "server/api.hpp"
#include "storage/passwords.hpp"
#include "storage/text.hpp"
#include "sync/limits.hpp"

namespace satchel::server {
namespace {

using storage::Account;
using storage::Device;

constexpr std::size_t kMaxPersonNameBytes = 200;
constexpr std::size_t kMaxUserReferenceBytes = storage::kMaxLoginBytes;

Json json_of(const Account& account) {
    return {{"user", account.user.text()},
            {"login", account.login},
            {"name", account.name},
            {"role", std::string(storage::name(account.role))},
            {"manager", account.manager ? account.manager->text() : ""},
            {"pools", account.pools},
            {"active", account.active},
            {"devices", account.devices}};
}

Result<Json> json_of(Office& office, const Device& device) {
    SATCHEL_ASSIGN(const Account account, office.directory->account(device.user));
    return Json{{"replica", storage::replica_text(device.replica)},
                {"user", device.user.text()},
                {"login", account.login},
                {"name", device.name},
                {"revoked", device.revoked},
                {"created_at", device.created_at},
                {"last_seen_at", device.last_seen_at}};
}

// Puts the members that are given into the account.
Status take_members(Office& office, const JsonBody& body, Account& account) {
    SATCHEL_ASSIGN(const auto person, body.optional_text("name", kMaxPersonNameBytes));
    if (person) {
        SATCHEL_ASSIGN(account.name, storage::canonical_text(*person));
    }
    SATCHEL_ASSIGN(const auto role, body.optional_text("role", kMaxNameBytes));
    if (role) {
        SATCHEL_ASSIGN(account.role, storage::parse_role(*role));
    }
    SATCHEL_ASSIGN(const auto manager, body.optional_text("manager", kMaxUserReferenceBytes));
    if (manager) account.manager.reset();
    if (manager && !manager->empty()) {
        SATCHEL_ASSIGN(const Account found, office.directory->find(*manager));
        account.manager = found.user;
    }
    SATCHEL_ASSIGN(auto pools, body.optional_texts("pools", kMaxNameBytes));
    if (pools) account.pools.clear();
    for (const std::string& pool : pools.value_or(std::vector<std::string>())) {
        SATCHEL_ASSIGN(std::string canonical, storage::canonical_text(pool));
        account.pools.push_back(std::move(canonical));
    }
    std::sort(account.pools.begin(), account.pools.end());
    SATCHEL_ASSIGN(const auto active, body.optional_flag("active"));
    account.active = active.value_or(account.active);
    return {};
}

Result<Account> named_user(Office& office, const JsonBody& body) {
    SATCHEL_ASSIGN(const std::string user, body.text("user", kMaxUserReferenceBytes));
    return office.directory->find(user);
}

// Nobody can lock the whole company out by one wrong click.
Status check_administrator_left(Office& office) {
    SATCHEL_ASSIGN(const bool left, office.directory->has_administrator());
    if (left) return {};
    return Error{ErrorCode::invalid_argument,
                 "this is the last administrator; make another one first"};
}

struct NewPassword {
    std::string hash;
    std::optional<std::string> generated;  // told once, to whoever asked
};

Result<NewPassword> new_password(const JsonBody& body) {
    SATCHEL_ASSIGN(const auto given, body.optional_text("password", storage::kMaxPasswordBytes));
    NewPassword made;
    if (!given) made.generated = storage::generate_password();
    SATCHEL_ASSIGN(const std::string canonical,
                   storage::canonical_password(given ? *given : *made.generated));
    SATCHEL_ASSIGN(made.hash, storage::hash_password(canonical));
    return made;
}

Result<Json> add_account(Office& office, const JsonBody& body, const NewPassword& password) {
    const std::int64_t now_ms = office.now_ms();
    Account account;
    SATCHEL_ASSIGN(const std::string typed, body.text("login", storage::kMaxLoginBytes));
    SATCHEL_ASSIGN(account.login, storage::canonical_login(typed));
    account.name = account.login;
    account.user = office.ids.next(now_ms, office.random);
    account.created_at = now_ms;
    SATCHEL_TRY(take_members(office, body, account));
    SATCHEL_TRY(office.directory->add(account));
    SATCHEL_TRY(office.directory->set_password_hash(account.user, password.hash));
    SATCHEL_TRY(office.mirror(account, now_ms));
    spdlog::info("user added user={} role={}", account.user.text(), storage::name(account.role));
    Json reply = json_of(account);
    if (password.generated) reply["password"] = *password.generated;
    return reply;
}

}  // namespace

Result<Json> list_users(Office& office, const ApiCall&) {
    SATCHEL_ASSIGN(const std::vector<Account> accounts, office.directory->accounts());
    Json users = Json::array();
    for (const Account& account : accounts)
        users.push_back(json_of(account));
    return Json{{"users", std::move(users)}};
}

HttpReply add_user(Office& office, const ApiCall& call) {
    const Result<NewPassword> password = new_password(call.body);
    if (!password) return error_reply(password.error());
    return locked_reply(office, [&] { return add_account(office, call.body, *password); });
}

Result<Json> change_user(Office& office, const ApiCall& call) {
    SATCHEL_ASSIGN(Account account, named_user(office, call.body));
    SATCHEL_TRY(take_members(office, call.body, account));
    SATCHEL_TRY(office.directory->save(account));
    SATCHEL_TRY(check_administrator_left(office));
    SATCHEL_TRY(office.mirror(account, call.now_ms));
    spdlog::info("user changed user={} role={} active={}", account.user.text(),
                 storage::name(account.role), account.active);
    return json_of(account);
}

HttpReply set_user_password(Office& office, const ApiCall& call) {
    const Result<NewPassword> password = new_password(call.body);
    if (!password) return error_reply(password.error());
    return locked_reply(office, [&]() -> Result<Json> {
        SATCHEL_ASSIGN(const Account account, named_user(office, call.body));
        SATCHEL_TRY(office.directory->set_password_hash(account.user, password->hash));
        const bool own = account.user == call.access->account.user;
        SATCHEL_TRY(office.directory->end_tokens(
            account.user, own ? std::optional(call.access->token) : std::nullopt));
        office.throttle.succeeded(account.login);
        spdlog::info("password set user={}", account.user.text());
        Json reply = {{"user", account.user.text()}};
        if (password->generated) reply["password"] = *password->generated;
        return reply;
    });
}

Result<Json> list_devices(Office& office, const ApiCall& call) {
    std::optional<RecordId> user;
    if (const std::string asked = call.query("user"); !asked.empty()) {
        SATCHEL_ASSIGN(const Account account, office.directory->find(asked));
        user = account.user;
    }
    SATCHEL_ASSIGN(const std::vector<Device> devices, office.directory->devices(user));
    Json list = Json::array();
    for (const Device& device : devices) {
        SATCHEL_ASSIGN(Json one, json_of(office, device));
        list.push_back(std::move(one));
    }
    return Json{{"devices", std::move(list)}};
}

Result<Json> revoke_device(Office& office, const ApiCall& call) {
    SATCHEL_ASSIGN(const std::string text, call.body.text("replica", 16));
    SATCHEL_ASSIGN(const std::uint64_t replica, storage::parse_replica(text));
    SATCHEL_ASSIGN(Device device, office.directory->device(replica));
    SATCHEL_TRY(office.directory->revoke(replica));
    device.revoked = true;
    spdlog::info("device revoked replica={}", text);
    return json_of(office, device);
}

}  // namespace satchel::server
