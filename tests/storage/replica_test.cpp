// The replica on its own: what a person writes without any connection.
#include "storage/replica.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "storage/read_connection.hpp"
#include "storage/services.hpp"
#include "sync/chain.hpp"
#include "sync/limits.hpp"
#include "sync/page.hpp"
#include "tests/storage/replica_fixture.hpp"

namespace satchel::storage {
namespace {

TEST_F(ReplicaTest, ANewRecordIsReadWithPlainSql) {
    const RecordId id = create({{"name", Value::text("上海可乐")}, {"employees", Value(42)}});
    auto reader = ReadConnection::open(path_);
    ASSERT_TRUE(reader);
    auto rows = reader->query("SELECT name, employees FROM account WHERE id = ?1", {Value::id(id)});
    ASSERT_TRUE(rows);
    ASSERT_TRUE(*rows->next());
    EXPECT_EQ(rows->value(0).bytes, "上海可乐");
    EXPECT_EQ(rows->value(1).integer, 42);
}

TEST_F(ReplicaTest, AWriteIsOneJournalEntryWithConsecutiveCounters) {
    const RecordId id = create({{"name", Value::text("A")}});
    set(id, {{"name", Value::text("B")}});
    auto journal = replica_->journal(10);
    ASSERT_TRUE(journal);
    ASSERT_EQ(journal->size(), 2U);
    EXPECT_EQ((*journal)[1].first_counter, 1U);
    EXPECT_EQ((*journal)[0].first_counter, 2U);
    EXPECT_EQ((*journal)[0].state, ChangesetState::pending);
}

TEST_F(ReplicaTest, AFreshRecordCostsAtMostFortyBytesOfMetadata) {
    create({{"name", Value::text("A")}, {"sector", Value::text("retail")}});
    auto reader = ReadConnection::open(path_);
    auto rows = reader->query("SELECT length(_meta) FROM account");
    ASSERT_TRUE(*rows->next());
    EXPECT_LE(rows->value(0).integer, 40);
}

TEST_F(ReplicaTest, TwoWritesOfOneRecordInOneTransactionAreOneOperation) {
    auto transaction = replica_->begin();
    ASSERT_TRUE(transaction);
    auto id = transaction->create("account", {{"name", Value::text("A")}});
    ASSERT_TRUE(id);
    ASSERT_TRUE(transaction->set("account", *id, {{"sector", Value::text("retail")}}));
    ASSERT_TRUE(transaction->set("account", *id, {{"name", Value::text("C")}}));
    ASSERT_TRUE(transaction->count("account", *id, "visits", 2));
    ASSERT_TRUE(transaction->count("account", *id, "visits", 3));
    ASSERT_TRUE(transaction->add_to_set("account", *id, "tags", "vip"));
    EXPECT_EQ(transaction->operations(), 1U);
    ASSERT_TRUE(transaction->commit());
    auto changeset = replica_->changeset(1);
    ASSERT_TRUE(changeset);
    ASSERT_EQ(changeset->operations.size(), 1U);
    const RecordView view = record(*id);
    EXPECT_EQ(shown(view, "name"), Value::text("C"));
    EXPECT_EQ(shown(view, "sector"), Value::text("retail"));
    EXPECT_EQ(shown(view, "visits"), Value(5));
    EXPECT_EQ(shown(view, "tags"), Value::text("[\"vip\"]"));
}

TEST_F(ReplicaTest, AValueThatArrivedSinceTheFormWasOpenedSurvivesBesideTheSavedOne) {
    const RecordId id = create({{"name", Value::text("A")}});
    const VectorClock token = record(id).token();
    set(id, {{"name", Value::text("B")}});
    auto transaction = replica_->begin();
    ASSERT_TRUE(transaction->set("account", id, {{"name", Value::text("C")}}, &token));
    ASSERT_TRUE(transaction->commit());
    const RecordView view = record(id);
    const Collection* account = replica_->schema()->find("account");
    const CellState* cell = view.state.cell(account->find("name")->cell);
    ASSERT_NE(cell, nullptr);
    EXPECT_EQ(cell->siblings.size(), 2U);
    auto conflicts = replica_->conflicts();
    ASSERT_TRUE(conflicts);
    EXPECT_EQ(conflicts->size(), 1U);
    set(id, {{"name", Value::text("C")}});
    EXPECT_TRUE(replica_->conflicts()->empty());
}

TEST_F(ReplicaTest, ADeletedRecordLeavesTheTableAndComesBackWholeWhenUndeleted) {
    const RecordId id = create({{"name", Value::text("A")}, {"sector", Value::text("retail")}});
    {
        auto transaction = replica_->begin();
        ASSERT_TRUE(transaction->remove("account", id));
        ASSERT_TRUE(transaction->commit());
    }
    EXPECT_EQ(count("account"), 0);
    {
        auto transaction = replica_->begin();
        EXPECT_EQ(transaction->set("account", id, {{"name", Value::text("B")}}).error().code,
                  ErrorCode::not_found);
        ASSERT_TRUE(transaction->undelete("account", id));
        ASSERT_TRUE(transaction->commit());
    }
    EXPECT_EQ(shown(record(id), "sector"), Value::text("retail"));
}

TEST_F(ReplicaTest, TheConfirmedStateOfAPendingRecordIsNothing) {
    const RecordId id = create({{"name", Value::text("A")}});
    set(id, {{"name", Value::text("B")}});
    const RecordView view = record(id);
    EXPECT_TRUE(view.pending);
    EXPECT_FALSE(view.confirmed.exists());
}

TEST_F(ReplicaTest, WhatIsNotCommittedNeverHappened) {
    {
        auto transaction = replica_->begin();
        ASSERT_TRUE(transaction->create("account", {{"name", Value::text("A")}}));
    }
    EXPECT_EQ(count("account"), 0);
    EXPECT_TRUE(replica_->journal(10)->empty());
    create({{"name", Value::text("B")}});
    EXPECT_EQ(count("account"), 1);
}

TEST_F(ReplicaTest, BadInputNamesTheFieldAndLeavesTheTransactionUsable) {
    auto transaction = replica_->begin();
    auto unknown = transaction->create("account", {{"nmae", Value::text("A")}});
    ASSERT_FALSE(unknown);
    EXPECT_NE(unknown.error().message.find("nmae"), std::string::npos);
    auto wrong = transaction->create("account", {{"employees", Value::text("many")}});
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().message.find("employees"), std::string::npos);
    ASSERT_TRUE(transaction->create("account", {{"name", Value::text("B")}}));
    ASSERT_TRUE(transaction->commit());
    EXPECT_EQ(count("account"), 1);
}

TEST_F(ReplicaTest, TextIsKeptInOneCanonicalForm) {
    const RecordId id = create({{"name", Value::text("e\xCC\x81t\xC3\xA9")}});
    EXPECT_EQ(shown(record(id), "name"), Value::text("\xC3\xA9t\xC3\xA9"));
}

TEST_F(ReplicaTest, ReopeningGoesOnWithTheSameChain) {
    const RecordId id = create({{"name", Value::text("A")}});
    const auto before = replica_->sync_state();
    reopen();
    const auto after = replica_->sync_state();
    ASSERT_TRUE(before && after);
    EXPECT_EQ(before->last_counter, after->last_counter);
    set(id, {{"name", Value::text("B")}});
    EXPECT_EQ(replica_->journal(1)->front().first_counter, 2U);
}

TEST_F(ReplicaTest, ObserversLearnWhichRecordsChanged) {
    std::vector<Change> seen;
    const auto observer =
        replica_->observe([&seen](const std::vector<Change>& changes) { seen = changes; });
    const RecordId id = create({{"name", Value::text("A")}});
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].records, std::vector<RecordId>{id});
    replica_->unobserve(observer);
    seen.clear();
    create({{"name", Value::text("B")}});
    EXPECT_TRUE(seen.empty());
}

