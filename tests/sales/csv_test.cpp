#include "sales/csv.hpp"

#include <gtest/gtest.h>

namespace satchel::sales {
namespace {

using namespace std::string_literals;
using Cells = std::vector<std::string>;

// Everything that a reader says about a text.
struct Reading {
    Cells header;
    char delimiter = 0;
    std::vector<CsvRow> rows;
    std::vector<RowProblem> problems;
    std::string error;
};

Reading read(std::string_view text) {
    auto reader = CsvReader::open(text);
    if (!reader) return {{}, 0, {}, {}, reader.error().message};
    Reading reading{reader->header(), reader->delimiter(), {}, {}, {}};
    for (CsvStep step = reader->next(); step != CsvStep::end; step = reader->next()) {
        if (step == CsvStep::row)
            reading.rows.push_back(reader->row());
        else
            reading.problems.push_back(reader->problem());
    }
    return reading;
}

TEST(Csv, ReadsRowsWithTheirLineNumbers) {
    const Reading r = read("a,b\r\n1,2\r\n\r\n\n3,4");
    EXPECT_EQ(r.header, (Cells{"a", "b"}));
    ASSERT_EQ(r.rows.size(), 2U);
    EXPECT_EQ(r.rows[0].cells, (Cells{"1", "2"}));
    EXPECT_EQ(r.rows[0].line, 2U);
    EXPECT_EQ(r.rows[1].cells, (Cells{"3", "4"}));
    EXPECT_EQ(r.rows[1].line, 5U);
    EXPECT_TRUE(r.problems.empty());
}

TEST(Csv, QuotedCellsHoldDelimitersQuotesAndLineEnds) {
    const Reading r = read("a,b\n\"x,\"\"y\"\"\r\nz\",\"\"\n3,4\n");
    ASSERT_EQ(r.rows.size(), 2U);
    EXPECT_EQ(r.rows[0].cells, (Cells{"x,\"y\"\r\nz", ""}));
    EXPECT_EQ(r.rows[1].line, 4U);
}

TEST(Csv, AQuoteInsideAnUnquotedCellIsAnOrdinaryCharacter) {
    EXPECT_EQ(read("a,b\n5\" pipe,x\n").rows.at(0).cells, (Cells{"5\" pipe", "x"}));
}

TEST(Csv, TheHeaderDecidesTheDelimiter) {
    EXPECT_EQ(read("a;b,c;d\n1;2;3\n").delimiter, ';');
    EXPECT_EQ(read("a\tb\n1\t2\n").delimiter, '\t');
    EXPECT_EQ(read("\"x;y;z\",b\n1,2\n").delimiter, ',');
    EXPECT_EQ(read("only\n1\n").rows.at(0).cells, (Cells{"1"}));
    EXPECT_EQ(read("\"a\"\",b\";c\n1;2\n").delimiter, ';');
}

TEST(Csv, AQuoteInsideAnUnquotedColumnNameHidesNoDelimiter) {
    EXPECT_EQ(read("size 5\";price,net;tax\n1;2;3\n").rows.at(0).cells, (Cells{"1", "2", "3"}));
    EXPECT_EQ(read("a\"\"b;c;d,e\n1;2;3\n").delimiter, ';');
}

TEST(Csv, AWrittenHeaderIsReadWithTheDelimiterItWasWrittenWith) {
    Bytes out;
    CsvWriter writer(out);
    writer.row(Cells{"a;b;c;d", "e\tf\tg"});
    writer.row(Cells{"1", "2"});
    const Reading r = read(out);
    EXPECT_EQ(r.delimiter, ',');
    EXPECT_EQ(r.rows.at(0).cells, (Cells{"1", "2"}));
}

TEST(Csv, AFileWithoutHeaderIsRefused) {
    EXPECT_NE(read("").error.find("empty"), std::string::npos);
    EXPECT_NE(read("\r\n\n").error.find("empty"), std::string::npos);
}

TEST(Csv, AColumnNameThatIsThereTwiceIsNamed) {
    const Reading r = read("name,owner, name\n1,2,3\n");
    EXPECT_NE(r.error.find("columns 1 and 3 are both called \"name\""), std::string::npos)
        << r.error;
}

TEST(Csv, AColumnWithoutNameIsNumbered) {
    EXPECT_NE(read("name, ,x\n").error.find("column 2 has no name"), std::string::npos);
}

TEST(Csv, ABadRowInTheMiddleStopsNothing) {
    const Reading r = read("a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n");
    ASSERT_EQ(r.rows.size(), 2U);
    EXPECT_EQ(r.rows[1].cells, (Cells{"10", "11", "12"}));
    EXPECT_EQ(r.rows[1].line, 5U);
    ASSERT_EQ(r.problems.size(), 2U);
    EXPECT_EQ(r.problems[0].line, 3U);
    EXPECT_NE(r.problems[0].message.find("has 2 fields, the header has 3"), std::string::npos);
    EXPECT_NE(r.problems[1].message.find("has 4 fields, the header has 3"), std::string::npos);
}

TEST(Csv, AnUnclosedQuoteCostsOneRowAndNotTheRestOfTheFile) {
    const Reading r = read("a,b\n1,\"open\n2,3\n4,5\n");
    ASSERT_EQ(r.problems.size(), 1U);
    EXPECT_EQ(r.problems[0].line, 2U);
    EXPECT_EQ(r.problems[0].column, "b");
    EXPECT_NE(r.problems[0].message.find("never closed"), std::string::npos);
    ASSERT_EQ(r.rows.size(), 2U);
    EXPECT_EQ(r.rows[0].line, 3U);
}

TEST(Csv, AnUnclosedQuoteBeforeAQuotedRowCostsOneRow) {
    const Reading r = read("a,b\n1,\"open\n2,\"x\"\n4,5\n");
    ASSERT_EQ(r.problems.size(), 1U);
    EXPECT_EQ(r.problems[0].line, 2U);
    ASSERT_EQ(r.rows.size(), 2U);
    EXPECT_EQ(r.rows[0].cells, (Cells{"2", "x"}));
}

TEST(Csv, TextBehindAClosingQuoteIsAProblem) {
    const Reading r = read("a,b\n\"x\"y,1\n2,3\n");
    ASSERT_EQ(r.problems.size(), 1U);
    EXPECT_EQ(r.problems[0].column, "a");
    EXPECT_EQ(r.rows.size(), 1U);
}

TEST(Csv, ANulCharacterIsAProblemOfItsRow) {
    const Reading r = read("a,b\n1,x\0y\n2,3\n"s);
    ASSERT_EQ(r.problems.size(), 1U);
    EXPECT_EQ(r.problems[0].column, "b");
    EXPECT_NE(r.problems[0].message.find("NUL"), std::string::npos);
    EXPECT_EQ(r.rows.size(), 1U);
}

TEST(Csv, ACellOfAMillionCharactersIsRead) {
    const std::string big(1'000'000, 'x');
    EXPECT_EQ(read("a,b\n" + big + ",1\n").rows.at(0).cells[0], big);
    EXPECT_EQ(read("a,b\n\"" + big + "\",1\n").rows.at(0).cells[0], big);
}

TEST(Csv, ACellAboveTheLimitIsAProblemOfItsRow) {
    for (const std::string quote : {"", "\""}) {
        const std::string big = quote + std::string(kMaxTextBytes + 1, 'x') + quote;
        const Reading r = read("a,b\n" + big + ",1\n2,3\n");
        ASSERT_EQ(r.problems.size(), 1U);
        EXPECT_NE(r.problems[0].message.find("1048576 bytes"), std::string::npos);
        EXPECT_EQ(r.rows.size(), 1U);
    }
    EXPECT_EQ(read("a\n" + std::string(kMaxTextBytes, 'x') + "\n").rows.size(), 1U);
}

TEST(Csv, EmojiAndChineseStayAsTheyAre) {
    EXPECT_EQ(read("名称\n\"👩‍👩‍👧,好\"\n").rows.at(0).cells[0],
              "👩‍👩‍👧,好");
}

TEST(Csv, TooManyColumnsAreRefused) {
    const std::string header(kMaxCsvColumns, ',');
    EXPECT_NE(read(header).error.find("more than 1024 columns"), std::string::npos);
}

// Quadratic work on these lines takes hours, and ctest stops it.
TEST(Csv, QuotesThatChainAllLinesTogetherCostLinearTime) {
    std::string text = "a,b\n";
    for (int i = 0; i < 1'000'000; ++i)
        text += "a\",\"b\n";
    const Reading r = read(text);
    EXPECT_EQ(r.rows.size() + r.problems.size(), 1'000'000U);
}

TEST(Csv, WhatIsWrittenIsReadBack) {
    const std::vector<Cells> rows = {
        {"a", "b,c", "d\"e"}, {"", "line\nend", "\r"}, {" spaced ", "好", "\"\""}};
    Bytes out;
    CsvWriter writer(out);
    writer.row(Cells{"x", "y", "z"});
    for (const Cells& row : rows)
        writer.row(row);
    const Reading r = read(out);
    ASSERT_EQ(r.rows.size(), rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        EXPECT_EQ(r.rows[i].cells, rows[i]);
}

TEST(Csv, QuotesAreWrittenOnlyWhereNeeded) {
    Bytes out;
    CsvWriter(out, ';').row(Cells{"a,b", "c;d", "=1+1"});
    CsvWriter(out).row(Cells{""});
    EXPECT_EQ(out, "\"a,b\";\"c;d\";=1+1\r\n\"\"\r\n");
}

TEST(Csv, TrimmingKnowsTheSpacesOfChineseText) {
    EXPECT_EQ(trimmed(" \t　张　三\xC2\xA0\r\n"), "张　三");
    EXPECT_EQ(trimmed("　 "), "");
}

TEST(Csv, AnExcerptIsCutBetweenCharacters) {
    EXPECT_EQ(excerpt("short"), "short");
    EXPECT_EQ(excerpt(std::string(30, 'x')), std::string(24, 'x') + "…");
    std::string chinese;
    for (int i = 0; i < 30; ++i)
        chinese += "好";
    EXPECT_EQ(excerpt(chinese), chinese.substr(0, 72) + "…");
}

}  // namespace
}  // namespace satchel::sales
