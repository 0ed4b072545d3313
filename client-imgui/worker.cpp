#include "client-imgui/worker.hpp"

#include <chrono>

namespace satchel::window {
namespace {

// How often to look for what other programs wrote: one pragma each time.
constexpr std::chrono::milliseconds kLook{1'000};

// Of several tables asked for while the worker was busy (a person types), only the last counts; the
// same for pickers.
template <typename Kind>
bool overtaken(const Intents& intents, std::size_t at) {
    if (!std::holds_alternative<Kind>(intents[at])) return false;
    for (std::size_t later = at + 1; later < intents.size(); ++later)
        if (std::holds_alternative<Kind>(intents[later])) return true;
    return false;
}

}  // namespace

Worker::Worker(DeskOptions options, SyncFactory make_sync, std::function<void()> wake)
    : desk_(std::move(options)),
      make_sync_(std::move(make_sync)),
      wake_(std::move(wake)),
      snapshot_(desk_.snapshot()),
      thread_([this] { loop(); }) {}

Worker::~Worker() {
    {
        const std::lock_guard lock(mutex_);
        mail_.stop = true;
    }
    desk_.stop();
    arrived_.notify_one();
    thread_.join();
}

void Worker::post(Intents intents) {
    if (intents.empty()) return;
    {
        const std::lock_guard lock(mutex_);
        for (Intent& intent : intents)
            mail_.intents.push_back(std::move(intent));
    }
    arrived_.notify_one();
}

SnapshotPointer Worker::snapshot() const {
    const std::lock_guard lock(mutex_);
    return snapshot_;
}

void Worker::loop() {
    desk_.open();
    start_sync();
    publish();
    while (true) {
        const Mail mail = wait_for_mail();
        if (mail.stop) break;
        if (mail.intents.empty() && !mail.sync) {
            if (desk_.look()) publish();
            continue;
        }
        if (carry_out(mail)) publish();
    }
    sync_.reset();  // its listener speaks no more
}

Worker::Mail Worker::wait_for_mail() {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, kLook,
                      [this] { return !mail_.intents.empty() || mail_.sync || mail_.stop; });
    return std::exchange(mail_, {});
}

bool Worker::carry_out(const Mail& mail) {
    const bool news = mail.sync && desk_.take_sync_status(*mail.sync);
    for (std::size_t i = 0; i < mail.intents.size(); ++i) {
        const Intent& intent = mail.intents[i];
        if (overtaken<ShowTable>(mail.intents, i) || overtaken<FindReferences>(mail.intents, i))
            continue;
        if (sync_ && std::holds_alternative<SyncNow>(intent)) sync_->sync_now();
        if (sync_ && std::holds_alternative<StopSync>(intent)) sync_->stop();
        if (std::holds_alternative<LogIn>(intent))
            log_in(intent);
        else
            desk_.carry_out(intent);
    }
    start_sync();
    if (desk_.take_wrote() && sync_) sync_->wrote();
    return news || !mail.intents.empty();
}

// The window says what is under way meanwhile.
void Worker::log_in(const Intent& intent) {
    if (!desk_.wants_login()) return;
    desk_.show_logging_in();
    publish();
    desk_.carry_out(intent);
    if (sync_ && !desk_.wants_login()) sync_->sync_now();
}

void Worker::start_sync() {
    if (sync_ || !make_sync_ || !desk_.is_open()) return;
    sync_ = make_sync_([this](const client::AgentStatus& status) {
        {
            const std::lock_guard lock(mutex_);
            mail_.sync = status;
        }
        arrived_.notify_one();
    });
}

void Worker::publish() {
    SnapshotPointer next = desk_.snapshot();
    {
        const std::lock_guard lock(mutex_);
        snapshot_.swap(next);
    }
    if (wake_) wake_();
}

}  // namespace satchel::window
