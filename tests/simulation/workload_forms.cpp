// Many forms of one record: values side by side, up to the limit and one beyond.
#include "sync/limits.hpp"
#include "tests/simulation/server_node.hpp"
#include "tests/simulation/workload.hpp"

namespace satchel::simulation {

std::string Workload::save_many_forms(DeviceNode& device, const RecordId& deal,
                                      const std::string& field, std::size_t forms) {
    const Target opened = look(device, "deal", deal);
    const std::string what = "save " + std::to_string(forms) + " forms of " + deal.text();
    if (opened.view.dead) return what + ": it is deleted";
    const VectorClock token = opened.view.token();
    const FieldId cell = device.replica().schema()->find(ids::kDeal)->find(field)->id;
    for (std::size_t i = 0; i < forms; ++i) {
        const auto now = device.replica().record("deal", deal);
        require(now, "device reads", what);
        const CellState* there = now->state.cell(cell);
        const std::size_t values = there == nullptr ? 0 : there->siblings.size();
        auto transaction = device.replica().begin();
        require(transaction, "device writes", what);
        const Status set = transaction->set("deal", deal, {{field, unique_text(device)}}, &token);
        if (!set) {
            const bool right = set.error().code == ErrorCode::limit && values == kMaxSiblings;
            if (!right)
                throw Violation{
                    "I-16 bounded resources",
                    what + ": with " + std::to_string(values) + " values: " + set.error().message};
            probes_.hit(Probe::cell_above_full);
            return what + ": no more than " + std::to_string(i);
        }
        const bool replaces_none = i != 0;  // the first one takes the place of what was opened
        if (values == kMaxSiblings && replaces_none)
            throw Violation{"I-16 bounded resources", what + ": a cell takes one value too many"};
        if (values + 1 == kMaxSiblings) probes_.hit(Probe::cell_full);
        commit(device, *transaction, {{deal, opened.seen}}, what);
    }
    return what;
}

}  // namespace satchel::simulation
