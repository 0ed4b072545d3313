// The byte form of changesets: exact, canonical, readable by any msgpack tool, never trusting.
#include "sync/changeset.hpp"

#include <msgpack.hpp>

#include "sync/limits.hpp"
#include "tests/sync/allocation_meter.hpp"
#include "tests/sync/damage.hpp"
#include "tests/sync/generators.hpp"

namespace satchel {

void showValue(const Changeset& changeset, std::ostream& out) {
    out << changeset.operations.size() << " operations";
}

namespace testing {
namespace {

Reading read(ByteView bytes) {
    const auto changeset = decode_changeset(bytes);
    if (!changeset) return {changeset.error().code, {}};
    return {ErrorCode::ok, encode(*changeset)};
}

// Two runs, two replicas, every kind of write.
Changeset example() {
    Changeset changeset;
    changeset.header = {{}, {0x1f3a, 2}, 17, Stamp::at(1'732'233'600'000, 3), -5, 4, {}};
    Operation edit;
    edit.collection = CollectionId{100};
    edit.clock = "a:3 b:300"_clock;
    edit.cells = {{FieldId{1}, {Value(-7)}}, {FieldId{2}, {Value::text("é"), Value{}}}};
    edit.sets = {{FieldId{9}, Value::text("x"), true}, {FieldId{9}, Value::text("y"), false}};
    edit.counters = {{FieldId{10}, -3}};
    Operation second = edit;
    second.record.bytes[15] = 1;
    second.clock = "b:299 c:1"_clock;
    Operation removal;
    removal.collection = CollectionId{101};
    removal.record.bytes[15] = 2;
    removal.kind = OperationKind::remove;
    removal.clock = "a:1"_clock;
    changeset.operations = {edit, second, removal};
    return changeset;
}

Changeset empty_records(std::size_t count) {
    Changeset changeset;
    changeset.header.first_counter = 1;
    for (std::size_t i = 0; i < count; ++i) {
        Operation& operation = changeset.operations.emplace_back();
        operation.record.bytes[0] = static_cast<std::uint8_t>(i >> 8);
        operation.record.bytes[1] = static_cast<std::uint8_t>(i);
    }
    return changeset;
}

ErrorCode code_of(const Changeset& changeset) {
    return read(encode(changeset)).code;
}

RC_GTEST_PROP(Changeset, WhatIsWrittenIsReadBack, ()) {
    const Changeset changeset = *any_changeset();
    const Bytes bytes = encode(changeset);
    const auto back = decode_changeset(bytes);
    RC_ASSERT(static_cast<bool>(back));
    RC_ASSERT(*back == changeset);
    const auto header = decode_changeset_header(bytes);
    RC_ASSERT((header && *header == changeset.header));
}

RC_GTEST_PROP(Changeset, VisitingNamesEveryRecordInOrder, ()) {
    const Changeset changeset = *any_changeset();
    std::size_t next = 0;
    const auto visit = [&](CollectionId collection, const RecordId& record) {
        RC_ASSERT(next < changeset.operations.size());
        RC_ASSERT(collection == changeset.operations[next].collection);
        RC_ASSERT(record == changeset.operations[next++].record);
    };
    RC_ASSERT(static_cast<bool>(visit_records(encode(changeset), visit)));
    RC_ASSERT(next == changeset.operations.size());
}

RC_GTEST_PROP(Changeset, TheFastWayForNewRecordsGivesTheSameBytes, ()) {
    const OperationShape shape = *new_record_shape();
    const auto ids = *rc::gen::resize(8, rc::gen::unique<std::vector<RecordId>>(any_record_id()));
    ChangesetEncoder slow, fast;
    for (const RecordId& id : ids) {
        Operation operation;
        operation.collection = shape.collection;
        operation.record = id;
        for (std::size_t i = 0; i < shape.cells.size(); ++i)
            operation.cells.push_back({shape.cells[i], {}});
        for (std::size_t i = 0; i < shape.cells.size(); ++i)
            for (std::size_t k = 0; k < shape.widths[i]; ++k)
                operation.cells[i].values.push_back(*any_value());
        std::vector<ValueView> views;
        for (const CellWrite& cell : operation.cells)
            for (const Value& value : cell.values)
                views.push_back(value.view());
        slow.add(operation);
        fast.add_new_record(shape, id, views);
    }
    RC_ASSERT(slow.count() == fast.count());
    RC_ASSERT(slow.size_bytes() == fast.size_bytes());
    RC_ASSERT(slow.finish({}) == fast.finish({}));
}

RC_GTEST_PROP(Changeset, OtherToolsCanReadIt, ()) {
    const Bytes bytes = encode(*any_changeset());
    std::size_t at = 0;
    while (at < bytes.size())
        RC_ASSERT(msgpack::unpack(bytes.data(), bytes.size(), at).get().type !=
                  msgpack::type::ARRAY);
    RC_ASSERT(at == bytes.size());
}

RC_GTEST_PROP(Changeset, DamageIsRefusedOrIsAnotherChangesetsOnlyEncoding, ()) {
    const Bytes bytes = encode(*any_changeset());
    const std::string lenience = find_lenience(bytes, sample(bytes, *any_number(), 3), read);
    if (!lenience.empty()) RC_FAIL(lenience);
}

TEST(Changeset, EveryChangeOfEveryByteIsRefusedOrIsAnotherChangesetsOnlyEncoding) {
    EXPECT_EQ(find_lenience(encode(example()), {}, read), "");
}

TEST(Changeset, AnEncoderIsEmptyAfterwards) {
    const Changeset changeset = example();
    ChangesetEncoder encoder;
    for (const Operation& operation : changeset.operations)
        encoder.add(operation);
    const Bytes first = encoder.finish(changeset.header);
    EXPECT_EQ(encoder.count(), 0U);
    for (const Operation& operation : changeset.operations)
        encoder.add(operation);
    EXPECT_EQ(encoder.finish(changeset.header), first);
}

TEST(Changeset, AnotherFormatAsksForTheNewerRelease) {
    Bytes bytes = encode(example());
    bytes[0] = 2;
    EXPECT_EQ(read(bytes).code, ErrorCode::newer_format);
}

TEST(Changeset, NothingIsNoChangeset) {
    EXPECT_EQ(read("").code, ErrorCode::corrupt);
    EXPECT_EQ(code_of(empty_records(0)), ErrorCode::corrupt);
    EXPECT_EQ(read(encode(example()) + '\0').code, ErrorCode::corrupt);
}

TEST(Changeset, OperationsAreCounted) {
    EXPECT_EQ(code_of(empty_records(kMaxOperations)), ErrorCode::ok);
    EXPECT_EQ(code_of(empty_records(kMaxOperations + 1)), ErrorCode::corrupt);
}

TEST(Changeset, ItsSizeIsLimited) {
    Changeset large = empty_records(1);
    large.operations[0].cells = {{FieldId{1}, {Value::bytes("")}}};
    const std::size_t rest = encode(large).size() + 6;  // two headers of lengths grow by three
    large.operations[0].cells[0].values[0] = Value::bytes(Bytes(kMaxChangesetBytes - rest, 'x'));
    while (encode(large).size() < kMaxChangesetBytes)
        large.operations[0].cells[0].values[0] =
            Value::bytes(large.operations[0].cells[0].values[0].as_bytes() + 'x');
    ASSERT_EQ(encode(large).size(), kMaxChangesetBytes);
    EXPECT_EQ(code_of(large), ErrorCode::ok);
    large.operations[0].cells[0].values[0] =
        Value::bytes(large.operations[0].cells[0].values[0].as_bytes() + 'x');
    EXPECT_EQ(code_of(large), ErrorCode::limit);
}

TEST(Changeset, ARecordStandsInItOnce) {
    Changeset twice = example();
    twice.operations[2].record = twice.operations[0].record;
    EXPECT_EQ(code_of(twice), ErrorCode::corrupt);
}

// `count` records of `width` nulls each.
Changeset nulls(std::size_t count, std::uint32_t width) {
    Changeset changeset = empty_records(count);
    for (Operation& operation : changeset.operations)
        for (std::uint32_t i = 1; i <= width; ++i)
            operation.cells.push_back({FieldId{i}, {Value{}}});
    return changeset;
}

TEST(Changeset, WhatItHoldsIsCounted) {
    Changeset full = nulls(kMaxChangesetNodes / 250, 250);
    EXPECT_EQ(code_of(full), ErrorCode::ok);
    Changeset more = full;
    more.operations[7].cells.push_back({FieldId{251}, {Value{}}});
    EXPECT_EQ(code_of(more), ErrorCode::limit);
    more = full;
    more.operations[7].sets = {{FieldId{300}, Value::text("x"), true}};
    EXPECT_EQ(code_of(more), ErrorCode::limit);
    more = full;
    more.operations[7].counters = {{FieldId{300}, 1}};
    EXPECT_EQ(code_of(more), ErrorCode::limit);
    more = full;
    more.operations[7].clock = "a:1"_clock;
    EXPECT_EQ(code_of(more), ErrorCode::limit);
    more.operations[7].cells.pop_back();
    EXPECT_EQ(code_of(more), ErrorCode::ok);
}

TEST(Changeset, ManyNullsTakeNoMoreMemoryThanTheBudget) {
    const Bytes full = encode(nulls(kMaxChangesetNodes / 250, 250));
    const Bytes bomb = encode(nulls(kMaxOperations, 256));
    const AllocationMeter meter;
    EXPECT_EQ(decode_changeset(bomb).error().code, ErrorCode::limit);
    EXPECT_LT(meter.peak_bytes(), 1U << 20);
    ASSERT_TRUE(decode_changeset(full));
    EXPECT_LT(meter.peak_bytes(), 100U << 20);
}

TEST(Changeset, CountersOfItsOperationsDoNotWrap) {
    Changeset last = example();
    last.header.first_counter = UINT64_MAX - kMaxOperations;
    EXPECT_EQ(code_of(last), ErrorCode::ok);
    for (const std::uint64_t first :
         {std::uint64_t{0}, UINT64_MAX - kMaxOperations + 1, UINT64_MAX}) {
        last.header.first_counter = first;
        EXPECT_EQ(code_of(last), ErrorCode::corrupt);
    }
}

TEST(Changeset, ADeletionWritesNothing) {
    Changeset odd = example();
    odd.operations[2].cells = {{FieldId{1}, {Value(1)}}};
    EXPECT_EQ(code_of(odd), ErrorCode::corrupt);
    odd = example();
    odd.operations[2].clock = {};
    EXPECT_EQ(code_of(odd), ErrorCode::corrupt) << "nobody deletes what he never saw";
}

TEST(Changeset, FieldsOfAnOperationAreCounted) {
    Changeset wide = empty_records(1);
    for (std::uint32_t i = 1; i <= kMaxFields; ++i)
        wide.operations[0].cells.push_back({FieldId{i}, {Value{}}});
    EXPECT_EQ(code_of(wide), ErrorCode::ok);
    wide.operations[0].cells[0].values.emplace_back();
    EXPECT_EQ(code_of(wide), ErrorCode::corrupt);
}

TEST(Changeset, ClockEntriesOfOneRecordAreCounted) {
    Changeset wide = empty_records(1);
    for (std::uint64_t i = 0; i < kMaxClockEntries; ++i)
        wide.operations[0].clock.advance({{i, 1}, i + 1});
    EXPECT_EQ(code_of(wide), ErrorCode::ok);
    wide.operations[0].clock.advance({{kMaxClockEntries, 1}, 1});
    EXPECT_EQ(code_of(wide), ErrorCode::corrupt);
}

// A bulk edit of records that very many devices made.
TEST(Changeset, ItsRecordsMayComeFromMoreDevicesThanOneRecordCan) {
    Changeset bulk = empty_records(kMaxOperations);
    for (std::size_t i = 0; i < bulk.operations.size(); ++i)
        bulk.operations[i].clock.advance({{i, 1}, 1});
    EXPECT_EQ(code_of(bulk), ErrorCode::ok);
}

TEST(Changeset, DeclaredCountsAllocateNothing) {
    for (const char length : {'\xCD', '\xCE', '\xCF', '\xDD', '\xDF', '\xC6', '\xDB'})
        for (std::size_t at = 0; at < encode(example()).size(); ++at) {
            const Bytes bytes = encode(example()).substr(0, at) + length + Bytes(8, '\xFF');
            EXPECT_TRUE(says_damaged(read(bytes).code));
        }
}

}  // namespace
}  // namespace testing
}  // namespace satchel
