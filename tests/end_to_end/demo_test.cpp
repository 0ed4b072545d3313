// `satchel demo`, in its small form: the whole story, with nothing but the project's own data.

#include "tests/cli/program.hpp"

namespace satchel::cli {
namespace {

class DemoProgram : public ProgramTest {};

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
}

TEST_F(DemoProgram, AFolderWithoutTheFilesIsNamed) {
    const Ran ran = plain({"demo", "--data", path("nowhere"), "--json"});
    EXPECT_EQ(ran.status, 3);
    EXPECT_EQ(ran.error_code(), "not_found");
}

}  // namespace
}  // namespace satchel::cli
