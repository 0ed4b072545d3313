// Stamps, hybrid clocks, vector clocks and the text forms of small values.
#include <limits>
#include <set>

#include "sync/limits.hpp"
#include "sync/wire.hpp"
#include "tests/sync/generators.hpp"

namespace satchel::testing {
namespace {

constexpr std::int64_t kYear2262 = 9'214'646'400'000;
constexpr std::int64_t kFarthest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kEarliest = std::numeric_limits<std::int64_t>::min();

void expect_ascending(HybridClock& clock, std::int64_t reading, int events) {
    for (int i = 0; i < events; ++i) {
        const Stamp before = clock.last();
        ASSERT_GT(clock.next(reading), before) << "event " << i << " at " << reading;
    }
}

RC_GTEST_PROP(HybridClock, StampsAscendForAnyScriptOfReadings, ()) {
    HybridClock clock;
    for (const std::int64_t reading :
         *rc::gen::container<std::vector<std::int64_t>>(any_integer())) {
        const Stamp before = clock.last();
        RC_ASSERT(clock.next(reading) > before);
    }
}

TEST(HybridClock, AFrozenClockCarriesIntoTheMilliseconds) {
    HybridClock clock;
    expect_ascending(clock, 1'000, 70'000);
    EXPECT_EQ(clock.last().ms(), 1'001);
}

TEST(HybridClock, AClockThatJumpsToTheYear2262AndBackStillAscends) {
    HybridClock clock;
    for (const std::int64_t reading : {1'700'000'000'000LL, static_cast<long long>(kYear2262), 0LL})
        expect_ascending(clock, reading, 70'000);
}

TEST(HybridClock, NoReadingLeavesItWithoutRoomToCount) {
    HybridClock clock;
    for (const std::int64_t reading : {kFarthest, kEarliest, kFarthest, std::int64_t{0}})
        expect_ascending(clock, reading, 70'000);
}

TEST(HybridClock, GoesOnAfterTheStampItIsGiven) {
    HybridClock clock(Stamp::at(5'000, 65'535));
    EXPECT_EQ(clock.next(10), Stamp::at(5'001, 0));
}

TEST(HybridClock, AdoptsStampsUpToTheSkewAhead) {
    HybridClock clock;
    clock.see(Stamp::at(1'000 + kSkewMs + 1), 1'000);
    EXPECT_EQ(clock.last(), Stamp{});
    clock.see(Stamp::at(1'000 + kSkewMs), 1'000);
    EXPECT_EQ(clock.last(), Stamp::at(1'000 + kSkewMs));
    clock.see(Stamp::at(7), 1'000);
    EXPECT_EQ(clock.last(), Stamp::at(1'000 + kSkewMs));
    clock.see(Stamp::at(kFarthest), kFarthest);
    expect_ascending(clock, 0, 2);
}

RC_GTEST_PROP(EffectiveStamp, IsNeverLaterThanTheStampNorThanReceiptAndSkew, ()) {
    const Stamp stamp = *any_stamp();
    const std::int64_t receipt = *rc::gen::inRange<std::int64_t>(0, 1LL << 46);
    const Stamp effective = effective_stamp(stamp, receipt, *any_integer(), *any_integer());
    RC_ASSERT(effective <= stamp);
    RC_ASSERT(effective <= Stamp::at(receipt + kSkewMs));
}

// A clock that runs ahead by any amount wins no more than one that runs ahead by the skew.
RC_GTEST_PROP(EffectiveStamp, AClockThatRunsAheadWinsNothingByIt, ()) {
    const std::int64_t receipt = *rc::gen::inRange<std::int64_t>(1LL << 40, 1LL << 41);
    const std::int64_t age = *rc::gen::inRange<std::int64_t>(0, 1LL << 35);
    const std::int64_t ahead = *rc::gen::inRange<std::int64_t>(-(1LL << 40), 1LL << 42);
    const std::int64_t committed = receipt - age + ahead;
    const Stamp effective =
        effective_stamp(Stamp::at(committed), receipt, receipt + ahead, committed);
    RC_ASSERT(effective == Stamp::at(receipt - age + std::min(ahead, kSkewMs)));
}

TEST(EffectiveStamp, ADeviceThatLiesAboutItsClockGainsOnlyTheSkew) {
    const Stamp late = Stamp::at(kFarthest);
    EXPECT_EQ(effective_stamp(late, 1'000, kEarliest, kFarthest), Stamp::at(1'000 + kSkewMs));
    EXPECT_EQ(effective_stamp(late, 1'000, kFarthest, kEarliest), Stamp::at(kSkewMs));
    EXPECT_EQ(effective_stamp(Stamp::at(7), 1'000, 5, 5), Stamp::at(7));
}

RC_GTEST_PROP(ClockCorrection, IsTheSmallestThatPutsHeadOfficeBetweenAskingAndTheAnswer, ()) {
    const std::int64_t asked = *rc::gen::inRange<std::int64_t>(0, 1LL << 41);
    const std::int64_t way = *rc::gen::inRange<std::int64_t>(0, 1LL << 30);
    const std::int64_t office = *rc::gen::inRange<std::int64_t>(0, 1LL << 41);
    const std::int64_t correction = clock_correction(office, {asked, asked + way});
    RC_ASSERT(asked + correction <= office);
    RC_ASSERT(office <= asked + way + correction);
    if (correction > 0) RC_ASSERT(asked + way + correction == office);
    if (correction < 0) RC_ASSERT(asked + correction == office);
}

TEST(ClockCorrection, AClockThatWasPutBackMeanwhileSaysOnlyWhenTheAnswerCame) {
    EXPECT_EQ(clock_correction(5'000, {9'000, 1'000}), 4'000);
    EXPECT_EQ(clock_correction(5'000, {9'000, 7'000}), -2'000);
}

RC_GTEST_PROP(VectorClock, CompareSaysWhoCoversWhom, ()) {
    const VectorClock a = *any_clock(), b = *any_clock();
    VectorClock both = a;
    both.merge(b);
    RC_ASSERT((both.covers(a) && both.covers(b)));
    const bool above = a.covers(b), below = b.covers(a);
    RC_ASSERT((a.compare(b) == ClockOrder::equal) == (a == b));
    RC_ASSERT(((a.compare(b) == ClockOrder::concurrent) == (!above && !below)));
    RC_ASSERT((a.compare(b) == ClockOrder::before) == (b.compare(a) == ClockOrder::after));
    VectorClock other = b;
    other.merge(a);
    RC_ASSERT(other == both);
}

TEST(VectorClock, TwoPhonesThatDidNotHearOfEachOtherAreConcurrent) {
    EXPECT_EQ("a:3 b:1"_clock.compare("a:2 b:5"_clock), ClockOrder::concurrent);
    EXPECT_EQ("a:3"_clock.compare("a:2"_clock), ClockOrder::after);
    EXPECT_EQ(""_clock.compare("a:2"_clock), ClockOrder::before);
}

TEST(VectorClock, ItsTextIsLimited) {
    std::string text;
    for (std::size_t i = 1; i <= kMaxClockEntries; ++i)
        text += (i == 1 ? "" : " ") + Dot{{i, 1}, 1}.text();
    EXPECT_TRUE(VectorClock::parse(text));
    const auto more = VectorClock::parse(text + " 0:1");
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code, ErrorCode::limit);
}

RC_GTEST_PROP(Text, EveryFormParsesBack, ()) {
    const Value value = *any_value();
    const VectorClock clock = *any_clock();
    const Stamp stamp = *any_stamp();
    const Dot dot{*any_replica(), *any_number()};
    const RecordId record = *any_record_id();
    RC_ASSERT(*Value::parse(value.text_form()) == value);
    RC_ASSERT(*VectorClock::parse(clock.text()) == clock);
    RC_ASSERT(*Stamp::parse(stamp.text()) == stamp);
    RC_ASSERT(*Dot::parse(dot.text()) == dot);
    RC_ASSERT(*ReplicaId::parse(dot.replica.text()) == dot.replica);
    RC_ASSERT(*RecordId::parse(record.text()) == record);
    RC_ASSERT(ChangeId::parse(record.text())->bytes == record.bytes);
}

TEST(Text, WhatIsNoFormIsRefused) {
    for (const char* text : {"", "nul", "4 2", "\"", "\"a\"b\"", "\"\\", "\"\\\"", "\"\\q\"",
                             "\"\\u00\"", "\"\\u0080\"", "\"\xff\"", "x'a'", "x'0g'", "x'", "+1",
                             "9223372036854775808", "1.5", "-"})
        EXPECT_FALSE(Value::parse(text)) << text;
    for (const char* text : {"", "1", "1.", ".1", "1.65536", "-1.0", "281474976710656.0", "1.0x"})
        EXPECT_FALSE(Stamp::parse(text)) << text;
    for (const char* text : {"", ":", "a:", ":1", "g:1", "a.:1", "a.x:1", "a:-1", "a:1 ",
                             "10000000000000000:1", "a.4294967296:1"})
        EXPECT_FALSE(Dot::parse(text)) << text;
    for (const char* text : {"", "0192f3c4", "0192f3c4-8a11-7c3e-9f00-0123456789ag",
                             "0192f3c4+8a11-7c3e-9f00-0123456789ab"})
        EXPECT_FALSE(RecordId::parse(text)) << text;
}

TEST(Text, UnusualFormsOfRecordIdsAreTaken) {
    const auto id = RecordId::parse("0192F3C48A117C3E9F000123456789AB");
    ASSERT_TRUE(id);
    EXPECT_EQ(id->text(), "0192f3c4-8a11-7c3e-9f00-0123456789ab");
}

RC_GTEST_PROP(Wire, ValuesAreReadBack, ()) {
    const Value value = *any_value();
    const std::uint64_t number = *any_number();
    Writer out;
    out.value(value.view());
    out.unsigned_integer(number);
    Reader in(out.out());
    RC_ASSERT(Value(in.value()) == value);
    RC_ASSERT(in.unsigned_integer() == number);
    RC_ASSERT(static_cast<bool>(in.finish("it")));
}

TEST(Wire, FormsThatAreNotTheShortestAreRefused) {
    using namespace std::string_literals;
    for (const Bytes& bytes :
         {"\xCC\x7F"s, "\xCD\x00\xFF"s, "\xCE\x00\x00\xFF\xFF"s, "\xD0\xE0"s, "\xD1\xFF\x80"s,
          "\xD2\xFF\xFF\x80\x00"s, "\xCF\x00\x00\x00\x00\xFF\xFF\xFF\xFF"s,
          "\xD3\xFF\xFF\xFF\xFF\x80\x00\x00\x00"s, "\xD9\x01"s + "a", "\xC5\x00\x01"s + "a",
          "\xDA\x00\xFF"s + Bytes(255, 'a'), "\xD0\x05"s,
          "\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s}) {
        Reader in(bytes);
        (void)in.value();
        EXPECT_FALSE(in.ok());
    }
}

TEST(Wire, ArraysMapsFloatsAndExtensionsAreRefused) {
    for (int tag = 0x80; tag <= 0xFF; ++tag) {
        const bool nested = tag <= 0x9F;
        const bool foreign = (tag >= 0xC1 && tag <= 0xC3) || (tag >= 0xC7 && tag <= 0xCB) ||
                             (tag >= 0xD4 && tag <= 0xD8) || (tag >= 0xDC && tag <= 0xDF);
        if (!nested && !foreign) continue;
        const Bytes bytes = static_cast<char>(tag) + Bytes(20, '\0');
        Reader in(bytes);
        (void)in.value();
        EXPECT_FALSE(in.ok()) << tag;
    }
}

TEST(Wire, AfterAFailureEverythingIsEmpty) {
    Reader in("\xC1\x05\x05");
    (void)in.integer();
    EXPECT_EQ(in.unsigned_integer(), 0U);
    EXPECT_TRUE(in.text().empty());
    EXPECT_FALSE(in.finish("it"));
}

class Counting : public Random {
  public:
    std::uint64_t next() override { return value_ += 0x9E37'79B9'7F4A'7C15; }

  private:
    std::uint64_t value_ = 0;
};

TEST(RecordIdMaker, IdsAscendWhateverTheClockDoes) {
    Counting random;
    RecordIdMaker maker;
    RecordId last{};
    for (const std::int64_t now : {5LL, 5LL, 4LL, -1LL, 1'700'000'000'000LL, 3LL})
        for (int i = 0; i < 20'000; ++i) {
            const RecordId id = maker.next(now, random);
            ASSERT_LT(last, id);
            EXPECT_EQ(id.bytes[6] >> 4, 7);
            EXPECT_EQ(id.bytes[8] >> 6, 2);
            last = id;
        }
}

// What a first upload looks up in order lies in order.
TEST(RecordIdMaker, NeighboursHaveNeighbouringHashes) {
    Counting random;
    RecordIdMaker maker;
    const std::hash<RecordId> hash;
    std::size_t last = hash(maker.next(5, random));
    int neighbours = 0;
    for (int i = 0; i < 40'000; ++i) {
        const std::size_t h = hash(maker.next(5, random));
        neighbours += h == last + 1 ? 1 : 0;
        last = h;
    }
    EXPECT_GE(neighbours, 39'990) << "40,000 ids, a carry every 16,384";
}

TEST(RecordIdMaker, OtherIdsHaveHashesOfTheirOwn) {
    const std::hash<RecordId> hash;
    std::set<std::size_t> hashes;
    for (std::uint8_t i = 0; i < 200; ++i) {
        RecordId id{};
        id.bytes[15] = i;
        hashes.insert(hash(id));
    }
    EXPECT_EQ(hashes.size(), 200U);
}

}  // namespace
}  // namespace satchel::testing
