// Reading pages: docs/protocol.md, "Page". The frame is checked first; rows as they are visited.
#include <algorithm>

#include "sync/limits.hpp"
#include "sync/page.hpp"
#include "sync/page_format.hpp"

namespace satchel {
namespace {

constexpr std::string_view kWhat = "the page of records";
constexpr std::size_t kIdBytes = 16;

Error damaged(std::string_view what) {
    return {ErrorCode::corrupt, std::string(kWhat) + " is damaged: " + std::string(what)};
}

FieldId read_field_id(Reader& in) {
    return FieldId{static_cast<std::uint32_t>(in.bounded(UINT32_MAX))};
}

CollectionId read_collection_id(Reader& in) {
    return CollectionId{static_cast<std::uint32_t>(in.bounded(UINT32_MAX))};
}

std::vector<std::string> read_scopes(Reader& in) {
    std::vector<std::string> scopes;
    const std::uint64_t count = in.bounded(kMaxScopes);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        const ByteView scope = in.text();
        if (scope.size() > kMaxScopeBytes || (i > 0 && scope <= scopes.back())) in.fail();
        scopes.emplace_back(scope);
    }
    return scopes;
}

void read_cell(Reader& in, Layout& layout, std::vector<bool>& used) {
    LayoutCell cell{read_field_id(in), {}};
    const std::uint64_t columns = in.bounded(layout.fields.size());
    if (columns == 0) in.fail();
    for (std::uint64_t i = 0; i < columns && in.ok(); ++i) {
        const auto column = static_cast<std::size_t>(in.bounded(layout.fields.size() - 1));
        if (used[column]) in.fail();
        used[column] = true;
        cell.columns.push_back(column);
    }
    if (!layout.cells.empty() && cell.id <= layout.cells.back().id) in.fail();
    layout.cells.push_back(std::move(cell));
}

// Every column belongs to exactly one cell.
Layout read_layout(Reader& in) {
    Layout layout;
    const std::uint64_t fields = in.bounded(kMaxFields);
    for (std::uint64_t i = 0; i < fields && in.ok(); ++i)
        layout.fields.push_back(read_field_id(in));
    std::vector<bool> used(layout.fields.size(), false);
    const std::uint64_t cells = in.bounded(fields);
    for (std::uint64_t i = 0; i < cells && in.ok(); ++i)
        read_cell(in, layout, used);
    if (std::find(used.begin(), used.end(), false) != used.end()) in.fail();
    return layout;
}

Departure read_departure(Reader& in) {
    Departure departure;
    departure.scope = in.text();
    if (departure.scope.size() > kMaxScopeBytes) in.fail();
    departure.collection = read_collection_id(in);
    departure.id = in.record_id();
    departure.seq = Sequence{in.unsigned_integer()};
    return departure;
}

// The columns of one section, read in lockstep into one row.
class RowReader {
  public:
    RowReader(ByteView ids, ByteView seqs, ByteView scope_sets, ByteView metas)
        : ids_(ids), seqs_(seqs), scope_sets_(scope_sets), metas_(metas) {}

    void add_column(ByteView column) { columns_.emplace_back(column); }

    bool read(PageRow& row, std::size_t i, std::size_t scope_sets) {
        std::copy_n(ids_.begin() + static_cast<std::ptrdiff_t>(i * kIdBytes), kIdBytes,
                    row.id.bytes.begin());
        row.seq = Sequence{number(row.seq) + static_cast<std::uint64_t>(seqs_.integer())};
        row.scope_set = static_cast<std::size_t>(scope_sets_.unsigned_integer());
        bool ok = seqs_.ok() && scope_sets_.ok() && row.scope_set < scope_sets;
        if (row.kind != RowKind::confirm) row.meta = metas_.bytes();
        ok = ok && metas_.ok() && (row.kind == RowKind::confirm || !row.meta.empty());
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            row.values[c] = columns_[c].value();
            ok = ok && columns_[c].ok();
        }
        return ok;
    }

    bool at_end() const {
        const auto done = [](const Reader& in) { return in.at_end(); };
        return done(seqs_) && done(scope_sets_) && done(metas_) &&
               std::all_of(columns_.begin(), columns_.end(), done);
    }

