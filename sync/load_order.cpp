#include "sync/load_order.hpp"

#include <algorithm>
#include <optional>

#include "sync/server_session.hpp"

namespace satchel {
namespace {

constexpr std::uint32_t kSchemaStage = 0;

std::uint32_t stage_number(const Collection& collection, bool history, bool own) {
    if (collection.id == system_ids::kSchema) return kSchemaStage;
    const std::uint32_t band = history ? 256 : 0;
    return 1 + (band + collection.priority) * 2 + (own ? 0 : 1);
}

const Cell* furthest_cell(const Collection& collection) {
    const auto at =
        std::find_if(collection.cells.begin(), collection.cells.end(), [](const Cell& cell) {
            return cell.rule == ConflictRule::furthest && cell.order.size() > 1;
        });
    return at == collection.cells.end() ? nullptr : &*at;
}

// Whether `value` stands alone between the bars of "Won|Lost".
bool is_in_place(ByteView value, std::string_view place) {
    while (true) {
        const std::size_t bar = std::min(place.find('|'), place.size());
        if (value == place.substr(0, bar)) return true;
        if (bar == place.size()) return false;
        place.remove_prefix(bar + 1);
    }
}

}  // namespace

LoadOrder::LoadOrder(SchemaPointer schema) : schema_(std::move(schema)) {
    for (const Collection& collection : schema_->collections()) {
        add(collection, false);
        const Cell* cell = furthest_cell(collection);
        if (cell == nullptr) continue;
        closings_.push_back({collection.id, cell->id, cell->order.back()});
        add(collection, true);
    }
    std::sort(stages_.begin(), stages_.end(),
              [](const LoadStage& a, const LoadStage& b) { return a.number < b.number; });
    for (LoadStage& stage : stages_)
        std::sort(stage.collections.begin(), stage.collections.end());
}

void LoadOrder::add(const Collection& collection, bool history) {
    for (const bool own : {true, false}) {
        const std::uint32_t number = stage_number(collection, history, own);
        if (number == kSchemaStage && own) continue;
        auto at = std::find_if(stages_.begin(), stages_.end(),
                               [number](const LoadStage& one) { return one.number == number; });
        if (at == stages_.end()) at = stages_.insert(at, LoadStage{number, own, history, {}});
        at->collections.push_back(collection.id);
    }
}

const LoadOrder::Closing* LoadOrder::closing(CollectionId collection) const {
    const auto at =
        std::find_if(closings_.begin(), closings_.end(),
                     [collection](const Closing& one) { return one.collection == collection; });
    return at == closings_.end() ? nullptr : &*at;
}

bool LoadOrder::belongs(const LoadStage& stage, CollectionId collection, const RowView& row) const {
    const Closing* closing = this->closing(collection);
    if (closing == nullptr) return !stage.history;
    if (row.dead) return stage.history;
    const std::vector<FieldId>& fields = row.layout->fields;
    const auto at = std::find(fields.begin(), fields.end(), closing->field);
    if (at == fields.end()) return !stage.history;
    const ValueView& shown = row.registers[static_cast<std::size_t>(at - fields.begin())];
    const bool is_closed =
        shown.type == ValueType::text && is_in_place(shown.bytes, closing->last_place);
    return stage.history == is_closed;
}

}  // namespace satchel
