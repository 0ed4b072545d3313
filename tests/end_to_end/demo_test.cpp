// `satchel demo`, in its small form: the whole story, with nothing but the project's own data.

#include <map>

#include "tests/cli/documented.hpp"
#include "tests/cli/program.hpp"

namespace satchel::cli {
namespace {

class DemoProgram : public ProgramTest {};

// The lists of other commands' answers are held to the forms of those.
std::string difference_from_page(Json answer) {
    std::string differences;
    for (const auto& [list, form] :
         std::map<std::string, Json>{{"import", documented("sync")},
                                     {"first_sync", documented("sync")},
                                     {"catch_up", documented("sync")},
                                     {"decision", documented("sync")},
                                     {"verify", documented("verify")},
                                     {"conflicts", documented("conflicts")["conflicts"][0]},
                                     {"rejected", documented("rejected")["rejected"][0]}}) {
        for (Json& row : answer[list]) {
            row.erase("device");
            differences += difference(row, form);
        }
        answer[list] = Json::array();
    }
    return differences + difference(answer, documented("demo"));
}

TEST_F(DemoProgram, EndsWithEveryDeviceEqualToHeadOffice) {
    const Ran ran = plain({"demo", "--small", "--no-window", "--json"});
    ASSERT_EQ(ran.status, 0) << ran.out << ran.err;
    EXPECT_TRUE(ran.json["ok"]);
    for (const Json& check : ran.json["checks"])
        EXPECT_TRUE(check["ok"]) << check["what"];
    EXPECT_EQ(ran.json["verify"].size(), 6U);
    EXPECT_EQ(ran.json["imported"]["opportunity"], 600);
    EXPECT_TRUE(ran.json["device_killed"]);
    EXPECT_TRUE(ran.json["server_killed"]);
    EXPECT_EQ(ran.json["conflicts"].size(), 3U);
    EXPECT_EQ(difference_from_page(ran.json), "");
}

TEST_F(DemoProgram, AFolderWithoutTheFilesIsNamed) {
    const Ran ran = plain({"demo", "--data", path("nowhere"), "--json"});
    EXPECT_EQ(ran.status, 3);
    EXPECT_EQ(ran.error_code(), "not_found");
}

}  // namespace
}  // namespace satchel::cli
