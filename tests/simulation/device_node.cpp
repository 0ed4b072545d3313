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
    storage::ReplicaOptions options;
    options.create = !disk.exists(kFile);
    if (options.create) options.schema = company_schema(1);
    options.clock = &clock;
    options.random = &random;
    options.vfs = disk.name();
    options.exclusive = true;
    auto opened = storage::Replica::open(kFile, options);
    require(opened, "I-12 durable", name() + " cannot be opened");
    replica_ = *std::move(opened);
    read_to = {};
    // A power cut may take back the log-in, not the log-out.
    const auto sealed = replica_->sealed();
    require(sealed, "I-12 durable", name() + " cannot be read");
    if (*sealed) require(replica_->unseal({seal_key()}), "I-12 durable", name());
    const auto state = replica_->sync_state();
    require(state, "I-12 durable", name() + " cannot be read");
    replica_id = state->replica.id;
    if (options.create) require(replica_->make_durable({replica_id, 1}, 0), "I-12 durable", name());
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

void DeviceNode::restore(const Disk::Snapshot& from) {
    disk.heal();
    disk.kill();
    close();
    disk.restore(from);
    open();
}

}  // namespace satchel::simulation
