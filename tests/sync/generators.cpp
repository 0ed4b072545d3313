#include "tests/sync/generators.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "sync/limits.hpp"

namespace satchel::testing {
namespace {

namespace gen = rc::gen;

// Right below, at and above the places where an encoding changes its form.
std::uint64_t near_an_edge(std::uint64_t shift, std::uint64_t distance) {
    return (shift == 64 ? 0 : 1ULL << shift) + distance - 2;
}

std::size_t upto(std::size_t most) {
    return *gen::resize(100, gen::inRange<std::size_t>(0, most + 1));
}

bool coin() {
    return upto(1) == 1;
}

std::vector<Value> values(std::size_t count) {
    std::vector<Value> all;
    for (std::size_t i = 0; i < count; ++i)
        all.push_back(*any_value());
    return all;
}

// Ascending ids, some of them large.
std::vector<FieldId> field_ids(std::size_t most) {
    std::set<FieldId> ids;
    for (std::size_t left = upto(most); left > 0; --left)
        ids.insert(
            FieldId{static_cast<std::uint32_t>(*any_number() % (coin() ? 300 : UINT32_MAX))});
    return {ids.begin(), ids.end()};
}

std::vector<Value> elements(std::size_t most) {
    std::set<Value> all;
    for (std::size_t left = upto(most); left > 0; --left)
        all.insert(*any_value());
    return {all.begin(), all.end()};
}

void fill(Operation& operation, const OperationShape& shape) {
    operation.collection = shape.collection;
    operation.kind = shape.kind;
    if (!shape.creates) operation.clock = *any_clock();
    if (!shape.creates && operation.clock.empty()) operation.clock.advance({{1, 1}, 1});
    for (std::size_t i = 0; i < shape.cells.size(); ++i)
        operation.cells.push_back({shape.cells[i], values(shape.widths[i])});
    if (!shape.extras) return;
    for (const FieldId field : field_ids(2))
        for (const Value& element : elements(3))
            operation.sets.push_back({field, element, coin()});
    for (const FieldId field : field_ids(2))
        operation.counters.push_back({field, *any_integer()});
    if (operation.sets.empty() && operation.counters.empty())
        operation.counters.push_back({FieldId{9}, -1});
}

OperationShape any_shape() {
    OperationShape shape = *new_record_shape();
    shape.creates = coin();
    shape.extras = coin();
    if (shape.creates || upto(3) > 0) return shape;
    shape = OperationShape{shape.collection, OperationKind::remove, false, false, {}, {}};
    if (coin()) shape.kind = OperationKind::undelete;
    return shape;
}

ChangesetHeader any_header() {
    ChangesetHeader header;
    for (std::uint8_t& byte : header.id.bytes)
        byte = static_cast<std::uint8_t>(upto(255));
    header.replica = *any_replica();
    header.first_counter = 1 + *any_number() % (UINT64_MAX - 2 * kMaxOperations);
    header.stamp = *any_stamp();
    header.committed_at = *any_integer();
    header.schema = static_cast<std::uint32_t>(*any_number());
    header.intent = coin() ? Intent::person : Intent::system;
    return header;
}

// Dots that the clock covers.
std::set<Dot> dots_below(const VectorClock& clock, std::size_t most) {
    std::set<Dot> dots;
    for (std::size_t left = 1 + upto(most); left > 0; --left) {
        const Dot& top = clock.entries()[upto(clock.entries().size() - 1)];
        const std::uint64_t down = coin() ? upto(3) : *any_number();
        dots.insert({top.replica, 1 + (top.counter - 1 - down % top.counter)});
    }
    return dots;
}

Value small_number() {
    const std::size_t choice = upto(3);
    return choice == 3 ? Value{} : Value(static_cast<std::int64_t>(choice));
}

Value small_text() {
    constexpr std::array kTexts{"a", "b", "b\nc", "Won"};
    return Value::text(kTexts[upto(kTexts.size() - 1)]);
}

// Some of the fields of history.hpp, one at least. Each choice shrinks to leaving a field alone.
void choose_writes(Step& step) {
    if (coin()) step.cells.push_back({kAmount, {small_number()}});
    if (coin()) step.cells.push_back({kPrice, {small_number(), small_text()}});
    if (coin()) step.cells.push_back({kStage, {small_text()}});
    for (const FieldId field : {kTags, kHelpers})
        if (coin()) step.sets.push_back({field, small_text(), upto(2) < 2});
    for (const FieldId field : {kVisits, kCalls}) {
        const auto steps = static_cast<std::int64_t>(upto(8));
        if (steps > 0) step.counters.push_back({field, steps > 4 ? 4 - steps : steps});
    }
    if (step.cells.empty() && step.sets.empty() && step.counters.empty())
        step.cells.push_back({kAmount, {Value(0)}});
}

CellState any_cell(FieldId id, std::size_t width, const VectorClock& clock) {
    CellState cell{id, {}};
    for (const Dot& dot : dots_below(clock, 2)) {
        Sibling sibling{dot, *any_stamp(), static_cast<std::uint8_t>(upto(255)), coin(), coin(),
                        {},  values(width)};
        if (sibling.system && coin()) {
            const std::set<Dot> inherited = dots_below(clock, 3);
            sibling.inherits = {inherited.begin(), inherited.end()};
        }
        cell.siblings.push_back(std::move(sibling));
    }
    return cell;
}

SetState any_set(FieldId field, const VectorClock& clock) {
    SetState set{field, {}};
    for (const Value& element : elements(4)) {
        set.elements.push_back({element, {}});
        for (const Dot& dot : dots_below(clock, 2))
            set.elements.back().dots.push_back({dot, coin()});
    }
    return set;
}

CounterState any_counter(FieldId field, const VectorClock& clock) {
    std::map<ReplicaId, CounterPart> parts;
    const auto total = [] { return static_cast<std::int64_t>(*any_number() % (INT64_MAX / 2048)); };
    for (const Dot& dot : dots_below(clock, 3)) {
        const std::uint64_t last_person = coin() ? dot.counter : 0;
        parts[dot.replica] = {dot, last_person, total(), total()};
    }
    CounterState counter{field, {}};
    for (const auto& [replica, part] : parts)
        counter.parts.push_back(part);
    return counter;
}

// Cells that one operation wrote: what most records are.
void write_together(RecordState& state, const Dot& dot) {
    const Stamp stamp = *any_stamp();
    for (const FieldId id : field_ids(6)) {
        Sibling sibling{dot, stamp, 3, false, false, {}, values(1 + upto(2))};
        state.cells.push_back({id, {std::move(sibling)}});
    }
}

Field any_field(std::uint32_t id, FieldId cell, FieldKind kind) {
    Field field;
    field.id = FieldId{id};
    field.name = "field_" + std::to_string(id);
    field.label_zh = *utf8_text();
    field.label_en = "label";
    field.kind = kind;
    field.cell = cell;
    field.refers_to = CollectionId{static_cast<std::uint32_t>(upto(200))};
    field.max_bytes = static_cast<std::uint32_t>(upto(kMaxTextBytes));
    field.indexed = coin();
    return field;
}

// Each field begins a cell or joins the one before.
void add_fields(Collection& collection) {
    FieldId cell{};
    for (std::uint32_t id = 1, last = 1 + static_cast<std::uint32_t>(upto(9)); id <= last; ++id) {
        const auto kind = static_cast<FieldKind>(upto(5));
        const bool stands_alone = kind == FieldKind::set || kind == FieldKind::counter;
        const bool joins = !stands_alone && number(cell) != 0 && coin();
        if (!joins) cell = FieldId{id};
        collection.fields.push_back(any_field(id, cell, kind));
        if (stands_alone) cell = FieldId{};
        if (kind == FieldKind::reference && coin()) collection.scope.owner = FieldId{id};
        if (kind == FieldKind::reference && coin()) collection.scope.parents.push_back(FieldId{id});
        if (kind == FieldKind::text && coin()) collection.scope.pool = FieldId{id};
    }
}

std::vector<CellRule> any_rules(const Collection& collection) {
    std::vector<CellRule> rules;
    for (const Field& field : collection.fields) {
        const bool is_register = field.kind != FieldKind::set && field.kind != FieldKind::counter;
        if (!is_register || field.cell != field.id || coin()) continue;
        const auto members = std::count_if(collection.fields.begin(), collection.fields.end(),
                                           [&](const Field& f) { return f.cell == field.id; });
        CellRule rule{field.id, static_cast<ConflictRule>(upto(7)), {}};
        if (rule.rule == ConflictRule::furthest) rule.order = {"Open", "Won|Lost"};
        const bool is_text = field.kind == FieldKind::text;
        if (rule.rule == ConflictRule::furthest && !is_text) continue;
        if (rule.rule == ConflictRule::union_lines && (!is_text || members > 1)) continue;
        rules.push_back(std::move(rule));
    }
    return rules;
}

}  // namespace

rc::Gen<std::uint64_t> any_number() {
    return gen::oneOf(gen::resize(100, gen::arbitrary<std::uint64_t>()),
                      gen::inRange<std::uint64_t>(0, 300),
                      gen::apply(near_an_edge, gen::inRange<std::uint64_t>(0, 65),
                                 gen::inRange<std::uint64_t>(0, 5)));
}

rc::Gen<std::int64_t> any_integer() {
    return gen::apply(
        [](std::uint64_t number, bool negative) {
            return static_cast<std::int64_t>(negative ? 0 - number : number);
        },
        any_number(), gen::arbitrary<bool>());
}

rc::Gen<Numbers> any_numbers() {
    return gen::container<Numbers>(gen::inRange<std::uint64_t>(0, 1ULL << 62));
}

rc::Gen<Bytes> utf8_text() {
    const auto piece = gen::elementOf(
        std::vector<Bytes>{"a", "B", " ", "\n", "\"", "\\", std::string(1, '\0'), "\x7f", "\x1b",
                           "é", "中文", "😀", "x'", "|", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF"});
    const auto join = [](const std::vector<Bytes>& pieces) {
        Bytes text;
        for (const Bytes& one : pieces)
            text += one;
        return text;
    };
    const auto repeat = [](const Bytes& one, std::size_t count) {
        Bytes text;
        for (std::size_t i = 0; i < count; ++i)
            text += one;
        return text;
    };
    // Lengths at which msgpack's header grows: 32, 256, 65536.
    return gen::weightedOneOf<Bytes>(
        {{20, gen::map(gen::resize(12, gen::container<std::vector<Bytes>>(piece)), join)},
         {2, gen::apply(repeat, piece, gen::element<std::size_t>(30, 31, 32, 33, 255, 256, 257))}});
}

rc::Gen<Bytes> any_bytes() {
    return gen::map(
        gen::resize(40, gen::arbitrary<std::vector<char>>()),
        [](const std::vector<char>& bytes) { return Bytes(bytes.begin(), bytes.end()); });
}

rc::Gen<Value> any_value() {
    return gen::oneOf(
        gen::just(Value{}), gen::map(any_integer(), [](std::int64_t i) { return Value(i); }),
        gen::map(utf8_text(), [](const Bytes& text) { return Value::text(text); }),
        gen::map(any_bytes(), [](const Bytes& bytes) { return Value::bytes(bytes); }));
}

rc::Gen<ReplicaId> any_replica() {
    // Few, so that clocks meet; some with large numbers.
    return gen::apply(
        [](std::uint64_t id, std::uint32_t incarnation) {
            return ReplicaId{id, incarnation};
        },
        gen::element<std::uint64_t>(0, 1, 2, 127, 128, 0xFFFF'FFFF'FFFF'FFFF,
                                    0x8000'0000'0000'0000),
        gen::element<std::uint32_t>(1, 2, 0xFFFF'FFFF));
}

rc::Gen<VectorClock> any_clock() {
    return gen::map(gen::resize(6, gen::container<std::vector<std::pair<ReplicaId, std::uint64_t>>>(
                                       gen::pair(any_replica(), any_number()))),
                    [](const std::vector<std::pair<ReplicaId, std::uint64_t>>& dots) {
                        VectorClock clock;
                        for (const auto& [replica, counter] : dots)
                            clock.advance({replica, counter});
                        return clock;
                    });
}

rc::Gen<Stamp> any_stamp() {
    return gen::map(any_number(), [](std::uint64_t packed) { return Stamp{packed}; });
}

rc::Gen<RecordId> any_record_id() {
    return gen::map(gen::arbitrary<std::array<std::uint8_t, 16>>(),
                    [](const std::array<std::uint8_t, 16>& bytes) { return RecordId{bytes}; });
}

rc::Gen<Step> any_step() {
    return gen::exec([] {
        using Kind = Step::Kind;
        constexpr std::array kKinds{Kind::write,   Kind::write, Kind::write,     Kind::write,
                                    Kind::write,   Kind::write, Kind::write,     Kind::sync,
                                    Kind::sync,    Kind::hear,  Kind::open_form, Kind::remove,
                                    Kind::undelete};
        Step step;
        step.kind = kKinds[upto(kKinds.size() - 1)];
        step.who = upto(kReplicasOfAHistory - 1);
        step.from = upto(kReplicasOfAHistory - 1);
        step.part = upto(8);
        step.from_form = upto(3) == 3;
        step.person = upto(2) < 2;
        step.late = upto(4) == 4;
        step.ms = static_cast<std::int64_t>(upto(3));
        step.rank = static_cast<std::uint8_t>(upto(2));
        if (step.kind == Kind::write) choose_writes(step);
        return step;
    });
}

rc::Gen<Events> any_history() {
    return gen::map(gen::container<std::vector<Step>>(any_step()), build_history);
}

rc::Gen<OperationShape> new_record_shape() {
    return gen::exec([] {
        OperationShape shape;
        shape.collection = CollectionId{100 + static_cast<std::uint32_t>(upto(1))};
        shape.creates = true;
        shape.cells = field_ids(4);
        for (std::size_t i = 0; i < shape.cells.size(); ++i)
            shape.widths.push_back(1 + upto(2));
        return shape;
    });
}

rc::Gen<Changeset> any_changeset() {
    return gen::exec([] {
        Changeset changeset;
        changeset.header = any_header();
        std::set<RecordId> records;
        for (std::size_t runs = 1 + upto(3); runs > 0; --runs) {
            const OperationShape shape = any_shape();
            for (std::size_t count = 1 + upto(3); count > 0; --count) {
                Operation operation;
                operation.record = *any_record_id();
                fill(operation, shape);
                if (records.insert(operation.record).second)
                    changeset.operations.push_back(std::move(operation));
            }
        }
        return changeset;
    });
}

rc::Gen<RecordState> any_state() {
    return gen::exec([] {
        RecordState state;
        state.clock = *any_clock();
        if (state.clock.empty()) state.clock.advance({{7, 1}, 1});
        const VectorClock& clock = state.clock;
        write_together(state, *dots_below(clock, 0).begin());
        for (CellState& cell : state.cells)
            if (upto(3) == 0)
                cell = any_cell(cell.cell, cell.siblings.front().values.size(), clock);
        for (const FieldId field : field_ids(2)) {
            SetState set = any_set(field, clock);
            if (!set.elements.empty()) state.sets.push_back(std::move(set));
        }
        for (const FieldId field : field_ids(2))
            state.counters.push_back(any_counter(field, clock));
        if (upto(2) > 0) return state;
        for (const Dot& dot : dots_below(clock, 2)) {
            const bool dead = coin();
            state.life.push_back({dot, dead, dead ? *any_clock() : VectorClock{}});
        }
        return state;
    });
}

rc::Gen<Schema> any_schema() {
    return gen::exec([] {
        std::vector<Collection> collections;
        std::map<CollectionId, std::vector<CellRule>> rules;
        for (std::uint32_t id = 100, end = 100 + static_cast<std::uint32_t>(upto(3)); id < end;
             ++id) {
            Collection collection;
            collection.id = CollectionId{id};
            collection.name = "collection_" + std::to_string(id);
            collection.label_zh = *utf8_text();
            collection.delete_policy = static_cast<DeletePolicy>(upto(1));
            collection.write_right = static_cast<WriteRight>(upto(1));
            collection.append_only = coin();
            collection.priority = static_cast<std::uint8_t>(upto(255));
            collection.scope.everyone = coin();
            add_fields(collection);
            rules[collection.id] = any_rules(collection);
            collections.push_back(std::move(collection));
        }
        const auto schema_number = static_cast<std::uint32_t>(*any_number());
        auto schema = Schema::build(schema_number, std::move(collections), rules);
        RC_ASSERT(static_cast<bool>(schema));
        return *schema;
    });
}

}  // namespace satchel::testing
