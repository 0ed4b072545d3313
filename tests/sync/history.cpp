#include "tests/sync/history.hpp"

#include <gtest/gtest.h>

#include <array>
#include <ostream>

namespace satchel::testing {
namespace {

// Two incarnations of one device are two replicas.
constexpr std::array<ReplicaId, 4> kReplicas{{{1, 1}, {2, 1}, {2, 2}, {0xFFFF'FFFF'FFFF'FFFF, 1}}};

// Takes small choices out of one number, the lowest bits first.
class Choices {
  public:
    explicit Choices(std::uint64_t bits) : bits_(bits) {}
    std::uint64_t below(std::uint64_t limit) {
        const std::uint64_t choice = bits_ % limit;
        bits_ /= limit;
        return choice;
    }

  private:
    std::uint64_t bits_;
};

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

Value small_text(Choices& choices) {
    static const std::array<const char*, 4> kTexts{"a", "b", "b\nc", "Won"};
    return Value::text(kTexts[choices.below(kTexts.size())]);
}

Value small_value(Choices& choices) {
    return choices.below(4) == 0 ? Value{} : Value(static_cast<std::int64_t>(choices.below(4)));
}

void write_cells(Operation& operation, Choices& choices) {
    const std::uint64_t mask = 1 + choices.below(7);
    if ((mask & 1) != 0) operation.cells.push_back({kAmount, {small_value(choices)}});
    if ((mask & 2) != 0)
        operation.cells.push_back({kPrice, {small_value(choices), small_text(choices)}});
    if ((mask & 4) != 0) operation.cells.push_back({kStage, {small_text(choices)}});
}

void write_extras(Operation& operation, Choices& choices) {
    const std::uint64_t mask = 1 + choices.below(15);
    if ((mask & 1) != 0)
        operation.sets.push_back({kTags, small_text(choices), choices.below(3) > 0});
    if ((mask & 2) != 0)
        operation.sets.push_back({kHelpers, small_text(choices), choices.below(3) > 0});
    if ((mask & 4) != 0)
        operation.counters.push_back({kVisits, static_cast<std::int64_t>(choices.below(9)) - 4});
    if ((mask & 8) != 0)
        operation.counters.push_back({kCalls, static_cast<std::int64_t>(choices.below(3))});
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

    void step(std::uint64_t bits) {
        Choices choices(bits);
        const std::size_t who = choices.below(kReplicas.size());
        const std::uint64_t what = choices.below(16);
        Replica& replica = replicas_[who];
        if (what < 3) {
            server_.insert(replica.view.begin(), replica.view.end());
            replica.view = server_;
            return;
        }
        if (what == 3) {
            replica.form = replica.view;
            return;
        }
        const bool from_form = choices.below(4) == 0;
        Event event = begin(who, from_form ? replica.form : replica.view);
        event.write.stamp = Stamp::at(static_cast<std::int64_t>(choices.below(4)),
                                      static_cast<std::uint16_t>(choices.below(2)));
        event.write.rank = static_cast<std::uint8_t>(choices.below(3));
        event.write.intent = choices.below(3) == 0 ? Intent::system : Intent::person;
        event.write.late = choices.below(5) == 0;
        if (what == 4) event.operation.kind = OperationKind::remove;
        if (what == 5) event.operation.kind = OperationKind::undelete;
        if (what == 6 || what >= 10) write_cells(event.operation, choices);
        if (what >= 6 && what < 10) write_extras(event.operation, choices);
        finish(who, std::move(event));
    }

    Events take() { return std::move(events_); }

  private:
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

// Its author's own earlier operations come first too: a replica's counters have no holes.
bool may_come(const Event& event, const std::set<Dot>& came) {
    const Dot& dot = event.write.dot;
    if (dot.counter > 1 && !came.contains({dot.replica, dot.counter - 1})) return false;
    return std::all_of(event.saw.begin(), event.saw.end(),
                       [&came](const Dot& seen) { return came.contains(seen); });
}

}  // namespace

Events build_history(const std::vector<std::uint64_t>& steps) {
    Builder builder;
    for (const std::uint64_t step : steps)
        builder.step(step);
    return builder.take();
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

void print(const Events& events, std::ostream& out) {
    static const std::array<const char*, 3> kKinds{"write", "remove", "undelete"};
    for (const Event& event : events) {
        out << "\n  " << event.write.dot.text() << " saw {" << event.operation.clock.text() << "} "
            << (event.by_person() ? "person " : "system ")
            << kKinds[static_cast<std::size_t>(event.operation.kind)] << " at "
            << event.write.stamp.text();
        for (const CellWrite& cell : event.operation.cells) {
            out << ", " << number(cell.cell) << " =";
            for (const Value& value : cell.values)
                out << ' ' << value.text_form();
        }
        for (const SetWrite& set : event.operation.sets)
            out << ", " << number(set.field) << (set.add ? " + " : " - ")
                << set.element.text_form();
        for (const CounterStep& step : event.operation.counters)
            out << ", " << number(step.field) << " by " << step.step;
    }
    out << '\n';
}

}  // namespace satchel::testing
