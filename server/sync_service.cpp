#include "server/sync_service.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "server/json_body.hpp"

namespace satchel::server {
namespace {

constexpr const char* kSyncType = "application/x-satchel-sync";

HttpReply wiped_reply(std::uint64_t acked_counter) {
    return json_reply({{"code", "forbidden"},
                       {"message",
                        "this device may not use this workspace any more; what it sent is kept at "
                        "head office, and the device wipes its data"},
                       {"wiped", true},
                       {"acked_counter", acked_counter}},
                      403);
}

void ask_for_nothing(SyncRequest& request) {
    request.scopes.clear();
    request.loading.clear();
    request.wanted.clear();
    request.repair_scope.clear();
    request.repair.clear();
    request.lists_scopes = true;
    request.scopes_hash = scopes_hash(request.scopes);
}

void log_verdicts(const SyncRequest& request, const SyncReply& reply) {
    std::size_t quarantined = 0;
    std::size_t held = 0;
    for (const Verdict& verdict : reply.verdicts) {
        quarantined += verdict.kind == VerdictKind::quarantined ? 1 : 0;
        held += verdict.kind == VerdictKind::held ? 1 : 0;
    }
    std::size_t bytes = 0;
    for (const Bytes& page : reply.pages)
        bytes += page.size();
    spdlog::debug(
        "sync replica={} status={} cursor={} uploaded={} quarantined={} held={} pages={} "
        "page_bytes={}",
        request.replica.text(), static_cast<int>(reply.status), number(request.cursor),
        request.changesets.size(), quarantined, held, reply.pages.size(), bytes);
}

}  // namespace

Result<Handled> answer_sync(Office& office, SyncRequest& request, const Caller& caller) {
    if (caller.revoked) ask_for_nothing(request);
    ServerOptions limits;
    if (request.max_reply_bytes > 0)
        limits.page_bytes = static_cast<std::size_t>(
            std::min<std::uint64_t>(limits.page_bytes, request.max_reply_bytes));
    return handle_sync(request, caller, *office.store, office.store->services(), office.now_ms(),
                       limits);
}

SyncService::SyncService(Office& office, WorkQueue& queue, WaitingOptions options)
    : office_(office), queue_(queue), options_(options), timer_([this] { watch_time(); }) {}

SyncService::~SyncService() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        changed_.notify_all();
    }
    timer_.join();
}

void SyncService::start(const ExchangePointer& exchange, const std::string& token) {
    ++office_.metrics.syncs;
    Result<SyncRequest> request =
        decode_request(exchange->request().body, office_.store->services());
    if (!request) {
        HttpReply reply = error_reply(request.error());
        if (reply.status >= 500) reply.status = 400;  // it is the request that is damaged
        exchange->reply(std::move(reply));
        return;
    }
    const auto entry = std::make_shared<Entry>();
    entry->exchange = exchange;
    entry->token = token;
    entry->request = *std::move(request);
    const std::chrono::milliseconds wait{std::min<std::uint64_t>(
        entry->request.wait_ms, static_cast<std::uint64_t>(options_.longest.count()))};
    entry->until = Clock::now() + wait;
    look_again(entry, wait.count() > 0);
}

Result<storage::Access> SyncService::admit(const Entry& entry) {
    SATCHEL_ASSIGN(storage::Access access,
                   office_.directory->access(entry.token, office_.now_ms()));
    if (!access.device)
        return Error{ErrorCode::forbidden,
                     "this token only administers; log in with a replica file to sync"};
    if (entry.request.replica.id != access.caller.replica)
        return Error{ErrorCode::forbidden,
                     "this token belongs to another replica file; log in again with this one"};
    SATCHEL_ASSIGN(access.caller.scopes, office_.scopes_of(access.account));
    return access;
}

std::optional<HttpReply> SyncService::attempt(const EntryPointer& entry, bool may_wait) {
    Result<Handled> handled = Error{};
    bool revoked = false;
    may_wait = may_wait && Clock::now() < entry->until;
    {
        const std::lock_guard lock(office_.mutex);
        handled = office_.in_transaction([&]() -> Result<Handled> {
            SATCHEL_ASSIGN(const storage::Access access, admit(*entry));
            revoked = access.caller.revoked;
            return answer_sync(office_, entry->request, access.caller);
        });
        if (handled && handled->changed) wake();
        if (handled && handled->nothing_new && !revoked && may_wait && keep(entry))
            return std::nullopt;
    }
    if (!handled) return error_reply(handled.error());
    log_verdicts(entry->request, handled->reply);
    if (revoked) return wiped_reply(handled->reply.acked_counter);
    if (handled->nothing_new && may_wait)  // found no place to wait
        handled->reply.back_off_ms = std::max(handled->reply.back_off_ms, options_.back_off_ms);
    HttpReply reply;
    reply.content_type = kSyncType;
    reply.body = encode(handled->reply, office_.store->services());
    return reply;
}

// False: there is no place.
bool SyncService::keep(const EntryPointer& entry) {
    const std::lock_guard lock(mutex_);
    if (finished_ || waiting_.size() >= options_.max_waiting) return false;
    waiting_.push_back(entry);
    changed_.notify_all();
    return true;
}

void SyncService::look_again(const EntryPointer& entry, bool may_wait) {
    if (std::optional<HttpReply> reply = attempt(entry, may_wait))
        entry->exchange->reply(*std::move(reply));
}

void SyncService::post(const EntryPointer& entry, bool may_wait) {
    ++office_.metrics.woken;
    if (queue_.post_own([this, entry, may_wait] { look_again(entry, may_wait); })) return;
    entry->exchange->reply(later_reply(503, "the server is shutting down; try again", 5));
}

void SyncService::wake() {
    std::list<EntryPointer> woken;
    {
        const std::lock_guard lock(mutex_);
        woken.swap(waiting_);
    }
    for (const EntryPointer& entry : woken)
        post(entry, true);
}

void SyncService::finish_waiting() {
    std::list<EntryPointer> woken;
    {
        const std::lock_guard lock(mutex_);
        finished_ = true;
        woken.swap(waiting_);
    }
    for (const EntryPointer& entry : woken)
        post(entry, false);
}

std::size_t SyncService::waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
}

void SyncService::watch_time() {
    std::unique_lock lock(mutex_);
    while (!ended_) {
        const Clock::time_point now = Clock::now();
        Clock::time_point next = now + options_.longest;
        for (auto at = waiting_.begin(); at != waiting_.end();) {
            if ((*at)->until > now) {
                next = std::min(next, (*at)->until);
                ++at;
                continue;
            }
            post(*at, false);
            at = waiting_.erase(at);
        }
        changed_.wait_until(lock, next);
    }
}

}  // namespace satchel::server
