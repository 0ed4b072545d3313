// Import: turns the rows of a CSV file into typed values of one collection, by a mapping
// (mapping.hpp). It writes nothing: the caller takes row after row and makes changesets of them.
//
//     SATCHEL_ASSIGN(Importer importer,
//                    Importer::open(file.text, schema, {"opportunity", map, "number"}, resolver));
//     while (true) {
//         SATCHEL_ASSIGN(const ImportStep step, importer.next());
//         if (step == ImportStep::end) break;
//         if (step == ImportStep::row) write(importer.row());
//         else report(importer.problem());
//     }
//
// How a cell is read; white space at its ends never counts:
//
// | field                | cell                                        | empty cell     |
// | text                 | UTF-8, brought to NFC                       | null           |
// | integer, counter     | whole number, 1054 or 1,054                 | null           |
// | integer `…_date`     | date (numbers.hpp)                          | null           |
// | money                | decimal number, exactly, no rounding        | null           |
// | currency             | three capital letters                       | null           |
// | set                  | texts divided by `;` (set_text.hpp)         | no elements    |
// | reference            | a record id, or @lookup, or @user           | null           |
//
// A row that fails gives a RowProblem and the import goes on.
//
// Again without doubles: with a key field, the id of a row's record is that of the record that has
// this key already, else `keyed_record_id`: whoever imports the row, on whatever device, makes the
// same record. Such ids are spread over the whole key space, so that a large table grows slower
// by them than by RecordIdMaker's, which ascend: leave the key away for a file that is read once.
//
// Threads: one at a time. The text, the schema and the resolver must outlive the importer.
// Errors: `open` fails on the header, the mapping and the key (invalid_argument). `next` fails
// only when the resolver does with a code that is not about the row: then stop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sales/csv.hpp"
#include "sales/mapping.hpp"
#include "sync/schema.hpp"

namespace satchel::sales {

// What an import asks of the database. Of these codes the row is to blame, which the person is
// shown: not_found when there is none, invalid_argument when there are several. Any other code
// ends the import. A file asks for the same few names again and again: keep the answers.
class Resolver {
  public:
    virtual ~Resolver() = default;

    // The record of `collection` whose `field` holds this value.
    virtual Result<RecordId> find(CollectionId collection, FieldId field, const Value& value) = 0;

    // The user with this name or login.
    virtual Result<RecordId> user(std::string_view name) = 0;
};

struct ImportOptions {
    std::string into;  // the collection
    std::string map;   // see mapping.hpp; may be empty
    std::string key;   // a text or whole-number field that is mapped; empty for new records only
    std::size_t from_line = 0;  // rows before this line of the file are passed over
};

struct ImportedCell {
    FieldId field{};
    FieldKind kind = FieldKind::text;
    Value value;                  // of a counter: what to add to a new record's zero
    std::vector<Bytes> elements;  // of a set: sorted, each once
};

struct ImportedRow {
    std::size_t line = 0;
    std::optional<RecordId> id;  // with a key only
    bool exists = false;         // with a key: the resolver knows the record, so this is an update
    std::vector<ImportedCell> cells;
};

enum class ImportStep : std::uint8_t { row, problem, end };

class Importer {
  public:
    static Result<Importer> open(std::string_view text, const Schema& schema,
                                 const ImportOptions& options, Resolver& resolver);

    const Mapping& mapping() const { return mapping_; }

    Result<ImportStep> next();
    const ImportedRow& row() const { return row_; }         // after ImportStep::row
    const RowProblem& problem() const { return problem_; }  // after ImportStep::problem
    std::size_t line() const;  // where the row of the last `next` begins; after an error, too

  private:
    Importer(CsvReader reader, const Collection& into, Resolver& resolver)
        : reader_(std::move(reader)), into_(&into), resolver_(&resolver) {}

    Status choose_key(const std::string& name);
    Status convert_row();
    Status convert(const FieldSource& source);
    Status convert_money(const FieldSource& source);
    Status convert_plain(const Field& field, std::string_view text);
    Status find_record();
    Status add(const Field& field, Value value);
    std::string_view cell(std::size_t column) const;
    std::string joined(const std::vector<std::size_t>& columns) const;
    ImportStep blame_row(const Error& error);

    CsvStep next_row();

    CsvReader reader_;
    std::size_t from_line_ = 0;
    const Collection* into_;
    Resolver* resolver_;
    Mapping mapping_;
    const Field* key_ = nullptr;
    std::unordered_map<RecordId, std::size_t> lines_of_keys_;
    std::size_t column_ = 0;  // the one being read; behind the last while it is the whole row
    ImportedRow row_;
    RowProblem problem_;
};

// The id of the record of a collection that has this key: the same everywhere and for ever.
//
// A UUIDv8 (RFC 9562, section 5.8): the first 16 bytes of BLAKE2b-256 over
// "satchel.keyed-record.1", the collection's number as four bytes, big end first, and the key; then
// version 8 in the high half of byte 6 and variant 10 in the high bits of byte 8. `key` is
// canonical text (text.hpp); of a whole number its decimal digits.
RecordId keyed_record_id(CollectionId collection, std::string_view key);

}  // namespace satchel::sales
