// Every call to the disk, every allocation of SQLite's and every message of the critical procedures
// fails once (tests/storage/failure_loop.hpp says what must hold then).
#include <gtest/gtest.h>

#include "storage/workspace_copy.hpp"
#include "tests/storage/failing_memory.hpp"
#include "tests/storage/failure_loop.hpp"

namespace satchel::test {
namespace {

constexpr int kAccounts = 12;  // of the first user, each with a contact
constexpr int kProducts = 4;

RecordId account_id(int n) {
    return record_id(n);
}
RecordId contact_id(int n) {
    return record_id(100 + n);
}
RecordId product_id(int n) {
    return record_id(200 + n);
}

void must(const Status& status) {
    ASSERT_TRUE(status) << status.error().message;
}

void fill_office(Scene& scene) {
    for (int n = 0; n < kAccounts; ++n)
        scene.head().write({account(n, user_id(1)), contact(100 + n, account_id(n))});
    for (int n = 0; n < kProducts; ++n)
        scene.head().write({create(kProduct, product_id(n), {text(kName, "Pump")})});
}

// Phone and head office agree.
void begin_equal(Scene& scene) {
    fill_office(scene);
    must(scene.sync());
}

void office_notes(Scene& scene, int n, std::string_view note) {
    const VectorClock seen = scene.head().clock(kAccount, account_id(n));
    scene.head().write({write(kAccount, account_id(n), seen, {text(kNote, note)})});
}

void office_removes(Scene& scene, CollectionId collection, const RecordId& id) {
    Operation removal = write(collection, id, scene.head().clock(collection, id), {});
    removal.kind = OperationKind::remove;
    scene.head().write({removal});
}

Status phone_notes(Scene& scene, int n, std::string_view note) {
    SATCHEL_ASSIGN(auto transaction, scene.replica().begin());
    SATCHEL_TRY(transaction.set("account", account_id(n), {{"note", Value::text(note)}}));
    SATCHEL_TRY(transaction.commit());
    return {};
}

// One transaction with something of every kind; once.
Status commit_of_every_kind(Scene& scene) {
    const RecordId made = contact_id(50);
    const auto known = scene.replica().record("contact", made);
    if (known) return {};
    if (known.error().code != ErrorCode::not_found) return known.error();
    SATCHEL_ASSIGN(auto transaction, scene.replica().begin());
    const storage::FieldValues values{{"name", Value::text("Wang")},
                                      {"account", Value::id(account_id(1))}};
    SATCHEL_TRY(transaction.create("contact", values, &made));
    SATCHEL_TRY(transaction.set("account", account_id(1), {{"note", Value::text("edited")}}));
    SATCHEL_TRY(transaction.add_to_set("account", account_id(2), "tags", "warm"));
    SATCHEL_TRY(transaction.count("account", account_id(2), "calls", 2));
    SATCHEL_TRY(transaction.remove("contact", contact_id(3)));
    SATCHEL_TRY(transaction.commit());
    return {};
}

Status sync(Scene& scene) {
    return scene.sync();
}

// After a restore the session that learns of it may leave something for the next.
Status sync_twice(Scene& scene) {
    SATCHEL_TRY(scene.sync());
    return scene.sync();
}

void write_offline(Scene& scene) {
    must(commit_of_every_kind(scene));
    must(phone_notes(scene, 4, "offline"));
    must(phone_notes(scene, 5, "offline"));
}

const Procedure kCommit{"local commit", begin_equal, commit_of_every_kind};

const Procedure kPush{"push",
                      [](Scene& scene) {
                          begin_equal(scene);
                          write_offline(scene);
                      },
                      sync};

// Patches, new and dead records, and confirmations of what the phone wrote itself.
const Procedure kPull{"pull",
                      [](Scene& scene) {
                          begin_equal(scene);
                          write_offline(scene);
                          scene.line = [](std::size_t) { return Fate::reply_lost; };
                          EXPECT_FALSE(scene.sync());
                          scene.line = always_arrives;
                          for (int n = 6; n < 9; ++n)
                              office_notes(scene, n, "from the office");
                          scene.head().write({account(60, user_id(1))});
                          office_removes(scene, kContact, contact_id(7));
                      },
                      sync};

// The first load, and changes that come in several replies and count only at the checkpoint.
const Procedure kFirstSync{"first sync", fill_office, sync};
const Procedure kStagedLoad{"first sync in parts",
                            [](Scene& scene) {
                                fill_office(scene);
                                scene.max_rows = 9;
                            },
                            sync};
const Procedure kStaged{"staged switch",
                        [](Scene& scene) {
                            begin_equal(scene);
                            for (int n = 0; n < 8; ++n)
                                office_notes(scene, n, "staged");
                            scene.max_rows = 3;
                        },
                        sync};

const Procedure kRebase{
    "rebase",
    [](Scene& scene) {
        begin_equal(scene);
        write_offline(scene);
        for (const int n : {1, 4, 5})
            office_notes(scene, n, "meanwhile");
        office_removes(scene, kContact, contact_id(3));
        // Something that is refused, and what builds on it.
        auto transaction = *scene.replica().begin();
        must(transaction.set("product", product_id(1), {{"name", Value::text("Mine")}}));
        EXPECT_TRUE(transaction.commit());
    },
    sync};

const Procedure kMigrate{"schema grows",
                         [](Scene& scene) {
                             begin_equal(scene);
                             must(phone_notes(scene, 4, "under the old schema"));
                             must(scene.head().store().install_schema(*company(2), kNow));
                             office_notes(scene, 2, "under the new schema");
                         },
                         sync};

// What head office has safely backed up leaves the phone's journal.
void back_up(Scene& scene) {
    storage::OpenOptions how;
    how.vfs = scene.office_disk().name();
    how.exclusive = true;
    const auto copy = storage::copy_workspace(scene.head().store().database(), "copy", how);
    ASSERT_TRUE(copy) << copy.error().message;
    must(scene.head().store().note_backup(*copy));
    must(scene.head().store().confirm_backup());
    for (const char* rest : {"copy", "copy-wal"})
        scene.office_disk().remove(rest);
}

const Procedure kPruneJournal{"journal is pruned",
                              [](Scene& scene) {
                                  begin_equal(scene);
                                  write_offline(scene);
                                  must(scene.sync());
                                  back_up(scene);
                                  office_notes(scene, 2, "news");
                              },
                              sync, false};

const Procedure kPruneOffice{"office prunes",
                             [](Scene& scene) {
                                 begin_equal(scene);
                                 for (int n = 0; n < 5; ++n)
                                     office_removes(scene, kContact, contact_id(n));
                                 must(sync_twice(scene));
                             },
                             [](Scene& scene) -> Status {
                                 SATCHEL_TRY(scene.head().store().prune({}, 100, kNow));
                                 return {};
                             }};

const Procedure kRestore{"after a restore",
                         [](Scene& scene) {
                             begin_equal(scene);
                             const Scene::Moment backup = scene.moment();
                             write_offline(scene);
                             must(scene.sync());
                             office_notes(scene, 8, "lost");
                             must(scene.sync());
                             must(phone_notes(scene, 9, "not sent yet"));
                             scene.restore_office(backup);
                         },
                         sync_twice, true, Same::meaning};

const Procedure kFork{"fork",
                      [](Scene& scene) {
                          begin_equal(scene);
                          const Scene::Moment image = scene.moment();
                          write_offline(scene);
                          must(scene.sync());
                          scene.restore_phone(image);
                          must(phone_notes(scene, 4, "of the copy"));
                          must(phone_notes(scene, 6, "of the copy"));
                      },
                      sync_twice, true, Same::meaning};

bool is_wiped(Scene& scene) {
    const auto left = scene.replica().database().integer("SELECT count(*) FROM account");
    return left && *left == 0;
}

void begin_with_something_pending(Scene& scene) {
    begin_equal(scene);
    write_offline(scene);
    must(scene.sync());
    must(phone_notes(scene, 9, "pending"));
}

const Procedure kWipe{"wipe, pending kept", begin_with_something_pending,
                      [](Scene& scene) { return scene.replica().wipe(true); }, false};
const Procedure kWipeAll{
    "wipe", begin_with_something_pending,
    [](Scene& scene) { return is_wiped(scene) ? Status{} : scene.replica().wipe(false); }, false};

const Procedure kOpen{"opening", begin_with_something_pending,
                      [](Scene& scene) { return scene.open_and_close(); }};

struct Loop {
    const Procedure* procedure;
    bool on_phone, on_office, on_line;
};

void PrintTo(const Loop& loop, std::ostream* out) {
    *out << loop.procedure->name;
}

class FailureLoops : public ::testing::TestWithParam<Loop> {};

std::string test_name(const ::testing::TestParamInfo<Loop>& info) {
    std::string name = info.param.procedure->name;
    std::erase_if(name, [](char c) { return c == ',' || c == ' '; });
    return name;
}

INSTANTIATE_TEST_SUITE_P(
    Of, FailureLoops,
    ::testing::Values(Loop{&kCommit, true, false, false}, Loop{&kPush, true, true, true},
                      Loop{&kPull, true, true, true}, Loop{&kFirstSync, true, true, true},
                      Loop{&kStagedLoad, true, false, true}, Loop{&kStaged, true, false, true},
                      Loop{&kRebase, true, true, true}, Loop{&kMigrate, true, true, true},
                      Loop{&kPruneJournal, true, false, true},
                      Loop{&kPruneOffice, false, true, false}, Loop{&kRestore, true, true, true},
                      Loop{&kFork, true, true, true}, Loop{&kWipe, true, false, false},
                      Loop{&kWipeAll, true, false, false}, Loop{&kOpen, true, true, false}),
    test_name);

constexpr std::size_t kAHandful = 5;

void fail_disks(const Loop& loop, How how) {
    for (const Where where : {Where::phone, Where::office}) {
        if (!(where == Where::phone ? loop.on_phone : loop.on_office)) continue;
        if (loop.procedure == &kOpen && how == How::disk_full) continue;  // it writes nothing
        EXPECT_GT(fail_disk_everywhere(*loop.procedure, where, how), kAHandful);
    }
}

TEST_P(FailureLoops, ACallToTheDiskFails) {
    fail_disks(GetParam(), How::disk_once);
}

TEST_P(FailureLoops, TheDiskIsFull) {
    fail_disks(GetParam(), How::disk_full);
}

TEST_P(FailureLoops, PowerIsLost) {
    fail_disks(GetParam(), How::power_loss);
}

TEST_P(FailureLoops, AnAllocationFails) {
    EXPECT_GT(fail_memory_everywhere(*GetParam().procedure), kAHandful);
}

// Or what a lack of memory has ended would stay open, half done.
TEST(Memory, ATransactionIsUndoneWithoutMemory) {
    auto database = storage::Database::open(":memory:", {});
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->execute("CREATE TABLE t (a)"));
    {
        const auto transaction = storage::Transaction::begin(*database);
        ASSERT_TRUE(database->execute("INSERT INTO t VALUES (1)"));
        fail_allocation_after(0);
    }
    EXPECT_FALSE(allocations_succeed_again()) << "to undo it takes memory";
    EXPECT_NE(sqlite3_get_autocommit(database->handle()), 0);
}

TEST_P(FailureLoops, AMessageIsLostOrRepeated) {
    if (!GetParam().on_line) return;
    EXPECT_GE(fail_line_everywhere(*GetParam().procedure), 3U);
}

}  // namespace
}  // namespace satchel::test
