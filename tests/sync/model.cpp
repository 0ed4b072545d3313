#include "tests/sync/model.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <tuple>

namespace satchel::testing {
namespace {

// Who makes a record has said nothing about the cells that are left empty.
bool says_nothing(const Event& event, const CellWrite& write) {
    return event.saw.empty() && std::all_of(write.values.begin(), write.values.end(),
                                            [](const Value& value) { return value.is_null(); });
}

const CellWrite* write_to(const Event& event, FieldId cell) {
    for (const CellWrite& write : event.operation.cells)
        if (write.cell == cell && !says_nothing(event, write)) return &write;
    return nullptr;
}

bool touches(const Event& event, FieldId field, const Value& element) {
    return std::any_of(
        event.operation.sets.begin(), event.operation.sets.end(),
        [&](const SetWrite& write) { return write.field == field && write.element == element; });
}

bool adds(const Event& event, FieldId field, const Value& element) {
    return std::any_of(event.operation.sets.begin(), event.operation.sets.end(),
                       [&](const SetWrite& write) {
                           return write.add && write.field == field && write.element == element;
                       });
}

// Some event that `counts` had seen `dot`.
template <typename Counts>
bool seen_by(const Events& events, const Dot& dot, Counts counts) {
    return std::any_of(events.begin(), events.end(), [&](const Event& event) {
        return counts(event) && event.saw.contains(dot);
    });
}

// The people's writes that a system write stands for: those its author had seen in the cell and
// that no other person has since replaced.
std::vector<Dot> inherited(const Events& events, const Event& system_write, FieldId cell) {
    std::vector<Dot> people;
    for (const Event& event : events) {
        const Dot& dot = event.write.dot;
        if (!event.by_person() || write_to(event, cell) == nullptr) continue;
        if (!system_write.saw.contains(dot)) continue;
        const auto by_person = [cell](const Event& other) {
            return other.by_person() && write_to(other, cell) != nullptr;
        };
        if (!seen_by(events, dot, by_person)) people.push_back(dot);
    }
    std::sort(people.begin(), people.end());
    return people;
}

// Writes of the cell that no other write of it had seen.
std::vector<const Event*> standing_writes(const Events& events, FieldId cell) {
    std::vector<const Event*> standing;
    const auto writes_cell = [cell](const Event& other) {
        return write_to(other, cell) != nullptr;
    };
    for (const Event& event : events)
        if (writes_cell(event) && !seen_by(events, event.write.dot, writes_cell))
            standing.push_back(&event);
    return standing;
}

std::vector<Sibling> expected_siblings(const Events& events, FieldId cell) {
    std::vector<Sibling> siblings;
    for (const Event* event : standing_writes(events, cell)) {
        Sibling sibling{event->write.dot,
                        event->write.stamp,
                        event->write.rank,
                        !event->by_person(),
                        event->write.late,
                        {},
                        write_to(*event, cell)->values};
        if (sibling.system) sibling.inherits = inherited(events, *event, cell);
        siblings.push_back(std::move(sibling));
    }
    std::sort(siblings.begin(), siblings.end(),
              [](const Sibling& a, const Sibling& b) { return a.dot < b.dot; });
    return siblings;
}

// An adding goes when somebody who had seen it takes the element out or adds it anew; a system
// write that only adds anew leaves the people's.
std::vector<SetDot> expected_set_dots(const Events& events, FieldId field, const Value& element) {
    std::vector<SetDot> dots;
    for (const Event& event : events) {
        if (!adds(event, field, element)) continue;
        const auto replaces = [&](const Event& other) {
            if (!touches(other, field, element)) return false;
            return !event.by_person() || other.by_person() || !adds(other, field, element);
        };
        if (!seen_by(events, event.write.dot, replaces))
            dots.push_back({event.write.dot, !event.by_person()});
    }
    std::sort(dots.begin(), dots.end());
    return dots;
}

SetState expected_set(const Events& events, FieldId field) {
    std::set<Value> elements;
    for (const Event& event : events)
        for (const SetWrite& write : event.operation.sets)
            if (write.field == field) elements.insert(write.element);
    SetState set{field, {}};
    for (const Value& element : elements) {
        std::vector<SetDot> dots = expected_set_dots(events, field, element);
        if (!dots.empty()) set.elements.push_back({element, std::move(dots)});
    }
    return set;
}

CounterState expected_counter(const Events& events, FieldId field) {
    std::map<ReplicaId, CounterPart> parts;
    for (const Event& event : events)
        for (const CounterStep& step : event.operation.counters) {
            if (step.field != field) continue;
            CounterPart& part = parts[event.write.dot.replica];
            part.last = std::max(part.last, event.write.dot);
            if (event.by_person())
                part.last_person = std::max(part.last_person, event.write.dot.counter);
            part.added += std::max<std::int64_t>(step.step, 0);
            part.subtracted += std::max<std::int64_t>(-step.step, 0);
        }
    CounterState counter{field, {}};
    for (auto& [replica, part] : parts) {
        part.last.replica = replica;
        counter.parts.push_back(part);
    }
    return counter;
}

bool is_mark(const Event& event) {
    return event.operation.kind != OperationKind::write;
}

// 1 for the first entry of the rule's list that names the value; 0: it is not there.
std::size_t position(const std::vector<std::string>& order, const Value& value) {
    for (std::size_t i = 0; i < order.size(); ++i) {
        const std::string names = "|" + order[i] + "|";
        if (names.find("|" + value.as_bytes() + "|") != std::string::npos) return i + 1;
    }
    return 0;
}

// Whether the rule puts `a` before `b`; where it says nothing, the one written later.
bool shown_before(const Cell& cell, const Event& a, const Event& b) {
    const std::vector<Value>& of_a = write_to(a, cell.id)->values;
    const std::vector<Value>& of_b = write_to(b, cell.id)->values;
    const auto later = std::tie(a.write.stamp, a.write.dot) > std::tie(b.write.stamp, b.write.dot);
    switch (cell.rule) {
        case ConflictRule::first_writer:
            return !later;
        case ConflictRule::max:
            return of_a == of_b ? later : of_a > of_b;
        case ConflictRule::min:
            return of_a == of_b ? later : of_a < of_b;
        case ConflictRule::rank:
            return a.write.rank == b.write.rank ? later : a.write.rank > b.write.rank;
        case ConflictRule::furthest: {
            const std::size_t in_a = position(cell.order, of_a.front());
            const std::size_t in_b = position(cell.order, of_b.front());
            return in_a == in_b ? later : in_a > in_b;
        }
        default:
            return later;
    }
}

// The lines of all, oldest writing first, each once.
Value all_lines(std::vector<const Event*> writes, FieldId cell) {
    std::sort(writes.begin(), writes.end(), [](const Event* a, const Event* b) {
        return std::tie(a->write.stamp, a->write.dot) < std::tie(b->write.stamp, b->write.dot);
    });
    std::string text;
    std::vector<std::string> taken;
    for (const Event* event : writes) {
        const Value& value = write_to(*event, cell)->values.front();
        if (value.is_null()) continue;
        std::istringstream lines(value.as_bytes() + "\n");
        for (std::string line; std::getline(lines, line);) {
            if (std::find(taken.begin(), taken.end(), line) != taken.end()) continue;
            text += (taken.empty() ? "" : "\n") + line;
            taken.push_back(line);
        }
    }
    return taken.empty() ? Value{} : Value::text(text);
}

VectorClock clock_of(const std::set<Dot>& dots) {
    VectorClock clock;
    for (const Dot& dot : dots)
        clock.advance(dot);
    return clock;
}

std::vector<const Event*> standing_marks(const Events& events) {
    std::vector<const Event*> marks;
    for (const Event& event : events)
        if (is_mark(event) && !seen_by(events, event.write.dot, is_mark)) marks.push_back(&event);
    std::sort(marks.begin(), marks.end(),
              [](const Event* a, const Event* b) { return a->write.dot < b->write.dot; });
    return marks;
}

template <typename Item>
void keep(std::vector<Item>& items, Item item, bool wanted) {
    if (wanted) items.push_back(std::move(item));
}

std::vector<Dot> people_of(const CellState* cell) {
    std::vector<Dot> people;
    if (cell == nullptr) return people;
    for (const Sibling& sibling : cell->siblings) {
        if (!sibling.system) people.push_back(sibling.dot);
        people.insert(people.end(), sibling.inherits.begin(), sibling.inherits.end());
    }
    return people;
}

// What `own` has of the cell and `other` does not know to be replaced.
void take_siblings(const RecordState& own, const RecordState& other, FieldId id,
                   std::map<Dot, Sibling>& result) {
    const CellState* cell = own.cell(id);
    if (cell == nullptr) return;
    const CellState* theirs = other.cell(id);
    const std::vector<Dot> people = people_of(theirs);
    for (Sibling sibling : cell->siblings) {
        const bool there = theirs != nullptr &&
                           std::any_of(theirs->siblings.begin(), theirs->siblings.end(),
                                       [&](const Sibling& s) { return s.dot == sibling.dot; });
        if (!there && other.clock.covers(sibling.dot)) continue;
        std::erase_if(sibling.inherits, [&](const Dot& dot) {
            return other.clock.covers(dot) &&
                   std::find(people.begin(), people.end(), dot) == people.end();
        });
        result[sibling.dot] = std::move(sibling);
    }
}

using Adding = std::tuple<FieldId, Value, SetDot>;

std::set<Adding> addings(const RecordState& state) {
    std::set<Adding> all;
    for (const SetState& set : state.sets)
        for (const SetElement& element : set.elements)
            for (const SetDot& dot : element.dots)
                all.insert({set.field, element.element, dot});
    return all;
}

void join_sets(const RecordState& a, const RecordState& b, RecordState& result) {
    const std::set<Adding> of_a = addings(a), of_b = addings(b);
    std::set<Adding> all = of_a;
    all.insert(of_b.begin(), of_b.end());
    for (const auto& adding : all) {
        const auto& [field, element, dot] = adding;
        const bool in_a = of_a.contains(adding) || !a.clock.covers(dot.dot);
        const bool in_b = of_b.contains(adding) || !b.clock.covers(dot.dot);
        if (!in_a || !in_b) continue;
        if (result.sets.empty() || result.sets.back().field != field)
            result.sets.push_back({field, {}});
        std::vector<SetElement>& elements = result.sets.back().elements;
        if (elements.empty() || elements.back().element != element)
            elements.push_back({element, {}});
        elements.back().dots.push_back(dot);
    }
}

void join_counters(const RecordState& a, const RecordState& b, RecordState& result) {
    std::map<FieldId, std::map<ReplicaId, CounterPart>> all;
    for (const RecordState* state : {&a, &b})
        for (const CounterState& counter : state->counters)
            for (const CounterPart& part : counter.parts) {
                CounterPart& known = all[counter.field][part.last.replica];
                if (known.last.counter < part.last.counter) known = part;
            }
    for (const auto& [field, parts] : all) {
        CounterState& counter = result.counters.emplace_back(CounterState{field, {}});
        for (const auto& [replica, part] : parts)
            counter.parts.push_back(part);
    }
}

void join_life(const RecordState& a, const RecordState& b, RecordState& result) {
    std::map<Dot, LifeMark> all;
    const auto take = [&all](const RecordState& own, const RecordState& other) {
        for (const LifeMark& mark : own.life)
            if (!other.clock.covers(mark.dot) ||
                std::find(other.life.begin(), other.life.end(), mark) != other.life.end())
                all[mark.dot] = mark;
    };
    take(a, b);
    take(b, a);
    for (const auto& [dot, mark] : all)
        result.life.push_back(mark);
}

}  // namespace

RecordState expected_state(const Events& events) {
    RecordState state;
    for (const Event& event : events)
        state.clock.advance(event.write.dot);
    for (const FieldId cell : {kAmount, kPrice, kStage}) {
        std::vector<Sibling> siblings = expected_siblings(events, cell);
        keep(state.cells, CellState{cell, siblings}, !siblings.empty());
    }
    for (const FieldId field : {kTags, kHelpers}) {
        SetState set = expected_set(events, field);
        keep(state.sets, set, !set.elements.empty());
    }
    for (const FieldId field : {kVisits, kCalls}) {
        CounterState counter = expected_counter(events, field);
        keep(state.counters, counter, !counter.parts.empty());
    }
    for (const Event* mark : standing_marks(events)) {
        const bool dead = mark->operation.kind == OperationKind::remove;
        state.life.push_back({mark->write.dot, dead, dead ? clock_of(mark->saw) : VectorClock{}});
    }
    return state;
}

bool expected_dead(const Events& events, DeletePolicy policy) {
    std::set<Dot> seen;
    bool deleted = false, taken_back = false;
    for (const Event* mark : standing_marks(events)) {
        const bool dead = mark->operation.kind == OperationKind::remove;
        deleted = deleted || dead;
        taken_back = taken_back || !dead;
        if (dead) seen.insert(mark->saw.begin(), mark->saw.end());
    }
    if (!deleted || policy == DeletePolicy::delete_wins) return deleted;
    const RecordState state = expected_state(events);
    const auto keeps_alive = [&](const Event& event) {
        if (!event.by_person() || seen.contains(event.write.dot)) return false;
        if (!event.operation.cells.empty() || !event.operation.counters.empty()) return true;
        const std::set<Adding> standing = addings(state);
        return std::any_of(standing.begin(), standing.end(), [&](const Adding& adding) {
            return std::get<SetDot>(adding).dot == event.write.dot;
        });
    };
    return !taken_back && std::none_of(events.begin(), events.end(), keeps_alive);
}

bool expected_revived(const Events& events, DeletePolicy policy) {
    const std::vector<const Event*> marks = standing_marks(events);
    return !expected_dead(events, policy) &&
           std::any_of(marks.begin(), marks.end(), [](const Event* mark) {
               return mark->operation.kind == OperationKind::remove;
           });
}

std::vector<Value> expected_shown(const Events& events, const Cell& cell) {
    const std::vector<const Event*> writes = standing_writes(events, cell.id);
    if (writes.empty()) return {};
    if (cell.rule == ConflictRule::union_lines && writes.size() > 1)
        return {all_lines(writes, cell.id)};
    const Event* first = writes.front();
    for (const Event* other : writes)
        if (other != first && shown_before(cell, *other, *first)) first = other;
    return write_to(*first, cell.id)->values;
}

bool expected_conflict(const Events& events, FieldId cell) {
    std::set<std::vector<Value>> values;
    for (const Event* write : standing_writes(events, cell))
        values.insert(write_to(*write, cell)->values);
    return values.size() > 1;
}

std::vector<Value> expected_elements(const Events& events, FieldId field) {
    std::vector<Value> elements;
    for (const SetElement& element : expected_set(events, field).elements)
        elements.push_back(element.element);
    return elements;
}

std::int64_t expected_total(const Events& events, FieldId field) {
    std::int64_t sum = 0;
    for (const Event& event : events)
        for (const CounterStep& step : event.operation.counters)
            if (step.field == field) sum += step.step;
    return sum;
}

RecordState join(const RecordState& a, const RecordState& b) {
    RecordState result;
    result.clock = a.clock;
    result.clock.merge(b.clock);
    std::set<FieldId> cells;
    for (const RecordState* state : {&a, &b})
        for (const CellState& cell : state->cells)
            cells.insert(cell.cell);
    for (const FieldId id : cells) {
        std::map<Dot, Sibling> siblings;
        take_siblings(a, b, id, siblings);
        take_siblings(b, a, id, siblings);
        CellState cell{id, {}};
        for (auto& [dot, sibling] : siblings)
            cell.siblings.push_back(std::move(sibling));
        keep(result.cells, cell, !cell.siblings.empty());
    }
    join_sets(a, b, result);
    join_counters(a, b, result);
    join_life(a, b, result);
    return result;
}

}  // namespace satchel::testing
