#include "cli/record_text.hpp"

#include <fmt/format.h>

namespace satchel::cli {
namespace {

std::string_view kind_name(const Operation& operation) {
    switch (operation.kind) {
        case OperationKind::remove:
            return "delete";
        case OperationKind::undelete:
            return "undelete";
        case OperationKind::write:
            break;
    }
    return operation.clock.empty() ? "create" : "write";
}

std::string cell_name(const Collection& collection, const Cell& cell) {
    std::string names;
    for (const std::size_t at : cell.fields)
        names += (names.empty() ? "" : "+") + collection.fields[at].name;
    return names;
}

std::string field_name(const Collection& collection, FieldId id) {
    const Field* field = collection.find(id);
    return field != nullptr ? field->name : std::to_string(number(id));
}

// A name behind the id of what a reference refers to.
std::string with_title(const Field& field, std::string text, Names& names) {
    const auto id = RecordId::parse(text);
    const std::string title =
        field.kind == FieldKind::reference && id ? names.title_in(field.refers_to, *id) : "";
    return title.empty() ? text : text + " (" + title + ")";
}

std::string author_text(const Console& console, Names& names, ReplicaId replica) {
    const std::string author = names.author(replica);
    return author == kHeadOffice ? console.text("head office", "总部") : author;
}

}  // namespace

std::string text_of(const Collection& collection, const Field& field, const std::vector<Value>& row,
                    Names& names) {
    return with_title(field, text_of(collection, field, row), names);
}

std::string cell_text(const Collection& collection, const Cell& cell,
                      const std::vector<Value>& values, Names& names) {
    std::string text;
    for (const auto& [field, part] : parts_of(collection, cell, values))
        text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", field->name,
                            clipped(with_title(*field, part, names), 60));
    return text.empty() ? cell_name(collection, cell) + " = (empty)" : text;
}

std::string late_text(const Console& console, bool late) {
    return late ? console.text(" (written before the handover)", "(移交前所写)") : "";
}

std::string sibling_text(const Console& console, const Collection& collection, const Cell& cell,
                         const Sibling& sibling, Names& names) {
    return fmt::format("{}  {}{}", cell_text(collection, cell, sibling.values, names),
                       author_text(console, names, sibling.dot.replica),
                       late_text(console, sibling.late));
}

bool is_late(const Cell& cell, const RecordState& state) {
    const CellState* cell_state = state.cell(cell.id);
    return cell_state != nullptr && winner(cell, *cell_state).late;
}

Json sibling_json(const Collection& collection, const Cell& cell, const CellState& state,
                  const Sibling& sibling, Names& names) {
    return {{"values", json_of(collection, cell, sibling.values)},
            {"by", names.author(sibling.dot.replica)},
            {"at", sibling.stamp.ms()},
            {"dot", sibling.dot.text()},
            {"late", sibling.late},
            {"wins", winner(cell, state).dot == sibling.dot}};
}

Json conflict_json(const Collection& collection, const Cell& cell, const CellState& state,
                   Names& names) {
    Json values = Json::array();
    for (const Sibling& sibling : state.siblings)
        values.push_back(sibling_json(collection, cell, state, sibling, names));
    return {{"field", collection.find(cell.id)->name},
            {"rule", std::string(name(cell.rule))},
            {"why", explain(cell, state)},
            {"shown", json_of(collection, cell, shown_values(cell, state))},
            {"values", values}};
}

Json siblings_json(const Collection& collection, const RecordState& state, Names& names) {
    Json cells = Json::array();
    for (const CellState& cell_state : state.cells) {
        const Cell* cell = collection.cell(cell_state.cell);
        if (cell == nullptr || cell_state.siblings.size() < 2) continue;
        cells.push_back(conflict_json(collection, *cell, cell_state, names));
    }
    return cells;
}

std::vector<std::string> conflict_lines(const Console& console, const Collection& collection,
                                        const Cell& cell, const CellState& state, Names& names) {
    std::vector<std::string> lines;
    lines.push_back(
        console.text("  {} ({})", "  {}({})", cell_name(collection, cell), explain(cell, state)));
    const Dot shown = winner(cell, state).dot;
    std::size_t place = 0;
    for (const Sibling& sibling : state.siblings)
        lines.push_back(fmt::format("   {}{}. {}  {} {}{}", sibling.dot == shown ? '>' : ' ',
                                    ++place, clipped(text_of(collection, cell, sibling.values), 60),
                                    author_text(console, names, sibling.dot.replica),
                                    time_text(sibling.stamp.ms()),
                                    late_text(console, sibling.late)));
    return lines;
}

Json operation_json(const Collection& collection, const Operation& operation) {
    Json fields = Json::object();
    for (const CellWrite& write : operation.cells)
        if (const Cell* cell = collection.cell(write.cell); cell != nullptr)
            fields.update(json_of(collection, *cell, write.values));
    Json sets = Json::array();
    for (const SetWrite& write : operation.sets)
        sets.push_back({{"field", field_name(collection, write.field)},
                        {"element", write.element.as_bytes()},
                        {"add", write.add}});
    Json counters = Json::object();
    for (const CounterStep& step : operation.counters)
        counters[field_name(collection, step.field)] = step.step;
    return {{"operation", std::string(kind_name(operation))},
            {"collection", collection.name},
            {"id", operation.record.text()},
            {"fields", fields},
            {"sets", sets},
            {"counters", counters}};
}

std::string operation_text(const Collection& collection, const Operation& operation, Names& names) {
    std::string text =
        fmt::format("{} {} {}", kind_name(operation), collection.name, operation.record.text());
    const char* divider = " ";
    for (const CellWrite& write : operation.cells) {
        const Cell* cell = collection.cell(write.cell);
        if (cell == nullptr) continue;
        text += divider + cell_text(collection, *cell, write.values, names);
        divider = ", ";
    }
    for (const SetWrite& write : operation.sets)
        text += fmt::format(" {}{}{}", field_name(collection, write.field), write.add ? "+" : "-",
                            clipped(write.element.as_bytes(), 40));
    for (const CounterStep& step : operation.counters)
        text += fmt::format(" {}{:+}", field_name(collection, step.field), step.step);
    return text;
}

}  // namespace satchel::cli
