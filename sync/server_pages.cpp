// What goes down: the scopes, the records asked for, and the walk up to a checkpoint.
#include <algorithm>

#include "sync/limits.hpp"
#include "sync/mutants.hpp"
#include "sync/page_builder.hpp"
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

WalkPosition end_of(Sequence seq) {
    WalkPosition position{seq, {}, {}};
    position.id.bytes.fill(0xFF);
    return position;
}

}  // namespace

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

// What was asked for comes first: it is little, and somebody waits for it.
Status Exchange::send() {
    max_bytes_ = options_.page_bytes;
    if (request_.max_reply_bytes != 0)
        max_bytes_ = std::min<std::size_t>(max_bytes_, request_.max_reply_bytes);
    // A single item may bring a departure from every scope.
    const std::size_t most = kMaxPageRecords - std::min(scopes_.size(), kMaxPageRecords / 2) - 1;
    max_rows_ = std::min(options_.max_rows, most);
    if (handled_.reply.gained.empty()) handled_.reply.position = request_.position;
    note_load();
    SATCHEL_TRY(send_wanted());
    SATCHEL_ASSIGN(const bool loaded, send_load());
    if (loaded && sent_bytes_ < max_bytes_ && sent_rows_ < max_rows_) SATCHEL_TRY(send_news());
    return {};
}

void Exchange::add_page(PageBuilder& page) {
    if (page.empty()) return;
    sent_rows_ += page.rows();
    sent_bytes_ += handled_.reply.pages.emplace_back(page.finish()).size();
}

Status Exchange::send_wanted() {
    PageBuilder page(store_, scopes_, {max_bytes_, max_rows_});
    for (const RecordId& id : request_.wanted) {
        if (page.full()) break;
        SATCHEL_ASSIGN(const auto collection, store_.collection_of(id));
        bool sent = false;
        if (collection) {
            SATCHEL_ASSIGN(sent, page.whole(*collection, id));
        }
        if (!sent) handled_.reply.unknown.push_back(id);
    }
    add_page(page);
    return {};
}

// Departures from before a load began are no news to it: a device learns nothing of records that it
// never held.
void Exchange::note_load() {
    const bool begins = !loading_.empty() && handled_.reply.position.load.order == 0;
    if (begins && number(known_.load_head) == 0) {
        known_.load_head = store_.head();
        known_changed_ = true;
    } else if (loading_.empty() && number(known_.load_head) != 0) {
        known_.load_head = {};
        known_changed_ = true;
    }
}

WalkQuery Exchange::query() const {
    WalkQuery query;
    query.established = without(scopes_, loading_);
    query.cursor = request_.cursor;
    query.loading = loading_;
    query.loaded = handled_.reply.position.load.until;
    query.load_head = known_.load_head;
    query.from = handled_.reply.position.place();
    return query;
}

Status Exchange::send_news() {
    constexpr std::size_t kStep = 4'096;
    PageBuilder page(store_, scopes_, {max_bytes_ - sent_bytes_, max_rows_ - sent_rows_});
    WalkPosition& position = handled_.reply.position;
    if (position.in_load()) enter({kNewsStage, {}});  // of scopes that the device has lost
    WalkQuery query = this->query();
    const bool confirms = loading_.empty() && !request_.whole_states_only;
    while (true) {
        SATCHEL_ASSIGN(const auto items, store_.walk(query, kStep));
        for (const WalkItem& item : items) {
            if (page.full()) {
                add_page(page);
                return {};
            }
            if (!broken(Mutant::departure_not_sent)) page.depart(item);
            const bool is_late = broken(Mutant::sequence_gap) &&
                                 number(item.position.seq) + 1 == number(store_.head());
            if (!is_late) SATCHEL_TRY(send_item(page, item, confirms));
            query.from = item.position;
            position.seq = item.position.seq;
            position.id = item.position.id;
        }
        if (items.size() < kStep) break;
    }
    add_page(page);
    return check_point();
}

Status Exchange::send_item(PageBuilder& page, const WalkItem& item, bool confirms) {
    if (item.held.empty()) return {};
    const RecordId& id = item.position.id;
    const bool holds = (number(item.entered) != 0 && item.entered <= request_.cursor) ||
                       broken(Mutant::entry_unnoticed);
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
    const bool news = !reply.pages.empty() || !loading_.empty() || known_changed_ ||
                      request_.position.seq > request_.cursor;
    if (!news || checkpoint.seq <= known_.cursor_given) return {};
    known_.cursor_given = checkpoint.seq;
    known_changed_ = true;
    return {};
}

}  // namespace satchel
