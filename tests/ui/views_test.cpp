// Views drawn without a window: a snapshot goes in, a mouse is moved, intents come out.
#include "client-imgui/views.hpp"

#include <gtest/gtest.h>
#include <imgui.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "client-imgui/desk.hpp"
#include "tests/ui/office.hpp"
#include "tests/ui/sample_replica.hpp"

namespace satchel::window {
namespace {

constexpr std::int64_t kNow = 1'795'300'000'000;

class ViewsTest : public testing::Test {
  protected:
    void SetUp() override {
        const auto* test = testing::UnitTest::GetInstance()->current_test_info();
        path_ =
            testing::TempDir() + "views-" + test->name() + std::to_string(::getpid()) + ".satchel";
        replica_ = make_replica(path_);
        desk_ = std::make_unique<Desk>(DeskOptions{.path = path_});
        desk_->open();
        context_ = ImGui::CreateContext();
        ImGuiIO& io = ImGui::GetIO();
        io.IniFilename = nullptr;
        io.DisplaySize = {1280, 900};
        io.DeltaTime = 1.0F / 60;
        unsigned char* pixels = nullptr;
        int width = 0;
        int height = 0;
        io.Fonts->GetTexDataAsAlpha8(&pixels, &width, &height);
        state_.log = &log_;
    }
    void TearDown() override {
        ImGui::DestroyContext(context_);
        desk_.reset();
        replica_.reset();
        remove_replica(path_);
    }

    Intents frame() {
        ImGui::NewFrame();
        Intents wishes = draw(*snapshot_, state_, kNow);
        ImGui::Render();
        return wishes;
    }
    // Draws, carries out what was asked for, and draws again until nothing is asked for any more.
    // Gives the last thing that was asked for.
    std::optional<Intent> settle() {
        std::optional<Intent> last;
        for (int quiet = 0; quiet < 3; ++quiet) {
            for (const Intent& wish : frame()) {
                desk_->carry_out(wish);
                last = wish;
                quiet = 0;
            }
            if (!frozen_) snapshot_ = desk_->snapshot();
        }
        return last;
    }
    std::optional<Intent> click(const std::string& widget) {
        EXPECT_TRUE(log_.items().contains(widget)) << widget << " is not drawn";
        if (!log_.items().contains(widget)) return std::nullopt;
        const auto rect = log_.items().at(widget).rect;
        ImGuiIO& io = ImGui::GetIO();
        io.MousePos = {static_cast<float>(rect[0] + rect[2]) / 2,
                       static_cast<float>(rect[1] + rect[3]) / 2};
        frame();
        io.MouseDown[0] = true;
        std::optional<Intent> wish = settle();
        io.MouseDown[0] = false;
        if (auto released = settle()) wish = std::move(released);
        return wish;
    }
    std::optional<Intent> type(const std::string& text) {
        ImGui::GetIO().AddInputCharactersUTF8(text.c_str());
        return settle();
    }
    RecordId create(const storage::FieldValues& values) {
        auto transaction = replica_->begin();
        const auto id = transaction->create("opportunity", values);
        EXPECT_TRUE(id) << id.error().message;
        EXPECT_TRUE(transaction->commit());
        desk_->look();
        snapshot_ = desk_->snapshot();
        return *id;
    }
    bool shows(const std::string& widget) const { return log_.items().contains(widget); }
    std::string text_of(const std::string& widget) const {
        return shows(widget) ? log_.items().at(widget).text : "(not drawn)";
    }

