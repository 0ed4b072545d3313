#include "cli/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "client/secret_file.hpp"

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
    if (code == EISDIR) kind = ErrorCode::invalid_argument;
    return {kind, std::string(what) + " " + path + ": " + std::strerror(code)};
}

Status write_all(int file, const std::string& path, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_error("writing", path);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Status write_with_mode(const std::string& path, ByteView bytes, mode_t mode) {
    const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!file.is_open()) return system_error("writing", path);
    return write_all(file.number(), path, bytes);
}

Error exists_already(const std::string& path) {
    return {ErrorCode::invalid_argument,
            path + " exists already; choose another name, or give --force to replace it"};
}

// Not every file system can refuse to replace (USB sticks come with all kinds): there the look
// beforehand has to do.
// `named`: how the person called the new name.
Status rename_file(const std::string& from, const std::string& to, bool replace,
                   const std::string& named) {
    if (!replace) {
        if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
            return {};
        if (errno == EEXIST) return exists_already(named);
        if (errno != EINVAL && errno != ENOSYS) return system_error("writing", named);
    }
    if (::rename(from.c_str(), to.c_str()) != 0) return system_error("writing", named);
    return {};
}

// So that the name survives a power cut. A file system that cannot do it for folders has no better.
void sync_folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    const File opened(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC));
    if (opened.is_open()) ::fsync(opened.number());
}

volatile std::sig_atomic_t stopping_signal = 0;

void note_signal(int signal) {
    stopping_signal = signal;
}

// Switches the terminal's echo off while it lives. A signal that would end the process ends what
// waits for a key instead, and is raised again once the echo is back.
class WithoutEcho {
  public:
    explicit WithoutEcho(int terminal) : terminal_(terminal) {
        stopping_signal = 0;
        struct sigaction noting {};  // without SA_RESTART: read() returns
        noting.sa_handler = &note_signal;
        for (std::size_t i = 0; i < kStopping.size(); ++i)
            ::sigaction(kStopping[i], &noting, &actions_[i]);
        if (::tcgetattr(terminal, &before_) != 0) return;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        changed_ = ::tcsetattr(terminal, TCSAFLUSH, &quiet) == 0;
    }
    WithoutEcho(const WithoutEcho&) = delete;
    WithoutEcho& operator=(const WithoutEcho&) = delete;
    ~WithoutEcho() {
        if (changed_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
        for (std::size_t i = 0; i < kStopping.size(); ++i)
            ::sigaction(kStopping[i], &actions_[i], nullptr);
        if (stopping_signal != 0) std::raise(stopping_signal);
    }

    static bool stopped() { return stopping_signal != 0; }

  private:
    static constexpr std::array<int, 4> kStopping = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

    int terminal_;
    termios before_{};
    std::array<struct sigaction, kStopping.size()> actions_{};
    bool changed_ = false;
};

void show(int terminal, std::string_view text) {
    [[maybe_unused]] const ssize_t ignored = ::write(terminal, text.data(), text.size());
}

// One line, or what had come of it when a signal came.
std::string read_line_quietly(int terminal) {
    const WithoutEcho quiet(terminal);
    std::string typed;
    while (typed.size() < client::kMaxSecretBytes && !WithoutEcho::stopped()) {
        char key = 0;
        const ssize_t got = ::read(terminal, &key, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got != 1 || key == '\n') break;
        typed += key;
    }
    show(terminal, "\n");
    return typed;
}

Result<std::string> type_password(std::string_view prompt) {
    const File terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
    if (!terminal.is_open())
        return Error{ErrorCode::invalid_argument,
                     "there is no terminal to ask for the password; give --password-file FILE or "
                     "set SATCHEL_PASSWORD"};
    show(terminal.number(), prompt);
    std::string typed = read_line_quietly(terminal.number());
    if (WithoutEcho::stopped())
        return Error{ErrorCode::cancelled, "stopped while it asked for the password"};
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

OutputFile::OutputFile(std::string path, bool replace, std::string target, std::string beside,
                       int file)
    : path_(std::move(path)),
      replace_(replace),
      target_(std::move(target)),
      beside_(std::move(beside)),
      file_(file) {}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      replace_(other.replace_),
      target_(std::move(other.target_)),
      beside_(std::exchange(other.beside_, "")),
      file_(std::exchange(other.file_, -1)) {}

OutputFile::~OutputFile() {
    if (file_ >= 0) ::close(file_);
    if (!beside_.empty()) ::unlink(beside_.c_str());
}

Result<OutputFile> OutputFile::open(const std::string& path, bool replace) {
    SATCHEL_TRY(check_is_free(path, replace));
    struct stat found {};
    const bool exists = ::stat(path.c_str(), &found) == 0;
    if (exists && !S_ISREG(found.st_mode)) {  // a device, a pipe: nothing to put in its place
        const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
        if (file < 0) return system_error("writing", path);
        return OutputFile(path, replace, path, "", file);
    }
    std::error_code ignored;
    const std::string target = exists ? std::filesystem::canonical(path, ignored).string() : path;
    const std::string beside = target + "." + std::to_string(::getpid()) + ".part";
    const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) return system_error("writing", path);
    if (exists) ::fchmod(file, found.st_mode & 07777U);
    return OutputFile(path, replace, target, beside, file);
}

Status OutputFile::write(ByteView bytes) {
    return write_all(file_, path_, bytes);
}

Status OutputFile::finish() {
    if (!beside_.empty() && ::fsync(file_) != 0) return system_error("writing", path_);
    if (::close(std::exchange(file_, -1)) != 0) return system_error("writing", path_);
    if (beside_.empty()) return {};
    SATCHEL_TRY(rename_file(beside_, target_, replace_, path_));
    beside_.clear();
    sync_folder_of(target_);
    return {};
}

Status write_whole_file(const std::string& path, ByteView bytes, bool replace) {
    SATCHEL_ASSIGN(OutputFile file, OutputFile::open(path, replace));
    SATCHEL_TRY(file.write(bytes));
    return file.finish();
}

Result<std::string> read_password(const std::string& file, std::string_view prompt) {
    if (!file.empty()) return client::read_secret_file(file);
    if (const char* given = std::getenv("SATCHEL_PASSWORD"); given != nullptr)
        return std::string(given);
    return type_password(prompt);
}

}  // namespace satchel::cli
