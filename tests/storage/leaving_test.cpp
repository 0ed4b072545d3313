// What leaves a device is in none of its files any more, byte for byte.
#include <algorithm>
#include <fstream>
#include <iterator>

#include "storage/read_connection.hpp"
#include "tests/storage/trouble_scene.hpp"

namespace satchel::test {
namespace {

constexpr std::string_view kSecret = "what only its owner may read";

class Leaving : public Trouble {
  protected:
    void SetUp() override {
        Trouble::SetUp();
        head_->write({account(1, user_id(1), kSecret)});
        a_->sync(*head_);
    }
    // In the file of device a, its log, and whatever else lies beside it.
    bool is_there(std::string_view bytes) const {
        for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
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

TEST_F(Leaving, WhereSomebodyReadsTheFileItGoesWithTheNextSync) {
    auto reader = storage::ReadConnection::open(file("a"));
    auto rows = std::make_optional(*reader->query("SELECT id FROM account"));
    ASSERT_TRUE(*rows->next());
    hand_over();
    a_->sync(*head_);
    EXPECT_TRUE(is_there(kSecret)) << "the reader still sees it";
    rows.reset();
    a_->sync(*head_);
    EXPECT_FALSE(is_there(kSecret));
}

TEST_F(Leaving, WhereTheProgramEndedBeforeTheLogWasEmptiedItGoesWithTheFirstSync) {
    auto reader = storage::ReadConnection::open(file("a"));
    auto rows = std::make_optional(*reader->query("SELECT id FROM account"));
    ASSERT_TRUE(*rows->next());
    hand_over();
    a_->sync(*head_);
    a_->close();  // the reader keeps the log from being emptied
    rows.reset();
    ASSERT_TRUE(is_there(kSecret));
    a_->reopen();
    a_->sync(*head_);
    EXPECT_FALSE(is_there(kSecret));
}

}  // namespace
}  // namespace satchel::test
