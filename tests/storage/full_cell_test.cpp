// Cells that hold as many values side by side as they may, with real replicas and a real store.
#include <gtest/gtest.h>

#include "sync/limits.hpp"
#include "tests/storage/phone.hpp"

namespace satchel::test {
namespace {

struct Office {
    void everybody_syncs() {
        for (int round = 0; round < 3; ++round)
            for (Phone* phone : {&a, &b})
                phone->sync(head);
    }

    Head head;
    Phone a{":memory:"};
    Phone b{":memory:"};
};

// Seed 72 of the simulation: the device could take no answer any more.
TEST(FullCell, AValueThatItHasNoRoomForWaitsForItsVerdictAndHoldsNothingUp) {
    Office office;
    office.b.session_options.upload_bytes = office.b.session_options.max_upload_bytes = 1;
    const RecordId id = office.a.create("Acme");
    office.everybody_syncs();
    for (Phone* phone : {&office.a, &office.b}) {
        const VectorClock form = phone->record(id).token();
        for (std::size_t i = 0; i < kMaxSiblings * 3 / 4; ++i)
            phone->set(id, "name", (phone == &office.a ? "a" : "b") + std::to_string(i), &form);
    }
    office.everybody_syncs();
    EXPECT_EQ(office.b.values(id, kName).size(), kMaxSiblings);
    EXPECT_EQ(office.b.record(id).state, office.head.state(kAccount, id));
    EXPECT_EQ(office.b.replica().status()->pending, 0U);
    EXPECT_EQ(office.b.replica().status()->not_accepted, kMaxSiblings / 2);
}

// Seeds 1150 and 1334 of the simulation: what is not on the screen must not be named as seen by the
// next write, and a clock names all of its device up to a number.
TEST(FullCell, AValueThatItHasNoRoomForIsShownAsLongAsItWaits) {
    Office office;
    office.b.session_options.upload_bytes = office.b.session_options.max_upload_bytes = 1;
    const RecordId id = office.a.create("Acme");
    office.everybody_syncs();
    const VectorClock form_of_a = office.a.record(id).token();
    for (std::size_t i = 1; i < kMaxSiblings; ++i)
        office.a.set(id, "name", std::to_string(i), &form_of_a);
    const VectorClock form_of_b = office.b.record(id).token();
    for (const char* value : {"fits", "does not"})
        office.b.set(id, "name", value, &form_of_b);
    office.a.sync(office.head);
    const auto first_arrives = [](std::size_t message) {
        return message == 0 ? Fate::arrives : Fate::request_lost;
    };
    EXPECT_FALSE(office.b.try_sync(office.head, first_arrives));
    EXPECT_EQ(office.b.values(id, kName).size(), kMaxSiblings + 1);
}

// The set is full before the verdict on the element comes: that one is not shown meanwhile.
TEST(FullSet, AnElementThatItHasNoRoomForWaitsForItsVerdictAndHoldsNothingUp) {
    Office office;
    office.b.session_options.upload_bytes = office.b.session_options.max_upload_bytes = 1;
    const RecordId id = office.a.create("Acme");
    office.everybody_syncs();
    Operation tags = write(kAccount, id, office.head.state(kAccount, id).clock, {});
    for (std::size_t i = 0; i < kMaxSetElements; ++i) {
        const std::string tag = std::to_string(i);
        tags.sets.push_back({kTags, Value::text(std::string(4 - tag.size(), '0') + tag), true});
    }
    ASSERT_EQ(office.head.write({tags}).kind, VerdictKind::accepted);
    office.b.set(id, "note", "goes up first");
    auto transaction = *office.b.replica().begin();
    ASSERT_TRUE(transaction.add_to_set("account", id, "tags", "one more"));
    ASSERT_TRUE(transaction.commit());
    const auto first_arrives = [](std::size_t message) {
        return message == 0 ? Fate::arrives : Fate::request_lost;
    };
    EXPECT_FALSE(office.b.try_sync(office.head, first_arrives));
    EXPECT_EQ(office.b.record(id).state.set(kTags)->elements.size(), kMaxSetElements);
    EXPECT_EQ(office.b.replica().status()->pending, 1U);
    office.everybody_syncs();
    EXPECT_EQ(office.b.record(id).state, office.head.state(kAccount, id));
    EXPECT_EQ(office.b.replica().status()->not_accepted, 1U);
}

}  // namespace
}  // namespace satchel::test
