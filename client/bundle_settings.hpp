// What a replica file keeps for bundles: its own keys, head office's public keys, and the last
// requests that it wrote, so that it knows their answers again.
//
// Threads: as Replica. Errors: those of the replica; corrupt when what is kept is damaged.
#pragma once

#include <optional>
#include <vector>

#include "storage/bundle_keys.hpp"
#include "storage/replica.hpp"
#include "sync/protocol.hpp"

namespace satchel::client {

// Answers to older requests than these are not taken any more; a new request costs nothing.
constexpr std::uint64_t kRememberedBundles = 8;

// Made when there are none.
Result<storage::BundleKeys> device_bundle_keys(storage::Replica& replica);
// Nothing: the last log-in was at a server that knew no bundles, or before there were any.
Result<std::optional<storage::PublicKeys>> office_bundle_keys(storage::Replica& replica);
// As text; "" when the server told none.
Status set_office_bundle_keys(storage::Replica& replica, std::string_view text);

// A request bundle of this file.
struct AskedBundle {
    std::uint64_t number = 0;
    Digest digest{};                    // of the file; its answer names it
    std::vector<SyncRequest> requests;  // without_content()
};

Result<std::uint64_t> next_bundle_number(storage::Replica& replica);
// In the place of the one that is kRememberedBundles older.
Status remember(storage::Replica& replica, const AskedBundle& asked);
Result<std::optional<AskedBundle>> asked_bundle(storage::Replica& replica, const Digest& digest);

// Keys and requests; when the file forgets whose it was.
Status forget_bundles(storage::Replica& replica);

// How a reply names the request: hash of the whole file.
Digest bundle_digest(ByteView file);

}  // namespace satchel::client