  private:
    ByteView ids_;
    Reader seqs_;
    Reader scope_sets_;
    Reader metas_;
    std::vector<Reader> columns_;
};

}  // namespace

Result<PageReader::Section> PageReader::read_section(Reader& in) {
    Section section;
    section.collection = read_collection_id(in);
    section.kind = static_cast<RowKind>(in.bounded(static_cast<std::uint64_t>(RowKind::confirm)));
    section.layout = read_layout(in);
    section.count = static_cast<std::size_t>(in.bounded(kMaxPageRecords));
    section.ids = in.bytes();
    section.seqs = in.bytes();
    section.scope_sets = in.bytes();
    const bool confirms = section.kind == RowKind::confirm;
    if (!confirms) section.metas = in.bytes();
    for (std::size_t i = 0; i < section.layout.fields.size() && in.ok(); ++i)
        section.columns.push_back(in.bytes());
    if (section.count == 0 || section.ids.size() != section.count * kIdBytes) in.fail();
    if (confirms && !section.layout.fields.empty()) in.fail();
    if (!in.ok()) return in.error(kWhat);
    return section;
}

Result<PageReader> PageReader::open(ByteView page) {
    Reader in(page);
    const std::uint64_t format = in.unsigned_integer();
    if (in.ok() && format > kPageFormat)
        return Error{ErrorCode::newer_format, "the page of records was written by a newer release"};
    if (format == 0) in.fail();
    PageReader reader;
    const std::uint64_t scope_sets = in.bounded(kMaxPageRecords);
    for (std::uint64_t i = 0; i < scope_sets && in.ok(); ++i)
        reader.scope_sets_.push_back(read_scopes(in));
    const std::uint64_t sections = in.bounded(kMaxPageRecords);
    std::size_t columns = 0;
    for (std::uint64_t i = 0; i < sections && in.ok(); ++i) {
        SATCHEL_ASSIGN(Section section, read_section(in));
        reader.rows_ += section.count;
        columns += section.columns.size();
        if (reader.rows_ > kMaxPageRecords || columns > kMaxPageColumns)
            return damaged("it has too many rows or columns");
        reader.sections_.push_back(std::move(section));
    }
    const std::uint64_t departures = in.bounded(kMaxPageRecords);
    for (std::uint64_t i = 0; i < departures && in.ok(); ++i)
        reader.departures_.push_back(read_departure(in));
    SATCHEL_TRY(in.finish(kWhat));
    return reader;
}

Status PageReader::visit(const std::function<Status(const PageRow&)>& visit) const {
    for (const Section& section : sections_)
        SATCHEL_TRY(visit_section(section, visit));
    return {};
}

Status PageReader::visit(CollectionId collection,
                         const std::function<Status(const PageRow&)>& visit) const {
    for (const Section& section : sections_)
        if (section.collection == collection) SATCHEL_TRY(visit_section(section, visit));
    return {};
}

Status PageReader::visit_section(const Section& section,
                                 const std::function<Status(const PageRow&)>& visit) const {
    RowReader reader(section.ids, section.seqs, section.scope_sets, section.metas);
    for (const ByteView column : section.columns)
        reader.add_column(column);
    PageRow row;
    row.collection = section.collection;
    row.kind = section.kind;
    row.layout = &section.layout;
    row.values.resize(section.columns.size());
    for (std::size_t i = 0; i < section.count; ++i) {
        if (!reader.read(row, i, scope_sets_.size()))
            return damaged("row " + std::to_string(i) + " of collection " +
                           std::to_string(number(section.collection)));
        SATCHEL_TRY(visit(row));
    }
    if (!reader.at_end()) return damaged("something follows the last row of a section");
    return {};
}

Result<RecordState> patched(RecordState base, const PageRow& row) {
    if (row.kind != RowKind::patch)
        return Error{ErrorCode::invalid_argument, "only the row of a patch patches"};
    SATCHEL_ASSIGN(RecordState patch, decode_meta(row.meta, *row.layout, row.values));
    if (!base.exists() || !patch.clock.covers(base.clock))
        return Error{ErrorCode::corrupt,
                     "the patch of record " + row.id.text() + " is not for the state that is here"};
    for (CellState& cell : patch.cells)
        base.cell_or_new(cell.cell) = std::move(cell);
    patch.cells = std::move(base.cells);
    return patch;
}

}  // namespace satchel
