// Passwords and keys that stand in a file of their own.
//
//     SATCHEL_ASSIGN(const std::string key, read_key_file("/etc/satchel/key"));
//
// One line end, LF or CR LF, at the end of the file is not part of it: editors leave it there.
//
// Threads: any. Errors: not_found, read_only (not readable for this user), io; limit above
// kMaxSecretBytes; never what is in it.
#pragma once

#include <cstddef>
#include <string>

#include "sync/result.hpp"

namespace satchel::client {

constexpr std::size_t kMaxSecretBytes = 4U << 10;  // with its line end

Result<std::string> read_secret_file(const std::string& path);

// invalid_argument for an empty one: a file made with it would not be encrypted.
Result<std::string> read_key_file(const std::string& path);

}  // namespace satchel::client
