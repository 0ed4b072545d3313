#include "cli/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

namespace satchel::cli {
namespace {

class File {
  public:
    explicit File(int file) : file_(file) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (file_ >= 0) ::close(file_);
    }
    int number() const { return file_; }
    bool is_open() const { return file_ >= 0; }

  private:
    int file_;
};

Error system_error(std::string_view what, const std::string& path) {
    const int code = errno;
    ErrorCode kind = ErrorCode::io;
    if (code == ENOENT || code == ENOTDIR) kind = ErrorCode::not_found;
    if (code == EACCES || code == EPERM || code == EROFS) kind = ErrorCode::read_only;
    if (code == ENOSPC || code == EDQUOT) kind = ErrorCode::disk_full;
    return {kind, std::string(what) + " " + path + ": " + std::strerror(code)};
}

Status write_all(const File& file, const std::string& path, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file.number(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_error("writing", path);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Status write_with_mode(const std::string& path, ByteView bytes, mode_t mode) {
    const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!file.is_open()) return system_error("writing", path);
    return write_all(file, path, bytes);
}

Status write_durably(const std::string& path, ByteView bytes) {
    const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!file.is_open()) return system_error("writing", path);
    SATCHEL_TRY(write_all(file, path, bytes));
    if (::fsync(file.number()) != 0) return system_error("writing", path);
    return {};
}

Error exists_already(const std::string& path) {
    return {ErrorCode::invalid_argument,
            path + " exists already; choose another name, or give --force to replace it"};
}

// Not every file system can refuse to replace (USB sticks come with all kinds): there the look
// beforehand has to do.
Status rename_file(const std::string& from, const std::string& to, bool replace) {
    if (!replace) {
        if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
            return {};
        if (errno == EEXIST) return exists_already(to);
        if (errno != EINVAL && errno != ENOSYS) return system_error("writing", to);
    }
    if (::rename(from.c_str(), to.c_str()) != 0) return system_error("writing", to);
    return {};
}

// So that the name survives a power cut. A file system that cannot do it for folders has no better.
void sync_folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    const File opened(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC));
    if (opened.is_open()) ::fsync(opened.number());
}

// Switches the terminal's echo off while it lives.
class WithoutEcho {
  public:
    explicit WithoutEcho(int terminal) : terminal_(terminal) {
        if (::tcgetattr(terminal, &before_) != 0) return;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        changed_ = ::tcsetattr(terminal, TCSAFLUSH, &quiet) == 0;
    }
    WithoutEcho(const WithoutEcho&) = delete;
    WithoutEcho& operator=(const WithoutEcho&) = delete;
    ~WithoutEcho() {
        if (changed_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
    }

  private:
    int terminal_;
    termios before_{};
    bool changed_ = false;
};

void show(int terminal, std::string_view text) {
    [[maybe_unused]] const ssize_t ignored = ::write(terminal, text.data(), text.size());
}

Result<std::string> type_password(std::string_view prompt) {
    const File terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
    if (!terminal.is_open())
        return Error{ErrorCode::invalid_argument,
                     "there is no terminal to ask for the password; give --password-file FILE or "
                     "set SATCHEL_PASSWORD"};
    show(terminal.number(), prompt);
    std::string typed;
    {
        const WithoutEcho quiet(terminal.number());
        char key = 0;
        while (typed.size() < kMaxSecretBytes && ::read(terminal.number(), &key, 1) == 1) {
            if (key == '\n') break;
            typed += key;
        }
    }
    show(terminal.number(), "\n");
    return typed;
}

}  // namespace

Result<Bytes> read_file(const std::string& path, std::size_t max_bytes) {
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return system_error("reading", path);
    Bytes bytes;
    char buffer[64 << 10];
    while (true) {
        const ssize_t got = ::read(file.number(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("reading", path);
        if (got == 0) return bytes;
        bytes.append(buffer, static_cast<std::size_t>(got));
        if (bytes.size() > max_bytes)
            return Error{ErrorCode::limit,
                         path + " is larger than " + std::to_string(max_bytes) + " bytes"};
    }
}

Status write_file(const std::string& path, ByteView bytes) {
    return write_with_mode(path, bytes, 0666);
}

Status write_secret(const std::string& path, ByteView bytes) {
    return write_with_mode(path, bytes, 0600);
}

Status check_is_free(const std::string& path, bool replace) {
    struct stat found {};
    if (replace || ::lstat(path.c_str(), &found) != 0) return {};
    return exists_already(path);
}

Status write_whole_file(const std::string& path, ByteView bytes, bool replace) {
    SATCHEL_TRY(check_is_free(path, replace));
    const std::string beside = path + "." + std::to_string(::getpid()) + ".part";
    Status done = write_durably(beside, bytes);
    if (done) done = rename_file(beside, path, replace);
    if (!done) {
        ::unlink(beside.c_str());
        return done;
    }
    sync_folder_of(path);
    return {};
}

std::string without_line_end(std::string text) {
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    return text;
}

Result<std::string> read_password(const std::string& file, std::string_view prompt) {
    if (!file.empty()) {
        SATCHEL_ASSIGN(std::string text, read_file(file, kMaxSecretBytes));
        return without_line_end(std::move(text));
    }
    if (const char* given = std::getenv("SATCHEL_PASSWORD"); given != nullptr)
        return std::string(given);
    return type_password(prompt);
}

}  // namespace satchel::cli
