// satchel.h as an application meets it: the library's symbols, its errors, its handles.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "bindings/c/satchel.h"

namespace satchel {
namespace {

std::string output_of(const std::string& command, int& status) {
    std::string output;
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    char buffer[4096];
    while (pipe != nullptr && std::fgets(buffer, sizeof buffer, pipe) != nullptr)
        output += buffer;
    status = pipe == nullptr ? -1 : ::pclose(pipe);
    return output;
}

std::set<std::string> lines_of(const std::string& text) {
    std::set<std::string> lines;
    std::size_t start = 0;
    while (start < text.size()) {
        const auto end = text.find('\n', start);
        if (end == std::string::npos) break;
        lines.insert(text.substr(start, end - start));
        start = end + 1;
    }
    return lines;
}

std::string folder_of(const char* name) {
    const std::string folder =
        ::testing::TempDir() + "c-api-" + name + "-" + std::to_string(::getpid());
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    return folder;
}

TEST(CApi, TheLibraryExportsExactlyTheListInTheTree) {
    int status = 0;
    const std::string symbols = output_of(std::string("nm -D --defined-only ") + LIBSATCHEL +
                                              " | awk '$2 == \"T\" {print $3}' |"
                                              " sed 's/@.*//' | grep -v '^_'",
                                          status);
    ASSERT_EQ(status, 0) << symbols;
    std::ifstream in(std::string(SATCHEL_SOURCE_DIR) + "/bindings/c/exports.txt");
    const std::string listed((std::istreambuf_iterator<char>(in)), {});
    EXPECT_EQ(lines_of(symbols), lines_of(listed));
}

TEST(CApi, EveryErrorHasACodeAndWordsAndIsFreedOnce) {
    satchel_replica* replica = nullptr;
    satchel_error* error = nullptr;
    const std::string path = folder_of("missing") + "/none.satchel";
    EXPECT_EQ(satchel_open(path.data(), path.size(), nullptr, &replica, &error), SATCHEL_NOT_FOUND);
    ASSERT_NE(error, nullptr);
    EXPECT_EQ(satchel_error_code(error), SATCHEL_NOT_FOUND);
    EXPECT_NE(std::string(satchel_error_message(error)), "");
    satchel_error_free(error);
    EXPECT_EQ(satchel_open(nullptr, 0, nullptr, &replica, nullptr), SATCHEL_INVALID_ARGUMENT);
    satchel_close(nullptr);
}

TEST(CApi, OptionsWithoutTheirSizeAreRefusedNotIgnored) {
    const std::string path = folder_of("unsized") + "/one.satchel";
    satchel_open_options options{};
    options.create = 1;
    satchel_replica* replica = nullptr;
    satchel_error* error = nullptr;
    EXPECT_EQ(satchel_open(path.data(), path.size(), &options, &replica, &error),
              SATCHEL_INVALID_ARGUMENT);
    EXPECT_STREQ(satchel_error_message(error), "set struct_size first");
    satchel_error_free(error);
}

class OpenReplica : public ::testing::Test {
  protected:
    void SetUp() override {
        path_ = folder_of("replica") + "/one.satchel";
        satchel_open_options options{};
        options.struct_size = sizeof options;
        options.create = 1;
        options.schema = "starter";
        ASSERT_EQ(satchel_open(path_.data(), path_.size(), &options, &replica_, nullptr),
                  SATCHEL_OK);
    }
    void TearDown() override { satchel_close(replica_); }

    std::string path_;
    satchel_replica* replica_ = nullptr;
};

TEST_F(OpenReplica, ARolledBackWriteNeverHappenedAndTheNextOneGoesOn) {
    satchel_write* write = nullptr;
    satchel_id id{};
    const satchel_field field{"name", {SATCHEL_TEXT, 0, "A", 1}};
    ASSERT_EQ(satchel_begin(replica_, &write, nullptr), SATCHEL_OK);
    ASSERT_EQ(satchel_create(write, "account", &field, 1, &id, nullptr), SATCHEL_OK);
    satchel_rollback(write);
    satchel_status status{};
    status.struct_size = sizeof status;
    ASSERT_EQ(satchel_read_status(replica_, &status, nullptr), SATCHEL_OK);
    EXPECT_EQ(status.pending, 0U);
    ASSERT_EQ(satchel_begin(replica_, &write, nullptr), SATCHEL_OK);
    ASSERT_EQ(satchel_create(write, "account", &field, 1, &id, nullptr), SATCHEL_OK);
    ASSERT_EQ(satchel_commit(write, nullptr), SATCHEL_OK);
    ASSERT_EQ(satchel_read_status(replica_, &status, nullptr), SATCHEL_OK);
    EXPECT_EQ(status.pending, 1U);
}

TEST_F(OpenReplica, ABadFieldIsNamedAndTheWriteGoesOn) {
    satchel_write* write = nullptr;
    satchel_error* error = nullptr;
    satchel_id id{};
    const satchel_field wrong{"nmae", {SATCHEL_TEXT, 0, "A", 1}};
    const satchel_field right{"name", {SATCHEL_TEXT, 0, "A", 1}};
    ASSERT_EQ(satchel_begin(replica_, &write, nullptr), SATCHEL_OK);
    EXPECT_EQ(satchel_create(write, "account", &wrong, 1, &id, &error), SATCHEL_INVALID_ARGUMENT);
    EXPECT_NE(std::string(satchel_error_message(error)).find("nmae"), std::string::npos);
    satchel_error_free(error);
    EXPECT_EQ(satchel_create(write, "account", &right, 1, &id, nullptr), SATCHEL_OK);
    EXPECT_EQ(satchel_commit(write, nullptr), SATCHEL_OK);
}

TEST_F(OpenReplica, QueriesCannotWrite) {
    satchel_rows* rows = nullptr;
    const std::string sql = "DELETE FROM account";
    EXPECT_EQ(satchel_query(replica_, sql.data(), sql.size(), nullptr, 0, &rows, nullptr),
              SATCHEL_INVALID_ARGUMENT);
}

TEST_F(OpenReplica, HandlesCloseInAnyOrder) {
    satchel_rows* rows = nullptr;
    const std::string sql = "SELECT count(*) FROM account";
    ASSERT_EQ(satchel_query(replica_, sql.data(), sql.size(), nullptr, 0, &rows, nullptr),
              SATCHEL_OK);
    satchel_session* session = nullptr;
    ASSERT_EQ(satchel_session_open(replica_, &session, nullptr), SATCHEL_OK);
    satchel_close(replica_);
    replica_ = nullptr;
    int more = 0;
    EXPECT_EQ(satchel_rows_next(rows, &more, nullptr), SATCHEL_OK);
    EXPECT_EQ(more, 1);
    const char* bytes = nullptr;
    size_t size = 0;
    EXPECT_EQ(satchel_session_request(session, &bytes, &size, nullptr), SATCHEL_OK);
    EXPECT_GT(size, 0U);
    satchel_session_close(session);
    satchel_rows_close(rows);
}

}  // namespace
}  // namespace satchel
