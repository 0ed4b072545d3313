// Schemas that head office loses while devices have them, and schemas of a newer release that a
// device cannot read.
#include <deque>

#include "sync/page.hpp"
#include "tests/simulation/world.hpp"

namespace satchel::simulation {
namespace {

// Of a schema: its first byte.
constexpr char kFormat = 1;
constexpr char kNewerFormat = 2;

// The page with the schemas since the second in another format.
Bytes with_schemas_as(char format, const Bytes& page) {
    const auto reader = PageReader::open(page);
    require(reader, "I-3 no invention", "a page cannot be read");
    PageWriter writer;
    std::deque<Bytes> definitions;
    const Status visited = reader->visit([&](const PageRow& row) -> Status {
        std::vector<ValueView> values = row.values;
        const bool is_schema = row.collection == system_ids::kSchema && values.size() == 2;
        if (is_schema && values[0].integer > 1) {
            Bytes& definition = definitions.emplace_back(values[1].bytes);
            definition[0] = format;
            values[1].bytes = definition;
        }
        writer.add(row.collection, row.kind, row.layout != nullptr ? *row.layout : Layout{}, row.id,
                   row.seq, reader->scope_sets()[row.scope_set], row.meta, values);
        return {};
    });
    require(visited, "I-3 no invention", "a page cannot be read");
    for (const Departure& departure : reader->departures())
        writer.add_departure(departure);
    return writer.finish();
}

}  // namespace

void World::disasters_of_schemas(DeviceNode& device) {
    if (apart_.chance(plan_.lost_schema)) lose_schema();
    if (!apart_.chance(plan_.newer_schema)) return;
    if (!device.reads_newer_schema) return upgrade(device);
    device.reads_newer_schema = false;
    log(device.name() + " is left with an older release");
    grow_schema();
}

void World::upgrade(DeviceNode& device) {
    if (device.reads_newer_schema) return;
    device.reads_newer_schema = true;
    log(device.name() + " gets the present release");
    read_what_waits(device);
}

// The present release can read what waits here for the rest of its checkpoint. (There is one
// release to compile: the bytes change instead of the program. A copy or a power loss may have
// brought the bytes of before back.)
void World::read_what_waits(DeviceNode& device) {
    if (plan_.newer_schema == 0 || !device.reads_newer_schema) return;
    storage::Database& database = device.replica().database();
    auto rows = database.prepare("SELECT number, page FROM staged");
    require(rows, "device reads", "staged pages");
    std::map<std::int64_t, Bytes> pages;
    for (auto more = rows->step(); more && *more; more = rows->step())
        pages.emplace(rows->integer(0), rows->blob(1));
    for (const auto& [number, page] : pages) {
        auto update = database.prepare("UPDATE staged SET page = ?2 WHERE number = ?1");
        require(update, "device writes", "staged pages");
        const Bytes readable = with_schemas_as(kFormat, page);
        update->bind(1, number);
        update->bind_blob(2, readable);
        require(update->run(), "device writes", "staged pages");
    }
}

// A backup is made right before a schema grows, and some time later it is all that is left. What
// devices wrote into the new fields meanwhile is quarantined, until somebody sends it again.
void World::lose_schema() {
    if (!may_lose_schema_) {
        require(server_.back_up(), "head office writes", "backup");
        require(server_.confirm_backup(), "head office writes", "backup confirmed");
        log("head office makes a backup before its schema grows");
        grow_schema();
        may_lose_schema_ = true;
        return;
    }
    may_lose_schema_ = false;
    const std::uint32_t before = schema_;
    restore_server(false);
    if (schema_ == before) return;
    probes_.hit(Probe::schema_lost);
    schema_was_lost_ = true;
    log("head office has lost schema " + std::to_string(before));
}

Bytes World::as_newer_release(const Bytes& page) {
    return with_schemas_as(kNewerFormat, page);
}

// The person reads that a newer release is needed, and goes on working with what is there.
bool World::is_of_newer_release(ErrorCode code) {
    if (code != ErrorCode::newer_format || plan_.newer_schema == 0 || !faults_) return false;
    probes_.hit(Probe::newer_schema_refused);
    return true;
}

}  // namespace satchel::simulation
