// DataDirectory: the one folder that a server keeps everything in, and the right to it.
//
//     DIR/office.satchel-server   the workspace (with -wal and -shm beside it)
//     DIR/audit-anchors.txt       heads of its audit log (server/audit_anchors.hpp)
//     DIR/backups/                what `backup` makes
//     DIR/address                 http://127.0.0.1:PORT of the running server, one line
//     DIR/admin-password.txt      the generated first password, mode 0600; delete it when noted
//     DIR/lock                    locked by the process that uses the folder
//
// Threads: one at a time. Errors: busy (another process uses the folder), read_only (it cannot be
// made or written), not_a_database (it is a file), disk_full, io.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "sync/result.hpp"

namespace satchel::server {

constexpr const char* kDatabase = "office.satchel-server";
constexpr const char* kAnchors = "audit-anchors.txt";

class DataDirectory {
  public:
    // Makes the folder (mode 0700) when it is missing, and locks it until the object goes.
    static Result<DataDirectory> open(const std::string& path);
    DataDirectory(DataDirectory&& other) noexcept
        : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}
    DataDirectory& operator=(DataDirectory&&) = delete;
    ~DataDirectory();

    const std::string& path() const { return path_; }
    std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }
    std::string database() const { return file(kDatabase); }
    // The file that was asked for, or the usual one for "".
    std::string anchors(const std::string& asked) const {
        return asked.empty() ? file(kAnchors) : asked;
    }

    // Replaces the whole file or leaves it as it was; durable. Mode 0600.
    Status write(std::string_view name, std::string_view content) const;
    void remove(std::string_view name) const;
    // Makes a folder inside; an existing one is fine.
    Status make_folder(std::string_view name) const;

  private:
    DataDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

    std::string path_;
    int lock_ = -1;
};

bool exists(const std::string& path);
// The folder that the path names something in.
std::string folder_of(const std::string& path);
// The whole of a small file; not_found, limit, io.
Result<std::string> read_small_file(const std::string& path, std::size_t max_bytes);
// A database's own file and what SQLite keeps beside it, as endings.
constexpr const char* kDatabaseFiles[] = {"", "-wal", "-shm"};
void remove_database(const std::string& path);
// Adds to the end of a file, which is made (mode 0600) when it is not there; durable.
Status append_to(const std::string& path, std::string_view content);
// What a failed system call means, with errno's text: "<what>: <why>".
Error system_error(const std::string& what);
// Makes what was renamed in the folder survive a power cut.
Status sync_folder(const std::string& path);

}  // namespace satchel::server
