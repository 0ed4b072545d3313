// The byte form of a record's state beside its columns and whole.
#include "sync/meta.hpp"

#include <msgpack.hpp>

#include "sync/limits.hpp"
#include "sync/merge.hpp"
#include "sync/rules.hpp"
#include "tests/sync/damage.hpp"
#include "tests/sync/generators.hpp"

namespace satchel {

void showValue(const RecordState& state, std::ostream& out) {
    out << "clock " << state.clock.text() << ", " << state.cells.size() << " cells, "
        << state.sets.size() << " sets, " << state.counters.size() << " counters, "
        << state.life.size() << " marks";
}

namespace testing {
namespace {

// A layout with some of the state's cells and some that nobody wrote, and the row beside it.
struct Row {
    Layout layout;
    std::vector<Value> values;

    std::vector<ValueView> views() const {
        std::vector<ValueView> all;
        for (const Value& value : values)
            all.push_back(value.view());
        return all;
    }
};

void add_column(Row& row, FieldId cell, const std::vector<Value>& values) {
    LayoutCell& known = row.layout.cells.emplace_back(LayoutCell{cell, {}});
    for (const Value& value : values) {
        known.columns.push_back(row.values.size());
        row.layout.fields.push_back(cell);
        row.values.push_back(value);
    }
}

Row any_row(const RecordState& state) {
    Row row;
    for (const CellState& cell : state.cells) {
        const bool unknown = *rc::gen::inRange(0, 4) == 0;
        if (!unknown) add_column(row, cell.cell, cell.siblings.back().values);
        const FieldId next{number(cell.cell) + 1};
        if (*rc::gen::inRange(0, 4) == 0 && state.cell(next) == nullptr)
            add_column(row, next, {Value{}, Value{}});
    }
    return row;
}

Decoder reader_of(const Row& row) {
    return [&row](ByteView bytes) -> Reading {
        const auto state = decode_meta(bytes, row.layout, row.views());
        if (!state) return {state.error().code, {}};
        return {ErrorCode::ok, encode_meta(*state, row.layout)};
    };
}

RecordState fresh(std::uint32_t fields, const Dot& dot, Stamp stamp) {
    RecordState state;
    state.clock.advance(dot);
    for (std::uint32_t i = 1; i <= fields; ++i)
        state.cells.push_back({FieldId{i}, {{dot, stamp, 2, false, false, {}, {Value(i)}}}});
    return state;
}

Row row_of(const RecordState& state) {
    Row row;
    for (const CellState& cell : state.cells)
        add_column(row, cell.cell, cell.siblings.front().values);
    return row;
}

RC_GTEST_PROP(Meta, TheWholeFormIsReadBack, ()) {
    const RecordState state = *any_state();
    const auto back = decode_state(encode_state(state));
    RC_ASSERT(static_cast<bool>(back));
    RC_ASSERT(*back == state);
}

RC_GTEST_PROP(Meta, TheRowFormIsReadBackWithItsColumns, ()) {
    const RecordState state = *any_state();
    const Row row = any_row(state);
    const Bytes meta = encode_meta(state, row.layout);
    const auto back = decode_meta(meta, row.layout, row.views());
    RC_ASSERT(static_cast<bool>(back));
    RC_ASSERT(*back == state);
}

RC_GTEST_PROP(Meta, StatesOfRealHistoriesAreReadBack, ()) {
    const RecordState state = replay(*any_history());
    const Row row = any_row(state);
    const auto back = decode_meta(encode_meta(state, row.layout), row.layout, row.views());
    RC_ASSERT(static_cast<bool>(back));
    RC_ASSERT(*back == state);
}

// A newer schema gives columns to what was unknown: the values are still inline, the new columns
// empty, and nothing is lost.
RC_GTEST_PROP(Meta, CellsThatALayoutLearnsLaterAreReadFromWhereTheyStand, ()) {
    const RecordState state = *any_state();
    Row row = any_row(state);
    const Bytes meta = encode_meta(state, row.layout);
    Row newer;
    for (const CellState& cell : state.cells) {
        const LayoutCell* known = row.layout.cell(cell.cell);
        std::vector<Value> values(cell.siblings.front().values.size());
        for (std::size_t i = 0; known != nullptr && i < values.size(); ++i)
            values[i] = row.values[known->columns[i]];
        add_column(newer, cell.cell, values);
    }
    const auto back = decode_meta(meta, newer.layout, newer.views());
    RC_ASSERT(static_cast<bool>(back));
    RC_ASSERT(*back == state);
}

RC_GTEST_PROP(Meta, OtherToolsCanReadIt, ()) {
    const RecordState state = *any_state();
    const Bytes bytes = encode_meta(state, any_row(state).layout);
    std::size_t at = 0;
    while (at < bytes.size())
        (void)msgpack::unpack(bytes.data(), bytes.size(), at);
    RC_ASSERT(at == bytes.size());
}

RC_GTEST_PROP(Meta, DamageOfTheWholeFormIsRefusedOrIsAnotherStatesOnlyEncoding, ()) {
    const Row none;
    const Bytes bytes = encode_state(*any_state());
    const std::string lenience =
        find_lenience(bytes, sample(bytes, *any_number(), 3), reader_of(none));
    if (!lenience.empty()) RC_FAIL(lenience);
}

// The row form also holds what an older layout left inline, so several encodings of one state are
// valid; but reading is never anything else than refusing or settling on one state.
RC_GTEST_PROP(Meta, DamageOfTheRowFormIsRefusedOrReadsAsAStateThatStays, ()) {
    const RecordState state = *any_state();
    const Row row = any_row(state);
    const Decoder read = reader_of(row);
    const Bytes meta = encode_meta(state, row.layout);
    for_each_damage(meta, sample(meta, *any_number(), 1), [&](ByteView damaged) {
        const auto first = decode_meta(damaged, row.layout, row.views());
        if (!first) {
            RC_ASSERT(first.error().code == ErrorCode::corrupt);
            return;
        }
        Row own = row;
        for (const LayoutCell& known : own.layout.cells) {
            const CellState* cell = first->cell(known.id);
            for (std::size_t i = 0; cell != nullptr && i < known.columns.size() &&
                                    known.columns.size() == cell->siblings[0].values.size();
                 ++i)
                own.values[known.columns[i]] = cell->siblings.front().values[i];
        }
        const auto again = decode_meta(encode_meta(*first, own.layout), own.layout, own.views());
        RC_ASSERT((again && *again == *first));
    });
}

TEST(Meta, AFreshRecordOfTwelveFieldsCostsAtMostFortyBytes) {
    const Dot dot{{0x0123'4567'89ab'cdef, 3}, 1'000'000};
    const RecordState state = fresh(12, dot, Stamp::at(1'732'233'600'000, 7));
    const Bytes meta = encode_meta(state, row_of(state).layout);
    EXPECT_LE(meta.size(), 40U);
    EXPECT_TRUE(meta_is_plain(meta));
    Writer out;
    encode_fresh_meta(out, dot, Stamp::at(1'732'233'600'000, 7), 2, false);
    EXPECT_EQ(out.out(), meta);
}

TEST(Meta, OnlyARecordWithoutSiblingsSetsCountersAndLifeIsPlain) {
    RecordState state = fresh(3, {{1, 1}, 1}, {});
    const Layout layout = row_of(state).layout;
    EXPECT_TRUE(meta_is_plain(encode_meta(state, layout)));
    EXPECT_FALSE(meta_is_plain(""));
    state.life.push_back({{{1, 1}, 1}, false, {}});
    EXPECT_FALSE(meta_is_plain(encode_meta(state, layout)));
}

TEST(Meta, ACellThatSomebodySetToNullIsNotOneThatNobodyWrote) {
    RecordState state = fresh(2, {{1, 1}, 1}, {});
    state.cells[1].siblings[0].values[0] = Value{};
    RecordState without = state;
    without.cells.pop_back();
    const Row row = row_of(state);
    for (const RecordState& each : {state, without}) {
        const auto back = decode_meta(encode_meta(each, row.layout), row.layout, row.views());
        ASSERT_TRUE(back);
        EXPECT_EQ(*back, each);
    }
}

TEST(Meta, AStateWithoutClockIsNoRecord) {
    EXPECT_FALSE(decode_state(encode_state(RecordState{})));
    EXPECT_FALSE(decode_state(""));
}

TEST(Meta, CountsAreLimited) {
    RecordState state = fresh(1, {{1, 1}, kMaxClockEntries}, {});
    const Sibling first = state.cells[0].siblings[0];
    state.cells[0].siblings.clear();
    for (std::uint64_t i = 1; i <= kMaxShownSiblings; ++i) {
        state.cells[0].siblings.push_back(first);
        state.cells[0].siblings.back().dot.counter = i;
    }
    EXPECT_TRUE(decode_state(encode_state(state)));
    state.cells[0].siblings.push_back(first);
    EXPECT_FALSE(decode_state(encode_state(state)));
}

TEST(Meta, APartWithoutItemsIsDamage) {
    for (const char parts : {'\1', '\2', '\4', '\10'}) {
        Bytes bytes = encode_state(fresh(0, {{1, 1}, 1}, {})) + '\0';
        bytes[0] = parts;
        EXPECT_FALSE(decode_state(bytes));
    }
}

}  // namespace
}  // namespace testing
}  // namespace satchel
