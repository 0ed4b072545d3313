#include "tests/soak/small_disk.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace satchel::soak {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRoomy = "size=2g";       // tmpfs takes memory only for what is in it
constexpr rlim_t kWriteLimitBytes = 32U << 10;  // of each file; its log grows beyond at once

Status failed(const std::string& what) {
    return {ErrorCode::io, what + " failed: " + std::strerror(errno)};
}

void write_text(const char* path, const std::string& text) {
    std::ofstream(path) << text;
}

Status limit_writes(pid_t process, rlim_t bytes) {
    rlimit limit{};
    if (::prlimit(process, RLIMIT_FSIZE, nullptr, &limit) != 0)
        return errno == ESRCH ? Status() : failed("reading a process's limits");
    limit.rlim_cur = bytes == RLIM_INFINITY ? limit.rlim_max : bytes;
    if (::prlimit(process, RLIMIT_FSIZE, &limit, nullptr) == 0 || errno == ESRCH) return {};
    return failed("limiting a process");
}

// As root of a user namespace of ours, where the kernel lets everybody have one.
bool become_root_of_our_own() {
    const std::string user = std::to_string(::getuid()), group = std::to_string(::getgid());
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    write_text("/proc/self/setgroups", "deny");
    write_text("/proc/self/uid_map", "0 " + user + " 1");
    write_text("/proc/self/gid_map", "0 " + group + " 1");
    return ::getuid() == 0;
}

}  // namespace

DiskWay prepare_disks() {
    std::signal(SIGXFSZ, SIG_IGN);  // the children inherit it: a write beyond a limit is an error
    const bool apart = ::unshare(CLONE_NEWNS) == 0 || become_root_of_our_own();
    const bool possible = apart && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    return possible ? DiskWay::own_file_system : DiskWay::write_limit;
}

Result<SmallDisk> SmallDisk::make(const std::string& folder, DiskWay way) {
    std::error_code failure;
    fs::create_directories(folder, failure);
    if (failure) return Error{ErrorCode::io, "making " + folder + " failed: " + failure.message()};
    if (way == DiskWay::own_file_system &&
        ::mount("satchel-soak", folder.c_str(), "tmpfs", 0, kRoomy) != 0)
        return failed("mounting a small disk on " + folder).error();
    return SmallDisk(folder, way);
}

Status SmallDisk::fill(pid_t process) {
    if (way_ == DiskWay::write_limit) return limit_writes(process, kWriteLimitBytes);
    struct statvfs room {};
    if (::statvfs(folder_.c_str(), &room) != 0) return failed("looking at " + folder_);
    const auto used = (room.f_blocks - room.f_bfree) * room.f_frsize;
    // Somebody writes meanwhile, and less than what is used is refused: then a little stays free.
    for (const unsigned free_kib : {8U, 64U, 512U}) {
        const std::string size = "size=" + std::to_string(used + (free_kib << 10));
        if (::mount("satchel-soak", folder_.c_str(), "tmpfs", MS_REMOUNT, size.c_str()) == 0)
            return {};
    }
    return failed("filling " + folder_);
}

Status SmallDisk::clear(pid_t process) {
    if (way_ == DiskWay::write_limit) return limit_writes(process, RLIM_INFINITY);
    if (::mount("satchel-soak", folder_.c_str(), "tmpfs", MS_REMOUNT, kRoomy) == 0) return {};
    return failed("making room in " + folder_);
}

void SmallDisk::keep_in(const std::string& folder) const {
    std::error_code ignored;
    fs::create_directories(folder, ignored);
    fs::copy(folder_, folder, fs::copy_options::recursive, ignored);
}

void SmallDisk::remove() {
    if (way_ == DiskWay::own_file_system) ::umount2(folder_.c_str(), MNT_DETACH);
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

}  // namespace satchel::soak
