#include "tests/simulation/world.hpp"

#include <algorithm>

namespace satchel::simulation {
namespace {

constexpr std::int64_t kTimeOutMs = 30'000;
constexpr int kTries = 3;
constexpr std::uint64_t kApart = 0x6661756C7473U;
constexpr std::uint64_t kSessionsPerView = 4;
constexpr std::uint64_t kActsPerLook = 4;  // looking at all that a device shows takes its time

}  // namespace

World::World(const Plan& plan, Trace& trace, Probes& probes, Canary canary)
    : plan_(plan),
      trace_(trace),
      probes_(probes),
      canary_(canary),
      random_(plan.seed),
      apart_(plan.seed ^ kApart),
      company_(plan.people, random_),
      server_(plan, now_, random_.split()),
      network_(plan, random_.split(), probes),
      workload_(plan, company_, history_, probes),
      oracle_(company_, history_, server_, probes),
      causal_(history_, [this](const KnownChange& change) {
          return server_.has_merged(change.replica, change.id);
      }) {
    for (std::size_t i = 0; i < plan.devices; ++i) {
        const std::size_t person = i == 0 ? 1 : random_.below(plan.people);
        devices_.push_back(std::make_unique<DeviceNode>(i, person, now_, random_.split(), nullptr));
        DeviceNode& device = *devices_.back();
        if (plan.wild_clocks) device.clock.jump(random_.between(-20, 20) * 31'557'600'000 / 2);
        device.clock.jump(random_.between(-200'000, 200'000));
        device.clock.set_drift(random_.between(-500, 500));
    }
    if (plan.attack != 0)
        attacker_ = std::make_unique<Attacker>(1 + random_.below(plan.people - 1), company_,
                                               history_, server_, random_.split());
    server_.look_up_callers([this](std::uint64_t replica, const RecordId&) {
        return Result<std::optional<Caller>>(caller_of(replica));
    });
    learn_own_write({});
    log(text(plan));
}

Caller World::caller(const DeviceNode& device) const {
    return registered({device.replica_id, device.person, device.revoked});
}

Caller World::registered(const Registered& device) const {
    const Person& person = company_.person(device.person);
    Caller caller;
    caller.replica = device.replica;
    caller.user = person.id;
    caller.rank = person.rank;
    caller.head_office = person.head_office;
    caller.revoked = device.revoked;
    caller.scopes = company_.scopes(device.person);
    return caller;
}

std::optional<Caller> World::caller_of(std::uint64_t replica) const {
    if (attacker_ && attacker_->replica_id == replica) return attacking();
    for (const auto& device : devices_)
        if (device->replica_id == replica) return caller(*device);
    const auto gone = registered_.find(replica);
    return gone == registered_.end() ? std::nullopt : std::optional(registered(gone->second));
}

void World::run() {
    for (std::size_t i = 0; i < plan_.steps; ++i)
        step(i);
    draw_for(plan_.steps);
    become_well();
    settle();
    history_.take_claims_as_seen();
    oracle_.check_server();
    oracle_.check_head_office_sizes();
    for (const auto& device : devices_)
        check_at_the_end(*device);
}

// Once more when the program has started anew: what is shown lies in the file.
void World::check_at_the_end(DeviceNode& device) {
    oracle_.check_device(device);
    oracle_.check_journal_size(device);
    oracle_.check_nothing_left(device);
    oracle_.check_views(device);
    device.kill();
    oracle_.check_views(device);
    const std::uint32_t known = device.replica().schema()->number();
    if (!device.revoked && known < schema_)
        throw Violation{"I-17 schema skew", device.name() + " knows schema " +
                                                std::to_string(known) + ", head office has " +
                                                std::to_string(schema_)};
}

// Every step has chances of its own: leaving one out does not change what the others draw.
void World::draw_for(std::size_t step) {
    Prng random = Prng::of(plan_.seed, step);
    random_ = random.split();
    apart_ = Prng::of(plan_.seed ^ kApart, step);
    network_.draw_from(random.split());
    server_.draw_from(random.split());
    for (const auto& device : devices_)
        device->random = random.split();
}

// In one that is left out time passes, and messages arrive.
void World::step(std::size_t number) {
    ++steps_begun_;
    draw_for(number);
    std::int64_t pause = random_.between(1, 3'000);
    if (random_.chance(30)) pause = random_.between(60'000, 3'600'000);
    if (random_.chance(plan_.days)) pause = random_.between(1, 45) * 86'400'000;
    advance(pause);
    if (plan_.skip.contains(number)) return;
    DeviceNode& device = any_device();
    disasters(device);
    disasters_of_head_office();
    disasters_of_schemas(device);
    disasters_of_scale(device);
    if (apart_.chance(plan_.rot)) rot(device);
    if (apart_.chance(plan_.rot)) rot_head_office();
    head_office_acts();
    if (attacker_ && random_.chance(plan_.attack)) attack(attacker_->next(overheard_));
    if (sleeps(device)) return;
    if (random_.chance(plan_.sync))
        start_session(device);
    else
        act(device);
}

// Time passes; what arrives in it arrives in order.
void World::advance(std::int64_t ms) {
    const std::int64_t until = now_ + ms;
    Packet packet;
    while (true) {
        const std::int64_t next = network_.next_arrival();
        if (next < 0 || next > until) break;
        now_ = std::max(now_, next);
        if (network_.next(now_, packet)) deliver(packet);
    }
    now_ = until;
    check_time_outs();
}

void World::check_time_outs() {
    for (const auto& device : devices_) {
        if (!device->session || now_ < device->deadline || sleeps(*device)) continue;
        if (++device->tries > kTries)
            end_session(*device, "no answer");
        else
            pump(*device);
    }
}

void World::deliver(const Packet& packet) {
    const DeviceNode& device = *devices_[packet.device];
    if (!device.online) return;
    const bool deaf = canary_ == Canary::deaf_device && !faults_ && packet.device == 0;
    if (deaf && packet.direction == Direction::down) return;
    if (packet.direction == Direction::down && sleeps(device))
        return network_.put_off(device.sleeps_until, packet);
    if (packet.direction == Direction::up)
        arrive_at_server(packet);
    else
        arrive_at_device(packet);
}

void World::arrive_at_server(const Packet& packet) {
    const DeviceNode& device = *devices_[packet.device];
    const bool fails = faults_ && random_.chance(plan_.server_disk_failure);
    const bool looks = random_.chance(250);
    std::vector<ServerRow> before;
    if (looks) before = server_.rows();
    if (fails)
        server_.disk().fail_after(random_.below(80),
                                  random_.chance(500) ? Failure::io : Failure::full,
                                  random_.chance(500));
    const std::uint64_t failures = server_.disk().failures();
    registered_[device.replica_id] = {device.replica_id, device.person, device.revoked};
    Answer answer = server_.handle(packet.bytes, caller(device));
    server_.disk().heal();
    if (server_.disk().failures() != failures && random_.chance(500)) server_.power_loss();
    if (!answer.reply) {
        log("head office answers " + device.name() + ": " + answer.bytes);
        // What a device sent before it was replaced comes with the token of its successor.
        const bool replaced =
            plan_.rot != 0 && answer.refusal && answer.refusal->code == ErrorCode::forbidden;
        if (server_.disk().failures() == failures && !replaced && answer.bytes.starts_with("503"))
            throw Violation{"head office answers", answer.bytes};
    } else {
        Oracle::check_sizes(plan_, *answer.reply, answer.bytes);
        note_request(device, answer);
        if (looks) {
            oracle_.check_reply(*answer.reply, caller(device).scopes);
            check_authority(device, answer, before);
        }
        note_given(answer);
        answer.bytes = as_received(device, answer);
    }
    trace_.mix(answer.bytes);
    network_.send(now_, {packet.device, Direction::down, std::move(answer.bytes)});
}

void World::arrive_at_device(const Packet& packet) {
    DeviceNode& device = *devices_[packet.device];
    if (!device.session) return;
    arm(device);
    const Status taken = device.session->take_reply(packet.bytes, device.clock.now_ms());
    device.disk.heal();
    const bool failed = !taken && (taken.error().code == ErrorCode::io ||
                                   taken.error().code == ErrorCode::disk_full);
    if (taken) {
        device.tries = 0;
        if (device.session->report().forked != device.was_forked) {
            device.was_forked = true;
            probes_.hit(Probe::fork);
            log(device.name() + " forked");
        }
        workload_.read_journal(device);
    }
    disarm(device, failed);
    if (!device.session) return;
    if (!taken) {
        log(device.name() + " refuses an answer: " + taken.error().message);
        const ErrorCode code = taken.error().code;
        if (code == ErrorCode::upgrade_needed && faults_ && plan_.release != 0) {
            probes_.hit(Probe::upgrade_needed);
            return end_session(device, "upgrade needed");
        }
        if (is_of_newer_release(code)) return end_session(device, "a newer schema");
        if (!failed && code != ErrorCode::bad_reply && code != ErrorCode::corrupt &&
            code != ErrorCode::limit)
            throw Violation{"I-13 liveness",
                            device.name() + " cannot take an answer: " + taken.error().message};
        if (code == ErrorCode::bad_reply) probes_.hit(Probe::stale_reply_refused);
        return;  // the right one may still come
    }
    oracle_.check_pairs(device);
    pump(device);
}

// Before a step of a device: its disk may fail in it.
void World::arm(DeviceNode& device) {
    if (!faults_) return;
    if (random_.chance(plan_.clock_in_work)) {
        device.clock.jump_after(1 + static_cast<unsigned>(random_.below(6)),
                                random_.between(-7'200'000, 3'600'000));
        probes_.hit(Probe::clock_in_work);
    }
    if (random_.chance(plan_.lost_sync))
        return device.disk.fail_after(random_.below(3), Failure::sync);
    if (!random_.chance(plan_.disk_failure)) return;
    device.disk.fail_after(random_.below(60), random_.chance(500) ? Failure::io : Failure::full,
                           random_.chance(500));
}

// After it: the disk is well again; sometimes the program has died of it.
void World::disarm(DeviceNode& device, bool failed) {
    device.disk.heal();
    if (!failed) return;
    probes_.hit(Probe::io_error);
    if (random_.chance(300)) probes_.hit(Probe::disk_full);
    if (device.disk.has_hole()) probes_.hit(Probe::sync_failed_once);
    if (random_.chance(300)) {
        probes_.hit(Probe::power_loss_in_a_step);
        return lose_power(device);
    }
    if (random_.chance(300)) {
        log(device.name() + " dies of its disk");
        device.kill();
    }
    survey(device, false);
}

void World::start_session(DeviceNode& device) {
    if (device.session || !device.online) return;
    read_what_waits(device);
    SessionOptions options;
    options.upload_bytes = plan_.upload_bytes;
    options.max_rounds = 3'000;
    device.session = std::make_unique<DeviceSession>(device.replica(), server_.services(), options);
    device.tries = 0;
    device.was_forked = false;
    device.failures_before = device.disk.failures();
    log(device.name() + " starts to sync");
    pump(device);
}

void World::pump(DeviceNode& device) {
    arm(device);
    auto request = device.session->next_request(device.clock.now_ms());
    const bool failed = !request && (request.error().code == ErrorCode::io ||
                                     request.error().code == ErrorCode::disk_full);
    const std::string error = request ? "" : request.error().message;
    disarm(device, failed);
    if (!device.session) return;
    if (failed) return end_session(device, "disk");
    if (!request) {
        if (!faults_) throw Violation{"I-13 liveness", device.name() + ": " + error};
        return end_session(device, error);
    }
    if (!*request) {
        const bool done = device.session->done();
        end_session(device, done ? "done" : "rests");
        if (done) oracle_.check_session(device);
        // A disk that failed may have kept the log from being emptied.
        const bool disk_failed = device.disk.failures() != device.failures_before;
        if (apart_.chance(150) && done && !disk_failed) oracle_.check_nothing_left(device);
        if (done && ++sessions_done_ % kSessionsPerView == 0) oracle_.check_views(device);
        look_at_screen(device);
        return;
    }
    const SyncRequest sent = note_sent(device, **request);
    Oracle::check_request(plan_, sent, **request);
    **request = as_of_its_release(device, sent, std::move(**request));
    trace_.mix(**request);
    if (attacker_ && overheard_.size() < 50) overheard_.push_back(**request);
    device.deadline = now_ + kTimeOutMs;
    network_.send(now_, {device.index, Direction::up, std::move(**request)});
}

// What leaves the device is known to have left it. (What a damaged file sends may be unknown.)
SyncRequest World::note_sent(const DeviceNode& device, ByteView bytes) {
    auto sent = decode_request(bytes, server_.services());
    require(sent, "I-3 no invention", device.name() + " sends what cannot be read");
    if (!sent->changesets.empty()) causal_.leaves(device.index);
    for (const UploadedChangeset& each : sent->changesets) {
        const auto header = decode_changeset_header(each.bytes);
        if (header && history_.knows(header->id)) history_.mark_sent(header->id, device.index);
    }
    return *std::move(sent);
}

void World::end_session(DeviceNode& device, const std::string& why) {
    const SessionReport& report = device.session->report();
    if (report.repaired) probes_.hit(Probe::repaired);
    log(device.name() + " ends its session: " + why + ", rounds " + std::to_string(report.rounds) +
        ", sent " + std::to_string(report.sent_changesets) + ", rows " +
        std::to_string(report.received_rows));
    device.session.reset();
}

void World::act(DeviceNode& device) {
    arm(device);
    bool failed = false;
    const std::string what = workload_.act(device, failed);
    log(device.name() + ": " + what);
    disarm(device, failed);
    oracle_.check_pairs(device);
    if (++acts_ % kActsPerLook == 0) look_at_screen(device);
}

void World::look_at_screen(DeviceNode& device) {
    const auto state = device.replica().sync_state();
    require(state, "device reads", device.name());
    const bool before_restore = state->epoch != 0 && state->epoch != server_.store().epoch();
    if (state->doubts_states || before_restore) return;
    Screen screen = screen_of(device, history_);
    if (canary_ == Canary::older_screen && !screen.empty()) {
        const auto& [record, shown] =
            *first_screens_.try_emplace(device.index, screen).first->second.begin();
        screen.insert_or_assign(record, shown);
    }
    const bool walking = state->position.in_load() || state->position.seq != state->cursor;
    causal_.look(device.index, state->epoch, screen, state->loading.empty() && !walking);
}

}  // namespace satchel::simulation
