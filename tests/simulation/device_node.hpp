// DeviceNode: one device: the real Replica and DeviceSession on a simulated disk, with what a
// person at it has open.
//
// Threads: one. Errors: Violation when the replica cannot be opened again after a crash.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "storage/replica.hpp"
#include "sync/device_session.hpp"
#include "tests/simulation/disk.hpp"
#include "tests/simulation/history.hpp"
#include "tests/simulation/node_clock.hpp"
#include "tests/simulation/prng.hpp"

namespace satchel::simulation {

// A record on somebody's screen: what was shown when the form was opened.
struct Form {
    CollectionId collection{};
    RecordId id;
    VectorClock token;
    Seen seen;
};

class DeviceNode {
  public:
    // `image`: begins as a copy of another device.
    DeviceNode(std::size_t index, std::size_t person, const std::int64_t& true_now, Prng random,
               const Disk::Snapshot* image);
    ~DeviceNode();

    // The program ends; what it had open is gone.
    void kill();
    void power_loss();
    void restore(const Disk::Snapshot& image);
    // The program ends, and its files are other ones when it starts; the error says why it does
    // not: then restore() or begin_anew() has to follow.
    Status come_back_with(const Disk::Snapshot& files);
    // An empty disk: another replica.
    void begin_anew() { restore({}); }
    void open();

    storage::Replica& replica() { return *replica_; }
    // What a log-out seals with.
    static storage::SealKey seal_key();
    std::string name() const { return "device " + std::to_string(index); }

    const std::size_t index;
    std::size_t person;
    Prng random;
    NodeClock clock;
    Disk disk;
    std::unique_ptr<DeviceSession> session;
    std::uint64_t replica_id = 0;
    bool online = true;
    bool revoked = false;
    std::int64_t sleeps_until = 0;
    std::uint64_t protocol_min = kProtocolMin, protocol_max = kProtocolMax;  // of its release
    bool reads_newer_schema = true;

    // Of the session: the request under way.
    std::int64_t deadline = 0;
    int tries = 0;
    bool was_forked = false;
    std::uint64_t failures_before = 0;  // of the disk, when it began

    std::vector<Form> forms;
    std::optional<Disk::Snapshot> image;        // an older backup of this device
    std::pair<std::int64_t, ChangeId> read_to;  // the newest entry of the journal in the history
    // What a write under way had been shown: its commit may fail and yet be there later.
    std::map<RecordId, Seen> writing;

  private:
    void close();
    Status try_open();

    std::unique_ptr<storage::Replica> replica_;
};

}  // namespace satchel::simulation
