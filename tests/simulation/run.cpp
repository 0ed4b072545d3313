#include "tests/simulation/run.hpp"

namespace satchel::simulation {
namespace {

std::string report_of(const RunOptions& options, const Plan& plan, const Trace& trace,
                      const Violation& violation) {
    std::string report = "seed " + std::to_string(options.seed) + " breaks " + violation.invariant +
                         "\n  " + violation.what + "\n  plan: " + text(plan) + "\n  last events:\n";
    for (const std::string& line : trace.last_lines())
        report += "    " + line + "\n";
    report += "  replay: ./dev sim --seeds 1 --from " + std::to_string(options.seed) + " --steps " +
              std::to_string(options.steps) + " --verbose\n";
    return report;
}

}  // namespace

RunResult run_seed(const RunOptions& options) {
    seed_sqlite(static_cast<std::uint32_t>(options.seed) | 1U);
    RunResult result;
    Trace trace(options.verbose);
    const Plan plan = draw_plan(options.seed, options.steps);
    try {
        World world(plan, trace, result.probes, options.canary);
        world.run();
    } catch (const Violation& violation) {
        result.violation = violation;
        result.report = report_of(options, plan, trace, violation);
    }
    result.trace_hash = trace.hash();
    return result;
}

}  // namespace satchel::simulation