TEST_F(ReplicaTest, TheFastWayInGivesTheSameRecordAsTheUsualOne) {
    const Collection* account = replica_->schema()->find("account");
    const std::vector<FieldId> fields{account->find("name")->id, account->find("employees")->id};
    auto transaction = replica_->begin();
    auto fast = transaction->create(
        *account, fields,
        {ValueView{ValueType::text, 0, "A"}, ValueView{ValueType::integer, 7, {}}});
    ASSERT_TRUE(fast);
    auto usual =
        transaction->create("account", {{"name", Value::text("A")}, {"employees", Value(7)}});
    ASSERT_TRUE(usual);
    ASSERT_TRUE(transaction->set("account", *fast, {{"employees", Value(8)}}));
    ASSERT_TRUE(transaction->commit());
    const RecordView a = record(*fast);
    const RecordView b = record(*usual);
    EXPECT_EQ(shown(a, "employees"), Value(8));
    EXPECT_EQ(shown(b, "employees"), Value(7));
    EXPECT_EQ(a.state.cells.size(), b.state.cells.size());
    auto changeset = replica_->changeset(1);
    ASSERT_TRUE(changeset);
    EXPECT_EQ(changeset->operations.size(), 2U);
}

TEST_F(ReplicaTest, AReadConnectionRefusesToWrite) {
    auto reader = ReadConnection::open(path_);
    ASSERT_TRUE(reader);
    auto rows = reader->query("DELETE FROM account");
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().code, ErrorCode::invalid_argument);
}

