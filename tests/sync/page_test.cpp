// Pages of record states: what goes in comes out, damage is refused, patches patch.
#include "sync/page.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "sync/limits.hpp"
#include "sync/merge.hpp"
#include "tests/sync/allocation_meter.hpp"
#include "tests/sync/damage.hpp"
#include "tests/sync/protocol_samples.hpp"

namespace satchel::testing {
namespace {

constexpr CollectionId kAccounts{100};

// A row that owns what the visitor only saw.
struct SeenRow {
    CollectionId collection{};
    RowKind kind = RowKind::whole;
    RecordId id;
    Sequence seq{};
    std::vector<std::string> scopes;
    Bytes meta;
    Layout layout;
    std::vector<Value> values;
};

std::vector<SeenRow> rows_of(ByteView page) {
    std::vector<SeenRow> rows;
    const auto reader = PageReader::open(page);
    EXPECT_TRUE(reader) << reader.error().message;
    if (!reader) return rows;
    const Status visited = reader->visit([&](const PageRow& row) -> Status {
        SeenRow& seen = rows.emplace_back(SeenRow{row.collection,
                                                  row.kind,
                                                  row.id,
                                                  row.seq,
                                                  reader->scope_sets()[row.scope_set],
                                                  Bytes(row.meta),
                                                  *row.layout,
                                                  {}});
        for (const ValueView& value : row.values)
            seen.values.emplace_back(value);
        return {};
    });
    EXPECT_TRUE(visited) << visited.error().message;
    EXPECT_EQ(rows.size(), reader->rows());
    return rows;
}

// What opening and visiting says.
ErrorCode code_of(ByteView page) {
    const auto reader = PageReader::open(page);
    if (!reader) return reader.error().code;
    const Status visited = reader->visit([](const PageRow&) -> Status { return {}; });
    return visited ? ErrorCode::ok : visited.error().code;
}

ValueView text(ByteView text) {
    return {ValueType::text, 0, text};
}

Bytes page_of_rows(std::size_t count, const Layout& layout, const std::vector<ValueView>& values) {
    PageWriter writer;
    RecordId id = sample_id(0);
    for (std::size_t i = 0; i < count; ++i) {
        id.bytes[14] = static_cast<std::uint8_t>(i >> 8);
        id.bytes[15] = static_cast<std::uint8_t>(i);
        writer.add(kAccounts, RowKind::whole, layout, id, Sequence{1'000 + i}, {"*", "p:north"},
                   "meta", values);
    }
    return writer.finish();
}

TEST(Page, GivesBackEveryRow) {
    const auto rows = rows_of(sample_page());
    ASSERT_EQ(rows.size(), 4U);
    EXPECT_EQ(rows[0].id, sample_id(1));
    EXPECT_EQ(rows[0].seq, Sequence{41});
    EXPECT_EQ(rows[0].collection, kAccounts);
    EXPECT_EQ(rows[0].kind, RowKind::whole);
    EXPECT_EQ(rows[0].layout, sample_layout());
    EXPECT_EQ(rows[0].scopes, std::vector<std::string>{"*"});
    EXPECT_EQ(rows[0].values[0], Value::text("Acme 上海"));
    EXPECT_EQ(rows[0].values[1], Value(120'000));
    EXPECT_EQ(rows[1].scopes, (std::vector<std::string>{"*", "p:north"}));
    EXPECT_TRUE(rows[1].values[2].is_null());
    EXPECT_EQ(rows[2].kind, RowKind::confirm);
    EXPECT_EQ(rows[2].meta, "");
    EXPECT_EQ(rows[2].seq, Sequence{43});
    EXPECT_EQ(rows[3].kind, RowKind::patch);
    EXPECT_EQ(rows[3].seq, Sequence{40});
    EXPECT_EQ(rows[3].layout.fields, std::vector<FieldId>{FieldId{1}});
}

TEST(Page, GivesBackDepartures) {
    const Bytes page = sample_page();
    const auto reader = PageReader::open(page);
    ASSERT_EQ(reader->departures().size(), 1U);
    EXPECT_EQ(reader->departures()[0].scope, "p:west");
    EXPECT_EQ(reader->departures()[0].collection, kAccounts);
    EXPECT_EQ(reader->departures()[0].id, sample_id(5));
    EXPECT_EQ(reader->departures()[0].seq, Sequence{44});
}

TEST(Page, OfNothingIsValid) {
    PageWriter writer;
    EXPECT_TRUE(writer.empty());
    const Bytes page = writer.finish();
    EXPECT_EQ(code_of(page), ErrorCode::ok);
    EXPECT_TRUE(rows_of(page).empty());
}

TEST(Page, MayGoUpAndDownInTheSequence) {
    PageWriter writer;
    const std::vector<std::uint64_t> seqs = {5, 4, 1ULL << 60, 0, UINT64_MAX, 7};
    for (std::size_t i = 0; i < seqs.size(); ++i)
        writer.add(kAccounts, RowKind::confirm, {}, sample_id(static_cast<std::uint8_t>(i)),
                   Sequence{seqs[i]}, {}, {}, {});
    const auto rows = rows_of(writer.finish());
    ASSERT_EQ(rows.size(), seqs.size());
    for (std::size_t i = 0; i < seqs.size(); ++i)
        EXPECT_EQ(number(rows[i].seq), seqs[i]);
}

TEST(Page, CarriesDeadRecordsWithoutColumns) {
    RecordState dead;
    dead.clock = "a:2"_clock;
    dead.life = {{*Dot::parse("a:2"), true, "a:1"_clock}};
    PageWriter writer;
    writer.add(kAccounts, RowKind::whole, {}, sample_id(1), Sequence{9}, {"*"}, encode_state(dead),
               {});
    writer.add(kAccounts, RowKind::whole, sample_layout(), sample_id(2), Sequence{9}, {"*"}, "meta",
               {text("x"), {}, {}});
    const auto rows = rows_of(writer.finish());
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(*decode_state(rows[0].meta), dead);
}

// Rows of one shape share a section however they come: two columns more cost no second head.
TEST(Page, KeepsRowsOfOneShapeTogether) {
    PageWriter alternating;
    PageWriter sorted;
    for (std::uint8_t i = 0; i < 100; ++i)
        for (const CollectionId collection : {CollectionId{100}, CollectionId{101}})
            alternating.add(collection, RowKind::confirm, {}, sample_id(i), Sequence{i}, {"*"}, {},
                            {});
    for (const CollectionId collection : {CollectionId{100}, CollectionId{101}})
        for (std::uint8_t i = 0; i < 100; ++i)
            sorted.add(collection, RowKind::confirm, {}, sample_id(i), Sequence{i}, {"*"}, {}, {});
    EXPECT_EQ(alternating.rows(), 200U);
    EXPECT_EQ(alternating.finish(), sorted.finish());
}

// A layout on the stack may change while it keeps its address.
TEST(Page, ComparesLayoutsByWhatTheySay) {
    PageWriter writer;
    Layout layout{{FieldId{1}}, {{FieldId{1}, {0}}}};
    writer.add(kAccounts, RowKind::patch, layout, sample_id(1), Sequence{1}, {}, "m", {text("a")});
    layout.fields[0] = layout.cells[0].id = FieldId{2};
    writer.add(kAccounts, RowKind::patch, layout, sample_id(2), Sequence{2}, {}, "m", {text("b")});
    const auto rows = rows_of(writer.finish());
    EXPECT_EQ(rows[0].layout.fields[0], FieldId{1});
    EXPECT_EQ(rows[1].layout.fields[0], FieldId{2});
}

TEST(Page, KnowsItsSizeBeforeItIsFinished) {
    PageWriter writer;
    const Layout layout = sample_layout();
    for (std::uint8_t i = 0; i < 200; ++i)
        writer.add(kAccounts, RowKind::whole, layout, sample_id(i), Sequence{i}, {"*"},
                   Bytes(30, 'm'), {text("a name of some length"), text("x"), {}});
    for (std::uint8_t i = 0; i < 50; ++i)
        writer.add_departure({"u:0192f3c4-8a11-7c3e-9f00-0123456789ab", kAccounts, sample_id(i),
                              Sequence{1'000'000'000}});
    const std::size_t said = writer.size_bytes();
    const std::size_t is = writer.finish().size();
    EXPECT_GE(said, is);
    EXPECT_LE(said, is + is / 4);
    EXPECT_EQ(writer.size_bytes(), 0U);
}

TEST(Page, IsVisitedWithoutAnAllocationPerRow) {
    const Bytes page = page_of_rows(5'000, sample_layout(), {text("Acme"), text("b"), {}});
    const auto reader = PageReader::open(page);
    std::size_t bytes = 0;
    const AllocationMeter meter;
    ASSERT_TRUE(reader->visit([&](const PageRow& row) -> Status {
        bytes += row.values[0].bytes.size();
        return {};
    }));
    EXPECT_EQ(bytes, 20'000U);
    EXPECT_LT(meter.allocations(), 10U);
}

TEST(Page, StopsAtTheVisitorsError) {
    const Bytes page = page_of_rows(10, sample_layout(), {{}, {}, {}});
    int visits = 0;
    const Status stopped = PageReader::open(page)->visit([&](const PageRow&) -> Status {
        if (++visits < 3) return {};
        return Error{ErrorCode::disk_full, "free some space"};
    });
    EXPECT_EQ(visits, 3);
    EXPECT_EQ(stopped.error().code, ErrorCode::disk_full);
}

TEST(PageDamage, NeverPassesAsSomethingElse) {
    const Bytes page = sample_page();
    const AllocationMeter meter;
    for_each_damage(page, {255}, [](ByteView damaged) {
        const ErrorCode code = code_of(damaged);
        EXPECT_TRUE(code == ErrorCode::ok || says_damaged(code));
    });
    for (std::size_t size = 0; size < page.size(); ++size)
        EXPECT_EQ(code_of(ByteView(page).substr(0, size)), ErrorCode::corrupt) << size;
    EXPECT_EQ(code_of(page + '\0'), ErrorCode::corrupt);
    EXPECT_LT(meter.peak_bytes(), 1U << 20);
}

TEST(PageDamage, OfANewerReleaseIsNamedAsSuch) {
    Bytes page = sample_page();
    page[0] = 2;
    EXPECT_EQ(code_of(page), ErrorCode::newer_format);
}

TEST(PageLimits, OfRows) {
    EXPECT_EQ(code_of(page_of_rows(kMaxPageRecords, {}, {})), ErrorCode::ok);
    // One row more, by hand: a second section of confirmed rows.
    Writer out;
    out.unsigned_integer(1);
    out.unsigned_integer(1);
    out.unsigned_integer(0);
    out.unsigned_integer(2);
    for (const std::size_t count : {std::size_t{1}, kMaxPageRecords}) {
        for (const std::uint64_t head : {100, 2, 0, 0})
            out.unsigned_integer(head);
        out.unsigned_integer(count);
        out.bytes(Bytes(16 * count, 'i'));
        out.bytes(Bytes(count, '\1'));
        out.bytes(Bytes(count, '\0'));
    }
    out.unsigned_integer(0);
    EXPECT_EQ(code_of(out.out()), ErrorCode::corrupt);
}

Layout layout_of_fields(std::uint32_t from, std::size_t count) {
    Layout layout;
    for (std::size_t i = 0; i < count; ++i) {
        const FieldId field{from + static_cast<std::uint32_t>(i)};
        layout.fields.push_back(field);
        layout.cells.push_back({field, {i}});
    }
    return layout;
}

ErrorCode code_of_columns(std::size_t total) {
    PageWriter writer;
    const std::vector<ValueView> nulls(kMaxFields);
    for (std::uint32_t i = 0; total > 0; ++i) {
        const std::size_t count = std::min(total, kMaxFields);
        const std::vector<ValueView> values(nulls.begin(),
                                            nulls.begin() + static_cast<std::ptrdiff_t>(count));
        writer.add(kAccounts, RowKind::patch, layout_of_fields(i + 1, count), sample_id(1),
                   Sequence{1}, {}, "m", values);
        total -= count;
    }
    return code_of(writer.finish());
}

TEST(PageLimits, OfColumns) {
    EXPECT_EQ(code_of_columns(kMaxPageColumns), ErrorCode::ok);
    EXPECT_EQ(code_of_columns(kMaxPageColumns + 1), ErrorCode::corrupt);
}

TEST(PageLimits, OfFieldsAndScopes) {
    const auto code_of_fields = [](std::size_t count) {
        PageWriter writer;
        writer.add(kAccounts, RowKind::whole, layout_of_fields(1, count), sample_id(1), Sequence{1},
                   {}, "m", std::vector<ValueView>(count));
        return code_of(writer.finish());
    };
    EXPECT_EQ(code_of_fields(kMaxFields), ErrorCode::ok);
    EXPECT_EQ(code_of_fields(kMaxFields + 1), ErrorCode::corrupt);
    const auto code_of_scopes = [](std::size_t count) {
        std::vector<std::string> scopes;
        for (std::size_t i = 0; i < count; ++i)
            scopes.push_back("p:" + std::to_string(100'000 + i));
        PageWriter writer;
        writer.add(kAccounts, RowKind::confirm, {}, sample_id(1), Sequence{1}, scopes, {}, {});
        return code_of(writer.finish());
    };
    EXPECT_EQ(code_of_scopes(kMaxScopes), ErrorCode::ok);
    EXPECT_EQ(code_of_scopes(kMaxScopes + 1), ErrorCode::corrupt);
}

TEST(PageLimits, OfDepartures) {
    PageWriter writer;
    for (std::size_t i = 0; i < kMaxPageRecords; ++i)
        writer.add_departure({"*", kAccounts, sample_id(1), Sequence{1}});
    const Bytes page = writer.finish();
    EXPECT_EQ(code_of(page), ErrorCode::ok);
    // The count stands after format, scope sets and sections, in three bytes.
    Bytes more = page + page.substr(page.size() - 22);
    const std::size_t count = kMaxPageRecords + 1;
    more[4] = static_cast<char>(count >> 8);
    more[5] = static_cast<char>(count & 0xFF);
    EXPECT_EQ(code_of(more), ErrorCode::corrupt);
}

// A record with a life of its own, on two replicas.
RecordState state_after(const std::vector<std::pair<Operation, WriteContext>>& history) {
    RecordState state;
    for (const auto& [operation, write] : history)
        EXPECT_TRUE(apply(state, operation, write));
    return state;
}

struct PatchCase {
    RecordState before;
    RecordState after;
};

PatchCase patch_case() {
    Operation create;
    create.collection = kAccounts;
    create.record = sample_id(1);
    create.cells = {{FieldId{1}, {Value::text("Acme")}},
                    {FieldId{2}, {Value(100), Value::text("EUR")}}};
    create.sets = {{FieldId{8}, Value::text("vip"), true}};
    Operation edit = create;
    edit.clock = "a:1"_clock;
    edit.cells = {{FieldId{2}, {Value(250), Value::text("USD")}}};
    edit.sets = {{FieldId{8}, Value::text("vip"), false}};
    Operation rival = edit;
    rival.cells = {{FieldId{2}, {Value(300), Value::text("EUR")}}};
    rival.sets = {};
    rival.counters = {{FieldId{9}, 4}};
    const auto at = [](const char* dot, std::int64_t ms) {
        return WriteContext{*Dot::parse(dot), Stamp::at(ms), 1, Intent::person, false};
    };
    return {state_after({{create, at("a:1", 1'000)}}),
            state_after(
                {{create, at("a:1", 1'000)}, {edit, at("b:1", 2'000)}, {rival, at("c:1", 3'000)}})};
}

// What the device makes of the patch that `layout` and `values` carry.
Result<RecordState> patch_with(const RecordState& base, const RecordState& patch,
                               const Layout& layout, const std::vector<ValueView>& values) {
    const Bytes meta = encode_meta(patch, layout);
    PageWriter writer;
    writer.add(kAccounts, RowKind::patch, layout, sample_id(1), Sequence{2}, {"*"}, meta, values);
    const Bytes page = writer.finish();
    Result<RecordState> made = Error{ErrorCode::not_found, "no row"};
    const Status visited = PageReader::open(page)->visit([&](const PageRow& row) -> Status {
        made = patched(base, row);
        return {};
    });
    EXPECT_TRUE(visited);
    return made;
}

TEST(Patch, MakesTheServersStateOfTheConfirmedOne) {
    const auto [before, after] = patch_case();
    RecordState changed = after;
    std::erase_if(changed.cells, [](const CellState& cell) { return cell.cell == FieldId{1}; });
    // Only the columns of the changed cell, or all of them with nulls for the others.
    const Layout only{{FieldId{2}, FieldId{3}}, {{FieldId{2}, {0, 1}}}};
    const auto by_few = patch_with(before, changed, only, {{}, {}});
    ASSERT_TRUE(by_few) << by_few.error().message;
    EXPECT_EQ(*by_few, after);
    const auto by_all = patch_with(before, changed, sample_layout(), {{}, {}, {}});
    ASSERT_TRUE(by_all) << by_all.error().message;
    EXPECT_EQ(*by_all, after);
}

TEST(Patch, OfOneValueTakesItFromTheColumns) {
    auto [before, after] = patch_case();
    after = before;
    after.clock = "a:1 b:1"_clock;
    after.cells[1].siblings = {
        {*Dot::parse("b:1"), Stamp::at(9), 1, false, false, {}, {Value(7), Value::text("GBP")}}};
    RecordState changed = after;
    changed.cells.erase(changed.cells.begin());
    const Layout only{{FieldId{2}, FieldId{3}}, {{FieldId{2}, {0, 1}}}};
    const auto made = patch_with(before, changed, only, {{ValueType::integer, 7, {}}, text("GBP")});
    ASSERT_TRUE(made);
    EXPECT_EQ(*made, after);
}

TEST(Patch, OfAnotherStateIsRefused) {
    const auto [before, after] = patch_case();
    RecordState changed = before;
    EXPECT_EQ(patch_with(after, changed, {}, {}).error().code, ErrorCode::corrupt);
    EXPECT_EQ(patch_with({}, changed, {}, {}).error().code, ErrorCode::corrupt);
    PageRow whole;
    EXPECT_EQ(patched(before, whole).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace satchel::testing
