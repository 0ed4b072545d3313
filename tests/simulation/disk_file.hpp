// One file of a simulated disk: the bytes that programs see, and which of them survive power loss.
//
// A write or truncation counts as safe once sync() was called after it. Until then power loss
// treats each alone: kept, dropped, torn (the bytes before a multiple of 512 are kept), or garbage
// in its place. Several may be reordered in effect: a later one kept, an earlier one dropped.
#pragma once

#include <cstddef>
#include <vector>

#include "sync/ids.hpp"

namespace satchel::simulation {

class DiskFile {
  public:
    static constexpr std::size_t kSectorBytes = 512;

    const Bytes& bytes() const { return bytes_; }
    void write(std::size_t offset, ByteView bytes);  // a gap before it becomes zeros
    void truncate(std::size_t size);
    void sync();
    // The system failed to write, said so once, and thinks its cache clean from now on (as Linux
    // does): programs go on seeing everything, and power loss shows what is really there.
    void fail_sync(Random& random);
    void put(Bytes bytes);  // replaces everything, safe at once

    void power_loss(Random& random);

    std::size_t unsynced() const { return unsynced_.size(); }
    // False until the first sync(): power loss may then take the file's name away too.
    bool has_safe_name() const { return has_safe_name_; }

  private:
    struct Change {
        std::size_t at;  // of a write: its first byte; of a truncation: the new size
        Bytes bytes;
        bool is_truncation;
    };

    static void apply(const Change& change, Bytes& bytes);
    static Change torn(const Change& change, Random& random);
    static Change garbage(const Change& change, Random& random);
    void write_down(Random& random);

    Bytes bytes_;
    Bytes safe_;
    std::vector<Change> unsynced_;
    bool has_safe_name_ = false;
};

}  // namespace satchel::simulation
