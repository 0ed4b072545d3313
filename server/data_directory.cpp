#include "server/data_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace satchel::server {
namespace {

class File {
  public:
    File(const std::string& path, int flags, mode_t mode = 0600)
        : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    bool is_open() const { return descriptor_ >= 0; }
    int descriptor() const { return descriptor_; }
    int release() { return std::exchange(descriptor_, -1); }

  private:
    int descriptor_;
};

Status write_all(int descriptor, std::string_view content, const std::string& path) {
    while (!content.empty()) {
        const ssize_t written = ::write(descriptor, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_error("cannot write " + path);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    if (fsync(descriptor) != 0) return system_error("cannot write " + path);
    return {};
}

Status make_if_missing(const std::string& path) {
    if (mkdir(path.c_str(), 0700) == 0) return {};
    if (errno != EEXIST) return system_error("cannot make the folder " + path);
    struct stat found {};
    if (stat(path.c_str(), &found) != 0) return system_error("cannot look at " + path);
    if (S_ISDIR(found.st_mode)) return {};
    return Error{ErrorCode::not_a_database, path + " is a file; give a folder"};
}

Error in_use(const std::string& path, int lock) {
    char text[32] = "";
    const ssize_t size = pread(lock, text, sizeof text - 1, 0);
    std::string pid(text, size > 0 ? static_cast<std::size_t>(size) : 0);
    while (!pid.empty() && pid.back() == '\n')
        pid.pop_back();
    return {ErrorCode::busy, "the data directory " + path + " is in use by another satcheld" +
                                 (pid.empty() ? "" : " (process " + pid + ")") +
                                 "; stop it, or choose another directory"};
}

}  // namespace

Error system_error(const std::string& what) {
    const int number = errno;
    const std::string message = what + ": " + std::strerror(number);
    switch (number) {
        case ENOSPC:
        case EDQUOT:
            return {ErrorCode::disk_full, message + "; free some space"};
        case EACCES:
        case EPERM:
        case EROFS:
            return {ErrorCode::read_only, message + "; give this user the right to write there"};
        case ENOENT:
        case ENOTDIR:
            return {ErrorCode::not_found, message};
        default:
            return {ErrorCode::io, message};
    }
}

Result<DataDirectory> DataDirectory::open(const std::string& path) {
    SATCHEL_TRY(make_if_missing(path));
    const std::string name = path + "/lock";
    File lock(name, O_RDWR | O_CREAT);
    if (!lock.is_open()) return system_error("cannot use the data directory " + path);
    if (flock(lock.descriptor(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return in_use(path, lock.descriptor());
        return system_error("cannot lock " + name);
    }
    if (ftruncate(lock.descriptor(), 0) != 0) return system_error("cannot write " + name);
    SATCHEL_TRY(write_all(lock.descriptor(), std::to_string(getpid()) + "\n", name));
    return DataDirectory(path, lock.release());
}

DataDirectory::~DataDirectory() {
    if (lock_ >= 0) ::close(lock_);
}

Status DataDirectory::write(std::string_view name, std::string_view content) const {
    const std::string target = file(name);
    const std::string draft = target + ".new";
    {
        File made(draft, O_WRONLY | O_CREAT | O_TRUNC);
        if (!made.is_open()) return system_error("cannot write " + target);
        SATCHEL_TRY(write_all(made.descriptor(), content, target));
    }
    if (rename(draft.c_str(), target.c_str()) != 0) return system_error("cannot write " + target);
    return sync_folder(path_);
}

void DataDirectory::remove(std::string_view name) const {
    unlink(file(name).c_str());
}

Status DataDirectory::make_folder(std::string_view name) const {
    return make_if_missing(file(name));
}

bool exists(const std::string& path) {
    struct stat found {};
    return stat(path.c_str(), &found) == 0;
}

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

Status append_to(const std::string& path, std::string_view content) {
    const bool is_new = !exists(path);
    {
        const File file(path, O_WRONLY | O_CREAT | O_APPEND);
        if (!file.is_open()) return system_error("cannot write " + path);
        SATCHEL_TRY(write_all(file.descriptor(), content, path));
    }
    return is_new ? sync_folder(folder_of(path)) : Status{};
}

Result<std::string> read_small_file(const std::string& path, std::size_t max_bytes) {
    const File file(path, O_RDONLY);
    if (!file.is_open()) return system_error("cannot read " + path);
    std::string content(max_bytes + 1, '\0');
    std::size_t size = 0;
    while (size < content.size()) {
        const ssize_t part =
            ::read(file.descriptor(), content.data() + size, content.size() - size);
        if (part < 0 && errno == EINTR) continue;
        if (part < 0) return system_error("cannot read " + path);
        if (part == 0) break;
        size += static_cast<std::size_t>(part);
    }
    if (size > max_bytes)
        return Error{ErrorCode::limit,
                     path + " has more than " + std::to_string(max_bytes) + " bytes"};
    content.resize(size);
    return content;
}

void remove_database(const std::string& path) {
    for (const char* beside : kDatabaseFiles)
        unlink((path + beside).c_str());
}

Status sync_folder(const std::string& path) {
    const File folder(path, O_RDONLY | O_DIRECTORY);
    if (folder.is_open() && fsync(folder.descriptor()) == 0) return {};
    return system_error("cannot write " + path);
}

}  // namespace satchel::server
