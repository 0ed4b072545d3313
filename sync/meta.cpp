#include "sync/meta.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "sync/limits.hpp"
#include "sync/merge.hpp"

namespace satchel {
namespace {

// Parts that follow the base, in this order.
constexpr std::uint64_t kHasCells = 1;
constexpr std::uint64_t kHasSets = 2;
constexpr std::uint64_t kHasCounters = 4;
constexpr std::uint64_t kHasLife = 8;

// Marks of a sibling; the rank stands above them.
constexpr std::uint64_t kSystem = 1;
constexpr std::uint64_t kLate = 2;
constexpr std::uint64_t kInherits = 4;
constexpr unsigned kRankShift = 3;

// What most cells of a record share.
struct Base {
    Dot dot;
    Stamp stamp;
    std::uint8_t rank = 0;
    bool system = false;
    bool late = false;

    bool operator==(const Base&) const = default;
};

Base base_of(const Sibling& sibling) {
    return {sibling.dot, sibling.stamp, sibling.rank, sibling.system, sibling.late};
}

std::uint64_t marks(const Base& base, bool inherits) {
    return (base.system ? kSystem : 0) | (base.late ? kLate : 0) | (inherits ? kInherits : 0) |
           static_cast<std::uint64_t>(base.rank) << kRankShift;
}

// Whether the columns can carry the cell's only value.
bool fits_columns(const CellState& cell, const Layout& layout) {
    const LayoutCell* known = layout.cell(cell.cell);
    return known != nullptr && cell.siblings.size() == 1 &&
           cell.siblings.front().values.size() == known->columns.size();
}

// Whether base and columns together say everything about the cell. A cell of nulls is not told
// from one that nobody wrote, so it is listed.
bool may_be_implicit(const CellState& cell, const Layout& layout) {
    if (!fits_columns(cell, layout) || !cell.siblings.front().inherits.empty()) return false;
    const std::vector<Value>& values = cell.siblings.front().values;
    return std::any_of(values.begin(), values.end(),
                       [](const Value& value) { return !value.is_null(); });
}

// The write that most cells share; among equals the one with the smallest dot.
std::optional<Base> find_base(const RecordState& state, const Layout& layout) {
    struct Count {
        const Sibling* sibling;
        std::size_t cells;
    };
    std::vector<Count> counts;  // few: one per write that is still shown somewhere
    for (const CellState& cell : state.cells) {
        if (!may_be_implicit(cell, layout)) continue;
        const Sibling& sibling = cell.siblings.front();
        const auto known = std::find_if(counts.begin(), counts.end(), [&sibling](const Count& c) {
            return c.sibling->dot == sibling.dot;
        });
        if (known == counts.end())
            counts.push_back({&sibling, 1});
        else
            ++known->cells;
    }
    const auto most =
        std::max_element(counts.begin(), counts.end(), [](const Count& a, const Count& b) {
            return a.cells != b.cells ? a.cells < b.cells : b.sibling->dot < a.sibling->dot;
        });
    if (most == counts.end()) return std::nullopt;
    return base_of(*most->sibling);
}

class MetaWriter {
  public:
    MetaWriter(const RecordState& state, const Layout& layout)
        : state_(state), layout_(layout), base_(find_base(state, layout)) {}

    Bytes write() {
        std::vector<const CellState*> listed;
        for (const CellState& cell : state_.cells)
            if (!is_implicit(cell)) listed.push_back(&cell);
        out_.unsigned_integer(
            (listed.empty() ? 0 : kHasCells) | (state_.sets.empty() ? 0 : kHasSets) |
            (state_.counters.empty() ? 0 : kHasCounters) | (state_.life.empty() ? 0 : kHasLife));
        write_clock(state_.clock);
        if (base_)
            write_sibling_head(*base_, false);
        else
            out_.nil();
        if (!listed.empty()) write_cells(listed);
        if (!state_.sets.empty()) write_sets();
        if (!state_.counters.empty()) write_counters();
        if (!state_.life.empty()) write_life();
        return out_.take();
    }

  private:
    bool is_implicit(const CellState& cell) const {
        return base_ && may_be_implicit(cell, layout_) && base_of(cell.siblings.front()) == *base_;
    }

    void write_clock(const VectorClock& clock) {
        out_.unsigned_integer(clock.entries().size());
        for (const Dot& dot : clock.entries())
            out_.dot(dot);
    }

