// The records of one collection: tool bar, table, and the open form beside it.
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <tuple>

#include "client-imgui/theme.hpp"
#include "client-imgui/views.hpp"

namespace satchel::window {
namespace {

constexpr float kFormWidth = 470;

void show_query(Frame& frame) {
    frame.want(ShowTable{frame.state.query});
}

void draw_filter(Frame& frame) {
    TableQuery& query = frame.state.query;
    if (std::exchange(frame.state.focus_filter, false)) ImGui::SetKeyboardFocusHere();
    ImGui::SetNextItemWidth(260);
    if (ImGui::InputTextWithHint("###filter", frame.say("filter"), &query.filter))
        show_query(frame);
    frame.mark("filter_input", query.filter);
    if (query.filter.empty()) return;
    ImGui::SameLine();
    if (!button(frame, "clear_filter", "clear_filter")) return;
    query.filter.clear();
    show_query(frame);
}

void draw_row_count(Frame& frame) {
    const TableView* table = frame.snapshot.table.get();
    if (table == nullptr || table->error) return;
    const auto shown = static_cast<std::int64_t>(table->rows.size());
    const std::string count =
        shown < table->total
            ? frame.say.with("rows_of", {std::to_string(shown), std::to_string(table->total)})
            : frame.say.with("rows", {std::to_string(shown)});
    ImGui::SameLine(0, 14);
    text_in(colour::kMuted, count);
}

void draw_tools(Frame& frame) {
    draw_filter(frame);
    ImGui::SameLine();
    if (primary_button(frame, "new_record", "new_record"))
        frame.leave_to(NewRecord{frame.state.query.collection});
    ImGui::SameLine();
    const std::string deleted = frame.say.button("show_deleted");
    if (ImGui::Checkbox(deleted.c_str(), &frame.state.query.deleted)) show_query(frame);
    frame.mark("show_deleted", frame.state.query.deleted ? "on" : "off");
    draw_row_count(frame);
}

float column_width(const Column& column) {
    if (column.wide) return 160;
    return column.number ? 116 : 100;
}

void set_up_columns(Frame& frame, const TableView& table) {
    ImGui::TableSetupScrollFreeze(1, 1);
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const Column& column = table.columns[i];
        const std::string label =
            column.label.in(frame.say.language()) + "###column/" + column.field;
        ImGui::TableSetupColumn(label.c_str(), ImGuiTableColumnFlags_WidthFixed,
                                column_width(column), static_cast<ImGuiID>(i));
    }
}

void draw_header(Frame& frame, const TableView& table) {
    ImGui::TableNextRow(ImGuiTableRowFlags_Headers);
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        if (!ImGui::TableSetColumnIndex(static_cast<int>(i))) continue;
        ImGui::TableHeader(ImGui::TableGetColumnName(static_cast<int>(i)));
        frame.mark("header/" + table.columns[i].field);
    }
}

void follow_sorting(Frame& frame, const TableView& table) {
    ImGuiTableSortSpecs* specs = ImGui::TableGetSortSpecs();
    if (specs == nullptr || !specs->SpecsDirty) return;
    specs->SpecsDirty = false;
    TableQuery& query = frame.state.query;
    TableQuery wanted = query;
    wanted.sort_field.clear();
    wanted.descending = false;
    if (specs->SpecsCount > 0 && specs->Specs[0].ColumnUserID < table.columns.size()) {
        wanted.sort_field = table.columns[specs->Specs[0].ColumnUserID].field;
        wanted.descending = specs->Specs[0].SortDirection == ImGuiSortDirection_Descending;
    }
    if (wanted == query) return;
    query = wanted;
    show_query(frame);
}

void draw_cell(Frame& frame, const Column& column, const std::string& cell) {
    const std::string& shown = column.choice ? choice_label(cell, frame.say.language()) : cell;
    if (column.number) {
        const float room = ImGui::GetContentRegionAvail().x;
        const float width = ImGui::CalcTextSize(shown.c_str()).x;
        if (width < room) ImGui::SetCursorPosX(ImGui::GetCursorPosX() + room - width);
    }
    ImGui::TextUnformatted(shown.data(), shown.data() + shown.size());
}

