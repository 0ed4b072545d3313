// Writing pages: docs/protocol.md, "Page".
#include <cassert>

#include "sync/limits.hpp"
#include "sync/page.hpp"
#include "sync/page_format.hpp"

namespace satchel {
namespace {

void write_layout(Writer& out, const Layout& layout) {
    out.unsigned_integer(layout.fields.size());
    for (const FieldId field : layout.fields)
        out.unsigned_integer(number(field));
    out.unsigned_integer(layout.cells.size());
    for (const LayoutCell& cell : layout.cells) {
        out.unsigned_integer(number(cell.id));
        out.unsigned_integer(cell.columns.size());
        for (const std::size_t column : cell.columns)
            out.unsigned_integer(column);
    }
}

void write_head(Writer& out, CollectionId collection, RowKind kind, const Layout& layout) {
    out.unsigned_integer(number(collection));
    out.unsigned_integer(static_cast<std::uint64_t>(kind));
    write_layout(out, layout);
}

}  // namespace

PageWriter::Section& PageWriter::section_for(CollectionId collection, RowKind kind,
                                             const Layout& layout) {
    const auto fits = [&](const Section& section) {
        return section.collection == collection && section.kind == kind && section.layout == layout;
    };
    if (last_section_ < sections_.size() && fits(sections_[last_section_]))
        return sections_[last_section_];
    Writer head;
    write_head(head, collection, kind, layout);
    const auto [at, is_new] = section_indexes_.try_emplace(head.take(), sections_.size());
    last_section_ = at->second;
    if (is_new) {
        Section& section = sections_.emplace_back();
        section.collection = collection;
        section.kind = kind;
        section.layout = layout;
        section.columns.resize(layout.fields.size());
        size_bytes_ += at->first.size();
    }
    return sections_[last_section_];
}

std::size_t PageWriter::scope_set_index(const std::vector<std::string>& scopes) {
    if (last_scope_set_ < scope_sets_.size() && scope_sets_[last_scope_set_] == scopes)
        return last_scope_set_;
    const auto [at, is_new] = scope_set_indexes_.try_emplace(scopes, scope_sets_.size());
    if (is_new) {
        scope_sets_.push_back(scopes);
        for (const std::string& scope : scopes)
            size_bytes_ += scope.size() + 2;
    }
    last_scope_set_ = at->second;
    return last_scope_set_;
}

void PageWriter::add(CollectionId collection, RowKind kind, const Layout& layout,
                     const RecordId& id, Sequence seq, const std::vector<std::string>& scopes,
                     ByteView meta, const std::vector<ValueView>& values) {
    assert(rows_ < kMaxPageRecords && values.size() == layout.fields.size());
    assert(kind != RowKind::confirm || (meta.empty() && values.empty()));
    Section& section = section_for(collection, kind, layout);
    section.ids += id.view();
    section.seqs.integer(static_cast<std::int64_t>(number(seq) - section.last_seq));
    section.last_seq = number(seq);
    section.scope_sets.unsigned_integer(scope_set_index(scopes));
    if (kind != RowKind::confirm) section.metas.bytes(meta);
    size_bytes_ += kRowOverheadBytes + meta.size();
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t before = section.columns[i].size();
        section.columns[i].value(values[i]);
        size_bytes_ += section.columns[i].size() - before;
    }
    ++section.count;
    ++rows_;
}

void PageWriter::add_departure(const Departure& departure) {
    assert(departures_.size() < kMaxPageRecords);
    departures_.push_back(departure);
    size_bytes_ += kDepartureOverheadBytes + departure.scope.size();
}

void PageWriter::write_section(Writer& out, const Section& section) const {
    write_head(out, section.collection, section.kind, section.layout);
    out.unsigned_integer(section.count);
    out.bytes(section.ids);
    out.bytes(section.seqs.out());
    out.bytes(section.scope_sets.out());
    if (section.kind != RowKind::confirm) out.bytes(section.metas.out());
    for (const Writer& column : section.columns)
        out.bytes(column.out());
}

Bytes PageWriter::finish() {
    Writer out;
    out.unsigned_integer(kPageFormat);
    out.unsigned_integer(scope_sets_.size());
    for (const std::vector<std::string>& scopes : scope_sets_) {
        out.unsigned_integer(scopes.size());
        for (const std::string& scope : scopes)
            out.text(scope);
    }
    out.unsigned_integer(sections_.size());
    for (const Section& section : sections_)
        write_section(out, section);
    out.unsigned_integer(departures_.size());
    for (const Departure& departure : departures_) {
        out.text(departure.scope);
        out.unsigned_integer(number(departure.collection));
        out.record_id(departure.id);
        out.unsigned_integer(number(departure.seq));
    }
    *this = PageWriter{};
    return out.take();
}

}  // namespace satchel
