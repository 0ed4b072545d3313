// Input that head office did not accept: the reason, the input itself, and the ways out.
#include <imgui.h>

#include "client-imgui/field_text.hpp"
#include "client-imgui/theme.hpp"
#include "client-imgui/views.hpp"

namespace satchel::window {
namespace {

const char* heading_key(const RejectedOperation& operation) {
    switch (operation.kind) {
        case OperationKind::remove:
            return "op_remove";
        case OperationKind::undelete:
            return "op_undelete";
        case OperationKind::write:
            break;
    }
    return operation.here ? "op_write" : "op_create";
}

std::string change_text(Frame& frame, const FieldChange& change) {
    std::string text = change.reference ? change.reference_title : change.text;
    if (!change.currency.empty()) text += " " + change.currency;
    for (const std::string& element : change.added)
        text += " +" + element;
    for (const std::string& element : change.removed)
        text += " −" + element;
    if (change.step != 0) text += (change.step > 0 ? "+" : "") + std::to_string(change.step);
    return text.empty() ? frame.say("nothing") : text;
}

void draw_input(Frame& frame, const RejectedOperation& operation) {
    for (std::size_t i = 0; i < operation.changes.size(); ++i) {
        text_in(colour::kMuted, operation.labels[i].in(frame.say.language()));
        ImGui::SameLine(170);
        text(change_text(frame, operation.changes[i]));
    }
}

// The form opens with the input in it; saved, it takes the entry's place when it was all of it.
void edit(Frame& frame, const RejectedItem& item, const RejectedOperation& operation) {
    UiState& state = frame.state;
    state.page = Page::records;
    if (state.query.collection != operation.collection_name) {
        state.query = {};
        state.query.collection = operation.collection_name;
        frame.want(ShowTable{state.query});
    }
    state.draft.prefill(operation.changes, item.operation_count == 1 ? item.number : 0);
    if (operation.here)
        frame.leave_to(OpenRecord{operation.collection_name, operation.record});
    else
        frame.leave_to(NewRecord{operation.collection_name});
}

void draw_operation(Frame& frame, const RejectedItem& item, std::size_t index,
                    const std::string& mark) {
    const RejectedOperation& operation = item.operations[index];
    ImGui::PushID(static_cast<int>(index));
    const std::string& collection = operation.collection_label.in(frame.say.language());
    ImGui::AlignTextToFramePadding();
    text_in(colour::kAccent, frame.say.with(heading_key(operation), {collection}) +
                                 (operation.title.empty() ? "" : "  " + operation.title));
    draw_input(frame, operation);
    if (operation.kind == OperationKind::write &&
        button(frame, "edit", mark + "edit/" + std::to_string(index)))
        edit(frame, item, operation);
    ImGui::PopID();
}

void draw_item(Frame& frame, const RejectedItem& item, std::size_t index) {
    const std::string mark = "rejected/" + std::to_string(index) + "/";
    begin_card(mark.c_str(), colour::kCard);
    text_in(colour::kError, frame.say.with("reason_" + item.reason, {}));
    frame.mark(mark + "reason", item.reason);
    text_in(colour::kMuted,
            local_time(item.at) + (item.detail.empty() ? "" : "  ·  " + item.detail));
    for (std::size_t i = 0; i < item.operations.size(); ++i)
        draw_operation(frame, item, i, mark);
    if (item.operation_count > item.operations.size())
        text_in(colour::kMuted,
                frame.say.with("more_items",
                               {std::to_string(item.operation_count - item.operations.size())}));
    ImGui::Separator();
    if (button(frame, "resend", mark + "resend")) frame.want(ResendRejected{item.number});
    ImGui::SameLine();
    if (button(frame, "dismiss", mark + "dismiss")) frame.want(DismissRejected{item.number});
    end_card();
}

}  // namespace

void draw_rejected(Frame& frame) {
    const RejectedList* list = frame.snapshot.rejected.get();
    if (list == nullptr) return;
    if (list->error) return draw_error(frame, "rejected_error", *list->error);
    if (list->items.empty())
        return draw_empty(frame.say("no_rejected"), frame.say("no_rejected_hint"));
    ImGui::BeginChild("rejected");
    for (std::size_t i = 0; i < list->items.size(); ++i)
        draw_item(frame, list->items[i], i);
    if (list->total > list->items.size())
        text_in(colour::kMuted,
                frame.say.with("more_items", {std::to_string(list->total - list->items.size())}));
    ImGui::EndChild();
}

}  // namespace satchel::window
