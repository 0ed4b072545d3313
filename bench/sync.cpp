// W3 to W6: a real satcheld and devices over HTTP on loopback.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
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
// More of them where a round takes a tenth of a second.
constexpr std::size_t kShortRounds = 5;
constexpr std::size_t kMergeRounds = 3;
// A pair of loads differs from the next by a tenth.
constexpr std::size_t kGrowthRounds = 5;

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

void empty_log(Replica& replica) {
    must(replica.database().checkpoint(), "checkpoint");
}

// In a process of its own.
double first_sync_memory(const HeadOffice& office, const std::string& path) {
    const std::string program = std::filesystem::read_symlink("/proc/self/exe");
    const std::string command =
        "'" + program + "' --memory-of '" + office.url() + "' '" + path + "'";
    FILE* const answer = ::popen(command.c_str(), "r");
    double mib = 0;
    const bool told = answer != nullptr && std::fscanf(answer, "%lf", &mib) == 1;
    if (answer != nullptr) ::pclose(answer);
    must(told ? Status{} : Status{Error{ErrorCode::io, "it told nothing"}}, "first sync alone");
    return mib;
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
    double up_cpu = 0, up_server_cpu = 0, down_cpu = 0, down_server_cpu = 0;
};

// The writer has the rows already, and has not sent them.
void load_up(const HeadOffice& office, Replica& writer, FirstSync& times) {
    empty_log(writer);
    const double ours = cpu_seconds(), theirs = cpu_seconds(office.process());
    SessionReport up;
    times.up = seconds([&] { up = sync(writer); });
    times.up_cpu = cpu_seconds() - ours;
    times.up_server_cpu = cpu_seconds(office.process()) - theirs;
    times.wire = std::max(times.wire, static_cast<double>(up.sent_bytes));
}

std::unique_ptr<Replica> load_down(const HeadOffice& office, const std::string& folder,
                                   FirstSync& times) {
    std::unique_ptr<Replica> reader = office.device(folder + "/reader.satchel", "reader");
    const double ours = cpu_seconds(), theirs = cpu_seconds(office.process());
    SessionReport down;
    times.down = seconds([&] { down = sync(*reader); });
    times.down_cpu = cpu_seconds() - ours;
    times.down_server_cpu = cpu_seconds(office.process()) - theirs;
    times.wire = std::max(times.wire, static_cast<double>(down.received_bytes));
    return reader;
}

FirstSync first_sync(const HeadOffice& office, const std::string& folder,
                     const std::vector<Opportunity>& rows, std::unique_ptr<Replica>& writer,
                     std::unique_ptr<Replica>& reader) {
    writer = office.device(folder + "/writer.satchel", "writer");
    (void)sync(*writer);
    insert_rows(*writer, rows, 0, rows.size(), kBatch);
    FirstSync times;
    load_up(office, *writer, times);
    reader = load_down(office, folder, times);
    return times;
}

// The system keeps nothing of the file in memory: it lies on another machine.
void leave_memory(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    must(file >= 0 && ::fsync(file) == 0 && ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0
             ? Status{}
             : Status{Error{ErrorCode::io, path + " stays in memory"}},
         "leave memory");
    ::close(file);
}

ChangeTimes changes_of(const Settings& settings, std::size_t count) {
    const std::string folder = settings.folder + "/w4-" + std::to_string(count);
    const auto rows = make_opportunities(count, 1);
    const HeadOffice office(folder);
    PlainTable plain = PlainTable::create(folder + "/plain.db");
    plain.insert(rows, 0, rows.size(), kBatch);
    std::unique_ptr<Replica> writer, reader;
    (void)first_sync(office, folder, rows, writer, reader);
    return median_changes(*writer, *reader, plain, rows, kShortRounds * settings.repeats);
}

struct MergeTimes {
    double ours = 0, plain = 0, floor = 0;  // seconds
    double conflicts = 0;
};

// What no way of syncing can save when three files hold the rows: head office's changes twice, each
// device's once for what the other wrote. A transaction for each, and nothing else.
double least_writes(PlainTable& plain, const std::vector<Opportunity>& rows,
                    const std::vector<std::size_t>& order) {
    return seconds([&] {
        for (std::int64_t pass = 3; pass < 7; ++pass)
            plain.update_amounts(rows, order, pass, order.size());
    });
}

MergeTimes merge_round(const std::string& folder, const std::vector<Opportunity>& rows) {
    const HeadOffice office(folder);
    PlainTable plain = PlainTable::create(folder + "/plain.db");
    plain.insert(rows, 0, rows.size(), kBatch);
    std::unique_ptr<Replica> one, two;
    (void)first_sync(office, folder, rows, one, two);
    const auto ids = all_ids(*one);
    const auto order = spread(rows.size() / 10, rows.size());
    update_amounts(*one, ids, order, 1, kBatch);
    update_amounts(*two, ids, order, 2, kBatch);
    MergeTimes times;
    times.ours = seconds([&] {
        (void)sync(*one);
        (void)sync(*two);
        (void)sync(*one);
    });
    times.plain = seconds([&] {
        plain.update_amounts(rows, order, 1, kBatch);
        plain.update_amounts(rows, order, 2, kBatch);
    });
    times.floor = least_writes(plain, rows, order);
    times.conflicts = static_cast<double>(
        must(one->database().integer("SELECT count(*) FROM _conflict"), "count"));
    return times;
}

}  // namespace

