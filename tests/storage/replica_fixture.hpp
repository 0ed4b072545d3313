// A replica in a file of its own with a small schema, for tests.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "storage/replica.hpp"

namespace satchel::storage {

inline Field test_field(std::uint32_t id, const char* name, FieldKind kind,
                        std::uint32_t cell = 0) {
    Field field;
    field.id = FieldId{id};
    field.name = name;
    field.kind = kind;
    field.cell = FieldId{cell == 0 ? id : cell};
    return field;
}

// account: name, sector, employees, owner, amount + currency, tags, visits, notes.
inline SchemaPointer test_schema() {
    Collection account;
    account.id = CollectionId{100};
    account.name = "account";
    account.fields = {test_field(1, "name", FieldKind::text),
                      test_field(2, "sector", FieldKind::text),
                      test_field(3, "employees", FieldKind::integer),
                      test_field(4, "owner", FieldKind::reference),
                      test_field(5, "amount", FieldKind::integer),
                      test_field(6, "currency", FieldKind::text, 5),
                      test_field(7, "tags", FieldKind::set),
                      test_field(8, "visits", FieldKind::counter),
                      test_field(9, "notes", FieldKind::text)};
    account.scope.owner = FieldId{4};
    auto schema =
        Schema::build(1, {account}, {{account.id, {{FieldId{9}, ConflictRule::union_lines, {}}}}});
    return std::make_shared<const Schema>(*std::move(schema));
}

class ReplicaTest : public ::testing::Test {
  protected:
    void SetUp() override {
        const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
        path_ = ::testing::TempDir() + test->name() + std::to_string(::getpid()) + ".satchel";
        remove_files();
        ReplicaOptions options;
        options.create = true;
        options.schema = test_schema();
        auto replica = Replica::open(path_, options);
        ASSERT_TRUE(replica) << replica.error().message;
        replica_ = *std::move(replica);
    }
    void TearDown() override {
        replica_.reset();
        remove_files();
    }
    void remove_files() {
        for (const char* suffix : {"", "-wal", "-shm", "-sync", ".other"})
            std::filesystem::remove(path_ + suffix);
    }

    void reopen() {
        replica_.reset();
        auto replica = Replica::open(path_, {});
        ASSERT_TRUE(replica) << replica.error().message;
        replica_ = *std::move(replica);
    }
    RecordId create(const FieldValues& values) {
        auto transaction = replica_->begin();
        auto id = transaction->create("account", values);
        EXPECT_TRUE(id) << id.error().message;
        EXPECT_TRUE(transaction->commit());
        return *id;
    }
    void set(const RecordId& id, const FieldValues& values) {
        auto transaction = replica_->begin();
        const auto status = transaction->set("account", id, values);
        EXPECT_TRUE(status) << status.error().message;
        EXPECT_TRUE(transaction->commit());
    }
    RecordView record(const RecordId& id) {
        auto view = replica_->record("account", id);
        EXPECT_TRUE(view) << view.error().message;
        return *view;
    }
    Value shown(const RecordView& view, const char* field) {
        const Collection* account = replica_->schema()->find("account");
        return view.shown[account->position(account->find(field)->id)];
    }
    std::int64_t count(const std::string& table) {
        return *replica_->database().integer("SELECT count(*) FROM " + table);
    }

    std::string path_;
    std::unique_ptr<Replica> replica_;
};

}  // namespace satchel::storage
