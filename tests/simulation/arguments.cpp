#include "tests/simulation/arguments.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace satchel::simulation {
namespace {

constexpr std::uint64_t kSeeds = 100;
constexpr std::uint64_t kSeedsOfAMutant = 1'000;
constexpr std::size_t kMaxJobs = 256;
constexpr std::size_t kMaxSteps = 1'000'000;
constexpr std::size_t kMaxPeople = 50;
constexpr std::size_t kMaxDevices = 50;
constexpr std::array kCanaries{
    std::pair{"altered_value", Canary::altered_value},
    std::pair{"older_screen", Canary::older_screen},
    std::pair{"deaf_device", Canary::deaf_device},
    std::pair{"restless", Canary::restless},
};

Error wrong(const std::string& what) {
    return {ErrorCode::invalid_argument, what};
}

Result<std::uint64_t> number(const std::string& word, std::string_view text, std::uint64_t least,
                             std::uint64_t most) {
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (text.empty() || read.ec != std::errc{} || read.ptr != end || value < least || value > most)
        return wrong(word + " takes a number from " + std::to_string(least) + " to " +
                     std::to_string(most) + ", not '" + std::string(text) + "'");
    return value;
}

std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> parts;
    while (true) {
        const auto comma = list.find(',');
        parts.emplace_back(list.substr(0, comma));
        if (comma == std::string_view::npos) return parts;
        list.remove_prefix(comma + 1);
    }
}

// "3,5-9"
Result<std::set<std::size_t>> steps_of(const std::string& word, const std::string& list) {
    std::set<std::size_t> steps;
    for (const std::string& part : split(list)) {
        const auto dash = part.find('-');
        const std::string_view first = std::string_view(part).substr(0, dash);
        const std::string_view last =
            dash == std::string::npos ? first : std::string_view(part).substr(dash + 1);
        SATCHEL_ASSIGN(const std::uint64_t from, number(word, first, 0, kMaxSteps));
        SATCHEL_ASSIGN(const std::uint64_t to, number(word, last, from, kMaxSteps));
        for (std::uint64_t step = from; step <= to; ++step)
            steps.insert(step);
    }
    return steps;
}

std::string text_of(const std::set<std::size_t>& steps) {
    std::string text;
    for (auto at = steps.begin(); at != steps.end();) {
        const std::size_t first = *at;
        std::size_t last = first;
        while (++at != steps.end() && *at == last + 1)
            ++last;
        text += (text.empty() ? "" : ",") + std::to_string(first);
        if (last != first) text += "-" + std::to_string(last);
    }
    return text;
}

std::string joined(const std::set<std::string>& names, const char* between) {
    std::string text;
    for (const std::string& name : names)
        text += (text.empty() ? "" : between) + name;
    return text;
}

using Value = const std::string&;

struct Option {
    const char* word;
    const char* value;  // what it is called in the usage
    const char* help;
    Status (*take)(Arguments& arguments, Value value);
};

template <auto Member, std::uint64_t Least, std::uint64_t Most>
Status take_number(Arguments& arguments, Value value) {
    SATCHEL_ASSIGN(const std::uint64_t taken, number("it", value, Least, Most));
    arguments.*Member = taken;
    return {};
}

template <auto Member, std::uint64_t Least, std::uint64_t Most>
Status take_of_run(Arguments& arguments, Value value) {
    SATCHEL_ASSIGN(const std::uint64_t taken, number("it", value, Least, Most));
    arguments.run.*Member = taken;
    return {};
}

Status take_seed(Arguments& arguments, Value value) {
    SATCHEL_ASSIGN(arguments.from, number("it", value, 0, UINT64_MAX));
    arguments.seeds = 1;
    return {};
}

Status take_mix(Arguments& arguments, Value value) {
    Plan plan;
    if (!add_mix(plan, value)) {
        std::string all;
        for (const std::string& mix : mixes())
            all += (all.empty() ? "" : ", ") + mix;
        return wrong("there is no mix '" + value + "'; there are " + all);
    }
    arguments.run.mix = value;
    return {};
}

