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

Result<Bytes> read_file(const std::string& path, std::size_t max_bytes);
Status write_file(const std::string& path, ByteView bytes);
// As write_file, readable by the owner only: tokens.
Status write_secret(const std::string& path, ByteView bytes);

// A file that is there whole or not at all: written beside its place, and given its name by
// finish(), when it is on the disk. What was there before stays as it is until then, and for good
// when finish() is not called or fails. A device or a pipe is written to as it is.
class OutputFile {
  public:
    // invalid_argument when there is such a file already, unless `replace`.
    static Result<OutputFile> open(const std::string& path, bool replace);
    OutputFile(OutputFile&& other) noexcept;
    OutputFile& operator=(OutputFile&&) = delete;
    ~OutputFile();

    Status write(ByteView bytes);
    Status finish();  // once

  private:
    OutputFile(std::string path, bool replace, std::string target, std::string beside, int file);

    std::string path_;  // as the person wrote it
    bool replace_;
    std::string target_;  // where a link leads to
    std::string beside_;  // "": written in place
    int file_;
};

// The same in one call.
Status write_whole_file(const std::string& path, ByteView bytes, bool replace);
// The same error, for asking before the work.
Status check_is_free(const std::string& path, bool replace);

// From `file`, else from SATCHEL_PASSWORD, else typed at the terminal without echo after `prompt`.
// invalid_argument when there is none of the three.
Result<std::string> read_password(const std::string& file, std::string_view prompt);

}  // namespace satchel::cli
