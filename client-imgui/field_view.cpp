// One field of a form: its label, the input of its kind, what is wrong with it, and its other
// values when it has several.
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>

#include "client-imgui/theme.hpp"
#include "client-imgui/views.hpp"

namespace satchel::window {
namespace {

constexpr float kLabelWidth = 128;

// What an input needs to know.
struct Input {
    Frame& frame;
    const FormField& field;
    FieldDraft& draft;
    std::size_t index;

    std::string mark() const { return "form/" + field.name; }
};

void draw_text(const Input& input, const char* hint) {
    ImGui::SetNextItemWidth(-1);
    ImGui::InputTextWithHint("##input", hint, &input.draft.text);
    input.frame.mark(input.mark(), input.draft.text);
}

void draw_long_text(const Input& input) {
    ImGui::InputTextMultiline("##input", &input.draft.text, {-1, 84});
    input.frame.mark(input.mark(), input.draft.text);
}

void draw_choice(const Input& input) {
    const auto language = input.frame.say.language();
    ImGui::SetNextItemWidth(-1);
    const std::string shown = choice_label(input.draft.text, language);
    const bool open = ImGui::BeginCombo("##input", shown.c_str());
    input.frame.mark(input.mark(), input.draft.text);
    if (!open) return;
    for (const std::string& option : input.field.options) {
        const std::string label = choice_label(option, language) + "###" + option;
        if (ImGui::Selectable(label.c_str(), option == input.draft.text)) input.draft.text = option;
        input.frame.mark("option/" + option);
    }
    ImGui::EndCombo();
}

void draw_money(const Input& input) {
    const float room = ImGui::GetContentRegionAvail().x;
    ImGui::SetNextItemWidth(room - 82);
    ImGui::InputTextWithHint("##input", "0.00", &input.draft.text);
    input.frame.mark(input.mark(), input.draft.text);
    ImGui::SameLine();
    ImGui::SetNextItemWidth(74);
    ImGui::InputTextWithHint("##currency", "CNY", &input.draft.currency,
                             ImGuiInputTextFlags_CharsUppercase);
    input.frame.mark(input.mark() + "/currency", input.draft.currency);
}

void choose(const Input& input, const FoundRecord& found) {
    input.draft.reference = found.id;
    input.draft.reference_title = found.title;
    ImGui::CloseCurrentPopup();
}

void draw_found(const Input& input) {
    Frame& frame = input.frame;
    const PickerView* picker = frame.snapshot.picker.get();
    if (picker == nullptr || picker->collection != input.field.refers_to) return;
    if (picker->error) {
        text_in(colour::kError, client::words(*picker->error, frame.say.language()));
        return;
    }
    if (picker->found.empty()) text_in(colour::kMuted, frame.say("pick_no_match"));
    for (std::size_t i = 0; i < picker->found.size(); ++i) {
        const FoundRecord& found = picker->found[i];
        ImGui::PushID(static_cast<int>(i));
        const std::string label = found.title.empty() ? found.id.text() : found.title;
        if (ImGui::Selectable(label.c_str(), input.draft.reference == found.id))
            choose(input, found);
        frame.mark("pick/" + std::to_string(i), label);
        ImGui::PopID();
    }
}

void draw_picker(const Input& input) {
    Frame& frame = input.frame;
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {10, 10});
    ImGui::SetNextWindowSize({300, 320});
    const bool open = ImGui::BeginPopup("picker");
    ImGui::PopStyleVar();
    if (!open) return;
    if (ImGui::IsWindowAppearing()) ImGui::SetKeyboardFocusHere();
    ImGui::SetNextItemWidth(-1);
    if (ImGui::InputTextWithHint("##pick", frame.say("filter"), &frame.state.picker_filter))
        frame.want(FindReferences{input.field.refers_to, frame.state.picker_filter});
    frame.mark("pick/filter", frame.state.picker_filter);
    if (ImGui::Selectable(frame.say("pick_none"), !input.draft.reference)) {
        input.draft.reference.reset();
        input.draft.reference_title.clear();
    }
    ImGui::Separator();
    ImGui::BeginChild("found");
    draw_found(input);
    ImGui::EndChild();
    ImGui::EndPopup();
}

void draw_reference(const Input& input) {
    Frame& frame = input.frame;
    const bool has_one = input.draft.reference.has_value();
    const std::string shown = !has_one                              ? frame.say("pick")
                              : input.draft.reference_title.empty() ? input.draft.reference->text()
                                                                    : input.draft.reference_title;
    ImGui::PushStyleColor(ImGuiCol_Button, ImGui::GetStyle().Colors[ImGuiCol_FrameBg]);
    ImGui::PushStyleColor(ImGuiCol_Text, has_one ? ImGui::GetStyle().Colors[ImGuiCol_Text]
                                                 : ImGui::GetStyle().Colors[ImGuiCol_TextDisabled]);
    ImGui::PushStyleVar(ImGuiStyleVar_ButtonTextAlign, {0.0F, 0.5F});
    const bool pressed = ImGui::Button((shown + "###input").c_str(), {-1, 0});
    ImGui::PopStyleVar();
    ImGui::PopStyleColor(2);
    frame.mark(input.mark(), shown);
    if (pressed) {
        frame.state.picker_filter.clear();
        frame.want(FindReferences{input.field.refers_to, ""});
        ImGui::OpenPopup("picker");
    }
    draw_picker(input);
}

// Chips in lines; a chip that was pressed goes.
void draw_chips(const Input& input) {
    const float right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
    std::size_t gone = input.draft.elements.size();
    for (std::size_t i = 0; i < input.draft.elements.size(); ++i) {
        const std::string& element = input.draft.elements[i];
        const std::string label = element + "  ×";
        const float width = ImGui::CalcTextSize(label.c_str()).x + 16;
        if (i > 0 && ImGui::GetItemRectMax().x + width + 8 < right) ImGui::SameLine(0, 6);
        ImGui::PushID(static_cast<int>(i));
        ImGui::PushStyleColor(ImGuiCol_Button, {0.86F, 0.93F, 0.96F, 1.0F});
        if (ImGui::SmallButton(label.c_str())) gone = i;
        ImGui::PopStyleColor();
        input.frame.mark("chip/" + input.field.name + "/" + element);
        ImGui::PopID();
    }
    if (gone < input.draft.elements.size())
        input.draft.elements.erase(input.draft.elements.begin() +
                                   static_cast<std::ptrdiff_t>(gone));
}

void draw_set(const Input& input) {
    FieldDraft& draft = input.draft;
    ImGui::BeginGroup();
    draw_chips(input);
    ImGui::SetNextItemWidth(150);
    const bool entered =
        ImGui::InputTextWithHint("##new", input.frame.say("add_element"), &draft.new_element,
                                 ImGuiInputTextFlags_EnterReturnsTrue);
    input.frame.mark(input.mark(), draft.new_element);
    ImGui::SameLine();
    const bool pressed = ImGui::Button("+");
    ImGui::EndGroup();
    if (!(entered || pressed) || draft.new_element.empty()) return;
    const bool known = std::find(draft.elements.begin(), draft.elements.end(), draft.new_element) !=
                       draft.elements.end();
    if (!known) draft.elements.push_back(draft.new_element);
    draft.new_element.clear();
}

void draw_counter(const Input& input) {
    FieldDraft& draft = input.draft;
    const float size = ImGui::GetFrameHeight();
    if (ImGui::Button("−", {size, size})) --draft.step;
    input.frame.mark(input.mark() + "/less");
    ImGui::SameLine();
    ImGui::AlignTextToFramePadding();
    text(std::to_string(input.field.total + draft.step));
    ImGui::SameLine();
    if (ImGui::Button("+", {size, size})) ++draft.step;
    input.frame.mark(input.mark() + "/more", std::to_string(input.field.total + draft.step));
    if (draft.step == 0) return;
    ImGui::SameLine();
    text_in(colour::kAccent,
            "(" + std::string(draft.step > 0 ? "+" : "") + std::to_string(draft.step) + ")");
}

void draw_input(const Input& input) {
    switch (input.field.kind) {
        case InputKind::text:
        case InputKind::integer:
            return draw_text(input, "");
        case InputKind::date:
            return draw_text(input, input.frame.say("date_hint"));
        case InputKind::time:
            return draw_text(input, input.frame.say("time_hint"));
        case InputKind::long_text:
            return draw_long_text(input);
        case InputKind::choice:
            return draw_choice(input);
        case InputKind::money:
            return draw_money(input);
        case InputKind::reference:
            return draw_reference(input);
        case InputKind::set:
            return draw_set(input);
        case InputKind::counter:
            return draw_counter(input);
        case InputKind::bytes:
            return text(input.field.text);
    }
}

void draw_problem(const Input& input) {
    const Error* problem = input.frame.state.draft.problem(input.field.name);
    if (problem == nullptr) return;
    ImGui::PushStyleColor(ImGuiCol_Text, colour::kError);
    text(client::words(*problem, input.frame.say.language()));
    ImGui::PopStyleColor();
    input.frame.mark("problem/" + input.field.name, problem->message);
}

// Those of the record as it is now, whatever is being typed.
void draw_other_values(const Input& input) {
    const FormView* form = input.frame.snapshot.form.get();
    if (form == nullptr || input.frame.state.draft.form().id != form->id) return;
    for (const ConflictView& conflict : form->conflicts) {
        if (conflict.cell != input.field.cell || conflict.fields.front() != input.field.name)
            continue;
        begin_card("conflict", colour::kWarningBack);
        text_in(colour::kWarning,
                input.frame.say.with("conflict_intro", {std::to_string(conflict.siblings.size())}));
        draw_siblings(input.frame, conflict, "form/use/" + input.field.name + "/");
        end_card();
    }
}

}  // namespace

void draw_field(Frame& frame, std::size_t index) {
    Draft& draft = frame.state.draft;
    const FormField& field = draft.form().fields[index];
    const Input input{frame, field, draft.fields()[index], index};
    ImGui::PushID(field.name.c_str());
    ImGui::AlignTextToFramePadding();
    const bool wrong = draft.problem(field.name) != nullptr;
    text_in(wrong ? colour::kError : colour::kMuted, field.label.in(frame.say.language()));
    ImGui::SameLine(kLabelWidth);
    ImGui::BeginGroup();
    draw_input(input);
    draw_problem(input);
    ImGui::EndGroup();
    draw_other_values(input);
    ImGui::PopID();
}

}  // namespace satchel::window
