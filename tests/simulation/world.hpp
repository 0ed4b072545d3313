// World: one company under one seed: head office, devices, the network between them, and everything
// that can go wrong. Two phases: with faults, and then without any until everything is quiet.
//
//     World world(draw_plan(seed, steps), trace, probes);
//     world.run();                       // throws Violation
//
// Threads: one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/attacker.hpp"
#include "tests/simulation/causal.hpp"
#include "tests/simulation/company.hpp"
#include "tests/simulation/device_node.hpp"
#include "tests/simulation/history.hpp"
#include "tests/simulation/network.hpp"
#include "tests/simulation/oracle.hpp"
#include "tests/simulation/plan.hpp"
#include "tests/simulation/probes.hpp"
#include "tests/simulation/server_node.hpp"
#include "tests/simulation/trace.hpp"
#include "tests/simulation/workload.hpp"

namespace satchel::simulation {

// Something that is broken on purpose, outside the engine: the oracle has to notice.
enum class Canary {
    none,
    altered_value,  // the network changes the values in a page, which no checksum covers
    older_screen,   // a device shows once more what it showed before
    deaf_device,    // when all faults have ended, one device hears no answer
    restless,       // ... somebody writes whenever everybody has synced
};

class World {
  public:
    World(const Plan& plan, Trace& trace, Probes& probes, Canary canary = Canary::none);

    void run();
    // How far it came: also after a Violation.
    std::size_t steps_begun() const { return steps_begun_; }
    std::int64_t passed_ms() const { return now_ - kBegin; }

  private:
    static constexpr std::int64_t kBegin = 1'750'000'000'000;

    // world.cpp: steps, sessions, messages.
    void step(std::size_t number);
    void check_at_the_end(DeviceNode& device);
    void draw_for(std::size_t step);
    void advance(std::int64_t ms);
    void deliver(const Packet& packet);
    void arrive_at_server(const Packet& packet);
    void arrive_at_device(const Packet& packet);
    void start_session(DeviceNode& device);
    void pump(DeviceNode& device);
    SyncRequest note_sent(const DeviceNode& device, ByteView bytes);
    void end_session(DeviceNode& device, const std::string& why);
    void check_time_outs();
    bool sleeps(const DeviceNode& device) const { return now_ < device.sleeps_until; }
    void act(DeviceNode& device);
    void look_at_screen(DeviceNode& device);
    void arm(DeviceNode& device);
    void disarm(DeviceNode& device, bool failed);
    // What head office's directory knows of a device, also when that is another one by now.
    struct Registered {
        std::uint64_t replica = 0;
        std::size_t person = 0;
        bool revoked = false;
    };
    Caller caller(const DeviceNode& device) const;
    Caller attacking() const;
    Caller registered(const Registered& device) const;
    std::optional<Caller> caller_of(std::uint64_t replica) const;

    // world_head_office.cpp: what the server's answers show, and what head office itself does.
    void note_request(const DeviceNode& device, const Answer& answer);
    void note_reply(const DeviceNode& device, const SyncRequest& request, const SyncReply& reply);
    void note_given(const Answer& answer);
    void note_merged(const SyncRequest& request, const Verdict& verdict, const Dot& first);
    void note_load(const SyncRequest& request, const SyncReply& reply);
    void note_rows(const DeviceNode& device, const SyncReply& reply);
    Bytes as_received(const DeviceNode& device, const Answer& answer);
    void head_office_acts();
    void hand_over();
    void give(const RecordId& deal, const RecordId& owner);
    void adopt();
    void prune();
    void grow_schema();
    void learn_own_write(const std::map<RecordId, Seen>& seen);
    void check_authority(const DeviceNode& device, const Answer& answer,
                         const std::vector<ServerRow>& before);

    // world_attacks.cpp: what an attacker sends, and that it changes nothing but its own.
    void attack(const Attacker::Message& message);
    void note_attack(const Answer& answer);
    void check_attack(const Answer& answer, const std::vector<ServerRow>& before);

    // world_schemas.cpp: schemas that head office loses, or that a device cannot read.
    void disasters_of_schemas(DeviceNode& device);
    void lose_schema();
    void upgrade(DeviceNode& device);
    void read_what_waits(DeviceNode& device);
    static Bytes as_newer_release(const Bytes& page);
    bool is_of_newer_release(ErrorCode code);

    // world_storms.cpp: everybody at once, head office's clock, a cell with many values.
    void disasters_of_scale(DeviceNode& device);
    void storm();
    void all_at_once();
    void step_office_clock();
    void crowd(DeviceNode& device);

    // world_rot.cpp: damage that no program did.
    void rot(DeviceNode& device);
    Disk::Snapshot damaged_files(DeviceNode& device);
    Status use_damaged(DeviceNode& device, const Caller& owner);
    void check_written(const Answer& answer) const;
    void replace(DeviceNode& device);
    void rot_head_office();
    Status use_damaged_office(ServerNode& office);
    Status walk_damaged_office(ServerNode& office, const DeviceNode& device);

    // world_faults.cpp: disasters, and the quiet afterwards.
    void disasters(DeviceNode& device);
    void change_release(DeviceNode& device);
    Bytes as_of_its_release(const DeviceNode& device, const SyncRequest& request, Bytes bytes);
    void log_out(DeviceNode& device);
    void disasters_of_clocks(DeviceNode& device);
    void disasters_of_time(DeviceNode& device);
    void leave_for_a_year(DeviceNode& device);
    void clog_half_the_fleet();
    void disasters_of_head_office();
    void lose_power(DeviceNode& device);
    void restore_device(DeviceNode& device);
    void clone(DeviceNode& device);
    std::size_t survey(DeviceNode& device, bool may_lose_sent);
    void restore_server(bool schema_too);
    void become_well();
    void settle();
    bool sync_round();
    void sync_to_the_end(DeviceNode& device);
    void decide_held();
    void sweep();

    void log(const std::string& line) { trace_.add(now_, line); }
    DeviceNode& any_device() { return *devices_[random_.below(devices_.size())]; }

    const Plan& plan_;
    Trace& trace_;
    Probes& probes_;
    const Canary canary_;
    Prng random_;
    Prng apart_;                 // of the faults that the plan draws apart
    std::int64_t now_ = kBegin;  // the true time
    std::size_t steps_begun_ = 0;
    Company company_;
    History history_;
    ServerNode server_;
    std::vector<std::unique_ptr<DeviceNode>> devices_;
    std::unique_ptr<Attacker> attacker_;
    std::vector<Bytes> overheard_;  // requests of honest devices
    Network network_;
    Workload workload_;
    Oracle oracle_;
    std::map<std::uint64_t, Registered> registered_;  // whose requests head office has seen
    CausalChecker causal_;
    std::map<std::size_t, Screen> first_screens_;  // for the canary
    std::uint64_t acts_ = 0;
    std::uint64_t sessions_done_ = 0;
    bool faults_ = true;
    std::uint32_t schema_ = 1;  // head office's
    bool may_lose_schema_ = false;
    bool schema_was_lost_ = false;
    std::set<std::pair<std::size_t, RecordId>> departed_;     // device, record: for re-entries
    std::set<std::pair<std::size_t, std::string>> given_up_;  // device, scope: the same
    std::map<ReplicaId, Sequence> given_;  // the last checkpoint that came with news
    std::set<Dot> held_;                   // first dots of changesets that a reply said are held
};

}  // namespace satchel::simulation
