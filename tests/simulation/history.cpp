#include "tests/simulation/history.hpp"

#include <algorithm>

namespace satchel::simulation {

const CellWrite* written(const Operation& operation, FieldId cell) {
    for (const CellWrite& write : operation.cells)
        if (write.cell == cell) return &write;
    return nullptr;
}

namespace {

constexpr std::uint32_t kNoField = 0x80000000;

bool write_the_same(const Operation& a, const Operation& b, FieldId field) {
    if (field == kLife) return a.kind != OperationKind::write && a.kind == b.kind;
    const CellWrite* one = written(a, field);
    const CellWrite* other = written(b, field);
    if (one != nullptr && other != nullptr) return one->values == other->values;
    // A counter shows a sum and the last dot: whose step that was it does not show.
    const auto steps = [field](const CounterStep& step) { return step.field == field; };
    if (std::any_of(a.counters.begin(), a.counters.end(), steps))
        return std::any_of(b.counters.begin(), b.counters.end(), steps);
    return std::any_of(a.sets.begin(), a.sets.end(), [&](const SetWrite& write) {
        return write.field == field &&
               std::find(b.sets.begin(), b.sets.end(), write) != b.sets.end();
    });
}

}  // namespace

FieldId element_key(FieldId set, const Value& element) {
    const std::string name = std::to_string(number(set)) + " " + element.text_form();
    return FieldId{kNoField | static_cast<std::uint32_t>(std::hash<std::string>{}(name))};
}

bool is_element_key(FieldId field) {
    return (number(field) & kNoField) != 0;
}

bool saw(const Seen& seen, FieldId field, Index operation) {
    const auto there = seen.find(field);
    return there != seen.end() && there->second.contains(operation);
}

bool saw(const Seen& seen, Index operation) {
    return std::any_of(seen.begin(), seen.end(),
                       [&](const auto& each) { return each.second.contains(operation); });
}

bool saw_whole(const Seen& seen, Index index, const Operation& operation) {
    const std::vector<FieldId> fields = fields_of(operation);
    return saw(seen, index) && std::all_of(fields.begin(), fields.end(),
                                           [&](FieldId field) { return saw(seen, field, index); });
}

std::vector<FieldId> fields_of(const Operation& operation) {
    std::vector<FieldId> fields;
    for (const CellWrite& cell : operation.cells) {
        const bool empty = std::all_of(cell.values.begin(), cell.values.end(),
                                       [](const Value& value) { return value.is_null(); });
        if (!operation.clock.empty() || !empty) fields.push_back(cell.cell);
    }
    for (const SetWrite& set : operation.sets)
        if (set.add) fields.push_back(set.field);
    for (const CounterStep& counter : operation.counters)
        fields.push_back(counter.field);
    if (operation.kind != OperationKind::write) fields.push_back(kLife);
    return fields;
}

void History::record(const Changeset& changeset, std::size_t device,
                     const std::map<RecordId, Seen>& seen) {
    KnownChange change;
    change.device = device;
    if (device != kHeadOffice) change.holders.insert(device);
    by_id_.emplace(changeset.header.id, changes_.size());
    add(changeset, std::move(change), seen);
}

void History::add(const Changeset& changeset, KnownChange change,
                  const std::map<RecordId, Seen>& seen) {
    change.id = changeset.header.id;
    change.replica = changeset.header.replica.id;
    change.first = changeset.dot(0);
    Dot dot = change.first;
    for (const Operation& operation : changeset.operations) {
        KnownOperation known{changes_.size(), operation, {}, true, std::nullopt, {}};
        if (change.device != kHeadOffice) known.latest[change.device] = dot;
        known.person = changeset.header.intent == Intent::person;
        const auto shown = seen.find(operation.record);
        if (shown != seen.end()) known.seen = shown->second;
        change.operations.push_back(operations_.size());
        by_record_[operation.record].push_back(operations_.size());
        by_dot_[dot].push_back(operations_.size());
        ++dot.counter;
        operations_.push_back(std::move(known));
    }
    changes_.push_back(std::move(change));
}

bool History::repeats_known(const Changeset& changeset) const {
    const auto known = by_id_.find(changeset.header.id);
    if (known == by_id_.end()) return false;
    const KnownChange& change = changes_[known->second];
    return change.first == changeset.dot(0) &&
           std::equal(change.operations.begin(), change.operations.end(),
                      changeset.operations.begin(), changeset.operations.end(),
                      [this](Index index, const Operation& operation) {
                          return operations_[index].operation == operation;
                      });
}

bool History::record_hostile(const Changeset& changeset) {
    if (repeats_known(changeset)) return false;
    if (!hostile_changes_.emplace(changeset.dot(0), changeset.header.id).second) return false;
    hostile_.insert(changeset.header.replica.id);
    KnownChange change;
    change.hostile = true;
    add(changeset, std::move(change), {});
    take_claims_as_seen();
    return true;
}

void History::take_claims_as_seen() {
    for (const KnownChange& change : changes_)
        if (change.hostile)
            for (const Index index : change.operations) {
                operations_[index].seen.clear();
                take_claim_as_seen(operations_[index]);
            }
}

void History::take_claim_as_seen(KnownOperation& known) {
    const VectorClock& claimed = known.operation.clock;
    for (const Index other : of_record(known.operation.record)) {
        const KnownOperation& earlier = operations_[other];
        const bool covers = std::any_of(
            claimed.entries().begin(), claimed.entries().end(), [&](const Dot& highest) {
                for (auto at = by_dot_.lower_bound({highest.replica, 1});
                     at != by_dot_.end() && at->first <= highest; ++at)
                    if (is_under(other, at->first)) return true;
                return false;
            });
        if (!covers || &earlier == &known) continue;
        known.seen[kLife].insert(other);
        for (const CellWrite& write : known.operation.cells)
            known.seen[write.cell].insert(other);
        for (const SetWrite& write : known.operation.sets)
            known.seen[write.field].insert(other);
    }
}

void History::mark_as_copy_of(const KnownChange& original) {
    for (const Index copy : changes_.back().operations)
        for (const Index index : original.operations)
            if (operations_[index].operation.record == operations_[copy].operation.record)
                operations_[copy].original = index;
}

bool History::has_written(const Changeset& changeset) const {
    const auto known = by_id_.find(changeset.header.id);
    if (known == by_id_.end()) return false;
    const std::vector<Index>& operations = changes_[known->second].operations;
    return std::equal(operations.begin(), operations.end(), changeset.operations.begin(),
                      changeset.operations.end(), [this](Index index, const Operation& sent) {
                          const Operation& wrote = operations_[index].operation;
                          return wrote.record == sent.record && wrote.kind == sent.kind &&
                                 wrote.collection == sent.collection && wrote.cells == sent.cells &&
                                 wrote.sets == sent.sets && wrote.counters == sent.counters;
                      });
}

void History::learn(std::size_t device, const ChangeId& id, const Dot& first) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return;
    const KnownChange& change = changes_[found->second];
    Dot dot = first;
    for (const Index index : change.operations) {
        KnownOperation& operation = operations_[index];
        std::vector<Index>& under = by_dot_[dot];
        if (std::find(under.begin(), under.end(), index) == under.end()) under.push_back(index);
        operation.latest[device] = dot;
        ++dot.counter;
    }
}