    std::string path_;
    std::unique_ptr<storage::Replica> replica_;
    std::unique_ptr<Desk> desk_;
    ImGuiContext* context_ = nullptr;
    WidgetLog log_;
    UiState state_;
    SnapshotPointer snapshot_ = std::make_shared<const Snapshot>();
    bool frozen_ = false;  // the snapshot was made by the test
};

TEST_F(ViewsTest, AClickOnARowOpensItsForm) {
    const RecordId id = create({{"number", Value::text("A1")}});
    settle();
    const auto wish = click("row/0");
    ASSERT_TRUE(wish && std::holds_alternative<OpenRecord>(*wish));
    EXPECT_EQ(std::get<OpenRecord>(*wish).id, id);
    EXPECT_TRUE(shows("form/next_step"));
}

TEST_F(ViewsTest, TypedTextIsSavedWithTheTokenThatTheFormWasShown) {
    const RecordId id = create({{"number", Value::text("A1")}});
    settle();
    click("row/0");
    const VectorClock shown = snapshot_->form->token;
    click("form/next_step");
    type("call back");
    EXPECT_EQ(text_of("dirty"), "yes");
    // News arrives while the person types: the typed text stays, and the old token is sent.
    auto transaction = replica_->begin();
    ASSERT_TRUE(transaction->set("opportunity", id, {{"priority", Value::text("high")}}));
    ASSERT_TRUE(transaction->commit());
    desk_->look();
    snapshot_ = desk_->snapshot();
    settle();
    EXPECT_EQ(text_of("form/next_step"), "call back");
    EXPECT_TRUE(shows("form/stale"));
    const auto wish = click("form/save");
    ASSERT_TRUE(wish && std::holds_alternative<SaveRecord>(*wish));
    EXPECT_EQ(std::get<SaveRecord>(*wish).token, shown);
    EXPECT_EQ(replica_->record("opportunity", id)->shown[10], Value::text("call back"));
    EXPECT_EQ(text_of("saved"), "yes");
}

TEST_F(ViewsTest, AnInputThatIsNotRightIsKeptAndTheProblemStandsBesideIt) {
    create({{"number", Value::text("A1")}});
    settle();
    click("row/0");
    click("form/close_date");
    type("soon");
    click("form/save");
    EXPECT_TRUE(shows("problem/close_date"));
    EXPECT_EQ(text_of("form/close_date"), "soon");
    EXPECT_EQ(text_of("dirty"), "yes");
}

TEST_F(ViewsTest, UnsavedChangesAreAskedAboutBeforeTheFormGoes) {
    create({{"number", Value::text("A1")}});
    create({{"number", Value::text("A2")}});
    settle();
    click("row/0");
    click("form/next_step");
    type("x");
    EXPECT_FALSE(click("row/1"));
    ASSERT_TRUE(shows("leave/discard"));
    const auto wish = click("leave/discard");
    ASSERT_TRUE(wish && std::holds_alternative<OpenRecord>(*wish));
    EXPECT_EQ(snapshot_->form->title, "A2");
    EXPECT_EQ(text_of("dirty"), "no");
}

TEST_F(ViewsTest, UseThisResolvesAConflict) {
    const RecordId id = create({{"stage", Value::text("Engaging")}});
    Office office(*replica_);
    office.accept_everything();
    auto transaction = replica_->begin();
    ASSERT_TRUE(transaction->set("opportunity", id, {{"next_step", Value::text("mine")}}));
    ASSERT_TRUE(transaction->commit());
    office.colleague_wrote("opportunity", id, {0xbeef, 1}, "next_step", {Value::text("theirs")},
                           1'000);
    desk_->look();
    snapshot_ = desk_->snapshot();
    settle();
    click("sidebar/page_conflicts");
    const auto wish = click("conflict/0/1");
    ASSERT_TRUE(wish && std::holds_alternative<Resolve>(*wish));
    EXPECT_EQ(replica_->record("opportunity", id)->shown[10], Value::text("theirs"));
    EXPECT_EQ(text_of("conflicts"), "0");
}

TEST_F(ViewsTest, ARefusedInputIsEditedInItsForm) {
    const RecordId id = create({{"number", Value::text("A1")}});
    Office office(*replica_);
    office.accept_everything();
    auto transaction = replica_->begin();
    ASSERT_TRUE(transaction->set("opportunity", id, {{"next_step", Value::text("refused")}}));
    ASSERT_TRUE(transaction->commit());
    office.reject_oldest(Reason::not_allowed, "");
    desk_->look();
    snapshot_ = desk_->snapshot();
    settle();
    click("sidebar/page_rejected");
    click("rejected/0/edit/0");
    EXPECT_EQ(text_of("form/next_step"), "refused");
    click("form/save");
    EXPECT_EQ(replica_->record("opportunity", id)->shown[10], Value::text("refused"));
    EXPECT_TRUE(snapshot_->rejected->items.empty());
}

TEST_F(ViewsTest, EveryViewIsDrawnEmptyInBothLanguagesAndWithAnError) {
    snapshot_ = desk_->snapshot();
    for (const auto language : {client::Language::english, client::Language::chinese}) {
        state_.language = language;
        for (const Page page : {Page::records, Page::conflicts, Page::rejected, Page::sync}) {
            state_.page = page;
            settle();
            EXPECT_GT(ImGui::GetDrawData()->TotalVtxCount, 100);
        }
        auto broken = std::make_shared<Snapshot>(*snapshot_);
        const Error locked{ErrorCode::busy, "locked"};
        auto table = std::make_shared<TableView>(*broken->table);
        table->error = locked;
        broken->table = table;
        broken->conflicts = std::make_shared<ConflictList>(ConflictList{{}, 0, locked});
        broken->rejected = std::make_shared<RejectedList>(RejectedList{{}, 0, locked});
        broken->status_error = locked;
        const SnapshotPointer whole = std::exchange(snapshot_, broken);
        for (const Page page : {Page::records, Page::conflicts, Page::rejected, Page::sync}) {
            state_.page = page;
            frame();
            frame();
            EXPECT_EQ(text_of("error"), "busy") << static_cast<int>(page);
        }
        snapshot_ = whole;
    }
}

TEST_F(ViewsTest, AFileWithoutALogInOpensOnTheFormForIt) {
    auto unknown = std::make_shared<Snapshot>(*desk_->snapshot());
    unknown->login = LoginView{"https://old.example.com", "", false, std::nullopt};
    snapshot_ = unknown;
    frozen_ = true;
    settle();
    EXPECT_EQ(text_of("login/url"), "https://old.example.com");
    EXPECT_FALSE(click("login/log_in")) << "no name and no password yet";
    click("login/name");
    type("li.wei");
    click("login/password");
    type("secret");
    EXPECT_EQ(text_of("login/password"), "******");
    const auto wish = click("login/log_in");
    ASSERT_TRUE(wish && std::holds_alternative<LogIn>(*wish));
    EXPECT_EQ(std::get<LogIn>(*wish).url, "https://old.example.com");
    EXPECT_EQ(std::get<LogIn>(*wish).login, "li.wei");
    EXPECT_EQ(std::get<LogIn>(*wish).password, "secret");
}

TEST_F(ViewsTest, TheLogInSaysWhatIsUnderWayAndWhatWentWrong) {
    auto asking = std::make_shared<Snapshot>(*desk_->snapshot());
    asking->login = LoginView{"https://sync.example.com", "li.wei", true, std::nullopt};
    snapshot_ = asking;
    frozen_ = true;
    settle();
    EXPECT_TRUE(shows("login/running"));
    auto refused = std::make_shared<Snapshot>(*asking);
    refused->login->running = false;
    refused->login->error = Error{ErrorCode::unauthorized, "no"};
    snapshot_ = refused;
    settle();
    EXPECT_EQ(text_of("login/error"), "unauthorized");
    click("login/later");
    EXPECT_FALSE(shows("login/url"));
    click("sidebar/page_sync");
    click("log_in_page");
    EXPECT_TRUE(shows("login/error"));
    auto welcome = std::make_shared<Snapshot>(*refused);
    welcome->login.reset();
    snapshot_ = welcome;
    settle();
    EXPECT_FALSE(shows("login/url"));
}

TEST_F(ViewsTest, SyncNowIsOfferedOnlyWhereItWouldSync) {
    auto shown = std::make_shared<Snapshot>(*desk_->snapshot());
    snapshot_ = shown;
    frozen_ = true;
    settle();
    click("sidebar/page_sync");
    EXPECT_FALSE(click("sync_now"));
    EXPECT_EQ(text_of("sync_cannot"), "sync_off");
    shown->sync.waits_for = {"waits_login", {}};
    settle();
    EXPECT_FALSE(click("sync_now"));
    EXPECT_EQ(text_of("sync_cannot"), "sync_wants_login");
    shown->sync.logged_in = true;
    settle();
    const auto wish = click("sync_now");
    EXPECT_TRUE(wish && std::holds_alternative<SyncNow>(*wish));
}

TEST_F(ViewsTest, AFileThatCannotBeOpenedSaysSoAndCanBeTriedAgain) {
    auto broken = std::make_shared<Snapshot>();
    broken->opening = false;
    broken->file_error = Error{ErrorCode::newer_format, "written by a newer release"};
    snapshot_ = broken;
    frozen_ = true;
    frame();
    frame();
    EXPECT_EQ(text_of("error"), "newer_format");
    const auto wish = click("try_again");
    ASSERT_TRUE(wish && std::holds_alternative<OpenFileAgain>(*wish));
}

TEST_F(ViewsTest, AFrameOfThousandsOfRowsDrawsOnlyTheVisibleOnes) {
    auto table = std::make_shared<TableView>();
    create({{"number", Value::text("A1")}});
    settle();
    *table = *snapshot_->table;
    table->rows.resize(20'000, table->rows[0]);
    auto big = std::make_shared<Snapshot>(*snapshot_);
    big->table = table;
    snapshot_ = big;
    frame();
    frame();
    EXPECT_LT(ImGui::GetDrawData()->TotalVtxCount, 40'000);
}

std::size_t placeholders(std::string_view text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '{'));
}

TEST(SpeechRows, EveryRowIsSaidInBothLanguagesWithTheSameArguments) {
    std::set<std::string_view> keys;
    for (const client::Message& row : window_messages()) {
        EXPECT_TRUE(keys.insert(row.key).second) << row.key << " stands twice";
        EXPECT_FALSE(row.english.empty()) << row.key;
        EXPECT_FALSE(row.chinese.empty()) << row.key;
        EXPECT_EQ(placeholders(row.english), placeholders(row.chinese)) << row.key;
    }
}

TEST(SpeechRows, EveryKeyThatAViewUsesIsThere) {
    const Speech say(client::Language::chinese);
    const std::regex used(
        "(?:say\\(|say\\.with\\(|say\\.button\\(|button\\(frame, |"
        "draw_line\\(frame, |draw_count\\(frame, |draw_error\\(frame, )"
        "\"([a-z_]+)\"");
    std::size_t found = 0;
    const std::filesystem::path folder = std::filesystem::path(SATCHEL_SOURCE_DIR) / "client-imgui";
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        std::ifstream in(entry.path());
        std::stringstream text;
        text << in.rdbuf();
        const std::string source = std::regex_replace(text.str(), std::regex("\\n\\s*"), " ");
        for (std::sregex_iterator at(source.begin(), source.end(), used), end; at != end; ++at) {
            const std::string key = (*at)[1];
            if (key == "reason_" || key == "why_" || key == "hint_") continue;  // a beginning
            ++found;
            EXPECT_NE(say.with(key, {}), key) << entry.path();
        }
    }
    EXPECT_GT(found, 60U);
}

}  // namespace
}  // namespace satchel::window
