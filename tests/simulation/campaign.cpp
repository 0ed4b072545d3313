#include "tests/simulation/campaign.hpp"

#include <csignal>

namespace satchel::simulation {
namespace {

constexpr std::chrono::milliseconds kPatience{200};
constexpr std::uint64_t kTwiceOf = 20;  // one in twenty

volatile std::sig_atomic_t interrupts = 0;

void note_interrupt(int) {
    interrupts = 1;
}

}  // namespace

void end_on_interrupt() {
    struct sigaction action {};
    action.sa_handler = note_interrupt;
    action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one ends the program
    sigaction(SIGINT, &action, nullptr);
}

bool interrupted() {
    return interrupts != 0;
}

bool runs_twice(std::uint64_t seed) {
    return Prng::of(seed, 0x7477696365U).below(kTwiceOf) == 0;
}

Campaign::Campaign(Arguments arguments, std::function<void(std::uint64_t, std::size_t)> says)
    : arguments_(std::move(arguments)), says_(std::move(says)) {
    figures_.commit = arguments_.commit;
    figures_.from = arguments_.from;
}

bool Campaign::is_over() const {
    return interrupted() || figures_.seeds == arguments_.seeds ||
           broken_.size() >= arguments_.failures;
}

Status Campaign::run() {
    const auto begin = std::chrono::steady_clock::now();
    RunPool pool(arguments_.jobs, kRunLimit);
    while (!is_over()) {
        SATCHEL_TRY(deal(pool));
        if (auto finished = pool.next(kPatience)) take(*std::move(finished));
        if (says_) says_(figures_.seeds + waiting_.size(), broken_.size());
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    figures_.seconds = took.count();
    return {};
}

Status Campaign::deal(RunPool& pool) {
    for (; pool.has_room() && dealt_ < arguments_.seeds; ++dealt_) {
        RunPool::Task task{dealt_, arguments_.run, false};
        task.options.seed = arguments_.from + dealt_;
        task.twice = runs_twice(task.options.seed);
        SATCHEL_TRY(pool.start(std::move(task)));
    }
    return {};
}

void Campaign::take(RunPool::Finished finished) {
    if (interrupted()) return;  // it may have ended of the same
    const std::uint64_t number = finished.task.number;
    waiting_.emplace(number, std::move(finished));
    for (auto next = waiting_.begin();
         next != waiting_.end() && next->first == figures_.seeds && !is_over();
         next = waiting_.erase(next)) {
        const auto& [task, result] = next->second;
        figures_.add(task.options.seed, result, task.twice);
        if (result.violation) broken_.push_back({task.options, result});
    }
}

}  // namespace satchel::simulation
