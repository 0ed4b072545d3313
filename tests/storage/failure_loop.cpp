#include "tests/storage/failure_loop.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "tests/storage/failing_memory.hpp"

namespace satchel::test {
namespace {

using simulation::Disk;
using simulation::Failure;

constexpr const char* kPhoneFile = "phone.satchel";
constexpr const char* kOfficeFile = "office.workspace";
constexpr std::size_t kMostPositions = 100'000;  // a loop that does not end is a bug of the loop

PhoneOptions phone_on(Disk& disk, bool create, WallClock& clock, Random& chance) {
    PhoneOptions options;
    options.create = create;
    options.clock = &clock;
    options.random = &chance;
    options.vfs = disk.name();
    return options;
}

storage::ServerStoreOptions office_on(Disk& disk, bool create, bool restored) {
    storage::ServerStoreOptions options;
    options.create = create;
    if (create) options.schema = company();
    options.vfs = disk.name();
    options.exclusive = true;
    options.restored = restored;
    return options;
}

// Looking at a file whose disk is well again may not fail: ends the program.
template <typename T>
T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().message.c_str());
        std::abort();
    }
    return *std::move(result);
}

std::string text_of(sqlite3_stmt* row, int column) {
    const std::string name = sqlite3_column_name(row, column);
    // Grows whenever something leaves, however often that has to be tried.
    if (name == "durable") return "";
    if (sqlite3_column_type(row, column) == SQLITE_NULL) return " null";
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(row, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, column));
    std::string text = " " + name + " ";
    for (std::size_t i = 0; i < size; ++i) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        text += "0123456789abcdef"[byte >> 4U];
        text += "0123456789abcdef"[byte & 15U];
    }
    return text;
}

std::string rows_of(storage::Database& database, const std::string& table,
                    const std::string& columns) {
    std::multiset<std::string> lines;
    auto rows = must(database.prepare("SELECT " + columns + " FROM \"" + table + "\""));
    while (must(rows.step())) {
        std::string line;
        for (int column = 0; column < rows.column_count(); ++column)
            line += text_of(rows.handle(), column);
        lines.insert(line);
    }
    std::string all;
    for (const std::string& line : lines)
        all += table + line + "\n";
    return all;
}

