#include "cli/context.hpp"

#include <cstdlib>
#include <filesystem>

#include "client/secret_file.hpp"

namespace satchel::cli {
namespace {

Error no_file_named() {
    return {ErrorCode::invalid_argument,
            "which replica? Give -f FILE or set SATCHEL_FILE; 'satchel init FILE' makes one"};
}

// SQLite's read-only connections would make no file either, but say less.
Status check_is_there(const std::string& file) {
    if (file.empty()) return no_file_named();
    std::error_code ignored;
    if (std::filesystem::exists(file, ignored)) return {};
    return {ErrorCode::not_found,
            "there is no file " + file + "; 'satchel init " + file + "' makes one"};
}

}  // namespace

Result<std::string> Context::key() const {
    if (!key_file.empty()) return client::read_key_file(key_file);
    const char* given = std::getenv("SATCHEL_KEY");
    return std::string(given == nullptr ? "" : given);
}

Result<std::unique_ptr<storage::Replica>> Context::open() const {
    SATCHEL_TRY(check_is_there(file));
    storage::ReplicaOptions options;
    SATCHEL_ASSIGN(options.key, key());
    return storage::Replica::open(file, options);
}

Result<storage::ReadConnection> Context::open_for_reading() const {
    SATCHEL_TRY(check_is_there(file));
    SATCHEL_ASSIGN(const std::string secret, key());
    return storage::ReadConnection::open(file, secret);
}

}  // namespace satchel::cli
