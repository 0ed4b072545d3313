#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "storage/replica.hpp"

namespace satchel::storage {

Result<SyncLease> SyncLease::acquire(const std::string& replica_path) {
    const std::string path = replica_path + "-sync";
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return Error{ErrorCode::io, "the lock file " + path + " cannot be made"};
    if (::flock(file, LOCK_EX | LOCK_NB) == 0) return SyncLease(file);
    const bool held = errno == EWOULDBLOCK;
    ::close(file);
    if (held)
        return Error{ErrorCode::busy,
                     "another window, agent or command is syncing this replica; let it finish"};
    return Error{ErrorCode::io, "the lock file " + path + " cannot be locked"};
}

SyncLease::SyncLease(SyncLease&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

SyncLease& SyncLease::operator=(SyncLease&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
}

SyncLease::~SyncLease() {
    if (file_ >= 0) ::close(file_);
}

}  // namespace satchel::storage
