// RapidCheck generators for everything that sync/ stores or sends.
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <ostream>

#include "sync/changeset.hpp"
#include "sync/meta.hpp"
#include "tests/sync/history.hpp"

namespace satchel {

// RapidCheck prints counterexamples with these.
inline void showValue(const Value& value, std::ostream& out) {
    out << value.text_form();
}
inline void showValue(const VectorClock& clock, std::ostream& out) {
    out << '"' << clock.text() << '"';
}
inline void showValue(Stamp stamp, std::ostream& out) {
    out << stamp.text();
}
inline void showValue(const ReplicaId& replica, std::ostream& out) {
    out << replica.text();
}
inline void showValue(const RecordId& id, std::ostream& out) {
    out << id.text();
}

namespace testing {

inline void showValue(const Step& step, std::ostream& out) {
    print(step, out);
}
inline void showValue(const Events& events, std::ostream& out) {
    print(events, out);
}

using Numbers = std::vector<std::uint64_t>;

// Any 64 bits, however small the case; the ends of the encodings come often.
rc::Gen<std::uint64_t> any_number();
rc::Gen<std::int64_t> any_integer();
rc::Gen<Numbers> any_numbers();

rc::Gen<Bytes> utf8_text();
rc::Gen<Bytes> any_bytes();
rc::Gen<Value> any_value();
rc::Gen<ReplicaId> any_replica();
rc::Gen<VectorClock> any_clock();
rc::Gen<Stamp> any_stamp();
rc::Gen<RecordId> any_record_id();

// A history of one record (history.hpp), and a step of one.
rc::Gen<Events> any_history();
rc::Gen<Step> any_step();

// Valid and encodable: any shapes, runs of equal shapes, no record twice.
rc::Gen<Changeset> any_changeset();
rc::Gen<OperationShape> new_record_shape();

// A state that no history needs to lead to, but that every invariant of RecordState holds for.
rc::Gen<RecordState> any_state();

// A schema with collections 100, 101, … of every kind of field and rule.
rc::Gen<Schema> any_schema();

}  // namespace testing
}  // namespace satchel
