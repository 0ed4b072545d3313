// Reading changesets, which a hostile device may have written: docs/formats.md, "Changeset".
#include <algorithm>
#include <set>
#include <tuple>

#include "sync/changeset.hpp"
#include "sync/changeset_format.hpp"
#include "sync/limits.hpp"

namespace satchel {
namespace {

constexpr std::string_view kWhat = "the changeset";

struct Prelude {
    ChangesetHeader header;
    std::vector<ReplicaId> replicas;
    std::uint64_t operations = 0;
    std::uint64_t runs = 0;
};

struct RunColumns {
    OperationShape shape;
    std::size_t count = 0;
    ByteView ids;
    ByteView clocks;
    ByteView extras;
    std::vector<ByteView> columns;
};

ChangesetHeader read_header(Reader& in) {
    ChangesetHeader header;
    const auto id = ChangeId::from_bytes(in.bytes());
    if (!id) in.fail();
    header.id = id ? *id : ChangeId{};
    header.replica = in.replica();
    header.first_counter = in.unsigned_integer();
    header.stamp.packed = in.unsigned_integer();
    header.committed_at = in.integer();
    header.schema = static_cast<std::uint32_t>(in.bounded(UINT32_MAX));
    header.intent = static_cast<Intent>(in.bounded(1));
    if (header.first_counter == 0) in.fail();
    return header;
}

Result<Prelude> read_prelude(Reader& in, ByteView bytes) {
    if (bytes.size() > kMaxChangesetBytes)
        return Error{ErrorCode::limit, "a changeset has at most 8 MiB"};
    const std::uint64_t format = in.unsigned_integer();
    if (in.ok() && format != kChangesetFormat)
        return Error{ErrorCode::newer_format, "the changeset was written by a newer release"};
    Prelude prelude;
    prelude.header = read_header(in);
    const std::uint64_t replicas = in.bounded(kMaxOperations);
    std::set<ReplicaId> known;
    for (std::uint64_t i = 0; i < replicas && in.ok(); ++i) {
        prelude.replicas.push_back(in.replica());
        if (!known.insert(prelude.replicas.back()).second) in.fail();
    }
    prelude.operations = in.bounded(kMaxOperations);
    prelude.runs = in.bounded(prelude.operations);
    if (!in.ok() || prelude.operations == 0 || prelude.runs == 0) return in.error(kWhat);
    return prelude;
}

Result<RunColumns> read_run(Reader& in) {
    RunColumns run;
    run.shape.collection = CollectionId{static_cast<std::uint32_t>(in.bounded(UINT32_MAX))};
    run.shape.kind = static_cast<OperationKind>(in.bounded(2));
    const std::uint64_t flags = in.bounded(kCreatesFlag | kExtrasFlag);
    run.shape.creates = (flags & kCreatesFlag) != 0;
    run.shape.extras = (flags & kExtrasFlag) != 0;
    const std::uint64_t cells = in.bounded(kMaxFields);
    std::size_t columns = 0;
    for (std::uint64_t i = 0; i < cells && in.ok(); ++i) {
        const FieldId cell{static_cast<std::uint32_t>(in.bounded(UINT32_MAX))};
        if (!run.shape.cells.empty() && cell <= run.shape.cells.back()) in.fail();
        run.shape.cells.push_back(cell);
        run.shape.widths.push_back(in.bounded(kMaxFields));
        if (run.shape.widths.back() == 0) in.fail();
        columns += run.shape.widths.back();
    }
    run.count = in.bounded(kMaxOperations);
    run.ids = in.bytes();
    if (!run.shape.creates) run.clocks = in.bytes();
    if (run.shape.extras) run.extras = in.bytes();
    if (columns > kMaxFields) in.fail();
    for (std::size_t i = 0; i < columns && in.ok(); ++i) {
        run.columns.push_back(in.bytes());
        if (run.columns.back().size() < run.count) in.fail();  // a value has a byte at least
    }
    const bool writes = run.shape.extras || !run.shape.cells.empty();
    if (run.count == 0 || run.ids.size() != run.count * 16) in.fail();
    if (writes && run.shape.kind != OperationKind::write) in.fail();
    if (run.shape.creates && run.shape.kind != OperationKind::write) in.fail();
    if (!in.ok()) return in.error(kWhat);
    return run;
}

// How much a changeset may still hold: its bytes alone do not bound what it takes decoded.
struct Budget {
    std::size_t left = kMaxChangesetNodes;
    bool exceeded = false;