std::size_t History::survey(std::size_t device, const std::set<ChangeId>& journal,
                            std::size_t* lost_after_sending) {
    std::size_t lost = 0;
    for (KnownChange& change : changes_) {
        if (change.hostile) continue;
        if (journal.contains(change.id)) {
            change.holders.insert(device);
        } else if (change.holders.erase(device) != 0) {
            ++lost;
            if (change.senders.contains(device) && lost_after_sending != nullptr)
                ++*lost_after_sending;
        }
    }
    return lost;
}

void History::copy_holder(std::size_t from, std::size_t to) {
    for (KnownChange& change : changes_)
        if (change.holders.contains(from)) change.holders.insert(to);
    for (KnownOperation& operation : operations_) {
        const auto here = operation.latest.find(from);
        if (here != operation.latest.end()) operation.latest[to] = here->second;
    }
}

void History::mark_sent(const ChangeId& id, std::size_t device) {
    const auto found = by_id_.find(id);
    if (found != by_id_.end()) changes_[found->second].senders.insert(device);
}

void History::mark_merged(const ChangeId& id, const Dot& first) {
    const auto found = by_id_.find(id);
    if (found != by_id_.end()) merged_[first] = found->second;
}

bool History::is_merged(Index operation, const Dot& dot) const {
    const std::uint64_t place = operation - change_of(operation).operations.front();
    const auto merged = merged_.find({dot.replica, dot.counter - place});
    return merged != merged_.end() && merged->second == operations_[operation].change;
}

