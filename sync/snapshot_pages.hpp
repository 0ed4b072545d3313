// SnapshotPages: pages of one scope each, made for the load of one device and kept for the next
// one that loads the same scope: the catalogue that everybody holds is read and compressed once.
//
// A page is good as long as nothing that its scope holds or held has changed since, and for a
// device of whose scopes the page's records show the same; whoever keeps the pages empties them
// when rows change in another way (a schema, a transaction that was undone). The pages used longest
// ago make room.
//
// Threads: the owner's. Errors: none.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sync/protocol.hpp"

namespace satchel {

// Where a page begins, and how much fits it.
struct SnapshotKey {
    std::uint32_t stage = 0;
    std::string scope;
    RecordPlace from;
    std::size_t max_bytes = 0;
    std::size_t max_rows = 0;

    auto operator<=>(const SnapshotKey&) const = default;
};

// All scopes of some of its records, and which of them the device held that it was made for.
using ShownScopes = std::pair<std::vector<std::string>, std::vector<std::string>>;

struct SnapshotPage {
    Bytes bytes;  // empty: no records
    std::size_t rows = 0;
    std::optional<RecordPlace> goes_on;  // after this; nothing: the scope has no more in its stage
    Sequence scope_change{};             // the scope's last change when it was made
    std::vector<ShownScopes> shown;
    std::shared_ptr<const Bytes> packed;  // `bytes` compressed
};

using SnapshotPointer = std::shared_ptr<const SnapshotPage>;

class SnapshotPages {
  public:
    explicit SnapshotPages(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    // Null: there is none that is good for a device with these scopes (ascending).
    SnapshotPointer find(const SnapshotKey& key, Sequence scope_change,
                         const std::vector<std::string>& scopes);
    void keep(const SnapshotKey& key, SnapshotPointer page);
    void clear();
    std::size_t size_bytes() const { return size_bytes_; }
    std::uint64_t found() const { return found_; }    // since the start
    std::uint64_t missed() const { return missed_; }  // since the start

  private:
    using Entry = std::pair<SnapshotKey, SnapshotPointer>;

    void drop(std::list<Entry>::iterator entry);

    std::size_t max_bytes_;
    std::size_t size_bytes_ = 0;
    std::uint64_t found_ = 0;
    std::uint64_t missed_ = 0;
    std::list<Entry> entries_;  // used last in front
    std::map<SnapshotKey, std::list<Entry>::iterator> by_key_;
};

// The members of both lists, which ascend.
std::vector<std::string> common(const std::vector<std::string>& a,
                                const std::vector<std::string>& b);

}  // namespace satchel