Status take_without(Arguments& arguments, Value value) {
    for (const std::string& feature : split(value)) {
        Plan plan;
        if (!take_out(plan, feature)) return wrong("no plan has '" + feature + "'");
        arguments.run.without.insert(feature);
    }
    return {};
}

Status take_skip(Arguments& arguments, Value value) {
    SATCHEL_ASSIGN(arguments.run.skip, steps_of("it", value));
    return {};
}

Status take_canary(Arguments& arguments, Value value) {
    for (const auto& [name, canary] : kCanaries) {
        if (value != name) continue;
        arguments.run.canary = canary;
        return {};
    }
    return wrong("there is no canary '" + value + "'");
}

Status take_broken(Arguments& arguments, Value value) {
    for (const std::string& mutant : split(value))
        arguments.run.broken.insert(mutant);
    return {};
}

Status take_commit(Arguments& arguments, Value value) {
    arguments.commit = value;
    return {};
}

constexpr std::array kOptions{
    Option{"--seeds", "N", "how many (100; with --mutants 1000)",
           take_number<&Arguments::seeds, 1, UINT64_MAX>},
    Option{"--from", "S", "the first of them (1)", take_number<&Arguments::from, 0, UINT64_MAX>},
    Option{"--seed", "S", "this one alone", take_seed},
    Option{"--jobs", "N", "so many processes (1)", take_number<&Arguments::jobs, 1, kMaxJobs>},
    Option{"--failures", "N", "stop after so many (1)",
           take_number<&Arguments::failures, 1, UINT64_MAX>},
    Option{"--steps", "N", "of each run (200)", take_of_run<&RunOptions::steps, 1, kMaxSteps>},
    Option{"--people", "N", "at least 3; else the seed says",
           take_of_run<&RunOptions::people, 3, kMaxPeople>},
    Option{"--devices", "N", "at the beginning; else the seed says",
           take_of_run<&RunOptions::devices, 1, kMaxDevices>},
    Option{"--mix", "NAME", "more of these: restores, log_outs, refusals, full_cells, damage",
           take_mix},
    Option{"--without", "A,B", "leave these faults and habits out, as a plan names them",
           take_without},
    Option{"--skip", "3,5-9", "steps in which nobody does anything", take_skip},
    Option{"--canary", "NAME",
           "break something outside the engine: altered_value, older_screen, deaf_device, restless",
           take_canary},
    Option{"--break", "A,B", "break these rules of the engine: see --mutants", take_broken},
    Option{"--shrink", "N", "seconds to look for a smaller failure (60)",
           take_number<&Arguments::shrink_seconds, 0, 86'400>},
    Option{"--commit", "TEXT", "what the report says was tested", take_commit},
};

struct Flag {
    const char* word;
    const char* help;
    void (*take)(Arguments& arguments);
};

constexpr std::array kFlags{
    Flag{"--verbose", "print every event",
         [](Arguments& arguments) { arguments.run.verbose = true; }},
    Flag{"--mutants", "break each rule of the list in turn, until it is noticed",
         [](Arguments& arguments) { arguments.mutants = true; }},
    Flag{"--report", "print the campaign's figures; =FILE adds them to those of earlier ones",
         [](Arguments& arguments) { arguments.report = true; }},
    Flag{"--help", "this text", [](Arguments& arguments) { arguments.help = true; }},
};

Result<bool> take_flag(Arguments& arguments, const std::string& word) {
    constexpr std::string_view kReportTo = "--report=";
    if (word.starts_with(kReportTo)) {
        arguments.report = true;
        arguments.report_file = word.substr(kReportTo.size());
        if (arguments.report_file.empty()) return wrong("--report= takes the name of a file");
        return true;
    }
    for (const Flag& flag : kFlags) {
        if (word != flag.word) continue;
        flag.take(arguments);
        return true;
    }
    return false;
}

// Words that contradict each other.
Status check(const Arguments& arguments) {
    if (arguments.seeds - 1 > UINT64_MAX - arguments.from)
        return wrong("--seeds: there are not so many after --from");
    if (arguments.run.verbose && arguments.seeds > 1 && arguments.jobs > 1)
        return wrong("--verbose shows one job: leave --jobs out");
    return {};
}

}  // namespace

