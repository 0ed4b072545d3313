// W3 to W6: a real satcheld and devices over HTTP on loopback.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <numeric>

#include "bench/head_office.hpp"
#include "bench/plain.hpp"
#include "bench/replicas.hpp"
#include "bench/workloads.hpp"

namespace satchel::bench {
namespace {

using storage::Replica;

constexpr std::size_t kBatch = 1'000;
constexpr std::size_t kChanges = 1'000;

double mib_of(const char* key) {
    std::ifstream in("/proc/self/status");
    for (std::string line; std::getline(in, line);)
        if (line.starts_with(key)) return std::stod(line.substr(line.find(':') + 1)) / 1024.0;
    return 0;
}

std::vector<RecordId> all_ids(Replica& replica) {
    std::vector<RecordId> ids;
    auto rows = must(replica.database().prepare("SELECT id FROM opportunity ORDER BY id"), "ids");
    while (must(rows.step(), "ids"))
        ids.push_back(must(RecordId::from_bytes(rows.blob(0)), "id"));
    return ids;
}

std::vector<std::size_t> spread(std::size_t count, std::size_t of) {
    std::vector<std::size_t> order(count);
    for (std::size_t i = 0; i < count; ++i)
        order[i] = i * of / count;
    return order;
}

void vacuum_log(Replica& replica) {
    must(replica.database().checkpoint(), "checkpoint");
}

// A first sync in a process of its own, so that its peak memory is its own: MiB above the empty
// replica.
double first_sync_memory(const HeadOffice& office, const std::string& path) {
    int ends[2];
    if (::pipe(ends) != 0) return 0;
    const pid_t child = ::fork();
    if (child == 0) {
        auto replica = office.device(path, "memory");
        const double before = mib_of("VmRSS");
        (void)sync(*replica);
        const double grown = mib_of("VmHWM") - before;
        const auto written = ::write(ends[1], &grown, sizeof grown);
        ::_exit(written == sizeof grown ? 0 : 1);
    }
    double grown = 0;
    ::close(ends[1]);
    const auto got = ::read(ends[0], &grown, sizeof grown);
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    return got == sizeof grown ? grown : 0;
}

struct ChangeTimes {
    double push = 0, pull = 0, plain = 0;  // seconds
    double up_bytes = 0, down_bytes = 0;   // a change
};

// 1,000 changed amounts in one transaction, from one device to another.
ChangeTimes change_round(Replica& writer, Replica& reader, PlainTable& plain,
                         const std::vector<Opportunity>& rows, std::int64_t amount) {
    const auto order = spread(kChanges, rows.size());
    const auto ids = all_ids(writer);
    ChangeTimes times;
    update_amounts(writer, ids, order, amount, kChanges);
    SessionReport up, down;
    times.push = seconds([&] { up = sync(writer); });
    times.pull = seconds([&] { down = sync(reader); });
    times.plain = seconds([&] { plain.update_amounts(rows, order, amount, kChanges); });
    times.up_bytes = static_cast<double>(up.sent_bytes) / kChanges;
    times.down_bytes = static_cast<double>(down.received_bytes) / kChanges;
    return times;
}

ChangeTimes median_changes(Replica& writer, Replica& reader, PlainTable& plain,
                           const std::vector<Opportunity>& rows, std::size_t repeats) {
    std::vector<double> push, pull, base;
    ChangeTimes last;
    for (std::size_t i = 0; i < repeats; ++i) {
        last = change_round(writer, reader, plain, rows, static_cast<std::int64_t>(100 + i));
        push.push_back(last.push);
        pull.push_back(last.pull);
        base.push_back(last.plain);
    }
    last.push = median(push);
    last.pull = median(pull);
    last.plain = median(base);
    return last;
}

struct FirstSync {
    double up = 0, down = 0, plain = 0;  // seconds
    double wire = 0;                     // bytes, the worse direction
};

FirstSync first_sync(const HeadOffice& office, const std::string& folder,
                     const std::vector<Opportunity>& rows, std::unique_ptr<Replica>& writer,
                     std::unique_ptr<Replica>& reader) {
    FirstSync times;
    writer = office.device(folder + "/writer.satchel", "writer");
    (void)sync(*writer);
    insert_rows(*writer, rows, 0, rows.size(), kBatch);
    vacuum_log(*writer);
    SessionReport up, down;
    times.up = seconds([&] { up = sync(*writer); });
    reader = office.device(folder + "/reader.satchel", "reader");
    times.down = seconds([&] { down = sync(*reader); });
    times.wire = static_cast<double>(std::max(up.sent_bytes, down.received_bytes));
    return times;
}

void run_first_sync(const Settings& settings, Results& results) {
    const auto rows = make_opportunities(settings.rows, 1);
    std::vector<double> up, down;
    FirstSync last;
    double disk = 0;
    for (std::size_t i = 0; i < settings.repeats; ++i) {
        const std::string folder = settings.folder + "/w3-" + std::to_string(i);
        const HeadOffice office(folder);
        PlainTable plain = PlainTable::create(folder + "/plain.db");
        const double base = seconds([&] {
            plain.insert(rows, 0, rows.size(), kBatch);
            plain.build_indexes();
        });
        std::unique_ptr<Replica> writer, reader;
        last = first_sync(office, folder, rows, writer, reader);
        last.plain = base;
        up.push_back(last.up / base);
        down.push_back(last.down / base);
        vacuum_log(*reader);
        disk = file_bytes(folder + "/reader.satchel") / file_bytes(folder + "/plain.db");
        if (i + 1 == settings.repeats)
            results.set("w6.client_mib", first_sync_memory(office, folder + "/memory.satchel"));
    }
    results.set("w3.up_ratio", median(up));
    results.set("w3.down_ratio", median(down));
    results.set("w3.wire_ratio", last.wire / static_cast<double>(raw_bytes(rows)));
    results.set("w3.up_seconds", last.up);
    results.set("w3.down_seconds", last.down);
    results.set("w3.plain_seconds", last.plain);
    results.set("disk.ratio", disk);
}

ChangeTimes run_changes(const Settings& settings, std::size_t count) {
    const std::string folder = settings.folder + "/w4-" + std::to_string(count);
    const auto rows = make_opportunities(count, 1);
    const HeadOffice office(folder);
    PlainTable plain = PlainTable::create(folder + "/plain.db");
    plain.insert(rows, 0, rows.size(), kBatch);
    std::unique_ptr<Replica> writer, reader;
    (void)first_sync(office, folder, rows, writer, reader);
    return median_changes(*writer, *reader, plain, rows,
                          std::max<std::size_t>(3, settings.repeats));
}

void run_w4(const Settings& settings, Results& results) {
    const ChangeTimes large = run_changes(settings, settings.rows);
    const ChangeTimes small = run_changes(settings, settings.rows / 10);
    results.set("w4.push_ratio", large.push / large.plain);
    results.set("w4.pull_ratio", large.pull / large.plain);
    results.set("w4.bytes_per_change", std::max(large.up_bytes, large.down_bytes));
    results.set("w4.push_ms", large.push * 1000);
    results.set("w4.pull_ms", large.pull * 1000);
    results.set("w4.plain_ms", large.plain * 1000);
    const double ours = (large.push + large.pull) / (small.push + small.pull);
    results.set("w4.growth", ours / (large.plain / small.plain));
}

// Both sides edit the same rows apart; then until both and the server are equal.
void run_w5(const Settings& settings, Results& results) {
    constexpr std::size_t kEdited = 10'000;
    const std::string folder = settings.folder + "/w5";
    const auto rows = make_opportunities(std::max(kEdited, settings.rows / 5), 1);
    const HeadOffice office(folder);
    PlainTable plain = PlainTable::create(folder + "/plain.db");
    plain.insert(rows, 0, rows.size(), kBatch);
    std::unique_ptr<Replica> one, two;
    (void)first_sync(office, folder, rows, one, two);
    const auto ids = all_ids(*one);
    const auto order = spread(kEdited, rows.size());
    update_amounts(*one, ids, order, 1, kBatch);
    update_amounts(*two, ids, order, 2, kBatch);
    const double ours = seconds([&] {
        (void)sync(*one);
        (void)sync(*two);
        (void)sync(*one);
    });
    const double base = seconds([&] {
        plain.update_amounts(rows, order, 1, kBatch);
        plain.update_amounts(rows, order, 2, kBatch);
    });
    const auto conflicts = must(one->database().integer("SELECT count(*) FROM _conflict"), "count");
    results.set("w5.ratio", ours / base);
    results.set("w5.seconds", ours);
    results.set("w5.conflicts_found", static_cast<double>(conflicts));
}

}  // namespace

void run_sync(const Settings& settings, Results& results) {
    run_first_sync(settings, results);
    run_w4(settings, results);
    run_w5(settings, results);
}

}  // namespace satchel::bench