// Whether the dot names the operation, as far as is known: another one that was written under it,
// by a copy of the device, may have been merged instead.
bool History::is_under(Index operation, const Dot& dot) const {
    const std::vector<Index>& under = by_dot_.at(dot);
    if (std::find(under.begin(), under.end(), operation) == under.end()) return false;
    return is_merged(operation, dot) || std::none_of(under.begin(), under.end(), [&](Index other) {
               return is_merged(other, dot);
           });
}

bool History::look_alike(Index a, Index b, FieldId field) const {
    if (!write_the_same(operations_[a].operation, operations_[b].operation, field)) return false;
    return std::any_of(by_dot_.begin(), by_dot_.end(), [&](const auto& under) {
        const std::vector<Index>& all = under.second;
        return std::find(all.begin(), all.end(), a) != all.end() &&
               std::find(all.begin(), all.end(), b) != all.end();
    });
}

bool History::may_name(Index by, Index missing) const {
    const VectorClock& clock = operations_[by].operation.clock;
    const bool was_refused = change_of(missing).was_judged_before;
    return std::any_of(by_dot_.begin(), by_dot_.end(), [&](const auto& under) {
        const auto& [dot, all] = under;
        return clock.covers(dot) && std::find(all.begin(), all.end(), missing) != all.end() &&
               (was_refused || std::any_of(all.begin(), all.end(), [&](Index other) {
                    return operations_[other].change != operations_[missing].change;
                }));
    });
}

bool History::wrote_on(Index by, Index missing) const {
    return change_of(missing).was_refused && by > missing &&
           change_of(by).device == change_of(missing).device;
}

void History::mark_held(const Dot& first) {
    for (const Index index : under(first))
        changes_[operations_[index].change].was_held = true;
}

void History::mark_refused(const Dot& first) {
    for (const Index index : under(first))
        changes_[operations_[index].change].was_refused = true;
}

void History::office_restored() {
    for (KnownChange& change : changes_)
        change.was_judged_before = change.was_judged_before || change.was_refused;
}

std::vector<Index> History::under(const Dot& dot) const {
    const auto known = by_dot_.find(dot);
    return known == by_dot_.end() ? std::vector<Index>{} : known->second;
}

std::set<ReplicaId> History::replicas() const {
    std::set<ReplicaId> replicas;
    for (const auto& [dot, operations] : by_dot_)
        replicas.insert(dot.replica);
    return replicas;
}

const std::vector<Index>& History::of_record(const RecordId& record) const {
    static const std::vector<Index> kNone;
    const auto found = by_record_.find(record);
    return found == by_record_.end() ? kNone : found->second;
}

Index History::find(const RecordId& record, const Dot& dot, const std::string& what,
                    const Fits& fits, std::size_t viewer) const {
    std::optional<std::pair<int, Index>> best;
    const auto candidates = by_dot_.find(dot);
    if (candidates != by_dot_.end())
        for (const Index at : candidates->second) {
            if (operations_[at].operation.record != record || !fits(operations_[at])) continue;
            const auto here = operations_[at].latest.find(viewer);
            const bool own = here != operations_[at].latest.end() && here->second == dot;
            const std::pair rank{own ? 2 : is_merged(at, dot) ? 1 : 0, at};
            if (!best || rank >= *best) best = rank;
        }
    if (best) return best->second;
    throw Violation{"I-3 no invention", "record " + record.text() + " shows " + what +
                                            " with the dot " + dot.text() +
                                            ", but nobody wrote that there under this dot"};
}

History::Fits History::fits_cell(FieldId cell, const Sibling& sibling) {
    return [cell, &sibling](const KnownOperation& known) {
        const CellWrite* write = written(known.operation, cell);
        return write != nullptr && write->values == sibling.values &&
               known.person == !sibling.system;
    };
}

History::Fits History::fits_element(FieldId field, const Value& element) {
    return [field, &element](const KnownOperation& known) {
        return std::any_of(known.operation.sets.begin(), known.operation.sets.end(),
                           [&](const SetWrite& write) {
                               return write.field == field && write.add && write.element == element;
                           });
    };
}

