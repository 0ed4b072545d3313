// The sync panel: what waits, since when and for what. It says what is, not what one would like.
#include <imgui.h>

#include <algorithm>

#include "client-imgui/field_text.hpp"
#include "client-imgui/theme.hpp"
#include "client-imgui/views.hpp"

namespace satchel::window {
namespace {

void draw_line(Frame& frame, const char* key, const std::string& value, const ImVec4& colour) {
    text_in(colour::kMuted, frame.say(key));
    ImGui::SameLine(180);
    ImGui::PushStyleColor(ImGuiCol_Text, colour);
    text(value);
    ImGui::PopStyleColor();
    frame.mark(key, value);
}

void draw_line(Frame& frame, const char* key, const std::string& value) {
    draw_line(frame, key, value, ImGui::GetStyle().Colors[ImGuiCol_Text]);
}

std::string count_text(Frame& frame, std::size_t count) {
    return count == 0 ? frame.say("sync_none") : std::to_string(count);
}

std::string pending_text(Frame& frame) {
    const storage::ReplicaStatus& replica = frame.snapshot.replica;
    if (replica.pending == 0) return frame.say("sync_none");
    const auto age = std::max<std::int64_t>(0, frame.now_ms - replica.oldest_pending_at);
    return frame.say.with("sync_pending_age", {std::to_string(replica.pending),
                                               client::duration_words(age, frame.say.language())});
}

std::string ago_text(Frame& frame, std::int64_t at, const char* never) {
    if (at == 0) return frame.say(never);
    const auto ago = std::max<std::int64_t>(0, frame.now_ms - at);
    return frame.say.with("sync_ago",
                          {client::duration_words(ago, frame.say.language()), local_time(at)});
}

std::string next_text(Frame& frame) {
    const std::int64_t at = frame.snapshot.sync.next_try_at;
    if (at == 0) return frame.say("sync_not_planned");
    const auto left = std::max<std::int64_t>(0, at - frame.now_ms);
    return frame.say.with("sync_in",
                          {client::duration_words(left, frame.say.language()), local_time(at)});
}

void draw_counts(Frame& frame) {
    const storage::ReplicaStatus& replica = frame.snapshot.replica;
    draw_line(frame, "sync_pending", pending_text(frame));
    draw_line(frame, "sync_held", count_text(frame, replica.held));
    draw_line(frame, "sync_rejected", count_text(frame, replica.not_accepted),
              replica.not_accepted > 0 ? colour::kError : colour::kMuted);
    draw_line(frame, "sync_conflicts", count_text(frame, replica.conflicts),
              replica.conflicts > 0 ? colour::kWarning : colour::kMuted);
    if (replica.parked > 0)
        draw_line(frame, "sync_parked", std::to_string(replica.parked), colour::kError);
}

void draw_times(Frame& frame) {
    const client::AgentStatus& sync = frame.snapshot.sync;
    const auto language = frame.say.language();
    draw_line(frame, "sync_last",
              ago_text(frame, frame.snapshot.replica.last_success_at, "sync_never"));
    draw_line(frame, "sync_next", next_text(frame));
    if (sync.running && !sync.progress.waiting)
        draw_line(frame, "sync_progress",
                  frame.say.with("status_progress", {std::to_string(sync.progress.rounds),
                                                     std::to_string(sync.progress.rows),
                                                     std::to_string(sync.progress.received_bytes),
                                                     std::to_string(sync.progress.sent_bytes)}));
    if (!sync.last_error) return draw_line(frame, "sync_error", frame.say("sync_no_error"));
    draw_line(frame, "sync_error", client::words(*sync.last_error, language), colour::kError);
    if (sync.last_error_at != 0) {
        ImGui::SetCursorPosX(180);
        text_in(colour::kMuted, ago_text(frame, sync.last_error_at, "sync_never"));
    }
}

// An agent that has not spoken yet has no words: then nothing syncs in this window.
bool is_off(const client::AgentStatus& sync) {
    return sync.waits_for.key.empty();
}

std::string state_text(Frame& frame) {
    const client::AgentStatus& sync = frame.snapshot.sync;
    if (is_off(sync)) return frame.say("sync_off");
    return sync.waits_for.text(frame.say.language());
}

void draw_buttons(Frame& frame) {
    const client::AgentStatus& sync = frame.snapshot.sync;
    const bool runs = sync.running && !sync.progress.waiting;
    const bool can = !is_off(sync) && sync.logged_in;
    if (primary_button(frame, "sync_now", "sync_now", can && !runs)) frame.want(SyncNow{});
    ImGui::SameLine();
    if (button(frame, "stop_sync", "stop_sync", runs)) frame.want(StopSync{});
    if (frame.snapshot.login) {
        ImGui::SameLine();
        if (button(frame, "log_in_page", "log_in_page")) frame.state.page = Page::login;
    }
    if (can) return;
    const char* why = is_off(sync) ? "sync_off" : "sync_wants_login";
    text_in(colour::kMuted, frame.say(why));
    frame.mark("sync_cannot", why);
}

}  // namespace

void draw_sync(Frame& frame) {
    const client::AgentStatus& sync = frame.snapshot.sync;
    if (frame.snapshot.status_error)
        return draw_error(frame, "sync_error_page", *frame.snapshot.status_error);
    begin_card("sync", colour::kCard);
    draw_line(frame, "sync_state", state_text(frame), colour::kAccent);
    draw_line(frame, "sync_user", sync.logged_in ? sync.user_name : frame.say("sync_nobody"));
    ImGui::Separator();
    draw_counts(frame);
    ImGui::Separator();
    draw_times(frame);
    ImGui::Dummy({0, 4});
    draw_buttons(frame);
    end_card();
}

}  // namespace satchel::window
