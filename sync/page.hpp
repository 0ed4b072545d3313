// Page: record states on their way down, in columns (docs/protocol.md, "Page").
//
// A page is a list of sections; a section holds rows of one collection and one shape:
//   whole    every cell; a dead record is a whole row without columns, all inline in its meta
//   patch    the cells changed since the device's cursor; clock, sets, counters and life replaced
//   confirm  nothing but id, seq and scopes: the state is what the device had confirmed plus its
//            own changesets up to that seq
// and a list of departures: records that left one of the device's scopes.
//
// A row's meta and columns are exactly those of the table row (sync/meta.hpp), so the usual row is
// bound straight from the received buffer.
//
// Threads: one at a time. Views point into the page's bytes, which must outlive the reader.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sync/meta.hpp"
#include "sync/protocol.hpp"

namespace satchel {

enum class RowKind : std::uint8_t { whole = 0, patch = 1, confirm = 2 };

struct PageRow {
    CollectionId collection{};
    RowKind kind = RowKind::whole;
    RecordId id;
    Sequence seq{};
    std::size_t scope_set = 0;       // index into PageReader::scope_sets
    ByteView meta;                   // empty for confirm
    const Layout* layout = nullptr;  // of `values`; owned by the reader
    std::vector<ValueView> values;
};

struct Departure {
    std::string scope;
    CollectionId collection{};
    RecordId id;
    Sequence seq{};
};

// Holds at most kMaxPageRecords rows and as many departures: cut before that, by rows() and
// size_bytes().
class PageWriter {
  public:
    // `scopes`: ascending, those of the record that the device holds. A confirm row has an empty
    // layout, no meta and no values; any other one a meta and one value per field of the layout.
    void add(CollectionId collection, RowKind kind, const Layout& layout, const RecordId& id,
             Sequence seq, const std::vector<std::string>& scopes, ByteView meta,
             const std::vector<ValueView>& values);
    void add_departure(const Departure& departure);
    std::size_t size_bytes() const { return size_bytes_; }
    std::size_t rows() const { return rows_; }
    bool empty() const { return rows_ == 0 && departures_.empty(); }
    // The page's bytes; the writer is empty afterwards.
    Bytes finish();

  private:
    struct Section {
        CollectionId collection{};
        RowKind kind = RowKind::whole;
        Layout layout;
        std::size_t count = 0;
        Bytes ids;
        Writer seqs;
        Writer scope_sets;
        Writer metas;
        std::vector<Writer> columns;
        std::uint64_t last_seq = 0;
    };

    Section& section_for(CollectionId collection, RowKind kind, const Layout& layout);
    std::size_t scope_set_index(const std::vector<std::string>& scopes);
    void write_section(Writer& out, const Section& section) const;

    std::vector<Section> sections_;
    std::map<Bytes, std::size_t> section_indexes_;  // by the head's bytes
    std::map<std::vector<std::string>, std::size_t> scope_set_indexes_;
    std::vector<std::vector<std::string>> scope_sets_;
    std::vector<Departure> departures_;
    std::size_t last_section_ = 0;  // most rows go where the one before went
    std::size_t last_scope_set_ = 0;
    std::size_t size_bytes_ = 0;
    std::size_t rows_ = 0;
};

class PageReader {
  public:
    // Reads the page's frame; rows are decoded as they are visited.
    static Result<PageReader> open(ByteView page);

    const std::vector<std::vector<std::string>>& scope_sets() const { return scope_sets_; }
    const std::vector<Departure>& departures() const { return departures_; }
    std::size_t rows() const { return rows_; }
    // Calls `visit` for every row; stops at its first error, or with corrupt at damage.
    Status visit(const std::function<Status(const PageRow&)>& visit) const;
    // The same for the rows of one collection; passes over all others.
    Status visit(CollectionId collection, const std::function<Status(const PageRow&)>& visit) const;

  private:
    struct Section {
        CollectionId collection{};
        RowKind kind = RowKind::whole;
        Layout layout;
        std::size_t count = 0;
        ByteView ids, seqs, scope_sets, metas;
        std::vector<ByteView> columns;
    };

    static Result<Section> read_section(Reader& in);
    Status visit_section(const Section& section,
                         const std::function<Status(const PageRow&)>& visit) const;

    std::vector<std::vector<std::string>> scope_sets_;
    std::vector<Section> sections_;
    std::vector<Departure> departures_;
    std::size_t rows_ = 0;
};

// The state that a patch row makes of the confirmed state it patches. Fails with corrupt when the
// patch is damaged, or older than `base`: ask for the record as a whole state then.
Result<RecordState> patched(RecordState base, const PageRow& row);

}  // namespace satchel
