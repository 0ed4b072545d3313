#include "tests/simulation/figures.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace satchel::simulation {
namespace {

using nlohmann::ordered_json;

// 1234567 as "1,234,567".
std::string grouped(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t at = text.size(); at > 3; at -= 3)
        text.insert(at - 3, ",");
    return text;
}

std::string tenths(double number) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", number);
    return text;
}

std::string line(const Figures& figures) {
    const double hours = static_cast<double>(figures.simulated_ms) / 3'600'000;
    const double per_seed =
        figures.seeds == 0 ? 0 : 1000 * figures.seconds / static_cast<double>(figures.seeds);
    const std::string last =
        figures.seeds == 0 ? "" : std::to_string(figures.from + figures.seeds - 1);
    const std::string which = figures.from == 0 ? "" : std::to_string(figures.from) + " to " + last;
    return "| " + figures.commit + " | " + which + " | " + grouped(figures.seeds) + " | " +
           grouped(figures.run_twice) + " | " + grouped(figures.steps) + " | " +
           grouped(static_cast<std::uint64_t>(hours)) + " | " +
           std::to_string(figures.broken.size()) + " | " + tenths(figures.seconds / 60) + " min, " +
           tenths(per_seed) + " ms a seed |\n";
}

Figures sum_of(const std::vector<Figures>& campaigns) {
    Figures sum;
    sum.commit = "all";
    for (const Figures& each : campaigns) {
        sum.seeds += each.seeds;
        sum.steps += each.steps;
        sum.simulated_ms += each.simulated_ms;
        sum.seconds += each.seconds;
        sum.run_twice += each.run_twice;
        sum.broken.insert(sum.broken.end(), each.broken.begin(), each.broken.end());
        for (const auto& [name, count] : each.met) {
            const auto at = std::find_if(sum.met.begin(), sum.met.end(),
                                         [&](const auto& known) { return known.first == name; });
            if (at == sum.met.end())
                sum.met.emplace_back(name, count);
            else
                at->second += count;
        }
    }
    return sum;
}

ordered_json as_object(const Figures& figures) {
    ordered_json broken = ordered_json::array();
    for (const auto& [seed, invariant] : figures.broken)
        broken.push_back({{"seed", seed}, {"invariant", invariant}});
    ordered_json met = ordered_json::object();
    for (const auto& [name, count] : figures.met)
        met[name] = count;
    return {{"commit", figures.commit},
            {"from", figures.from},
            {"seeds", figures.seeds},
            {"steps", figures.steps},
            {"simulated_ms", figures.simulated_ms},
            {"seconds", figures.seconds},
            {"run_twice", figures.run_twice},
            {"broken", std::move(broken)},
            {"met", std::move(met)}};
}

// Throws the library's exceptions.
Figures from_object(const ordered_json& object) {
    Figures figures;
    object.at("commit").get_to(figures.commit);
    object.at("from").get_to(figures.from);
    object.at("seeds").get_to(figures.seeds);
    object.at("steps").get_to(figures.steps);
    object.at("simulated_ms").get_to(figures.simulated_ms);
    object.at("seconds").get_to(figures.seconds);
    object.at("run_twice").get_to(figures.run_twice);
    for (const ordered_json& each : object.at("broken"))
        figures.broken.emplace_back(each.at("seed").get<std::uint64_t>(),
                                    each.at("invariant").get<std::string>());
    for (const auto& [name, count] : object.at("met").items())
        figures.met.emplace_back(name, count.get<std::uint64_t>());
    return figures;
}

}  // namespace

void Figures::add(std::uint64_t seed, const RunResult& result, bool twice) {
    ++seeds;
    steps += result.steps;
    simulated_ms += static_cast<std::uint64_t>(result.passed_ms);
    run_twice += twice ? 1 : 0;
    if (result.violation) broken.emplace_back(seed, result.violation->invariant);
    met.resize(static_cast<std::size_t>(Probe::kCount));
    for (std::size_t i = 0; i < met.size(); ++i) {
        met[i].first = name(static_cast<Probe>(i));
        met[i].second += result.probes.count(static_cast<Probe>(i));
    }
}

std::uint64_t Figures::count(const std::string& probe) const {
    const auto at = std::find_if(met.begin(), met.end(),
                                 [&probe](const auto& each) { return each.first == probe; });
    return at == met.end() ? 0 : at->second;
}

std::string markdown(const std::vector<Figures>& campaigns) {
    const Figures sum = sum_of(campaigns);
    std::string text =
        "| commit | seeds | number | run twice | steps | simulated hours | broken | real time |\n"
        "|---|---|---|---|---|---|---|---|\n";
    for (const Figures& each : campaigns)
        text += line(each);
    if (campaigns.size() > 1) text += line(sum);
    for (const auto& [seed, invariant] : sum.broken)
        text += "\nSeed " + std::to_string(seed) + " breaks " + invariant + ".\n";
    text += "\n| faults and events | times |\n|---|---|\n";
    for (const auto& [name, count] : sum.met)
        text += "| " + name + " | " + grouped(count) + " |\n";
    return text;
}

std::string as_json(const std::vector<Figures>& campaigns) {
    ordered_json all = ordered_json::array();
    for (const Figures& each : campaigns)
        all.push_back(as_object(each));
    return ordered_json{{"campaigns", std::move(all)}}.dump(1) + "\n";
}

Result<std::vector<Figures>> figures_from(const std::string& json) {
    try {
        std::vector<Figures> campaigns;
        const ordered_json all = ordered_json::parse(json);
        for (const ordered_json& each : all.at("campaigns"))
            campaigns.push_back(from_object(each));
        return campaigns;
    } catch (const nlohmann::json::exception& error) {
        return Error{ErrorCode::corrupt,
                     std::string("not the figures of campaigns: ") + error.what()};
    }
}

Result<std::vector<Figures>> add_to_file(const std::string& path, const Figures& campaign) {
    std::vector<Figures> campaigns;
    if (std::ifstream in(path); in) {
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        auto known = figures_from(text);
        if (!known) return Error{known.error().code, path + ": " + known.error().message};
        campaigns = *std::move(known);
    }
    campaigns.push_back(campaign);
    const std::string beside = path + ".new";
    std::ofstream out(beside);
    out << as_json(campaigns);
    out.close();
    if (!out || std::rename(beside.c_str(), path.c_str()) != 0)
        return Error{ErrorCode::io, "cannot write " + path};
    return campaigns;
}

}  // namespace satchel::simulation