    bool take(std::size_t nodes) {
        exceeded = exceeded || nodes > left;
        left -= exceeded ? 0 : nodes;
        return !exceeded;
    }
    Error error(const Reader& in) const {
        if (!exceeded) return in.error(kWhat);
        return {ErrorCode::limit, "a changeset holds at most 500,000 values"};
    }
};

// The replicas that clocks name by their index. Valid only if they stand in the order of first use,
// so that one changeset has one encoding.
struct ReplicaTable {
    const std::vector<ReplicaId>& replicas;
    std::size_t used = 0;
};

VectorClock read_clock(Reader& in, ReplicaTable& table, std::vector<std::uint64_t>& last_counters,
                       Budget& budget) {
    const std::vector<ReplicaId>& replicas = table.replicas;
    VectorClock clock;
    const std::uint64_t entries = in.bounded(kMaxClockEntries);
    if (entries == 0 || entries > replicas.size() || !budget.take(entries)) in.fail();
    for (std::uint64_t i = 0; i < entries && in.ok(); ++i) {
        const std::uint64_t index = in.bounded(std::min(table.used, replicas.size() - 1));
        if (index == table.used) ++table.used;
        const std::uint64_t counter =
            last_counters[index] + static_cast<std::uint64_t>(in.integer());
        last_counters[index] = counter;
        const bool ascending = clock.empty() || clock.entries().back().replica < replicas[index];
        if (counter == 0 || !ascending) in.fail();
        clock.advance({replicas[index], counter});
    }
    return clock;
}

void read_extras(Reader& in, Operation& operation, Budget& budget) {
    const std::uint64_t sets = in.bounded(kMaxSetElements);
    if (!budget.take(sets)) in.fail();
    for (std::uint64_t i = 0; i < sets && in.ok(); ++i) {
        SetWrite set;
        set.field = FieldId{static_cast<std::uint32_t>(in.bounded(UINT32_MAX))};
        set.add = in.bounded(1) == 1;
        set.element = Value(in.value());
        const bool ascending = operation.sets.empty() || std::tie(operation.sets.back().field,
                                                                  operation.sets.back().element) <
                                                             std::tie(set.field, set.element);
        if (!ascending) in.fail();
        operation.sets.push_back(std::move(set));
    }
    const std::uint64_t counters = in.bounded(kMaxFields);
    if (!budget.take(counters)) in.fail();
    for (std::uint64_t i = 0; i < counters && in.ok(); ++i) {
        CounterStep step;
        step.field = FieldId{static_cast<std::uint32_t>(in.bounded(UINT32_MAX))};
        step.step = in.integer();
        if (!operation.counters.empty() && step.field <= operation.counters.back().field) in.fail();
        operation.counters.push_back(step);
    }
    if (sets == 0 && counters == 0) in.fail();
}

// One run's columns, read in lockstep.
class RunReader {
  public:
    RunReader(const RunColumns& run, ReplicaTable& table, Budget& budget)
        : run_(run),
          table_(table),
          budget_(budget),
          clocks_(run.clocks),
          extras_(run.extras),
          last_counters_(table.replicas.size(), 0) {
        for (const ByteView column : run.columns)
            columns_.emplace_back(column);
    }

