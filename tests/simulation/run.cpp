#include "tests/simulation/run.hpp"

#include <cstdio>

#include "tests/simulation/arguments.hpp"

namespace satchel::simulation {
namespace {

std::string report_of(const RunOptions& options, const Plan& plan, const Trace& trace,
                      const Violation& violation) {
    std::string report = "seed " + std::to_string(options.seed) + " breaks " + violation.invariant +
                         "\n  " + violation.what + "\n  plan: " + text(plan) + "\n  last events:\n";
    for (const std::string& line : trace.last_lines())
        report += "    " + line + "\n";
    return report + "  replay: " + command(options) + " --verbose\n";
}

std::string hex(std::uint64_t hash) {
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
    return text;
}

}  // namespace

Plan plan_of(const RunOptions& options) {
    Plan plan = draw_plan(options.seed, options.steps);
    if (!options.mix.empty()) add_mix(plan, options.mix);
    for (const std::string& feature : options.without)
        take_out(plan, feature);
    plan.people = options.people.value_or(plan.people);
    plan.devices = options.devices.value_or(plan.devices);
    plan.skip = options.skip;
    return plan;
}

RunResult run_seed(const RunOptions& options) {
    if (break_rules != nullptr) break_rules(options.broken);
    seed_sqlite(static_cast<std::uint32_t>(options.seed) | 1U);
    RunResult result;
    Trace trace(options.verbose);
    const Plan plan = plan_of(options);
    std::optional<World> world;
    try {
        world.emplace(plan, trace, result.probes, options.canary);
        world->run();
    } catch (const Violation& violation) {
        result.violation = violation;
        result.report = report_of(options, plan, trace, violation);
    }
    if (world) {
        result.steps = world->steps_begun();
        result.passed_ms = world->passed_ms();
    }
    result.trace_hash = trace.hash();
    return result;
}

RunResult run_twice(const RunOptions& options,
                    const std::function<RunResult(const RunOptions&)>& run) {
    RunResult first = run(options);
    if (first.violation) return first;
    const RunResult second = run(options);
    if (second.trace_hash == first.trace_hash) return first;
    first.violation =
        Violation{kDeterminism, "the trace was " + hex(first.trace_hash) +
                                    ", and the second time " + hex(second.trace_hash)};
    first.report = "seed " + std::to_string(options.seed) + " breaks determinism\n  " +
                   first.violation->what +
                   "\n  replay, and compare what it prints: " + command(options) + " --verbose\n";
    return first;
}

}  // namespace satchel::simulation
