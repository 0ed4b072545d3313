#include "sync/page_builder.hpp"

#include <algorithm>

#include "sync/limits.hpp"

namespace satchel {

bool PageBuilder::full() const {
    return page_.size_bytes() >= limits_.bytes || items_ >= limits_.rows ||
           columns_ >= kMaxPageColumns / 2;
}

void PageBuilder::depart(const WalkItem& item) {
    for (const std::string& scope : item.left)
        page_.add_departure({scope, item.collection, item.position.id, item.position.seq});
    items_ += item.left.size();
}

void PageBuilder::confirm(const WalkItem& item) {
    static const Layout kNone;
    ++items_;
    page_.add(item.collection, RowKind::confirm, kNone, item.position.id, item.position.seq,
              item.held, {}, {});
}

Result<bool> PageBuilder::whole(CollectionId collection, const RecordId& id,
                                const RowFilter& filter) {
    return add(collection, id, filter,
               [&](const RowView& row, const std::vector<std::string>& shared) {
                   return add_whole(collection, id, row, shared);
               });
}

Result<bool> PageBuilder::patch(CollectionId collection, const RecordId& id, Sequence cursor) {
    return add(collection, id, {}, [&](const RowView& row, const std::vector<std::string>& shared) {
        if (row.dead || row.created > cursor) return add_whole(collection, id, row, shared);
        return add_patch(collection, id, row, shared, cursor);
    });
}

Result<bool> PageBuilder::add(CollectionId collection, const RecordId& id, const RowFilter& filter,
                              const RowWriter& write) {
    bool is_added = false;
    SATCHEL_ASSIGN(const bool found,
                   store_.visit_row(collection, id, [&](const RowView& row) -> Status {
                       const std::vector<std::string>& shared = shared_with(*row.scopes);
                       is_added = !shared.empty() && (!filter || filter(row));
                       if (!is_added) return {};
                       ++items_;
                       return write(row, shared);
                   }));
    return found && is_added;
}

Status PageBuilder::add_whole(CollectionId collection, const RecordId& id, const RowView& row,
                              const std::vector<std::string>& shared) {
    page_.add(collection, RowKind::whole, *row.layout, id, row.seq, shared, row.meta,
              row.registers);
    return {};
}

Status PageBuilder::add_patch(CollectionId collection, const RecordId& id, const RowView& row,
                              const std::vector<std::string>& shared, Sequence cursor) {
    SATCHEL_ASSIGN(RecordState state, decode_meta(row.meta, *row.layout, row.registers));
    const auto changed = [&](FieldId cell) {
        return std::any_of(row.cell_seqs.begin(), row.cell_seqs.end(), [&](const auto& one) {
            return one.first == cell && one.second > cursor;
        });
    };
    std::erase_if(state.cells, [&changed](const CellState& cell) { return !changed(cell.cell); });
    Layout layout;
    std::vector<ValueView> values;
    for (const CellState& cell : state.cells) {
        const LayoutCell* known = row.layout->cell(cell.cell);
        if (known == nullptr) continue;
        LayoutCell& kept = layout.cells.emplace_back(LayoutCell{known->id, {}});
        for (const std::size_t column : known->columns) {
            kept.columns.push_back(layout.fields.size());
            layout.fields.push_back(row.layout->fields[column]);
            values.push_back(row.registers[column]);
        }
    }
    columns_ += layout.fields.size() + 1;
    const Bytes meta = encode_meta(state, layout);
    page_.add(collection, RowKind::patch, layout, id, row.seq, shared, meta, values);
    return {};
}

std::vector<ShownScopes> PageBuilder::shown_scopes() const {
    std::vector<ShownScopes> all;
    for (const auto& [scopes, shared] : shared_)
        all.emplace_back(*scopes, shared);
    return all;
}

const std::vector<std::string>& PageBuilder::shared_with(const std::vector<std::string>& scopes) {
    const auto at = shared_.find(&scopes);
    if (at != shared_.end()) return at->second;
    return shared_.emplace(&scopes, common(scopes, scopes_)).first->second;
}

}  // namespace satchel
