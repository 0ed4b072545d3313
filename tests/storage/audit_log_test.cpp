// The audit log of a workspace with every kind of entry in it (the golden one), whole and tampered
// with by somebody who may write to the file.
#include "storage/audit_log.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "storage/services.hpp"
#include "tests/golden/company.hpp"

namespace satchel::storage {
namespace {

const std::string kGolden = std::string(SATCHEL_SOURCE_DIR) + "/tests/golden";

class Audit : public ::testing::Test {
  protected:
    Database& database() { return store_->database(); }
    void run(const std::string& sql) { ASSERT_TRUE(database().execute(sql.c_str())) << sql; }
    std::int64_t integer(const std::string& sql) { return *database().integer(sql); }
    // "" when it holds, else what is wrong.
    std::string check(const std::vector<AuditAnchor>& anchors = {}) {
        const auto report = check_audit(database(), anchors);
        if (report) return "";
        EXPECT_EQ(report.error().code, ErrorCode::corrupt);
        return report.error().message;
    }
    void expect_wrong(const std::string& what, const std::vector<AuditAnchor>& anchors = {}) {
        const std::string found = check(anchors);
        EXPECT_NE(found.find(what), std::string::npos) << "found: " << found;
    }
    // The log up to there, as noted when it ended there, whenever that was.
    AuditAnchor head_at(std::uint64_t count) {
        auto row =
            database().prepare("SELECT link FROM _audit WHERE number = " + std::to_string(count));
        EXPECT_TRUE(row && *row->step());
        return {{count, *digest_from_bytes(row->blob(0))}, 0};
    }
    AuditAnchor end() { return {*store_->audit_head(), 0}; }
    // Number of the first entry of the kind.
    std::uint64_t first_of(AuditKind kind) {
        return loaded(integer("SELECT min(number) FROM _audit WHERE hex(substr(entry, 1, 1)) = '0" +
                              std::to_string(static_cast<int>(kind)) + "'"));
    }
    // What is held goes on: declared lost is what it waits for.
    void decide() {
        store_->look_up_callers([](std::uint64_t replica, const RecordId& user) {
            return std::optional(golden::caller_of(user, replica, true));
        });
        const auto held = store_->held();
        ASSERT_EQ(held->size(), 1U);
        ASSERT_TRUE(store_->declare_lost(held->front().verdict.original, "wang", golden::kBegin));
        ASSERT_TRUE(store_->held()->empty());
    }
    // As somebody would who knows how the links are made.
    void link_anew() {
        Digest link = AuditLog::start().hash;
        for (std::int64_t number = 1; number <= integer("SELECT max(number) FROM _audit");
             ++number) {
            auto row = database().prepare("SELECT entry FROM _audit WHERE number = " +
                                          std::to_string(number));
            ASSERT_TRUE(row && *row->step());
            link = chain_link(&blake2b, link, row->blob(0));
            auto update = database().prepare("UPDATE _audit SET link = ?1 WHERE number = ?2");
            update->bind_blob(1, view(link));
            update->bind(2, number);
            ASSERT_TRUE(update->run());
        }
    }

    void begin_anew() {
        store_.reset();
        copies_.emplace(kGolden);
        store_ = copies_->store();
    }

    std::optional<golden::Copies> copies_{kGolden};
    std::unique_ptr<SqliteServerStore> store_ = copies_->store();
};

TEST_F(Audit, IsWholeAndTellsOfEverything) {
    decide();
    const auto report = check_audit(database(), {});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->head, end().head);
    EXPECT_EQ(report->changesets, loaded(integer("SELECT count(*) FROM _log")));
    EXPECT_EQ(report->restores, 1U);
    for (const AuditKind kind : {AuditKind::taken, AuditKind::decided, AuditKind::adopted,
                                 AuditKind::lost, AuditKind::restored})
        EXPECT_GT(first_of(kind), 0U) << static_cast<int>(kind);
}

TEST_F(Audit, HasNoEntryOfWhatWasUndone) {
    const AuditHead before = *store_->audit_head();
    ASSERT_TRUE(store_->begin());
    decide();
    EXPECT_GT(store_->audit_head()->count, before.count);
    store_->roll_back_all();
    EXPECT_EQ(*store_->audit_head(), before);
    decide();
    EXPECT_EQ(check({{before, 0}, end()}), "");
}

TEST_F(Audit, HeadsThatWereNotedHold) {
    const auto report = check_audit(database(), {head_at(2), head_at(7), end()});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->anchors, 3U);
    EXPECT_EQ(report->taken_back, 0U);
}

