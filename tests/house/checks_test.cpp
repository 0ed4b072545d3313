// The rules themselves, on small samples.

#include "tests/house/checks.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/house/functions.hpp"
#include "tests/house/picture.hpp"
#include "tests/house/tree.hpp"

namespace satchel::house {
namespace {

using Check = Findings (*)(const Source&);

std::size_t count(Check check, const std::string& path, const std::string& text) {
    return check({path, text}).size();
}

std::string repeat(const std::string& text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) {
        all += text;
    }
    return all;
}

std::vector<std::size_t> function_lengths(const std::string& cpp) {
    std::vector<std::size_t> lengths;
    for (const Function& function : find_functions(cpp)) {
        lengths.push_back(function.lines());
    }
    return lengths;
}

using Lengths = std::vector<std::size_t>;

TEST(Finding, ReadsAsFileLineAndWhatToDo) {
    EXPECT_EQ((Finding{"sync/clock.cpp", 12, "wrap it"}).text(), "sync/clock.cpp:12: wrap it");
}

TEST(Blanking, KeepsEveryPlaceAndDropsCommentsAndLiterals) {
    EXPECT_EQ(blank_comments_and_literals("a(\"b\\\"c\"); // d\n'}' /* e\n */ f"),
              "a(\"    \");     \n' '     \n    f");
}

TEST(Blanking, DropsRawStringsOverSeveralLines) {
    EXPECT_EQ(blank_comments_and_literals("x = R\"q(a)\"\n{)q\" + (1);"),
              "x = R\"     \n   \" + (1);");
    EXPECT_EQ(blank_comments_and_literals("R\"(never closed"), "R\"             ");
}

TEST(Blanking, TakesADigitSeparatorForNoQuote) {
    EXPECT_EQ(blank_comments_and_literals("f(1'000, 'x', 0xFF'FF);"), "f(1'000, ' ', 0xFF'FF);");
}

TEST(Includes, MayPointDownAndAtTheOwnFolder) {
    EXPECT_EQ(count(check_includes, "client/a.cpp",
                    "#include \"client/a.hpp\"\n#include \"sync/clock.hpp\"\n"
                    "#include \"storage/replica.hpp\"\n#include <curl/curl.h>\n"),
              0U);
    EXPECT_EQ(count(check_includes, "tests/sync/a.cpp", "#include \"server/a.hpp\"\n"), 0U);
}

TEST(Includes, MayNotPointUpOrAcross) {
    EXPECT_EQ(count(check_includes, "sync/a.cpp", "#include \"storage/a.hpp\"\n"), 1U);
    EXPECT_EQ(count(check_includes, "storage/a.cpp", "#include \"sales/a.hpp\"\n"), 1U);
    EXPECT_EQ(count(check_includes, "server/a.cpp", "#include \"client/a.hpp\"\n"), 1U);
    EXPECT_EQ(count(check_includes, "client/a.cpp", "#  include <cli/a.hpp>\n"), 1U);
    EXPECT_EQ(count(check_includes, "client/a.cpp", "#include \"../server/a.hpp\"\n"), 1U);
}

TEST(Includes, OfTheCoreAreThePureStandardLibraryAndMsgpack) {
    EXPECT_EQ(count(check_includes, "sync/a.cpp",
                    "#include <vector>\n#include <msgpack.hpp>\n#include \"sync/a.hpp\"\n"),
              0U);
    EXPECT_EQ(count(check_includes, "sync/a.cpp",
                    "#include <fstream>\n#include <thread>\n#include <sqlite3.h>\n"
                    "#include <unistd.h>\n"),
              4U);
}

TEST(PureCore, HasNoClockChanceThreadOrOutput) {
    EXPECT_EQ(count(check_pure_core, "sync/a.cpp",
                    "auto a = std::chrono::system_clock::now();\nauto b = std::time(nullptr);\n"
                    "int c = rand();\nstd::random_device d;\nstd::thread e;\nprintf(f);\n"),
              6U);
}

TEST(PureCore, MayUseTheSameWordsForItsOwnThings) {
    EXPECT_EQ(count(check_pure_core, "sync/a.cpp",
                    "a = stamp.time();\nb = last_time(c);  // time()\nd = \"rand()\";\n"
                    "e = operand(f);\n"),
              0U);
    EXPECT_EQ(count(check_pure_core, "client/a.cpp", "std::thread a;\n"), 0U);
}

TEST(Throws, AreFoundInProductCodeOnly) {
    EXPECT_EQ(count(check_throws, "sales/a.cpp", "throw Error();\n"), 1U);
    EXPECT_EQ(count(check_throws, "sales/a.cpp", "// may throw\nrethrown(a);\n"), 0U);
    EXPECT_EQ(count(check_throws, "tests/sales/a.cpp", "throw Error();\n"), 0U);
}

TEST(Ranges, AreFoundEverywhere) {
    EXPECT_EQ(count(check_ranges, "sync/a.cpp", "std::ranges::sort(a);\n"), 1U);
    EXPECT_EQ(count(check_ranges, "tests/sync/a.cpp", "auto b = a | std::views::all;\n"), 1U);
    EXPECT_EQ(count(check_ranges, "sync/a.cpp", "for (auto& arranges : a) {}\n"), 0U);
}

TEST(Names, DoNotBeginWithGet) {
    EXPECT_EQ(count(check_names, "sales/a.hpp", "Name get_name() const;\n"), 1U);
    EXPECT_EQ(count(check_names, "sales/a.cpp", "json.get_to(a);\nstd::get_time(b);\n"), 0U);
}

TEST(Headers, NeedPragmaOnce) {
    EXPECT_EQ(count(check_pragma_once, "sync/a.hpp", "int a;\n"), 1U);
    EXPECT_EQ(count(check_pragma_once, "sync/a.hpp", "// A.\n\n#pragma once\n"), 0U);
    EXPECT_EQ(count(check_pragma_once, "bindings/c/satchel.h", "int a;\n"), 0U);
}

TEST(Length, OfFilesIsLimited) {
    EXPECT_EQ(count(check_file_length, "sync/a.cpp", repeat("a\n", kMaxFileLines)), 0U);
    EXPECT_EQ(count(check_file_length, "sync/a.cpp", repeat("a\n", kMaxFileLines + 1)), 1U);
    EXPECT_EQ(count(check_file_length, "docs/a.md", repeat("a\n", kMaxFileLines + 1)), 0U);
}

TEST(Length, OfFunctionsIsLimited) {
    const auto function = [](std::size_t lines) {
        return "void f() {\n" + repeat("    g();\n", lines - 2) + "}\n";
    };
    EXPECT_EQ(count(check_function_length, "sync/a.cpp", function(kMaxFunctionLines)), 0U);
    EXPECT_EQ(count(check_function_length, "sync/a.cpp", function(kMaxFunctionLines + 1)), 1U);
}

TEST(Length, OfLinesCountsCodePoints) {
    EXPECT_EQ(count(check_columns, "sync/a.cpp", repeat("商", kMaxColumns) + "\n"), 0U);
    EXPECT_EQ(count(check_columns, "sync/a.cpp", repeat("a", kMaxColumns + 1) + "\n"), 1U);
}

TEST(Tabs, AreFoundInCode) {
    EXPECT_EQ(count(check_tabs, "sync/a.cpp", "\tint a;\n"), 1U);
    EXPECT_EQ(count(check_tabs, "tests/golden/a.tsv", "a\tb\n"), 0U);
}

TEST(MachinePaths, AreFoundInAnyText) {
    EXPECT_EQ(count(check_machine_paths, "README.md", std::string("see /ho") + "me/ann/x\n"), 1U);
    EXPECT_EQ(count(check_machine_paths, "README.md", "see api/home/ann and /var/lib\n"), 0U);
}

TEST(TestFolders, MirrorAFolderOrAreAKnownKind) {
    EXPECT_EQ(count(check_test_folder, "tests/sync/clock_test.cpp", ""), 0U);
    EXPECT_EQ(count(check_test_folder, "tests/fuzz/corpus/clock/1", ""), 0U);
    EXPECT_EQ(count(check_test_folder, "tests/CMakeLists.txt", ""), 0U);
    EXPECT_EQ(count(check_test_folder, "tests/misc/clock_test.cpp", ""), 1U);
}

TEST(Functions, AreFoundAtNamespaceAndClassLevel) {
    EXPECT_EQ(function_lengths("namespace a {\nvoid f() {\n}\nclass B final : public C {\n"
                               "  public:\n    int g() const { return 1; }\n    int h();\n};\n"
                               "int B::h() {\n    if (x) {\n        y();\n    }\n}\n}\n"),
              (Lengths{2, 1, 5}));
}

TEST(Functions, MayHaveInitialisersWithBraces) {
    EXPECT_EQ(function_lengths("A::A(int x)\n    : a_{x}, b_{1, 2}, c_(x) {\n    f();\n}\n"
                               "void g(Options o = {}) {\n}\n"),
              (Lengths{3, 2}));
}

TEST(Functions, MayBeTemplatesOperatorsAndTests) {
    EXPECT_EQ(function_lengths("template <class T>\nT f(T t) {\n    return t;\n}\n"
                               "bool operator()(int a) noexcept {\n}\n"
                               "auto g() -> std::vector<int> {\n}\nTEST(A, B) {\n}\n"
                               "extern \"C\" {\nint h(void) {\n}\n}\n"),
              (Lengths{3, 2, 2, 2, 2}));
}

TEST(Functions, AreNotTablesTypesOrMembers) {
    EXPECT_EQ(function_lengths("constexpr Row kRows[] = {\n    {1, f(2)},\n    {3, g(4)},\n};\n"
                               "const std::function<int(int)> kF = {\n    nullptr,\n};\n"
                               "enum class E : int {\n    kA,\n};\n"
                               "template <typename T>\nstruct alignas(8) S {\n    int a{1};\n};\n"),
              Lengths{});
}

TEST(Functions, CountLambdasInsideThemAsTheirOwnLines) {
    EXPECT_EQ(function_lengths("void f() {\n    g([] {\n        h();\n    });\n}\n"), Lengths{5});
}

TEST(Functions, AreNotConfusedByBracesInTextMacrosAndComments) {
    EXPECT_EQ(function_lengths("#define OPEN \\\n    {\nvoid f() {\n    g('{', \"{{\", R\"({)\");"
                               "  // {\n}\nvoid h() {\n}\n"),
              (Lengths{3, 2}));
}

TEST(Picture, ArrowsLeadDownRoundCornersAndPastNames) {
    const auto arrows = read_picture({
        "  a    b-c    d ",
        "  \\     |     | ",
        "   `- e ------'  ",
        "      |  f       ",
        "      g          ",
    });
    ASSERT_TRUE(arrows);
    EXPECT_EQ(
        *arrows,
        (Arrows{{"a", {"e"}}, {"b-c", {"e"}}, {"d", {"e"}}, {"e", {"g"}}, {"f", {}}, {"g", {}}}));
    EXPECT_EQ(with_all_below(*arrows)["a"], (std::set<std::string>{"e", "g"}));
    EXPECT_FALSE(read_picture({" a ", " | "}));
}

TEST(Tree, HoldsTheTextFilesThatGitDoesNotIgnore) {
    std::string name = (std::filesystem::temp_directory_path() / "satchel_house_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    const std::filesystem::path root = name;
    std::filesystem::create_directories(root / "build");
    std::ofstream(root / ".gitignore") << "/build/\n";
    std::ofstream(root / "a b.cpp") << "int a;\n";
    std::ofstream(root / "picture.png") << std::string(3, '\0');
    std::ofstream(root / "build/made.cpp") << "\t";

    EXPECT_FALSE(read_tree(root)) << "no work tree yet";
    ASSERT_EQ(std::system(("git init --quiet '" + name + "'").c_str()), 0);
    const auto tree = read_tree(root);
    ASSERT_TRUE(tree);
    ASSERT_EQ(tree->size(), 2U);
    EXPECT_EQ(tree->at(0).path, ".gitignore");
    EXPECT_EQ(tree->at(1).path, "a b.cpp");
    EXPECT_EQ(tree->at(1).text, "int a;\n");
    std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace satchel::house
