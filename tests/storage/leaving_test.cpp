// What leaves a device is in none of its files any more, byte for byte.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include "storage/read_connection.hpp"
#include "tests/storage/trouble_scene.hpp"

namespace satchel::test {
namespace {

constexpr std::string_view kSecret = "what only its owner may read";

// Reads device a's file as another program would, in the middle of its rows.
class Reader {
  public:
    explicit Reader(const std::string& path)
        : connection_(*storage::ReadConnection::open(path)),
          rows_(*connection_.query("SELECT id FROM account")) {
        EXPECT_TRUE(*rows_.next());
    }

  private:
    storage::ReadConnection connection_;
    storage::Rows rows_;
};

class Leaving : public Trouble {
  protected:
    void SetUp() override {
        Trouble::SetUp();
        head_->write({account(1, user_id(1), kSecret)});
        a_->sync(*head_);
    }
    // In the file of device a, its log, and whatever else lies beside it.
    bool is_there(std::string_view bytes) const {
        for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
            if (!entry.path().filename().string().starts_with("a")) continue;
            std::ifstream in(entry.path(), std::ios::binary);
            const std::string all{std::istreambuf_iterator<char>(in), {}};
            if (all.find(bytes) != std::string::npos) return true;
        }
        return false;
    }
    void hand_over() {
        ASSERT_TRUE(head_->store().handover(kAccount, record_id(1), user_id(2), kNow));
    }
};

TEST_F(Leaving, ARecordThatWasHandedOverIsInNoFileAfterTheNextSync) {
    ASSERT_TRUE(is_there(kSecret));
    ASSERT_TRUE(is_there(record_id(1).view()));
    hand_over();
    a_->sync(*head_);
    EXPECT_FALSE(is_there(kSecret));
    EXPECT_FALSE(is_there(record_id(1).view()));
}

TEST_F(Leaving, WhatAScopeHeldGoesWithTheScope) {
    take([](SyncReply& reply) { reply.lost.push_back(user_scope(user_id(1))); });
    EXPECT_FALSE(is_there(kSecret));
    EXPECT_FALSE(is_there(record_id(1).view()));
}

TEST_F(Leaving, WhereSomebodyReadsTheFileItGoesWithTheNextSync) {
    auto reader = std::make_optional<Reader>(file("a"));
    hand_over();
    a_->sync(*head_);
    EXPECT_TRUE(is_there(kSecret)) << "the reader still sees it";
    reader.reset();
    a_->sync(*head_);
    EXPECT_FALSE(is_there(kSecret));
}

TEST_F(Leaving, AnObserverThatReadsComesAfterIt) {
    std::optional<Reader> reader;
    const auto observer = a_->replica().observe(
        [&](const std::vector<storage::Change>&) { reader.emplace(file("a")); });
    head_->write({account(2, user_id(1), "stays")});
    a_->sync(*head_);
    ASSERT_TRUE(reader);
    reader.reset();
    hand_over();
    a_->sync(*head_);
    ASSERT_TRUE(reader);
    EXPECT_FALSE(is_there(kSecret));
    a_->replica().unobserve(observer);
}

TEST_F(Leaving, WhereTheProgramEndedBeforeTheLogWasEmptiedItGoesWithTheFirstSync) {
    auto reader = std::make_optional<Reader>(file("a"));
    hand_over();
    a_->sync(*head_);
    a_->close();  // the reader keeps the log from being emptied
    reader.reset();
    ASSERT_TRUE(is_there(kSecret));
    a_->reopen();
    a_->sync(*head_);
    EXPECT_FALSE(is_there(kSecret));
}

TEST_F(Leaving, WhatAnotherProgramCouldNotPurgeGoesWithTheNextSyncOfOneThatStaysOpen) {
    PhoneOptions options;
    options.create = false;
    Phone other(file("a"), options);
    auto reader = std::make_optional<Reader>(file("a"));
    hand_over();
    other.sync(*head_);
    other.close();
    ASSERT_TRUE(is_there(kSecret));
    reader.reset();
    a_->sync(*head_);
    EXPECT_FALSE(is_there(kSecret));
}

}  // namespace
}  // namespace satchel::test
