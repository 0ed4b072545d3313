#include "client/bundle_settings.hpp"

#include <charconv>

#include "client/sync_client.hpp"
#include "storage/services.hpp"
#include "sync/bundle.hpp"
#include "sync/bundle_rounds.hpp"
#include "sync/wire.hpp"

namespace satchel::client {
namespace {

constexpr std::string_view kSecret = "bundle.secret";
constexpr std::string_view kOffice = "bundle.office";
constexpr std::string_view kNumber = "bundle.number";

std::string place_of(std::uint64_t number) {
    return "bundle.request." + std::to_string(number % kRememberedBundles);
}

Bytes encode(const AskedBundle& asked) {
    Writer out;
    out.unsigned_integer(asked.number);
    out.bytes(view(asked.digest));
    std::vector<Bytes> messages;
    for (const SyncRequest& request : asked.requests)
        messages.push_back(satchel::encode(without_content(request), session_services()));
    out.bytes(encode_messages(messages));
    return out.take();
}

Result<AskedBundle> decode(ByteView bytes) {
    Reader in(bytes);
    AskedBundle asked;
    asked.number = in.unsigned_integer();
    const auto digest = digest_from_bytes(in.bytes());
    if (!digest) in.fail();
    const ByteView body = in.bytes();
    SATCHEL_TRY(in.finish("a bundle that this file remembers"));
    asked.digest = *digest;
    SATCHEL_ASSIGN(const std::vector<ByteView> messages, decode_messages(body));
    for (const ByteView message : messages) {
        SATCHEL_ASSIGN(SyncRequest request, decode_request(message, session_services()));
        asked.requests.push_back(std::move(request));
    }
    return asked;
}

}  // namespace

Result<storage::BundleKeys> device_bundle_keys(storage::Replica& replica) {
    SATCHEL_ASSIGN(const std::string secret, replica.setting(kSecret));
    if (!secret.empty()) return storage::BundleKeys::parse(secret);
    storage::BundleKeys keys = storage::BundleKeys::make();
    SATCHEL_TRY(replica.set_setting(kSecret, keys.secret_text()));
    return keys;
}

Result<std::optional<storage::PublicKeys>> office_bundle_keys(storage::Replica& replica) {
    SATCHEL_ASSIGN(const std::string text, replica.setting(kOffice));
    if (text.empty()) return std::optional<storage::PublicKeys>{};
    SATCHEL_ASSIGN(const storage::PublicKeys keys, storage::PublicKeys::parse(text));
    return std::optional<storage::PublicKeys>{keys};
}

Status set_office_bundle_keys(storage::Replica& replica, std::string_view text) {
    return replica.set_setting(kOffice, text);
}

Result<std::uint64_t> next_bundle_number(storage::Replica& replica) {
    SATCHEL_ASSIGN(const std::string text, replica.setting(kNumber));
    std::uint64_t last = 0;
    std::from_chars(text.data(), text.data() + text.size(), last);
    SATCHEL_TRY(replica.set_setting(kNumber, std::to_string(last + 1)));
    return last + 1;
}

Status remember(storage::Replica& replica, const AskedBundle& asked) {
    return replica.set_setting(place_of(asked.number), storage::hex_text(encode(asked)));
}

Result<std::optional<AskedBundle>> asked_bundle(storage::Replica& replica, const Digest& digest) {
    for (std::uint64_t place = 0; place < kRememberedBundles; ++place) {
        SATCHEL_ASSIGN(const std::string text, replica.setting(place_of(place)));
        if (text.empty()) continue;
        SATCHEL_ASSIGN(const Bytes bytes, storage::bytes_of_hex(text));
        SATCHEL_ASSIGN(AskedBundle asked, decode(bytes));
        if (asked.digest == digest) return std::optional<AskedBundle>{std::move(asked)};
    }
    return std::optional<AskedBundle>{};
}

Status forget_bundles(storage::Replica& replica) {
    SATCHEL_TRY(replica.set_setting(kSecret, ""));
    SATCHEL_TRY(replica.set_setting(kOffice, ""));
    for (std::uint64_t place = 0; place < kRememberedBundles; ++place)
        SATCHEL_TRY(replica.set_setting(place_of(place), ""));
    return {};
}

Digest bundle_digest(ByteView file) {
    return storage::blake2b("satchel bundle ", file);
}

}  // namespace satchel::client
