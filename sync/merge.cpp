#include "sync/merge.hpp"

#include <algorithm>
#include <limits>

#include "sync/limits.hpp"

namespace satchel {
namespace {

// Every counter and every total stays below this, so sums of kMaxClockEntries of them fit.
constexpr std::int64_t kMaxCounter = std::numeric_limits<std::int64_t>::max() / 2048;

Error over_limit(const char* what, std::size_t limit) {
    return {ErrorCode::limit, std::string(what) + ": at most " + std::to_string(limit)};
}

// Dots of people's writes that end with `sibling`: a system write passes on what it replaced.
void collect_people(const Sibling& sibling, std::vector<Dot>& people) {
    if (!sibling.system) people.push_back(sibling.dot);
    people.insert(people.end(), sibling.inherits.begin(), sibling.inherits.end());
}

void write_cell(CellState& cell, const CellWrite& write, const VectorClock& seen,
                const WriteContext& context) {
    Sibling added{
        context.dot, context.stamp, context.rank, context.intent == Intent::system, context.late,
        {},          write.values};
    std::vector<Sibling> kept;
    for (Sibling& sibling : cell.siblings) {
        if (!seen.covers(sibling.dot))
            kept.push_back(std::move(sibling));
        else if (added.system)
            collect_people(sibling, added.inherits);
    }
    std::sort(added.inherits.begin(), added.inherits.end());
    added.inherits.erase(std::unique(added.inherits.begin(), added.inherits.end()),
                         added.inherits.end());
    kept.push_back(std::move(added));
    std::sort(kept.begin(), kept.end(),
              [](const Sibling& a, const Sibling& b) { return a.dot < b.dot; });
    cell.siblings = std::move(kept);
}

SetState& set_or_new(RecordState& state, FieldId field) {
    const auto at =
        std::lower_bound(state.sets.begin(), state.sets.end(), field,
                         [](const SetState& set, FieldId wanted) { return set.field < wanted; });
    if (at != state.sets.end() && at->field == field) return *at;
    return *state.sets.insert(at, SetState{field, {}});
}

void write_element(SetState& set, const SetWrite& write, const VectorClock& seen,
                   const WriteContext& context) {
    auto at = std::lower_bound(
        set.elements.begin(), set.elements.end(), write.element,
        [](const SetElement& element, const Value& wanted) { return element.element < wanted; });
    if (at == set.elements.end() || at->element != write.element) {
        if (!write.add) return;  // removing what is not there
        at = set.elements.insert(at, SetElement{write.element, {}});
    }
    std::erase_if(at->dots, [&seen](const SetDot& dot) { return seen.covers(dot.dot); });
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

Status check_cells(const RecordState& state, const Operation& operation) {
    for (const CellWrite& write : operation.cells) {
        const CellState* cell = state.cell(write.cell);
        if (cell == nullptr || cell->siblings.size() < kMaxSiblings) continue;
        const auto kept = std::count_if(
            cell->siblings.begin(), cell->siblings.end(),
            [&](const Sibling& sibling) { return !operation.clock.covers(sibling.dot); });
        if (static_cast<std::size_t>(kept) >= kMaxSiblings)
            return over_limit("values side by side in one cell", kMaxSiblings);
    }
    return {};
}

Status check_sets(const RecordState& state, const Operation& operation) {
    for (const SetWrite& write : operation.sets) {
        const SetState* set = state.set(write.field);
        const std::size_t held = set == nullptr ? 0 : set->elements.size();
        if (held + operation.sets.size() > kMaxSetElements)
            return over_limit("elements in one set", kMaxSetElements);
    }
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

void mark_life(RecordState& state, const Operation& operation, const Dot& dot) {
    std::erase_if(state.life,
                  [&operation](const LifeMark& mark) { return operation.clock.covers(mark.dot); });
    const bool dead = operation.kind == OperationKind::remove;
    state.life.push_back({dot, dead, dead ? operation.clock : VectorClock{}});
    std::sort(state.life.begin(), state.life.end(),
              [](const LifeMark& a, const LifeMark& b) { return a.dot < b.dot; });
}

}  // namespace

Status apply(RecordState& state, const Operation& operation, const WriteContext& write) {
    SATCHEL_TRY(check_cells(state, operation));
    SATCHEL_TRY(check_sets(state, operation));
    SATCHEL_TRY(check_counters(state, operation, write));
    if (state.clock.counter(write.dot.replica) == 0 &&
        state.clock.entries().size() >= kMaxClockEntries)
        return over_limit("devices that wrote one record", kMaxClockEntries);
    for (const CellWrite& cell : operation.cells)
        write_cell(state.cell_or_new(cell.cell), cell, operation.clock, write);
    for (const SetWrite& element : operation.sets)
        write_element(set_or_new(state, element.field), element, operation.clock, write);
    for (const CounterStep& step : operation.counters)
        step_counter(counter_or_new(state, step.field), step, write);
    std::erase_if(state.sets, [](const SetState& set) { return set.elements.empty(); });
    if (operation.kind != OperationKind::write) mark_life(state, operation, write.dot);
    state.clock.advance(write.dot);
    return {};
}

}  // namespace satchel