void draw_row(Frame& frame, const TableView& table, std::size_t index) {
    const TableRow& row = table.rows[index];
    const FormView* form = frame.snapshot.form.get();
    const bool selected = form != nullptr && form->id == row.id;
    ImGui::TableNextRow();
    ImGui::TableSetColumnIndex(0);
    const ByteView id = row.id.view();
    ImGui::PushID(id.data(), id.data() + id.size());
    if (ImGui::Selectable("##row", selected, ImGuiSelectableFlags_SpanAllColumns))
        frame.leave_to(OpenRecord{table.query.collection, row.id});
    const std::string mark = "row/" + std::to_string(index);
    if (frame.state.log != nullptr) {
        std::string all;
        for (const std::string& cell : row.cells)
            all += cell + "|";
        frame.mark(mark, all);
    }
    ImGui::SameLine(0, 0);
    if (row.conflict) {
        text_in(colour::kWarning, "●");
        ImGui::SameLine(0, 5);
    }
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        if (i == 0 || ImGui::TableSetColumnIndex(static_cast<int>(i)))
            draw_cell(frame, table.columns[i], row.cells[i]);
    ImGui::PopID();
}

void draw_no_rows(Frame& frame, const TableView& table) {
    if (table.query.deleted)
        draw_empty(frame.say("no_deleted"), "");
    else if (!table.query.filter.empty())
        draw_empty(frame.say.with("no_match", {table.query.filter}), "");
    else
        draw_empty(frame.say("no_rows"), frame.say("no_rows_hint"));
}

void draw_side_of_table(Frame& frame) {
    const TableView* table = frame.snapshot.table.get();
    draw_tools(frame);
    if (table == nullptr) return;
    if (table->error) return draw_error(frame, "table_error", *table->error);
    if (table->rows.empty()) return draw_no_rows(frame, *table);
    draw_table(frame, *table);
}

// What the person works on: something that is here, not what everybody has, and of that what comes
// first to a new device.
void choose_first(Frame& frame) {
    const auto& collections = frame.snapshot.collections;
    const auto place = [&frame](const CollectionItem& item) {
        const Collection* known = frame.snapshot.schema->find(item.id);
        return std::tuple(item.count == 0, known->scope.everyone, known->priority);
    };
    const auto first = std::min_element(
        collections.begin(), collections.end(),
        [&place](const CollectionItem& a, const CollectionItem& b) { return place(a) < place(b); });
    frame.state.query.collection = first->name;
    show_query(frame);
}

}  // namespace

void draw_table(Frame& frame, const TableView& table) {
    constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_Resizable | ImGuiTableFlags_Reorderable |
                                       ImGuiTableFlags_Hideable | ImGuiTableFlags_Sortable |
                                       ImGuiTableFlags_SortTristate | ImGuiTableFlags_RowBg |
                                       ImGuiTableFlags_ScrollX | ImGuiTableFlags_ScrollY |
                                       ImGuiTableFlags_BordersInnerV | ImGuiTableFlags_BordersOuter;
    const std::string id = "table/" + table.query.collection;
    if (!ImGui::BeginTable(id.c_str(), static_cast<int>(table.columns.size()), kFlags)) return;
    set_up_columns(frame, table);
    draw_header(frame, table);
    follow_sorting(frame, table);
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(table.rows.size()));
    while (clipper.Step())
        for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i)
            draw_row(frame, table, static_cast<std::size_t>(i));
    ImGui::EndTable();
}

void draw_records(Frame& frame) {
    if (frame.snapshot.collections.empty())
        return draw_empty(frame.say("no_collections"), frame.say("no_collections_hint"));
    if (frame.state.query.collection.empty()) choose_first(frame);
    const bool has_form = !frame.state.draft.empty();
    const float width =
        has_form ? std::max(200.0F, ImGui::GetContentRegionAvail().x - kFormWidth - 12) : 0;
    ImGui::BeginChild("table side", {width, 0});
    draw_side_of_table(frame);
    ImGui::EndChild();
    if (!has_form) return;
    ImGui::SameLine(0, 12);
    draw_form(frame);
}

}  // namespace satchel::window