    // A dot as the index of its replica in the clock and the distance below the clock's counter.
    void write_dot(const Dot& dot) {
        const auto& entries = state_.clock.entries();
        std::size_t index = 0;
        while (index + 1 < entries.size() && entries[index].replica != dot.replica)
            ++index;
        out_.unsigned_integer(index);
        out_.unsigned_integer(entries[index].counter - dot.counter);
    }

    void write_sibling_head(const Base& base, bool inherits) {
        write_dot(base.dot);
        out_.unsigned_integer(base.stamp.packed);
        out_.unsigned_integer(marks(base, inherits));
    }

    void write_cells(const std::vector<const CellState*>& cells) {
        out_.unsigned_integer(cells.size());
        for (const CellState* cell : cells) {
            out_.unsigned_integer(number(cell->cell));
            out_.unsigned_integer(cell->siblings.size());
            const bool in_columns = fits_columns(*cell, layout_);
            for (const Sibling& sibling : cell->siblings) {
                write_sibling_head(base_of(sibling), !sibling.inherits.empty());
                if (!sibling.inherits.empty()) {
                    out_.unsigned_integer(sibling.inherits.size());
                    for (const Dot& dot : sibling.inherits)
                        write_dot(dot);
                }
                out_.unsigned_integer(in_columns ? 0 : sibling.values.size());
                if (in_columns) continue;
                for (const Value& value : sibling.values)
                    out_.value(value.view());
            }
        }
    }

    void write_sets() {
        out_.unsigned_integer(state_.sets.size());
        for (const SetState& set : state_.sets) {
            out_.unsigned_integer(number(set.field));
            out_.unsigned_integer(set.elements.size());
            for (const SetElement& element : set.elements) {
                out_.value(element.element.view());
                out_.unsigned_integer(element.dots.size());
                for (const SetDot& dot : element.dots) {
                    write_dot(dot.dot);
                    out_.unsigned_integer(dot.system ? 1 : 0);
                }
            }
        }
    }

    void write_counters() {
        out_.unsigned_integer(state_.counters.size());
        for (const CounterState& counter : state_.counters) {
            out_.unsigned_integer(number(counter.field));
            out_.unsigned_integer(counter.parts.size());
            for (const CounterPart& part : counter.parts) {
                write_dot(part.last);
                out_.unsigned_integer(part.last_person);
                out_.integer(part.added);
                out_.integer(part.subtracted);
            }
        }
    }

    void write_life() {
        out_.unsigned_integer(state_.life.size());
        for (const LifeMark& mark : state_.life) {
            write_dot(mark.dot);
            out_.unsigned_integer(mark.dead ? 1 : 0);
            if (mark.dead) write_clock(mark.seen);
        }
    }

    const RecordState& state_;
    const Layout& layout_;
    std::optional<Base> base_;
    Writer out_;
};

class MetaReader {
  public:
    MetaReader(ByteView meta, const Layout& layout, const std::vector<ValueView>& row)
        : in_(meta), layout_(layout), row_(row) {}

    Result<RecordState> read() {
        const std::uint64_t parts = in_.bounded(kHasCells | kHasSets | kHasCounters | kHasLife);
        state_.clock = read_clock();
        if (state_.clock.empty()) in_.fail();
        const std::optional<Base> base = read_base();
        if ((parts & kHasCells) != 0) read_cells();
        if ((parts & kHasSets) != 0) read_sets();
        if ((parts & kHasCounters) != 0) read_counters();
        if ((parts & kHasLife) != 0) read_life();
        SATCHEL_TRY(in_.finish("the metadata of a record"));
        if (base) add_implicit_cells(*base);
        return std::move(state_);
    }

  private:
    VectorClock read_clock() {
        VectorClock clock;
        const std::uint64_t entries = in_.bounded(kMaxClockEntries);
        ReplicaId last{0, 0};
        for (std::uint64_t i = 0; i < entries && in_.ok(); ++i) {
            const Dot dot = in_.dot();
            if (dot.counter == 0 || (i > 0 && dot.replica <= last)) in_.fail();
            last = dot.replica;
            clock.advance(dot);
        }
        return clock;
    }

    Dot read_dot() {
        const auto& entries = state_.clock.entries();
        if (entries.empty()) {
            in_.fail();
            return {};
        }
        const Dot& top = entries[in_.bounded(entries.size() - 1)];
        return {top.replica, top.counter - in_.bounded(top.counter - 1)};
    }