void run_first(const Settings& settings, Results& results) {
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
        empty_log(*reader);
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
    results.set("w3.up_device_cpu_seconds", last.up_cpu);
    results.set("w3.up_server_cpu_seconds", last.up_server_cpu);
    results.set("w3.down_device_cpu_seconds", last.down_cpu);
    results.set("w3.down_server_cpu_seconds", last.down_server_cpu);
    results.set("disk.ratio", disk);
}

void run_changes(const Settings& settings, Results& results) {
    const ChangeTimes large = changes_of(settings, settings.rows);
    const ChangeTimes small = changes_of(settings, settings.rows / 10);
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
void run_merge(const Settings& settings, Results& results) {
    const auto rows = make_opportunities(settings.rows, 1);
    std::vector<double> ratios, floors, over;
    MergeTimes last;
    for (std::size_t i = 0; i < settings.repeats * kMergeRounds; ++i) {
        const std::string folder = settings.folder + "/w5-" + std::to_string(i);
        last = merge_round(folder, rows);
        std::filesystem::remove_all(folder);
        ratios.push_back(last.ours / last.plain);
        floors.push_back(last.floor / last.plain);
        over.push_back(last.ours / last.floor);
    }
    results.set("w5.ratio", median(ratios));
    results.set("w5.floor_ratio", median(floors));
    results.set("w5.over_floor", median(over));
    results.set("w5.seconds", last.ours);
    results.set("w5.conflicts_found", last.conflicts);
}

double memory_of_first_sync(const std::string& url, const std::string& path) {
    const auto replica = device_at(url, path, "memory");
    const double before = mib_of("VmRSS");
    (void)sync(*replica);
    return mib_of("VmHWM") - before;
}

// A head office, and a device that has rows for it.
struct Site {
    explicit Site(std::string where) : folder(std::move(where)), office(folder) {}

    std::string folder;
    HeadOffice office;
    std::unique_ptr<Replica> writer;
    FirstSync times;
};

// `parts` times the rows of the settings, each time other ones.
std::unique_ptr<Site> site_with_rows(const Settings& settings, const std::string& folder,
                                     std::size_t parts) {
    auto site = std::make_unique<Site>(folder);
    site->writer = site->office.device(folder + "/writer.satchel", "writer");
    (void)sync(*site->writer);
    for (std::size_t i = 0; i < parts; ++i) {
        const auto rows = make_opportunities(settings.rows, i + 1);
        insert_rows(*site->writer, rows, 0, rows.size(), kBatch);
    }
    return site;
}

struct Loads {
    double up = 0, down = 0;  // seconds, all of them
    double memory = 0;        // MiB, of one more
};

// `count` first syncs of `parts` times the rows, each at a head office of its own. All write, then
// all go up, then all come down, and no file goes before the end: so many small ones ask the
// machine for as much new memory at a time as one large one, which is slow behind the first
// gigabyte.
Loads loads_of(const Settings& settings, std::size_t count, std::size_t parts) {
    const std::string folder = settings.folder + "/loads";
    std::vector<std::unique_ptr<Site>> sites;
    for (std::size_t i = 0; i < count; ++i)
        sites.push_back(site_with_rows(settings, folder + "/" + std::to_string(i), parts));
    Loads all;
    for (const auto& site : sites) {
        load_up(site->office, *site->writer, site->times);
        all.up += site->times.up;
        site->writer.reset();
        leave_memory(site->folder + "/writer.satchel");
    }
    for (const auto& site : sites) {
        (void)load_down(site->office, site->folder, site->times);
        all.down += site->times.down;
    }
    all.memory = first_sync_memory(sites.back()->office, folder + "/memory.satchel");
    sites.clear();
    std::filesystem::remove_all(folder);
    return all;
}

// Turn about, since what one side gives back the other finds warm.
void run_million(const Settings& settings, Results& results) {
    constexpr std::size_t kParts = 10;
    std::vector<double> up_growth, down_growth;
    Loads million;
    for (std::size_t i = 0; i < kGrowthRounds; ++i) {
        Loads ten;
        if (i % 2 == 0) ten = loads_of(settings, kParts, 1);
        million = loads_of(settings, 1, kParts);
        if (i % 2 == 1) ten = loads_of(settings, kParts, 1);
        up_growth.push_back(million.up / ten.up);
        down_growth.push_back(million.down / ten.down);
    }
    results.set("w3.million_growth", std::max(median(up_growth), median(down_growth)));
    results.set("w3.million_up_growth", median(up_growth));
    results.set("w3.million_down_growth", median(down_growth));
    results.set("w3.million_up_seconds", million.up);
    results.set("w3.million_down_seconds", million.down);
    results.set("w6.million_client_mib", million.memory);
}

}  // namespace satchel::bench
