#include "tests/simulation/disk_file.hpp"

#include <algorithm>
#include <utility>

namespace satchel::simulation {

void DiskFile::apply(const Change& change, Bytes& bytes) {
    if (change.is_truncation) {
        bytes.resize(std::min(bytes.size(), change.at));
        return;
    }
    if (bytes.size() < change.at + change.bytes.size())
        bytes.resize(change.at + change.bytes.size());
    std::copy(change.bytes.begin(), change.bytes.end(),
              bytes.begin() + static_cast<std::ptrdiff_t>(change.at));
}

// The part before one of the sector borders inside the write; nothing when it has none inside.
DiskFile::Change DiskFile::torn(const Change& change, Random& random) {
    const std::size_t first = change.at / kSectorBytes + 1;
    const std::size_t end = (change.at + change.bytes.size() + kSectorBytes - 1) / kSectorBytes;
    if (change.is_truncation || first >= end) return {change.at, {}, false};
    const std::size_t border = (first + random.next() % (end - first)) * kSectorBytes;
    return {change.at, change.bytes.substr(0, border - change.at), false};
}

DiskFile::Change DiskFile::garbage(const Change& change, Random& random) {
    Change other = change;
    for (char& byte : other.bytes)
        byte = static_cast<char>(random.next());
    return other;
}

void DiskFile::write(std::size_t offset, ByteView bytes) {
    unsynced_.push_back({offset, Bytes(bytes), false});
    apply(unsynced_.back(), bytes_);
}

void DiskFile::truncate(std::size_t size) {
    unsynced_.push_back({size, {}, true});
    apply(unsynced_.back(), bytes_);
}

void DiskFile::sync() {
    for (const Change& change : unsynced_)
        apply(change, safe_);
    unsynced_.clear();
    has_safe_name_ = true;
}

void DiskFile::put(Bytes bytes) {
    safe_ = bytes_ = std::move(bytes);
    unsynced_.clear();
    has_safe_name_ = true;
}

// The share that is kept is drawn first: among hundreds of writes a fixed one would always lose
// one of the earliest, and the interesting states are near "all" and near "none".
void DiskFile::write_down(Random& random) {
    const std::uint64_t kept_percent = random.next() % 101;
    for (const Change& change : std::exchange(unsynced_, {})) {
        if (random.next() % 100 < kept_percent) {
            apply(change, safe_);
            continue;
        }
        const std::uint64_t fate = random.next() % 4;  // of four, two are dropped
        if (fate == 0 && !change.is_truncation) apply(garbage(change, random), safe_);
        if (fate != 1) continue;
        const Change part = torn(change, random);
        if (!part.bytes.empty()) apply(part, safe_);
    }
}

void DiskFile::fail_sync(Random& random) {
    write_down(random);
    has_safe_name_ = true;
}

void DiskFile::power_loss(Random& random) {
    write_down(random);
    bytes_ = safe_;
}

}  // namespace satchel::simulation
