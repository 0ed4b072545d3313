// Rows that come the fast way into a replica: they go into the file some at a time.
#include <gtest/gtest.h>

#include "tests/storage/replica_fixture.hpp"

namespace satchel::storage {
namespace {

class ReplicaRows : public ReplicaTest {
  protected:
    Result<RecordId> add(LocalTransaction& transaction, const std::string& name) {
        const Collection* account = replica_->schema()->find("account");
        return transaction.create(*account, {account->find("name")->id},
                                  {ValueView{ValueType::text, 0, name}});
    }
    std::vector<RecordId> add(LocalTransaction& transaction, int rows) {
        std::vector<RecordId> ids;
        for (int i = 0; i < rows; ++i) {
            const auto id = add(transaction, "row " + std::to_string(i));
            EXPECT_TRUE(id) << id.error().message;
            ids.push_back(*id);
        }
        return ids;
    }
};

TEST_F(ReplicaRows, AreAllInTheFileAfterTheCommit) {
    int all = 0;
    for (const int rows : {1, 15, 16, 17, 100}) {
        auto transaction = replica_->begin();
        const std::vector<RecordId> ids = add(*transaction, rows);
        ASSERT_TRUE(transaction->commit());
        EXPECT_EQ(count("account"), all += rows);
        for (int i = 0; i < rows; ++i)
            EXPECT_EQ(shown(record(ids[static_cast<std::size_t>(i)]), "name"),
                      Value::text("row " + std::to_string(i)));
    }
}

TEST_F(ReplicaRows, AreReadAndWrittenAgainWithinTheirTransaction) {
    auto transaction = replica_->begin();
    const std::vector<RecordId> ids = add(*transaction, 20);
    EXPECT_EQ(shown(record(ids[18]), "name"), Value::text("row 18"));
    ASSERT_TRUE(add(*transaction, "one more"));
    ASSERT_TRUE(transaction->set("account", ids[19], {{"name", Value::text("edited")}}));
    ASSERT_TRUE(transaction->commit());
    EXPECT_EQ(shown(record(ids[19]), "name"), Value::text("edited"));
    EXPECT_EQ(count("account"), 21);
}

TEST_F(ReplicaRows, AreGoneWithTheirTransaction) {
    {
        auto transaction = replica_->begin();
        add(*transaction, 20);
    }
    auto transaction = replica_->begin();
    add(*transaction, 1);
    ASSERT_TRUE(transaction->commit());
    EXPECT_EQ(count("account"), 1);
}

TEST_F(ReplicaRows, AreGoneWhenTheDiskEndsTheirTransaction) {
    auto transaction = replica_->begin();
    const std::vector<RecordId> ids = add(*transaction, 5);
    ASSERT_TRUE(replica_->database().execute("ROLLBACK"));  // as SQLite does it
    EXPECT_EQ(replica_->record("account", ids[0]).error().code, ErrorCode::not_found);
    EXPECT_EQ(add(*transaction, "late").error().code, ErrorCode::io);
    EXPECT_EQ(transaction->commit().error().code, ErrorCode::io);
    transaction = Error{};
    EXPECT_EQ(count("account"), 0);
}

TEST_F(ReplicaRows, ThatCannotBeWrittenLetNoCommitPass) {
    auto transaction = replica_->begin();
    const std::vector<RecordId> ids = add(*transaction, 5);
    auto taken = replica_->database().prepare(
        "INSERT INTO account (id, _seq, _scope, _meta) VALUES (?1, 0, 0, x'')");
    ASSERT_TRUE(taken);
    taken->bind_blob(1, ids[3].view());
    ASSERT_TRUE(taken->run());
    EXPECT_FALSE(replica_->record("account", ids[0]));
    EXPECT_FALSE(transaction->commit());
    transaction = Error{};
    EXPECT_EQ(count("account"), 0);
}

}  // namespace
}  // namespace satchel::storage
