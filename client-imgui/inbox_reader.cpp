#include "client-imgui/inbox_reader.hpp"

#include <algorithm>

#include "client-imgui/field_text.hpp"
#include "sales/starter_schema.hpp"

namespace satchel::window {
namespace {

Status fill_conflicts(Reading& reading, ConflictList& list) {
    SATCHEL_ASSIGN(const auto open, reading.replica.conflicts());
    list.total = open.size();
    for (const storage::OpenConflict& conflict : open) {
        if (list.items.size() == kMaxInboxItems) return {};
        const Collection* collection = reading.schema.find(conflict.collection);
        const Cell* cell = collection == nullptr ? nullptr : collection->cell(conflict.cell);
        if (cell == nullptr) continue;
        const auto record = reading.replica.record(collection->name, conflict.record);
        if (!record) continue;  // it left this device in between
        if (auto view = read_conflict(reading, *collection, *cell, *record))
            list.items.push_back(*std::move(view));
    }
    return {};
}

// The input of one cell as a form has it: money takes its currency along.
void add_cell(Reading& reading, const Collection& collection, const CellWrite& write,
              RejectedOperation& into) {
    const Cell* cell = collection.cell(write.cell);
    if (cell == nullptr) return;
    std::vector<Value> row(collection.fields.size());
    for (std::size_t i = 0; i < cell->fields.size() && i < write.values.size(); ++i)
        row[cell->fields[i]] = write.values[i];
    bool has_money = false;
    for (const std::size_t at : cell->fields) {
        const Field& field = collection.fields[at];
        const Field* currency = sales::currency_field(collection, field);
        if (has_money && field.kind == FieldKind::text) continue;
        has_money = has_money || currency != nullptr;
        FieldChange change;
        change.field = field.name;
        if (currency != nullptr)
            change.currency = row[collection.position(currency->id)].as_bytes();
        const InputKind kind = input_kind(collection, field);
        change.text = typed_text(kind, row[at].view(), change.currency);
        const auto id = RecordId::from_bytes(row[at].as_bytes());
        if (kind == InputKind::reference && id) {
            change.reference = *id;
            change.reference_title = reading.titles.title(field.refers_to, *id);
            if (change.reference_title.empty()) change.reference_title = change.text;
        }
        into.labels.push_back(
            {field.label_zh, field.label_en.empty() ? field.name : field.label_en});
        into.changes.push_back(std::move(change));
    }
}

FieldChange& change_for(const Collection& collection, FieldId id, RejectedOperation& into) {
    const Field* field = collection.find(id);
    const std::string name = field == nullptr ? "?" : field->name;
    for (FieldChange& change : into.changes)
        if (change.field == name) return change;
    into.labels.push_back(field == nullptr ? Label{"?", "?"}
                                           : Label{field->label_zh, field->label_en});
    into.changes.push_back({});
    into.changes.back().field = name;
    return into.changes.back();
}

RejectedOperation read_operation(Reading& reading, const Collection& collection,
                                 const Operation& operation) {
    RejectedOperation view;
    view.collection_name = collection.name;
    view.collection_label = {collection.label_zh, collection.label_en};
    view.record = operation.record;
    const auto record = reading.replica.record(collection.name, operation.record);
    view.here = record && !record->dead;
    view.kind = operation.kind;
    view.title = reading.titles.title(collection.id, operation.record);
    for (const CellWrite& write : operation.cells)
        add_cell(reading, collection, write, view);
    for (const SetWrite& write : operation.sets) {
        FieldChange& change = change_for(collection, write.field, view);
        (write.add ? change.added : change.removed).push_back(write.element.as_bytes());
    }
    for (const CounterStep& step : operation.counters)
        change_for(collection, step.field, view).step = step.step;
    return view;
}

Status fill_operations(Reading& reading, RejectedItem& item) {
    SATCHEL_ASSIGN(const Changeset changeset, reading.replica.changeset(item.number));
    item.operation_count = changeset.operations.size();
    for (const Operation& operation : changeset.operations) {
        if (item.operations.size() == kMaxShownOperations) return {};
        const Collection* collection = reading.schema.find(operation.collection);
        if (collection != nullptr)
            item.operations.push_back(read_operation(reading, *collection, operation));
    }
    return {};
}

Status fill_rejected(Reading& reading, RejectedList& list) {
    const Value state(static_cast<std::int64_t>(storage::ChangesetState::quarantined));
    SATCHEL_ASSIGN(auto rows, reading.reader.query("SELECT number, committed_at, reason, detail"
                                                   " FROM journal WHERE state = ?1"
                                                   " ORDER BY number DESC",
                                                   {state}));
    while (true) {
        SATCHEL_ASSIGN(const bool more, rows.next());
        if (!more) return {};
        ++list.total;
        if (list.items.size() == kMaxInboxItems) continue;
        RejectedItem item;
        item.number = rows.value(0).integer;
        item.at = rows.value(1).integer;
        item.reason = name(static_cast<Reason>(rows.value(2).integer));
        item.detail = std::string(rows.value(3).bytes);
        SATCHEL_TRY(fill_operations(reading, item));
        list.items.push_back(std::move(item));
    }
}

}  // namespace

ConflictList read_conflicts(Reading& reading) {
    ConflictList list;
    if (const Status done = fill_conflicts(reading, list); !done) list.error = done.error();
    return list;
}

RejectedList read_rejected(Reading& reading) {
    RejectedList list;
    if (const Status done = fill_rejected(reading, list); !done) list.error = done.error();
    return list;
}

}  // namespace satchel::window
