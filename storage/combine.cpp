#include "storage/combine.hpp"

#include <algorithm>
#include <tuple>

namespace satchel::storage {

Operation combined(const Operation& first, const Operation& second) {
    Operation both = first;
    for (const CellWrite& cell : second.cells) {
        const auto at = std::lower_bound(
            both.cells.begin(), both.cells.end(), cell.cell,
            [](const CellWrite& write, FieldId wanted) { return write.cell < wanted; });
        if (at != both.cells.end() && at->cell == cell.cell)
            *at = cell;
        else
            both.cells.insert(at, cell);
    }
    for (const SetWrite& set : second.sets) {
        std::erase_if(both.sets, [&set](const SetWrite& write) {
            return write.field == set.field && write.element == set.element;
        });
        both.sets.push_back(set);
    }
    std::sort(both.sets.begin(), both.sets.end(), [](const SetWrite& a, const SetWrite& b) {
        return std::tie(a.field, a.element) < std::tie(b.field, b.element);
    });
    for (const CounterStep& step : second.counters) {
        const auto at = std::lower_bound(
            both.counters.begin(), both.counters.end(), step.field,
            [](const CounterStep& each, FieldId wanted) { return each.field < wanted; });
        if (at != both.counters.end() && at->field == step.field)
            at->step += step.step;
        else
            both.counters.insert(at, step);
    }
    return both;
}

}  // namespace satchel::storage
