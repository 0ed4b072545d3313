// Passwords and tokens: how they are made, kept and compared.
//
// Of a password the server keeps an Argon2id string (libsodium, interactive limits: 64 MiB and
// about 0.1 s); of a token its BLAKE2b-256 hash, which is enough because a token is 32 random
// bytes.
//
// Threads: pure functions. hash_password() and password_matches() take 0.1 s and 64 MiB each: not
// on the thread that serves, and only a few at once. Errors: limit when there is no memory.
#pragma once

#include <string>
#include <string_view>

#include "sync/chain.hpp"
#include "sync/result.hpp"

namespace satchel::storage {

constexpr std::size_t kMinPasswordBytes = 8;
constexpr std::size_t kMaxPasswordBytes = 128;

// The same password typed on two keyboards is one text. invalid_argument: too short, too long, not
// UTF-8.
Result<std::string> canonical_password(std::string_view typed);

Result<std::string> hash_password(const std::string& canonical);
// False also when `hash` is empty (an account without a password); takes as long then.
bool password_matches(const std::string& hash, const std::string& canonical);
// 20 characters that are not mistaken for each other on paper: about 97 bits.
std::string generate_password();

// 43 characters of base64url.
std::string generate_token();
// Nothing known has this hash when the text is no token.
Digest token_hash(std::string_view token);

}  // namespace satchel::storage
