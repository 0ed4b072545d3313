#include "tests/simulation/disk.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

namespace satchel::simulation {

namespace {

bool is_log(const std::string& path) {
    return path.ends_with("-wal");
}

}  // namespace

struct Disk::Node {
    DiskFile file;
    std::vector<const Handle*> open;  // of this life, for the locks
};

// Lives in memory that SQLite allocates for an open file.
struct Disk::Handle : sqlite3_file {
    Disk* disk = nullptr;
    std::string path;
    std::shared_ptr<Node> node;  // outlives the name, like an open file on Unix
    std::uint64_t life = 0;
    int lock = SQLITE_LOCK_NONE;
    bool is_temporary = false;

    bool is_dead() const { return life != disk->life_; }
    bool fails(Call call) { return is_dead() || disk->fails(call); }
};

struct Disk::Calls {
    static Disk& disk(sqlite3_vfs* vfs) { return *static_cast<Disk*>(vfs->pAppData); }
    static Handle& handle(sqlite3_file* file) { return *static_cast<Handle*>(file); }
    static int failed(Handle& handle, int code) {
        handle.disk->system_error_ = EIO;
        return code;
    }

    static int open(sqlite3_vfs*, const char* path, sqlite3_file*, int flags, int* out_flags);
    static int remove(sqlite3_vfs*, const char* path, int sync_folder);
    static int access(sqlite3_vfs*, const char* path, int flags, int* result);
    static int full_path(sqlite3_vfs*, const char* path, int size, char* full);
    static int randomness(sqlite3_vfs*, int size, char* bytes);
    static int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }
    static int now(sqlite3_vfs*, sqlite3_int64* julian_ms);
    static int last_error(sqlite3_vfs* vfs, int, char*) { return disk(vfs).system_error_; }

    static int close(sqlite3_file*);
    static int read(sqlite3_file*, void* bytes, int size, sqlite3_int64 offset);
    static int write(sqlite3_file*, const void* bytes, int size, sqlite3_int64 offset);
    static int truncate(sqlite3_file*, sqlite3_int64 size);
    static int sync(sqlite3_file*, int flags);
    static int size(sqlite3_file*, sqlite3_int64* size);
    static int lock(sqlite3_file*, int level);
    static int unlock(sqlite3_file*, int level);
    static int check_reserved(sqlite3_file*, int* result);
    static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
    static int sector_size(sqlite3_file*) { return static_cast<int>(DiskFile::kSectorBytes); }
    static int characteristics(sqlite3_file*) { return 0; }

    static const sqlite3_io_methods kMethods;
};

const sqlite3_io_methods Disk::Calls::kMethods = {
    .iVersion = 1,  // without shared memory
    .xClose = close,
    .xRead = read,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = size,
    .xLock = lock,
    .xUnlock = unlock,
    .xCheckReservedLock = check_reserved,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int Disk::Calls::open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags,
                      int* out_flags) {
    file->pMethods = nullptr;  // nothing to close unless we succeed
    Disk& self = disk(vfs);
    self.system_error_ = self.dead_handles_ > 0 ? EIO : ENOENT;
    const std::string name =
        path != nullptr ? path : "temporary-" + std::to_string(++self.temporary_files_);
    const bool may_create = (flags & SQLITE_OPEN_CREATE) != 0;
    if (self.dead_handles_ > 0 || (!may_create && !self.exists(name))) return SQLITE_CANTOPEN;
    auto* opened = new (file) Handle{};
    assert(static_cast<sqlite3_file*>(opened) == file);
    opened->pMethods = &kMethods;
    opened->disk = &self;
    opened->path = name;
    opened->node = self.node(name);
    opened->life = self.life_;
    opened->is_temporary = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    opened->node->open.push_back(opened);
    ++self.living_handles_;
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
}

int Disk::Calls::remove(sqlite3_vfs* vfs, const char* path, int sync_folder) {
    Disk& self = disk(vfs);
    if (self.dead_handles_ > 0 || self.fails(Call::other)) return SQLITE_IOERR_DELETE;
    const auto found = self.nodes_.find(path);
    if (found == self.nodes_.end()) return SQLITE_IOERR_DELETE_NOENT;
    const bool comes_back = sync_folder == 0 && found->second->file.has_safe_name();
    if (sync_folder != 0) self.deleted_.clear();
    if (comes_back && found->second->open.empty())
        self.deleted_[path] = std::move(found->second->file);
    else if (comes_back)
        self.deleted_[path] = found->second->file;
    self.nodes_.erase(found);
    return SQLITE_OK;
}

int Disk::Calls::access(sqlite3_vfs* vfs, const char* path, int, int* result) {
    *result = disk(vfs).exists(path) ? 1 : 0;
    return SQLITE_OK;
}

