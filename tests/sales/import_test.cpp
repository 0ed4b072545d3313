#include "sales/import.hpp"

#include <gtest/gtest.h>

#include <map>

#include "sales/encoding.hpp"
#include "sales/numbers.hpp"
#include "sales/starter_schema.hpp"
#include "tests/sales/memory_resolver.hpp"

namespace satchel::sales {
namespace {

struct Imported {
    std::vector<ImportedRow> rows;
    std::vector<RowProblem> problems;
    std::string error;
};

class Import : public testing::Test {
  protected:
    Imported run(std::string_view text, const ImportOptions& options) {
        auto importer = Importer::open(text, schema_, options, resolver_);
        if (!importer) return {{}, {}, importer.error().message};
        Imported all;
        while (true) {
            const auto step = importer->next();
            if (!step) return {{}, {}, step.error().message};
            if (*step == ImportStep::end) return all;
            if (*step == ImportStep::row)
                all.rows.push_back(importer->row());
            else
                all.problems.push_back(importer->problem());
        }
    }

    const ImportedCell& cell(const ImportedRow& row, std::string_view into,
                             std::string_view field) {
        const FieldId id = schema_.find(into)->find(field)->id;
        for (const ImportedCell& each : row.cells)
            if (each.field == id) return each;
        ADD_FAILURE() << field << " is not there";
        return row.cells.front();
    }

