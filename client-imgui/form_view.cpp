// The form of one record.
#include <imgui.h>

#include "client-imgui/theme.hpp"
#include "client-imgui/views.hpp"

namespace satchel::window {
namespace {

constexpr float kFooterHeight = 48;

std::string title_of(Frame& frame, const FormView& form) {
    const std::string& collection = form.collection_label.in(frame.say.language());
    if (!form.id) return frame.say.with("new_of", {collection});
    return form.title.empty() ? collection + " " + frame.say("untitled") : form.title;
}

void draw_heading(Frame& frame, const FormView& form) {
    ImGui::AlignTextToFramePadding();
    text_in(colour::kAccent, title_of(frame, form));
    ImGui::SameLine(ImGui::GetWindowWidth() - 44);
    if (ImGui::Button("×###close_form", {30, 0})) frame.leave_to(CloseRecord{});
    frame.mark("form/close");
}

void draw_badges(Frame& frame, const FormView& form) {
    if (form.dead) text_in(colour::kError, frame.say("badge_dead"));
    if (form.revived) text_in(colour::kWarning, frame.say("badge_revived"));
    if (form.pending && form.id) text_in(colour::kMuted, frame.say("badge_pending"));
    if (!form.editable && form.id) text_in(colour::kMuted, frame.say("badge_read_only"));
}

void draw_leaving(Frame& frame) {
    UiState& state = frame.state;
    if (!state.leave_to) return;
    begin_card("leaving", colour::kWarningBack);
    text_in(colour::kWarning, frame.say("unsaved"));
    if (primary_button(frame, "save", "leave/save") && !state.draft.saving())
        frame.want(state.draft.save());
    ImGui::SameLine();
    if (button(frame, "discard", "leave/discard")) {
        state.draft.revert(frame.snapshot);
        frame.want(*std::exchange(state.leave_to, std::nullopt));
    }
    ImGui::SameLine();
    if (button(frame, "stay", "leave/stay")) state.leave_to.reset();
    end_card();
}

void draw_notes(Frame& frame) {
    Draft& draft = frame.state.draft;
    draw_leaving(frame);
    if (draft.from_rejected()) text_in(colour::kWarning, frame.say("from_rejected"));
    if (draft.stale()) {
        ImGui::PushStyleColor(ImGuiCol_Text, colour::kWarning);
        text(frame.say("stale_form"));
        ImGui::PopStyleColor();
        frame.mark("form/stale");
    }
    if (const Error* error = draft.problem_of_record(); error != nullptr) {
        ImGui::PushStyleColor(ImGuiCol_Text, colour::kError);
        text(client::words(*error, frame.say.language()));
        ImGui::PopStyleColor();
        frame.mark("form/error", name(error->code));
    }
}

void draw_delete(Frame& frame, const FormView& form) {
    UiState& state = frame.state;
    if (state.sure_to_delete) {
        if (button(frame, "delete_sure", "form/delete_sure")) {
            frame.want(DeleteRecord{form.collection_name, *form.id, form.token});
            state.sure_to_delete = false;
        }
        return;
    }
    if (button(frame, "delete", "form/delete")) state.sure_to_delete = true;
}

void draw_footer(Frame& frame, const FormView& form) {
    Draft& draft = frame.state.draft;
    if (form.dead) {
        if (primary_button(frame, "undelete", "form/undelete"))
            frame.want(UndeleteRecord{form.collection_name, *form.id});
        return;
    }
    const bool may_save = draft.dirty() && !draft.saving();
    const bool shortcut = std::exchange(frame.state.save_pressed, false);
    if ((primary_button(frame, "save", "form/save", may_save) || shortcut) && may_save)
        frame.want(draft.save());
    ImGui::SameLine();
    if (button(frame, "revert", "form/revert", draft.dirty())) draft.revert(frame.snapshot);
    if (draft.saved()) {
        ImGui::SameLine();
        text_in(colour::kGood, frame.say("saved"));
    }
    if (!form.id) return;
    ImGui::SameLine(ImGui::GetWindowWidth() - 130);
    draw_delete(frame, form);
}

void draw_fields(Frame& frame, const FormView& form) {
    ImGui::BeginDisabled(form.dead || (!form.editable && form.id));
    for (std::size_t i = 0; i < form.fields.size(); ++i)
        draw_field(frame, i);
    ImGui::EndDisabled();
}

}  // namespace

void draw_form(Frame& frame) {
    const FormView& form = frame.state.draft.form();
    ImGui::PushStyleColor(ImGuiCol_ChildBg, colour::kCard);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {14, 10});
    ImGui::BeginChild("form", {0, 0}, true);
    ImGui::PopStyleVar();
    ImGui::PopStyleColor();
    draw_heading(frame, form);
    if (form.error) {
        draw_error(frame, "form_error", *form.error);
        ImGui::EndChild();
        return;
    }
    draw_badges(frame, form);
    draw_notes(frame);
    ImGui::BeginChild("fields", {0, -kFooterHeight});
    draw_fields(frame, form);
    ImGui::EndChild();
    ImGui::Separator();
    draw_footer(frame, form);
    ImGui::EndChild();
}

}  // namespace satchel::window
