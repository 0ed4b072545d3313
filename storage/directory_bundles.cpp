// What bundles need of the directory: keys, and the log-in that a signature stands for.
#include "storage/directory.hpp"

namespace satchel::storage {
// Also in the folder of a release that knew no bundles.
Status Directory::make_bundle_keys() {
    SATCHEL_ASSIGN(const std::int64_t made,
                   database_->integer("SELECT count(*) FROM _directory_bundle_secret"));
    if (made > 0) return {};
    const std::string secret = BundleKeys::make().secret_text();
    SATCHEL_ASSIGN(Statement * insert,
                   database_->cached("INSERT INTO _directory_bundle_secret VALUES (1, ?1)"));
    insert->bind_text(1, secret);
    return insert->run();
}

Result<BundleKeys> Directory::bundle_keys() {
    SATCHEL_ASSIGN(Statement * row,
                   database_->cached("SELECT secret FROM _directory_bundle_secret"));
    SATCHEL_ASSIGN(const bool found, row->step());
    if (!found) return Error{ErrorCode::corrupt, "the workspace has lost its bundle keys"};
    const std::string secret(row->text(0));
    row->reset();
    return BundleKeys::parse(secret);
}

Result<std::optional<PublicKeys>> Directory::device_keys(std::uint64_t replica) {
    SATCHEL_ASSIGN(
        Statement * row,
        database_->cached("SELECT public_keys FROM _directory_bundle_key WHERE replica = ?1"));
    row->bind(1, stored(replica));
    SATCHEL_ASSIGN(const bool found, row->step());
    if (!found) return std::optional<PublicKeys>{};
    const std::string text(row->text(0));
    row->reset();
    SATCHEL_ASSIGN(const PublicKeys keys, PublicKeys::parse(text));
    return std::optional<PublicKeys>{keys};
}

Status Directory::set_device_keys(std::uint64_t replica, const PublicKeys& keys) {
    const std::string text = keys.text();
    SATCHEL_ASSIGN(
        Statement * insert,
        database_->cached("INSERT OR REPLACE INTO _directory_bundle_key VALUES (?1, ?2)"));
    insert->bind(1, stored(replica));
    insert->bind_text(2, text);
    return insert->run();
}

Status Directory::use_log_in(std::uint64_t replica, std::int64_t now_ms) {
    SATCHEL_ASSIGN(Statement * row, database_->cached("SELECT token, used_at FROM _directory_token "
                                                      "WHERE replica = ?1 AND expires_at >= ?2 "
                                                      "ORDER BY used_at DESC LIMIT 1"));
    row->bind(1, stored(replica));
    row->bind(2, now_ms);
    SATCHEL_ASSIGN(const bool found, row->step());
    if (!found)
        return Error{ErrorCode::forbidden,
                     "the log-in of this device has ended; log in again on the device once, over "
                     "a network, and write a new bundle; nothing is lost"};
    const Result<Digest> token = digest_from_bytes(row->blob(0));
    const std::int64_t used_at = row->integer(1);
    row->reset();
    if (!token) return token.error();
    return touch(*token, replica, used_at, now_ms);
}

}  // namespace satchel::storage
