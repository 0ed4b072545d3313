// The real window on a real (virtual) screen, with mouse and keyboard. Its pictures stay in the
// build folder; docs/images/window.png is one of them.
#include <gtest/gtest.h>
#include <stb/stb_image.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "storage/read_connection.hpp"
#include "tests/ui/sample_replica.hpp"
#include "tests/ui/screen.hpp"

namespace satchel::window {
namespace {

class RealWindow : public testing::Test {
  protected:
    // The import is the long part, so that all tests start from copies of one file.
    static void SetUpTestSuite() {
        if (!missing_program().empty()) return;
        std::filesystem::create_directories(SATCHEL_PICTURES);
        auto replica = make_replica(sample_path());
        import_sample_data(*replica);
        add_days_of_work(*replica);
    }
    static void TearDownTestSuite() { remove_replica(sample_path()); }

    void SetUp() override {
        if (!missing_program().empty())
            GTEST_SKIP() << missing_program() << " is missing: apt-get install xvfb xdotool";
        path_ = folder_ + "/李伟.satchel";
        remove_replica(path_);
        std::filesystem::copy_file(sample_path(), path_);
    }
    void TearDown() override {
        screen_.reset();
        remove_replica(path_);
    }

    static std::string sample_path() { return std::string(SATCHEL_PICTURES) + "/sample.satchel"; }
    static std::string missing_program() {
        for (const char* program : {"Xvfb", "xdotool"})
            if (find_program(program).empty()) return program;
        return "";
    }
    void open(const std::string& language) {
        screen_ = std::make_unique<Screen>(
            folder_, std::vector<std::string>{path_, "--lang", language, "--no-sync"});
        ASSERT_TRUE(screen_->wait_for([&] { return screen_->text("rows") == "8800"; },
                                      std::chrono::minutes(3)))
            << "the window did not open";
    }
    bool shows_rows(const std::string& count) const {
        return screen_->wait_for([&] { return screen_->text("rows") == count; });
    }
    std::string one_text(const std::string& sql) const {
        auto reader = storage::ReadConnection::open(path_);
        EXPECT_TRUE(reader);
        auto rows = reader->query(sql);
        EXPECT_TRUE(rows) << rows.error().message;
        return *rows->next() ? std::string(rows->value(0).bytes) : "";
    }
    // Until it is there: a busy machine may lose a key.
    void type_into(const std::string& widget, const std::string& text) {
        const bool secret = widget.ends_with("password");
        const std::string shown = secret ? std::string(text.size(), '*') : text;
        const auto is_there = [&] { return screen_->text(widget) == shown; };
        for (int tries = 0; tries < 3 && !is_there(); ++tries) {
            screen_->click(widget);
            screen_->press("ctrl+a");
            screen_->type(text);
            if (screen_->wait_for(is_there, std::chrono::seconds(10))) return;
        }
        EXPECT_TRUE(is_there()) << widget << " shows " << screen_->text(widget);
    }
    // A picture of a window has many colours; of nothing it has one.
    void expect_picture(const std::string& name) {
        const std::string path = screen_->photo(name);
        ASSERT_FALSE(path.empty()) << "no picture was taken";
        int width = 0;
        int height = 0;
        int channels = 0;
        unsigned char* pixels = stbi_load(path.c_str(), &width, &height, &channels, 3);
        ASSERT_NE(pixels, nullptr);
        std::set<int> colours;
        for (int i = 0; i < width * height; ++i)
            colours.insert(pixels[i * 3] << 16 | pixels[i * 3 + 1] << 8 | pixels[i * 3 + 2]);
        stbi_image_free(pixels);
        EXPECT_EQ(width, 1280);
        EXPECT_GT(colours.size(), 100U) << path;
    }
    // An opportunity whose form is short enough to be seen whole: without conflicts.
    std::string deal() const {
        return one_text(
            "SELECT number FROM opportunity WHERE stage = 'Engaging' AND id NOT IN"
            " (SELECT id FROM _conflict) ORDER BY number LIMIT 1");
    }

