// Small files and secrets: read whole, written whole, typed without echo.
//
// Threads: one at a time. Errors: not_found, read_only, io, limit, with the path in the message;
// never what is in it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "sync/ids.hpp"
#include "sync/result.hpp"

namespace satchel::cli {

constexpr std::size_t kMaxSecretBytes = 4U << 10;  // a key or a password, with its line end

Result<Bytes> read_file(const std::string& path, std::size_t max_bytes);
Status write_file(const std::string& path, ByteView bytes);
// As write_file, readable by the owner only: tokens.
Status write_secret(const std::string& path, ByteView bytes);

// Whole or not at all, and on the disk when it returns: written beside it, then given its name.
// invalid_argument when there is such a file already, unless `replace`.
Status write_whole_file(const std::string& path, ByteView bytes, bool replace);
// The same error, for asking before the work.
Status check_is_free(const std::string& path, bool replace);

// Without one LF or CR LF at the end, as editors leave it.
std::string without_line_end(std::string text);

// From `file`, else from SATCHEL_PASSWORD, else typed at the terminal without echo after `prompt`.
// invalid_argument when there is none of the three.
Result<std::string> read_password(const std::string& file, std::string_view prompt);

}  // namespace satchel::cli
