// RecordTables: the typed tables of a schema's collections in one SQLite database, shared by the
// replica on a device and the server's store.
//
//     <collection> (id BLOB PRIMARY KEY, <one column per field>, _seq, _scope, _meta, _more)
//     _dead (collection, id PRIMARY KEY, seq, scope, state, more): records that count as deleted
//     _conflict (collection, id, cell): cells with different values side by side
//
// The field columns hold what is shown, so applications read with plain SQL; `_meta` holds the
// rest of the record's state (sync/meta.hpp). A record is in its typed table or in `_dead`, never
// in both. `_scope` is a number of the owner's (a set of scopes), `_more` bytes of the owner's (the
// server's cell seqs; null on devices).
//
// Threads: the one that owns the database. Errors: the database's, and corrupt.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "storage/row_batch.hpp"
#include "storage/sqlite.hpp"
#include "storage/table_info.hpp"
#include "sync/meta.hpp"
#include "sync/schema.hpp"

namespace satchel::storage {

struct StoredRecord {
    RecordState state;
    Sequence seq{};          // 0: not confirmed by the server yet
    std::int64_t scope = 0;  // 0: none
    Bytes more;
    bool dead = false;
    bool in_columns = false;  // what has a column stands in it; not so in a row older than it
};

// The same, borrowed: how a record is given to be stored.
struct StoredView {
    const RecordState* state = nullptr;
    Sequence seq{};
    std::int64_t scope = 0;
    ByteView more;
    bool dead = false;
    bool in_columns = false;

    StoredView(const RecordState& given, Sequence at, std::int64_t set, ByteView beside)
        : state(&given), seq(at), scope(set), more(beside) {}
    StoredView(const StoredRecord& record)  // NOLINT: meant to be implicit
        : state(&record.state),
          seq(record.seq),
          scope(record.scope),
          more(record.more),
          dead(record.dead),
          in_columns(record.in_columns) {}
};

// The schema that a file keeps. corrupt when it was none any more, newer_format.
Result<SchemaPointer> stored_schema(ByteView bytes);

class RecordTables {
  public:
    // Which fields get an index. Applications look things up by `indexed` fields on their device;
    // the server itself only ever asks for the children of a record.
    enum class Indexes { indexed_and_parents, parents };

    RecordTables(Database& database, Indexes indexes);
    RecordTables(const RecordTables&) = delete;
    RecordTables& operator=(const RecordTables&) = delete;
    ~RecordTables();

    // Creates what is missing for `schema`: tables, columns, indexes. Inside a transaction.
    // `with_indexes` false: during a first load, which is several times faster without.
    Status use(SchemaPointer schema, bool with_indexes = true);
    Status build_indexes();
    Status drop_indexes();
    // Reads and writes with `schema`, whose tables are there: what use() changed in memory goes
    // back when its transaction was undone.
    void read_as(SchemaPointer schema);

    const SchemaPointer& schema() const { return schema_; }
    // nullptr when the schema does not know the collection.
    const TableInfo* table(CollectionId collection) const;

    Result<std::optional<StoredRecord>> load(const TableInfo& table, const RecordId& id);
    // Where a record of the typed table stands; nothing when it is not there.
    struct Place {
        Sequence seq{};
        std::int64_t scope = 0;
    };
    Result<std::optional<Place>> place_of(const TableInfo& table, const RecordId& id);
    // Writes the record: into its table, or into _dead when it counts as deleted. `before` is what
    // load gave, so that only what changed is touched.
    Status store(const TableInfo& table, const RecordId& id, const StoredView& record,
                 const std::optional<StoredView>& before);
    // A local write to a living record that stays alive: touches only the columns of `fields`
    // (positions in the collection) and the metadata. `conflicts` are the cells that were in
    // conflict before.
    Status rewrite(const TableInfo& table, const RecordId& id, const RecordState& state,
                   const std::vector<std::size_t>& fields, const std::vector<FieldId>& conflicts);
    Status remove(const TableInfo& table, const RecordId& id, const StoredRecord& record);
    // Only seq and scope of a record, alive or dead.
    Status move(const TableInfo& table, const RecordId& id, Sequence seq, std::int64_t scope);

    // The fast way for a row that was never here: values and meta as they are, bound without a
    // copy. Only for plain meta (meta_is_plain) of a living record that is not in _dead. False:
    // there is a row already, and nothing was changed.
    Result<bool> insert_plain(const TableInfo& table, const RecordId& id,
                              const std::vector<ValueView>& registers, ByteView meta, Sequence seq,
                              std::int64_t scope, ByteView more);

    // The same for a row that no scope holds yet, whose id was made just now: with the rows that
    // follow it, at the latest when something else is asked for here. Other SQL sees it after
    // flush(), which has to come before the commit; when the transaction is undone, it is gone.
    Status insert_later(const TableInfo& table, const RecordId& id,
                        const std::vector<ValueView>& registers, ByteView meta);
    // Fails where a row could not be written, again and again, so that no commit can follow.
    Status flush();

    // Recomputes what the columns show: of records with conflicted cells, or of every record.
    enum class Shown { conflicts, everything };
    Status show_again(const TableInfo& table, Shown which);

  private:
    Status create_table(const Collection& collection);
    Status add_missing_columns(const Collection& collection);
    Result<std::optional<StoredRecord>> load_dead(const Collection& collection, const RecordId& id);
    Status write_row(const TableInfo& table, const RecordId& id, const StoredView& record);
    Status update_row(const TableInfo& table, const RecordId& id, const StoredView& record,
                      const RecordState& before);
    Status write_dead(const TableInfo& table, const RecordId& id, const StoredView& record);
    Status erase(const TableInfo& table, const RecordId& id);
    Status erase_dead(const RecordId& id);
    Status note_conflicts(const TableInfo& table, const RecordId& id,
                          const std::vector<FieldId>& now, const std::vector<FieldId>& then);
    // UPDATE of the metadata and these fields; `placed`: of _seq, _scope and _more, too.
    KeptStatement& update_of(const TableInfo& table, const std::vector<std::size_t>& fields,
                             bool placed);

    std::vector<std::pair<const Collection*, const Field*>> indexed_fields() const;

    Database& database_;
    Indexes indexes_;
    SchemaPointer schema_;
    RowBatch batch_;  // rows of the open transaction that are to be inserted
    std::unordered_map<std::uint32_t, TableInfo> tables_;
    // UPDATE by collection, fields and `placed`: applications write few combinations.
    std::map<std::tuple<std::uint32_t, std::vector<std::size_t>, bool>, KeptStatement> updates_;
};

// Cells with different values side by side, ascending.
std::vector<FieldId> conflicted_cells(const RecordState& state);

// What one field's column shows for a state.
Value shown_field(const Collection& collection, std::size_t field, const RecordState& state);

// What a row's columns show for a state: one value per field of the collection.
std::vector<Value> shown_row(const Collection& collection, const RecordState& state);

}  // namespace satchel::storage
