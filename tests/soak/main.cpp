// satchel_soak: real satcheld, real devices, real sockets, and everything that can happen to them.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "cli/program_files.hpp"
#include "tests/soak/chaos.hpp"
#include "tests/soak/device.hpp"
#include "tests/soak/report.hpp"

namespace satchel::soak {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds kBetweenProgress{10};

std::atomic<bool> interrupted{false};

struct Options {
    double minutes = 0;
    int seconds = 0;
    std::size_t devices = 6;
    std::uint64_t seed = 0;
    int pace_ms = 150;
    std::string folder;
    bool keep = false;
    DeviceOptions device;

    std::chrono::seconds time() const {
        return std::chrono::seconds(seconds + static_cast<int>(minutes * 60));
    }
};

// Faults until the time is over, or somebody interrupts: then the soak ends early, and properly.
Status endure(Fleet& fleet, const Options& options) {
    Chaos chaos(fleet, Prng(options.seed));
    const auto began = steady_clock::now();
    const auto until = began + options.time();
    auto tell = began + kBetweenProgress;
    while (steady_clock::now() < until && !interrupted) {
        const auto now = steady_clock::now();
        SATCHEL_TRY(chaos.tick(now));
        if (now >= tell) {
            tell += kBetweenProgress;
            std::printf(
                "%s\n",
                progress_line(fleet, duration_cast<seconds>(now - began), options.time()).c_str());
            std::fflush(stdout);
        }
        std::this_thread::sleep_for(milliseconds(10));
    }
    return chaos.end();
}

Result<Ending> soak(Fleet& fleet, const Options& options, SoakFacts& facts) {
    SATCHEL_TRY(fleet.open());
    const auto began = steady_clock::now();
    SATCHEL_TRY(endure(fleet, options));
    const auto calm = steady_clock::now();
    facts.faults = duration_cast<seconds>(calm - began);
    std::printf("no faults any more; everybody syncs until all is quiet\n");
    std::fflush(stdout);
    Result<Ending> ending = come_to_rest(fleet);
    facts.ending = duration_cast<seconds>(steady_clock::now() - calm);
    return ending;
}

void tell_where(const std::string& folder, std::uint64_t seed) {
    std::printf(
        "FAILED. Everything is kept in %s (seed %llu): the devices' files and head office "
        "in kept/, what was written in *.ledger, what happened in *.diary, *.err and "
        "satcheld.log.\nTo look into it: satchel -f %s/kept/DEVICE/DEVICE.satchel journal\n",
        folder.c_str(), static_cast<unsigned long long>(seed), folder.c_str());
}

// What find_program() finds next to nothing else: the programs of this build.
void prefer_this_build() {
    const char* paths = std::getenv("PATH");
    const std::string all =
        std::string(SATCHEL_PROGRAM_FOLDERS) + (paths == nullptr ? "" : ":" + std::string(paths));
    ::setenv("PATH", all.c_str(), 1);
}

int run_soak(Options options) {
    const DiskWay disks = prepare_disks();
    prefer_this_build();
    for (const int signal : {SIGINT, SIGTERM})
        std::signal(signal, [](int) { interrupted = true; });
    if (options.seed == 0) options.seed = static_cast<std::uint64_t>(::getpid());
    if (options.folder.empty())
        options.folder = (std::filesystem::temp_directory_path() /
                          ("satchel-soak-" + std::to_string(::getpid())))
                             .string();
    std::filesystem::create_directories(options.folder);
    const auto satchel = cli::find_program("satchel", "cli");
    const auto satcheld = cli::find_program("satcheld", "server");
    if (!satchel || !satcheld) {
        std::fprintf(stderr, "%s\n", (satchel ? satcheld : satchel).error().message.c_str());
        return 3;
    }
    std::printf("soak: %zu devices, %lld s, seed %llu, in %s\n", options.devices,
                static_cast<long long>(options.time().count()),
                static_cast<unsigned long long>(options.seed), options.folder.c_str());
    Fleet fleet({options.folder, cli::own_path(), *satchel, *satcheld, options.devices,
                 options.seed, options.pace_ms, disks});
    SoakFacts facts{options.seed, options.time(), {}, {}, disks};
    const Result<Ending> ending = soak(fleet, options, facts);
    const bool good = ending && ending->judgement.violations.empty();
    std::fputs(
        report(fleet, facts, ending ? &*ending : nullptr, ending ? "" : ending.error().message)
            .c_str(),
        stdout);
    fleet.close(!good || options.keep);
    if (!good) tell_where(options.folder, options.seed);
    if (good && !options.keep) std::filesystem::remove_all(options.folder);
    if (good) std::printf("Everything equal, nothing lost.\n");
    return good ? 0 : 1;
}

}  // namespace
}  // namespace satchel::soak

int main(int argc, char** argv) {
    using namespace satchel::soak;
    Options options;
    CLI::App app(
        "A head office and devices as real processes, killed, paused, cut off, their disks "
        "filled, for as long as asked; then everything must be equal and nothing lost.");
    app.add_option("--minutes", options.minutes, "how long")->check(CLI::Range(0.0, 100'000.0));
    app.add_option("--seconds", options.seconds, "how long, beside the minutes")
        ->check(CLI::Range(0, 6'000'000));
    app.add_option("--devices", options.devices, "how many (6)")->check(CLI::Range(2, 12));
    app.add_option("--seed", options.seed, "of the faults; else another one each time");
    app.add_option("--pace", options.pace_ms, "milliseconds between two writes of a device (150)")
        ->check(CLI::Range(1, 60'000));
    app.add_option("--folder", options.folder, "where; it is kept when something is wrong");
    app.add_flag("--keep", options.keep, "keep the folder in any case");
    DeviceOptions& device = options.device;
    for (const auto& [name, value] :
         std::initializer_list<std::pair<const char*, std::string*>>{{"--device", &device.name},
                                                                     {"--file", &device.file},
                                                                     {"--ledger", &device.ledger},
                                                                     {"--diary", &device.diary}})
        app.add_option(name, *value)->group("");
    app.add_flag("--settle-only", device.settle_only)->group("");
    CLI11_PARSE(app, argc, argv);
    if (!device.name.empty()) {
        device.seed = options.seed;
        device.pace_ms = options.pace_ms;
        return run_device(device);
    }
    if (options.time().count() == 0) {
        std::fprintf(stderr, "soak needs --minutes N or --seconds N\n");
        return 2;
    }
    return run_soak(options);
}