// Every row of every table.
std::string rows_of(storage::Database& database) {
    std::set<std::string> tables;
    auto names = must(database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'"));
    while (must(names.step()))
        tables.emplace(names.text(0));
    std::string all;
    for (const std::string& table : tables)
        all += rows_of(database, table, "*");
    return all;
}

// What people see: the columns of the typed tables, and how much is dead.
template <typename Store>
std::string values_of(Store& store) {
    std::string all;
    for (const Collection& collection : store.schema()->collections()) {
        std::string columns = "id";
        for (const Field& field : collection.fields)
            columns += ", \"" + field.name + "\"";
        all += rows_of(store.database(), collection.name, columns);
    }
    return all + rows_of(store.database(), "_dead", "id");
}

std::string waiting_of(storage::Replica& replica) {
    const storage::ReplicaStatus status = must(replica.status());
    return "waiting " + std::to_string(status.pending) + " " + std::to_string(status.held) + " " +
           std::to_string(status.parked) + " refused " + std::to_string(status.not_accepted) + "\n";
}

void add_ids(storage::Database& database, const char* sql, std::set<Bytes>& ids) {
    auto rows = must(database.prepare(sql));
    while (must(rows.step()))
        ids.emplace(rows.blob(0));
}

// What an error of this kind of failure may be called.
bool is_clear(const Error& error) {
    switch (error.code) {
        case ErrorCode::io:
        case ErrorCode::disk_full:
        case ErrorCode::busy:     // of memory
        case ErrorCode::offline:  // of messages
            return !error.message.empty();
        default:
            return false;
    }
}

bool lacks_any(const std::set<Bytes>& before, const std::set<Bytes>& after) {
    return !std::includes(after.begin(), after.end(), before.begin(), before.end());
}

std::string first_difference(const std::string& found, const std::string& expected) {
    std::istringstream here(found), there(expected);
    std::string a, b;
    do {
        a.clear();
        b.clear();
        std::getline(here, a);
        std::getline(there, b);
    } while (a == b && here && there);
    return "\n  found    " + a + "\n  expected " + b;
}

// The scene of a procedure, and what must be there after it.
struct Rehearsal {
    Scene scene;
    Scene::Moment begin;
    std::set<Bytes> kept;
    std::set<std::string> ends;  // done at the first try, at the second, at both

    explicit Rehearsal(const Procedure& procedure) {
        procedure.prepare(scene);
        begin = scene.moment();
        kept = scene.kept();
        for (const int number : {0, 1}) {
            scene.back_to(begin);
            scene.begin_try(number);
            const Status done = procedure.run(scene);
            EXPECT_TRUE(done) << procedure.name << ": " << done.error().message;
            ends.insert(scene.contents(procedure.same));
            if (number == 0) continue;
            EXPECT_TRUE(procedure.run(scene)) << procedure.name;
            ends.insert(scene.contents(procedure.same));
        }
    }

    // `go_on`: what happens between the failure and the second try.
    void expect_recovery(const Procedure& procedure, const Status& failed, std::size_t position,
                         const std::function<void()>& go_on) {
        const std::string where =
            std::string(procedure.name) + ", position " + std::to_string(position) +
            (failed ? ", in spite of which it succeeded" : ": " + failed.error().message);
        EXPECT_TRUE(failed || is_clear(failed.error())) << where;
        go_on();
        if (!scene.is_open()) scene.restart();
        scene.begin_try(1);
        EXPECT_FALSE(procedure.keeps && lacks_any(kept, scene.kept())) << where;
        const Status again = procedure.run(scene);
        ASSERT_TRUE(again) << where << "\ndone again: " << again.error().message;
        const std::string found = scene.contents(procedure.same);
        ASSERT_TRUE(ends.contains(found)) << where << first_difference(found, *ends.begin());
    }
};

void tell(const Procedure& procedure, const char* of, std::size_t covered, std::size_t positions) {
    std::printf("%-20s %-28s %5zu positions of %zu\n", procedure.name, of, covered, positions);
}

// Every allocation where SATCHEL_EVERY_ALLOCATION is set: minutes. Else each run takes every
// 61st, which in a procedure of thousands of allocations meets every kind of them.
std::size_t memory_stride() {
    return std::getenv("SATCHEL_EVERY_ALLOCATION") != nullptr ? 1 : 61;
}

// `arm` makes the call at a position fail; `disarm` says whether one has.
std::size_t loop(const Procedure& procedure, const char* of,
                 const std::function<void(Scene&, std::size_t)>& arm,
                 const std::function<bool(Scene&)>& disarm,
                 const std::function<void(Scene&)>& go_on, std::size_t stride = 1) {
    Rehearsal rehearsal(procedure);
    Scene& scene = rehearsal.scene;
    std::size_t covered = 0;
    for (std::size_t position = 0; position < kMostPositions; position += stride, ++covered) {
        scene.back_to(rehearsal.begin);
        scene.begin_try(0);
        arm(scene, position);
        const Status done = procedure.run(scene);
        if (!disarm(scene)) {
            EXPECT_TRUE(done) << procedure.name << ": " << done.error().message;
            tell(procedure, of, covered, position);
            return covered;
        }
        rehearsal.expect_recovery(procedure, done, position, [&] { go_on(scene); });
        if (::testing::Test::HasFatalFailure()) return covered;
    }
    ADD_FAILURE() << procedure.name << " has no end";
    return kMostPositions;
}

const char* name(Where where, How how) {
    const bool phone = where == Where::phone;
    switch (how) {
        case How::disk_once:
            return phone ? "phone, a call fails" : "office, a call fails";
        case How::disk_full:
            return phone ? "phone, the disk is full" : "office, the disk is full";
        case How::power_loss:
            return phone ? "phone, power loss" : "office, power loss";
    }
    return "";
}

}  // namespace

Scene::Scene()
    : phone_disk_("failing-phone", disk_chance_, clock_),
      office_disk_("failing-office", disk_chance_, clock_) {
    open(true);
}

Scene::~Scene() {
    close();
}

