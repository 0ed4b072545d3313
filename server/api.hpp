// The JSON interface behind the paths (docs/http-api.md): each endpoint is a function of the office
// and one call. routes.cpp has the table of which path is which, for whom, and how long a body may
// be.
//
// Two kinds. An Endpoint is called with the office's lock held, inside one transaction, which its
// error undoes. A SlowEndpoint is called without either, on a thread where it may take its time.
// Threads: as said. Errors: those of the interface.
#pragma once

#include <optional>
#include <string>

#include "server/http_server.hpp"
#include "server/json_body.hpp"
#include "server/office.hpp"

namespace satchel::server {

constexpr std::string_view kSyncType = "application/x-satchel-sync";
constexpr std::string_view kBundleType = "application/x-satchel-bundle";

struct ApiCall {
    const HttpRequest& http;
    JsonBody body;
    std::optional<storage::Access> access;  // given where the route needs a token
    std::int64_t now_ms = 0;

    std::string query(const std::string& name) const;
};

using Endpoint = Result<Json> (*)(Office& office, const ApiCall& call);
using SlowEndpoint = HttpReply (*)(Office& office, const ApiCall& call);

// account_api.cpp
HttpReply login(Office& office, const ApiCall& call);
HttpReply change_password(Office& office, const ApiCall& call);
Result<Json> logout(Office& office, const ApiCall& call);
Result<Json> unseal(Office& office, const ApiCall& call);

// user_api.cpp
Result<Json> list_users(Office& office, const ApiCall& call);
HttpReply add_user(Office& office, const ApiCall& call);
Result<Json> change_user(Office& office, const ApiCall& call);
HttpReply set_user_password(Office& office, const ApiCall& call);
Result<Json> list_devices(Office& office, const ApiCall& call);
Result<Json> revoke_device(Office& office, const ApiCall& call);

// records_api.cpp
Result<Json> hand_over(Office& office, const ApiCall& call);
Result<Json> list_quarantine(Office& office, const ApiCall& call);
Result<Json> adopt(Office& office, const ApiCall& call);
Result<Json> declare_lost(Office& office, const ApiCall& call);
Result<Json> prune(Office& office, const ApiCall& call);

// upkeep_api.cpp
// A name for the backup of this moment: "20261122T101500Z-042.satchel-server". They sort by time.
std::string backup_name(std::int64_t now_ms);
// What a crash left of one.
void remove_unfinished_backup(Office& office);
HttpReply make_backup(Office& office, const ApiCall& call);
HttpReply confirm_backup(Office& office, const ApiCall& call);
Result<Json> show_schema(Office& office, const ApiCall& call);
Result<Json> update_schema(Office& office, const ApiCall& call);

// bundle_api.cpp
HttpReply exchange_bundle(Office& office, const ApiCall& call);

// For slow endpoints: the reply to what they found out, and their part under the lock.
HttpReply reply_of(const Result<Json>& result);
template <typename Work>
HttpReply locked_reply(Office& office, Work&& work) {
    const std::lock_guard lock(office.mutex);
    const Result<Json> result = office.in_transaction(work);
    if (result) office.tell_news();
    return reply_of(result);
}

}  // namespace satchel::server