int Disk::Calls::full_path(sqlite3_vfs*, const char* path, int size, char* full) {
    const std::size_t bytes = std::strlen(path) + 1;
    if (bytes > static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
    std::memcpy(full, path, bytes);
    return SQLITE_OK;
}

int Disk::Calls::randomness(sqlite3_vfs* vfs, int size, char* bytes) {
    for (int i = 0; i < size; ++i)
        bytes[i] = static_cast<char>(disk(vfs).random_.next());
    return size;
}

int Disk::Calls::now(sqlite3_vfs* vfs, sqlite3_int64* julian_ms) {
    constexpr std::int64_t kJulianMsOf1970 = 210'866'760'000'000;  // noon, 24 November 4714 BC
    *julian_ms = kJulianMsOf1970 + disk(vfs).clock_.now_ms();
    return SQLITE_OK;
}

int Disk::Calls::close(sqlite3_file* file) {
    Handle& self = handle(file);
    Disk& disk = *self.disk;
    --(self.is_dead() ? disk.dead_handles_ : disk.living_handles_);
    std::erase(self.node->open, &self);
    if (self.is_temporary && !self.is_dead()) disk.nodes_.erase(self.path);
    self.~Handle();
    return SQLITE_OK;
}

int Disk::Calls::read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 offset) {
    Handle& self = handle(file);
    if (self.fails(Call::other)) return failed(self, SQLITE_IOERR_READ);
    const ByteView all = self.node->file.bytes();
    const ByteView there = all.substr(std::min(all.size(), static_cast<std::size_t>(offset)),
                                      static_cast<std::size_t>(size));
    std::memset(bytes, 0, static_cast<std::size_t>(size));
    std::copy(there.begin(), there.end(), static_cast<char*>(bytes));
    return there.size() == static_cast<std::size_t>(size) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int Disk::Calls::write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    Handle& self = handle(file);
    const auto planned = self.disk->failure_;
    if (self.fails(Call::write)) {
        const bool full = !self.is_dead() && planned->failure == Failure::full;
        return full ? SQLITE_FULL : failed(self, SQLITE_IOERR_WRITE);
    }
    self.node->file.write(static_cast<std::size_t>(offset),
                          {static_cast<const char*>(bytes), static_cast<std::size_t>(size)});
    self.disk->is_spoiled_ = self.disk->is_spoiled_ || (self.disk->has_hole_ && !is_log(self.path));
    return SQLITE_OK;
}

int Disk::Calls::truncate(sqlite3_file* file, sqlite3_int64 size) {
    Handle& self = handle(file);
    if (self.fails(Call::other)) return failed(self, SQLITE_IOERR_TRUNCATE);
    self.node->file.truncate(static_cast<std::size_t>(size));
    return SQLITE_OK;
}

int Disk::Calls::sync(sqlite3_file* file, int) {
    Handle& self = handle(file);
    const auto planned = self.disk->failure_;
    if (self.fails(Call::sync)) {
        if (!self.is_dead() && planned->failure == Failure::sync) self.disk->fail_sync(self);
        return failed(self, SQLITE_IOERR_FSYNC);
    }
    self.node->file.sync();
    self.disk->deleted_.clear();
    return SQLITE_OK;
}

int Disk::Calls::size(sqlite3_file* file, sqlite3_int64* size) {
    Handle& self = handle(file);
    if (self.is_dead()) return failed(self, SQLITE_IOERR_FSTAT);
    *size = static_cast<sqlite3_int64>(self.node->file.bytes().size());
    return SQLITE_OK;
}

// SQLite's five levels: https://www.sqlite.org/lockingv3.html. Who wants EXCLUSIVE and cannot have
// it yet keeps PENDING, which lets no new reader in.
int Disk::Calls::lock(sqlite3_file* file, int level) {
    Handle& self = handle(file);
    if (self.is_dead()) return failed(self, SQLITE_IOERR_LOCK);
    if (self.lock >= level) return SQLITE_OK;
    int highest = SQLITE_LOCK_NONE;
    for (const Handle* other : self.node->open)
        if (other != &self) highest = std::max(highest, other->lock);
    if (level == SQLITE_LOCK_SHARED && highest >= SQLITE_LOCK_PENDING) return SQLITE_BUSY;
    if (level >= SQLITE_LOCK_RESERVED && highest >= SQLITE_LOCK_RESERVED) return SQLITE_BUSY;
    const bool must_wait = level == SQLITE_LOCK_EXCLUSIVE && highest >= SQLITE_LOCK_SHARED;
    self.lock = must_wait ? SQLITE_LOCK_PENDING : level;
    return must_wait ? SQLITE_BUSY : SQLITE_OK;
}

int Disk::Calls::unlock(sqlite3_file* file, int level) {
    Handle& self = handle(file);
    self.lock = std::min(self.lock, level);
    return SQLITE_OK;
}