History::Fits History::fits_counter(FieldId field) {
    return [field](const KnownOperation& known) {
        return std::any_of(known.operation.counters.begin(), known.operation.counters.end(),
                           [field](const CounterStep& step) { return step.field == field; });
    };
}

History::Fits History::fits_life(const LifeMark& mark) {
    const OperationKind kind = mark.dead ? OperationKind::remove : OperationKind::undelete;
    return [kind](const KnownOperation& known) { return known.operation.kind == kind; };
}

Index History::writer(const RecordId& record, FieldId cell, const Sibling& sibling,
                      std::size_t viewer) const {
    std::string what = "in cell " + std::to_string(number(cell)) + " the value";
    for (const Value& value : sibling.values)
        what += " " + value.text_form();
    return find(record, sibling.dot, what, fits_cell(cell, sibling), viewer);
}

Index History::adder(const RecordId& record, FieldId field, const Value& element, const Dot& dot,
                     std::size_t viewer) const {
    return find(record, dot, "the element " + element.text_form(), fits_element(field, element),
                viewer);
}

namespace {

// What the operation did to the field, in a word; empty for nothing.
std::string deed(const Operation& operation, FieldId field) {
    if (field == kLife && operation.kind == OperationKind::remove) return "deletes";
    if (field == kLife && operation.kind == OperationKind::undelete) return "undeletes";
    if (field == kLife) {
        std::string text = operation.clock.empty() ? "makes" : "edits";
        for (const FieldId each : fields_of(operation))
            text += " " + std::to_string(number(each));
        return text;
    }
    if (const CellWrite* write = written(operation, field))
        return write->values.front().text_form();
    for (const SetWrite& set : operation.sets)
        if (set.field == field) return set.add ? "adds" : "takes out";
    for (const CounterStep& step : operation.counters)
        if (step.field == field) return "counts";
    return {};
}

}  // namespace

std::string History::account(const RecordId& record, FieldId cell) const {
    std::string text;
    for (const Index index : of_record(record)) {
        const KnownOperation& known = operations_[index];
        const std::string what = deed(known.operation, cell);
        if (what.empty()) continue;
        const KnownChange& change = changes_[known.change];
        text += "\n    #" + std::to_string(index) + " " + change.id.text().substr(0, 8) + " of " +
                (change.device == kHeadOffice ? "head office"
                                              : "device " + std::to_string(change.device));
        if (known.original) text += ", a copy of #" + std::to_string(*known.original);
        text += ": " + what + ", dots";
        for (const auto& [dot, operations] : by_dot_)
            if (std::find(operations.begin(), operations.end(), index) != operations.end())
                text += " " + dot.text();
        text += ", clock " + known.operation.clock.text() + ", had seen";
        std::set<Index> before;
        for (const auto& [field, earlier] : known.seen)
            if (field == cell || cell == kLife) before.insert(earlier.begin(), earlier.end());
        for (const Index earlier : before)
            text += " #" + std::to_string(earlier);
    }
    return text;
}

Seen History::visible(const RecordId& record, const RecordState& state, std::size_t viewer) const {
    Seen seen;
    const auto take = [&](FieldId field, Index index) {
        std::set<Index>& here = seen[field];
        if (!here.insert(index).second) return;
        const auto before = operations_[index].seen.find(field);
        if (before != operations_[index].seen.end())
            here.insert(before->second.begin(), before->second.end());
    };
    for (const CellState& cell : state.cells)
        for (const Sibling& sibling : cell.siblings)
            take(cell.cell, writer(record, cell.cell, sibling, viewer));
    for (const SetState& set : state.sets)
        for (const SetElement& element : set.elements)
            for (const SetDot& dot : element.dots) {
                const Index index = adder(record, set.field, element.element, dot.dot, viewer);
                take(set.field, index);
                take(element_key(set.field, element.element), index);
            }
    for (const CounterState& counter : state.counters)
        for (const CounterPart& part : counter.parts)
            take(counter.field,
                 find(record, part.last, "a counter step", fits_counter(counter.field), viewer));
    for (const LifeMark& mark : state.life)
        take(kLife, find(record, mark.dot, mark.dead ? "a deletion" : "an undeletion",
                         fits_life(mark), viewer));
    return seen;
}

}  // namespace satchel::simulation
