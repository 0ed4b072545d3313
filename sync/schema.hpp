// Schema: which collections exist, their fields, how cells merge, who may see and write what.
// A schema is data: it travels as a record of the system collection `_schema`, one record per
// schema number, and the highest number counts.
//
// Compatible for ever: ids never change their meaning. A field's kind and cell are fixed when its
// id is first used (a change makes a new id), collections and fields are added and never removed,
// so the newest schema reads everything that was written under an older one. `check_successor`
// holds this.
//
// A cell is the unit of conflict: one field, or a group of fields that only make sense together
// (amount + currency). Its id is the id of its first field.
//
// Threads: immutable once built; share it by shared_ptr<const Schema>.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sync/ids.hpp"
#include "sync/value.hpp"

namespace satchel {

enum class FieldKind : std::uint8_t {
    integer,    // counts, minor units of money, days since 1970-01-01, milliseconds
    text,       // UTF-8, NFC
    bytes,      // anything, up to max_bytes
    reference,  // the 16 bytes of a RecordId
    set,        // add-wins set of texts; the column shows a JSON array
    counter,    // sum of what every replica added; the column shows the total
};

// How the shown value of a cell is chosen among its siblings (docs/conflict-rules.md).
enum class ConflictRule : std::uint8_t {
    last_writer,   // largest effective stamp
    first_writer,  // smallest effective stamp
    max,           // largest value
    min,           // smallest value
    furthest,      // latest position in `order`; closed beats open
    rank,          // highest author's role, then stamp
    union_lines,   // free text: the lines of all, in a stable order
    manual,        // last writer's value, until a person decides
};

enum class DeletePolicy : std::uint8_t {
    update_wins,  // an edit that the deleter had not seen brings the record back
    delete_wins,  // privacy erasure: gone is gone
};

// Who may write a collection besides head office.
enum class WriteRight : std::uint8_t { holders, head_office };

struct Field {
    FieldId id{};
    std::string name;      // [a-z][a-z0-9_]*, also the column's name
    std::string label_zh;  // 中文名
    std::string label_en;
    FieldKind kind = FieldKind::text;
    FieldId cell{};               // first field of its group; its own id when alone
    CollectionId refers_to{};     // of references: 0 = anything
    std::uint32_t max_bytes = 0;  // of text and bytes: 0 = kMaxTextBytes
    bool indexed = false;         // an SQL index on devices and server
};

struct Cell {
    FieldId id{};
    ConflictRule rule = ConflictRule::last_writer;
    std::vector<std::size_t> fields;  // positions in Collection::fields, in group order
    std::vector<std::string> order;   // of `furthest`: first to last; "Won|Lost" share a place
};

// Under which keys devices hold a record. Empty: head office only.
struct ScopeRule {
    bool everyone = false;
    FieldId owner{};               // a reference to _user; 0 = none
    FieldId pool{};                // a text naming a pool; 0 = none
    std::vector<FieldId> parents;  // references whose record's scopes also count
};

struct Collection {
    CollectionId id{};
    std::string name;  // the table's name
    std::string label_zh;
    std::string label_en;
    DeletePolicy delete_policy = DeletePolicy::update_wins;
    WriteRight write_right = WriteRight::holders;
    bool append_only = false;   // records are made and deleted, never edited
    std::uint8_t priority = 5;  // 0 arrives first on a new device
    ScopeRule scope;
    std::vector<Field> fields;
    std::vector<Cell> cells;  // of the register fields, ascending by id; made by `finish`

    const Field* find(FieldId field) const;
    const Field* find(std::string_view field_name) const;
    const Cell* cell(FieldId cell_id) const;
    // Position of a field in `fields`; fields.size() when unknown.
    std::size_t position(FieldId field) const;
};

// Rules of cells whose rule is not last_writer, given beside the fields.
struct CellRule {
    FieldId cell{};
    ConflictRule rule = ConflictRule::last_writer;
    std::vector<std::string> order;
};

class Schema {
  public:
    // Checks and completes: unique ids and names, valid names, cells built, rules known.
    // Fails with invalid_argument and a message that names the collection and field.
    static Result<Schema> build(std::uint32_t number, std::vector<Collection> collections,
                                const std::map<CollectionId, std::vector<CellRule>>& rules);

    std::uint32_t number() const { return number_; }
    // All of them, the system's own first.
    const std::vector<Collection>& collections() const { return collections_; }
    const Collection* find(CollectionId id) const;
    const Collection* find(std::string_view name) const;

    // Stored form, and back (docs/formats.md, "Schema").
    Bytes encode() const;
    static Result<Schema> decode(ByteView bytes);

  private:
    std::uint32_t number_ = 0;
    std::vector<Collection> collections_;
};

// Every collection and field of `older` is in `newer` with the same kind, cell and name.
Status check_successor(const Schema& older, const Schema& newer);

// Collections that every workspace has; ids below 100 are the system's. Fields of `_schema`:
// number, definition. Of `_user`: name, login, role, manager, active. Of `_device`: replica
// (16 hexadecimal digits), user, name.
namespace system_ids {
constexpr CollectionId kSchema{1};
constexpr FieldId kSchemaNumber{1};
constexpr FieldId kSchemaDefinition{2};
constexpr CollectionId kUser{2};
constexpr FieldId kUserName{1};
constexpr FieldId kUserLogin{2};
constexpr FieldId kUserRole{3};
constexpr FieldId kUserManager{4};
constexpr FieldId kUserActive{5};
constexpr FieldId kUserPools{6};
constexpr CollectionId kDevice{3};
constexpr FieldId kDeviceReplica{1};
constexpr FieldId kDeviceUser{2};
constexpr FieldId kDeviceName{3};
constexpr std::uint32_t kFirstFree = 100;
}  // namespace system_ids

using SchemaPointer = std::shared_ptr<const Schema>;

}  // namespace satchel
