// The load of scopes that a device does not hold yet: their records in stages, in pages of one
// scope each that are kept for the next device (sync/snapshot_pages.hpp).
#include <algorithm>

#include "sync/limits.hpp"
#include "sync/load_order.hpp"
#include "sync/page_builder.hpp"
#include "sync/server_exchange.hpp"

namespace satchel {
namespace {

constexpr std::size_t kPagesOfReply = 4;  // of full size: what a reply holds is cut that finely

RecordPlace last_place(Sequence seq) {
    RecordPlace place{seq, {}};
    place.id.bytes.fill(0xFF);
    return place;
}

}  // namespace

// A place under another order says nothing about what has gone down: then the load begins anew.
// Where the device shows older states already, it stays with those until the news.
void Exchange::begin_load(const LoadOrder& order) {
    WalkPosition& position = handled_.reply.position;
    const bool goes_on =
        handled_.reply.gained.empty() && (position.load.order == order.number() ||
                                          (position.load.order != 0 && !position.in_load()));
    if (goes_on) return;
    position = {};
    position.load.order = order.number();
    position.load.until = store_.head();
    if (number(request_.cursor) != 0)
        position.load.until = std::min(store_.head(), request_.cursor);
}

// False when the reply is full before the load is done.
Result<bool> Exchange::send_load() {
    if (loading_.empty()) return true;
    const LoadOrder order(store_.schema());
    begin_load(order);
    WalkPosition& position = handled_.reply.position;
    if (!position.in_load()) return true;
    for (const LoadStage& stage : order.stages()) {
        if (stage.number < position.load.stage) continue;
        if (stage.number > position.load.stage) enter({stage.number, {}});
        SATCHEL_ASSIGN(const bool done, send_stage(order, stage));
        if (!done) return false;
    }
    enter({kNewsStage, {}});
    return true;
}

// The start of a scope in a stage, or of the news.
void Exchange::enter(const std::pair<std::uint32_t, std::string>& place) {
    WalkPosition& position = handled_.reply.position;
    std::tie(position.load.stage, position.load.scope) = place;
    position.seq = {};
    position.id = {};
}

Result<bool> Exchange::send_stage(const LoadOrder& order, const LoadStage& stage) {
    const std::string own = user_scope(caller_.user);
    WalkPosition& position = handled_.reply.position;
    for (const std::string& scope : loading_) {
        if ((scope == own) != stage.own || scope < position.load.scope) continue;
        if (scope > position.load.scope) enter({stage.number, scope});
        while (true) {
            if (is_full()) return false;
            SATCHEL_ASSIGN(const SnapshotPointer page, load_page(order, stage, scope));
            add_page(*page);
            const RecordPlace reached = page->goes_on.value_or(last_place(position.load.until));
            position.seq = reached.seq;
            position.id = reached.id;
            if (!page->goes_on) break;
        }
    }
    return true;
}

void Exchange::add_page(const SnapshotPage& page) {
    if (page.bytes.empty()) return;
    SyncReply& reply = handled_.reply;
    reply.packed.resize(reply.pages.size());
    reply.packed.push_back(page.packed);
    reply.pages.push_back(page.bytes);
    sent_bytes_ += page.bytes.size();
    sent_rows_ += page.rows;
}

// So much went down that another page of full size might be too much.
bool Exchange::is_full() const {
    return sent_bytes_ > max_bytes_ - max_bytes_ / kPagesOfReply || sent_rows_ >= max_rows_ ||
           handled_.reply.pages.size() >= kMaxPages / 2;
}

// Kept pages show the scope as it is now, so they fit only a load that began since its last change.
Result<SnapshotPointer> Exchange::load_page(const LoadOrder& order, const LoadStage& stage,
                                            const std::string& scope) {
    const WalkPosition& position = handled_.reply.position;
    const std::size_t page_bytes = std::max<std::size_t>(max_bytes_ / kPagesOfReply, 1);
    const SnapshotKey key{stage.number, scope, position.place(), page_bytes, max_rows_};
    const Sequence last_change = store_.last_change(scope);
    const bool is_shared = last_change <= position.load.until;
    if (is_shared) {
        SnapshotPointer kept = store_.snapshot_pages().find(key, last_change, scopes_);
        if (kept != nullptr) return kept;
    }
    SATCHEL_ASSIGN(SnapshotPage made, make_page(order, stage, key, position.load.until));
    made.scope_change = last_change;
    auto page = std::make_shared<const SnapshotPage>(std::move(made));
    if (is_shared) store_.snapshot_pages().keep(key, page);
    return SnapshotPointer(page);
}

Result<SnapshotPage> Exchange::make_page(const LoadOrder& order, const LoadStage& stage,
                                         const SnapshotKey& key, Sequence until) {
    constexpr std::size_t kStep = 1'024;
    PageBuilder builder(store_, scopes_, {key.max_bytes, key.max_rows});
    ScopeQuery query{key.scope, stage.collections, key.from, until};
    SnapshotPage made;
    while (!made.goes_on) {
        SATCHEL_ASSIGN(const auto items, store_.scope_items(query, kStep));
        for (const ScopeItem& item : items) {
            if (builder.full()) {
                made.goes_on = query.from;
                break;
            }
            const auto belongs = [&](const RowView& row) {
                return order.belongs(stage, item.collection, row);
            };
            SATCHEL_TRY(builder.whole(item.collection, item.place.id, belongs));
            query.from = item.place;
        }
        if (items.size() < kStep) break;
    }
    made.rows = builder.rows();
    made.shown = builder.shown_scopes();
    if (builder.empty()) return made;
    made.bytes = builder.finish();
    made.packed = std::make_shared<const Bytes>(services_.compress(made.bytes));
    return made;
}

}  // namespace satchel
