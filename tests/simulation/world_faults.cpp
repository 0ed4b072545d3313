// Disasters, and the quiet afterwards.
#include <algorithm>

#include "sync/limits.hpp"
#include "tests/simulation/world.hpp"

namespace satchel::simulation {
namespace {

constexpr std::size_t kMaxDevices = 9;
// 300 seeds needed 3 rounds at most, and one deadline.
constexpr int kQuietRounds = 8;  // everybody syncs once in each
constexpr int kDeadlines = 4;
constexpr int kAttackersQuestions = 100;
constexpr int kMessagesOfASession = 3'000;
constexpr std::int64_t k2262Ms = 9'223'372'036'854;  // where nanoseconds in 64 bits end

}  // namespace

// What is left in the journal after a disaster; the rest was not durable, or was thrown away. Gives
// how many changes are lost that had been sent.
std::size_t World::survey(DeviceNode& device, bool may_lose_sent) {
    workload_.read_journal(device);
    const auto journal = device.replica().journal(100'000);
    require(journal, "device reads", "journal");
    std::set<ChangeId> found;
    for (const storage::JournalEntry& entry : *journal)
        found.insert(entry.id);
    std::size_t sent = 0;
    const std::size_t lost = history_.survey(device.index, found, &sent);
    if (lost != 0) log(device.name() + " has lost " + std::to_string(lost) + " changes");
    if (lost != 0) probes_.hit(Probe::power_loss_took_back);
    if (sent == 0) return 0;
    if (may_lose_sent) {
        probes_.hit(Probe::power_loss_took_back_sent, sent);
        return sent;
    }
    if (server_.has_backup()) return 0;  // old ones may have been pruned
    throw Violation{"I-12 durable ack", device.name() + " sent " + std::to_string(sent) +
                                            " changes that it then lost to a power cut"};
}

// A spoiled disk stays under power: nobody can promise anything afterwards (disk.hpp).
void World::lose_power(DeviceNode& device) {
    if (device.disk.is_spoiled()) return;
    log(device.name() + " loses power");
    probes_.hit(Probe::device_power_loss);
    const bool may_lose_sent = device.disk.has_hole();
    device.power_loss();
    if (may_lose_sent)
        causal_.put_back(device.index);
    else
        causal_.power_lost(device.index);
    const std::size_t lost = survey(device, may_lose_sent);
    if (may_lose_sent) probes_.hit(Probe::lost_sync_took_back_sent, lost);
}

void World::restore_device(DeviceNode& device) {
    log(device.name() + " is restored from an older image");
    probes_.hit(Probe::device_restored);
    device.restore(*device.image);
    causal_.put_back(device.index);
    device.image.reset();
    survey(device, true);
}

void World::clone(DeviceNode& device) {
    if (devices_.size() >= kMaxDevices) return;
    probes_.hit(Probe::device_cloned);
    const Disk::Snapshot image = device.disk.snapshot();
    devices_.push_back(std::make_unique<DeviceNode>(devices_.size(), device.person, now_,
                                                    random_.split(), &image));
    devices_.back()->revoked = device.revoked;
    history_.copy_holder(device.index, devices_.back()->index);
    causal_.copied(device.index, devices_.back()->index);
    log(device.name() + " is cloned as " + devices_.back()->name());
}

void World::disasters(DeviceNode& device) {
    if (random_.chance(plan_.offline)) {
        device.online = !device.online;
        log(device.name() + (device.online ? " is online" : " is offline"));
    }
    if (random_.chance(plan_.kill)) {
        log(device.name() + " is killed");
        probes_.hit(Probe::device_killed);
        device.kill();
        survey(device, false);
    }
    if (random_.chance(plan_.power_loss)) lose_power(device);
    if (random_.chance(plan_.device_restore)) {
        if (device.image)
            restore_device(device);
        else
            device.image = device.disk.snapshot();
    }
    if (random_.chance(plan_.clone)) clone(device);
    if (random_.chance(plan_.release)) change_release(device);
    if (random_.chance(plan_.log_out)) log_out(device);
    if (random_.chance(plan_.clock)) disasters_of_clocks(device);
    disasters_of_time(device);
}

void World::disasters_of_clocks(DeviceNode& device) {
    probes_.hit(Probe::clock_jump);
    const std::uint64_t kind = random_.below(plan_.wild_clocks ? 8 : 4);
    if (kind == 0) device.clock.freeze();
    if (kind == 1) device.clock.thaw();
    if (kind == 2 || kind == 3) device.clock.jump(random_.between(-86'400'000, 86'400'000));
    if (kind == 4) device.clock.set_to(random_.between(0, 3'600'000));
    if (kind == 5) device.clock.set_to(k2262Ms + random_.between(0, 3'600'000));
    if (kind >= 6) device.clock.set_to(now_);
    if (kind == 4) probes_.hit(Probe::clock_of_1970);
    if (kind == 5) probes_.hit(Probe::clock_of_2262);
    log(device.name() + "'s clock says " + std::to_string(device.clock.now_ms()));
}

void World::disasters_of_time(DeviceNode& device) {
    if (random_.chance(plan_.clog)) clog_half_the_fleet();
    if (random_.chance(plan_.sleep)) {
        const bool long_one = random_.chance(300);
        device.sleeps_until =
            now_ + (long_one ? random_.between(1, 20) * kDayMs : random_.between(60'000, 900'000));
        if (device.session) probes_.hit(Probe::asleep_in_session);
        log(device.name() + " falls asleep");
    }
    if (random_.chance(plan_.away)) leave_for_a_year(device);
}

void World::clog_half_the_fleet() {
    const bool loses = random_.chance(500);
    const std::int64_t until = now_ + (random_.chance(500) ? random_.between(100, 5'000)
                                                           : random_.between(60'000, 600'000));
    for (const auto& device : devices_)
        if (random_.chance(500))
            network_.clog(device->index, random_.chance(500) ? Direction::up : Direction::down,
                          until, loses);
    log(loses ? "half of the fleet is not heard" : "half of the fleet is stuck");
}

// What it wrote waits, while the others go on, and head office prunes and gives up waiting.
void World::leave_for_a_year(DeviceNode& device) {
    if (device.session || sleeps(device)) return;
    log(device.name() + " goes away for a year");
    device.online = false;
    for (int i = 0; i < 3; ++i)
        act(device);
    for (int month = 0; month < 13; ++month) {
        advance(30 * kDayMs);
        for (int i = 0; i < 2; ++i) {
            DeviceNode& other = any_device();
            if (other.index == device.index || sleeps(other)) continue;
            start_session(other);
            advance(60'000);
            act(other);
        }
        head_office_acts();
        prune();
        sweep();
    }
    device.online = true;
    probes_.hit(Probe::back_after_a_year);
    log(device.name() + " is back");
}

void World::disasters_of_head_office() {
    if (random_.chance(plan_.server_power_loss)) {
        log("head office loses power");
        probes_.hit(Probe::server_power_loss);
        server_.power_loss();
    }
    if (plan_.server_restore == 0) return;
    if (random_.chance(plan_.server_restore * 3)) {
        const Status copied = server_.back_up();
        require(copied, "head office writes", "backup");
        log("head office makes a backup");
    }
    if (random_.chance(plan_.server_restore * 3)) {
        const Status confirmed = server_.confirm_backup();
        require(confirmed, "head office writes", "backup confirmed");
        log("head office keeps its backup");
        probes_.hit(Probe::server_backup);
    }
    if (server_.has_backup() && random_.chance(plan_.server_restore)) restore_server(true);
}

// Head office goes back in time; what only it had written is lost, and that is reported.
// `schema_too`: its administrator sees first to it that the schema is there again.
void World::restore_server(bool schema_too) {
    log("head office is restored from its backup");
    server_.restore();
    given_.clear();
    causal_.office_restored();
    history_.office_restored();
    log("head " + std::to_string(number(server_.store().head())) + ", epoch " +
        std::to_string(server_.store().epoch()));
    if (schema_too && server_.store().schema()->number() < schema_) {
        const Status again =
            server_.store().install_schema(*company_schema(schema_), server_.now());
        require(again, "head office writes", "schema");
    }
    schema_ = server_.store().schema()->number();
    learn_own_write({});
}

// All faults end; what was turned off or cut comes back.
void World::become_well() {
    faults_ = false;
    log("all faults end");
    network_.become_perfect();
    server_.disk().heal();
    for (const auto& device : devices_) {
        device->online = true;
        device->clock.thaw();
        device->sleeps_until = 0;
        device->protocol_max = device->protocol_min = kProtocolMin;
        upgrade(*device);
        if (device->session) end_session(*device, "dropped");
    }
}

void World::sync_to_the_end(DeviceNode& device) {
    start_session(device);
    const std::uint64_t before = network_.sent();
    while (device.session) {
        advance(5);
        if (network_.sent() - before > kMessagesOfASession)
            throw Violation{"I-13 liveness", device.name() + " does not come to an end"};
    }
}

// Everybody syncs once. True when that moved nothing.
bool World::sync_round() {
    const Sequence head = server_.store().head();
    const std::uint64_t before = network_.sent();
    for (const auto& device : devices_) {
        advance(10'000);
        sync_to_the_end(*device);
    }
    if (canary_ == Canary::restless) act(*devices_.front());
    const bool moved = server_.store().head() != head;
    return !moved && network_.sent() - before <= devices_.size() * 2;
}

// After their deadline, what held changes wait for is declared lost.
void World::decide_held() {
    advance(kHoldDeadlineMs + kDayMs);
    sweep();
    // What is held of an attacker may wait for one thing after the other, and is judged when it
    // asks; a fork or a restore may come first.
    for (int i = 0; attacker_ && i < kAttackersQuestions && server_.store().has_held(); ++i) {
        attack(attacker_->question());
        sweep();
    }
}

void World::sweep() {
    const auto swept = server_.store().sweep_held(server_.now());
    require(swept, "head office writes", "sweep");
    server_.forget_rows();
    if (*swept != 0) log("head office declares " + std::to_string(*swept) + " changes lost");
    probes_.hit(Probe::declared_lost, *swept);
}

// What only a lost server had leaves chains of changes that wait for one thing after the other;
// each is decided at a deadline of its own.
void World::settle() {
    if (plan_.storm != 0) all_at_once();
    for (int phase = 0; phase < 2 || server_.store().has_held(); ++phase) {
        int rounds = 0;
        bool quiet = false;
        while (!quiet) {
            if (++rounds > kQuietRounds)
                throw Violation{"I-13 liveness",
                                "not quiet after " + std::to_string(rounds) + " rounds of syncing"};
            quiet = sync_round();
        }
        log("quiet after " + std::to_string(rounds) + " rounds, phase " + std::to_string(phase));
        if (phase > kDeadlines) return;
        if (phase == 0 || server_.store().has_held()) decide_held();
    }
}

}  // namespace satchel::simulation