TEST_F(ReplicaTest, AFileOfAnotherProgramIsRefused) {
    auto other = path_ + ".other";
    {
        auto database = Database::open(other, {});
        ASSERT_TRUE(database);
        ASSERT_TRUE(database->execute("CREATE TABLE t (x)"));
    }
    auto opened = Replica::open(other, {});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::not_a_database);
}

TEST_F(ReplicaTest, AFileOfANewerReleaseIsRefusedAndUntouched) {
    ASSERT_TRUE(replica_->database().set_user_version(kReplicaFormat + 1));
    replica_.reset();
    auto opened = Replica::open(path_, {});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::newer_format);
}

TEST_F(ReplicaTest, AReadConnectionRefusesTheSameFilesWithTheSameErrors) {
    const auto expect_refused = [](const std::string& path, ErrorCode code) {
        const auto written = Replica::open(path, {});
        const auto read = ReadConnection::open(path);
        ASSERT_FALSE(written);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code, code);
        EXPECT_EQ(read.error().message, written.error().message);
    };
    const auto other = path_ + ".other";
    std::ofstream(other).flush();
    expect_refused(other, ErrorCode::not_found);
    ASSERT_TRUE(Database::open(other, {})->execute("CREATE TABLE t (x)"));
    expect_refused(other, ErrorCode::not_a_database);
    ASSERT_TRUE(replica_->database().set_user_version(99));
    replica_.reset();
    expect_refused(path_, ErrorCode::newer_format);
}

TEST_F(ReplicaTest, PollTellsWhatABeginHasTakenInAlready) {
    std::vector<Change> told;
    replica_->observe([&told](const std::vector<Change>& changes) { told = changes; });
    EXPECT_FALSE(*replica_->poll());
    auto other = Replica::open(path_, {});
    ASSERT_TRUE(other);
    auto theirs = (*other)->begin();
    ASSERT_TRUE(theirs->create("account", {{"name", Value::text("A")}}));
    ASSERT_TRUE(theirs->commit());
    { const auto ours = replica_->begin(); }
    EXPECT_TRUE(told.empty());
    EXPECT_TRUE(*replica_->poll());
    ASSERT_EQ(told.size(), replica_->schema()->collections().size());
    EXPECT_TRUE(told.front().many);
    EXPECT_FALSE(*replica_->poll());
}

TEST_F(ReplicaTest, ACollectionThatAnotherConnectionBroughtIsKnown) {
    ReplicaOptions bare;
    bare.create = true;
    auto replica = Replica::open(path_ + ".other", bare);
    ASSERT_TRUE(replica);
    auto other = Database::open(path_ + ".other", {});
    auto update = other->prepare("UPDATE replica SET schema = ?1");
    const Bytes schema = test_schema()->encode();
    update->bind_blob(1, schema);
    ASSERT_TRUE(update->run());
    const auto record = (*replica)->record("account", RecordId{});
    ASSERT_FALSE(record);
    EXPECT_EQ(record.error().code, ErrorCode::not_found) << record.error().message;
}

TEST_F(ReplicaTest, OnlyOneProcessSyncsAtATime) {
    auto first = SyncLease::acquire(path_);
    ASSERT_TRUE(first);
    auto second = SyncLease::acquire(path_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::busy);
}

