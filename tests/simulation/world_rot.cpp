// F-24, F-25: a bit of a device's or head office's files turns, or a page is written over another,
// while the program does not run. SQLite sees little of that and the engine some of the rest; what
// must hold is that whoever notices says `corrupt` and what that means, that nothing hangs, and
// that head office merges nothing which nobody wrote. Nobody writes on such a device: what a person
// is shown there may be wrong, and nothing is promised of it. It is put back, or replaced by a new
// one. Nor does anybody get what a damaged head office says: it runs beside the sound one, and its
// disk is thrown away.
#include <algorithm>
#include <array>

#include "sync/bundle_rounds.hpp"
#include "tests/simulation/world.hpp"

namespace satchel::simulation {
namespace {

constexpr std::size_t kPage = 4096;
constexpr int kRounds = 200;

void turn_a_bit(Bytes& file, std::size_t at, Prng& random) {
    file[at] = static_cast<char>(file[at] ^ (1 << random.below(8)));
}

// A file of the snapshot, larger ones rather.
Bytes& some_file(Disk::Snapshot& files, Prng& random) {
    std::size_t size = 0;
    for (const auto& [path, bytes] : files)
        size += bytes.size();
    std::uint64_t at = random.below(size);
    for (auto& [path, bytes] : files) {
        if (at < bytes.size()) return bytes;
        at -= bytes.size();
    }
    return files.begin()->second;
}

// In every copy of it, the log's and the database's; false: it is not in one piece.
bool turn_a_bit_of(const Bytes& content, Disk::Snapshot& files, Prng& random) {
    const std::size_t place = random.below(content.size());
    const std::uint64_t bit = random.below(8);
    bool found = false;
    for (auto& [path, bytes] : files)
        for (auto at = bytes.find(content); at != Bytes::npos; at = bytes.find(content, at + 1)) {
            bytes[at + place] = static_cast<char>(bytes[at + place] ^ (1 << bit));
            found = true;
        }
    return found;
}

void misdirect_a_page(Bytes& file, Prng& random) {
    const std::size_t pages = file.size() / kPage;
    if (pages < 2) return turn_a_bit(file, random.below(file.size()), random);
    const Bytes page = file.substr(random.below(pages) * kPage, kPage);
    file.replace(random.below(pages) * kPage, kPage, page);
}

// What waits to be sent, as it lies in the file; empty: nothing does.
Bytes newest_pending(DeviceNode& device) {
    auto row = device.replica().database().prepare(
        "SELECT bytes FROM journal WHERE state = 0 AND length(bytes) > 0"
        " ORDER BY number DESC LIMIT 1");
    require(row, "device reads", "journal");
    const auto found = row->step();
    require(found, "device reads", "journal");
    return *found ? Bytes(row->blob(0)) : Bytes{};
}

// What a program does at its end: of what is still in the log alone, SQLite's checksums would tell.
void end_in_order(DeviceNode& device) {
    const Status folded = device.replica().database().execute("PRAGMA wal_checkpoint(TRUNCATE)");
    static_cast<void>(folded);  // a disk that is full, or fails: then the log stays
}

// Whoever reads it knows that the file is damaged (or empty, without its log), and what to do.
void must_be_clear(const Error& error, const std::string& where) {
    constexpr std::array kClear{ErrorCode::corrupt, ErrorCode::not_a_database,
                                ErrorCode::newer_format, ErrorCode::not_found};
    const bool clear = std::find(kClear.begin(), kClear.end(), error.code) != kClear.end();
    if (!clear || error.message.empty())
        throw Violation{"damage is said",
                        where + ": " + std::string(name(error.code)) + ", " + error.message};
}

// What it has issued again, after a fork. What it calls by another name nobody wrote.
void learn_dots(History& history, DeviceNode& device) {
    auto journal = device.replica().journal(100'000);
    if (!journal) return;
    std::reverse(journal->begin(), journal->end());  // the newest name last
    for (const storage::JournalEntry& entry : *journal)
        if (history.knows(entry.id))
            history.learn(device.index, entry.id, {entry.replica, entry.first_counter});
}

}  // namespace

Disk::Snapshot World::damaged_files(DeviceNode& device) {
    const std::uint64_t kind = apart_.below(3);
    const Bytes pending = newest_pending(device);
    if (kind == 0) end_in_order(device);
    Disk::Snapshot files = device.disk.snapshot();
    if (kind == 0 && !pending.empty() && turn_a_bit_of(pending, files, apart_)) {
        probes_.hit(Probe::rot_in_the_journal);
        log(device.name() + "'s disk turns a bit of what waits in its journal");
    } else if (kind == 1) {
        misdirect_a_page(some_file(files, apart_), apart_);
        probes_.hit(Probe::misdirected_page);
        log(device.name() + "'s disk writes a page over another");
    } else {
        Bytes& file = some_file(files, apart_);
        turn_a_bit(file, apart_.below(file.size()), apart_);
        probes_.hit(Probe::bit_rot);
        log(device.name() + "'s disk turns a bit");
    }
    return files;
}

void World::rot(DeviceNode& device) {
    if (device.disk.has_hole()) return;
    workload_.read_journal(device);
    const Caller owner = caller(device);  // what its token says, whatever the file says now
    const Status opened = device.come_back_with(damaged_files(device));
    const Status used = opened ? use_damaged(device, owner) : opened;
    if (!used) {
        log(device.name() + " says: " + used.error().message);
        must_be_clear(used.error(), device.name());
    }
    probes_.hit(!opened ? Probe::rot_refused : !used ? Probe::rot_noticed : Probe::rot_harmless);
    replace(device);
}

// It is looked at and synced, over a line without faults.
Status World::use_damaged(DeviceNode& device, const Caller& owner) {
    for (const char* collection : {"deal", "visit"}) {
        SATCHEL_ASSIGN(const std::vector<RecordId> all, ids_of(device.replica(), collection));
        for (const RecordId& id : all) {
            const auto view = device.replica().record(collection, id);
            if (!view && view.error().code != ErrorCode::not_found) return view.error();
        }
    }
    DeviceSession session(device.replica(), server_.services());
    for (int round = 0; round < kRounds; ++round) {
        SATCHEL_ASSIGN(auto request, session.next_request(device.clock.now_ms()));
        if (!request) return {};
        if (!decode_request(*request, server_.services())) return {};  // nor does head office
        static_cast<void>(note_sent(device, *request));
        const Answer answer = server_.handle(*request, owner);
        if (!answer.reply) return {};  // head office refuses it
        check_written(answer);
        const Status taken = session.take_reply(answer.bytes, device.clock.now_ms());
        learn_dots(history_, device);
        SATCHEL_TRY(taken);
    }
    throw Violation{"I-13 liveness", device.name() + " syncs its damaged file for ever"};
}

// I-3: what head office takes from a damaged file is, but for its names, what somebody wrote.
void World::check_written(const Answer& answer) const {
    for (const UploadedChangeset& sent : answer.request->changesets) {
        const auto taken =
            std::find_if(answer.reply->verdicts.begin(), answer.reply->verdicts.end(),
                         [&](const Verdict& verdict) {
                             return verdict.incarnation == answer.request->replica.incarnation &&
                                    verdict.first_counter == sent.first_counter &&
                                    verdict.kind == VerdictKind::accepted;
                         });
        if (taken == answer.reply->verdicts.end()) continue;
        const auto changeset = decode_changeset(sent.bytes);
        require(changeset, "I-3 no invention", "what head office accepted");
        if (!history_.has_written(*changeset))
            throw Violation{
                "I-3 no invention",
                "head office accepted what the disk had turned in " + changeset->header.id.text()};
    }
}

// Its backup, or an empty file on a new device.
void World::replace(DeviceNode& device) {
    if (device.image && apart_.chance(500)) return restore_device(device);
    log(device.name() + " is replaced by a new one");
    device.begin_anew();
    causal_.put_back(device.index);
    survey(device, true);
}

void World::rot_head_office() {
    Disk::Snapshot files = server_.disk().snapshot();
    Bytes& file = some_file(files, apart_);
    if (apart_.chance(500))
        misdirect_a_page(file, apart_);
    else
        turn_a_bit(file, apart_.below(file.size()), apart_);
    ServerNode office(plan_, now_, apart_.split(), std::move(files));
    const Status opened = office.open_found();
    const Status used = opened ? use_damaged_office(office) : opened;
    if (!used) {
        log("a damaged head office says: " + used.error().message);
        must_be_clear(used.error(), "head office");
    }
    probes_.hit(!opened ? Probe::office_rot_refused
                : !used ? Probe::office_rot_noticed
                        : Probe::office_rot_harmless);
}

// All that it has is read, counted, swept and copied, and a new device gets what it may see. Last
// the audit log, which finds what the others pass over.
Status World::use_damaged_office(ServerNode& office) {
    SATCHEL_ASSIGN([[maybe_unused]] const std::vector<ServerRow> rows, office.read_rows());
    SATCHEL_TRY(office.store().check_sums());
    SATCHEL_ASSIGN([[maybe_unused]] const auto figures, office.store().figures());
    SATCHEL_ASSIGN([[maybe_unused]] const auto kept, office.store().quarantine(1'000));
    SATCHEL_ASSIGN([[maybe_unused]] const std::size_t lost, office.store().sweep_held(now_));
    SATCHEL_TRY(office.back_up());
    for (const auto& device : devices_)
        SATCHEL_TRY(walk_damaged_office(office, *device));
    const auto audit = storage::check_audit(office.store().database(), server_.anchors());
    return audit ? Status{} : Status{audit.error()};
}

Status World::walk_damaged_office(ServerNode& office, const DeviceNode& device) {
    Caller newcomer = caller(device);
    newcomer.replica = apart_.next() | 1;
    SyncRequest first;
    first.replica = {newcomer.replica, 1};
    first.epoch = office.store().epoch();
    first.device_now = now_;
    first.lists_scopes = true;
    BundleRounds rounds({first}, office.services().hash);
    for (int round = 0; round < kRounds; ++round) {
        const Answer answer = office.handle(encode(rounds.request(), office.services()), newcomer);
        if (answer.refusal) return *answer.refusal;
        if (!answer.reply) return Error{ErrorCode::corrupt, answer.bytes};
        SATCHEL_TRY(rounds.take(*answer.reply));
        if (rounds.finished()) return {};
    }
    throw Violation{"I-13 liveness", "a damaged head office answers a new device for ever"};
}

}  // namespace satchel::simulation
