// The log-in: which server, who, with which password. The worker asks the server.
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>

#include "client-imgui/theme.hpp"
#include "client-imgui/views.hpp"

namespace satchel::window {
namespace {

constexpr float kWidth = 420;

// The label above its input. True: Enter was pressed in it.
bool draw_input(Frame& frame, const char* key, const char* mark, const std::string& hint,
                std::string& typed, bool secret) {
    text_in(colour::kMuted, frame.say(key));
    ImGui::SetNextItemWidth(-1);
    const std::string id = std::string("###") + mark;
    const ImGuiInputTextFlags flags =
        ImGuiInputTextFlags_EnterReturnsTrue | (secret ? ImGuiInputTextFlags_Password : 0);
    const bool entered = ImGui::InputTextWithHint(id.c_str(), hint.c_str(), &typed, flags);
    frame.mark(mark, secret ? std::string(typed.size(), '*') : typed);
    ImGui::Dummy({0, 4});
    return entered;
}

// What is known stands there already; what was typed stays.
void fill_in(LoginForm& form, const LoginView& view) {
    if (std::exchange(form.offered, true)) return;
    form.url = view.url;
    form.login = view.login;
}

bool draw_inputs(Frame& frame, const LoginView& view) {
    LoginForm& form = frame.state.login;
    ImGui::BeginDisabled(view.running);
    bool entered =
        draw_input(frame, "log_in_url", "login/url", frame.say("log_in_url_hint"), form.url, false);
    entered |= draw_input(frame, "log_in_name", "login/name", "", form.login, false);
    entered |= draw_input(frame, "log_in_password", "login/password", "", form.password, true);
    ImGui::EndDisabled();
    return entered;
}

void draw_answer(Frame& frame, const LoginView& view) {
    if (view.running) {
        text_in(colour::kMuted, frame.say("log_in_running"));
        frame.mark("login/running");
    } else if (view.error) {
        ImGui::PushStyleColor(ImGuiCol_Text, colour::kError);
        text(client::words(*view.error, frame.say.language()));
        ImGui::PopStyleColor();
        frame.mark("login/error", name(view.error->code));
    }
}

void draw_buttons(Frame& frame, const LoginView& view, bool entered) {
    LoginForm& form = frame.state.login;
    const bool ready =
        !view.running && !form.url.empty() && !form.login.empty() && !form.password.empty();
    const bool pressed = primary_button(frame, "log_in", "login/log_in", ready);
    if (ready && (pressed || entered)) frame.want(LogIn{form.url, form.login, form.password});
    ImGui::SameLine();
    if (button(frame, "log_in_later", "login/later")) frame.state.page = Page::records;
}

}  // namespace

void follow_login(Frame& frame) {
    UiState& state = frame.state;
    const std::optional<LoginView>& view = frame.snapshot.login;
    if (!view) {
        state.login.password.clear();
        if (state.page == Page::login) state.page = Page::records;
        return;
    }
    if (!state.login.offered) state.page = Page::login;
    fill_in(state.login, *view);
}

void draw_login(Frame& frame) {
    const LoginView& view = *frame.snapshot.login;
    const float room = ImGui::GetContentRegionAvail().x;
    ImGui::Dummy({0, std::max(20.0F, ImGui::GetContentRegionAvail().y * 0.12F)});
    ImGui::SetCursorPosX(ImGui::GetCursorPosX() + std::max(0.0F, (room - kWidth) / 2));
    ImGui::BeginChild("login side", {std::min(kWidth, room), 0});
    begin_card("login", colour::kCard);
    text_in(colour::kAccent, frame.say("log_in_title"));
    ImGui::PushStyleColor(ImGuiCol_Text, colour::kMuted);
    text(frame.say("log_in_intro"));
    ImGui::PopStyleColor();
    ImGui::Dummy({0, 6});
    const bool entered = draw_inputs(frame, view);
    draw_answer(frame, view);
    ImGui::Dummy({0, 4});
    draw_buttons(frame, view, entered);
    end_card();
    ImGui::EndChild();
}

}  // namespace satchel::window
