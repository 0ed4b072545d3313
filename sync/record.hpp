// RecordState: everything a record is, on every replica and on the server: its clock, for each
// cell the siblings that nobody has yet replaced, its sets, counters and life.
//
// Two replicas that have taken in the same operations hold equal states, bit for bit: all lists
// are sorted (cells and fields by id, siblings and dots ascending), so equality and the encoding
// are functions of the state alone.
//
// Threads: values. Ownership: owns its bytes.
#pragma once

#include <vector>

#include "sync/schema.hpp"
#include "sync/stamp.hpp"
#include "sync/value.hpp"
#include "sync/vector_clock.hpp"

namespace satchel {

// One value of a cell that stands beside others until a write that saw it replaces it.
struct Sibling {
    Dot dot;
    Stamp stamp;                // effective once the server has accepted it, the author's before
    std::uint8_t rank = 0;      // the author's role, put in by the server when it accepts
    bool system = false;        // an automatic write: never revives a deleted record
    bool late = false;          // made before a handover, accepted after it
    std::vector<Dot> inherits;  // of system writes: people's that no person has replaced since
    std::vector<Value> values;  // one per field of the cell

    bool operator==(const Sibling&) const = default;
};

struct CellState {
    FieldId cell{};
    std::vector<Sibling> siblings;  // ascending by dot, never empty

    bool operator==(const CellState&) const = default;
};

// One adding of an element.
struct SetDot {
    Dot dot;
    bool system = false;

    auto operator<=>(const SetDot&) const = default;
};

// One element of an add-wins set: present as long as any dot that added it is left.
struct SetElement {
    Value element;
    std::vector<SetDot> dots;  // ascending, never empty

    bool operator==(const SetElement&) const = default;
};

struct SetState {
    FieldId field{};
    std::vector<SetElement> elements;  // ascending by element, never empty

    bool operator==(const SetState&) const = default;
};

// What one replica added to a counter in all, up to and with the operation `last`.
struct CounterPart {
    Dot last;
    std::uint64_t last_person = 0;  // counter of the last step that a person made; 0 = none
    std::int64_t added = 0;         // of positive steps; a step that would overflow is refused
    std::int64_t subtracted = 0;    // of negative ones, as a positive number

    bool operator==(const CounterPart&) const = default;
};

struct CounterState {
    FieldId field{};
    std::vector<CounterPart> parts;  // ascending by replica, never empty

    bool operator==(const CounterState&) const = default;
};

// A deletion or its taking back. Several stand side by side when made apart.
struct LifeMark {
    Dot dot;
    bool dead = true;
    VectorClock seen;  // of a deletion: the record's clock as the deleter saw it

    bool operator==(const LifeMark&) const = default;
};

struct RecordState {
    VectorClock clock;
    std::vector<CellState> cells;
    std::vector<SetState> sets;
    std::vector<CounterState> counters;
    std::vector<LifeMark> life;  // ascending by dot; empty: never deleted

    bool exists() const { return !clock.empty(); }
    const CellState* cell(FieldId id) const;
    CellState& cell_or_new(FieldId id);
    const SetState* set(FieldId id) const;
    const CounterState* counter(FieldId id) const;
    bool operator==(const RecordState&) const = default;
};

// Whether the record counts as deleted under its collection's policy. Under update_wins an edit by
// a person that no deletion had seen keeps it alive; system writes never do.
bool is_dead(const RecordState& state, DeletePolicy policy);

// A deletion and an edit met: the record lives on, and somebody should look at it.
bool is_revived(const RecordState& state, DeletePolicy policy);

// What a counter's column shows.
std::int64_t total(const CounterState& counter);

}  // namespace satchel
