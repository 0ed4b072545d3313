// PageBuilder: one page of what a device may see, with its limits. Private to the server's side.
//
// Threads: one at a time. Errors: the store's.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sync/server_session.hpp"

namespace satchel {

class PageBuilder {
  public:
    struct Limits {
        std::size_t bytes = 0;
        std::size_t rows = 0;  // and departures
    };
    // False for a row that has no place in this page.
    using RowFilter = std::function<bool(const RowView&)>;

    // `scopes`: ascending, the device's; they outlive the builder.
    PageBuilder(ServerStore& store, const std::vector<std::string>& scopes, Limits limits)
        : store_(store), scopes_(scopes), limits_(limits) {}

    bool full() const;
    bool empty() const { return page_.empty(); }
    std::size_t rows() const { return items_; }
    Bytes finish() { return page_.finish(); }

    void depart(const WalkItem& item);
    // False when the device may not see it, or there is no such record, or it is filtered out.
    Result<bool> whole(CollectionId collection, const RecordId& id, const RowFilter& filter = {});
    // The cells changed since the cursor; clock, sets, counters and life whole.
    Result<bool> patch(CollectionId collection, const RecordId& id, Sequence cursor);
    // Only for a walk over nothing but complete scopes: it names all that hold the record.
    void confirm(const WalkItem& item);
    // The sets of scopes met so far, with what the device holds of them.
    std::vector<ShownScopes> shown_scopes() const;

  private:
    using RowWriter = std::function<Status(const RowView&, const std::vector<std::string>& shared)>;

    Result<bool> add(CollectionId collection, const RecordId& id, const RowFilter& filter,
                     const RowWriter& write);
    Status add_whole(CollectionId collection, const RecordId& id, const RowView& row,
                     const std::vector<std::string>& shared);
    Status add_patch(CollectionId collection, const RecordId& id, const RowView& row,
                     const std::vector<std::string>& shared, Sequence cursor);
    const std::vector<std::string>& shared_with(const std::vector<std::string>& scopes);

    ServerStore& store_;
    const std::vector<std::string>& scopes_;
    Limits limits_;
    PageWriter page_;
    std::size_t items_ = 0;
    std::size_t columns_ = 0;
    // The record's scopes that the device holds. Sets of scopes are few and live in the store.
    std::map<const std::vector<std::string>*, std::vector<std::string>> shared_;
};

}  // namespace satchel
