// Rows that come before the schema which knows their fields: head office's was lost on its way.
#include <gtest/gtest.h>

#include "storage/record_tables.hpp"
#include "sync/page.hpp"
#include "tests/storage/replica_fixture.hpp"

namespace satchel::storage {
namespace {

class LateSchema : public ReplicaTest {
  protected:
    static constexpr CollectionId kAccount{100};
    static constexpr FieldId kColour{20}, kLabels{21}, kCalls{22};

    // Two more kinds of fields than the replica's.
    static SchemaPointer grown() {
        Collection account = *test_schema()->find(kAccount);
        account.fields.push_back(test_field(20, "colour", FieldKind::text));
        account.fields.push_back(test_field(21, "labels", FieldKind::set));
        account.fields.push_back(test_field(22, "calls", FieldKind::counter));
        auto schema = Schema::build(2, {account}, {});
        EXPECT_TRUE(schema) << schema.error().message;
        return std::make_shared<const Schema>(*std::move(schema));
    }

    static void add(PageWriter& page, const Collection& collection, const RecordId& id,
                    Sequence seq, const RecordState& state) {
        const Layout layout = layout_of(collection);
        const std::vector<Value> shown = shown_row(collection, state);
        std::vector<ValueView> values;
        for (const FieldId field : layout.fields)
            values.push_back(shown[collection.position(field)].view());
        page.add(collection.id, RowKind::whole, layout, id, seq, {"*"}, encode_meta(state, layout),
                 values);
    }

    static void write(RecordState& state, FieldId cell, Value value, const Dot& dot) {
        Sibling sibling;
        sibling.dot = dot;
        sibling.stamp = Stamp::at(1);
        sibling.values = {std::move(value)};
        state.cells.push_back({cell, {std::move(sibling)}});
        state.clock.advance(dot);
    }

    void take(PageWriter& page, Sequence head) {
        SyncReply reply;
        reply.epoch = 1;
        if (number(head) == 1) reply.gained = {"*"};
        reply.pages = {page.finish()};
        reply.checkpoint = {head, {}};
        const Status taken = replica_->take(reply, {});
        ASSERT_TRUE(taken) << taken.error().message;
    }
};

TEST_F(LateSchema, ItsColumnsShowWhatCameBeforeIt) {
    const SchemaPointer newer = grown();
    const RecordId id = *RecordId::from_bytes(Bytes(16, '\x07'));
    const Dot dot{{0x7, 1}, 1};
    RecordState state;
    write(state, FieldId{1}, Value::text("Acme"), dot);
    write(state, kColour, Value::text("green"), dot);
    state.sets.push_back({kLabels, {{Value::text("vip"), {{dot, false}}}}});
    CounterPart part;
    part.last = dot;
    part.added = 3;
    state.counters.push_back({kCalls, {part}});
    PageWriter page;
    add(page, *newer->find(kAccount), id, Sequence{1}, state);
    take(page, Sequence{1});
    ASSERT_EQ(replica_->schema()->number(), 1U);

    const Collection& schemas = *newer->find(system_ids::kSchema);
    RecordState schema;
    write(schema, system_ids::kSchemaNumber, Value(2), {{0x8, 1}, 1});
    write(schema, system_ids::kSchemaDefinition, Value::bytes(newer->encode()), {{0x8, 1}, 1});
    add(page, schemas, *RecordId::from_bytes(Bytes(16, '\x08')), Sequence{2}, schema);
    take(page, Sequence{2});
    ASSERT_EQ(replica_->schema()->number(), 2U);
    auto rows = replica_->database().prepare("SELECT colour, labels, calls FROM account");
    ASSERT_TRUE(*rows->step());
    EXPECT_EQ(rows->text(0), "green");
    EXPECT_EQ(rows->text(1), "[\"vip\"]");
    EXPECT_EQ(rows->integer(2), 3);
}

// Each bit turned: some of these are schemas that break a rule, which is nobody's wrong argument.
TEST(StoredSchema, WhichIsNoneAnyMoreIsSaidToBeDamaged) {
    const Bytes whole = test_schema()->encode();
    EXPECT_EQ((*stored_schema(whole))->encode(), whole);
    std::size_t against_the_rules = 0;
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        Bytes damaged = whole;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
        const auto schema = stored_schema(damaged);
        if (schema) continue;
        const ErrorCode code = schema.error().code;
        EXPECT_TRUE(code == ErrorCode::corrupt || code == ErrorCode::newer_format) << name(code);
        const auto as_sent = Schema::decode(damaged);
        against_the_rules += as_sent.error().code == ErrorCode::invalid_argument ? 1 : 0;
    }
    EXPECT_GT(against_the_rules, 0U);
}

}  // namespace
}  // namespace satchel::storage
