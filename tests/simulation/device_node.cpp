#include "tests/simulation/device_node.hpp"

#include <atomic>

#include "tests/simulation/company.hpp"
#include "tests/simulation/server_node.hpp"

namespace satchel::simulation {
namespace {

constexpr const char* kFile = "replica.satchel";

std::string unique_name(std::size_t index) {
    static std::atomic<std::uint64_t> count{0};
    return "sim-device-" + std::to_string(index) + "-" + std::to_string(count++);
}

}  // namespace

storage::SealKey DeviceNode::seal_key() {
    return *storage::SealKey::parse(std::string(64, '7'));
}

DeviceNode::DeviceNode(std::size_t number, std::size_t user, const std::int64_t& true_now,
                       Prng chance, const Disk::Snapshot* from)
    : index(number),
      person(user),
      random(chance),
      clock(true_now),
      disk(unique_name(number), random, clock) {
    if (from != nullptr) disk.restore(*from);
    open();
}

DeviceNode::~DeviceNode() {
    close();
}

void DeviceNode::open() {
    require(try_open(), "I-12 durable", name() + " cannot be opened");
}

Status DeviceNode::try_open() {
    storage::ReplicaOptions options;
    options.create = !disk.exists(kFile);
    if (options.create) options.schema = company_schema(1);
    options.clock = &clock;
    options.random = &random;
    options.vfs = disk.name();
    options.exclusive = true;
    SATCHEL_ASSIGN(replica_, storage::Replica::open(kFile, options));
    read_to = {};
    // A power cut may take back the log-in, not the log-out.
    SATCHEL_ASSIGN(const bool sealed, replica_->sealed());
    if (sealed) SATCHEL_TRY(replica_->unseal({seal_key()}));
    SATCHEL_ASSIGN(const SyncState state, replica_->sync_state());
    replica_id = state.replica.id;
    return options.create ? replica_->make_durable(state.replica, 0) : Status{};
}

void DeviceNode::close() {
    session.reset();
    forms.clear();
    replica_.reset();
}

void DeviceNode::kill() {
    disk.heal();
    disk.kill();
    close();
    open();
}

void DeviceNode::power_loss() {
    disk.heal();
    disk.power_loss(random);
    close();
    open();
}

Status DeviceNode::come_back_with(const Disk::Snapshot& files) {
    disk.heal();
    disk.kill();
    close();
    disk.restore(files);
    return try_open();
}

void DeviceNode::restore(const Disk::Snapshot& from) {
    disk.heal();
    disk.kill();
    close();
    disk.restore(from);
    open();
}

}  // namespace satchel::simulation
