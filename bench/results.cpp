#include "bench/results.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace satchel::bench {

const std::vector<Goal>& goals() {
    static const std::vector<Goal> kGoals{
        {"w1.ratio", 0.65, true, "inserts, our rows/s : plain SQLite's"},
        {"w2a.ratio", 0.50, true, "single updates, our transactions/s : plain's"},
        {"w2b.ratio", 0.70, true, "updates by 1,000, our rows/s : plain's"},
        {"w3.down_ratio", 2.5, false, "first sync down, our seconds : plain insert"},
        {"w3.up_ratio", 4.0, false, "first sync up, our seconds : plain insert"},
        {"w3.wire_ratio", 0.60, false, "bytes on the wire : raw bytes"},
        {"w3.million_growth", 1.15, false, "1,000,000 rows : ten times 100,000"},
        {"w4.push_ratio", 2.5, false, "1,000 changes up, our ms : plain's"},
        {"w4.pull_ratio", 2.0, false, "1,000 changes down, our ms : plain's"},
        {"w4.bytes_per_change", 25, false, "bytes a change, the worse direction"},
        {"w4.growth", 1.3, false, "100,000 : 10,000 rows, over plain's"},
        {"w5.over_floor", 4, false, "both sides edit 10,000 rows, ours : what three files need"},
        {"w6.client_mib", 64, false, "client memory in the first sync, MiB"},
        {"disk.ratio", 1.25, false, "replica file : plain file"},
        {"meta.bytes", 40, false, "metadata of a fresh record"},
        {"idle.cpu_percent", 0.05, false, "agent waiting, no news"},
        {"waiting.server_mib", 64, false, "2,000 waiting devices, MiB"},
        {"waiting.wake_ms", 1000, false, "news reaches a waiting device, p99"},
    };
    return kGoals;
}

std::string Results::table() const {
    std::string out;
    char line[160];
    std::snprintf(line, sizeof line, "%-22s %10s  %-9s %-4s %s\n", "key", "measured", "goal", "",
                  "meaning");
    out += line;
    for (const Goal& goal : goals()) {
        const auto value = values_.find(goal.key);
        if (value == values_.end()) continue;
        const bool met = goal.at_least ? value->second >= goal.bound : value->second <= goal.bound;
        std::snprintf(line, sizeof line, "%-22s %10.3f  %s %-6g %-4s %s\n", goal.key, value->second,
                      goal.at_least ? ">=" : "<=", goal.bound, met ? "ok" : "no", goal.meaning);
        out += line;
    }
    out += "\n";
    for (const auto& [key, value] : values_) {
        const bool is_goal = std::any_of(goals().begin(), goals().end(),
                                         [&key = key](const Goal& g) { return key == g.key; });
        if (is_goal) continue;
        std::snprintf(line, sizeof line, "%-34s %14.3f\n", key.c_str(), value);
        out += line;
    }
    return out;
}

std::string Results::json(const std::map<std::string, std::string>& settings) const {
    nlohmann::json out;
    for (const auto& [key, value] : values_)
        out[key] = value;
    for (const auto& [key, value] : settings)
        out["settings"][key] = value;
    return out.dump(2) + "\n";
}

double seconds(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds_of = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

// User and system time: the 14th and 15th item of the process's stat line.
double cpu_seconds(int process) {
    std::ifstream in("/proc/" + std::to_string(process) + "/stat");
    std::string line;
    std::getline(in, line);
    std::size_t at = line.rfind(')') + 1;
    for (int item = 3; item < 14; ++item)
        at = line.find(' ', at + 1);
    char* rest = nullptr;
    const auto user = std::strtoul(line.c_str() + at, &rest, 10);
    const auto system = std::strtoul(rest, nullptr, 10);
    return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}

double file_bytes(const std::string& path) {
    double bytes = 0;
    for (const char* suffix : {"", "-wal"}) {
        std::error_code none;
        const auto size = std::filesystem::file_size(path + suffix, none);
        if (!none) bytes += static_cast<double>(size);
    }
    return bytes;
}

void must(const Status& status, const char* what) {
    if (status) return;
    std::fprintf(stderr, "benchmark, %s: %s\n", what, status.error().message.c_str());
    std::exit(1);
}

}  // namespace satchel::bench
