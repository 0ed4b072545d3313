// The limits of what is stored as well as sent: changesets, states of records, schemas.
#include <algorithm>

#include "sync/changeset.hpp"
#include "sync/limits.hpp"
#include "sync/merge.hpp"
#include "sync/meta.hpp"
#include "sync/schema.hpp"
#include "tests/sync/limits_table.hpp"

namespace satchel::testing {
namespace {

// Changesets (docs/formats.md, "Changeset").

ErrorCode changeset_code(ByteView message) {
    return code_of(decode_changeset(message));
}

Bytes changeset(Count replicas, std::uint64_t operations, std::uint64_t runs, const Bytes& body) {
    return numbers(1) + bin(Bytes(16, 'c')) + numbers(7, 1, 1, 0, 0, 1, 0) +
           list(replicas, &field_and_one) + numbers(operations, runs) + body;
}

// A run that makes records without fields.
Bytes bare_run(Count count) {
    return numbers(100, 0, 1, 0, count.said) + bin(items(count.there, &id));
}

Bytes changeset_of_operations(Count operations) {
    return changeset(Count(), operations.said, 1, bare_run(exactly(operations.there)));
}

Bytes changeset_of_long_run(Count operations) {
    return changeset(Count(), std::min(operations.there, kMaxOperations), 1, bare_run(operations));
}

// Neighbours differ in their collection, else they would be one run.
Bytes run_of_one(std::size_t i) {
    return numbers(100 + i % 2, 0, 1, 0, 1) + bin(id(i));
}

Bytes changeset_of_runs(Count runs) {
    const std::size_t operations = std::min(runs.there, kMaxOperations);
    return changeset(Count(), operations, runs.said, items(runs.there, &run_of_one));
}

// Edits that change nothing, one per clock.
Bytes changeset_of_clocks(Count replicas, std::size_t count, const Bytes& clocks) {
    const Bytes ids = bin(items(count, &id));
    return changeset(replicas, count, 1, numbers(100, 0, 0, 0, count) + ids + bin(clocks));
}

// A clock names a thousand replicas, the next one the next thousand.
Bytes changeset_of_replicas(Count replicas) {
    static constexpr std::size_t kEach = 1'000;
    const std::size_t count = (replicas.there + kEach - 1) / kEach;
    const auto clock = [replicas](std::size_t i) {
        const std::size_t entries = std::min(kEach, replicas.there - i * kEach);
        const auto entry = [i](std::size_t k) { return numbers(i * kEach + k, 1); };
        return list(exactly(entries), entry);
    };
    return changeset_of_clocks(replicas, count, items(count, clock));
}

Bytes changeset_of_clock(Count entries) {
    const auto entry = [](std::size_t i) { return numbers(i, 1); };
    return changeset_of_clocks(exactly(entries.there), 1, list(entries, entry));
}

// One record is made, with a null in each column.
Bytes changeset_of_cells(const Bytes& cells, std::size_t columns) {
    const Bytes row = numbers(1) + bin(id(0)) + items(columns, &null_column);
    return changeset(Count(), 1, 1, numbers(100, 0, 1) + cells + row);
}

Bytes changeset_of_extras(const Bytes& extras) {
    return changeset(Count(), 1, 1, numbers(100, 0, 3, 0, 1) + bin(id(0)) + bin(extras));
}

Bytes set_write(std::size_t i) {
    return numbers(9, 1, i);
}

std::vector<Limit> limits_of_changesets() {
    return read_by(&changeset_code,
                   {{"OperationsOfAChangeset", kMaxOperations, &changeset_of_operations},
                    {"OperationsOfARun", kMaxOperations, &changeset_of_long_run},
                    {"RunsOfAChangeset", kMaxOperations, &changeset_of_runs},
                    {"ReplicasOfAChangeset", kMaxOperations, &changeset_of_replicas},
                    {"ClockEntriesOfAnOperation", kMaxClockEntries, &changeset_of_clock},
                    {"CellsOfARun", kMaxFields,
                     [](Count n) { return changeset_of_cells(list(n, &field_and_one), n.there); }},
                    {"ValuesOfACell", kMaxFields,
                     [](Count n) { return changeset_of_cells(numbers(1, 1, n.said), n.there); }},
                    {"SetWritesOfAnOperation", kMaxSetElements,
                     [](Count n) { return changeset_of_extras(list(n, &set_write) + numbers(0)); }},
                    {"CounterStepsOfAnOperation", kMaxFields, [](Count n) {
                         return changeset_of_extras(numbers(0) + list(n, &field_and_one));
                     }}});
}

// States of records (docs/formats.md, "Record metadata"), everything inline.

constexpr std::uint64_t kTop = 5'000;  // the counter of the only replica in most of the clocks
constexpr std::uint64_t kCells = 1, kSets = 2, kCounters = 4, kLife = 8;

ErrorCode state_code(ByteView message) {
    return code_of(decode_state(message));
}

Bytes state(std::uint64_t parts, const Bytes& body) {
    return numbers(parts, 1, 1, 1, kTop) + nil() + body;
}

Bytes clock_entry(std::size_t i) {
    return numbers(i + 1, 1, 1);
}

// The replica's operation i + 1, as the distance below the clock's counter.
Bytes dot(std::size_t i) {
    return numbers(0, kTop - 1 - i);
}
Bytes dot_and_mark(std::size_t i) {
    return dot(i) + numbers(0);
}

Bytes null_value(std::size_t) {
    return nil();
}
Bytes sibling(std::size_t i) {
    return dot(i) + numbers(0, 0, 1) + nil();
}
Bytes cell(std::size_t i) {
    return numbers(i + 1, 1) + sibling(0);
}

// Operation 1 added it.
Bytes set_element(std::size_t i) {
    return numbers(i, 1) + dot_and_mark(0);
}
Bytes set_field(std::size_t i) {
    return numbers(i + 1, 1) + set_element(0);
}

Bytes counter_part(std::uint64_t added, std::uint64_t subtracted) {
    return dot(0) + numbers(0, added, subtracted);
}
Bytes counter_field(std::size_t i) {
    return numbers(i + 1, 1) + counter_part(0, 0);
}

// Each part is of a replica of its own, so one more than the clock has cannot be there anyway.
Bytes state_of_counter_parts(Count parts) {
    const std::size_t replicas = std::min(parts.there, kMaxClockEntries);
    const Bytes clock = list(exactly(replicas), &clock_entry);
    const auto part = [replicas](std::size_t i) {
        return numbers(std::min(i, replicas - 1), 0, 0, 0, 0);
    };
    return numbers(kCounters) + clock + nil() + numbers(1, 1) + list(parts, part);
}

Bytes state_of_values(Count values) {
    const Bytes head = numbers(1, 1, 1) + dot(0) + numbers(0, 0);
    return state(kCells, head + list(values, &null_value));
}

// 4 among the marks of a sibling: it stands for others.
Bytes state_of_inherited(Count dots) {
    const Bytes head = numbers(1, 1, 1) + dot(0) + numbers(0, 4);
    return state(kCells, head + list(dots, &dot) + numbers(1) + nil());
}

Bytes state_of_deletion(Count entries) {
    const Bytes head = numbers(1) + dot(0) + numbers(1);
    return state(kLife, head + list(entries, &clock_entry));
}

std::vector<Limit> limits_of_states() {
    return read_by(
        &state_code,
        {{"ClockEntriesOfAState", kMaxClockEntries,
          [](Count n) { return numbers(0) + list(n, &clock_entry) + nil(); }},
         {"CellsOfAState", kMaxFields, [](Count n) { return state(kCells, list(n, &cell)); }},
         {"SiblingsOfACell", kMaxShownSiblings,
          [](Count n) { return state(kCells, numbers(1, 1) + list(n, &sibling)); }},
         {"ValuesOfASibling", kMaxFields, &state_of_values},
         {"WhatASiblingStandsFor", kMaxClockEntries, &state_of_inherited},
         {"SetsOfAState", kMaxFields, [](Count n) { return state(kSets, list(n, &set_field)); }},
         {"ElementsOfASet", kMaxSetElements,
          [](Count n) { return state(kSets, numbers(1, 1) + list(n, &set_element)); }},
         {"AddingsOfAnElement", kMaxClockEntries,
          [](Count n) { return state(kSets, numbers(1, 1, 1, 0) + list(n, &dot_and_mark)); }},
         {"CountersOfAState", kMaxFields,
          [](Count n) { return state(kCounters, list(n, &counter_field)); }},
         {"PartsOfACounter", kMaxClockEntries, &state_of_counter_parts},
         {"WhatADeviceAdded", kMaxCounter,
          [](Count n) { return state(kCounters, numbers(1, 1, 1) + counter_part(n.said, 0)); }},
         {"WhatADeviceSubtracted", kMaxCounter,
          [](Count n) { return state(kCounters, numbers(1, 1, 1) + counter_part(0, n.said)); }},
         {"MarksOfLife", kMaxClockEntries,
          [](Count n) { return state(kLife, list(n, &dot_and_mark)); }},
         {"ClockEntriesOfADeletion", kMaxClockEntries, &state_of_deletion}});
}

// Schemas (docs/formats.md, "Schema"). Bytes that can be read as a schema that may not be are
// invalid_argument.

ErrorCode schema_code(ByteView message) {
    return code_of(Schema::decode(message));
}

Bytes field(std::uint64_t number, const Bytes& name, FieldKind kind, std::uint64_t max_bytes = 0) {
    return numbers(number) + name + text("") + text("") +
           numbers(static_cast<std::uint64_t>(kind), number, 0, max_bytes, 0);
}

Bytes integer_field(std::size_t i) {
    return field(i + 1, text("f" + std::to_string(i)), FieldKind::integer);
}

struct CollectionParts {
    Bytes name = text("c");
    Bytes parents = numbers(0);
    Bytes fields = numbers(2) + field(1, text("f"), FieldKind::text) +
                   field(2, text("g"), FieldKind::reference);
    Bytes rules = numbers(0);
};

Bytes collection(std::uint64_t number, const CollectionParts& parts) {
    return numbers(number) + parts.name + text("") + text("") + numbers(0, 0, 0, 5, 0, 0, 0) +
           parts.parents + parts.fields + parts.rules;
}

Bytes numbered_collection(std::size_t i) {
    CollectionParts parts;
    parts.name = text("c" + std::to_string(i));
    return collection(100 + i, parts);
}

// A schema of one collection; one part of it is given.
Bytes schema(Bytes CollectionParts::*part, const Bytes& bytes) {
    CollectionParts parts;
    parts.*part = bytes;
    return numbers(1, 1, 1) + collection(100, parts);
}

Bytes schema_with_field(const Bytes& only) {
    return schema(&CollectionParts::fields, numbers(1) + only);
}

Bytes reference_field(std::size_t) {
    return numbers(2);
}
Bytes rule_without_order(std::size_t) {
    return numbers(1, 0, 0);
}
Bytes place_in_order(std::size_t i) {
    return text(std::to_string(i));
}

Bytes schema_of_order(Count places) {
    const Bytes head = numbers(1, 1, static_cast<std::uint64_t>(ConflictRule::furthest));
    return schema(&CollectionParts::rules, head + list(places, &place_in_order));
}

std::vector<Limit> limits_of_schemas() {
    constexpr std::size_t kOfTheSystem = 3;
    constexpr ErrorCode kInvalid = ErrorCode::invalid_argument;
    return read_by(
        &schema_code,
        {{"CollectionsOfASchema", kMaxCollections - kOfTheSystem,
          [](Count n) { return numbers(1, 1) + list(n, &numbered_collection); }, kInvalid},
         {"FieldsOfACollection", kMaxFields,
          [](Count n) { return schema(&CollectionParts::fields, list(n, &integer_field)); }},
         {"ParentsOfACollection", kMaxFields,
          [](Count n) { return schema(&CollectionParts::parents, list(n, &reference_field)); }},
         {"RulesOfACollection", kMaxFields,
          [](Count n) { return schema(&CollectionParts::rules, list(n, &rule_without_order)); }},
         {"OrderOfARule", kMaxFields, &schema_of_order},
         {"BytesThatAFieldAllows", kMaxTextBytes,
          [](Count n) { return schema_with_field(field(1, text("f"), FieldKind::text, n.said)); }},
         {"NameOfACollection", kMaxNameBytes,
          [](Count n) { return schema(&CollectionParts::name, text_of(n)); }, kInvalid},
         {"NameOfAField", kMaxNameBytes,
          [](Count n) { return schema_with_field(field(1, text_of(n), FieldKind::text)); },
          kInvalid}});
}

}  // namespace

std::vector<Limit> limits_of_formats() {
    std::vector<Limit> all = limits_of_changesets();
    for (const std::vector<Limit>& some : {limits_of_states(), limits_of_schemas()})
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

}  // namespace satchel::testing
