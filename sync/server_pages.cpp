// What goes down: the scopes, the records asked for, and the walk up to a checkpoint.
#include <algorithm>
#include <map>

#include "sync/limits.hpp"
#include "sync/rules.hpp"
#include "sync/server_exchange.hpp"

namespace satchel {
namespace {

std::vector<std::string> without(const std::vector<std::string>& a,
                                 const std::vector<std::string>& b) {
    std::vector<std::string> rest;
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(rest));
    return rest;
}

std::vector<std::string> common(const std::vector<std::string>& a,
                                const std::vector<std::string>& b) {
    std::vector<std::string> both;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    return both;
}

WalkPosition end_of(Sequence seq) {
    WalkPosition position{seq, {}};
    position.id.bytes.fill(0xFF);
    return position;
}

}  // namespace

// One page with its limits, in bytes, rows and columns.
class PageBuilder {
  public:
    PageBuilder(ServerStore& store, const std::vector<std::string>& scopes, std::size_t max_bytes,
                std::size_t max_rows)
        : store_(store), scopes_(scopes), max_bytes_(max_bytes), max_rows_(max_rows) {}

    bool full() const {
        return page_.size_bytes() >= max_bytes_ || items_ >= max_rows_ ||
               columns_ >= kMaxPageColumns / 2;
    }
    bool empty() const { return page_.empty(); }
    Bytes finish() { return page_.finish(); }

    void depart(const WalkItem& item) {
        for (const std::string& scope : item.left)
            page_.add_departure({scope, item.collection, item.position.id, item.position.seq});
        items_ += item.left.size();
    }

    // False when the device may not see it, or there is no such record.
    Result<bool> whole(CollectionId collection, const RecordId& id) {
        return add(collection, id, RowKind::whole, {});
    }
    Result<bool> patch(CollectionId collection, const RecordId& id, Sequence cursor) {
        return add(collection, id, RowKind::patch, cursor);
    }
    // Only for a walk over nothing but complete scopes: it names all that hold the record.
    void confirm(const WalkItem& item) {
        static const Layout kNone;
        ++items_;
        page_.add(item.collection, RowKind::confirm, kNone, item.position.id, item.position.seq,
                  item.held, {}, {});
    }

  private:
    Result<bool> add(CollectionId collection, const RecordId& id, RowKind kind, Sequence cursor) {
        bool visible = false;
        SATCHEL_ASSIGN(const bool found,
                       store_.visit_row(collection, id, [&](const RowView& row) -> Status {
                           const std::vector<std::string>& shared = shared_with(*row.scopes);
                           visible = !shared.empty();
                           if (!visible) return {};
                           ++items_;
                           return add_row(collection, id, row, shared, kind, cursor);
                       }));
        return found && visible;
    }

    Status add_row(CollectionId collection, const RecordId& id, const RowView& row,
                   const std::vector<std::string>& shared, RowKind kind, Sequence cursor) {
        if (kind == RowKind::patch && !row.dead && row.created <= cursor)
            return add_patch(collection, id, row, shared, cursor);
        else
            page_.add(collection, RowKind::whole, *row.layout, id, row.seq, shared, row.meta,
                      row.registers);
        return {};
    }

    // The cells changed since the cursor; clock, sets, counters and life whole.
    Status add_patch(CollectionId collection, const RecordId& id, const RowView& row,
                     const std::vector<std::string>& shared, Sequence cursor) {
        SATCHEL_ASSIGN(RecordState state, decode_meta(row.meta, *row.layout, row.registers));
        const auto changed = [&](FieldId cell) {
            return std::any_of(row.cell_seqs.begin(), row.cell_seqs.end(), [&](const auto& one) {
                return one.first == cell && one.second > cursor;
            });
        };
        std::erase_if(state.cells,
                      [&changed](const CellState& cell) { return !changed(cell.cell); });
        Layout layout;
        std::vector<ValueView> values;
        for (const CellState& cell : state.cells) {
            const LayoutCell* known = row.layout->cell(cell.cell);
            if (known == nullptr) continue;
            LayoutCell& kept = layout.cells.emplace_back(LayoutCell{known->id, {}});
            for (const std::size_t column : known->columns) {
                kept.columns.push_back(layout.fields.size());
                layout.fields.push_back(row.layout->fields[column]);
                values.push_back(row.registers[column]);
            }
        }
        columns_ += layout.fields.size() + 1;
        const Bytes meta = encode_meta(state, layout);
        page_.add(collection, RowKind::patch, layout, id, row.seq, shared, meta, values);
        return {};
    }

    // The record's scopes that the device holds. Sets of scopes are few and live in the store.
    const std::vector<std::string>& shared_with(const std::vector<std::string>& scopes) {
        const auto at = shared_.find(&scopes);
        if (at != shared_.end()) return at->second;
        return shared_.emplace(&scopes, common(scopes, scopes_)).first->second;
    }

    ServerStore& store_;
    const std::vector<std::string>& scopes_;
    std::size_t max_bytes_;
    std::size_t max_rows_;
    PageWriter page_;
    std::size_t items_ = 0;
    std::size_t columns_ = 0;
    std::map<const std::vector<std::string>*, std::vector<std::string>> shared_;
};

