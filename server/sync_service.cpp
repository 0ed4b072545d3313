#include "server/sync_service.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "server/api.hpp"
#include "server/json_body.hpp"

namespace satchel::server {
namespace {

// Another history's counter says nothing about the device's own.
HttpReply wiped_reply(const SyncReply& said) {
    const std::uint64_t acked_counter = said.status == ReplyStatus::ok ? said.acked_counter : 0;
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

Result<Handled> answer_sync(Office& office, SyncRequest& request, const storage::Access& access) {
    Caller caller = access.caller;
    if (caller.revoked) ask_for_nothing(request);
    ServerOptions limits;
    if (request.max_reply_bytes > 0)
        limits.page_bytes = static_cast<std::size_t>(
            std::min<std::uint64_t>(limits.page_bytes, request.max_reply_bytes));
    const auto handle = [&] {
        return handle_sync(request, caller, *office.store, office.store->services(),
                           office.now_ms(), limits);
    };
    SATCHEL_ASSIGN(Handled handled, handle());
    if (!handled.changed || caller.revoked || access.account.role != storage::Role::admin)
        return handled;
    SATCHEL_ASSIGN(std::vector<std::string> scopes, office.scopes_of(access.account));
    if (scopes == caller.scopes) return handled;
    // The same once more, as after a lost reply, with the scopes that it brought itself.
    caller.scopes = std::move(scopes);
    SATCHEL_ASSIGN(handled, handle());
    handled.changed = true;
    return handled;
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

// While it waited the device sent more by another line, and this one is dead. A copy of the device
// asks again at once, and is told apart then: its word of a minute ago is no proof.
Result<std::optional<Handled>> SyncService::ask_again(const Entry& entry) {
    if (!entry.has_waited) return std::optional<Handled>{};
    SATCHEL_ASSIGN(const auto known, office_.store->replica(entry.request.replica));
    if (!known || known->high <= entry.request.last_counter) return std::optional<Handled>{};
    Handled handled;
    handled.reply.status = ReplyStatus::list_scopes;
    handled.reply.tag = entry.request.tag;
    handled.reply.epoch = office_.store->epoch();
    handled.reply.server_now = office_.now_ms();
    return std::optional(std::move(handled));
}

Status SyncService::look(Look& look) {
    look.may_wait = look.may_wait && Clock::now() < look.entry->until;
    look.handled = [&]() -> Result<Handled> {
        SATCHEL_ASSIGN(const storage::Access access, admit(*look.entry));
        look.revoked = access.caller.revoked;
        SATCHEL_ASSIGN(auto stale, ask_again(*look.entry));
        if (stale) return *std::move(stale);
        return answer_sync(office_, look.entry->request, access);
    }();
    return look.handled ? Status{} : Status{look.handled.error()};
}

void SyncService::settle(Look& look) {
    if (!look.handled) return;
    if (look.handled->changed) wake();
    look.waits_on = look.handled->nothing_new && !look.revoked && look.may_wait && keep(look.entry);
}

void SyncService::answer(Look& look) {
    if (look.waits_on) return;
    Exchange& exchange = *look.entry->exchange;
    if (!look.handled) return exchange.reply(error_reply(look.handled.error()));
    SyncReply& said = look.handled->reply;
    log_verdicts(look.entry->request, said);
    if (look.revoked) return exchange.reply(wiped_reply(said));
    if (look.handled->nothing_new && (look.may_wait || look.entry->is_displaced))
        said.back_off_ms = std::max(said.back_off_ms, options_.back_off_ms);
    HttpReply reply;
    reply.content_type = kSyncType;
    reply.body = encode(said, office_.store->services());
    exchange.reply(std::move(reply));
}

// False: there is no place.
bool SyncService::keep(const EntryPointer& entry) {
    const std::lock_guard lock(mutex_);
    if (finished_ || waiting_.size() >= options_.max_waiting) return false;
    const std::uint64_t replica = entry->request.replica.id;
    if (++waiting_of_[replica] > options_.max_waiting_of_one) displace_oldest(replica);
    entry->has_waited = true;
    waiting_.push_back(entry);
    changed_.notify_all();
    return true;
}

void SyncService::displace_oldest(std::uint64_t replica) {
    const auto oldest = std::find_if(
        waiting_.begin(), waiting_.end(),
        [replica](const EntryPointer& each) { return each->request.replica.id == replica; });
    if (oldest == waiting_.end()) return;
    (*oldest)->is_displaced = true;
    post(*oldest, false);
    waiting_.erase(oldest);
    --waiting_of_[replica];
}

void SyncService::look_again(const EntryPointer& entry, bool may_wait) {
    Look one{.entry = entry, .may_wait = may_wait};
    {
        const std::lock_guard lock(office_.mutex);
        const Status saved = office_.in_transaction([&] { return look(one); });
        if (!saved) one.handled = saved.error();
        settle(one);
    }
    answer(one);
}

// A request that fails would undo the others: then each is looked at alone.
void SyncService::look_again(const std::vector<EntryPointer>& entries) {
    std::vector<Look> looks;
    for (const EntryPointer& entry : entries)
        looks.push_back({.entry = entry, .may_wait = true});
    Status saved;
    {
        const std::lock_guard lock(office_.mutex);
        saved = office_.in_transaction([&]() -> Status {
            for (Look& one : looks)
                SATCHEL_TRY(look(one));
            return {};
        });
        for (Look& one : looks)
            if (saved) settle(one);
    }
    for (std::size_t i = 0; i < looks.size(); ++i)
        saved ? answer(looks[i]) : look_again(entries[i], true);
}

void SyncService::post(const EntryPointer& entry, bool may_wait) {
    ++office_.metrics.woken;
    if (queue_.post_own([this, entry, may_wait] { look_again(entry, may_wait); })) return;
    entry->exchange->reply(stopping_reply());
}

void SyncService::post(std::vector<EntryPointer> entries) {
    office_.metrics.woken += entries.size();
    const auto shared = std::make_shared<const std::vector<EntryPointer>>(std::move(entries));
    if (queue_.post_own([this, shared] { look_again(*shared); })) return;
    for (const EntryPointer& entry : *shared)
        entry->exchange->reply(stopping_reply());
}

// In groups: others get their turn between two of them.
void SyncService::wake() {
    constexpr std::size_t kGroup = 64;
    std::list<EntryPointer> woken;
    {
        const std::lock_guard lock(mutex_);
        woken = take_waiting();
    }
    std::vector<EntryPointer> group;
    for (EntryPointer& entry : woken) {
        group.push_back(std::move(entry));
        if (group.size() == kGroup) post(std::exchange(group, {}));
    }
    if (!group.empty()) post(std::move(group));
}

std::list<SyncService::EntryPointer> SyncService::take_waiting() {
    waiting_of_.clear();
    return std::exchange(waiting_, {});
}

void SyncService::finish_waiting() {
    std::list<EntryPointer> woken;
    {
        const std::lock_guard lock(mutex_);
        finished_ = true;
        woken = take_waiting();
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
            const auto of_one = waiting_of_.find((*at)->request.replica.id);
            if (--of_one->second == 0) waiting_of_.erase(of_one);
            at = waiting_.erase(at);
        }
        changed_.wait_until(lock, next);
    }
}

}  // namespace satchel::server