    std::string folder_ = SATCHEL_PICTURES;
    std::string path_;
    std::unique_ptr<Screen> screen_;
};

TEST_F(RealWindow, APersonFiltersSortsEditsInChineseAndFindsItInTheFile) {
    open("zh");
    ASSERT_TRUE(screen_->click_until("sidebar/account", [&] { return shows_rows("85"); }));
    ASSERT_TRUE(screen_->click_until("sidebar/opportunity", [&] { return shows_rows("8800"); }));
    type_into("filter_input", "engaging");
    ASSERT_TRUE(screen_->wait_for([&] { return screen_->text("rows") == "1588"; }))
        << screen_->text("rows");
    ASSERT_TRUE(
        screen_->click_until("header/amount", [&] { return screen_->text("sort") == "amount"; }));
    type_into("filter_input", deal());
    ASSERT_TRUE(shows_rows("1"));
    ASSERT_TRUE(screen_->click_until("row/0", [&] { return screen_->shows("form/next_step"); }));

    type_into("form/next_step", "下周一签合同");
    ASSERT_TRUE(screen_->click_until("form/save", [&] { return screen_->text("saved") == "yes"; }));
    EXPECT_TRUE(screen_->wait_for([&] {
        return screen_->text("row/0").find("下周一签合同") != std::string::npos;
    })) << screen_->text("row/0");
    EXPECT_EQ(one_text("SELECT next_step FROM opportunity WHERE number = '" + deal() + "'"),
              "下周一签合同");
    expect_picture("saved");
}

TEST_F(RealWindow, APersonResolvesAConflictAndSwitchesTheLanguage) {
    open("zh");
    ASSERT_TRUE(screen_->click_until("sidebar/page_conflicts",
                                     [&] { return screen_->shows("conflict/0/1"); }));
    expect_picture("conflicts");
    EXPECT_EQ(screen_->text("conflicts"), "3");
    ASSERT_TRUE(
        screen_->click_until("conflict/0/1", [&] { return screen_->text("conflicts") == "2"; }));
    EXPECT_EQ(one_text("SELECT CAST(count(*) AS TEXT) FROM _conflict"), "2");
    ASSERT_TRUE(
        screen_->click_until("language", [&] { return screen_->text("language") == "en"; }));
    ASSERT_TRUE(screen_->click_until("sidebar/page_rejected",
                                     [&] { return screen_->shows("rejected/0/resend"); }));
    expect_picture("rejected");
    ASSERT_TRUE(
        screen_->click_until("sidebar/page_sync", [&] { return screen_->shows("sync_now"); }));
    expect_picture("sync");
}

TEST_F(RealWindow, ShowsARecordWithItsConflictsAndSleepsWhenNothingHappens) {
    open("zh");
    ASSERT_TRUE(
        screen_->click_until("header/amount", [&] { return screen_->text("sort") == "amount"; }));
    ASSERT_TRUE(screen_->click_until("sidebar/page_conflicts",
                                     [&] { return screen_->shows("conflict/0/open"); }));
    ASSERT_TRUE(
        screen_->click_until("conflict/0/open", [&] { return screen_->shows("form/stage"); }));
    expect_picture("window");
    std::this_thread::sleep_for(std::chrono::seconds(2));
    const double before = screen_->cpu_seconds();
    std::this_thread::sleep_for(std::chrono::seconds(4));
    EXPECT_LT(screen_->cpu_seconds() - before, 0.2) << "an idle window has to sleep";
}

// A head office of its own, with the account `admin`.
class HeadOffice {
  public:
    explicit HeadOffice(const std::string& folder) : folder_(folder) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        std::ofstream(folder_ + "/password") << "correct horse battery\n";
        program_ = std::make_unique<Program>(
            std::vector<std::string>{SATCHELD, "--data", folder_ + "/data", "--listen",
                                     "127.0.0.1:0", "--admin-password-file", folder_ + "/password"},
            "");
    }
    ~HeadOffice() {
        program_.reset();
        std::filesystem::remove_all(folder_);
    }
    // "": it listens not yet.
    std::string address() const {
        std::ifstream in(folder_ + "/data/address");
        std::string line;
        return std::getline(in, line) && !in.eof() ? line : "";
    }

  private:
    std::string folder_;
    std::unique_ptr<Program> program_;
};

TEST_F(RealWindow, APersonLogsInAndTheDataComes) {
    const HeadOffice office(folder_ + "/office");
    remove_replica(path_);
    storage::ReplicaOptions fresh;
    fresh.create = true;
    ASSERT_TRUE(storage::Replica::open(path_, fresh));
    screen_ = std::make_unique<Screen>(folder_, std::vector<std::string>{path_, "--lang", "zh"});
    ASSERT_TRUE(screen_->wait_for([&] { return screen_->shows("login/url"); }));
    ASSERT_TRUE(screen_->wait_for([&] { return !office.address().empty(); }));
    type_into("login/url", office.address());
    type_into("login/name", "admin");
    type_into("login/password", "wrong");
    ASSERT_TRUE(
        screen_->click_until("login/log_in", [&] { return screen_->shows("login/error"); }));
    EXPECT_EQ(screen_->text("login/error"), "unauthorized");
    expect_picture("login");
    type_into("login/password", "correct horse battery");
    screen_->press("Return");
    ASSERT_TRUE(screen_->wait_for([&] { return screen_->shows("sidebar/opportunity"); }));
    EXPECT_FALSE(screen_->shows("login/url"));
    expect_picture("logged_in");
}

}  // namespace
}  // namespace satchel::window
