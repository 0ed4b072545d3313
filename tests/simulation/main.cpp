// satchel_sim: runs the simulation for many seeds; `./dev sim --help` tells how.
#include <unistd.h>

#include <cstdio>

#include "tests/simulation/campaign.hpp"
#include "tests/simulation/mutant_campaign.hpp"
#include "tests/simulation/shrink.hpp"

namespace satchel::simulation {
namespace {

constexpr std::uint64_t kCampaign = 500;  // seeds that must have met every probe
constexpr std::size_t kShownBroken = 3;   // failures that are shrunk
constexpr int kInterrupted = 130;

void print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

// "1234 of 20000 seeds, 0 broken, 12 min left", on a terminal, twice a second at most.
class Progress {
  public:
    explicit Progress(std::uint64_t seeds) : seeds_(seeds), shows_(isatty(STDERR_FILENO) == 1) {}

    void operator()(std::uint64_t done, std::size_t broken) {
        const auto now = Clock::now();
        if (!shows_ || now < next_) return;
        next_ = now + std::chrono::milliseconds(500);
        const std::chrono::duration<double> took = now - begin_;
        const double left = done == 0 ? 0
                                      : took.count() * static_cast<double>(seeds_ - done) /
                                            static_cast<double>(done);
        std::fprintf(stderr, "\r%llu of %llu seeds, %zu broken, %.0f min %02.0f s left \x1b[K",
                     static_cast<unsigned long long>(done), static_cast<unsigned long long>(seeds_),
                     broken, static_cast<double>(static_cast<std::int64_t>(left) / 60),
                     static_cast<double>(static_cast<std::int64_t>(left) % 60));
    }
    void end() const {
        if (shows_) std::fputs("\r\x1b[K", stderr);
    }

  private:
    using Clock = std::chrono::steady_clock;

    const std::uint64_t seeds_;
    const bool shows_;
    const Clock::time_point begin_ = Clock::now();
    Clock::time_point next_ = begin_;
};

void show_shrunk(const Campaign::Broken& broken, std::chrono::seconds limit) {
    print("shrinking (at most " + std::to_string(limit.count()) + " s) ...\n");
    const std::string& invariant = broken.result.violation->invariant;
    const auto run = [](const RunOptions& options) {
        auto result = interrupted() ? RunResult{} : run_apart(options, kRunLimit);
        return result ? *std::move(result) : RunResult{};
    };
    RunOptions options = broken.options;
    options.verbose = false;
    const Shrunk small = shrink(options, invariant, run, {.time = limit});
    if (!small.result.violation || small.result.violation->invariant != invariant) {
        print("a second run did not break it\n");
        return;
    }
    print(small.result.report + "the smallest of " + std::to_string(small.runs) + " runs, with " +
          std::to_string(acting_steps(small.options)) + " steps:\n  " + command(small.options) +
          "\nas a test:\n\n" + as_test(small.options, invariant) + "\n");
}

// The failures, in the order of the seeds.
void show_broken(const Arguments& arguments, const Campaign& campaign) {
    std::size_t shown = 0;
    for (const Campaign::Broken& broken : campaign.broken()) {
        print(broken.result.report);
        const bool twice_only = broken.result.violation->invariant == kDeterminism;
        if (arguments.shrink_seconds == 0 || twice_only || interrupted()) continue;
        if (++shown > kShownBroken) continue;
        show_shrunk(broken, std::chrono::seconds(arguments.shrink_seconds));
    }
}

int show_figures(const Arguments& arguments, const Figures& figures) {
    char line[160];
    std::snprintf(
        line, sizeof line, "%llu seeds from %llu: %zu broken, %.1f s (%.0f ms a seed)\n",
        static_cast<unsigned long long>(figures.seeds),
        static_cast<unsigned long long>(figures.from), figures.broken.size(), figures.seconds,
        1000 * figures.seconds / static_cast<double>(figures.seeds == 0 ? 1 : figures.seeds));
    print(line);
    if (!arguments.report) {
        for (const auto& [name, count] : figures.met)
            if (figures.seeds > 1) print("  " + name + ": " + std::to_string(count) + "\n");
        return 0;
    }
    std::vector<Figures> all{figures};
    if (!arguments.report_file.empty()) {
        auto added = add_to_file(arguments.report_file, figures);
        if (!added) {
            std::fprintf(stderr, "satchel_sim: %s\n", added.error().message.c_str());
            return 1;
        }
        all = *std::move(added);
    }
    print("\n" + markdown(all));
    return 0;
}

int run_campaign(const Arguments& arguments) {
    Progress progress(arguments.seeds);
    Campaign campaign(arguments, std::ref(progress));
    const Status ran = campaign.run();
    progress.end();
    if (!ran) {
        std::fprintf(stderr, "satchel_sim: %s\n", ran.error().message.c_str());
        return 1;
    }
    show_broken(arguments, campaign);
    const Figures& figures = campaign.figures();
    const int status = show_figures(arguments, figures);
    if (interrupted()) return kInterrupted;
    if (status != 0 || !campaign.broken().empty()) return 1;
    if (figures.seeds < kCampaign) return 0;
    bool met_all = true;
    for (const auto& [name, count] : figures.met) {
        if (count != 0) continue;
        met_all = false;
        print("never met: " + name + "\n");
    }
    return met_all ? 0 : 2;
}

int run(const std::vector<std::string>& words) {
    const auto arguments = parse(words);
    if (!arguments) {
        std::fprintf(stderr, "satchel_sim: %s; --help tells more\n",
                     arguments.error().message.c_str());
        return 64;
    }
    if (arguments->help) {
        print(usage());
        return 0;
    }
    const Status able = prepare_mutants(*arguments);
    if (!able) {
        std::fprintf(stderr, "satchel_sim: %s\n", able.error().message.c_str());
        return 64;
    }
    end_on_interrupt();
    return arguments->mutants ? run_mutants(*arguments) : run_campaign(*arguments);
}

}  // namespace
}  // namespace satchel::simulation

int main(int count, char** words) {
    return satchel::simulation::run({words + 1, words + count});
}
