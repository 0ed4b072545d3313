// The byte form of a record's state, in two shapes that share one format (docs/formats.md,
// "Record metadata"):
//
//   row form    `_meta` beside the typed columns of a row: the value of a cell with one sibling
//               stays in its columns. A fresh record whose cells share one dot costs some 28 bytes.
//   whole form  everything inline: dead records, backups of a state, tests.
//
// Which cells have columns is a Layout. The encoding is a function of state and layout alone, so
// equal states have equal bytes on every replica that knows the same schema; cells that the layout
// does not know (written under a newer schema) stay inline and are never lost.
//
// Threads: any. Errors: decoding fails with corrupt and nothing else.
#pragma once

#include <vector>

#include "sync/record.hpp"
#include "sync/wire.hpp"

namespace satchel {

struct LayoutCell {
    FieldId id{};
    std::vector<std::size_t> columns;  // positions in Layout::fields

    bool operator==(const LayoutCell&) const = default;
};

// The register fields that stand in columns, and how they form cells.
struct Layout {
    std::vector<FieldId> fields;
    std::vector<LayoutCell> cells;  // ascending by id

    const LayoutCell* cell(FieldId id) const;
    bool operator==(const Layout&) const = default;
};

Layout layout_of(const Collection& collection);

Bytes encode_meta(const RecordState& state, const Layout& layout);
// `row[i]` is the value in the column of layout.fields[i].
Result<RecordState> decode_meta(ByteView meta, const Layout& layout,
                                const std::vector<ValueView>& row);

// What encode_meta gives for a record whose cells were all written by `dot`.
void encode_fresh_meta(Writer& out, const Dot& dot, Stamp stamp, std::uint8_t rank, bool system);

// Cheap looks into a row's `_meta`.
bool meta_is_plain(ByteView meta);  // no second sibling, no sets, no counters, no life

inline Bytes encode_state(const RecordState& state) {
    return encode_meta(state, Layout{});
}
inline Result<RecordState> decode_state(ByteView bytes) {
    return decode_meta(bytes, {}, {});
}

}  // namespace satchel
