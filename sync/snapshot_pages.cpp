#include "sync/snapshot_pages.hpp"

#include <algorithm>
#include <iterator>

namespace satchel {
namespace {

constexpr std::size_t kEntryBytes = 512;  // beside the page itself, roughly

std::size_t cost(const SnapshotPage& page) {
    const std::size_t packed = page.packed == nullptr ? 0 : page.packed->size();
    return kEntryBytes + page.bytes.size() + packed;
}

}  // namespace

SnapshotPointer SnapshotPages::find(const SnapshotKey& key, Sequence scope_change,
                                    const std::vector<std::string>& scopes) {
    const auto at = by_key_.find(key);
    if (at != by_key_.end()) {
        const SnapshotPage& page = *at->second->second;
        const bool is_good =
            page.scope_change == scope_change &&
            std::all_of(page.shown.begin(), page.shown.end(), [&scopes](const ShownScopes& one) {
                return common(one.first, scopes) == one.second;
            });
        if (is_good) {
            ++found_;
            entries_.splice(entries_.begin(), entries_, at->second);
            return at->second->second;
        }
    }
    ++missed_;
    return nullptr;
}

void SnapshotPages::keep(const SnapshotKey& key, SnapshotPointer page) {
    const auto old = by_key_.find(key);
    if (old != by_key_.end()) drop(old->second);
    size_bytes_ += cost(*page);
    entries_.emplace_front(key, std::move(page));
    by_key_[key] = entries_.begin();
    while (size_bytes_ > max_bytes_ && !entries_.empty())
        drop(std::prev(entries_.end()));
}

void SnapshotPages::clear() {
    by_key_.clear();
    entries_.clear();
    size_bytes_ = 0;
}

void SnapshotPages::drop(std::list<Entry>::iterator entry) {
    size_bytes_ -= cost(*entry->second);
    by_key_.erase(entry->first);
    entries_.erase(entry);
}

std::vector<std::string> common(const std::vector<std::string>& a,
                                const std::vector<std::string>& b) {
    std::vector<std::string> both;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    return both;
}

}  // namespace satchel
