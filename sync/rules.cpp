#include "sync/rules.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace satchel {
namespace {

constexpr std::array<std::pair<ConflictRule, std::string_view>, 8> kNames{{
    {ConflictRule::last_writer, "last_writer"},
    {ConflictRule::first_writer, "first_writer"},
    {ConflictRule::max, "max"},
    {ConflictRule::min, "min"},
    {ConflictRule::furthest, "furthest"},
    {ConflictRule::rank, "rank"},
    {ConflictRule::union_lines, "union_lines"},
    {ConflictRule::manual, "manual"},
}};

// Later stamp first; equal stamps are told apart by the dot, which is unique.
bool written_later(const Sibling& a, const Sibling& b) {
    return std::pair(a.stamp, a.dot) > std::pair(b.stamp, b.dot);
}

// Place of a value in the rule's order: "Won|Lost" in one entry share a place; unknown comes first.
std::size_t place(const std::vector<std::string>& order, const Sibling& sibling) {
    const Bytes& wanted = sibling.values.front().as_bytes();
    for (std::size_t i = 0; i < order.size(); ++i) {
        std::string_view rest = order[i];
        while (true) {
            const auto bar = rest.find('|');
            if (rest.substr(0, bar) == wanted) return i + 1;
            if (bar == std::string_view::npos) break;
            rest.remove_prefix(bar + 1);
        }
    }
    return 0;
}

// Whether `a` is to be shown rather than `b`. Ends in the dot, so it is a strict total order.
bool preferred(const Cell& cell, const Sibling& a, const Sibling& b) {
    switch (cell.rule) {
        case ConflictRule::first_writer:
            return std::pair(a.stamp, a.dot) < std::pair(b.stamp, b.dot);
        case ConflictRule::max:
            if (a.values != b.values) return a.values > b.values;
            break;
        case ConflictRule::min:
            if (a.values != b.values) return a.values < b.values;
            break;
        case ConflictRule::furthest: {
            const std::size_t place_a = place(cell.order, a), place_b = place(cell.order, b);
            if (place_a != place_b) return place_a > place_b;
            break;
        }
        case ConflictRule::rank:
            if (a.rank != b.rank) return a.rank > b.rank;
            break;
        case ConflictRule::last_writer:
        case ConflictRule::union_lines:
        case ConflictRule::manual:
            break;
    }
    return written_later(a, b);
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (true) {
        const auto end = text.find('\n');
        lines.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return lines;
        text.remove_prefix(end + 1);
    }
}

// All lines of all siblings, oldest sibling first, each line once.
Value union_of_lines(const CellState& state) {
    std::vector<const Sibling*> oldest_first;
    for (const Sibling& sibling : state.siblings)
        oldest_first.push_back(&sibling);
    std::sort(oldest_first.begin(), oldest_first.end(),
              [](const Sibling* a, const Sibling* b) { return written_later(*b, *a); });
    std::vector<std::string_view> lines;
    std::set<std::string_view> known;
    for (const Sibling* sibling : oldest_first) {
        const Value& value = sibling->values.front();
        if (value.is_null()) continue;
        for (const std::string_view line : lines_of(value.as_bytes()))
            if (known.insert(line).second) lines.push_back(line);
    }
    if (lines.empty()) return Value{};
    std::string text;
    for (std::size_t i = 0; i < lines.size(); ++i)
        text += (i == 0 ? "" : "\n") + Bytes(lines[i]);
    return Value::text(text);
}

}  // namespace

const Sibling& winner(const Cell& cell, const CellState& state) {
    return *std::min_element(
        state.siblings.begin(), state.siblings.end(),
        [&cell](const Sibling& a, const Sibling& b) { return preferred(cell, a, b); });
}

std::vector<Value> shown_values(const Cell& cell, const CellState& state) {
    if (state.siblings.empty()) return {};
    if (cell.rule == ConflictRule::union_lines && state.siblings.size() > 1)
        return {union_of_lines(state)};
    return winner(cell, state).values;
}

bool is_conflict(const CellState& state) {
    return std::any_of(state.siblings.begin(), state.siblings.end(), [&state](const Sibling& s) {
        return s.values != state.siblings.front().values;
    });
}

Value shown_set(const SetState& set) {
    if (set.elements.empty()) return Value{};
    std::string json = "[";
    for (const SetElement& element : set.elements) {
        if (json.size() > 1) json += ',';
        json += element.element.text_form();
    }
    return Value::text(json + "]");
}

std::string explain(const Cell& cell, const CellState& state) {
    if (!is_conflict(state)) return "no conflict";
    switch (cell.rule) {
        case ConflictRule::last_writer:
            return "last_writer: written last";
        case ConflictRule::first_writer:
            return "first_writer: written first";
        case ConflictRule::max:
            return "max: the largest value";
        case ConflictRule::min:
            return "min: the smallest value";
        case ConflictRule::furthest:
            return "furthest: the furthest on in the list";
        case ConflictRule::rank:
            return "rank: its author has the highest role";
        case ConflictRule::union_lines:
            return "union_lines: the lines of all are shown together";
        case ConflictRule::manual:
            return "manual: written last; waits until a person decides";
    }
    return "";
}

std::string_view name(ConflictRule rule) {
    for (const auto& [known, text] : kNames)
        if (known == rule) return text;
    return "";
}

Result<ConflictRule> conflict_rule(std::string_view text) {
    std::string known;
    for (const auto& [rule, name] : kNames) {
        if (name == text) return rule;
        known += (known.empty() ? "" : ", ") + std::string(name);
    }
    return Error{ErrorCode::invalid_argument, "'" + std::string(text.substr(0, 64)) +
                                                  "' is no conflict rule; there are " + known};
}

}  // namespace satchel
