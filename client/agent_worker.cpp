#include "client/agent_worker.hpp"

#include <algorithm>

#include "client/account.hpp"

namespace satchel::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::int64_t kPublishMs = 100;  // a status line need not flicker faster

// After these the file is opened anew: what a failed write left in memory is not to be trusted.
bool wants_new_connection(ErrorCode code) {
    return code == ErrorCode::io || code == ErrorCode::corrupt || code == ErrorCode::disk_full;
}

}  // namespace

AgentWorker::AgentWorker(AgentOptions options)
    : options_(std::move(options)), policy_(options_.policy, random_) {
    policy_.set_live(options_.live, now());
    if (options_.automatic) policy_.asked(now());
    thread_ = std::thread([this] { loop(); });
}

AgentWorker::~AgentWorker() {
    stop();
}

void AgentWorker::stop() {
    inbox_.stop();
    const std::lock_guard lock(stopping_);
    if (thread_.joinable()) thread_.join();
}

void AgentWorker::loop() {
    if (const Status opened = open(); opened) refresh();
    while (follow(inbox_.take())) {
        look();
        if (is_due()) {
            sync();
            continue;
        }
        plan_into_status();
        publish();
        inbox_.sleep_until(next_wake());
    }
    replica_.reset();
    status_.stopped = true;
    status_.running = false;
    status_.next_try_at = 0;
    status_.waits_for = {"waits_stopped", {}};
    publish();
}

bool AgentWorker::follow(const Wishes& wishes) {
    if (wishes.stop) return false;
    const std::int64_t time = now();
    if (wishes.live) policy_.set_live(*wishes.live, time);
    if (wishes.network) policy_.network_came_back(time);
    if (wishes.wrote) policy_.wrote(time);
    if (wishes.slot) slot_ = wishes.slot;
    if (wishes.sync || wishes.slot) policy_.asked(time);
    return true;
}

bool AgentWorker::is_due() const {
    const Plan plan = policy_.plan();
    if (!plan.at || *plan.at > now()) return false;
    return options_.automatic || plan.why == Trigger::asked;
}

SteadyTime AgentWorker::next_wake() const {
    SteadyTime wake = SteadyTime::max();
    const Plan plan = policy_.plan();
    if (plan.at && (options_.automatic || plan.why == Trigger::asked))
        wake = SteadyTime(milliseconds(*plan.at));
    if (options_.automatic && options_.poll.count() > 0)
        wake = std::min(wake, steady_clock::now() + options_.poll);
    return wake;
}

void AgentWorker::sync() {
    const bool has_slot = slot_.has_value();
    const std::int64_t began = now();
    policy_.began(began);
    inbox_.begin_sync();
    told_.reset();
    status_.running = true;
    status_.progress = {};
    status_.waits_for = {"waits_syncing", {}};
    status_.next_try_at = 0;
    publish();

    const SyncOutcome outcome = try_sync();
    const CancelCause cause = inbox_.end_sync();
    status_.running = false;
    conclude(outcome, cause, now() - began);
    refresh();
    plan_into_status();
    publish();
    if (has_slot) {
        slot_.reset();
        inbox_.run_ended();
    }
}

SyncOutcome AgentWorker::try_sync() {
    SyncOutcome outcome;
    outcome.status = open();
    if (outcome.status) outcome.status = prepare_transport();
    if (!outcome.status) return outcome;

    if (const auto state = replica_->sync_state(); state)
        written_ = Dot{state->replica, state->last_counter};
    SyncOptions sync;
    sync.deadline = slot_.value_or(SteadyTime::max());
    sync.cancel = &inbox_.token();
    sync.wait = policy_.live() && !slot_ ? options_.wait : milliseconds(0);
    sync.on_progress = [this](const SyncProgress& progress) { on_progress(progress); };
    sync.clock = options_.replica.clock;
    return sync_once(*replica_, *transport_, sync);
}

Status AgentWorker::open() {
    if (replica_) return {};
    auto opened = storage::Replica::open(options_.path, options_.replica);
    status_.open = static_cast<bool>(opened);
    if (!opened) return opened.error();
    replica_ = *std::move(opened);
    return {};
}

Status AgentWorker::prepare_transport() {
    SATCHEL_ASSIGN(CurlOptions wanted, connection(*replica_));
    if (transport_ && wanted == connection_) return {};
    connection_ = wanted;
    if (options_.make_transport) {
        SATCHEL_ASSIGN(transport_, options_.make_transport(wanted));
        return {};
    }
    SATCHEL_ASSIGN(transport_, CurlTransport::make(wanted));
    return {};
}

