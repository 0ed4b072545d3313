// An agent whose disk is full, or whose file somebody else holds.
#include <gtest/gtest.h>

#include "client/agent.hpp"
#include "storage/services.hpp"
#include "tests/client/fake_line.hpp"
#include "tests/simulation/disk.hpp"
#include "tests/storage/replica_fixture.hpp"

namespace satchel::client {
namespace {

using namespace std::chrono_literals;
using storage::Replica;
using testing_support::FakeOffice;

void log_in(Replica& replica) {
    ASSERT_TRUE(replica.set_setting("server.url", "http://fake"));
    ASSERT_TRUE(replica.set_setting("server.token", "t"));
}

void write(Replica& replica) {
    auto transaction = replica.begin();
    ASSERT_TRUE(transaction->create("account", {{"name", Value::text("可乐")}}));
    ASSERT_TRUE(transaction->commit());
}

AgentOptions bounded(const std::string& path, const std::shared_ptr<FakeOffice>& office) {
    AgentOptions options;
    options.path = path;
    options.automatic = false;
    options.policy.floor_ms = 10;
    options.make_transport = office->maker();
    return options;
}

TEST(AgentDisk, AFullDiskIsToldAndNothingIsLost) {
    storage::SystemRandom random;
    storage::SystemClock clock;
    simulation::Disk disk("agent-disk", random, clock);
    const std::string path = ::testing::TempDir() + "full" + std::to_string(::getpid());
    storage::ReplicaOptions on_disk;
    on_disk.vfs = disk.name();
    on_disk.exclusive = true;
    {
        storage::ReplicaOptions fresh = on_disk;
        fresh.create = true;
        fresh.schema = storage::test_schema();
        auto replica = Replica::open(path, fresh);
        ASSERT_TRUE(replica) << replica.error().message;
        log_in(**replica);
        write(**replica);
    }
    const auto office = std::make_shared<FakeOffice>();
    office->answer_with(Error{ErrorCode::offline, "not yet"});
    AgentOptions options = bounded(path, office);
    options.replica = on_disk;
    const auto agent = Agent::start(options);
    EXPECT_EQ(agent->run_for(20s).replica.pending, 1U);

    office->answer_well();
    disk.fail_after(0, simulation::Failure::full, true);
    const AgentStatus full = agent->run_for(20s);
    ASSERT_TRUE(full.last_error);
    EXPECT_EQ(full.last_error->code, ErrorCode::disk_full) << full.last_error->message;
    EXPECT_EQ(full.syncs, 0U);

    disk.heal();
    const AgentStatus healed = agent->run_for(20s);
    EXPECT_FALSE(healed.last_error) << healed.last_error->message;
    EXPECT_EQ(healed.syncs, 1U);
    EXPECT_EQ(healed.replica.pending, 0U);
    agent->stop();
    std::filesystem::remove(path + "-sync");
}

class AgentLock : public storage::ReplicaTest {};

TEST_F(AgentLock, AFileThatSomebodyElseWritesIsTriedAgain) {
    log_in(*replica_);
    write(*replica_);
    const auto office = std::make_shared<FakeOffice>();
    AgentOptions options = bounded(path_, office);
    options.replica.busy_timeout_ms = 20;
    const auto agent = Agent::start(options);
    office->answer_with(Error{ErrorCode::offline, "not yet"});
    EXPECT_TRUE(agent->run_for(20s).open);

    office->answer_well();
    ASSERT_TRUE(replica_->database().execute("BEGIN IMMEDIATE"));
    const AgentStatus locked = agent->run_for(20s);
    ASSERT_TRUE(locked.last_error);
    EXPECT_EQ(locked.last_error->code, ErrorCode::busy) << locked.last_error->message;

    ASSERT_TRUE(replica_->database().execute("COMMIT"));
    const AgentStatus freed = agent->run_for(20s);
    EXPECT_EQ(freed.syncs, 1U);
    EXPECT_EQ(freed.replica.pending, 0U);
}

}  // namespace
}  // namespace satchel::client