    Operation next(std::size_t i) {
        Operation operation;
        operation.collection = run_.shape.collection;
        operation.kind = run_.shape.kind;
        operation.record = *RecordId::from_bytes(run_.ids.substr(i * 16, 16));
        if (!run_.shape.creates)
            operation.clock = read_clock(clocks_, table_, last_counters_, budget_);
        if (run_.shape.extras) read_extras(extras_, operation, budget_);
        operation.cells.reserve(run_.shape.cells.size());
        std::size_t column = 0;
        for (std::size_t c = 0; c < run_.shape.cells.size(); ++c) {
            CellWrite write{run_.shape.cells[c], {}};
            write.values.reserve(run_.shape.widths[c]);
            for (std::size_t w = 0; w < run_.shape.widths[c]; ++w) {
                Reader& in = columns_[column++];
                write.values.emplace_back(in.value());
                ok_ = ok_ && in.ok();
            }
            operation.cells.push_back(std::move(write));
        }
        return operation;
    }

    bool finished() const {
        const auto done = [](const Reader& in) { return in.ok() && in.at_end(); };
        return done(clocks_) && done(extras_) &&
               std::all_of(columns_.begin(), columns_.end(), done);
    }
    bool ok() const { return ok_ && clocks_.ok() && extras_.ok(); }

  private:
    const RunColumns& run_;
    ReplicaTable& table_;
    Budget& budget_;
    Reader clocks_;
    Reader extras_;
    std::vector<Reader> columns_;
    bool ok_ = true;
    std::vector<std::uint64_t> last_counters_;
};

bool has_record_twice(const std::vector<Operation>& operations) {
    std::vector<RecordId> ids;
    ids.reserve(operations.size());
    for (const Operation& operation : operations)
        ids.push_back(operation.record);
    std::sort(ids.begin(), ids.end());
    return std::adjacent_find(ids.begin(), ids.end()) != ids.end();
}

}  // namespace

Result<Changeset> decode_changeset(ByteView bytes) {
    Reader in(bytes);
    SATCHEL_ASSIGN(const Prelude prelude, read_prelude(in, bytes));
    Changeset changeset;
    changeset.header = prelude.header;
    if (prelude.header.first_counter > UINT64_MAX - kMaxOperations) return in.error(kWhat);
    ReplicaTable table{prelude.replicas};
    Budget budget;
    OperationShape before;
    for (std::uint64_t r = 0; r < prelude.runs; ++r) {
        SATCHEL_ASSIGN(const RunColumns run, read_run(in));
        if (changeset.operations.size() + run.count > prelude.operations) return in.error(kWhat);
        if (r > 0 && run.shape == before) return in.error(kWhat);  // it would have been one run
        before = run.shape;
        if (!budget.take(run.count * run.columns.size())) return budget.error(in);
        RunReader reader(run, table, budget);
        for (std::size_t i = 0; i < run.count && reader.ok(); ++i)
            changeset.operations.push_back(reader.next(i));
        if (!reader.finished()) return budget.error(in);
    }
    SATCHEL_TRY(in.finish(kWhat));
    if (changeset.operations.size() != prelude.operations ||
        table.used != prelude.replicas.size() || has_record_twice(changeset.operations))
        return in.error(kWhat);
    return changeset;
}

Result<ChangesetHeader> decode_changeset_header(ByteView bytes) {
    Reader in(bytes);
    SATCHEL_ASSIGN(const Prelude prelude, read_prelude(in, bytes));
    return prelude.header;
}

Status visit_records(ByteView bytes,
                     const std::function<void(CollectionId, const RecordId&)>& visit) {
    Reader in(bytes);
    SATCHEL_ASSIGN(const Prelude prelude, read_prelude(in, bytes));
    for (std::uint64_t r = 0; r < prelude.runs; ++r) {
        SATCHEL_ASSIGN(const RunColumns run, read_run(in));
        for (std::size_t i = 0; i < run.count; ++i)
            visit(run.shape.collection, *RecordId::from_bytes(run.ids.substr(i * 16, 16)));
    }
    return in.finish(kWhat);
}

}  // namespace satchel
