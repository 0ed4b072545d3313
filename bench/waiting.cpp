// What it costs to wait: an agent without news, and a server with thousands of waiting devices.
#include <sys/types.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "bench/crowd.hpp"
#include "bench/replicas.hpp"
#include "bench/workloads.hpp"
#include "client/agent.hpp"

namespace satchel::bench {
namespace {

constexpr std::size_t kRecords = 1'000;

double resident_mib(pid_t process) {
    std::ifstream in("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(in, line);)
        if (line.starts_with("VmRSS")) return std::stod(line.substr(line.find(':') + 1)) / 1024.0;
    return 0;
}

void sleep_seconds(double seconds) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

// A live agent whose request waits at the server, and nobody writes.
void run_idle(const Settings& settings, const HeadOffice& office, Results& results) {
    const std::string path = settings.folder + "/idle.satchel";
    (void)sync(*office.device(path, "idle"));
    client::AgentOptions options;
    options.path = path;
    options.live = true;
    const auto agent = client::Agent::start(options);
    sleep_seconds(3);
    const double span = settings.quick ? 5 : 20;
    const double ours = cpu_seconds(), theirs = cpu_seconds(office.process());
    sleep_seconds(span);
    results.set("idle.cpu_percent", (cpu_seconds() - ours) / span * 100);
    results.set("idle.server_cpu_percent", (cpu_seconds(office.process()) - theirs) / span * 100);
    agent->stop();
}

double percentile(const std::vector<double>& ascending, double part) {
    const auto at = static_cast<std::size_t>(part * static_cast<double>(ascending.size() - 1));
    return ascending[at];
}

// Everybody waits; one device writes one record; everybody gets it.
void run_crowd(const Crowd& crowd, const HeadOffice& office, storage::Replica& writer,
               Results& results) {
    const double before = resident_mib(office.process());
    WaitingRoom room(office, crowd);
    const std::vector<double> early = room.answers(steady_ms(), 5'000);
    must(early.empty() ? Status{} : Status{Error{ErrorCode::server_error, "it did not wait"}},
         "waiting devices");
    results.set("waiting.server_mib", resident_mib(office.process()));
    results.set("waiting.server_mib_grown", resident_mib(office.process()) - before);
    insert_rows(writer, make_opportunities(1, 3), 0, 1, 1);
    const double since = steady_ms();
    std::thread push([&writer] { (void)sync(writer); });
    const std::vector<double> woken = room.answers(since, 40'000);
    push.join();
    must(woken.size() == crowd.members.size()
             ? Status{}
             : Status{Error{ErrorCode::time_out, "not everybody was told"}},
         "waiting devices");
    results.set("waiting.wake_ms", percentile(woken, 0.99));
    results.set("waiting.wake_median_ms", percentile(woken, 0.5));
    results.set("waiting.devices", static_cast<double>(woken.size()));
}

}  // namespace

void run_waiting(const Settings& settings, Results& results) {
    const std::string folder = settings.folder + "/waiting";
    HeadOffice office(folder);
    office.stop();
    Crowd crowd = register_crowd(office, settings.waiting_devices);
    office.start();
    const auto writer = office.device(folder + "/writer.satchel", "writer");
    (void)sync(*writer);
    insert_rows(*writer, make_opportunities(kRecords, 2), 0, kRecords, kRecords);
    (void)sync(*writer);
    run_idle(settings, office, results);
    (void)sync(*writer);  // logging in made a record of the other device
    crowd.head = must(writer->sync_state(), "head").cursor;
    run_crowd(crowd, office, *writer, results);
}

}  // namespace satchel::bench
