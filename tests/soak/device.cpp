#include "tests/soak/device.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <thread>

#include "client/agent.hpp"
#include "tests/soak/writer.hpp"

namespace satchel::soak {
namespace {

using std::chrono::milliseconds;

std::atomic<bool> asked_to_end{false};

// Threads: any.
class Diary {
  public:
    explicit Diary(const std::string& path)
        : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {}
    Diary(const Diary&) = delete;
    Diary& operator=(const Diary&) = delete;
    ~Diary() {
        if (file_ >= 0) ::close(file_);
    }

    void note(const std::string& what) {
        const std::string line = what + "\n";
        // A diary that cannot be written costs figures, not truth.
        [[maybe_unused]] const ssize_t written = ::write(file_, line.data(), line.size());
    }

  private:
    int file_;
};

// Tells of an agent's status what is new in it. On the agent's thread.
class Watcher {
  public:
    explicit Watcher(Diary& diary) : diary_(diary) {}

    void look(const client::AgentStatus& status) {
        for (; syncs_ < status.syncs; ++syncs_)
            diary_.note("syncs");
        for (; news_ < status.news; ++news_)
            diary_.note("syncs_with_news");
        if (status.failures > failures_ && status.last_error)
            diary_.note("sync_failed " + std::string(name(status.last_error->code)));
        failures_ = status.failures;
    }

  private:
    Diary& diary_;
    std::uint64_t syncs_ = 0, news_ = 0;
    int failures_ = 0;
};

// The person asked for what is not possible (any more): a record that has gone or come back since
// it was chosen, too many values. Nothing was written.
bool is_refusal(ErrorCode code) {
    return code == ErrorCode::limit || code == ErrorCode::not_found ||
           code == ErrorCode::invalid_argument;
}

// What a full disk, a slow one or another process brings about.
bool is_trouble(ErrorCode code) {
    return code == ErrorCode::disk_full || code == ErrorCode::io || code == ErrorCode::busy;
}

client::AgentOptions agent_options(const DeviceOptions& options, Watcher& watcher) {
    client::AgentOptions agent;
    agent.path = options.file;
    agent.live = true;
    agent.wait = milliseconds(5'000);
    agent.poll = milliseconds(100);
    agent.policy.floor_ms = 20;
    agent.policy.base_ms = 200;
    agent.policy.cap_ms = 1'000;
    agent.policy.slow_ms = 1'000;
    agent.policy.periodic_ms = 2'000;
    agent.policy.write_debounce_ms = 100;
    agent.policy.write_limit_ms = 500;
    agent.listener = [&watcher](const client::AgentStatus& status) { watcher.look(status); };
    return agent;
}

// Works until an error or the end.
Status work(const DeviceOptions& options, Prng& random, Diary& diary, client::Agent* agent) {
    SATCHEL_ASSIGN(Ledger ledger, Ledger::open(options.ledger));
    SATCHEL_ASSIGN(const auto replica, storage::Replica::open(options.file, {}));
    Writer writer(*replica, ledger, random, options.name);
    SATCHEL_TRY(writer.settle());
    while (!asked_to_end && agent != nullptr) {
        const Status acted = writer.act();
        diary.note(acted ? "writes" : "write_failed " + std::string(name(acted.error().code)));
        // After anything else what is open is not to be trusted.
        if (!acted && !is_refusal(acted.error().code)) return acted;
        agent->wrote();
        const auto pause = random.below(2 * static_cast<std::uint64_t>(options.pace_ms));
        std::this_thread::sleep_for(milliseconds(pause));
    }
    return {};
}

}  // namespace

int run_device(const DeviceOptions& options) {
    std::signal(SIGTERM, [](int) { asked_to_end = true; });
    std::signal(SIGXFSZ, SIG_IGN);
    Diary diary(options.diary);
    Prng random(options.seed);
    Watcher watcher(diary);
    std::unique_ptr<client::Agent> agent;
    if (!options.settle_only) agent = client::Agent::start(agent_options(options, watcher));
    do {
        const Status worked = work(options, random, diary, agent.get());
        if (!worked && !is_trouble(worked.error().code)) {
            std::fprintf(stderr, "%s: %s\n", std::string(name(worked.error().code)).c_str(),
                         worked.error().message.c_str());
            return 1;
        }
        if (worked && options.settle_only) return 0;
        if (!worked) std::this_thread::sleep_for(milliseconds(100));
    } while (!asked_to_end);
    return 0;
}

}  // namespace satchel::soak
