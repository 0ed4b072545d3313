#include "client-imgui/desk.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "client-imgui/field_text.hpp"
#include "client-imgui/table_query.hpp"
#include "tests/ui/office.hpp"
#include "tests/ui/sample_replica.hpp"

namespace satchel::window {
namespace {

class DeskTest : public testing::Test {
  protected:
    void SetUp() override {
        const auto* test = testing::UnitTest::GetInstance()->current_test_info();
        path_ =
            testing::TempDir() + "desk-" + test->name() + std::to_string(::getpid()) + ".satchel";
        replica_ = make_replica(path_);
        desk_ = std::make_unique<Desk>(DeskOptions{.path = path_});
        desk_->open();
    }
    void TearDown() override {
        desk_.reset();
        replica_.reset();
        remove_replica(path_);
    }

    RecordId create(const std::string& collection, const storage::FieldValues& values) {
        auto transaction = replica_->begin();
        const auto id = transaction->create(collection, values);
        EXPECT_TRUE(id) << id.error().message;
        EXPECT_TRUE(transaction->commit());
        desk_->look();
        return *id;
    }
    SnapshotPointer after(const Intent& intent) {
        desk_->carry_out(intent);
        return desk_->snapshot();
    }
    SnapshotPointer table(const std::string& filter, const std::string& sort = "",
                          bool descending = false) {
        TableQuery query;
        query.collection = "opportunity";
        query.filter = filter;
        query.sort_field = sort;
        query.descending = descending;
        return after(ShowTable{query});
    }
    static std::vector<std::string> column(const Snapshot& snapshot, const std::string& field) {
        std::vector<std::string> cells;
        for (std::size_t i = 0; i < snapshot.table->columns.size(); ++i)
            if (snapshot.table->columns[i].field == field)
                for (const TableRow& row : snapshot.table->rows)
                    cells.push_back(row.cells[i]);
        return cells;
    }
    SaveRecord saving(const FormView& form, std::vector<FieldChange> changes) {
        SaveRecord request;
        request.serial = ++serial_;
        request.collection = form.collection_name;
        request.id = form.id;
        request.token = form.token;
        request.changes = std::move(changes);
        return request;
    }
    static FieldChange typed(const std::string& field, const std::string& text,
                             const std::string& currency = "") {
        FieldChange change;
        change.field = field;
        change.text = text;
        change.currency = currency;
        return change;
    }

