// SmallDisk: a folder that can be made full, and have room again.
//
// As root, or with a user namespace, it is a file system of its own in memory (tmpfs), in a mount
// namespace of ours that ends with the last of our processes; full means that its size is set to
// what is used. Where that is not allowed, the processes that work in the folder are limited in how
// far into a file they may write (RLIMIT_FSIZE): a write beyond fails as on a failing disk.
//
// Threads: one. Errors: those of the file system.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "sync/result.hpp"

namespace satchel::soak {

enum class DiskWay : std::uint8_t { own_file_system, write_limit };

// Tries to give this process a mount namespace of its own; before any thread is started. What it
// gives holds for all disks.
DiskWay prepare_disks();

class SmallDisk {
  public:
    // Makes the folder.
    static Result<SmallDisk> make(const std::string& folder, DiskWay way);

    // `process`: that works in it (it may be gone); what is written already stays readable.
    Status fill(pid_t process);
    Status clear(pid_t process);
    const std::string& folder() const { return folder_; }
    // Its files go to another folder, for somebody to look at.
    void keep_in(const std::string& folder) const;
    void remove();

  private:
    SmallDisk(std::string folder, DiskWay way) : folder_(std::move(folder)), way_(way) {}

    std::string folder_;
    DiskWay way_;
};

}  // namespace satchel::soak
