#include "client/secret_file.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace satchel::client {
namespace {

Error unreadable(const std::string& path) {
    const int code = errno;
    ErrorCode kind = ErrorCode::io;
    if (code == ENOENT || code == ENOTDIR) kind = ErrorCode::not_found;
    if (code == EACCES || code == EPERM) kind = ErrorCode::read_only;
    if (code == EISDIR) kind = ErrorCode::invalid_argument;
    return {kind, "reading " + path + ": " + std::strerror(code)};
}

}  // namespace

Result<std::string> read_secret_file(const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                               &std::fclose);
    if (!file) return unreadable(path);
    std::array<char, kMaxSecretBytes + 1> buffer{};
    const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), file.get());
    if (std::ferror(file.get()) != 0) return unreadable(path);
    if (size > kMaxSecretBytes)
        return Error{ErrorCode::limit,
                     path + " is larger than " + std::to_string(kMaxSecretBytes) + " bytes"};
    std::string text(buffer.data(), size);
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    return text;
}

Result<std::string> read_key_file(const std::string& path) {
    SATCHEL_ASSIGN(std::string key, read_secret_file(path));
    if (key.empty())
        return Error{ErrorCode::invalid_argument,
                     "the key file " + path +
                         " is empty; put the key into it, or leave the option out for a file "
                         "without encryption"};
    return key;
}

}  // namespace satchel::client
