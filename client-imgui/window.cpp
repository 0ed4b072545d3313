#include "client-imgui/window.hpp"

#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

#include <algorithm>

#include "client-imgui/screenshot.hpp"
#include "client-imgui/theme.hpp"
#include "client-imgui/views.hpp"
#include "storage/services.hpp"

namespace satchel::window {
namespace {

constexpr float kFontPixels = 17;
// Dear ImGui needs a few frames until hovering, popups and heights that follow their content have
// settled after an event.
constexpr int kFramesPerEvent = 4;
constexpr double kSleepSeconds = 20;         // "5 minutes ago" has to grow older
constexpr double kTypingSleepSeconds = 0.4;  // the caret blinks

// GLFW and the graphics of Dear ImGui, taken down in the reverse order.
class Graphics {
  public:
    Graphics() = default;
    Graphics(const Graphics&) = delete;
    Graphics& operator=(const Graphics&) = delete;
    ~Graphics() {
        if (ready_) {
            ImGui_ImplOpenGL3_Shutdown();
            ImGui_ImplGlfw_Shutdown();
            ImGui::DestroyContext();
        }
        if (window_ != nullptr) glfwDestroyWindow(window_);
        if (glfw_) glfwTerminate();
    }

    Status start(const WindowOptions& options, bool& font_missing) {
        glfw_ = glfwInit() == GLFW_TRUE;
        if (!glfw_) return failed("no display was found (is DISPLAY set?)");
        glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
        glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
        glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
        glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
        window_ = glfwCreateWindow(options.width, options.height, "Satchel", nullptr, nullptr);
        if (window_ == nullptr) return failed("OpenGL 3.3 is not available on this display");
        glfwMakeContextCurrent(window_);
        glfwSwapInterval(1);
        ImGui::CreateContext();
        ImGui::GetIO().IniFilename = nullptr;
        font_missing = load_fonts(kFontPixels).empty();
        apply_theme();
        ImGui_ImplGlfw_InitForOpenGL(window_, true);
        ImGui_ImplOpenGL3_Init("#version 330");
        ready_ = true;
        return {};
    }

    GLFWwindow* window() const { return window_; }

  private:
    static Status failed(const char* why) {
        return Error{ErrorCode::io, std::string("the window cannot be opened: ") + why};
    }

    bool glfw_ = false;
    GLFWwindow* window_ = nullptr;
    bool ready_ = false;
};

void take_shortcuts(UiState& state, Intents& wishes) {
    state.save_pressed = ImGui::GetIO().KeyCtrl && ImGui::IsKeyPressed(GLFW_KEY_S, false);
    if (ImGui::IsKeyPressed(GLFW_KEY_F5, false)) wishes.push_back(SyncNow{});
    if (ImGui::GetIO().KeyCtrl && ImGui::IsKeyPressed(GLFW_KEY_F, false)) {
        state.page = Page::records;
        state.focus_filter = true;
    }
}

class Loop {
  public:
    Loop(GLFWwindow* window, Worker& worker, UiState& state, const WindowOptions& options)
        : window_(window), worker_(worker), state_(state), options_(options) {}

    void run() {
        while (glfwWindowShouldClose(window_) == GLFW_FALSE) {
            wait();
            draw_frame();
        }
    }

  private:
    void wait() {
        if (frames_left_-- > 0) {
            glfwPollEvents();
            return;
        }
        const bool typing = ImGui::GetIO().WantTextInput;
        glfwWaitEventsTimeout(typing ? kTypingSleepSeconds : kSleepSeconds);
        frames_left_ = typing ? 1 : kFramesPerEvent;
    }

    void draw_frame() {
        const SnapshotPointer snapshot = worker_.snapshot();
        if (snapshot != drawn_) frames_left_ = std::max(frames_left_, kFramesPerEvent);
        drawn_ = snapshot;
        ImGui_ImplOpenGL3_NewFrame();
        ImGui_ImplGlfw_NewFrame();
        ImGui::NewFrame();
        Intents wishes = draw(*snapshot, state_, clock_.now_ms());
        take_shortcuts(state_, wishes);
        const bool photo = !options_.screenshot.empty() && ImGui::IsKeyPressed(GLFW_KEY_F12, false);
        ImGui::Render();
        show(photo);
        worker_.post(std::move(wishes));
    }

    void show(bool photo) {
        int width = 0;
        int height = 0;
        glfwGetFramebufferSize(window_, &width, &height);
        glViewport(0, 0, width, height);
        glClearColor(1, 1, 1, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
        if (photo)
            if (const Status written = write_screenshot(options_.screenshot, width, height);
                written && state_.log != nullptr)
                state_.log->photo_taken();
        glfwSwapBuffers(window_);
    }

    GLFWwindow* window_;
    Worker& worker_;
    UiState& state_;
    const WindowOptions& options_;
    storage::SystemClock clock_;
    SnapshotPointer drawn_;
    int frames_left_ = kFramesPerEvent;
};

}  // namespace

Status run_window(const WindowOptions& options) {
    Graphics graphics;
    UiState state;
    SATCHEL_TRY(graphics.start(options, state.font_missing));
    state.language = options.language;
    WidgetLog log(options.state_file);
    if (!options.state_file.empty()) state.log = &log;
    Worker worker(
        options.desk,
        options.desk.syncs ? agent_sync(options.desk.path, options.desk.replica) : SyncFactory(),
        [] { glfwPostEmptyEvent(); });
    Loop(graphics.window(), worker, state, options).run();
    return {};
}

}  // namespace satchel::window
