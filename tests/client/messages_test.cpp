#include "client/messages.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "sync/protocol.hpp"

namespace satchel::client {
namespace {

std::string with_samples(std::string_view text) {
    std::string filled(text);
    for (int i = 0; i < 3; ++i) {
        const std::string placeholder = "{" + std::to_string(i) + "}";
        for (auto at = filled.find(placeholder); at != std::string::npos;
             at = filled.find(placeholder))
            filled.replace(at, 3, "sample-" + std::to_string(i));
    }
    return filled;
}

TEST(Messages, EveryRowHasBothLanguagesAndAKeyOfItsOwn) {
    std::set<std::string_view> keys;
    for (const Message& message : catalogue()) {
        EXPECT_TRUE(keys.insert(message.key).second) << message.key;
        EXPECT_FALSE(message.english.empty()) << message.key;
        EXPECT_FALSE(message.chinese.empty()) << message.key;
    }
}

TEST(Messages, BothLanguagesUseTheSamePlaceholders) {
    for (const Message& message : catalogue()) {
        for (int i = 0; i < 10; ++i) {
            const std::string placeholder = "{" + std::to_string(i) + "}";
            EXPECT_EQ(message.english.find(placeholder) == std::string_view::npos,
                      message.chinese.find(placeholder) == std::string_view::npos)
                << message.key << " " << placeholder;
        }
    }
}

TEST(Messages, AnErrorIsSaidInChineseByTheRowItCameFrom) {
    for (const Message& message : catalogue()) {
        if (message.english.size() < 12) continue;
        const Error error{ErrorCode::offline, with_samples(message.english)};
        const Words found = words_of(error);
        EXPECT_EQ(found.key, message.key) << error.message;
        EXPECT_EQ(words(error, Language::chinese), with_samples(message.chinese));
        EXPECT_EQ(words(error, Language::english), error.message);
    }
}

TEST(Messages, AnErrorOutsideTheCatalogueSaysWhatItsCodeMeansAndTheDetail) {
    const Error error{ErrorCode::disk_full, "database or disk is full (13)"};
    const std::string text = words(error, Language::chinese);
    EXPECT_NE(text.find("磁盘已满"), std::string::npos);
    EXPECT_NE(text.find("(13)"), std::string::npos);
}

TEST(Messages, EveryCodeHasWords) {
    for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code) {
        const auto key = "code_" + std::string(name(static_cast<ErrorCode>(code)));
        EXPECT_NE(tr(key, Language::chinese), key);
    }
}

TEST(Messages, EveryReasonHasWords) {
    for (int reason = 0; reason <= static_cast<int>(Reason::dependency_lost); ++reason) {
        const auto key = "reason_" + std::string(name(static_cast<Reason>(reason)));
        EXPECT_NE(tr(key, Language::english), key);
    }
}

TEST(Messages, ArgumentsThatLookLikePlaceholdersStayAsTheyAre) {
    EXPECT_EQ(tr("refused", Language::english, {"{0} {1}"}), "The server refuses: {0} {1}.");
}

TEST(Messages, AnUnknownKeyIsShownAsItIs) {
    EXPECT_EQ(tr("no_such_key", Language::chinese), "no_such_key");
}

TEST(Messages, LocalesOfChinaAreChinese) {
    EXPECT_EQ(language_of("zh_CN.UTF-8"), Language::chinese);
    EXPECT_EQ(language_of("zh-Hans"), Language::chinese);
    EXPECT_EQ(language_of("en_US.UTF-8"), Language::english);
    EXPECT_EQ(language_of("C"), Language::english);
    EXPECT_EQ(language_of(""), Language::english);
}

TEST(Messages, DurationsAreRoundedDown) {
    EXPECT_EQ(duration_words(-5, Language::english), "a moment");
    EXPECT_EQ(duration_words(999, Language::english), "a moment");
    EXPECT_EQ(duration_words(1'000, Language::english), "1 second");
    EXPECT_EQ(duration_words(119'000, Language::english), "1 minute");
    EXPECT_EQ(duration_words(7'200'000, Language::english), "2 hours");
    EXPECT_EQ(duration_words(3 * 86'400'000LL, Language::chinese), "3 天");
}

// A key that is used and not in the table would be shown to a person as it is.
TEST(Messages, EveryKeyInTheSourcesIsInTheTable) {
    std::set<std::string, std::less<>> keys;
    for (const Message& message : catalogue())
        keys.emplace(message.key);
    const std::regex use(R"re(\b(?:tr\(|failure\(ErrorCode::\w+,\s*)"([a-z_]*[a-z])")re");
    for (const char* folder : {"client", "cli", "client-imgui"}) {
        const auto root = std::filesystem::path(SATCHEL_SOURCE_DIR) / folder;
        if (!std::filesystem::exists(root)) continue;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
            if (entry.path().extension() != ".cpp") continue;
            std::ifstream in(entry.path());
            const std::string text(std::istreambuf_iterator<char>(in), {});
            for (std::sregex_iterator at(text.begin(), text.end(), use), end; at != end; ++at)
                EXPECT_TRUE(keys.contains((*at)[1].str())) << entry.path() << " " << (*at)[1];
        }
    }
}

}  // namespace
}  // namespace satchel::client