TEST_F(ReplicaTest, TwoConnectionsWriteInTurnsWithoutHolesInTheCounters) {
    ReplicaOptions options;
    auto other = Replica::open(path_, options);
    ASSERT_TRUE(other);
    for (int i = 0; i < 5; ++i) {
        create({{"name", Value::text("A")}});
        auto transaction = (*other)->begin();
        ASSERT_TRUE(transaction);
        ASSERT_TRUE(transaction->create("account", {{"name", Value::text("B")}}));
        ASSERT_TRUE(transaction->commit());
    }
    auto journal = replica_->journal(100);
    ASSERT_EQ(journal->size(), 10U);
    for (std::size_t i = 0; i < 10; ++i)
        EXPECT_EQ((*journal)[i].first_counter, 10 - i);
}

// The schema refuses such names (sync/schema.cpp): their tables would be one.
TEST_F(ReplicaTest, NoCollectionTakesTheNameOfATableOfTheReplicasOwn) {
    auto rows = replica_->database().prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'"
        " AND name <> 'account'");
    ASSERT_TRUE(rows) << rows.error().message;
    int tables = 0;
    for (; *rows->step(); ++tables) {
        Collection taken = *replica_->schema()->find("account");
        taken.name = rows->text(0);
        const auto schema = Schema::build(1, {taken}, {});
        ASSERT_FALSE(schema) << taken.name;
        EXPECT_EQ(schema.error().code, ErrorCode::invalid_argument);
    }
    EXPECT_GT(tables, 8);
}

TEST_F(ReplicaTest, WhatOneTransactionHoldsIsCounted) {
    Collection wide;
    wide.id = CollectionId{100};
    wide.name = "wide";
    FieldValues values;
    for (std::uint32_t i = 1; i <= kMaxFields; ++i) {
        const std::string name = "f" + std::to_string(i);
        wide.fields.push_back(test_field(i, name.c_str(), FieldKind::integer));
        values.emplace_back(name, Value(std::int64_t{1}));
    }
    ReplicaOptions options;
    options.create = true;
    options.schema = std::make_shared<const Schema>(*Schema::build(1, {wide}, {}));
    auto replica = Replica::open(path_ + ".other", options);
    ASSERT_TRUE(replica) << replica.error().message;
    auto transaction = (*replica)->begin();
    for (std::size_t written = 0; written + kMaxFields <= kMaxChangesetNodes; written += kMaxFields)
        ASSERT_TRUE(transaction->create("wide", values));
    const auto more = transaction->create("wide", values);
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code, ErrorCode::limit) << more.error().message;
    ASSERT_TRUE(transaction->commit());
    const auto changeset = (*replica)->changeset(1);
    ASSERT_TRUE(changeset) << "what was taken can be sent: " << changeset.error().message;
    EXPECT_EQ(changeset->operations.size(), kMaxChangesetNodes / kMaxFields);
}

TEST_F(ReplicaTest, WipingForGoodStartsAnotherChain) {
    create({{"name", Value::text("A")}});
    const auto before = replica_->sync_state()->replica;
    ASSERT_TRUE(replica_->wipe(false));
    EXPECT_EQ(count("account"), 0);
    EXPECT_TRUE(replica_->journal(10)->empty());
    EXPECT_NE(replica_->sync_state()->replica, before);
}

// What head office answers when it has merged the only changeset, which made `id`.
SyncReply merged(const Collection& collection, const RecordId& id) {
    PageWriter page;
    page.add(collection.id, RowKind::confirm, {}, id, Sequence{1}, {"*"}, {}, {});
    Verdict verdict;
    verdict.first_counter = 1;
    verdict.seq = Sequence{1};
    verdict.effective.packed = 77;
    verdict.rank = 3;
    SyncReply reply;
    reply.epoch = 1;
    reply.acked_counter = 1;
    reply.gained = {"*"};
    reply.verdicts = {verdict};
    reply.pages = {page.finish()};
    reply.checkpoint = {Sequence{1}, {{"*", 1, checksum_part(id, Sequence{1})}}};
    return reply;
}

Verdict verdict_of(std::uint64_t counter, VerdictKind kind, std::uint64_t seq) {
    Verdict verdict;
    verdict.first_counter = counter;
    verdict.kind = kind;
    verdict.seq = Sequence{seq};
    if (kind == VerdictKind::quarantined) verdict.reason = Reason::not_allowed;
    return verdict;
}

