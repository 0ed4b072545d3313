// The heads of the audit log, noted outside of the database, and the check that compares.
#include <filesystem>
#include <fstream>

#include "server/audit_anchors.hpp"
#include "server/audit_check.hpp"
#include "server/restore.hpp"
#include "tests/server/office_fixture.hpp"
#include "tests/server/read_file.hpp"

namespace satchel::server {
namespace {

using storage::AuditHead;

AuditHead head(std::uint64_t count) {
    AuditHead made{count, {}};
    made.hash.fill(static_cast<std::uint8_t>(0xA0 + count));
    return made;
}

class AuditAnchors : public ::testing::Test {
  protected:
    void write(const std::string& text) {
        std::ofstream(path_, std::ios::app | std::ios::binary) << text;
    }
    std::vector<storage::AuditAnchor> anchors() {
        const auto read = read_anchors(path_);
        EXPECT_TRUE(read) << read.error().message;
        return read ? *read : std::vector<storage::AuditAnchor>{};
    }
    std::vector<AuditHead> heads() {
        std::vector<AuditHead> heads;
        for (const storage::AuditAnchor& anchor : anchors())
            heads.push_back(anchor.head);
        return heads;
    }

    TempFolder folder_;
    std::string path_ = folder_.path("anchors.txt");
};

TEST_F(AuditAnchors, StandInTheOrderTheyWereNotedEachOnce) {
    EXPECT_TRUE(heads().empty());
    EXPECT_EQ(note_anchor(path_, head(3), 0)->count, 0U);
    EXPECT_EQ(*note_anchor(path_, head(3), 60'000), head(3));
    EXPECT_EQ(*note_anchor(path_, head(9), 1'790'000'000'000), head(3));
    EXPECT_EQ(heads(), (std::vector<AuditHead>{head(3), head(9)}));
    EXPECT_EQ(anchors().front().noted_at, 0);
    EXPECT_EQ(anchors().back().noted_at, 1'790'000'000'000);
    const std::string text = read_file(path_);
    EXPECT_EQ(text.substr(0, 29), "1970-01-01T00:00:00Z 3 a3a3a3");
    EXPECT_NE(text.find("\n2026-09-21T"), std::string::npos) << text;
}

TEST_F(AuditAnchors, ALineThatWasCutShortIsPassedOver) {
    ASSERT_TRUE(note_anchor(path_, head(3), 0));
    write("2026-11-23T09:00:00Z 4 a4a4a4");
    EXPECT_EQ(heads(), (std::vector<AuditHead>{head(3)}));
    ASSERT_TRUE(note_anchor(path_, head(5), 0));
    EXPECT_EQ(heads(), (std::vector<AuditHead>{head(3), head(5)}));
}

TEST_F(AuditAnchors, ALineThatIsNoneIsNamedAndStopsNoOther) {
    const std::string digits(64, 'a');
    for (const std::string& line :
         {"yesterday 4 " + digits, "2026-11-23T09:00:00Z four " + digits,
          "2026-11-23T09:00:00Z  " + digits, "2026-11-23T09:00:00Z 4 " + std::string(64, 'x'),
          "2026-11-23T09:00:00Z 4 " + digits + "a",
          "2026-11-23T09:00:00Z 123456789012345678901 " + digits}) {
        std::filesystem::remove(path_);
        write("\n" + line + "\n");
        const auto read = read_anchors(path_);
        ASSERT_FALSE(read) << line;
        EXPECT_EQ(read.error().code, ErrorCode::corrupt);
        EXPECT_NE(read.error().message.find("line 2 of"), std::string::npos);
        EXPECT_TRUE(note_anchor(path_, head(9), 0));
        EXPECT_NE(read_file(path_).find(line), std::string::npos) << "what is there stays";
        EXPECT_TRUE(read_file(path_).ends_with("a9\n"));
    }
}

TEST_F(AuditAnchors, AFolderThatCannotBeWrittenIsSaid) {
    const auto noted = note_anchor(folder_.path("nowhere/anchors.txt"), head(1), 0);
    ASSERT_FALSE(noted);
    EXPECT_EQ(noted.error().code, ErrorCode::not_found);
}

class AuditTest : public OfficeTest {
  protected:
    CheckedAudit check() {
        const auto checked = check_audit(settings_.data, settings_.anchors);
        EXPECT_TRUE(checked) << checked.error().message;
        return checked ? *checked : CheckedAudit{};
    }
    void tamper(const std::string& sql) {
        auto database = storage::Database::open(settings_.data + "/office.satchel-server", {});
        ASSERT_TRUE(database && database->execute(sql.c_str()));
    }
};

TEST_F(AuditTest, TheHeadIsNotedAtTheStartAtABackupAndAtTheEnd) {
    start();
    const std::uint64_t first = check().report.anchors;
    EXPECT_GT(first, 0U) << "beside the server that runs";
    add_user("li");
    client().post("/v1/admin/backup", kEmpty, admin());
    EXPECT_EQ(check().report.anchors, first + 1);
    add_user("wang");
    stop();
    const CheckedAudit checked = check();
    EXPECT_EQ(checked.report.anchors, first + 2);
    EXPECT_EQ(checked.anchors, settings_.data + "/audit-anchors.txt");
    EXPECT_GT(checked.report.changesets, 2U);
}

TEST_F(AuditTest, EachHourWithChangesAddsALine) {
    start();
    const std::uint64_t before = check().report.anchors;
    ASSERT_TRUE(server_->upkeep());
    EXPECT_EQ(check().report.anchors, before);
    add_user("li");
    ASSERT_TRUE(server_->upkeep());
    EXPECT_EQ(check().report.anchors, before + 1);
}

TEST_F(AuditTest, HoldsAfterTheSameBackupWasRestoredTwice) {
    settings_.anchors = folder_.path("elsewhere.txt");
    start();
    const std::string backup = client().post("/v1/admin/backup", kEmpty, admin()).json()["path"];
    add_user("li");
    add_user("wang");
    stop();
    for (std::uint64_t times = 1; times <= 2; ++times) {
        ASSERT_TRUE(restore(settings_.data, backup, settings_.anchors));
        EXPECT_EQ(check().report.restores, 1U);
        EXPECT_GE(check().report.taken_back, times);
        start();
        add_user("zhang" + std::to_string(times));
        stop();
    }
    EXPECT_FALSE(std::filesystem::exists(settings_.data + "/audit-anchors.txt"));
}

TEST_F(AuditTest, AnOlderFilePutInPlaceByHandIsFound) {
    start();
    const std::string backup = client().post("/v1/admin/backup", kEmpty, admin()).json()["path"];
    add_user("li");
    stop();
    std::filesystem::copy_file(backup, settings_.data + "/office.satchel-server",
                               std::filesystem::copy_options::overwrite_existing);
    const auto checked = check_audit(settings_.data);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::corrupt);
    EXPECT_NE(checked.error().message.find("are missing"), std::string::npos);
    // Also when it has run since, and noted its own heads.
    start();
    add_user("wang");
    stop();
    EXPECT_FALSE(check_audit(settings_.data));
}

TEST_F(AuditTest, WhatWasTamperedWithIsFound) {
    start();
    add_user("li");
    stop();
    tamper("UPDATE _log SET author = x'11111111111111111111111111111111' WHERE number = 2");
    const auto checked = check_audit(settings_.data);
    ASSERT_FALSE(checked);
    EXPECT_NE(checked.error().message.find("changeset 2"), std::string::npos);
}

TEST_F(AuditTest, HoldsWhereTheRestoreCouldNotNoteIt) {
    start();
    const std::string backup = client().post("/v1/admin/backup", kEmpty, admin()).json()["path"];
    add_user("li");
    stop();
    const auto restored = restore(settings_.data, backup, folder_.path("nowhere/anchors.txt"));
    ASSERT_TRUE(restored);
    EXPECT_EQ(restored->noted.error().code, ErrorCode::not_found);
    EXPECT_GE(check().report.taken_back, 1U);
    start();
    add_user("wang");
    stop();
    EXPECT_GE(check().report.taken_back, 1U);
}

TEST_F(AuditTest, NothingIsWrittenToWhatIsLookedAt) {
    start();
    stop();
    const std::string file = settings_.data + "/office.satchel-server";
    const std::string before = read_file(file);
    std::filesystem::permissions(file, std::filesystem::perms::owner_read);
    EXPECT_GT(check().report.anchors, 0U);
    EXPECT_EQ(read_file(file), before);
}

TEST_F(AuditTest, AFileOfHeadsThatWasAskedForMustBeThere) {
    start();
    EXPECT_EQ(check_audit(settings_.data, folder_.path("typo.txt")).error().code,
              ErrorCode::not_found);
}

TEST_F(AuditTest, WhereThereIsNoWorkspaceThatIsSaid) {
    EXPECT_EQ(check_audit(folder_.path("nowhere")).error().code, ErrorCode::not_found);
    std::ofstream(folder_.path("office.satchel-server")) << "some text, and not a database at all";
    EXPECT_EQ(check_audit(folder_.path()).error().code, ErrorCode::not_a_database);
}

}  // namespace
}  // namespace satchel::server
