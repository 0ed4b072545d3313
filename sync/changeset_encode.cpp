// Writing changesets: docs/formats.md, "Changeset".
#include <algorithm>

#include "sync/changeset.hpp"
#include "sync/changeset_format.hpp"

namespace satchel {
namespace {

OperationShape shape_of(const Operation& operation) {
    OperationShape shape;
    shape.collection = operation.collection;
    shape.kind = operation.kind;
    shape.creates = operation.clock.empty();
    shape.extras = !operation.sets.empty() || !operation.counters.empty();
    for (const CellWrite& cell : operation.cells) {
        shape.cells.push_back(cell.cell);
        shape.widths.push_back(cell.values.size());
    }
    return shape;
}

void write_extras(Writer& out, const Operation& operation) {
    out.unsigned_integer(operation.sets.size());
    for (const SetWrite& set : operation.sets) {
        out.unsigned_integer(number(set.field));
        out.unsigned_integer(set.add ? 1 : 0);
        out.value(set.element.view());
    }
    out.unsigned_integer(operation.counters.size());
    for (const CounterStep& step : operation.counters) {
        out.unsigned_integer(number(step.field));
        out.integer(step.step);
    }
}

}  // namespace

std::size_t ChangesetEncoder::replica_index(ReplicaId replica) {
    const auto at = std::find(replicas_.begin(), replicas_.end(), replica);
    if (at != replicas_.end()) return static_cast<std::size_t>(at - replicas_.begin());
    replicas_.push_back(replica);
    return replicas_.size() - 1;
}

ChangesetEncoder::Run& ChangesetEncoder::run_for(const OperationShape& shape,
                                                 const RecordId& record) {
    if (runs_.empty() || !(runs_.back().shape == shape)) {
        Run& run = runs_.emplace_back();
        run.shape = shape;
        std::size_t columns = 0;
        for (const std::size_t width : shape.widths)
            columns += width;
        run.columns.resize(columns);
    }
    Run& run = runs_.back();
    run.ids += record.view();
    ++run.count;
    ++count_;
    size_bytes_ += 24;  // id and clock
    return run;
}

// Counters as differences from the last one of the same replica in this run: neighbours were
// written one after the other, so most take one byte.
void ChangesetEncoder::write_clock(Run& run, const VectorClock& clock) {
    run.clocks.unsigned_integer(clock.entries().size());
    for (const Dot& dot : clock.entries()) {
        const std::size_t index = replica_index(dot.replica);
        if (run.last_counters.size() <= index) run.last_counters.resize(index + 1, 0);
        run.clocks.unsigned_integer(index);
        run.clocks.integer(static_cast<std::int64_t>(dot.counter - run.last_counters[index]));
        run.last_counters[index] = dot.counter;
        size_bytes_ += 8;
    }
}

void ChangesetEncoder::add(const Operation& operation) {
    Run& run = run_for(shape_of(operation), operation.record);
    if (!run.shape.creates) write_clock(run, operation.clock);
    if (run.shape.extras) {
        size_bytes_ -= run.extras.size();
        write_extras(run.extras, operation);
        size_bytes_ += run.extras.size();
    }
    std::size_t column = 0;
    for (const CellWrite& cell : operation.cells)
        for (const Value& value : cell.values) {
            run.columns[column++].value(value.view());
            size_bytes_ += 9 + value.as_bytes().size();
        }
}

void ChangesetEncoder::add_new_record(const OperationShape& shape, const RecordId& record,
                                      const std::vector<ValueView>& values) {
    Run& run = run_for(shape, record);
    for (std::size_t i = 0; i < values.size(); ++i) {
        run.columns[i].value(values[i]);
        size_bytes_ += 9 + values[i].bytes.size();
    }
}

void ChangesetEncoder::write_run(Writer& out, const Run& run) const {
    out.unsigned_integer(number(run.shape.collection));
    out.unsigned_integer(static_cast<std::uint64_t>(run.shape.kind));
    out.unsigned_integer((run.shape.creates ? kCreatesFlag : 0) |
                         (run.shape.extras ? kExtrasFlag : 0));
    out.unsigned_integer(run.shape.cells.size());
    for (std::size_t i = 0; i < run.shape.cells.size(); ++i) {
        out.unsigned_integer(number(run.shape.cells[i]));
        out.unsigned_integer(run.shape.widths[i]);
    }
    out.unsigned_integer(run.count);
    out.bytes(run.ids);
    if (!run.shape.creates) out.bytes(run.clocks.out());
    if (run.shape.extras) out.bytes(run.extras.out());
    for (const Writer& column : run.columns)
        out.bytes(column.out());
}

Bytes ChangesetEncoder::finish(const ChangesetHeader& header) {
    Writer out;
    out.reserve(size_bytes_ + 256);
    out.unsigned_integer(kChangesetFormat);
    out.bytes(header.id.view());
    out.replica(header.replica);
    out.unsigned_integer(header.first_counter);
    out.unsigned_integer(header.stamp.packed);
    out.integer(header.committed_at);
    out.unsigned_integer(header.schema);
    out.unsigned_integer(static_cast<std::uint64_t>(header.intent));
    out.unsigned_integer(replicas_.size());
    for (const ReplicaId replica : replicas_)
        out.replica(replica);
    out.unsigned_integer(count_);
    out.unsigned_integer(runs_.size());
    for (const Run& run : runs_)
        write_run(out, run);
    *this = ChangesetEncoder{};
    return out.take();
}

Bytes encode(const Changeset& changeset) {
    ChangesetEncoder encoder;
    for (const Operation& operation : changeset.operations)
        encoder.add(operation);
    return encoder.finish(changeset.header);
}

}  // namespace satchel