TEST_F(Audit, AnEntryThatWasChangedIsNamed) {
    const std::string number = std::to_string(first_of(AuditKind::adopted));
    run("UPDATE _audit SET entry = CAST(x'00' || substr(entry, 2) AS BLOB) WHERE number = " +
        number);
    expect_wrong("entry " + number + " is not as it was written");
}

TEST_F(Audit, EntriesThatWereLeftOutMovedOrPutInAreNamed) {
    run("DELETE FROM _audit WHERE number = 5");
    expect_wrong("entry 5 is missing");
    run("UPDATE _audit SET number = -number WHERE number > 5;"
        "UPDATE _audit SET number = -number - 1 WHERE number < 0");
    expect_wrong("entry 5 is not as it was written");
    begin_anew();
    run("UPDATE _audit SET number = -number WHERE number IN (5, 6);"
        "UPDATE _audit SET number = 11 + number WHERE number < 0");
    expect_wrong("entry 5 is not as it was written");
    begin_anew();
    run("INSERT INTO _audit SELECT max(number) + 1, entry, link FROM _audit");
    expect_wrong("is not as it was written");
}

// A chain alone does not show it.
TEST_F(Audit, AnEndThatWasCutOffIsMissedByWhatWasNoted) {
    const AuditAnchor before = head_at(first_of(AuditKind::restored));
    const AuditAnchor whole = end();
    run("DELETE FROM _audit WHERE number = (SELECT max(number) FROM _audit);"
        "DELETE FROM _log WHERE number = (SELECT max(number) FROM _log)");
    EXPECT_EQ(check(), "");
    expect_wrong("entry " + std::to_string(whole.head.count) + " and what follows are missing",
                 {before, whole});
}

TEST_F(Audit, ALogThatWasWrittenAnewIsNotTheOneThatWasNoted) {
    const AuditAnchor before = head_at(6);
    AuditAnchor whole = end();
    // When changeset 7 came, some seconds earlier; in the log, too.
    run("UPDATE _audit SET entry = CAST(substr(entry, 1, 8) || x'00' || substr(entry, 10) AS BLOB)"
        " WHERE number = 7");
    expect_wrong("entry 7 is not as it was written");
    link_anew();
    expect_wrong("tells of changeset 7, which is not as it came");
    run("UPDATE _log SET receipt = receipt & ~65280 WHERE number = 7");
    EXPECT_EQ(check(), "");
    EXPECT_EQ(check({before}), "");
    // A restore stands after it, but that was long before the head was noted.
    whole.noted_at = golden::kBegin + std::int64_t{30} * 86'400'000;
    expect_wrong("entry " + std::to_string(whole.head.count) + " is not the one that was noted",
                 {before, whole});
}

AuditAnchor gone(std::uint64_t count) {
    return {{count, {}}, 0};  // of a file that a backup replaced
}

TEST_F(Audit, WhatARestoreTookBackIsMissingRightly) {
    const std::uint64_t restored = first_of(AuditKind::restored);
    for (const std::uint64_t next : {restored, restored + 2}) {
        // Before the backup; of the replaced file, one of them as long; after it, not always at
        // once.
        const std::vector<AuditAnchor> noted{head_at(3), gone(restored), gone(restored + 9),
                                             head_at(next), end()};
        const auto report = check_audit(database(), noted);
        ASSERT_TRUE(report) << report.error().message;
        EXPECT_EQ(report->anchors, 3U);
        EXPECT_EQ(report->taken_back, 2U);
    }
}

// First an older backup was restored, then a newer one.
TEST_F(Audit, WhatARestoreBroughtMayBeTakenBackByAnother) {
    const std::uint64_t restored = first_of(AuditKind::restored);
    EXPECT_EQ(check({head_at(3), head_at(restored - 1), gone(restored + 5), gone(7), gone(9),
                     head_at(restored)}),
              "");
}

// The restore came before what held last: a copy of its file was put in place by hand later.
TEST_F(Audit, NothingIsTakenBackWhereNoRestoreIs) {
    const std::uint64_t restored = first_of(AuditKind::restored);
    const std::uint64_t count = end().head.count;
    expect_wrong("entry " + std::to_string(restored + 2) + " is not the one that was noted",
                 {head_at(restored), gone(restored + 2), head_at(restored), end()});
    expect_wrong("entry " + std::to_string(count + 1) + " and what follows are missing",
                 {head_at(restored), gone(count + 4)});
}

