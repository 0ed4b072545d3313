#include "sync/merge.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "sync/limits.hpp"
#include "sync/mutants.hpp"

namespace satchel {
namespace {

Error over_limit(const char* what, std::size_t limit) {
    return {ErrorCode::limit, std::string(what) + ": at most " + std::to_string(limit)};
}

// What an operation's author had seen: what its clock covers, and single dots.
class Seen {
  public:
    Seen(const Operation& operation, const WriteContext& write)
        : clock_(operation.clock), also_(write.also_seen) {}

    bool covers(const Dot& dot) const {
        return clock_.covers(dot) || std::binary_search(also_.begin(), also_.end(), dot);
    }

  private:
    const VectorClock& clock_;
    const std::vector<Dot>& also_;
};

// The people's writes of the cell that the author of a system write had seen and that no person has
// replaced: siblings, and what other system writes stand for. Taken from all of these, replaced or
// not, the answer does not depend on the order in which concurrent writes came.
std::vector<Dot> people_seen(const CellState& cell, const Seen& seen) {
    std::vector<Dot> people;
    const auto take = [&](const Dot& dot) {
        if (seen.covers(dot)) people.push_back(dot);
    };
    for (const Sibling& sibling : cell.siblings) {
        if (!sibling.system) take(sibling.dot);
        std::for_each(sibling.inherits.begin(), sibling.inherits.end(), take);
    }
    std::sort(people.begin(), people.end());
    people.erase(std::unique(people.begin(), people.end()), people.end());
    return people;
}

// A new record's nulls are not written: nobody has said anything about those cells.
bool all_null(const CellWrite& write) {
    return std::all_of(write.values.begin(), write.values.end(),
                       [](const Value& value) { return value.is_null(); });
}

void write_cell(CellState& cell, const CellWrite& write, const Seen& seen,
                const WriteContext& context) {
    Sibling added{
        context.dot, context.stamp, context.rank, context.intent == Intent::system, context.late,
        {},          write.values};
    if (added.system) added.inherits = people_seen(cell, seen);
    std::erase_if(cell.siblings, [&seen](const Sibling& s) { return seen.covers(s.dot); });
    if (!added.system)  // a person's write stands for itself
        for (Sibling& sibling : cell.siblings)
            std::erase_if(sibling.inherits, [&seen](const Dot& dot) { return seen.covers(dot); });
    cell.siblings.push_back(std::move(added));
    if (broken(Mutant::eager_last_writer))
        cell.siblings = {*std::max_element(
            cell.siblings.begin(), cell.siblings.end(),
            [](const Sibling& a, const Sibling& b) { return a.stamp < b.stamp; })};
    std::sort(cell.siblings.begin(), cell.siblings.end(),
              [](const Sibling& a, const Sibling& b) { return a.dot < b.dot; });
}

SetState& set_or_new(RecordState& state, FieldId field) {
    const auto at =
        std::lower_bound(state.sets.begin(), state.sets.end(), field,
                         [](const SetState& set, FieldId wanted) { return set.field < wanted; });
    if (at != state.sets.end() && at->field == field) return *at;
    return *state.sets.insert(at, SetState{field, {}});
}

template <typename Elements>
auto find_element(Elements& elements, const Value& element) {
    return std::lower_bound(
        elements.begin(), elements.end(), element,
        [](const SetElement& item, const Value& wanted) { return item.element < wanted; });
}

// A system write that adds what is there leaves the people's addings: they may revive the record.
bool outlasts(const SetDot& dot, const SetWrite& write, const Seen& seen, Intent intent) {
    const bool keeps_people = write.add && intent == Intent::system;
    if (!write.add && broken(Mutant::removal_takes_unseen)) return false;
    return !seen.covers(dot.dot) || (keeps_people && !dot.system);
}

void write_element(SetState& set, const SetWrite& write, const Seen& seen,
                   const WriteContext& context) {
    auto at = find_element(set.elements, write.element);
    if (at == set.elements.end() || at->element != write.element) {
        if (!write.add) return;  // removing what is not there
        at = set.elements.insert(at, SetElement{write.element, {}});
    }
    std::erase_if(at->dots,
                  [&](const SetDot& dot) { return !outlasts(dot, write, seen, context.intent); });
    if (write.add) {
        at->dots.push_back({context.dot, context.intent == Intent::system});
        std::sort(at->dots.begin(), at->dots.end());
    }
    if (at->dots.empty()) set.elements.erase(at);
}

CounterState& counter_or_new(RecordState& state, FieldId field) {
    const auto at = std::lower_bound(
        state.counters.begin(), state.counters.end(), field,
        [](const CounterState& counter, FieldId wanted) { return counter.field < wanted; });
    if (at != state.counters.end() && at->field == field) return *at;
    return *state.counters.insert(at, CounterState{field, {}});
}

CounterPart& part_or_new(CounterState& counter, const Dot& dot) {
    const auto at = std::lower_bound(
        counter.parts.begin(), counter.parts.end(), dot.replica,
        [](const CounterPart& part, ReplicaId wanted) { return part.last.replica < wanted; });
    if (at != counter.parts.end() && at->last.replica == dot.replica) return *at;
    return *counter.parts.insert(at, CounterPart{{dot.replica, 0}, 0, 0, 0});
}

void step_counter(CounterState& counter, const CounterStep& step, const WriteContext& context) {
    CounterPart& part = part_or_new(counter, context.dot);
    part.last = context.dot;
    if (context.intent == Intent::person) part.last_person = context.dot.counter;
    (step.step < 0 ? part.subtracted : part.added) += step.step < 0 ? -step.step : step.step;
}

Status check_cells(const RecordState& state, const Operation& operation,
                   const WriteContext& context) {
    const Seen seen(operation, context);
    const bool has_room = context.waits && !broken(Mutant::full_cell_blocks);
    const std::size_t most = has_room ? kMaxShownSiblings : kMaxSiblings;
    for (const CellWrite& write : operation.cells) {
        const CellState* cell = state.cell(write.cell);
        if (cell == nullptr) continue;
        const auto kept =
            std::count_if(cell->siblings.begin(), cell->siblings.end(),
                          [&](const Sibling& sibling) { return !seen.covers(sibling.dot); });
        if (static_cast<std::size_t>(kept) >= most && !broken(Mutant::values_unlimited))
            return over_limit("values side by side in one cell", most);
        if (context.intent == Intent::system && people_seen(*cell, seen).size() > kMaxClockEntries)
            return over_limit("people's values behind an automatic one", kMaxClockEntries);
    }
    return {};
}

// How many elements one write adds to its set: 1, 0 or -1.
int growth(const SetState* set, const SetWrite& write, const Seen& seen) {
    const SetElement* known = nullptr;
    if (set != nullptr) {
        const auto at = find_element(set->elements, write.element);
        if (at != set->elements.end() && at->element == write.element) known = &*at;
    }
    if (write.add) return known == nullptr ? 1 : 0;
    const bool goes = known != nullptr &&
                      std::all_of(known->dots.begin(), known->dots.end(),
                                  [&seen](const SetDot& dot) { return seen.covers(dot.dot); });
    return goes ? -1 : 0;
}

Status check_sets(const RecordState& state, const Operation& operation, const Seen& seen) {
    if (operation.sets.size() > kMaxSetElements)
        return over_limit("set elements in one operation", kMaxSetElements);
    std::map<FieldId, std::ptrdiff_t> sizes;
    for (const SetWrite& write : operation.sets) {
        const SetState* set = state.set(write.field);
        const std::size_t held = set == nullptr ? 0 : set->elements.size();
        const auto [size, first] =
            sizes.try_emplace(write.field, static_cast<std::ptrdiff_t>(held));
        size->second += growth(set, write, seen);
    }
    for (const auto& [field, size] : sizes)
        if (size > static_cast<std::ptrdiff_t>(kMaxSetElements))
            return over_limit("elements in one set", kMaxSetElements);
    return {};
}

// What only a device can exceed that names an old clock in every operation.
Status check_pile(const RecordState& state, const Operation& operation, Intent intent,
                  const Seen& seen) {
    const auto too_many = [](const auto& items, const auto& remains) {
        const auto kept = std::count_if(items.begin(), items.end(), remains);
        return static_cast<std::size_t>(kept) >= kMaxClockEntries;
    };
    for (const SetWrite& write : operation.sets) {
        const SetState* set = state.set(write.field);
        if (!write.add || set == nullptr) continue;
        const auto at = find_element(set->elements, write.element);
        const auto remains = [&](const SetDot& dot) { return outlasts(dot, write, seen, intent); };
        if (at != set->elements.end() && at->element == write.element &&
            too_many(at->dots, remains))
            return over_limit("addings of one element", kMaxClockEntries);
    }
    const auto unseen = [&](const LifeMark& mark) { return !seen.covers(mark.dot); };
    if (operation.kind != OperationKind::write && too_many(state.life, unseen))
        return over_limit("deletions of one record", kMaxClockEntries);
    return {};
}

Status check_counters(const RecordState& state, const Operation& operation,
                      const WriteContext& write) {
    for (const CounterStep& step : operation.counters) {
        const CounterState* counter = state.counter(step.field);
        std::int64_t held = 0;
        if (counter != nullptr)
            for (const CounterPart& part : counter->parts)
                if (part.last.replica == write.dot.replica)
                    held = step.step < 0 ? part.subtracted : part.added;
        if (step.step < -kMaxCounter || step.step > kMaxCounter ||
            held > kMaxCounter - (step.step < 0 ? -step.step : step.step))
            return Error{ErrorCode::limit, "the counter would leave its range"};
    }
    return {};
}

// By replica, the first edit that is here and that the author had not seen.
std::map<ReplicaId, std::uint64_t> first_unseen(const RecordState& state, const Seen& seen) {
    std::map<ReplicaId, std::uint64_t> first;
    const auto look_at = [&](const Dot& edit) {
        if (seen.covers(edit)) return;
        std::uint64_t& counter = first.try_emplace(edit.replica, edit.counter).first->second;
        counter = std::min(counter, edit.counter);
    };
    for (const CellState& cell : state.cells)
        for (const Sibling& sibling : cell.siblings) {
            look_at(sibling.dot);
            std::for_each(sibling.inherits.begin(), sibling.inherits.end(), look_at);
        }
    for (const SetState& set : state.sets)
        for (const SetElement& element : set.elements)
            for (const SetDot& adding : element.dots)
                look_at(adding.dot);
    for (const CounterState& counter : state.counters)
        for (const CounterPart& part : counter.parts)
            look_at({part.last.replica, part.last_person});
    return first;
}

// A mark keeps a clock. Where that would say that the deleter had seen an edit that he had not, or
// one that may still come, or has no room, it says less, and the record stays alive.
VectorClock clock_of_mark(const RecordState& state, const Operation& operation,
                          const WriteContext& write, const Seen& seen) {
    VectorClock clock = operation.clock;
    if (write.also_seen.empty()) return clock;
    const std::map<ReplicaId, std::uint64_t> unseen = first_unseen(state, seen);
    for (const Dot& dot : write.also_seen) {
        const auto first = unseen.find(dot.replica);
        const bool too_much =
            !state.clock.covers(dot) || (first != unseen.end() && first->second < dot.counter);
        const bool has_room =
            clock.counter(dot.replica) != 0 || clock.entries().size() < kMaxClockEntries;
        if (!too_much && has_room) clock.advance(dot);
    }
    return clock;
}

void mark_life(RecordState& state, const Operation& operation, const WriteContext& write,
               const Seen& seen) {
    std::erase_if(state.life, [&seen](const LifeMark& mark) { return seen.covers(mark.dot); });
    const bool dead = operation.kind == OperationKind::remove;
    if (dead && broken(Mutant::delete_clears))
        std::erase_if(state.cells, [&operation](const CellState& cell) {
            return operation.clock.covers(cell.siblings.back().dot);
        });
    LifeMark mark{write.dot, dead, {}};
    if (dead) mark.seen = clock_of_mark(state, operation, write, seen);
    state.life.push_back(std::move(mark));
    std::sort(state.life.begin(), state.life.end(),
              [](const LifeMark& a, const LifeMark& b) { return a.dot < b.dot; });
}

}  // namespace

Status apply(RecordState& state, const Operation& operation, const WriteContext& write) {
    const Seen seen(operation, write);
    SATCHEL_TRY(check_cells(state, operation, write));
    SATCHEL_TRY(check_sets(state, operation, seen));
    SATCHEL_TRY(check_pile(state, operation, write.intent, seen));
    SATCHEL_TRY(check_counters(state, operation, write));
    if (state.clock.counter(write.dot.replica) == 0 &&
        state.clock.entries().size() >= kMaxClockEntries)
        return over_limit("devices that wrote one record", kMaxClockEntries);
    for (const CellWrite& cell : operation.cells) {
        if (operation.clock.empty() && all_null(cell)) continue;
        write_cell(state.cell_or_new(cell.cell), cell, seen, write);
    }
    for (const SetWrite& element : operation.sets)
        write_element(set_or_new(state, element.field), element, seen, write);
    for (const CounterStep& step : operation.counters) {
        step_counter(counter_or_new(state, step.field), step, write);
        if (broken(Mutant::counter_twice))
            step_counter(counter_or_new(state, step.field), step, write);
    }
    std::erase_if(state.sets, [](const SetState& set) { return set.elements.empty(); });
    if (operation.kind != OperationKind::write) mark_life(state, operation, write, seen);
    state.clock.advance(write.dot);
    return {};
}

Status check_size(const RecordState& state) {
    std::size_t bytes = 0;
    for (const CellState& cell : state.cells)
        for (const Sibling& sibling : cell.siblings)
            for (const Value& value : sibling.values)
                bytes += value.as_bytes().size();
    for (const SetState& set : state.sets)
        for (const SetElement& element : set.elements)
            bytes += element.element.as_bytes().size();
    if (bytes <= kMaxRecordBytes) return {};
    return Error{ErrorCode::limit,
                 "one record has at most 16 MiB, with all that stands side by side"};
}

}  // namespace satchel