    std::string path_;
    std::unique_ptr<storage::Replica> replica_;
    std::unique_ptr<Desk> desk_;
    std::uint64_t serial_ = 0;
};

using Texts = std::vector<std::string>;

TEST_F(DeskTest, ATableIsFilteredByTextsNamesOfReferencesAndDates) {
    const RecordId acme = create("account", {{"name", Value::text("上海可乐")}});
    create("opportunity", {{"number", Value::text("A1")}, {"account", Value::id(acme)}});
    create("opportunity", {{"number", Value::text("A2")}, {"close_date", Value(17'094)}});
    create("opportunity", {{"number", Value::text("100%")}});

    EXPECT_EQ(column(*table(""), "number"), (Texts{"A1", "A2", "100%"}));
    EXPECT_EQ(column(*table("可乐"), "number"), (Texts{"A1"}));
    EXPECT_EQ(column(*table("a2"), "number"), (Texts{"A2"}));
    EXPECT_EQ(column(*table("2016-10"), "number"), (Texts{"A2"}));
    EXPECT_EQ(column(*table("0%"), "number"), (Texts{"100%"}));
    EXPECT_TRUE(table("nobody")->table->rows.empty());
    EXPECT_EQ(column(*table("可乐"), "account"), (Texts{"上海可乐"}));
}

TEST_F(DeskTest, ATableIsSortedByValueAndEmptyCellsComeLast) {
    for (const auto& [number, amount] : {std::pair{"A", 900}, {"B", 10'000}, {"C", 200}})
        create("opportunity", {{"number", Value::text(number)},
                               {"amount", Value(std::int64_t{amount})},
                               {"currency", Value::text("CNY")}});
    create("opportunity", {{"number", Value::text("D")}});
    EXPECT_EQ(column(*table("", "amount"), "number"), (Texts{"C", "A", "B", "D"}));
    EXPECT_EQ(column(*table("", "amount", true), "number"), (Texts{"B", "A", "C", "D"}));
    EXPECT_EQ(column(*table("", "amount", true), "amount"),
              (Texts{"100.00 CNY", "9.00 CNY", "2.00 CNY", ""}));
}

TEST_F(DeskTest, ThousandsOfRowsAreReadAndFiltered) {
    import_sample_data(*replica_);
    desk_->look();
    EXPECT_EQ(table("")->table->total, 8'800);
    EXPECT_GT(table("won", "amount", true)->table->rows.size(), 4'000U);
    EXPECT_EQ(desk_->snapshot()->replica.pending, 0U);
}

TEST_F(DeskTest, EveryKindOfFieldIsSaved) {
    const RecordId acme = create("account", {{"name", Value::text("Acme")}});
    const RecordId id = create("opportunity", {{"number", Value::text("A1")}});
    const auto form = after(OpenRecord{"opportunity", id})->form;
    FieldChange account;
    account.field = "account";
    account.reference = acme;
    FieldChange tags;
    tags.field = "tags";
    tags.added = {"重点", "Q4"};
    FieldChange calls;
    calls.field = "calls";
    calls.step = 2;
    const auto saved =
        after(saving(*form, {typed("name", "新合同"), typed("stage", "Engaging"),
                             typed("amount", "1,054.50", "CNY"), typed("close_date", "2016-10-20"),
                             typed("notes", "一\n二"), account, tags, calls}));
    ASSERT_TRUE(saved->answer.saved);
    EXPECT_EQ(saved->answer.serial, serial_);
    ASSERT_TRUE(saved->form);
    EXPECT_NE(saved->form->opened, form->opened);
    EXPECT_TRUE(desk_->take_wrote());

    auto rows = replica_->database().prepare(
        "SELECT name, stage, amount, currency, close_date, notes, tags, calls, account"
        " FROM opportunity");
    ASSERT_TRUE(rows && *rows->step());
    EXPECT_EQ(rows->text(0), "新合同");
    EXPECT_EQ(rows->text(1), "Engaging");
    EXPECT_EQ(rows->integer(2), 105'450);
    EXPECT_EQ(rows->text(3), "CNY");
    EXPECT_EQ(rows->integer(4), 17'094);
    EXPECT_EQ(rows->text(5), "一\n二");
    EXPECT_EQ(set_elements(rows->text(6)), (Texts{"Q4", "重点"}));
    EXPECT_EQ(rows->integer(7), 2);
    EXPECT_EQ(rows->blob(8), acme.view());
}

TEST_F(DeskTest, ANewRecordBelongsToThePersonUnlessTheFormSaysOtherwise) {
    const RecordId me = *RecordId::parse("0192f3c4-8a11-7c3e-9f00-0123456789ab");
    const RecordId other = *RecordId::parse("0192f3c4-8a11-7c3e-9f00-0123456789ac");
    ASSERT_TRUE(replica_->set_setting("user.id", me.text()));
    const auto owner_of = [&](std::vector<FieldChange> changes) {
        const auto form = after(NewRecord{"account"})->form;
        EXPECT_TRUE(after(saving(*form, std::move(changes)))->answer.saved);
        const Collection& account = *replica_->schema()->find("account");
        const auto saved = replica_->record("account", *desk_->snapshot()->form->id);
        return saved->shown[account.position(account.find("owner")->id)];
    };
    EXPECT_EQ(owner_of({typed("name", "Acme")}), Value::id(me));
    EXPECT_TRUE(owner_of({typed("name", "Acme"), typed("pool", "south")}).is_null());
    FieldChange given = typed("owner", "");
    given.reference = other;
    EXPECT_EQ(owner_of({given}), Value::id(other));
}

TEST_F(DeskTest, WhatIsWrongWithAFieldIsToldAtThatFieldAndNothingIsWritten) {
    const RecordId id = create("opportunity", {{"number", Value::text("A1")}});
    const auto form = after(OpenRecord{"opportunity", id})->form;
    const auto refused = after(saving(
        *form, {typed("name", "fine"), typed("amount", "12,34", "CNY"),
                typed("close_date", "10/20/2016"), typed("next_step", std::string("a\0b", 3))}));
    EXPECT_FALSE(refused->answer.saved);
    ASSERT_EQ(refused->answer.problems.size(), 3U);
    EXPECT_EQ(refused->answer.problems[0].field, "amount");
    EXPECT_EQ(refused->answer.problems[1].field, "close_date");
    EXPECT_EQ(refused->answer.problems[2].field, "next_step");
    EXPECT_TRUE(replica_->record("opportunity", id)->shown[1].is_null());
    const auto without = after(saving(*form, {typed("amount", "12.00", "yuan")}));
    EXPECT_EQ(without->answer.problems.at(0).field, "amount");
}

TEST_F(DeskTest, AValueThatArrivedWhileTheFormWasOpenSurvivesBesideTheSavedOne) {
    const RecordId id = create("opportunity", {{"next_step", Value::text("first")}});
    const auto form = after(OpenRecord{"opportunity", id})->form;
    auto transaction = replica_->begin();
    ASSERT_TRUE(transaction->set("opportunity", id, {{"next_step", Value::text("other")}}));
    ASSERT_TRUE(transaction->commit());
    const auto saved = after(saving(*form, {typed("next_step", "mine")}));
    ASSERT_TRUE(saved->answer.saved);
    ASSERT_EQ(saved->conflicts->items.size(), 1U);
    EXPECT_EQ(saved->conflicts->items[0].siblings.size(), 2U);
    EXPECT_EQ(saved->form->conflicts.size(), 1U);
}

TEST_F(DeskTest, AConflictShowsBothValuesWithTheReasonAndIsResolvedByChoosing) {
    const RecordId id = create("opportunity", {{"stage", Value::text("Engaging")}});
    Office office(*replica_);
    office.accept_everything();
    auto transaction = replica_->begin();
    ASSERT_TRUE(transaction->set("opportunity", id, {{"stage", Value::text("Prospecting")}}));
    ASSERT_TRUE(transaction->commit());
    office.colleague_wrote("opportunity", id, {0xbeef, 1}, "stage", {Value::text("Won")}, 1'000);
    ASSERT_TRUE(desk_->look());
    const auto snapshot = desk_->snapshot();
    ASSERT_EQ(snapshot->conflicts->items.size(), 1U);
    const ConflictView& conflict = snapshot->conflicts->items[0];
    EXPECT_EQ(conflict.rule, "furthest");
    ASSERT_EQ(conflict.siblings.size(), 2U);
    EXPECT_EQ(conflict.siblings[0].text, "Won");
    EXPECT_TRUE(conflict.siblings[0].shown);
    EXPECT_EQ(conflict.siblings[0].author, "000000000000beef");
    EXPECT_EQ(conflict.siblings[1].text, "Prospecting");
    EXPECT_EQ(conflict.siblings[1].author, "");

    const auto resolved = after(
        Resolve{"opportunity", id, conflict.token, {{"stage", conflict.siblings[1].values[0]}}});
    EXPECT_TRUE(resolved->conflicts->items.empty());
    EXPECT_EQ(resolved->replica.conflicts, 0U);
    EXPECT_EQ(column(*table(""), "stage"), (Texts{"Prospecting"}));
}

TEST_F(DeskTest, ADeletedRecordIsListedAndComesBack) {
    const RecordId id = create("opportunity", {{"number", Value::text("A1")}});
    const auto form = after(OpenRecord{"opportunity", id})->form;
    table("");
    EXPECT_TRUE(after(DeleteRecord{"opportunity", id, form->token})->table->rows.empty());
    EXPECT_TRUE(desk_->snapshot()->form->dead);
    TableQuery deleted;
    deleted.collection = "opportunity";
    deleted.deleted = true;
    EXPECT_EQ(column(*after(ShowTable{deleted}), "number"), (Texts{"A1"}));
    EXPECT_TRUE(after(UndeleteRecord{"opportunity", id})->table->rows.empty());
    EXPECT_EQ(column(*table(""), "number"), (Texts{"A1"}));
}

TEST_F(DeskTest, InputThatWasNotAcceptedKeepsItsReasonUntilItIsEditedSentAgainOrDismissed) {
    const RecordId id = create("opportunity", {{"number", Value::text("A1")}});
    Office office(*replica_);
    office.accept_everything();
    for (const char* step : {"one", "two", "three"}) {
        auto transaction = replica_->begin();
        ASSERT_TRUE(transaction->set("opportunity", id, {{"next_step", Value::text(step)}}));
        ASSERT_TRUE(transaction->commit());
        office.reject_oldest(Reason::not_allowed, "opportunity");
    }
    desk_->look();
    const auto list = desk_->snapshot()->rejected;
    ASSERT_EQ(list->items.size(), 3U);
    EXPECT_EQ(list->items[0].reason, name(Reason::not_allowed));
    EXPECT_EQ(list->items[0].operations.at(0).changes.at(0).text, "three");
    EXPECT_TRUE(list->items[0].operations[0].here);

    EXPECT_EQ(after(DismissRejected{list->items[0].number})->rejected->items.size(), 2U);
    EXPECT_EQ(after(ResendRejected{list->items[1].number})->rejected->items.size(), 1U);
    const auto form = after(OpenRecord{"opportunity", id})->form;
    SaveRecord edited = saving(*form, {typed("next_step", "better")});
    edited.replaces = list->items[2].number;
    EXPECT_TRUE(after(edited)->rejected->items.empty());
    EXPECT_EQ(replica_->record("opportunity", id)->shown[10], Value::text("better"));
    EXPECT_EQ(after(DismissRejected{99'999})->failure->code, ErrorCode::not_found);
}

TEST_F(DeskTest, APickerFindsWhatAReferenceCanPointTo) {
    for (const char* name : {"Acme", "上海可乐", "Zeta"})
        create("account", {{"name", Value::text(name)}});
    const CollectionId account = replica_->schema()->find("account")->id;
    EXPECT_EQ(after(FindReferences{account, ""})->picker->found.size(), 3U);
    const auto picker = after(FindReferences{account, "可"})->picker;
    ASSERT_EQ(picker->found.size(), 1U);
    EXPECT_EQ(picker->found[0].title, "上海可乐");
}

TEST(DeskFile, SaysWhatIsWrongWithAFileThatCannotBeOpened) {
    const std::string path = testing::TempDir() + "desk-wrong.satchel";
    const auto error_of = [&](const std::string& key) {
        DeskOptions options{.path = path};
        options.replica.key = key;
        Desk desk(options);
        desk.open();
        const auto snapshot = desk.snapshot();
        EXPECT_FALSE(snapshot->opening);
        return snapshot->file_error ? snapshot->file_error->code : ErrorCode::ok;
    };
    remove_replica(path);
    EXPECT_EQ(error_of(""), ErrorCode::not_found);
    make_replica(path, "secret");
    EXPECT_EQ(error_of("wrong"), ErrorCode::wrong_key);
    EXPECT_EQ(error_of("secret"), ErrorCode::ok);
    auto newer = make_replica(path);
    ASSERT_TRUE(newer->database().set_user_version(storage::kReplicaFormat + 1));
    newer.reset();
    EXPECT_EQ(error_of(""), ErrorCode::newer_format);
    remove_replica(path);
    std::ofstream(path) << "this is a letter to a customer and no database at all, " << path;
    EXPECT_EQ(error_of(""), ErrorCode::not_a_database);
    remove_replica(path);
}

TEST(DeskFile, OpensWhenTheTroubleIsOverAndTheWindowAsksAgain) {
    const std::string path = testing::TempDir() + "desk-later.satchel";
    remove_replica(path);
    Desk desk({.path = path});
    desk.open();
    ASSERT_TRUE(desk.snapshot()->file_error);
    make_replica(path);
    desk.carry_out(OpenFileAgain{});
    EXPECT_FALSE(desk.snapshot()->file_error);
    EXPECT_FALSE(desk.snapshot()->collections.empty());
    remove_replica(path);
}

// A server that has one answer, or waits until it is told to stop.
class OneAnswer : public client::Transport {
  public:
    explicit OneAnswer(client::HttpReply reply) : reply_(std::move(reply)) {}
    Result<client::HttpReply> exchange(const client::HttpRequest& request,
                                       client::CancelToken& cancel) override {
        EXPECT_EQ(request.url, "https://sync.example.com/v1/login");
        if (cancel.cancelled()) return Error{ErrorCode::cancelled, "stopped"};
        return reply_;
    }

  private:
    client::HttpReply reply_;
};

class LoginDeskTest : public DeskTest {
  protected:
    // The desk of a window that syncs, on a server that answers so.
    void answer_with(int status, const std::string& body) {
        DeskOptions options;
        options.path = path_;
        options.syncs = true;
        options.make_transport =
            [status,
             body](const client::CurlOptions&) -> Result<std::unique_ptr<client::Transport>> {
            client::HttpReply reply;
            reply.status = status;
            reply.headers = {{"satchel-server", "0.1.0"}, {"content-type", "application/json"}};
            reply.body = body;
            return std::unique_ptr<client::Transport>(std::make_unique<OneAnswer>(reply));
        };
        desk_ = std::make_unique<Desk>(std::move(options));
        desk_->open();
    }
    const LogIn typed_{"sync.example.com/", "li.wei", "correct horse"};
};

constexpr const char* kWelcome = R"({"token": "t0", "login": "li.wei", "name": "李伟",
    "user": "0192f3c4-8a11-7c3e-9f00-0123456789ab", "role": "rep", "workspace": "satchel"})";

TEST_F(LoginDeskTest, AFileThatNobodyIsLoggedInWithWantsALogIn) {
    EXPECT_FALSE(desk_->snapshot()->login) << "this window does not sync";
    answer_with(200, kWelcome);
    ASSERT_TRUE(desk_->snapshot()->login);
    EXPECT_EQ(desk_->snapshot()->login->url, "");
    const SnapshotPointer welcome = after(typed_);
    EXPECT_FALSE(welcome->login);
    EXPECT_EQ(welcome->sync.user_name, "李伟");
    EXPECT_EQ(*replica_->setting("user.login"), "li.wei");
    desk_->open();
    EXPECT_FALSE(desk_->snapshot()->login);
    ASSERT_TRUE(replica_->set_setting("server.token", ""));  // it has ended
    desk_->reload();
    ASSERT_TRUE(desk_->snapshot()->login);
    EXPECT_EQ(desk_->snapshot()->login->url, "https://sync.example.com");
    EXPECT_EQ(desk_->snapshot()->login->login, "li.wei");
}

TEST_F(LoginDeskTest, ARefusedLogInIsSaidInWordsAndChangesNothing) {
    answer_with(401, R"({"code": "unauthorized", "message": "wrong login or password"})");
    desk_->show_logging_in();
    EXPECT_TRUE(desk_->snapshot()->login->running);
    const SnapshotPointer refused = after(typed_);
    ASSERT_TRUE(refused->login && refused->login->error);
    EXPECT_FALSE(refused->login->running);
    EXPECT_EQ(refused->login->error->code, ErrorCode::unauthorized);
    EXPECT_EQ(client::words(*refused->login->error, client::Language::chinese),
              "登录名或密码错误。");
    EXPECT_EQ(*replica_->setting("server.url"), "");
    desk_->show_logging_in();
    EXPECT_FALSE(desk_->snapshot()->login->error) << "a new try";
}

TEST_F(LoginDeskTest, AnAddressThatIsNoneIsSaidToBeSo) {
    answer_with(200, kWelcome);
    const SnapshotPointer refused = after(LogIn{"not an address", "li.wei", "x"});
    ASSERT_TRUE(refused->login && refused->login->error);
    EXPECT_EQ(refused->login->error->code, ErrorCode::invalid_argument);
}

TEST_F(LoginDeskTest, AWindowThatIsClosedWaitsForNoLogIn) {
    answer_with(200, kWelcome);
    desk_->stop();
    const SnapshotPointer stopped = after(typed_);
    ASSERT_TRUE(stopped->login && stopped->login->error);
    EXPECT_EQ(stopped->login->error->code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace satchel::window
