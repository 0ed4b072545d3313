#include "sync/bundle_rounds.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "sync/page.hpp"

namespace satchel {
namespace {

using Scopes = std::vector<std::string>;

Scopes sorted(Scopes scopes) {
    std::sort(scopes.begin(), scopes.end());
    return scopes;
}

Scopes changed(const Scopes& before, const Scopes& lost, const Scopes& gained) {
    Scopes kept;
    std::set_difference(before.begin(), before.end(), lost.begin(), lost.end(),
                        std::back_inserter(kept));
    Scopes after;
    std::set_union(kept.begin(), kept.end(), gained.begin(), gained.end(),
                   std::back_inserter(after));
    return after;
}

// The last place before anything that comes after `seq`.
WalkPosition end_of(Sequence seq) {
    WalkPosition position{seq, {}, {}};
    position.id.bytes.fill(0xFF);
    return position;
}

// What was asked for and is neither here now nor unknown at head office.
Status drop_answered(std::vector<RecordId>& wanted, const SyncReply& reply) {
    if (wanted.empty()) return {};
    std::vector<RecordId> answered = reply.unknown;
    for (const Bytes& bytes : reply.pages) {
        SATCHEL_ASSIGN(const PageReader page, PageReader::open(bytes));
        SATCHEL_TRY(page.visit([&answered](const PageRow& row) -> Status {
            answered.push_back(row.id);
            return {};
        }));
    }
    std::sort(answered.begin(), answered.end());
    std::erase_if(wanted, [&answered](const RecordId& id) {
        return std::binary_search(answered.begin(), answered.end(), id);
    });
    return {};
}

SyncPlace place_of(const SyncRequest& request) {
    return {request.replica,  request.epoch,          request.base_counter,   request.cursor,
            request.position, sorted(request.scopes), sorted(request.loading)};
}

}  // namespace

SyncPlace place_of(const SyncState& state) {
    return {state.replica,  state.epoch,          state.acked_counter,  state.cursor,
            state.position, sorted(state.scopes), sorted(state.loading)};
}

SyncRequest without_content(SyncRequest request) {
    for (UploadedChangeset& changeset : request.changesets)
        changeset.bytes.assign(1, '\0');
    return request;
}

BundleRounds::BundleRounds(std::vector<SyncRequest> requests, HashFunction hash)
    : requests_(std::move(requests)),
      hash_(hash),
      request_(requests_.front()),
      place_(place_of(request_)) {
    request_.wait_ms = 0;
}

Status BundleRounds::check() const {
    const SyncRequest& first = requests_.front();
    std::uint64_t counter = first.base_counter;
    for (const SyncRequest& request : requests_) {
        const bool follows = request.replica == first.replica && request.base_counter == counter;
        if (!follows || (&request != &first && request.changesets.empty()))
            return Error{ErrorCode::invalid_argument,
                         "the requests of this bundle do not follow each other"};
        if (!request.changesets.empty()) counter = request.changesets.back().last_counter;
    }
    if (first.lists_scopes) return {};
    return Error{ErrorCode::invalid_argument, "this bundle does not say what the device holds"};
}

Status BundleRounds::take(const SyncReply& reply) {
    refused_ = reply.status != ReplyStatus::ok;
    if (!refused_ && !takes_all(reply)) next_ = requests_.size();
    // About an earlier incarnation verdicts come, and nothing else.
    const bool has_come = reply.checkpoint.has_value() || (request_.closed && reply.pages.empty());
    const bool is_last = has_come && next_ == requests_.size();
    if (!refused_) move_place(reply);
    finished_ = refused_ || is_last;
    return finished_ ? Status{} : ask_on(reply);
}

// Where head office stops, nothing more goes up with this bundle; what comes down goes on.
bool BundleRounds::takes_all(const SyncReply& reply) const {
    return request_.changesets.empty() ||
           reply.acked_counter >= request_.changesets.back().last_counter;
}

bool BundleRounds::complete() const {
    return finished_ && !refused_ && !request_.closed &&
           place_.acked_counter >= request_.last_counter;
}

// As Taker does it on the device.
void BundleRounds::move_place(const SyncReply& reply) {
    place_.epoch = reply.epoch;
    if (!request_.changesets.empty()) place_.acked_counter = reply.acked_counter;
    place_.scopes = changed(place_.scopes, sorted(reply.lost), sorted(reply.gained));
    place_.loading = changed(place_.loading, sorted(reply.lost), sorted(reply.gained));
    place_.position = reply.position;
    if (!reply.checkpoint) return;
    place_.loading.clear();
    place_.cursor = reply.checkpoint->seq;
    place_.position = end_of(place_.cursor);
}

void BundleRounds::move_base() {
    for (const UploadedChangeset& changeset : request_.changesets) {
        if (changeset.last_counter > place_.acked_counter) break;
        const bool is_first = request_.base_counter == 0;
        const Digest head = is_first ? chain_start(hash_, request_.replica) : request_.base_hash;
        request_.base_hash = chain_link(hash_, head, changeset.bytes);
        request_.base_counter = changeset.last_counter;
    }
    request_.changesets.clear();
}

// The cursor stays where the device has confirmed it: this answer may get lost. What is sent for
// an older cursor fits a device that is further.
Status BundleRounds::ask_on(const SyncReply& reply) {
    move_base();
    if (next_ < requests_.size()) {
        SyncRequest& part = requests_[next_++];
        request_.changesets = std::move(part.changesets);
        request_.last_counter = std::max(request_.last_counter, part.last_counter);
    }
    ++request_.tag;
    request_.epoch = place_.epoch;
    request_.position = place_.position;
    request_.scopes = place_.scopes;
    request_.loading = place_.loading;
    request_.scopes_hash = scopes_hash(request_.scopes);
    request_.questions.clear();
    request_.repair_scope.clear();
    request_.repair.clear();
    return drop_answered(request_.wanted, reply);
}

}  // namespace satchel