void AgentWorker::on_progress(const SyncProgress& progress) {
    const bool turned = progress.waiting != status_.progress.waiting;
    const bool replied = progress.rounds != status_.progress.rounds;
    status_.progress = progress;
    follow(inbox_.take());
    look();
    if (turned && progress.waiting)
        in_step(progress);
    else if (replied)
        read_replica();
    if (progress.waiting && policy_.wants_to_interrupt(now())) inbox_.interrupt();
    inbox_.set_waiting(progress.waiting);
    if (!turned && now() - published_at_ < kPublishMs) return;
    status_.waits_for = {progress.waiting ? "waits_live" : "waits_syncing", {}};
    publish();
}

void AgentWorker::in_step(const SyncProgress& progress) {
    policy_.waits(now());
    own_error_.reset();
    told_ = progress;
    ++status_.syncs;
    if (progress.changes > 0) ++status_.news;
    refresh();
    status_.failures = 0;
}

void AgentWorker::conclude(const SyncOutcome& outcome, CancelCause cause, std::int64_t elapsed_ms) {
    const std::int64_t back_off = outcome.back_off.count();
    own_error_.reset();
    if (outcome.status) {
        const std::size_t changes = changes_in(outcome.report);
        const bool news = changes > (told_ ? told_->changes : 0);
        if (news || !told_) ++status_.syncs;
        if (news) ++status_.news;
        policy_.succeeded(now(), {back_off, elapsed_ms, changes > 0});
        return;
    }
    const Error& error = outcome.status.error();
    if (error.code == ErrorCode::cancelled) {
        cancelled(cause);
        return;
    }
    own_error_ = error;
    own_error_at_ = wall_now();
    if (outcome.report.received_rows > (told_ ? told_->rows : 0) || outcome.wiped) ++status_.news;
    policy_.failed(now(), error.code, back_off);
    if (wants_new_connection(error.code)) replica_.reset();
}

void AgentWorker::cancelled(CancelCause cause) {
    const bool slot_over = slot_ && steady_clock::now() >= *slot_;
    if (cause == CancelCause::interrupt && !slot_over)
        policy_.interrupted(now());
    else
        policy_.cancelled(now());
}

void AgentWorker::look() {
    if (!replica_ || now() - looked_at_ < options_.poll.count()) return;
    looked_at_ = now();
    const auto changed = replica_->poll();  // first: reading takes others' changes in too
    const auto state = replica_->sync_state();
    if (!state) return;
    const Dot written{state->replica, state->last_counter};
    const bool wrote = written_ && *written_ != written;
    written_ = written;
    if (wrote) policy_.wrote(now());
    if (wrote || (changed && *changed)) read_replica();
    if (policy_.plan().why != Trigger::login) return;
    if (const auto known = account(*replica_); known && known->logged_in()) policy_.asked(now());
}

void AgentWorker::refresh() {
    looked_at_ = 0;  // something may have been written meanwhile
    read_replica();
    status_.failures = policy_.failures();
    status_.last_error = own_error_;
    status_.last_error_at = own_error_ ? own_error_at_ : 0;
    if (own_error_ || !replica_ || status_.syncs > 0) return;
    // Before our first success the last word of an earlier run still stands.
    if (const auto last = last_error(*replica_); last && *last) {
        status_.last_error = (*last)->error;
        status_.last_error_at = (*last)->at;
    }
}

void AgentWorker::read_replica() {
    status_.open = replica_ != nullptr;
    if (!replica_) return;
    if (auto read = replica_->status(); read) status_.replica = *std::move(read);
    if (const auto known = account(*replica_); known) {
        status_.logged_in = known->logged_in();
        status_.user_name = known->name;
    }
}

void AgentWorker::plan_into_status() {
    const Plan plan = policy_.plan();
    const bool follows = options_.automatic || plan.why == Trigger::asked;
    status_.trigger = follows ? plan.why : Trigger::nothing;
    status_.waits_for = words_of(status_.trigger);
    status_.next_try_at = 0;
    if (follows && plan.at) status_.next_try_at = wall_now() + (*plan.at - now());
}

void AgentWorker::publish() {
    published_at_ = now();
    inbox_.publish(status_);
    if (options_.listener) options_.listener(status_);
}

std::int64_t AgentWorker::now() const {
    const auto since = steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<milliseconds>(since).count();
}

std::int64_t AgentWorker::wall_now() const {
    return storage::now_ms(options_.replica.clock);
}

}  // namespace satchel::client
