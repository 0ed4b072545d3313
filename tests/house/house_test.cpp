// Holds every file of the repository to the rules of checks.hpp.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/house/checks.hpp"
#include "tests/house/layers.hpp"
#include "tests/house/picture.hpp"
#include "tests/house/tree.hpp"

namespace satchel::house {
namespace {

class House : public testing::Test {
  protected:
    void SetUp() override {
        if (!tree()) GTEST_SKIP() << "git does not know these files";
    }

    static void expect_nothing_from(Findings (*check)(const Source&)) {
        for (const Source& source : *tree()) {
            for (const Finding& finding : check(source)) {
                ADD_FAILURE() << finding.text();
            }
        }
    }

  private:
    static const std::optional<std::vector<Source>>& tree() {
        static const auto files = read_tree(SATCHEL_SOURCE_DIR);
        return files;
    }
};

TEST_F(House, IncludesPointDownTheLayers) {
    expect_nothing_from(check_includes);
}

TEST_F(House, TheCoreTouchesNothingOutside) {
    expect_nothing_from(check_pure_core);
}

TEST_F(House, ErrorsAreValues) {
    expect_nothing_from(check_throws);
}

TEST_F(House, NothingNeedsRanges) {
    expect_nothing_from(check_ranges);
}

TEST_F(House, NoFunctionIsNamedGet) {
    expect_nothing_from(check_names);
}

TEST_F(House, HeadersHavePragmaOnce) {
    expect_nothing_from(check_pragma_once);
}

TEST_F(House, FilesAreShort) {
    expect_nothing_from(check_file_length);
}

TEST_F(House, FunctionsAreShort) {
    expect_nothing_from(check_function_length);
}

TEST_F(House, LinesFitTheColumns) {
    expect_nothing_from(check_columns);
}

TEST_F(House, NoTabs) {
    expect_nothing_from(check_tabs);
}

TEST_F(House, NoPathsOfOneMachine) {
    expect_nothing_from(check_machine_paths);
}

TEST_F(House, TestsMirrorTheFolders) {
    expect_nothing_from(check_test_folder);
}

// The rows of the picture below the sentence that says what it shows.
std::vector<std::string_view> picture_of(const std::string& page) {
    std::vector<std::string_view> rows;
    std::size_t at = page.find("\n\n", page.find("Includes point one way only"));
    while (at != std::string::npos) {
        const std::size_t from = page.find_first_not_of('\n', at);
        const std::size_t end = page.find('\n', from);
        const std::string_view row = std::string_view(page).substr(from, end - from);
        if (!row.starts_with("    ")) break;
        rows.push_back(row);
        at = end;
    }
    return rows;
}

TEST(Architecture, ThePictureOfThePageSaysWhatTheTableOfLayersSays) {
    std::ifstream file(SATCHEL_SOURCE_DIR "/docs/architecture.md");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    const auto arrows = read_picture(picture_of(page));
    ASSERT_TRUE(arrows) << "a line of the picture leads nowhere";
    Arrows table;
    for (const Layer& layer : layers())
        table[std::string(layer.folder)] = {layer.below.begin(), layer.below.end()};
    EXPECT_EQ(with_all_below(*arrows), table);
}

}  // namespace
}  // namespace satchel::house
