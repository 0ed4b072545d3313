#include "client/sealing.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "client/bundle_settings.hpp"
#include "client/messages.hpp"
#include "storage/directory.hpp"

namespace satchel::client {
namespace {

using nlohmann::json;

// Keys of what is sealed here, each sealed to head office: hexadecimal digits, the last one first.
constexpr std::string_view kKeys = "seal.keys";

Result<storage::SealKey> ask_for_key(Transport& transport, const Account& account,
                                     const std::string& sealed, SteadyTime deadline,
                                     CancelToken& cancel, HttpAnswer& answer) {
    HttpRequest http{.method = "POST", .url = account.url + "/v1/unseal"};
    http.headers = {{"Authorization", "Bearer " + account.token},
                    {"Content-Type", "application/json"}};
    http.body = json{{"sealed", sealed}}.dump();
    http.deadline = deadline;
    SATCHEL_ASSIGN(const HttpReply reply, ask(transport, http, cancel, &answer));
    const json parsed = json::parse(reply.body, nullptr, false);
    const auto key = parsed.is_object() ? parsed.find("key") : parsed.end();
    if (key == parsed.end() || !key->is_string())
        return failure(ErrorCode::bad_reply, "reply_damaged");
    return storage::SealKey::parse(key->get<std::string>());
}

}  // namespace

Status wipe_and_seal(storage::Replica& replica) {
    SATCHEL_ASSIGN(const auto office, office_bundle_keys(replica));
    if (!office) return replica.wipe(true);
    SATCHEL_ASSIGN(const storage::ReplicaStatus status, replica.status());
    const storage::SealKey key = storage::SealKey::make();
    const Bytes sealed =
        storage::sealed_to(*office, storage::replica_text(status.replica.id) + key.text());
    SATCHEL_ASSIGN(const std::string earlier, replica.setting(kKeys));
    // The key first: without it what is sealed could never be opened.
    SATCHEL_TRY(replica.set_setting(kKeys, storage::hex_text(sealed) + " " + earlier));
    return replica.wipe(true, &key);
}

Status unseal(storage::Replica& replica, Transport& transport, const Account& account,
              SteadyTime deadline, CancelToken& cancel, HttpAnswer& answer) {
    SATCHEL_ASSIGN(const bool sealed, replica.sealed());
    if (!sealed) return {};
    SATCHEL_ASSIGN(const std::string kept, replica.setting(kKeys));
    std::istringstream words(kept);
    std::vector<storage::SealKey> keys;
    for (std::string word; words >> word;) {
        SATCHEL_ASSIGN(const storage::SealKey key,
                       ask_for_key(transport, account, word, deadline, cancel, answer));
        keys.push_back(key);
    }
    SATCHEL_TRY(replica.unseal(keys));
    return replica.set_setting(kKeys, "");
}

}  // namespace satchel::client
