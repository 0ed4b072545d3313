// Snapshot: everything that one frame shows, made by the worker, never changed afterwards. Views
// draw it and return Intents (client-imgui/intent.hpp); nothing in here reads a file.
//
// Parts that did not change are shared with the snapshot before, so a new one is cheap, and a view
// sees by the pointer whether there is something new.
//
// Threads: immutable, shared by shared_ptr<const Snapshot>.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/agent_status.hpp"
#include "storage/replica.hpp"

namespace satchel::window {

// A name in both languages, as the schema has it.
struct Label {
    std::string zh;
    std::string en;

    const std::string& in(client::Language language) const {
        const bool chinese = language == client::Language::chinese;
        const std::string& first = chinese ? zh : en;
        return first.empty() ? (chinese ? en : zh) : first;
    }
};

struct CollectionItem {
    CollectionId id{};
    std::string name;
    Label label;
    std::int64_t count = 0;
};

struct TableQuery {
    std::string collection;
    std::string filter;
    std::string sort_field;  // "": the order in which the records were made
    bool descending = false;
    bool deleted = false;  // the deleted records instead of the living

    bool operator==(const TableQuery&) const = default;
};

struct Column {
    std::string field;
    Label label;
    bool number = false;  // at the right edge
    bool choice = false;  // codes with labels: choice_label()
    bool wide = false;
};

struct TableRow {
    RecordId id;
    bool conflict = false;
    std::vector<std::string> cells;
};

// At most kMaxTableRows rows: nobody scrolls further, and filtering finds the rest.
constexpr std::size_t kMaxTableRows = 20'000;

struct TableView {
    TableQuery query;
    std::vector<Column> columns;
    std::vector<TableRow> rows;
    std::int64_t total = 0;  // that match
    std::optional<Error> error;
};

struct SiblingView {
    std::string text;
    bool is_null = false;
    std::string author;  // "": this device
    std::int64_t at = 0;
    bool shown = false;  // the rule prefers it
    bool late = false;
    std::vector<Value> values;
};

// One cell with several values, and what the decision needs.
struct ConflictView {
    CollectionId collection{};
    std::string collection_name;
    Label collection_label;
    RecordId record;
    std::string title;
    FieldId cell{};
    std::vector<std::string> fields;  // of the cell, by name
    Label label;
    std::string rule;        // name of the conflict rule
    bool choice = false;     // the values are codes
    bool all_shown = false;  // the rule unites them
    VectorClock token;
    std::vector<SiblingView> siblings;
};

struct ConflictList {
    std::vector<ConflictView> items;
    std::size_t total = 0;
    std::optional<Error> error;
};

enum class InputKind : std::uint8_t {
    text,
    long_text,
    choice,
    integer,
    money,
    date,
    time,
    reference,
    set,
    counter,
    bytes,  // shown, not edited
};

struct FormField {
    std::string name;
    Label label;
    InputKind kind = InputKind::text;
    FieldId cell{};
    CollectionId refers_to{};
    std::vector<std::string> options;   // of a choice: its codes
    std::string text;                   // as a person types it; of a reference: its title
    std::string currency;               // of money
    std::vector<std::string> elements;  // of a set
    std::int64_t total = 0;             // of a counter
    std::optional<RecordId> reference;
};

struct FormView {
    std::uint64_t opened = 0;  // another number for each form that was opened
    CollectionId collection{};
    std::string collection_name;
    Label collection_label;
    std::optional<RecordId> id;  // nothing: a new record
    std::string title;
    bool dead = false;
    bool revived = false;  // a deletion and an edit met
    bool pending = false;  // not confirmed by head office
    bool editable = true;  // false: this collection is only added to
    VectorClock token;     // what this form shows
    std::vector<FormField> fields;
    std::vector<ConflictView> conflicts;
    std::optional<Error> error;
};

// What a person wants of one field; the parts that its kind uses.
struct FieldChange {
    std::string field;
    std::string text;
    std::string currency;
    std::vector<std::string> added;
    std::vector<std::string> removed;
    std::int64_t step = 0;
    std::optional<RecordId> reference;
    std::string reference_title;
};

struct FieldProblem {
    std::string field;
    Error error;
};

// The answer to the last SaveRecord.
struct SaveAnswer {
    std::uint64_t serial = 0;
    bool saved = false;
    std::vector<FieldProblem> problems;
    std::optional<Error> error;  // of the whole record
};

struct RejectedOperation {
    std::string collection_name;
    Label collection_label;
    RecordId record;
    bool here = false;  // the record is on this device
    OperationKind kind = OperationKind::write;
    std::string title;
    std::vector<Label> labels;         // one for each change
    std::vector<FieldChange> changes;  // the input, ready for a form
};

struct RejectedItem {
    std::int64_t number = 0;  // in the journal
    std::int64_t at = 0;
    std::string reason;  // its stable name
    std::string detail;
    std::vector<RejectedOperation> operations;  // the first of them
    std::size_t operation_count = 0;
};

struct RejectedList {
    std::vector<RejectedItem> items;
    std::size_t total = 0;
    std::optional<Error> error;
};

struct FoundRecord {
    RecordId id;
    std::string title;
};

// What a reference can point to.
struct PickerView {
    CollectionId collection{};
    std::string filter;
    std::vector<FoundRecord> found;
    std::optional<Error> error;
};

// Of a file that nobody is logged in with, in a window that syncs.
struct LoginView {
    std::string url;  // of the last log-in; "": never
    std::string login;
    bool running = false;
    std::optional<Error> error;  // of the last try
};

struct Snapshot {
    std::uint64_t number = 0;
    std::string path;
    bool opening = true;              // nothing is known yet
    std::optional<Error> file_error;  // the file could not be opened
    SchemaPointer schema;
    std::vector<CollectionItem> collections;
    std::shared_ptr<const TableView> table;
    std::shared_ptr<const FormView> form;
    std::shared_ptr<const ConflictList> conflicts;
    std::shared_ptr<const RejectedList> rejected;
    std::shared_ptr<const PickerView> picker;
    SaveAnswer answer;
    std::optional<Error> failure;    // of the last thing that was asked for, besides saving
    std::uint64_t failures = 0;      // counts them
    storage::ReplicaStatus replica;  // as this window's own connection sees it
    std::optional<Error> status_error;
    client::AgentStatus sync;
    std::optional<LoginView> login;  // none: somebody is logged in, or this window does not sync
};

using SnapshotPointer = std::shared_ptr<const Snapshot>;

}  // namespace satchel::window