Result<Arguments> parse(const std::vector<std::string>& given) {
    Arguments arguments;
    for (std::size_t i = 0; i < given.size(); ++i) {
        SATCHEL_ASSIGN(const bool is_flag, take_flag(arguments, given[i]));
        if (is_flag) continue;
        const auto option = std::find_if(kOptions.begin(), kOptions.end(),
                                         [&](const Option& one) { return given[i] == one.word; });
        if (option == kOptions.end()) return wrong("there is no option '" + given[i] + "'");
        if (i + 1 == given.size())
            return wrong(given[i] + " takes " + option->value + ": " + option->help);
        const Status taken = option->take(arguments, given[++i]);
        if (!taken) return wrong(std::string(option->word) + ": " + taken.error().message);
    }
    if (arguments.seeds == 0) arguments.seeds = arguments.mutants ? kSeedsOfAMutant : kSeeds;
    SATCHEL_TRY(check(arguments));
    arguments.run.seed = arguments.from;
    return arguments;
}

std::string usage() {
    std::string text = "usage: ./dev sim [OPTIONS]\n\n";
    const auto line = [&text](std::string left, const char* help) {
        left.resize(std::max<std::size_t>(left.size(), 20), ' ');
        text += "  " + left + " " + help + "\n";
    };
    for (const Option& option : kOptions)
        line(std::string(option.word) + " " + option.value, option.help);
    for (const Flag& flag : kFlags)
        line(flag.word, flag.help);
    return text +
           "\nExit status: 0 nothing broken, 1 a seed broke an invariant (or a mutant was not\n"
           "noticed), 2 a campaign of 500 seeds or more never met one of the probes, 64 wrong\n"
           "use, 130 interrupted.\n";
}

std::string words(const RunOptions& options) {
    std::string text =
        "--seed " + std::to_string(options.seed) + " --steps " + std::to_string(options.steps);
    if (!options.mix.empty()) text += " --mix " + options.mix;
    if (options.people) text += " --people " + std::to_string(*options.people);
    if (options.devices) text += " --devices " + std::to_string(*options.devices);
    if (!options.without.empty()) text += " --without " + joined(options.without, ",");
    if (!options.skip.empty()) text += " --skip " + text_of(options.skip);
    for (const auto& [name, canary] : kCanaries)
        if (options.canary == canary) text += std::string(" --canary ") + name;
    if (!options.broken.empty()) text += " --break " + joined(options.broken, ",");
    return text + (options.verbose ? " --verbose" : "");
}

std::string command(const RunOptions& options) {
    return "./dev sim " + words(options);
}

std::string as_test(const RunOptions& options, const std::string& invariant) {
    std::string text = "TEST(Simulation, Seed" + std::to_string(options.seed) +
                       "HoldsWhatItBroke) {  // " + invariant + "\n    RunOptions options;\n";
    const auto line = [&text](const std::string& field, const std::string& value) {
        text += "    options." + field + " = " + value + ";\n";
    };
    line("seed", std::to_string(options.seed));
    line("steps", std::to_string(options.steps));
    if (!options.mix.empty()) line("mix", "\"" + options.mix + "\"");
    if (options.people) line("people", std::to_string(*options.people));
    if (options.devices) line("devices", std::to_string(*options.devices));
    if (!options.without.empty())
        line("without", "{\"" + joined(options.without, "\", \"") + "\"}");
    if (!options.skip.empty()) {
        std::string list;
        for (const std::size_t step : options.skip)
            list += (list.empty() ? "" : ", ") + std::to_string(step);
        line("skip", "{" + list + "}");
    }
    for (const auto& [name, canary] : kCanaries)
        if (options.canary == canary) line("canary", std::string("Canary::") + name);
    if (!options.broken.empty()) line("broken", "{\"" + joined(options.broken, "\", \"") + "\"}");
    return text +
           "    const RunResult result = run_seed(options);\n"
           "    ASSERT_FALSE(result.violation) << result.report;\n}\n";
}

}  // namespace satchel::simulation