int Disk::Calls::check_reserved(sqlite3_file* file, int* result) {
    const auto& open = handle(file).node->open;
    *result = std::any_of(open.begin(), open.end(),
                          [](const Handle* one) { return one->lock >= SQLITE_LOCK_RESERVED; });
    return SQLITE_OK;
}

Disk::Disk(std::string name, Random& random, WallClock& clock)
    : name_(std::move(name)), random_(random), clock_(clock) {
    assert(sqlite3_vfs_find(name_.c_str()) == nullptr);
    vfs_.iVersion = 2;
    vfs_.szOsFile = sizeof(Handle);
    vfs_.mxPathname = 512;
    vfs_.zName = name_.c_str();
    vfs_.pAppData = this;
    vfs_.xOpen = Calls::open;
    vfs_.xDelete = Calls::remove;
    vfs_.xAccess = Calls::access;
    vfs_.xFullPathname = Calls::full_path;
    vfs_.xRandomness = Calls::randomness;
    vfs_.xSleep = Calls::sleep;
    vfs_.xGetLastError = Calls::last_error;
    vfs_.xCurrentTimeInt64 = Calls::now;
    sqlite3_vfs_register(&vfs_, 0);
}

Disk::~Disk() {
    assert(living_handles_ == 0 && dead_handles_ == 0);
#ifndef SATCHEL_SYSTEM_SQLITE
    const std::string encrypting = "multipleciphers-" + name_;  // made by the first key
    if (sqlite3_vfs_find(encrypting.c_str()) != nullptr) sqlite3mc_vfs_destroy(encrypting.c_str());
#endif
    sqlite3_vfs_unregister(&vfs_);
}

// A failed sync of the database itself does no harm: the log still has its pages.
void Disk::fail_sync(const Handle& handle) {
    has_hole_ = has_hole_ || (is_log(handle.path) && handle.node->file.unsynced() != 0);
    handle.node->file.fail_sync(random_);
}

bool Disk::fails(Call call) {
    if (!failure_) return false;
    if (failure_->failure == Failure::full && call != Call::write) return false;
    if (failure_->failure == Failure::sync && call != Call::sync) return false;
    if (failure_->calls_left > 0) {
        --failure_->calls_left;
        return false;
    }
    if (!failure_->persistent) heal();
    ++failures_;
    return true;
}

std::shared_ptr<Disk::Node> Disk::node(const std::string& path) {
    auto& node = nodes_[path];
    if (!node) node = std::make_shared<Node>();
    return node;
}

void Disk::power_loss(Random& random) {
    for (auto at = nodes_.begin(); at != nodes_.end();) {
        DiskFile& file = at->second->file;
        file.power_loss(random);
        const bool vanishes = !file.has_safe_name() && random.next() % 2 == 0;
        at = vanishes ? nodes_.erase(at) : std::next(at);
    }
    for (auto& [path, file] : std::exchange(deleted_, {})) {
        if (exists(path) || random.next() % 2 == 0) continue;
        DiskFile back = file;
        back.power_loss(random);
        put(path, back.bytes());
    }
    kill();
    has_hole_ = is_spoiled_ = false;
}

void Disk::kill() {
    for (auto& [path, node] : nodes_)
        node->open.clear();
    dead_handles_ += std::exchange(living_handles_, 0);
    ++life_;
}

void Disk::fail_after(std::uint64_t calls, Failure failure, bool persistent) {
    failure_ = Planned{calls, failure, persistent};
}

std::optional<Bytes> Disk::read(const std::string& path) const {
    const auto found = nodes_.find(path);
    if (found == nodes_.end()) return std::nullopt;
    return found->second->file.bytes();
}

void Disk::put(const std::string& path, Bytes bytes) {
    node(path)->file.put(std::move(bytes));
}

void Disk::remove(const std::string& path) {
    nodes_.erase(path);
}

bool Disk::copy(const std::string& from, const std::string& to) {
    auto bytes = read(from);
    if (bytes) put(to, *std::move(bytes));
    return bytes.has_value();
}

Disk::Snapshot Disk::snapshot() const {
    Snapshot all;
    for (const auto& [path, node] : nodes_)
        all[path] = node->file.bytes();
    return all;
}

void Disk::restore(const Snapshot& snapshot) {
    kill();
    has_hole_ = is_spoiled_ = false;
    nodes_.clear();
    deleted_.clear();
    for (const auto& [path, bytes] : snapshot)
        put(path, bytes);
}

std::size_t Disk::unsynced() const {
    std::size_t count = 0;
    for (const auto& [path, node] : nodes_)
        count += node->file.unsynced();
    return count;
}

void seed_sqlite(std::uint32_t seed) {
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(seed), nullptr);
}

}  // namespace satchel::simulation