    Base read_sibling_head(bool& inherits) {
        Base base;
        base.dot = read_dot();
        base.stamp.packed = in_.unsigned_integer();
        const std::uint64_t bits = in_.bounded((1ULL << (kRankShift + 8)) - 1);
        base.system = (bits & kSystem) != 0;
        base.late = (bits & kLate) != 0;
        base.rank = static_cast<std::uint8_t>(bits >> kRankShift);
        inherits = (bits & kInherits) != 0;
        return base;
    }

    std::optional<Base> read_base() {
        Reader ahead = in_;
        const bool none = ahead.value().is_null() && ahead.ok();
        if (none) {
            in_ = ahead;
            return std::nullopt;
        }
        bool inherits = false;
        const Base base = read_sibling_head(inherits);
        if (inherits) in_.fail();
        return base;
    }

    std::vector<Value> column_values(FieldId cell) {
        std::vector<Value> values;
        const LayoutCell* known = layout_.cell(cell);
        if (known == nullptr) {
            in_.fail();
            return values;
        }
        for (const std::size_t column : known->columns)
            values.emplace_back(row_[column]);
        return values;
    }

    // How many items follow; a part without items is not written.
    std::uint64_t count(std::uint64_t limit) {
        const std::uint64_t items = in_.bounded(limit);
        if (items == 0) in_.fail();
        return items;
    }

    Sibling read_sibling(FieldId cell, bool alone) {
        bool inherits = false;
        const Base base = read_sibling_head(inherits);
        Sibling sibling{base.dot, base.stamp, base.rank, base.system, base.late, {}, {}};
        const std::uint64_t dots = inherits ? count(kMaxClockEntries) : 0;
        for (std::uint64_t i = 0; i < dots && in_.ok(); ++i) {
            sibling.inherits.push_back(read_dot());
            if (i > 0 && sibling.inherits[i] <= sibling.inherits[i - 1]) in_.fail();
        }
        const std::uint64_t values = in_.bounded(kMaxFields);
        for (std::uint64_t i = 0; i < values && in_.ok(); ++i)
            sibling.values.emplace_back(in_.value());
        if (values == 0 && !alone) in_.fail();  // the columns hold one sibling
        if (values == 0) sibling.values = column_values(cell);
        return sibling;
    }

    void read_cells() {
        const std::uint64_t cells = count(kMaxFields);
        for (std::uint64_t i = 0; i < cells && in_.ok(); ++i) {
            CellState cell;
            cell.cell = FieldId{static_cast<std::uint32_t>(in_.bounded(UINT32_MAX))};
            if (i > 0 && cell.cell <= state_.cells.back().cell) in_.fail();
            const std::uint64_t siblings = count(kMaxShownSiblings);
            for (std::uint64_t k = 0; k < siblings && in_.ok(); ++k) {
                cell.siblings.push_back(read_sibling(cell.cell, siblings == 1));
                if (k > 0 && cell.siblings[k].dot <= cell.siblings[k - 1].dot) in_.fail();
            }
            state_.cells.push_back(std::move(cell));
        }
    }

    SetElement read_element() {
        SetElement element;
        element.element = Value(in_.value());
        const std::uint64_t dots = count(kMaxClockEntries);
        for (std::uint64_t i = 0; i < dots && in_.ok(); ++i) {
            SetDot dot;
            dot.dot = read_dot();
            dot.system = in_.bounded(1) == 1;
            if (i > 0 && dot.dot <= element.dots.back().dot) in_.fail();
            element.dots.push_back(dot);
        }
        return element;
    }

    void read_sets() {
        const std::uint64_t sets = count(kMaxFields);
        for (std::uint64_t i = 0; i < sets && in_.ok(); ++i) {
            SetState set;
            set.field = FieldId{static_cast<std::uint32_t>(in_.bounded(UINT32_MAX))};
            if (i > 0 && set.field <= state_.sets.back().field) in_.fail();
            const std::uint64_t elements = count(kMaxSetElements);
            for (std::uint64_t k = 0; k < elements && in_.ok(); ++k) {
                set.elements.push_back(read_element());
                if (k > 0 && set.elements[k].element <= set.elements[k - 1].element) in_.fail();
            }
            state_.sets.push_back(std::move(set));
        }
    }