// Found by the soak: the record's metadata was damaged afterwards.
TEST_F(ReplicaTest, ARecordThatNoScopeHoldsLeavesThoughAnEarlierChangeOfItStillWaits) {
    const RecordId id = create({{"name", Value::text("A")}});
    set(id, {{"sector", Value::text("waits")}});
    set(id, {{"name", Value::text("merged")}});
    set(id, {{"employees", Value(5)}});  // not sent yet
    SyncReply reply;
    reply.epoch = 1;
    reply.acked_counter = 3;
    reply.gained = {"*"};
    reply.verdicts = {verdict_of(1, VerdictKind::accepted, 1), verdict_of(2, VerdictKind::held, 0),
                      verdict_of(3, VerdictKind::accepted, 2)};
    reply.checkpoint = {Sequence{2}, {{"*", 0, 0}}};
    ASSERT_TRUE(replica_->take(reply, {1'000, 1'000}));
    EXPECT_EQ(replica_->status()->held, 1U);
    EXPECT_FALSE(replica_->record("account", id));

    reply.gained = {};
    reply.verdicts = {verdict_of(2, VerdictKind::quarantined, 0)};
    ASSERT_TRUE(replica_->take(reply, {2'000, 2'000}));
    EXPECT_EQ(replica_->status()->not_accepted, 1U);
    const auto refused = replica_->record("account", id);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::not_found);
}

TEST_F(ReplicaTest, AConfirmationFixesStampAndRoleOfARecordMadeHere) {
    const RecordId id = create({{"name", Value::text("A")}, {"employees", Value(42)}});
    ASSERT_TRUE(replica_->take(merged(*replica_->schema()->find("account"), id), {1'000, 1'000}));
    const auto record = replica_->record("account", id);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->seq, Sequence{1});
    EXPECT_FALSE(record->pending);
    EXPECT_EQ(record->state, record->confirmed);
    ASSERT_EQ(record->state.cells.size(), 2U);
    for (const CellState& cell : record->state.cells) {
        EXPECT_EQ(cell.siblings.front().stamp.packed, 77U);
        EXPECT_EQ(cell.siblings.front().rank, 3U);
    }
    EXPECT_TRUE(replica_->scopes_to_repair()->empty());
    EXPECT_EQ(replica_->journal(1)->front().state, ChangesetState::settled);
}