    const Schema schema_ = starter_schema();
    MemoryResolver resolver_;
};

TEST_F(Import, ARowBecomesTypedValues) {
    const RecordId account = resolver_.add(ids::kAccount, "云帆科技");
    const RecordId owner = resolver_.add_user("李娜");
    const Imported all =
        run("id,agent,customer,value,closed,tags,calls\r\n"
            "A1, 李娜 ,云帆科技,\"1,054.50\",2016/10/20, b; a ;b;;,3\r\n",
            {"opportunity",
             "number=id,owner=@user(agent),account=@lookup(account.name,customer),"
             "amount=money(value,CNY),close_date=closed,tags=tags,calls=calls,stage=const(Won)",
             ""});
    ASSERT_EQ(all.rows.size(), 1U) << all.error << all.problems.at(0).message;
    const ImportedRow& row = all.rows[0];
    EXPECT_EQ(row.line, 2U);
    EXPECT_FALSE(row.id);
    EXPECT_EQ(cell(row, "opportunity", "number").value, Value::text("A1"));
    EXPECT_EQ(cell(row, "opportunity", "owner").value, Value::id(owner));
    EXPECT_EQ(cell(row, "opportunity", "account").value, Value::id(account));
    EXPECT_EQ(cell(row, "opportunity", "amount").value, Value(105450));
    EXPECT_EQ(cell(row, "opportunity", "currency").value, Value::text("CNY"));
    EXPECT_EQ(cell(row, "opportunity", "close_date").value, Value(17'094));
    EXPECT_EQ(cell(row, "opportunity", "tags").elements, (std::vector<Bytes>{"a", "b"}));
    EXPECT_EQ(cell(row, "opportunity", "calls").value, Value(3));
    EXPECT_EQ(cell(row, "opportunity", "stage").value, Value::text("Won"));
}

TEST_F(Import, EmptyCellsAreNull) {
    const Imported all =
        run("number,amount,currency,close_date,tags,account\nA1,,,, ,\n", {"opportunity", "", ""});
    ASSERT_EQ(all.rows.size(), 1U) << all.error;
    for (const ImportedCell& each : all.rows[0].cells) {
        if (each.value == Value::text("A1")) continue;
        EXPECT_TRUE(each.value.is_null());
        EXPECT_TRUE(each.elements.empty());
    }
}

TEST_F(Import, ABadRowInTheMiddleIsNamedAndTheRestIsImported) {
    const Imported all =
        run("number,close_date\nA1,2016-10-20\nA2,20/10/2016\nA3\nA4,\n", {"opportunity", "", ""});
    EXPECT_EQ(all.rows.size(), 2U);
    ASSERT_EQ(all.problems.size(), 2U);
    EXPECT_EQ(all.problems[0].line, 3U);
    EXPECT_EQ(all.problems[0].column, "close_date");
    EXPECT_EQ(all.problems[0].excerpt, "20/10/2016");
    EXPECT_NE(all.problems[0].message.find("not a date"), std::string::npos);
    EXPECT_EQ(all.problems[1].line, 4U);
    EXPECT_NE(all.problems[1].message.find("has 1 field"), std::string::npos);
}

TEST_F(Import, MessagesHoldNothingOfTheCustomers) {
    const Imported all =
        run("number,close_date,name\nsecret,secret,secret\n", {"opportunity", "", ""});
    ASSERT_EQ(all.problems.size(), 1U);
    EXPECT_EQ(all.problems[0].message.find("secret"), std::string::npos);
}

TEST_F(Import, ANameThatNobodyHasIsAProblemUnlessAnAliasReadsItAsAnother) {
    resolver_.add(ids::kProduct, "GTX Pro");
    const std::string text = "number,product\nA1,GTXPro\n";
    const std::string map = "number=number,product=@lookup(product.name,product)";
    const Imported without = run(text, {"opportunity", map, ""});
    ASSERT_EQ(without.problems.size(), 1U);
    EXPECT_EQ(without.problems[0].excerpt, "GTXPro");
    EXPECT_NE(without.problems[0].message.find("alias("), std::string::npos);
    EXPECT_EQ(run(text, {"opportunity", map + ",alias(product,GTXPro=GTX Pro)", ""}).rows.size(),
              1U);
}

TEST_F(Import, TextIsBroughtToItsCanonicalForm) {
    const Imported all = run("number\ncafe\xCC\x81\n", {"opportunity", "", ""});
    EXPECT_EQ(all.rows.at(0).cells.at(0).value, Value::text("caf\xC3\xA9"));
}

TEST_F(Import, AGbkFileIsImportedLikeAUtf8One) {
    const auto text = to_utf8("number,name\nA1,\xD5\xC5\xC8\xFD\n");
    ASSERT_TRUE(text);
    const Imported all = run(text->text, {"opportunity", "", ""});
    EXPECT_EQ(all.rows.at(0).cells.at(1).value, Value::text("张三"));
}

TEST_F(Import, EmojiAndAMillionCharactersAreText) {
    const std::string big(1'000'000, 'x');
    const Imported all = run("number,notes\n🚀," + big + "\n", {"opportunity", "", ""});
    ASSERT_EQ(all.rows.size(), 1U);
    EXPECT_EQ(all.rows[0].cells[0].value, Value::text("🚀"));
    EXPECT_EQ(all.rows[0].cells[1].value, Value::text(big));
}

TEST_F(Import, ASetHasALimit) {
    std::string tags;
    for (std::size_t i = 0; i <= kMaxSetElements; ++i)
        tags += std::to_string(i) + ";";
    const Imported all = run("tags\n\"" + tags + "\"\n", {"opportunity", "", ""});
    ASSERT_EQ(all.problems.size(), 1U);
    EXPECT_NE(all.problems[0].message.find("more than 1000 elements"), std::string::npos);
}

TEST_F(Import, JoinedCellsLeaveOutTheEmptyOnes) {
    const Imported all =
        run("firm,thing\nAcme,GTXPro\n,Otter\n,\n",
            {"opportunity", "name=join(firm,thing),alias(thing,GTXPro=GTX Pro)", ""});
    ASSERT_EQ(all.rows.size(), 3U) << all.error;
    EXPECT_EQ(cell(all.rows[0], "opportunity", "name").value, Value::text("Acme · GTX Pro"));
    EXPECT_EQ(cell(all.rows[1], "opportunity", "name").value, Value::text("Otter"));
    EXPECT_TRUE(cell(all.rows[2], "opportunity", "name").value.is_null());
}

TEST_F(Import, HalfOfAnAmountAndItsCurrencyIsReadAsItIsWritten) {
    const Imported all = run("amount,currency\n12.34,\n,CNY\n,\n,cny\n", {"opportunity", "", ""});
    ASSERT_EQ(all.rows.size(), 3U);
    EXPECT_EQ(cell(all.rows[0], "opportunity", "amount").value, Value(1234));
    EXPECT_TRUE(cell(all.rows[0], "opportunity", "currency").value.is_null());
    EXPECT_TRUE(cell(all.rows[1], "opportunity", "amount").value.is_null());
    EXPECT_EQ(cell(all.rows[1], "opportunity", "currency").value, Value::text("CNY"));
    EXPECT_TRUE(cell(all.rows[2], "opportunity", "currency").value.is_null());
    ASSERT_EQ(all.problems.size(), 1U);
    EXPECT_EQ(all.problems[0].column, "currency");
}

TEST_F(Import, ACurrencyWithoutAnAmountIsThreeCapitalLetters) {
    const Imported all = run("currency\nCNY\nabc\n\n", {"opportunity", "", ""});
    ASSERT_EQ(all.rows.size(), 1U);
    ASSERT_EQ(all.problems.size(), 1U);
    EXPECT_EQ(all.problems[0].line, 3U);
}

TEST_F(Import, RowsBeforeALineArePassedOverWithTheirProblems) {
    const Imported all = run("number,calls\nA,x\n\"B\nB\",2\nC,3\nD,x\n",
                             {.into = "opportunity", .map = "", .key = "", .from_line = 5});
    ASSERT_EQ(all.rows.size(), 1U);
    EXPECT_EQ(all.rows[0].line, 5U);
    ASSERT_EQ(all.problems.size(), 1U);
    EXPECT_EQ(all.problems[0].line, 6U);
}

TEST_F(Import, TheCurrencyOfAnotherColumnDecidesTheMinorUnits) {
    const Imported all =
        run("amount,currency\n10,JPY\n10,CNY\n0.5,JPY\n10,Yen\n", {"opportunity", "", ""});
    ASSERT_EQ(all.rows.size(), 2U) << all.error;
    EXPECT_EQ(cell(all.rows[0], "opportunity", "amount").value, Value(10));
    EXPECT_EQ(cell(all.rows[1], "opportunity", "amount").value, Value(1000));
    ASSERT_EQ(all.problems.size(), 2U);
    EXPECT_EQ(all.problems[0].column, "amount");
    EXPECT_EQ(all.problems[1].column, "currency");
}

TEST_F(Import, TheSameKeyMakesTheSameRecordOnEveryDevice) {
    const ImportOptions options{"opportunity", "", "number"};
    const RecordId first = *run("number,name\nA1,x\n", options).rows.at(0).id;
    const RecordId second = *run("name,number\ny,A1\n", options).rows.at(0).id;
    EXPECT_EQ(first, second);
    EXPECT_EQ(first, keyed_record_id(ids::kOpportunity, "A1"));
    EXPECT_NE(first, keyed_record_id(ids::kAccount, "A1"));
    EXPECT_NE(first, keyed_record_id(ids::kOpportunity, "A2"));
}

TEST_F(Import, AKeyedIdIsAUuidOfVersionEight) {
    const std::string text = keyed_record_id(ids::kOpportunity, "1C1I7A6R").text();
    EXPECT_EQ(text[14], '8');
    EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos);
    EXPECT_EQ(text, "3366af34-9b25-8349-8f22-f2690bdf458d");
}

TEST_F(Import, ARecordThatHasTheKeyAlreadyIsUpdated) {
    const RecordId known = resolver_.add(ids::kOpportunity, "A1");
    const Imported all = run("number\nA1\nA2\n", {"opportunity", "", "number"});
    ASSERT_EQ(all.rows.size(), 2U);
    EXPECT_EQ(all.rows[0].id, known);
    EXPECT_TRUE(all.rows[0].exists);
    EXPECT_FALSE(all.rows[1].exists);
}

TEST_F(Import, AKeyThatIsEmptyOrThereTwiceIsAProblem) {
    const Imported all = run("number,name\nA1,x\n,y\nA1,z\n", {"opportunity", "", "number"});
    EXPECT_EQ(all.rows.size(), 1U);
    ASSERT_EQ(all.problems.size(), 2U);
    EXPECT_EQ(all.problems[0].message, "the key is empty");
    EXPECT_EQ(all.problems[1].message, "line 2 has the same key");
    EXPECT_EQ(all.problems[1].column, "number");
}

TEST_F(Import, AKeyMustBeMappedAndPlain) {
    EXPECT_NE(run("name\nx\n", {"opportunity", "", "number"}).error.find("no column"),
              std::string::npos);
    EXPECT_NE(run("name\nx\n", {"opportunity", "", "tags"}).error.find("called \"tags\""),
              std::string::npos);
}

TEST_F(Import, AnUnknownCollectionIsNamedAndTheKnownAreListed) {
    const std::string error = run("a\n1\n", {"deals", "", ""}).error;
    EXPECT_NE(error.find("\"deals\""), std::string::npos);
    EXPECT_NE(error.find("opportunity"), std::string::npos);
}

TEST_F(Import, AnErrorOfTheDatabaseEndsTheImport) {
    resolver_.fail_with({ErrorCode::corrupt, "damaged"});
    EXPECT_EQ(run("number\nA1\n", {"opportunity", "", "number"}).error, "damaged");
}

TEST_F(Import, ANameThatSeveralRecordsHaveIsAProblemOfItsRow) {
    resolver_.fail_with({ErrorCode::invalid_argument, "two accounts have this name"});
    const Imported all =
        run("account\nx\n", {"opportunity", "account=@lookup(account.name,account)", ""});
    ASSERT_EQ(all.problems.size(), 1U);
    EXPECT_EQ(all.problems[0].message, "two accounts have this name");
}

}  // namespace
}  // namespace satchel::sales