// False: the device has to list what it holds first; nothing was taken in.
bool Exchange::settle_scopes() {
    SyncReply& reply = handled_.reply;
    if (!caller_.revoked) scopes_ = caller_.scopes;
    loading_ = common(request_.loading, scopes_);
    if (request_.lists_scopes) {
        reply.gained = without(scopes_, request_.scopes);
        reply.lost = without(request_.scopes, scopes_);
        if (reply.gained.empty()) return true;
        std::vector<std::string> all;
        std::set_union(loading_.begin(), loading_.end(), reply.gained.begin(), reply.gained.end(),
                       std::back_inserter(all));
        loading_ = std::move(all);
        return true;
    }
    if (request_.scopes_hash == scopes_hash(scopes_)) return true;
    reply.status = ReplyStatus::list_scopes;
    return false;
}

Status Exchange::send() {
    std::size_t max_bytes = options_.page_bytes;
    if (request_.max_reply_bytes != 0)
        max_bytes = std::min<std::size_t>(max_bytes, request_.max_reply_bytes);
    // A single item may bring a departure from every scope.
    const std::size_t most = kMaxPageRecords - std::min(scopes_.size(), kMaxPageRecords / 2) - 1;
    PageBuilder page(store_, scopes_, max_bytes, std::min(options_.max_rows, most));
    if (handled_.reply.gained.empty()) handled_.reply.position = request_.position;
    SATCHEL_TRY(send_wanted(page));
    if (!page.full()) SATCHEL_TRY(send_walk(page));
    sent_items_ = !page.empty();
    if (sent_items_) handled_.reply.pages.push_back(page.finish());
    return {};
}

Status Exchange::send_wanted(PageBuilder& page) {
    for (const RecordId& id : request_.wanted) {
        if (page.full()) return {};
        SATCHEL_ASSIGN(const auto collection, store_.collection_of(id));
        bool sent = false;
        if (collection) {
            SATCHEL_ASSIGN(sent, page.whole(*collection, id));
        }
        if (!sent) handled_.reply.unknown.push_back(id);
    }
    return {};
}

WalkQuery Exchange::query() {
    WalkQuery query;
    query.established = without(scopes_, loading_);
    query.cursor = request_.cursor;
    query.loading = loading_;
    query.from = request_.position;
    if (!handled_.reply.gained.empty()) query.from = {};
    // Departures from before a load began are no news to it: a device learns nothing of records
    // that it never held.
    const bool begins = !loading_.empty() && query.from == WalkPosition{};
    if (begins && number(known_.load_head) == 0) {
        known_.load_head = store_.head();
        known_changed_ = true;
    } else if (loading_.empty() && number(known_.load_head) != 0) {
        known_.load_head = {};
        known_changed_ = true;
    }
    query.load_head = known_.load_head;
    return query;
}

// Pages of a first sync in key order could be kept per scope and head; the walk is fast enough.
Status Exchange::send_walk(PageBuilder& page) {
    constexpr std::size_t kStep = 4'096;
    WalkQuery query = this->query();
    handled_.reply.position = query.from;
    const bool confirms = loading_.empty() && !request_.whole_states_only;
    while (true) {
        SATCHEL_ASSIGN(const auto items, store_.walk(query, kStep));
        for (const WalkItem& item : items) {
            if (page.full()) return {};
            page.depart(item);
            SATCHEL_TRY(send_item(page, item, confirms));
            handled_.reply.position = query.from = item.position;
        }
        if (items.size() < kStep) break;
    }
    sent_items_ = !page.empty();
    return check_point();
}

Status Exchange::send_item(PageBuilder& page, const WalkItem& item, bool confirms) {
    if (item.held.empty()) return {};
    const RecordId& id = item.position.id;
    const bool holds = number(item.entered) != 0 && item.entered <= request_.cursor;
    const auto touched = confirms ? touched_.find(id) : touched_.end();
    const bool own = touched != touched_.end() && touched->second.confirmable &&
                     touched->second.seq == item.position.seq;
    if (own && (holds || touched->second.made)) {
        page.confirm(item);
        return {};
    }
    const auto sent = holds && !request_.whole_states_only
                          ? page.patch(item.collection, id, request_.cursor)
                          : page.whole(item.collection, id);
    return sent ? Status{} : Status{sent.error()};
}

Status Exchange::check_point() {
    SyncReply& reply = handled_.reply;
    Checkpoint& checkpoint = reply.checkpoint.emplace();
    checkpoint.seq = store_.head();
    SATCHEL_ASSIGN(checkpoint.scopes, store_.sums(scopes_));
    reply.position = end_of(checkpoint.seq);
    const bool news = sent_items_ || !loading_.empty() || known_changed_ ||
                      request_.position.seq > request_.cursor;
    if (!news || checkpoint.seq <= known_.cursor_given) return {};
    known_.cursor_given = checkpoint.seq;
    known_changed_ = true;
    return {};
}

}  // namespace satchel