// Found by the demo on a busy machine: who wrote later lost.
TEST_F(ReplicaTest, TheWayOfAnAnswerIsNoErrorOfTheClock) {
    const std::int64_t now = SystemClock().now_ms();
    SyncReply reply;
    reply.epoch = 1;
    reply.server_now = now - 50'000;
    ASSERT_TRUE(replica_->take(reply, {now - 60'000, now}));
    const RecordId id = create({{"name", Value::text("A")}});
    EXPECT_GE(record(id).state.cells.front().siblings.front().stamp.ms(), now);
}

TEST_F(ReplicaTest, AConfirmationLeavesALaterEditPending) {
    const RecordId id = create({{"name", Value::text("A")}});
    set(id, {{"name", Value::text("B")}});
    ASSERT_TRUE(replica_->take(merged(*replica_->schema()->find("account"), id), {1'000, 1'000}));
    const auto record = replica_->record("account", id);
    ASSERT_TRUE(record);
    EXPECT_TRUE(record->pending);
    EXPECT_EQ(record->confirmed.cells.front().siblings.front().values.front(), Value::text("A"));
    EXPECT_EQ(record->confirmed.cells.front().siblings.front().rank, 3U);
    EXPECT_EQ(record->state.cells.front().siblings.front().values.front(), Value::text("B"));
    EXPECT_TRUE(replica_->scopes_to_repair()->empty());
}

TEST_F(ReplicaTest, WhatIsWrittenAfterWipingForGoodIsPending) {
    const RecordId id = create({{"name", Value::text("A")}});
    ASSERT_TRUE(replica_->take(merged(*replica_->schema()->find("account"), id), {1'000, 1'000}));
    ASSERT_TRUE(replica_->wipe(false));
    const RecordId next = create({{"name", Value::text("B")}});
    EXPECT_TRUE(replica_->record("account", next)->pending);
}

TEST_F(ReplicaTest, WipingKeepsWhatHasNoVerdict) {
    create({{"name", Value::text("A")}});
    ASSERT_TRUE(replica_->wipe(true));
    EXPECT_EQ(count("account"), 0);
    EXPECT_EQ(replica_->status()->pending, 1U);
}

TEST_F(ReplicaTest, ATransactionThatTheDiskEndedCommitsNothing) {
    const RecordId id = create({{"name", Value::text("A")}});
    auto transaction = replica_->begin();
    ASSERT_TRUE(transaction->set("account", id, {{"name", Value::text("B")}}));
    ASSERT_TRUE(
        replica_->database().execute("ROLLBACK"));  // as SQLite does it after a failed write
    EXPECT_EQ(transaction->set("account", id, {{"name", Value::text("C")}}).error().code,
              ErrorCode::io);
    EXPECT_EQ(transaction->create("account", {{"name", Value::text("D")}}).error().code,
              ErrorCode::io);
    EXPECT_EQ(transaction->commit().error().code, ErrorCode::io);
    transaction = Error{};
    EXPECT_EQ(count("account"), 1);
    EXPECT_EQ(count("entry"), 1);
    set(id, {{"name", Value::text("E")}});
    EXPECT_EQ(shown(record(id), "name"), Value::text("E"));
}

TEST_F(ReplicaTest, ATokenOfAnotherRecordDeletesNothing) {
    const RecordId one = create({{"name", Value::text("A")}});
    const RecordId two = create({{"name", Value::text("B")}});
    const VectorClock token = record(two).token();
    auto transaction = replica_->begin();
    EXPECT_EQ(transaction->remove("account", one, &token).error().code,
              ErrorCode::invalid_argument);
    EXPECT_TRUE(transaction->remove("account", two, &token));
}

TEST_F(ReplicaTest, StepsThatDoNotFitACounterAreRefused) {
    const RecordId id = create({{"name", Value::text("A")}});
    auto transaction = replica_->begin();
    ASSERT_TRUE(transaction->count("account", id, "visits", 5));
    EXPECT_EQ(transaction->count("account", id, "visits", INT64_MAX).error().code,
              ErrorCode::limit);
    EXPECT_EQ(transaction->count("account", id, "visits", kMaxCounter).error().code,
              ErrorCode::limit);
    EXPECT_TRUE(transaction->commit());
    EXPECT_EQ(shown(record(id), "visits"), Value(5));
}

TEST_F(ReplicaTest, ARecordThatHeadOfficeWouldFindTooLargeIsRefusedAtOnce) {
    const RecordId id = create({{"name", Value::text("Xu")}});
    Status added;
    std::size_t megabytes = 0;
    while (added && megabytes < kMaxRecordBytes / kMaxTextBytes) {
        auto transaction = replica_->begin();
        const std::string large(kMaxTextBytes, static_cast<char>('a' + megabytes));
        added = transaction->add_to_set("account", id, "tags", large);
        if (!added) break;
        EXPECT_TRUE(transaction->commit());
        ++megabytes;
    }
    EXPECT_EQ(added.error().code, ErrorCode::limit);
    EXPECT_EQ(megabytes, kMaxRecordBytes / kMaxTextBytes - 1);
    set(id, {{"sector", Value::text("small things go on")}});
}

TEST_F(ReplicaTest, AnEmptyFileStaysEmpty) {
    const std::string path = path_ + ".other";
    std::ofstream(path).flush();
    EXPECT_EQ(Replica::open(path, {}).error().code, ErrorCode::not_found);
    EXPECT_EQ(std::filesystem::file_size(path), 0U);
}

TEST_F(ReplicaTest, ANewFileIsReadByItsOwnerOnly) {
    const auto mode = std::filesystem::status(path_).permissions();
    EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(ReplicaKey, AnEncryptedFileNeedsItsKey) {
    const std::string path = ::testing::TempDir() + "encrypted.satchel";
    std::filesystem::remove(path);
    ReplicaOptions options;
    options.create = true;
    options.key = "secret";
    { ASSERT_TRUE(Replica::open(path, options)); }
    options.create = false;
    EXPECT_TRUE(Replica::open(path, options));
    options.key = "other";
    auto wrong = Replica::open(path, options);
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, ErrorCode::wrong_key);
}

}  // namespace
}  // namespace satchel::storage
