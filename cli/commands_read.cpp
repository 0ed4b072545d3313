// query, get, history: looking at what is on this device.

#include <CLI/CLI.hpp>

#include "cli/context.hpp"
#include "cli/option_checks.hpp"
#include "cli/record_text.hpp"
#include "cli/target.hpp"
#include "cli/values.hpp"

namespace satchel::cli {
namespace {

using storage::Replica;

// --- query

Result<ExitStatus> print_rows(Console& console, storage::Rows rows, std::size_t limit) {
    std::vector<std::string> columns;
    for (int i = 0; i < rows.columns(); ++i)
        columns.push_back(rows.name(i));
    std::vector<std::vector<std::string>> table;
    Json json_rows = Json::array();
    std::size_t count = 0;
    bool cut = false;
    while (true) {
        SATCHEL_ASSIGN(const bool more, rows.next());
        if (!more) break;
        cut = limit != 0 && count == limit;
        if (cut) break;
        ++count;
        Json json_row = Json::array();
        std::vector<std::string> row;
        for (int i = 0; i < rows.columns(); ++i) {
            if (console.json)
                json_row.push_back(plain_json(rows.value(i)));
            else
                row.push_back(plain_text(rows.value(i)));
        }
        console.json ? json_rows.push_back(std::move(json_row)) : table.push_back(std::move(row));
    }
    console.table(columns, std::move(table));
    console.note(console.text(
        "{0} row{2}{1}", "{0} 行{1}", count,
        cut ? console.text(", and more: --limit 0 shows all", ",还有更多:--limit 0 显示全部") : "",
        plural(count)));
    console.result({{"columns", columns}, {"rows", json_rows}, {"more", cut}});
    return ExitStatus::ok;
}

struct QueryArguments {
    std::string sql;
    std::size_t limit = 1'000;
};

Result<ExitStatus> query(Context& context, const QueryArguments& arguments) {
    SATCHEL_ASSIGN(storage::ReadConnection reader, context.open_for_reading());
    SATCHEL_ASSIGN(storage::Rows rows, reader.query(arguments.sql));
    return print_rows(context.console, std::move(rows), arguments.limit);
}

// --- get

struct RecordArguments {
    std::string collection;
    std::string record;
    bool siblings = false;
};

void say_record(Console& console, const Collection& collection, const storage::RecordView& view,
                Names& names) {
    console.line(fmt::format("{} {}", collection.name, view.id.text()));
    for (const Field& field : collection.fields) {
        const std::string text = text_of(collection, field, view.shown, names);
        if (text.empty()) continue;
        const Cell* cell = collection.cell(field.cell);
        console.line(
            fmt::format("  {:<20} {}{}", field.name, text,
                        late_text(console, cell != nullptr && is_late(*cell, view.state))));
    }
    if (view.dead) console.say("deleted: 'satchel undelete' brings it back", "已删除,可恢复");
    if (is_revived(view.state, collection.delete_policy))
        console.say("It was deleted by one person and edited by another; the edit kept it.",
                    "一人删除、另一人同时编辑,记录因编辑而保留。");
    if (view.pending)
        console.say("Some of it is not with head office yet.", "部分修改尚未送达总部。");
    console.say("token: {}", "令牌:{}", view.token().text());
}

void say_siblings(Console& console, const Collection& collection, const RecordState& state,
                  Names& names) {
    for (const CellState& cell_state : state.cells) {
        const Cell* cell = collection.cell(cell_state.cell);
        if (cell == nullptr || cell_state.siblings.size() < 2) continue;
        for (const std::string& text :
             conflict_lines(console, collection, *cell, cell_state, names))
            console.line(text);
    }
}

// The fields whose value was written before a handover and accepted after it.
Json late_fields(const Collection& collection, const RecordState& state) {
    Json fields = Json::array();
    for (const Cell& cell : collection.cells)
        if (is_late(cell, state))
            for (const std::size_t at : cell.fields)
                fields.push_back(collection.fields[at].name);
    return fields;
}

// Reads one record; everything about it in one object.
Result<ExitStatus> show(Context& context, const RecordArguments& arguments) {
    SATCHEL_ASSIGN(const Target target,
                   open_target(context, arguments.collection, arguments.record));
    Names& names = *target.names;
    const Collection* collection = target.collection;
    SATCHEL_ASSIGN(const storage::RecordView view, target.view());
    if (!context.console.json) {
        say_record(context.console, *collection, view, names);
        if (arguments.siblings) say_siblings(context.console, *collection, view.state, names);
        return ExitStatus::ok;
    }
    Json json = {{"collection", collection->name},
                 {"id", view.id.text()},
                 {"seq", number(view.seq)},
                 {"deleted", view.dead},
                 {"revived", is_revived(view.state, collection->delete_policy)},
                 {"pending", view.pending},
                 {"token", view.token().text()},
                 {"fields", json_of(*collection, view.shown)},
                 {"late", late_fields(*collection, view.state)}};
    if (arguments.siblings) json["siblings"] = siblings_json(*collection, view.state, names);
    context.console.result(json);
    return ExitStatus::ok;
}

// --- history

struct Event {
    std::int64_t at = 0;
    Json json;
    std::string text;
};

// The last write of each cell that still counts, from the record's own stamps.
std::vector<Event> writes_that_count(const Console& console, const Collection& collection,
                                     const RecordState& state, Names& names) {
    std::vector<Event> events;
    for (const CellState& cell_state : state.cells) {
        const Cell* cell = collection.cell(cell_state.cell);
        if (cell == nullptr) continue;
        for (const Sibling& sibling : cell_state.siblings) {
            Event event;
            event.at = sibling.stamp.ms();
            event.json = sibling_json(collection, *cell, cell_state, sibling, names);
            event.json["kind"] = "value";
            event.text = sibling_text(console, collection, *cell, sibling, names);
            events.push_back(std::move(event));
        }
    }
    return events;
}

// This device's own changesets that touched the record, from the journal.
Result<std::vector<Event>> own_changes(Replica& replica, const Collection& collection,
                                       const RecordId& id, Names& names) {
    SATCHEL_ASSIGN(const auto entries, replica.journal(kMaxHistory));
    std::vector<Event> events;
    for (const storage::JournalEntry& entry : entries) {
        SATCHEL_ASSIGN(const Changeset changeset, replica.changeset(entry.number));
        for (const Operation& operation : changeset.operations) {
            if (operation.record != id) continue;
            Event event;
            event.at = entry.committed_at;
            event.json = operation_json(collection, operation);
            event.json["kind"] = "own";
            event.json["number"] = entry.number;
            event.json["change"] = entry.id.text();
            event.json["state"] = std::string(name(entry.state));
            event.text =
                fmt::format("#{} {} [{}]", entry.number,
                            operation_text(collection, operation, names), name(entry.state));
            events.push_back(std::move(event));
        }
    }
    return events;
}

Result<ExitStatus> history(Context& context, const RecordArguments& arguments) {
    SATCHEL_ASSIGN(const Target target,
                   open_target(context, arguments.collection, arguments.record));
    const Collection& collection = *target.collection;
    SATCHEL_ASSIGN(std::vector<Event> events,
                   own_changes(*target.replica, collection, target.id, *target.names));
    const auto view = target.view();
    if (!view && events.empty()) return view.error();
    if (view) {
        std::vector<Event> values =
            writes_that_count(context.console, collection, view->state, *target.names);
        std::move(values.begin(), values.end(), std::back_inserter(events));
    }
    std::stable_sort(events.begin(), events.end(),
                     [](const Event& a, const Event& b) { return a.at < b.at; });
    Json json = Json::array();
    for (Event& event : events) {
        if (!context.console.json) context.console.line(time_text(event.at) + "  " + event.text);
        event.json["at"] = event.at;
        json.push_back(std::move(event.json));
    }
    context.console.result(
        {{"collection", collection.name}, {"id", target.id.text()}, {"events", json}});
    return ExitStatus::ok;
}

}  // namespace

void add_read_commands(CLI::App& app, Context& context) {
    const auto query_arguments = std::make_shared<QueryArguments>();
    CLI::App* command =
        app.add_subcommand("query",
                           "Run a SELECT on this device's tables. Dates are days since 1970-01-01: "
                           "date(close_date * 86400, 'unixepoch'); money is in minor units (such "
                           "as cents); ids print as ids");
    command->add_option("sql", query_arguments->sql, "SELECT …")->required();
    command->add_option("--limit", query_arguments->limit, "Rows at most; 0: all (default 1000)")
        ->check(whole_number_from(0));
    command->callback([&context, query_arguments] {
        context.command = [&context, query_arguments] { return query(context, *query_arguments); };
    });
    const auto arguments = std::make_shared<RecordArguments>();
    const auto add = [&](const char* name, const char* description,
                         Result<ExitStatus> (*action)(Context&, const RecordArguments&)) {
        CLI::App* added = app.add_subcommand(name, description);
        added->add_option("collection", arguments->collection, "Such as account")->required();
        added
            ->add_option("record", arguments->record,
                         "Its id, the first digits of it, or @ and its name")
            ->required();
        added->callback([&context, arguments, action] {
            context.command = [&context, arguments, action] { return action(context, *arguments); };
        });
        return added;
    };
    add("get", "Show one record", show)
        ->add_flag("--siblings", arguments->siblings, "And every value that stands beside another");
    add("history", "Who wrote what of a record, as far as this device knows", history);
}

}  // namespace satchel::cli
