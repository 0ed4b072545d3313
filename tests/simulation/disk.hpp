// A disk for the simulation: files in memory behind an sqlite3_vfs, with power loss, dying
// processes, failing calls and backups, all decided by a seed.
//
//     Disk disk("phone-3", random, clock);
//     OpenOptions options;
//     options.vfs = disk.name();
//     options.exclusive = true;  // there is no shared memory between processes here
//     {
//         Database database = *Database::open("replica.db", options);
//         ...
//         disk.power_loss(random);
//     }  // the dead connection is closed: it can change nothing any more
//     Database again = *Database::open("replica.db", options);
//
// What a name stands for: deletions become safe with the next sync of any file (as on journalling
// file systems), creations with the first sync of the file itself. SQLite is told of sectors of 512
// bytes and promised nothing else (no SQLITE_IOCAP_*), so it pads its commits to whole sectors.
//
// Threads: one. Requires: every Database on it is closed before the Disk ends.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "sync/ids.hpp"
#include "tests/simulation/disk_file.hpp"

namespace satchel::simulation {

enum class Failure {
    io,    // reads, writes, truncations, syncs and deletions fail
    full,  // writes fail; everything else works
    sync,  // syncs fail, and what they were to make safe is not, whatever later ones say
};

class Disk {
  public:
    using Snapshot = std::map<std::string, Bytes>;

    // `name` is the VFS's name: one living Disk per name. Random and clock outlive the Disk; they
    // answer SQLite's calls (for SQLite's own generator see seed_sqlite()).
    Disk(std::string name, Random& random, WallClock& clock);
    ~Disk();
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;

    const std::string& name() const { return name_; }

    // The machine stops. Un-synced writes are kept, dropped or torn as disk_file.hpp says, and all
    // open files are dead: each call on them fails, and no file can be opened or deleted, until
    // the dead connections are closed.
    void power_loss(Random& random);
    // The programs die, the machine does not: everything written is there, open files are dead.
    void kill();

    // The calls+1-th call from now fails; if persistent, so does every later one until heal().
    // Calls of the kinds that the failure lets through are not counted. (Failure::sync fails once.)
    void fail_after(std::uint64_t calls, Failure failure, bool persistent = false);
    void heal() { failure_.reset(); }
    std::uint64_t failures() const { return failures_; }  // calls that failed so far on purpose

    bool exists(const std::string& path) const { return nodes_.contains(path); }
    std::optional<Bytes> read(const std::string& path) const;
    // Makes or replaces a file, open or not, safe at once: bit rot, a restored backup.
    void put(const std::string& path, Bytes bytes);
    void remove(const std::string& path);
    // A database in use is two files: copy its "-wal" too, or checkpoint first. False without one.
    bool copy(const std::string& from, const std::string& to);

    // All files as programs see them: a backup, or the image for a cloned device.
    Snapshot snapshot() const;
    // The disk becomes exactly this; open files are dead.
    void restore(const Snapshot& snapshot);

    std::size_t unsynced() const;  // writes that power loss could take

    // A sync of the log has failed, so power loss may take back what later ones called safe.
    bool has_hole() const { return has_hole_; }
    // ... and SQLite has copied from the log to the database since: an old beginning of the log
    // beside newer pages. No program can tell then; SQLite promises nothing.
    bool is_spoiled() const { return is_spoiled_; }

  private:
    struct Node;
    struct Handle;
    struct Calls;  // what SQLite calls
    struct Planned {
        std::uint64_t calls_left;
        Failure failure;
        bool persistent;
    };

    enum class Call { other, write, sync };

    bool fails(Call call);
    void fail_sync(const Handle& handle);
    std::shared_ptr<Node> node(const std::string& path);

    const std::string name_;
    Random& random_;
    WallClock& clock_;
    sqlite3_vfs vfs_{};
    std::map<std::string, std::shared_ptr<Node>> nodes_;
    std::map<std::string, DiskFile> deleted_;  // since the last sync: power loss may undo it
    std::optional<Planned> failure_;
    std::uint64_t failures_ = 0;
    bool has_hole_ = false;
    bool is_spoiled_ = false;
    std::uint64_t life_ = 1;  // a handle of an earlier life is dead
    std::size_t living_handles_ = 0;
    std::size_t dead_handles_ = 0;
    std::uint64_t temporary_files_ = 0;
    int system_error_ = 0;
};

// SQLite's own generator (salts of the log) starts again from the seed, for all connections.
void seed_sqlite(std::uint32_t seed);

}  // namespace satchel::simulation