    void read_counters() {
        const std::uint64_t counters = count(kMaxFields);
        for (std::uint64_t i = 0; i < counters && in_.ok(); ++i) {
            CounterState counter;
            counter.field = FieldId{static_cast<std::uint32_t>(in_.bounded(UINT32_MAX))};
            if (i > 0 && counter.field <= state_.counters.back().field) in_.fail();
            const std::uint64_t parts = count(kMaxClockEntries);
            for (std::uint64_t k = 0; k < parts && in_.ok(); ++k) {
                CounterPart part;
                part.last = read_dot();
                part.last_person = in_.bounded(part.last.counter);
                part.added = static_cast<std::int64_t>(in_.bounded(kMaxCounter));
                part.subtracted = static_cast<std::int64_t>(in_.bounded(kMaxCounter));
                if (k > 0 && part.last.replica <= counter.parts.back().last.replica) in_.fail();
                counter.parts.push_back(part);
            }
            state_.counters.push_back(std::move(counter));
        }
    }

    void read_life() {
        const std::uint64_t life = count(kMaxClockEntries);
        for (std::uint64_t i = 0; i < life && in_.ok(); ++i) {
            LifeMark mark;
            mark.dot = read_dot();
            mark.dead = in_.bounded(1) == 1;
            if (mark.dead) mark.seen = read_clock();
            if (i > 0 && mark.dot <= state_.life.back().dot) in_.fail();
            state_.life.push_back(std::move(mark));
        }
    }

    // Cells that the metadata does not list: their columns hold what the base wrote.
    void add_implicit_cells(const Base& base) {
        std::vector<CellState> cells;
        cells.reserve(layout_.cells.size());
        auto listed = state_.cells.begin();
        for (const LayoutCell& known : layout_.cells) {
            while (listed != state_.cells.end() && listed->cell < known.id)
                cells.push_back(std::move(*listed++));
            if (listed != state_.cells.end() && listed->cell == known.id) {
                cells.push_back(std::move(*listed++));
                continue;
            }
            const bool written =
                std::any_of(known.columns.begin(), known.columns.end(),
                            [this](std::size_t column) { return !row_[column].is_null(); });
            if (!written) continue;
            CellState& cell = cells.emplace_back(CellState{known.id, {}});
            Sibling& sibling = cell.siblings.emplace_back();
            sibling = {base.dot, base.stamp, base.rank, base.system, base.late, {}, {}};
            sibling.values.reserve(known.columns.size());
            for (const std::size_t column : known.columns)
                sibling.values.emplace_back(row_[column]);
        }
        while (listed != state_.cells.end())
            cells.push_back(std::move(*listed++));
        state_.cells = std::move(cells);
    }

    Reader in_;
    const Layout& layout_;
    const std::vector<ValueView>& row_;
    RecordState state_;
};

}  // namespace

const LayoutCell* Layout::cell(FieldId id) const {
    const auto at =
        std::lower_bound(cells.begin(), cells.end(), id,
                         [](const LayoutCell& cell, FieldId wanted) { return cell.id < wanted; });
    return at != cells.end() && at->id == id ? &*at : nullptr;
}

Layout layout_of(const Collection& collection) {
    Layout layout;
    std::map<std::size_t, std::size_t> column_of;  // position in the collection -> column
    for (std::size_t i = 0; i < collection.fields.size(); ++i) {
        const FieldKind kind = collection.fields[i].kind;
        if (kind == FieldKind::set || kind == FieldKind::counter) continue;
        column_of[i] = layout.fields.size();
        layout.fields.push_back(collection.fields[i].id);
    }
    for (const Cell& cell : collection.cells) {
        LayoutCell& known = layout.cells.emplace_back(LayoutCell{cell.id, {}});
        for (const std::size_t field : cell.fields)
            known.columns.push_back(column_of[field]);
    }
    return layout;
}

Bytes encode_meta(const RecordState& state, const Layout& layout) {
    return MetaWriter(state, layout).write();
}

Result<RecordState> decode_meta(ByteView meta, const Layout& layout,
                                const std::vector<ValueView>& row) {
    return MetaReader(meta, layout, row).read();
}

void encode_fresh_meta(Writer& out, const Dot& dot, Stamp stamp, std::uint8_t rank, bool system) {
    out.unsigned_integer(0);
    out.unsigned_integer(1);
    out.dot(dot);
    out.unsigned_integer(0);
    out.unsigned_integer(0);
    out.unsigned_integer(stamp.packed);
    out.unsigned_integer((system ? kSystem : 0) | static_cast<std::uint64_t>(rank) << kRankShift);
}

bool meta_is_plain(ByteView meta) {
    return !meta.empty() && meta[0] == 0;
}

}  // namespace satchel
