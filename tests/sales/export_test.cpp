#include "sales/export.hpp"

#include <gtest/gtest.h>

#include <map>

#include "sales/import.hpp"
#include "sales/starter_schema.hpp"
#include "tests/sales/memory_resolver.hpp"

namespace satchel::sales {
namespace {

class Rows : public RowSource {
  public:
    Rows(std::vector<ExportColumn> columns, std::vector<std::vector<Value>> rows)
        : columns_(std::move(columns)), rows_(std::move(rows)) {}

    const std::vector<ExportColumn>& columns() const override { return columns_; }
    Result<bool> next(std::vector<Value>& row) override {
        if (at_ == rows_.size()) return false;
        row = rows_[at_++];
        return true;
    }

  private:
    std::vector<ExportColumn> columns_;
    std::vector<std::vector<Value>> rows_;
    std::size_t at_ = 0;
};

std::string csv(Rows rows, const CsvOptions& options = {}) {
    Bytes out;
    const auto done = export_csv(
        rows,
        [&out](ByteView bytes) {
            out += bytes;
            return Status{};
        },
        options);
    EXPECT_TRUE(done) << (done ? "" : done.error().message);
    return out;
}

std::string json(Rows rows) {
    Bytes out;
    const auto done = export_json_lines(rows, [&out](ByteView bytes) {
        out += bytes;
        return Status{};
    });
    EXPECT_TRUE(done) << (done ? "" : done.error().message);
    return out;
}

const Schema& schema() {
    static const Schema starter = starter_schema();
    return starter;
}

std::vector<const Field*> opportunity_fields(const std::vector<std::string>& names) {
    std::vector<const Field*> fields;
    for (const std::string& name : names)
        fields.push_back(schema().find("opportunity")->find(std::string_view(name)));
    return fields;
}

Rows opportunities() {
    const Collection& opportunity = *schema().find("opportunity");
    const RecordId account = keyed_record_id(ids::kAccount, "x");
    return {
        export_columns(opportunity, opportunity_fields({"number", "account", "amount", "currency",
                                                        "close_date", "tags", "calls"})),
        {{Value::text("商机, \"一\"🚀"), Value::id(account), Value(105450), Value::text("CNY"),
          Value(17'094), Value::text("[\"a\",\"b\\\"c\"]"), Value(3)},
         {Value::text("2"), {}, {}, {}, {}, {}, Value(0)}}};
}

TEST(Export, CsvWritesDatesMoneySetsAndIdsAsPeopleReadThem) {
    const std::string id = keyed_record_id(ids::kAccount, "x").text();
    EXPECT_EQ(csv(opportunities()),
              "number,account,amount,currency,close_date,tags,calls\r\n"
              "\"商机, \"\"一\"\"🚀\"," +
                  id +
                  ",1054.50,CNY,2016-10-20,\"a;b\"\"c\",3\r\n"
                  "2,,,,,,0\r\n");
}

TEST(Export, JsonLinesKeepTypesAndTheOrderOfColumns) {
    const std::string id = keyed_record_id(ids::kAccount, "x").text();
    EXPECT_EQ(json(opportunities()),
              "{\"number\":\"商机, \\\"一\\\"🚀\",\"account\":\"" + id +
                  "\",\"amount\":\"1054.50\",\"currency\":\"CNY\",\"close_date\":\"2016-10-20\","
                  "\"tags\":[\"a\",\"b\\\"c\"],\"calls\":3}\n"
                  "{\"number\":\"2\",\"account\":null,\"amount\":null,\"currency\":null,"
                  "\"close_date\":null,\"tags\":[],\"calls\":0}\n");
}

TEST(Export, TheByteOrderMarkAndTheDelimiterAreChoices) {
    const Rows rows({{"a", CellForm::plain, 0}, {"b", CellForm::plain, 0}},
                    {{Value::text("x;y"), Value(1)}});
    EXPECT_EQ(csv(rows, {.byte_order_mark = true, .delimiter = ';'}),
              "\xEF\xBB\xBF"
              "a;b\r\n\"x;y\";1\r\n");
}

TEST(Export, AnEmptyResultHasAHeaderInCsvAndNothingInJson) {
    const Rows rows({{"a", CellForm::plain, 0}}, {});
    EXPECT_EQ(csv(rows), "a\r\n");
    EXPECT_EQ(json(rows), "");
}

TEST(Export, MoneyWithoutItsCurrencyStaysInMinorUnits) {
    const auto columns =
        export_columns(*schema().find("opportunity"), opportunity_fields({"amount"}));
    EXPECT_EQ(csv({columns, {{Value(105450)}}}), "amount\r\n105450\r\n");
}

TEST(Export, IntegersBeyondTheReachOfDoublesStayExact) {
    const Rows rows({{"a", CellForm::plain, 0}}, {{Value(9'223'372'036'854'775'807)}});
    EXPECT_EQ(json(rows), "{\"a\":9223372036854775807}\n");
}

TEST(Export, ValuesOfAnotherTypeThanTheirFormAreWrittenPlainly) {
    const Rows rows(
        {{"id", CellForm::record_id, 0}, {"day", CellForm::date, 0}, {"tags", CellForm::set, 0}},
        {{Value::bytes("\x01\xFF"), Value::text("soon"), Value::text("{broken")}});
    EXPECT_EQ(csv(rows), "id,day,tags\r\n01ff,soon,\r\n");
}

TEST(Export, ASinkThatFailsEndsTheExport) {
    Rows rows({{"a", CellForm::plain, 0}},
              std::vector<std::vector<Value>>(100'000, {Value::text("0123456789")}));
    int calls = 0;
    const auto done = export_csv(rows, [&calls](ByteView) {
        ++calls;
        return Status{ErrorCode::disk_full, "full"};
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::disk_full);
    EXPECT_EQ(calls, 1);
}

TEST(Export, ALongResultReachesTheSinkInPieces) {
    Rows rows({{"a", CellForm::plain, 0}},
              std::vector<std::vector<Value>>(100'000, {Value::text("0123456789")}));
    std::size_t largest = 0;
    std::size_t total = 0;
    ASSERT_TRUE(export_csv(rows, [&](ByteView bytes) {
        largest = std::max(largest, bytes.size());
        total += bytes.size();
        return Status{};
    }));
    EXPECT_LT(largest, kExportBufferBytes + 100);
    EXPECT_EQ(total, 3U + 12U * 100'000);
}

TEST(Export, WhatCsvExportsIsImportedBackTheSame) {
    MemoryResolver resolver;
    const std::string text = csv(opportunities());
    auto importer = Importer::open(text, schema(), {"opportunity", "", ""}, resolver);
    ASSERT_TRUE(importer) << importer.error().message;
    const auto step = importer->next();
    ASSERT_TRUE(step);
    ASSERT_EQ(*step, ImportStep::row) << importer->problem().message;
    const std::map<std::string, Value> expected = {
        {"number", Value::text("商机, \"一\"🚀")},
        {"account", Value::id(keyed_record_id(ids::kAccount, "x"))},
        {"amount", Value(105450)},
        {"currency", Value::text("CNY")},
        {"close_date", Value(17'094)},
        {"tags", {}},
        {"calls", Value(3)}};
    std::map<std::string, Value> found;
    std::vector<Bytes> tags;
    for (const ImportedCell& cell : importer->row().cells) {
        found[schema().find("opportunity")->find(cell.field)->name] = cell.value;
        if (cell.kind == FieldKind::set) tags = cell.elements;
    }
    EXPECT_EQ(found, expected);
    EXPECT_EQ(tags, (std::vector<Bytes>{"a", "b\"c"}));
}

}  // namespace
}  // namespace satchel::sales
