#include "sync/record.hpp"

#include <algorithm>

#include "sync/mutants.hpp"

namespace satchel {
namespace {

template <typename Item, typename Member>
const Item* find_sorted(const std::vector<Item>& items, FieldId id, Member member) {
    const auto at = std::lower_bound(
        items.begin(), items.end(), id,
        [member](const Item& item, FieldId wanted) { return item.*member < wanted; });
    return at != items.end() && (*at).*member == id ? &*at : nullptr;
}

// Whether some deletion of the record had seen the dot.
bool seen_by_deleter(const RecordState& state, const Dot& dot) {
    return std::any_of(state.life.begin(), state.life.end(),
                       [&dot](const LifeMark& mark) { return mark.dead && mark.seen.covers(dot); });
}

bool edited_by_person(const RecordState& state, const Sibling& sibling) {
    if (!sibling.system || broken(Mutant::system_write_revives))
        return !seen_by_deleter(state, sibling.dot);
    return std::any_of(sibling.inherits.begin(), sibling.inherits.end(),
                       [&state](const Dot& dot) { return !seen_by_deleter(state, dot); });
}

bool person_edit_in_cells(const RecordState& state) {
    for (const CellState& cell : state.cells)
        for (const Sibling& sibling : cell.siblings)
            if (edited_by_person(state, sibling)) return true;
    return false;
}

bool person_edit_in_sets(const RecordState& state) {
    for (const SetState& set : state.sets)
        for (const SetElement& element : set.elements)
            for (const SetDot& dot : element.dots)
                if (!dot.system && !seen_by_deleter(state, dot.dot)) return true;
    return false;
}

bool person_edit_in_counters(const RecordState& state) {
    for (const CounterState& counter : state.counters)
        for (const CounterPart& part : counter.parts)
            if (part.last_person > 0 &&
                !seen_by_deleter(state, {part.last.replica, part.last_person}))
                return true;
    return false;
}

bool has_mark(const RecordState& state, bool dead) {
    return std::any_of(state.life.begin(), state.life.end(),
                       [dead](const LifeMark& mark) { return mark.dead == dead; });
}

bool edit_unseen_by_deleters(const RecordState& state) {
    return person_edit_in_cells(state) || person_edit_in_sets(state) ||
           person_edit_in_counters(state);
}

}  // namespace

const CellState* RecordState::cell(FieldId id) const {
    return find_sorted(cells, id, &CellState::cell);
}

CellState& RecordState::cell_or_new(FieldId id) {
    const auto at =
        std::lower_bound(cells.begin(), cells.end(), id,
                         [](const CellState& item, FieldId wanted) { return item.cell < wanted; });
    if (at != cells.end() && at->cell == id) return *at;
    return *cells.insert(at, CellState{id, {}});
}

const SetState* RecordState::set(FieldId id) const {
    return find_sorted(sets, id, &SetState::field);
}

const CounterState* RecordState::counter(FieldId id) const {
    return find_sorted(counters, id, &CounterState::field);
}

bool is_dead(const RecordState& state, DeletePolicy policy) {
    if (!has_mark(state, true)) return false;
    if (policy == DeletePolicy::delete_wins) return true;
    return !has_mark(state, false) && !edit_unseen_by_deleters(state);
}

bool is_revived(const RecordState& state, DeletePolicy policy) {
    return has_mark(state, true) && !is_dead(state, policy);
}

std::int64_t total(const CounterState& counter) {
    std::int64_t sum = 0;
    for (const CounterPart& part : counter.parts)
        sum += part.added - part.subtracted;
    return sum;
}

}  // namespace satchel
