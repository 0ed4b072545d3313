#include "tests/sync/history.hpp"

#include <gtest/gtest.h>

#include <array>
#include <ostream>

namespace satchel::testing {
namespace {

// Two incarnations of one device are two replicas.
constexpr std::array<ReplicaId, kReplicasOfAHistory> kReplicas{
    {{1, 1}, {2, 1}, {2, 2}, {0xFFFF'FFFF'FFFF'FFFF, 1}}};

struct Replica {
    std::uint64_t counter = 0;
    std::set<Dot> view;
    std::set<Dot> form;  // what it saw when the form was opened
};

VectorClock clock_of(const std::set<Dot>& dots) {
    VectorClock clock;
    for (const Dot& dot : dots)
        clock.advance(dot);
    return clock;
}

class Builder {
  public:
    Builder() {
        Event event = begin(0, {});
        event.operation.cells = {{kAmount, {Value(7)}}};
        finish(0, std::move(event));
        for (Replica& replica : replicas_)
            replica.view = replica.form = replicas_[0].view;
        server_ = replicas_[0].view;
    }

    void take(const Step& step) {
        Replica& replica = replicas_[step.who];
        switch (step.kind) {
            case Step::Kind::sync:
                server_.insert(replica.view.begin(), replica.view.end());
                replica.view = server_;
                return;
            case Step::Kind::hear:
                hear(replica, replicas_[step.from].view, step.part);
                return;
            case Step::Kind::open_form:
                replica.form = replica.view;
                return;
            case Step::Kind::write:
            case Step::Kind::remove:
            case Step::Kind::undelete:
                write(step);
        }
    }

    Events finished() { return std::move(events_); }

  private:
    // In the order in which they were made an operation comes after all that it builds on.
    void hear(Replica& replica, const std::set<Dot>& known, std::size_t part) const {
        for (const Event& event : events_) {
            if (!known.contains(event.write.dot)) continue;
            if (part == 0) return;
            --part;
            replica.view.insert(event.write.dot);
        }
    }

    void write(const Step& step) {
        const Replica& replica = replicas_[step.who];
        Event event = begin(step.who, step.from_form ? replica.form : replica.view);
        event.write.stamp = Stamp::at(step.ms, step.ticks);
        event.write.rank = step.rank;
        event.write.intent = step.person ? Intent::person : Intent::system;
        event.write.late = step.late;
        if (step.kind == Step::Kind::remove) event.operation.kind = OperationKind::remove;
        if (step.kind == Step::Kind::undelete) event.operation.kind = OperationKind::undelete;
        event.operation.cells = step.cells;
        event.operation.sets = step.sets;
        event.operation.counters = step.counters;
        finish(step.who, std::move(event));
    }

    Event begin(std::size_t who, const std::set<Dot>& saw) {
        Event event;
        event.operation.collection = CollectionId{100};
        event.operation.clock = clock_of(saw);
        event.write.dot = {kReplicas[who], ++replicas_[who].counter};
        event.saw = saw;
        return event;
    }

    void finish(std::size_t who, Event event) {
        replicas_[who].view.insert(event.write.dot);
        events_.push_back(std::move(event));
    }

    std::array<Replica, kReplicas.size()> replicas_;
    std::set<Dot> server_;
    Events events_;
};

}  // namespace

// A replica's counters have no holes.
bool may_come(const Event& event, const std::set<Dot>& came) {
    const Dot& dot = event.write.dot;
    if (dot.counter > 1 && !came.contains({dot.replica, dot.counter - 1})) return false;
    return std::all_of(event.saw.begin(), event.saw.end(),
                       [&came](const Dot& seen) { return came.contains(seen); });
}

Events build_history(const std::vector<Step>& steps) {
    Builder builder;
    for (const Step& step : steps)
        builder.take(step);
    return builder.finished();
}

Events reorder(const Events& events, const std::vector<std::uint64_t>& priorities) {
    const auto priority = [&](std::size_t i) {
        return priorities.empty() ? 0 : priorities[i % priorities.size()] * (i + 1);
    };
    Events order;
    std::set<Dot> came;
    while (order.size() < events.size()) {
        std::size_t next = events.size();
        for (std::size_t i = 0; i < events.size(); ++i) {
            if (came.contains(events[i].write.dot) || !may_come(events[i], came)) continue;
            if (next == events.size() || priority(i) < priority(next)) next = i;
        }
        came.insert(events[next].write.dot);
        order.push_back(events[next]);
    }
    return order;
}

Events prefix(const Events& events, std::size_t size) {
    const std::size_t wanted = 1 + size % events.size();
    return {events.begin(), events.begin() + static_cast<std::ptrdiff_t>(wanted)};
}

RecordState replay(const Events& events) {
    RecordState state;
    for (const Event& event : events)
        EXPECT_TRUE(apply(state, event.operation, event.write));
    return state;
}

namespace {

template <typename Writes>
void print_writes(const Writes& writes, std::ostream& out) {
    for (const CellWrite& cell : writes.cells) {
        out << ", " << number(cell.cell) << " =";
        for (const Value& value : cell.values)
            out << ' ' << value.text_form();
    }
    for (const SetWrite& set : writes.sets)
        out << ", " << number(set.field) << (set.add ? " + " : " - ") << set.element.text_form();
    for (const CounterStep& step : writes.counters)
        out << ", " << number(step.field) << " by " << step.step;
}

}  // namespace

void print(const Events& events, std::ostream& out) {
    static const std::array<const char*, 3> kKinds{"write", "remove", "undelete"};
    for (const Event& event : events) {
        out << "\n  " << event.write.dot.text() << " saw {" << event.operation.clock.text() << "} "
            << (event.by_person() ? "person " : "system ")
            << kKinds[static_cast<std::size_t>(event.operation.kind)] << " at "
            << event.write.stamp.text();
        print_writes(event.operation, out);
    }
    out << '\n';
}

void print(const Step& step, std::ostream& out) {
    static const std::array<const char*, 6> kKinds{"write",     "remove", "undelete",
                                                   "open form", "sync",   "hear"};
    out << "\n  " << step.who << (step.person ? " " : " system ")
        << kKinds[static_cast<std::size_t>(step.kind)] << (step.from_form ? " from form" : "")
        << " at " << step.ms << " rank " << static_cast<int>(step.rank) << " from " << step.from
        << " part " << step.part;
    print_writes(step, out);
}

}  // namespace satchel::testing
