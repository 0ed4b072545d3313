#include "client/sync_policy.hpp"

#include <algorithm>
#include <array>

namespace satchel::client {
namespace {

constexpr std::int64_t kNetworkLimitMs = 5'000;  // a network that flaps cannot put a try off longer
constexpr std::int64_t kRealWaitMs = 1'000;      // a waiting request that took so long did wait

struct Row {
    ErrorCode code;
    Reaction reaction;
};

// Every code that a sync can end with. Not here: retry.
constexpr auto kReactions = std::to_array<Row>({
    {ErrorCode::offline, Reaction::retry},
    {ErrorCode::time_out, Reaction::retry},
    {ErrorCode::bad_reply, Reaction::retry},
    {ErrorCode::server_error, Reaction::retry},
    {ErrorCode::busy, Reaction::retry},
    {ErrorCode::disk_full, Reaction::retry},
    {ErrorCode::io, Reaction::retry},
    {ErrorCode::unauthorized, Reaction::login},
    {ErrorCode::forbidden, Reaction::slowly},
    {ErrorCode::upgrade_needed, Reaction::slowly},
    {ErrorCode::limit, Reaction::slowly},
    {ErrorCode::corrupt, Reaction::slowly},
    {ErrorCode::internal, Reaction::slowly},
    {ErrorCode::invalid_argument, Reaction::slowly},
    {ErrorCode::not_found, Reaction::slowly},
    {ErrorCode::read_only, Reaction::slowly},
    {ErrorCode::not_a_database, Reaction::slowly},
    {ErrorCode::wrong_key, Reaction::slowly},
    {ErrorCode::newer_format, Reaction::slowly},
});

void keep_earlier(Plan& plan, std::int64_t at, Trigger why) {
    if (!plan.at || at < *plan.at) plan = {at, why};
}

}  // namespace

Reaction reaction(ErrorCode code) {
    const auto row = std::find_if(kReactions.begin(), kReactions.end(),
                                  [&](const Row& each) { return each.code == code; });
    return row == kReactions.end() ? Reaction::retry : row->reaction;
}

void SyncPolicy::asked(std::int64_t now) {
    if (!asked_) asked_ = now;
}

void SyncPolicy::wrote(std::int64_t now) {
    if (!write_) first_write_ = now;
    write_ = std::min(now + options_.write_debounce_ms, first_write_ + options_.write_limit_ms);
}

void SyncPolicy::network_came_back(std::int64_t now) {
    if (!network_) first_network_ = now;
    const std::int64_t latest = first_network_ + kNetworkLimitMs + options_.network_spread_ms;
    const std::int64_t at = now + options_.network_debounce_ms + up_to(options_.network_spread_ms);
    network_ = std::min(at, latest);
}

void SyncPolicy::set_live(bool live, std::int64_t now) {
    if (live == live_) return;
    live_ = live;
    if (failures_ == 0 && state_ == Reaction::retry && !began_) go_on(now);
}

void SyncPolicy::began(std::int64_t now) {
    began_ = now;
    waits_.reset();
    asked_.reset();
    write_.reset();
    network_.reset();
}

void SyncPolicy::waits(std::int64_t now) {
    waits_ = now;
}

void SyncPolicy::succeeded(std::int64_t now, const Success& success) {
    failures_ = 0;
    state_ = Reaction::retry;
    const bool waited = success.news || success.elapsed_ms >= kRealWaitMs;
    empty_returns_ = live_ && !waited ? empty_returns_ + 1 : 0;
    if (success.back_off_ms > 0)
        hold_until_ = now + success.back_off_ms + up_to(success.back_off_ms / 2);
    began_.reset();
    earliest_ = now + options_.floor_ms;
    go_on(now);
}

void SyncPolicy::failed(std::int64_t now, ErrorCode code, std::int64_t retry_after_ms) {
    began_.reset();
    if (waits_ && now - *waits_ >= kRealWaitMs) failures_ = 0;
    ++failures_;
    state_ = reaction(code);
    earliest_ = now + options_.floor_ms;
    network_earliest_ = now + options_.network_floor_ms;
    const std::int64_t bound = back_off_bound(failures_);
    if (retry_after_ms > 0) {
        hold_until_ = now + retry_after_ms + up_to(std::max(bound, retry_after_ms / 2));
        schedule(hold_until_, Trigger::server_hint);
    } else if (state_ == Reaction::retry) {
        schedule(earliest_ + up_to(bound), Trigger::back_off);
    } else if (state_ == Reaction::slowly) {
        schedule(now + options_.slow_ms / 2 + up_to(options_.slow_ms / 2), Trigger::person);
    }
    if (state_ == Reaction::login) scheduled_ = {std::nullopt, Trigger::login};
}

void SyncPolicy::cancelled(std::int64_t now) {
    began_.reset();
    earliest_ = now + options_.floor_ms;
    scheduled_ = {};
    if (options_.periodic_ms > 0) schedule(now + options_.periodic_ms, Trigger::periodic);
}

void SyncPolicy::interrupted(std::int64_t now) {
    earliest_ = began_.value_or(now) + options_.floor_ms;
    began_.reset();
    asked(now);
}

Plan SyncPolicy::plan() const {
    Plan plan = scheduled_;
    const bool well = failures_ == 0;
    if (write_ && well) keep_earlier(plan, std::max(*write_, hold_until_), Trigger::write);
    if (network_ && state_ == Reaction::retry)
        keep_earlier(plan, std::max({*network_, network_earliest_, hold_until_}), Trigger::network);
    if (asked_) keep_earlier(plan, *asked_, Trigger::asked);
    if (plan.at) plan.at = std::max(*plan.at, earliest_);
    return plan;
}

bool SyncPolicy::wants_to_interrupt(std::int64_t now) const {
    if (asked_) return true;
    if (now < hold_until_) return false;
    return (write_ && *write_ <= now) || (network_ && *network_ <= now);
}

std::int64_t SyncPolicy::up_to(std::int64_t bound) {
    if (bound <= 0) return 0;
    return static_cast<std::int64_t>(random_.next() % (static_cast<std::uint64_t>(bound) + 1));
}

std::int64_t SyncPolicy::back_off_bound(int failures) const {
    std::int64_t bound = options_.base_ms;
    for (int i = 1; i < failures && bound < options_.cap_ms; ++i)
        bound *= 2;
    return std::min(bound, options_.cap_ms);
}

void SyncPolicy::schedule(std::int64_t at, Trigger why) {
    scheduled_ = {at, why};
}

// What comes next when everything is well.
void SyncPolicy::go_on(std::int64_t now) {
    scheduled_ = {};
    if (live_) {
        const std::int64_t extra = empty_returns_ == 0 ? 0 : up_to(back_off_bound(empty_returns_));
        schedule(std::max(now + options_.floor_ms + extra, hold_until_), Trigger::live);
    } else if (options_.periodic_ms > 0) {
        // A tenth either way, or a fleet started in one moment stays in step.
        const std::int64_t tenth = options_.periodic_ms / 10;
        const std::int64_t at = now + options_.periodic_ms - tenth + up_to(2 * tenth);
        schedule(std::max(at, hold_until_), Trigger::periodic);
    }
    if (scheduled_.at && *scheduled_.at == hold_until_) scheduled_.why = Trigger::server_hint;
}

}  // namespace satchel::client
