#include "client-imgui/form_reader.hpp"

#include <algorithm>

#include "client-imgui/field_text.hpp"
#include "client-imgui/table_query.hpp"
#include "sales/starter_schema.hpp"

namespace satchel::window {
namespace {

constexpr std::size_t kMaxDeletedRows = 1'000;  // each is read as a whole record

Label label_of(const Field& field) {
    return {field.label_zh, field.label_en.empty() ? field.name : field.label_en};
}

bool is_currency_of_money(const Collection& collection, const Field& field) {
    return std::any_of(collection.fields.begin(), collection.fields.end(), [&](const Field& other) {
        return sales::currency_field(collection, other) == &field;
    });
}

const Value& value_of(const Collection& collection, const std::vector<Value>& shown,
                      const Field& field) {
    static const Value nothing;
    const std::size_t at = collection.position(field.id);
    return at < shown.size() ? shown[at] : nothing;
}

std::string currency_of(const Collection& collection, const std::vector<Value>& shown,
                        const Field& field) {
    const Field* currency = sales::currency_field(collection, field);
    return currency == nullptr ? "" : value_of(collection, shown, *currency).as_bytes();
}

void fill_value(Reading& reading, const Collection& collection, const Field& field,
                const std::vector<Value>& shown, FormField& into) {
    const Value& value = value_of(collection, shown, field);
    into.currency = currency_of(collection, shown, field);
    into.text = typed_text(into.kind, value.view(), into.currency);
    if (into.kind == InputKind::set) into.elements = set_elements(value.as_bytes());
    if (into.kind == InputKind::counter) into.total = value.integer();
    if (into.kind != InputKind::reference) return;
    const auto id = RecordId::from_bytes(value.as_bytes());
    if (!id) return;
    into.reference = *id;
    const std::string title = reading.titles.title(field.refers_to, *id);
    if (!title.empty()) into.text = title;
}

std::vector<FormField> form_fields(Reading& reading, const Collection& collection,
                                   const std::vector<Value>& shown) {
    std::vector<FormField> fields;
    for (const Field& field : collection.fields) {
        if (is_currency_of_money(collection, field)) continue;
        FormField form;
        form.name = field.name;
        form.label = label_of(field);
        form.kind = input_kind(collection, field);
        form.cell = field.cell;
        form.refers_to = field.refers_to;
        form.options = options(collection, field);
        fill_value(reading, collection, field, shown, form);
        fields.push_back(std::move(form));
    }
    return fields;
}

std::string text_of(Reading& reading, const Collection& collection, const Cell& cell,
                    const Sibling& sibling) {
    const Field& first = collection.fields[cell.fields.front()];
    if (first.kind == FieldKind::reference && !sibling.values.front().is_null()) {
        const auto id = RecordId::from_bytes(sibling.values.front().as_bytes());
        const std::string title = id ? reading.titles.title(first.refers_to, *id) : "";
        if (!title.empty()) return title;
    }
    return cell_text(collection, cell, sibling.values);
}

Label label_of(const Collection& collection, const Cell& cell) {
    Label label;
    for (const std::size_t at : cell.fields) {
        const Field& field = collection.fields[at];
        if (is_currency_of_money(collection, field)) continue;
        const Label part = label_of(field);
        label.zh += (label.zh.empty() ? "" : " · ") + part.zh;
        label.en += (label.en.empty() ? "" : " · ") + part.en;
    }
    return label;
}

std::vector<SiblingView> siblings(Reading& reading, const Collection& collection, const Cell& cell,
                                  const CellState& state) {
    const Sibling& shown = winner(cell, state);
    std::vector<SiblingView> views;
    for (const Sibling& sibling : state.siblings) {
        SiblingView view;
        view.text = text_of(reading, collection, cell, sibling);
        view.is_null = std::all_of(sibling.values.begin(), sibling.values.end(),
                                   [](const Value& value) { return value.is_null(); });
        if (sibling.dot.replica.id != reading.own_replica)
            view.author = reading.titles.author(sibling.dot.replica);
        view.at = sibling.stamp.ms();
        view.shown = &sibling == &shown;
        view.late = sibling.late;
        view.values = sibling.values;
        views.push_back(std::move(view));
    }
    std::stable_sort(views.begin(), views.end(), [](const SiblingView& a, const SiblingView& b) {
        return std::pair(a.shown, a.at) > std::pair(b.shown, b.at);
    });
    return views;
}

void fill_record(Reading& reading, const Collection& collection, const storage::RecordView& record,
                 FormView& form) {
    form.id = record.id;
    form.dead = record.dead;
    form.pending = record.pending || number(record.seq) == 0;
    form.revived = is_revived(record.state, collection.delete_policy);
    form.token = record.token();
    form.editable = !collection.append_only;
    form.title = reading.titles.title(collection.id, record.id);
    form.fields = form_fields(reading, collection, record.shown);
    for (const Cell& cell : collection.cells)
        if (auto conflict = read_conflict(reading, collection, cell, record))
            form.conflicts.push_back(*std::move(conflict));
}

TableRow deleted_row(Reading& reading, const Collection& collection, const TableView& view,
                     const storage::RecordView& record) {
    TableRow row;
    row.id = record.id;
    for (const Column& column : view.columns) {
        const Field& field = *collection.find(column.field);
        FormField shown;
        shown.kind = input_kind(collection, field);
        fill_value(reading, collection, field, record.shown, shown);
        const Value& value = value_of(collection, record.shown, field);
        const bool is_plain = shown.kind != InputKind::reference && shown.kind != InputKind::set;
        row.cells.push_back(is_plain ? table_text(shown.kind, value.view(), shown.currency)
                                     : shown.text);
    }
    return row;
}

Status fill_deleted(Reading& reading, TableView& view) {
    const Collection* collection = reading.schema.find(view.query.collection);
    if (collection == nullptr) return {};
    view.columns = table_columns(*collection);
    SATCHEL_ASSIGN(auto rows,
                   reading.reader.query("SELECT id FROM _dead WHERE collection = ?1 ORDER BY id"
                                        " DESC LIMIT ?2",
                                        {Value(std::int64_t{number(collection->id)}),
                                         Value(static_cast<std::int64_t>(kMaxDeletedRows))}));
    while (true) {
        SATCHEL_ASSIGN(const bool more, rows.next());
        if (!more) break;
        SATCHEL_ASSIGN(const RecordId id, RecordId::from_bytes(rows.value(0).bytes));
        SATCHEL_ASSIGN(const storage::RecordView record,
                       reading.replica.record(collection->name, id));
        view.rows.push_back(deleted_row(reading, *collection, view, record));
    }
    view.total = static_cast<std::int64_t>(view.rows.size());
    return {};
}

}  // namespace

FormView read_form(Reading& reading, const std::string& name, const std::optional<RecordId>& id) {
    FormView form;
    form.collection_name = name;
    const Collection* collection = reading.schema.find(name);
    if (collection == nullptr) {
        form.error = Error{ErrorCode::not_found, "there is no collection '" + name + "' here"};
        return form;
    }
    form.collection = collection->id;
    form.collection_label = {collection->label_zh, collection->label_en};
    if (!id) {
        form.fields =
            form_fields(reading, *collection, std::vector<Value>(collection->fields.size()));
        return form;
    }
    const auto record = reading.replica.record(name, *id);
    if (record)
        fill_record(reading, *collection, *record, form);
    else
        form.error = record.error();
    form.id = id;
    return form;
}

std::optional<ConflictView> read_conflict(Reading& reading, const Collection& collection,
                                          const Cell& cell, const storage::RecordView& record) {
    const CellState* state = record.state.cell(cell.id);
    if (state == nullptr || !is_conflict(*state)) return std::nullopt;
    ConflictView view;
    view.collection = collection.id;
    view.collection_name = collection.name;
    view.collection_label = {collection.label_zh, collection.label_en};
    view.record = record.id;
    view.title = reading.titles.title(collection.id, record.id);
    view.cell = cell.id;
    for (const std::size_t at : cell.fields)
        view.fields.push_back(collection.fields[at].name);
    view.label = label_of(collection, cell);
    const std::string why = explain(cell, *state);
    view.rule = why.substr(0, why.find(':'));
    view.choice = !cell.order.empty();
    view.all_shown = cell.rule == ConflictRule::union_lines;
    view.token = record.token();
    view.siblings = siblings(reading, collection, cell, *state);
    return view;
}

TableView read_deleted(Reading& reading, const TableQuery& query) {
    TableView view;
    view.query = query;
    if (const Status done = fill_deleted(reading, view); !done) {
        view.rows.clear();
        view.error = done.error();
    }
    return view;
}

}  // namespace satchel::window
