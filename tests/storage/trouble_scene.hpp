// Scene for copies, roll-backs and restores: two devices of one person's team and head office, all
// with real stores on files of a folder of their own.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/workspace_copy.hpp"
#include "tests/storage/phone.hpp"
#include "tests/temp_folder.hpp"

namespace satchel::test {

using Texts = std::vector<std::string>;

class Trouble : public ::testing::Test {
  protected:
    std::string file(const char* name) const { return folder_.path(name); }

    void back_up() {
        ASSERT_TRUE(storage::copy_workspace(head_->store().database(), file("backup"), {}));
    }
    // Head office goes on with its backup.
    void restore() {
        head_.reset();
        for (const char* suffix : {"", "-wal", "-shm"})
            std::filesystem::remove(file("office") + suffix);
        std::filesystem::copy_file(file("backup"), file("office"));
        head_ = std::make_unique<Head>(file("office"), false, true);
    }
    void everybody_syncs(std::vector<Phone*> phones) {
        for (int round = 0; round < 3; ++round)
            for (Phone* phone : phones)
                phone->sync(*head_);
    }

    // There is no such pool.
    void write_what_is_refused(const RecordId& id) {
        head_->store().look_up_scopes([](const std::string&) -> Result<bool> { return false; });
        a_->set(id, "pool", "nowhere");
        a_->sync(*head_);
        head_->store().look_up_scopes([](const std::string&) -> Result<bool> { return true; });
    }

    // A person dismisses what was refused and makes the record "later", and a copy of the device
    // takes the line: what the first one has is in two incarnations. The backup is older.
    void dismiss_and_part_from_a_twin(RecordId& later) {
        head_->write({create(kProduct, record_id(7), {text(kName, "Pump")})});
        a_->sync(*head_);
        back_up();
        auto transaction = *a_->replica().begin();
        ASSERT_TRUE(transaction.set("product", record_id(7), {{"name", Value::text("Mine")}}));
        ASSERT_TRUE(transaction.commit());
        a_->sync(*head_);  // only head office writes products
        ASSERT_TRUE(a_->replica().dismiss(a_->replica().journal(1)->front().number));
        later = a_->create("later");
        a_->sync(*head_);
        const auto twin = a_->copied(file("twin"));
        twin->create("of the twin");
        twin->sync(*head_);
        a_->create("of the original");
        ASSERT_TRUE(a_->sync(*head_).forked);
    }

    // What head office says to the session's next request.
    SyncReply answer(DeviceSession& session) {
        const Caller caller = *a_->caller();
        const auto request = session.next_request(kNow);
        const auto asked = decode_request(**request, head_->store().services());
        return head_->handle(*asked, caller)->reply;
    }

    // The same, changed on its way, as the device takes it.
    void take(const std::function<void(SyncReply&)>& edit) {
        DeviceSession session(a_->replica(), head_->store().services());
        SyncReply reply = answer(session);
        edit(reply);
        EXPECT_TRUE(session.take_reply(encode(reply, head_->store().services()), kNow));
    }

    TempFolder folder_;
    std::unique_ptr<Head> head_ = std::make_unique<Head>(file("office"));
    std::unique_ptr<Phone> a_ = std::make_unique<Phone>(file("a"));
    std::unique_ptr<Phone> b_ = std::make_unique<Phone>(file("b"));
};

}  // namespace satchel::test
