#include "cli/exit_status.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/cli/program.hpp"

namespace satchel::cli {
namespace {

TEST(ExitStatus, ThePageHasTheTableOfTheProgram) {
    const std::string page = content(SATCHEL_SOURCE_DIR "/docs/cli.md");
    for (const ExitRow& row : exit_table()) {
        const std::string line =
            fmt::format("| {} | {} |", static_cast<int>(row.status), row.meaning);
        EXPECT_NE(page.find(line), std::string::npos) << line;
    }
}

TEST(ExitStatus, EveryErrorHasARowAndNoneIsSuccess) {
    for (int code = 1; code <= static_cast<int>(ErrorCode::internal); ++code) {
        const ExitStatus status = exit_status(static_cast<ErrorCode>(code));
        EXPECT_NE(status, ExitStatus::ok) << code;
        bool found = false;
        for (const ExitRow& row : exit_table())
            found = found || row.status == status;
        EXPECT_TRUE(found) << code;
    }
}

}  // namespace
}  // namespace satchel::cli