void Scene::open(bool create) {
    begin_try(0);
    head_ = std::make_unique<Head>(kOfficeFile, office_on(office_disk_, create, restored_));
    head_->options.max_rows = max_rows;
    restored_ = false;
    phone_ = std::make_unique<Phone>(kPhoneFile, phone_on(phone_disk_, create, clock_, chance_));
    phone_->session_options.upload_bytes = 1;  // one changeset in a request
}

void Scene::close() {
    phone_.reset();
    head_.reset();
}

void Scene::begin_try(int number) {
    chance_ = {};
    chance_.next();  // head office, too, draws its name first
    clock_.now = kNow + number;
}

Status Scene::sync() {
    const auto report = phone_->try_sync(*head_, line);
    return report ? Status{} : Status{report.error()};
}

Status Scene::open_and_close() {
    close();
    storage::ReplicaOptions phone;
    phone.vfs = phone_disk_.name();
    phone.exclusive = true;
    SATCHEL_TRY(storage::Replica::open(kPhoneFile, phone));
    SATCHEL_TRY(
        storage::SqliteServerStore::open(kOfficeFile, office_on(office_disk_, false, false)));
    return {};
}

Scene::Moment Scene::moment() {
    close();
    Moment now{phone_disk_.snapshot(), office_disk_.snapshot()};
    open(false);
    return now;
}

void Scene::back_to(const Moment& moment) {
    close();
    phone_disk_.restore(moment.phone);
    office_disk_.restore(moment.office);
    open(false);
}

void Scene::restart() {
    close();
    open(false);
}

void Scene::lose_power(Disk& disk) {
    disk.power_loss(disk_chance_);
    restart();
}

void Scene::restore_office(const Moment& moment) {
    close();
    office_disk_.restore(moment.office);
    restored_ = true;
    open(false);
}

void Scene::restore_phone(const Moment& moment) {
    close();
    phone_disk_.restore(moment.phone);
    open(false);
}

std::string Scene::contents(Same same) {
    restart();
    if (same == Same::meaning)
        return values_of(replica()) + waiting_of(replica()) + values_of(head_->store());
    return rows_of(replica().database()) + rows_of(head_->store().database());
}

std::set<Bytes> Scene::kept() {
    std::set<Bytes> ids;
    add_ids(replica().database(), "SELECT change_id FROM entry", ids);
    add_ids(head_->store().database(), "SELECT change FROM _log", ids);
    return ids;
}

std::size_t fail_disk_everywhere(const Procedure& procedure, Where where, How how) {
    const auto disk = [where](Scene& scene) -> Disk& {
        return where == Where::phone ? scene.phone_disk() : scene.office_disk();
    };
    std::uint64_t before = 0;
    return loop(
        procedure, name(where, how),
        [&](Scene& scene, std::size_t position) {
            before = disk(scene).failures();
            disk(scene).fail_after(position, how == How::disk_full ? Failure::full : Failure::io,
                                   how != How::disk_once);
        },
        [&](Scene& scene) {
            disk(scene).heal();
            return disk(scene).failures() != before;
        },
        [&](Scene& scene) {
            if (how == How::power_loss) scene.lose_power(disk(scene));
        });
}

std::size_t fail_memory_everywhere(const Procedure& procedure) {
    return loop(
        procedure, "an allocation fails",
        [](Scene&, std::size_t position) { fail_allocation_after(position); },
        [](Scene&) { return allocations_succeed_again(); }, [](Scene&) {}, memory_stride());
}

std::size_t fail_line_everywhere(const Procedure& procedure) {
    std::size_t positions = 0;
    for (const Fate fate : {Fate::request_lost, Fate::reply_lost, Fate::request_twice}) {
        std::size_t sent = 0, chosen = 0;
        positions += loop(
            procedure, "a message is lost or repeated",
            [&, fate](Scene& scene, std::size_t position) {
                sent = 0;
                chosen = position;
                scene.line = [&, fate](std::size_t) {
                    return sent++ == chosen ? fate : Fate::arrives;
                };
            },
            [&](Scene& scene) {
                scene.line = always_arrives;
                return sent > chosen;
            },
            [](Scene&) {});
    }
    return positions;
}

}  // namespace satchel::test