TEST_F(Audit, AnEmptiedLogIsMissedByWhatWasNoted) {
    const AuditAnchor whole = end();
    run("DELETE FROM _audit; DELETE FROM _log; DELETE FROM _lost");
    EXPECT_EQ(check(), "");
    expect_wrong("entry 1 and what follows are missing", {whole});
    expect_wrong("entry 1 and what follows are missing", {whole, {AuditLog::start(), 0}});
}

TEST_F(Audit, TablesThatAreGoneAreSaid) {
    run("DROP TABLE _audit");
    expect_wrong("its tables are not all there");
    store_.reset();
    const auto opened = SqliteServerStore::open(copies_->store_path(), {});
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find("no audit log"), std::string::npos);
}

TEST_F(Audit, AChangesetThatIsNotAsItCameIsNamed) {
    for (const char* tampering :
         {"UPDATE _log SET bytes = (SELECT bytes FROM _log WHERE number = 12) WHERE number = 11",
          "UPDATE _log SET author = zeroblob(16) WHERE number = 11",
          "UPDATE _log SET first = first + 100 WHERE number = 11",
          "UPDATE _log SET last = last + 1 WHERE number = 11",
          "UPDATE _log SET hash = zeroblob(32) WHERE number = 11",
          "UPDATE _log SET replica = replica + 1000 WHERE number = 11",
          "UPDATE _log SET receipt = receipt + 1 WHERE number = 11",
          "UPDATE _log SET device_now = 0 WHERE number = 11",
          "UPDATE _log SET change = zeroblob(16) WHERE number = 11",
          "UPDATE _log SET last = last || 'x' WHERE number = 11"}) {
        begin_anew();
        run(tampering);
        expect_wrong("tells of changeset 11, which is not as it came");
    }
    begin_anew();
    run("DELETE FROM _log WHERE number = 11");
    expect_wrong("tells of changeset 11, which is not there");
    begin_anew();
    run("INSERT INTO _log SELECT max(number) + 1, replica, 1000, 1000, change, hash, receipt,"
        " device_now, author, kind, seq, effective, rank, late, reason, detail, original,"
        " adopted_at, adopted_by, bytes FROM _log");
    expect_wrong("no entry tells of changeset");
}

TEST_F(Audit, ADecisionThatIsNotAsItWasTakenIsNamed) {
    const struct {
        const char* tampering;
        const char* found;
    } kCases[] = {
        {"UPDATE _log SET kind = 0 WHERE number = 27", "what became of changeset 27"},
        {"UPDATE _log SET kind = '2x' WHERE number = 27", "what became of changeset 27"},
        {"UPDATE _log SET kind = 1 WHERE number = 35", "what became of changeset 35"},
        {"UPDATE _log SET seq = seq + 1 WHERE number = 35", "what became of changeset 35"},
        {"UPDATE _log SET effective = effective + 1 WHERE number = 11", "became of changeset 11"},
        {"UPDATE _log SET rank = 255 WHERE number = 11", "what became of changeset 11"},
        {"UPDATE _log SET late = 1 WHERE number = 11", "what became of changeset 11"},
        {"UPDATE _log SET detail = 'fine' WHERE number = 27", "what became of changeset 27"},
        {"UPDATE _log SET original = '7:7' WHERE number = 27", "what became of changeset 27"},
        {"UPDATE _log SET adopted_by = zeroblob(16) WHERE number = 26", "adopted changeset 26"},
        {"UPDATE _log SET adopted_by = NULL WHERE number = 26", "who adopted changeset 26"},
        {"UPDATE _log SET adopted_at = NULL WHERE number = 26", "who adopted changeset 26"},
        {"UPDATE _log SET adopted_at = 1 WHERE number = 27", "who adopted changeset 27"},
        {"UPDATE _log SET adopted_by = zeroblob(16) WHERE number = 11", "adopted changeset 11"},
        {"DELETE FROM _lost", "lost, and when, is not what the entries tell"},
        {"UPDATE _lost SET declared_by = 'li'", "lost, and when, is not what the entries tell"},
        {"UPDATE _lost SET at = at + 1", "lost, and when, is not what the entries tell"},
        {"INSERT INTO _lost VALUES ('77:1', 'nobody', 0)", "who declared change 77:1 lost"},
    };
    for (const auto& [tampering, found] : kCases) {
        begin_anew();
        decide();
        run(tampering);
        expect_wrong(found);
    }
}

}  // namespace
}  // namespace satchel::storage
