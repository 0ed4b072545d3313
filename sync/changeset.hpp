// Changeset: one local transaction, atomic on its way up and down. Encoded once, when it commits;
// those bytes go on the wire and into the server's log unchanged (docs/formats.md, "Changeset").
//
// Operation: what a changeset does to one record. `clock` is the record's clock as the author saw
// it, and with it names what the write overwrites: exactly the siblings that the clock covers.
// (An explicit list of dots would say the same; docs/decisions/0004 has the argument.)
//
// A changeset holds at most one operation per record and at most kMaxOperations. The i-th operation
// has the dot (replica, first_counter + i). All share one stamp.
//
// Threads: values and pure functions. Errors: decoding fails with corrupt, limit or newer_format.
#pragma once

#include <functional>
#include <vector>

#include "sync/record.hpp"
#include "sync/wire.hpp"

namespace satchel {

enum class OperationKind : std::uint8_t { write = 0, remove = 1, undelete = 2 };
enum class Intent : std::uint8_t { person = 0, system = 1 };

struct CellWrite {
    FieldId cell{};
    std::vector<Value> values;  // one per field of the cell

    bool operator==(const CellWrite&) const = default;
};

struct SetWrite {
    FieldId field{};
    Value element;
    bool add = true;

    bool operator==(const SetWrite&) const = default;
};

struct CounterStep {
    FieldId field{};
    std::int64_t step = 0;

    bool operator==(const CounterStep&) const = default;
};

struct Operation {
    CollectionId collection{};
    RecordId record;
    OperationKind kind = OperationKind::write;
    VectorClock clock;                  // empty: makes the record
    std::vector<CellWrite> cells;       // ascending by cell, each at most once
    std::vector<SetWrite> sets;         // ascending by field, then element
    std::vector<CounterStep> counters;  // ascending by field, each at most once

    bool operator==(const Operation&) const = default;
};

struct ChangesetHeader {
    ChangeId id;
    ReplicaId replica;
    std::uint64_t first_counter = 0;
    Stamp stamp;                    // the author's
    std::int64_t committed_at = 0;  // milliseconds, the device's own uncorrected clock
    std::uint32_t schema = 0;       // number it was written under
    Intent intent = Intent::person;

    bool operator==(const ChangesetHeader&) const = default;
};

struct Changeset {
    ChangesetHeader header;
    std::vector<Operation> operations;

    std::uint64_t last_counter() const { return header.first_counter + operations.size() - 1; }
    Dot dot(std::size_t i) const { return {header.replica, header.first_counter + i}; }
    bool operator==(const Changeset&) const = default;
};

// What neighbouring operations have in common; they lie in columns as one run.
struct OperationShape {
    CollectionId collection{};
    OperationKind kind = OperationKind::write;
    bool creates = false;             // the clock is empty
    bool extras = false;              // it writes sets or counters
    std::vector<FieldId> cells;       // ascending
    std::vector<std::size_t> widths;  // how many values each cell has

    bool operator==(const OperationShape&) const = default;
};

// Encodes operations as they come, so that a transaction of 1,000 rows keeps no 1,000 objects.
class ChangesetEncoder {
  public:
    void add(const Operation& operation);
    // The fast way for a new record of registers: `shape` with `creates` and without `extras`;
    // `values` in the order of its cells and their fields.
    void add_new_record(const OperationShape& shape, const RecordId& record,
                        const std::vector<ValueView>& values);
    std::size_t count() const { return count_; }
    // About what `finish` will give.
    std::size_t size_bytes() const { return size_bytes_; }
    // The changeset's bytes; the encoder is empty afterwards.
    Bytes finish(const ChangesetHeader& header);

  private:
    struct Run {
        OperationShape shape;
        std::size_t count = 0;
        Bytes ids;
        Writer clocks;
        Writer extras;
        std::vector<Writer> columns;
        std::vector<std::uint64_t> last_counters;  // per entry of replicas_
    };

    Run& run_for(const OperationShape& shape, const RecordId& record);
    std::size_t replica_index(ReplicaId replica);
    void write_clock(Run& run, const VectorClock& clock);
    void write_run(Writer& out, const Run& run) const;

    std::vector<ReplicaId> replicas_;
    std::vector<Run> runs_;
    std::size_t count_ = 0;
    std::size_t size_bytes_ = 0;
};

Bytes encode(const Changeset& changeset);
// Fails with corrupt (damaged) or limit; checks everything that needs no schema and no state.
Result<Changeset> decode_changeset(ByteView bytes);
// The head only: cheap.
Result<ChangesetHeader> decode_changeset_header(ByteView bytes);
// Calls `visit` with collection and record of each operation in order; cheap.
Status visit_records(ByteView bytes,
                     const std::function<void(CollectionId, const RecordId&)>& visit);

}  // namespace satchel
