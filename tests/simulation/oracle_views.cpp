// I-14: what a device shows follows from the state it holds and from nothing else, not from the
// order in which things came. The rules of docs/conflict-rules.md, written here a second time.
#include <algorithm>
#include <numeric>

#include "sync/rules.hpp"
#include "tests/simulation/oracle.hpp"
#include "tests/simulation/workload.hpp"

namespace satchel::simulation {
namespace {

using Values = std::vector<Value>;
using Siblings = std::vector<Sibling>;

// Which of two the rule shows rather, by one comparable fact; those written last come last.
template <typename Fact>
Values best_by(Siblings siblings, const Fact& fact) {
    std::stable_sort(siblings.begin(), siblings.end(),
                     [&](const Sibling& a, const Sibling& b) { return fact(a) < fact(b); });
    return siblings.back().values;
}

// "won|lost" in one place share it; what is not in the list comes before all.
int place_of(const std::vector<std::string>& order, const Sibling& sibling) {
    const std::string wanted = "|" + sibling.values.front().as_bytes() + "|";
    for (std::size_t i = order.size(); i > 0; --i)
        if (("|" + order[i - 1] + "|").find(wanted) != std::string::npos)
            return static_cast<int>(i);
    return 0;
}

Value all_lines(const Siblings& oldest_first) {
    std::vector<std::string> lines;
    for (const Sibling& sibling : oldest_first) {
        if (sibling.values.front().is_null()) continue;
        std::string rest = sibling.values.front().as_bytes() + "\n";
        for (std::size_t end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
            const std::string line = rest.substr(0, end);
            if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
            rest.erase(0, end + 1);
        }
    }
    if (lines.empty()) return {};
    return Value::text(std::accumulate(
        lines.begin() + 1, lines.end(), lines.front(),
        [](const std::string& text, const std::string& line) { return text + "\n" + line; }));
}

Values by_the_rule(const Cell& cell, Siblings siblings) {
    std::sort(siblings.begin(), siblings.end(), [](const Sibling& a, const Sibling& b) {
        return std::pair(a.stamp, a.dot) < std::pair(b.stamp, b.dot);
    });
    switch (cell.rule) {
        case ConflictRule::first_writer:
            return siblings.front().values;
        case ConflictRule::max:
            return best_by(siblings, [](const Sibling& each) { return each.values; });
        case ConflictRule::min:
            std::stable_sort(
                siblings.begin(), siblings.end(),
                [](const Sibling& a, const Sibling& b) { return b.values < a.values; });
            return siblings.back().values;
        case ConflictRule::furthest:
            return best_by(siblings,
                           [&](const Sibling& each) { return place_of(cell.order, each); });
        case ConflictRule::rank:
            return best_by(siblings, [](const Sibling& each) { return each.rank; });
        case ConflictRule::union_lines:
            if (siblings.size() > 1) return {all_lines(siblings)};
            break;
        case ConflictRule::last_writer:
        case ConflictRule::manual:
            break;
    }
    return siblings.back().values;
}

Value elements_of(const SetState* set) {
    if (set == nullptr || set->elements.empty()) return {};
    std::string list;
    for (const SetElement& element : set->elements)
        list += (list.empty() ? "[" : ",") + element.element.text_form();
    return Value::text(list + "]");
}

Value sum_of(const CounterState* counter) {
    if (counter == nullptr) return {};
    std::int64_t sum = 0;
    for (const CounterPart& part : counter->parts)
        sum += part.added - part.subtracted;
    return Value(sum);
}

Value expected(const Collection& collection, std::size_t position, const RecordState& state) {
    const Field& field = collection.fields[position];
    if (field.kind == FieldKind::set) return elements_of(state.set(field.id));
    if (field.kind == FieldKind::counter) return sum_of(state.counter(field.id));
    const CellState* written = state.cell(field.cell);
    if (written == nullptr) return {};
    const Cell& cell = *collection.cell(field.cell);
    const auto at = std::find(cell.fields.begin(), cell.fields.end(), position);
    return by_the_rule(cell, written->siblings)[static_cast<std::size_t>(at - cell.fields.begin())];
}

Value column(const storage::Statement& row, int number) {
    if (row.is_null(number)) return {};
    if (row.type(number) == SQLITE_INTEGER) return Value(row.integer(number));
    if (row.type(number) == SQLITE_BLOB) return Value::bytes(row.blob(number));
    return Value::text(row.text(number));
}

// What plain SQL reads: the fields of every record, by its id.
std::map<RecordId, Values> rows_of(DeviceNode& device, const Collection& collection) {
    std::string columns = "id";
    for (const Field& field : collection.fields)
        columns += ", \"" + field.name + "\"";
    auto rows = device.replica().database().prepare("SELECT " + columns + " FROM \"" +
                                                    collection.name + "\"");
    require(rows, "device reads", collection.name);
    std::map<RecordId, Values> found;
    for (auto more = rows->step(); more && *more; more = rows->step()) {
        Values values;
        for (std::size_t i = 0; i < collection.fields.size(); ++i)
            values.push_back(column(*rows, static_cast<int>(i) + 1));
        found.emplace(*RecordId::from_bytes(rows->blob(0)), std::move(values));
    }
    return found;
}

bool in_any_order(const Cell& cell, CellState state) {
    const Values shown = shown_values(cell, state);
    std::reverse(state.siblings.begin(), state.siblings.end());
    if (shown_values(cell, state) != shown) return false;
    std::rotate(state.siblings.begin(), state.siblings.begin() + 1, state.siblings.end());
    return shown_values(cell, state) == shown;
}

void check_view(const DeviceNode& device, const Collection& collection,
                const storage::RecordView& view, const Values& columns) {
    const std::string who = device.name() + ", " + collection.name + " " + view.id.text() + ": ";
    for (std::size_t i = 0; i < collection.fields.size(); ++i) {
        const Value value = expected(collection, i, view.state);
        if (view.shown[i] != value || columns[i] != value)
            throw Violation{"I-14 determinism", who + collection.fields[i].name + " shows " +
                                                    view.shown[i].text_form() + ", its column " +
                                                    columns[i].text_form() +
                                                    "; by its rule it is " + value.text_form()};
    }
    for (const Cell& cell : collection.cells) {
        const CellState* state = view.state.cell(cell.id);
        if (state != nullptr && !in_any_order(cell, *state))
            throw Violation{"I-14 determinism", who + "cell " + std::to_string(number(cell.id)) +
                                                    " shows what depends on an order"};
    }
}

}  // namespace

void Oracle::check_views(DeviceNode& device) {
    const SchemaPointer schema = device.replica().schema();
    for (const CollectionId id : {ids::kDeal, ids::kVisit}) {
        const Collection& collection = *schema->find(id);
        for (const auto& [record, columns] : rows_of(device, collection)) {
            const auto view = device.replica().record(collection.name, record);
            require(view, "device reads", record.text());
            check_view(device, collection, *view, columns);
            probes_.hit(Probe::view_checked);
        }
    }
}

}  // namespace satchel::simulation
