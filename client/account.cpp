#include "client/account.hpp"

#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>

#include "client/bundle_settings.hpp"
#include "client/messages.hpp"
#include "client/sealing.hpp"
#include "storage/directory.hpp"

namespace satchel::client {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxJsonBytes = 1U << 20;
constexpr std::chrono::seconds kLoginTime{60};

struct Kept {
    std::string_view key;
    std::string Account::*member;
};

constexpr auto kKept = std::to_array<Kept>({
    {"server.url", &Account::url},
    {"server.token", &Account::token},
    {"server.workspace", &Account::workspace},
    {"user.id", &Account::user},
    {"user.login", &Account::login},
    {"user.name", &Account::name},
    {"user.role", &Account::role},
    {"device.name", &Account::device_name},
});

struct KeptOption {
    std::string_view key;
    std::string CurlOptions::*member;
};

constexpr auto kOptions = std::to_array<KeptOption>({
    {"server.ca_file", &CurlOptions::ca_file},
    {"server.pinned_key", &CurlOptions::pinned_key},
    {"server.proxy", &CurlOptions::proxy},
});

Result<std::string> member(const json& object, const char* key) {
    const auto at = object.find(key);
    if (at != object.end() && at->is_string()) return at->get<std::string>();
    return failure(ErrorCode::bad_reply, "reply_damaged");
}

Result<Account> read_login(const HttpReply& reply) {
    const json parsed = json::parse(reply.body, nullptr, false);
    if (!parsed.is_object()) return failure(ErrorCode::bad_reply, "reply_damaged");
    Account account;
    SATCHEL_ASSIGN(account.token, member(parsed, "token"));
    SATCHEL_ASSIGN(account.user, member(parsed, "user"));
    SATCHEL_ASSIGN(account.login, member(parsed, "login"));
    SATCHEL_ASSIGN(account.name, member(parsed, "name"));
    SATCHEL_ASSIGN(account.role, member(parsed, "role"));
    SATCHEL_ASSIGN(account.workspace, member(parsed, "workspace"));
    if (account.token.empty()) return failure(ErrorCode::bad_reply, "reply_damaged");
    return account;
}

// "" when the server is of a release that knows no bundles.
std::string bundle_keys_in(const HttpReply& reply) {
    const json parsed = json::parse(reply.body, nullptr, false);
    const Result<std::string> text = member(parsed, "bundle_keys");
    return text && storage::PublicKeys::parse(*text) ? *text : "";
}

Status check_owner(const Account& before, const Account& now) {
    if (!before.user.empty() && before.user != now.user)
        return failure(ErrorCode::forbidden, "other_user", {before.login});
    if (!before.workspace.empty() && before.workspace != now.workspace)
        return failure(ErrorCode::forbidden, "other_workspace", {before.workspace});
    return {};
}

}  // namespace

Result<Account> account(storage::Replica& replica) {
    Account account;
    for (const Kept& kept : kKept) {
        SATCHEL_ASSIGN(account.*kept.member, replica.setting(kept.key));
    }
    return account;
}

Status check_logged_in(const Account& account) {
    if (account.logged_in()) return {};
    const bool belongs_to_nobody = account.login.empty();  // of a file that was emptied, too
    return failure(ErrorCode::unauthorized, belongs_to_nobody ? "not_logged_in" : "login_again");
}

Result<Account> login(storage::Replica& replica, Transport& transport, const LoginRequest& request,
                      CancelToken* cancel) {
    SATCHEL_ASSIGN(const std::string url, server_url(request.url));
    SATCHEL_ASSIGN(const Account before, account(replica));
    SATCHEL_ASSIGN(const storage::ReplicaStatus status, replica.status());

    HttpRequest http{.method = "POST", .url = url + "/v1/login"};
    http.headers = {{"Content-Type", "application/json"}};
    http.deadline = std::min(request.deadline, std::chrono::steady_clock::now() + kLoginTime);
    SATCHEL_ASSIGN(const storage::BundleKeys keys, device_bundle_keys(replica));
    http.body = json{{"login", request.login},
                     {"password", request.password},
                     {"replica", storage::replica_text(status.replica.id)},
                     {"device_name", request.device_name},
                     {"bundle_keys", keys.public_keys().text()}}
                    .dump(-1, ' ', false, json::error_handler_t::replace);
    CancelToken none;
    auto reply = ask(transport, http, cancel == nullptr ? none : *cancel);
    if (!reply && reply.error().code == ErrorCode::unauthorized)
        return failure(ErrorCode::unauthorized, "wrong_password");
    if (!reply) return reply.error();

    SATCHEL_ASSIGN(Account now, read_login(*reply));
    SATCHEL_TRY(check_owner(before, now));
    now.url = url;
    now.device_name = request.device_name;
    SATCHEL_TRY(set_office_bundle_keys(replica, bundle_keys_in(*reply)));
    // The token last: an account without one says "log in again", never half of two.
    for (const Kept& kept : kKept) {
        if (kept.member != &Account::token)
            SATCHEL_TRY(replica.set_setting(kept.key, now.*kept.member));
    }
    SATCHEL_TRY(replica.set_setting("server.token", now.token));
    // What a log-out sealed; where this fails the next sync does it.
    HttpAnswer answer;
    static_cast<void>(
        unseal(replica, transport, now, http.deadline, cancel == nullptr ? none : *cancel, answer));
    return now;
}

std::string machine_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

Status forget_token(storage::Replica& replica) {
    return replica.set_setting("server.token", "");
}

Status forget_account(storage::Replica& replica) {
    SATCHEL_TRY(forget_token(replica));
    for (const Kept& kept : kKept) {
        if (kept.member == &Account::url || kept.member == &Account::device_name) continue;
        SATCHEL_TRY(replica.set_setting(kept.key, ""));
    }
    return forget_bundles(replica);
}

Result<CurlOptions> connection(storage::Replica& replica) {
    CurlOptions options;
    for (const KeptOption& kept : kOptions) {
        SATCHEL_ASSIGN(options.*kept.member, replica.setting(kept.key));
    }
    return options;
}

Status set_connection(storage::Replica& replica, const CurlOptions& options) {
    for (const KeptOption& kept : kOptions)
        SATCHEL_TRY(replica.set_setting(kept.key, options.*kept.member));
    return {};
}

Result<HttpReply> ask(Transport& transport, const HttpRequest& request, CancelToken& cancel,
                      HttpAnswer* answer) {
    HttpRequest bounded = request;
    bounded.max_reply_bytes = std::min(request.max_reply_bytes, kMaxJsonBytes);
    SATCHEL_ASSIGN(HttpReply reply, transport.exchange(bounded, cancel));
    HttpAnswer judged = judge(reply, request.url);
    if (answer != nullptr) *answer = judged;
    if (!judged.status) return judged.status.error();
    return reply;
}

}  // namespace satchel::client
