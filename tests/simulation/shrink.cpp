#include "tests/simulation/shrink.hpp"

#include <algorithm>

namespace satchel::simulation {
namespace {

using Clock = std::chrono::steady_clock;

class Shrinker {
  public:
    Shrinker(const RunOptions& options, const std::string& invariant,
             const std::function<RunResult(const RunOptions&)>& run, const ShrinkLimits& limits)
        : invariant_(invariant), run_(run), limits_(limits), until_(Clock::now() + limits.time) {
        best_.options = options;
    }

    Shrunk work() {
        if (!breaks(best_.options)) return std::move(best_);
        bool smaller = true;
        while (smaller && !is_spent()) {
            smaller = shorten();
            smaller = take_features_out() || smaller;
            smaller = lower(&RunOptions::devices, &Plan::devices, 1) || smaller;
            smaller = lower(&RunOptions::people, &Plan::people, 3) || smaller;
            smaller = skip_steps() || smaller;
        }
        return std::move(best_);
    }

  private:
    bool is_spent() const { return best_.runs >= limits_.runs || Clock::now() >= until_; }

    // Keeps the options when the run still breaks the invariant. Steps after that never came.
    bool breaks(RunOptions options) {
        if (is_spent() && best_.runs > 0) return false;
        ++best_.runs;
        RunResult result = run_(options);
        const bool same = result.violation && result.violation->invariant == invariant_;
        if (same && result.steps > 0) {
            options.steps = std::min(options.steps, result.steps);
            options.skip.erase(options.skip.lower_bound(options.steps), options.skip.end());
        }
        if (same) best_.options = std::move(options);
        if (same || best_.runs == 1) best_.result = std::move(result);
        return same;
    }

    // The run ends earlier; what was broken shows in the quiet after it, or it was later.
    bool shorten() {
        bool any = false;
        for (std::size_t cut = best_.options.steps / 2; cut > 0; cut /= 2) {
            while (cut < best_.options.steps) {
                RunOptions options = best_.options;
                options.steps -= cut;
                options.skip.erase(options.skip.lower_bound(options.steps), options.skip.end());
                if (!breaks(options)) break;
                any = true;
            }
        }
        return any;
    }

    bool take_features_out() {
        RunOptions all = best_.options;
        for (const std::string& feature : features(plan_of(all)))
            all.without.insert(feature);
        if (all.without != best_.options.without && breaks(all)) return true;
        bool any = false;
        for (const std::string& feature : features(plan_of(best_.options))) {
            RunOptions options = best_.options;
            options.without.insert(feature);
            any = breaks(options) || any;
        }
        return any;
    }

    bool lower(std::optional<std::size_t> RunOptions::*count, std::size_t Plan::*drawn,
               std::size_t least) {
        bool any = false;
        for (std::size_t wanted = least; wanted < plan_of(best_.options).*drawn; ++wanted) {
            RunOptions options = best_.options;
            options.*count = wanted;
            if (!breaks(options)) continue;
            any = true;
            break;
        }
        return any;
    }

    // Runs of steps, long ones first.
    bool skip_steps() {
        bool any = false;
        for (std::size_t length = best_.options.steps / 2; length > 0; length /= 2)
            for (std::size_t first = 0; first < best_.options.steps; first += length)
                any = skip(first, length) || any;
        return any;
    }

    bool skip(std::size_t first, std::size_t length) {
        RunOptions options = best_.options;
        for (std::size_t step = first; step < first + length && step < options.steps; ++step)
            options.skip.insert(step);
        return options.skip != best_.options.skip && breaks(options);
    }

    const std::string& invariant_;
    const std::function<RunResult(const RunOptions&)>& run_;
    const ShrinkLimits limits_;
    const Clock::time_point until_;
    Shrunk best_;
};

}  // namespace

Shrunk shrink(const RunOptions& options, const std::string& invariant,
              const std::function<RunResult(const RunOptions&)>& run, const ShrinkLimits& limits) {
    return Shrinker(options, invariant, run, limits).work();
}

std::size_t acting_steps(const RunOptions& options) {
    return options.steps - options.skip.size();
}

}  // namespace satchel::simulation
