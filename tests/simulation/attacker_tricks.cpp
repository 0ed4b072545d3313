// What an attacker writes into changesets.
#include "sync/limits.hpp"
#include "tests/simulation/attacker.hpp"

namespace satchel::simulation {
namespace {

constexpr std::int64_t kYearMs = 365 * kDayMs;

}  // namespace

Value Attacker::unique_text() {
    return Value::text("evil" + std::to_string(replica_id % 1000) + "." +
                       std::to_string(++values_));
}

Changeset Attacker::draft() {
    Changeset changeset;
    changeset.header.stamp = Stamp::at(server_.now());
    changeset.header.committed_at = server_.now();
    changeset.header.schema = server_.store().schema()->number();
    return changeset;
}

void Attacker::add(SyncRequest& request, Changeset changeset, ChangeId id) {
    changeset.header.id = id;
    changeset.header.replica = self_;
    changeset.header.first_counter = request.last_counter + 1;
    request.last_counter = changeset.last_counter();
    request.changesets.push_back(
        {changeset.header.first_counter, changeset.last_counter(), encode(changeset)});
}

void Attacker::add(SyncRequest& request, std::vector<Operation> operations) {
    Changeset changeset = draft();
    changeset.operations = std::move(operations);
    add(request, std::move(changeset), make_change_id(random_));
}

CellWrite Attacker::text_cell(FieldId cell) {
    return {cell, {unique_text()}};
}

// On all that stands there; the title only, which both collections have.
Operation Attacker::edit_of(const ServerRow& row) {
    Operation edit;
    edit.collection = row.collection;
    edit.record = row.id;
    edit.clock = row.record.state.clock;
    edit.cells = {text_cell(row.collection == ids::kDeal ? ids::kTitle : ids::kVisitTitle)};
    return edit;
}

Operation Attacker::new_deal() {
    Operation deal;
    deal.collection = ids::kDeal;
    deal.record = ids_.next(server_.now(), random_);
    deal.cells = {text_cell(ids::kTitle), {ids::kOwner, {Value::id(company_.person(person).id)}}};
    return deal;
}

Operation Attacker::new_visit(const RecordId& parent) {
    Operation visit;
    visit.collection = ids::kVisit;
    visit.record = ids_.next(server_.now(), random_);
    visit.cells = {{ids::kVisitDeal, {Value::id(parent)}}, text_cell(ids::kVisitTitle)};
    return visit;
}

void Attacker::honest_looking(SyncRequest& request) {
    const ServerRow* row = some_row(true);
    if (row == nullptr || random_.chance(200)) return add(request, {new_deal()});
    Operation edit = edit_of(*row);
    if (random_.chance(200)) edit.clock = {};
    if (random_.chance(150)) {
        edit.cells.clear();
        edit.kind = row->dead && row->collection == ids::kDeal ? OperationKind::undelete
                                                               : OperationKind::remove;
    }
    add(request, {std::move(edit)});
}

void Attacker::foreign_record(SyncRequest& request) {
    const ServerRow* row = some_row(false);
    if (row == nullptr) return honest_looking(request);
    Operation edit = edit_of(*row);
    if (random_.chance(300)) edit.clock = {};
    if (random_.chance(300)) {
        edit.cells.clear();
        edit.kind = random_.chance(500) ? OperationKind::undelete : OperationKind::remove;
    } else if (row->collection == ids::kDeal && random_.chance(500)) {
        edit.cells = {{ids::kOwner, {Value::id(company_.person(person).id)}}};
    }
    add(request, {std::move(edit)});
}

void Attacker::two_records_one_foreign(SyncRequest& request) {
    const ServerRow* row = some_row(false);
    if (row == nullptr) return honest_looking(request);
    Operation hidden = edit_of(*row);
    std::vector<Operation> both{new_deal(), std::move(hidden)};
    if (random_.chance(500)) std::swap(both[0], both[1]);
    add(request, std::move(both));
}

void Attacker::foreign_owner(SyncRequest& request) {
    Operation deal = new_deal();
    const std::uint64_t kind = random_.below(4);
    const RecordId stranger = ids_.next(server_.now(), random_);
    if (kind == 0) deal.cells[1].values = {Value::id(random_.pick(company_.people()).id)};
    if (kind == 1) deal.cells[1].values = {Value::id(stranger)};
    if (kind == 2) deal.cells[1] = {ids::kPool, {Value::text("nowhere")}};
    if (kind == 3) deal.cells.pop_back();
    add(request, {std::move(deal)});
}

void Attacker::foreign_parent(SyncRequest& request) {
    const ServerRow* row = some_row(random_.chance(200));
    const RecordId parent =
        row == nullptr || random_.chance(200) ? ids_.next(server_.now(), random_) : row->id;
    add(request, {new_visit(parent)});
}

void Attacker::ring_of_parents(SyncRequest& request) {
    const ServerRow* row = some_row(true);
    if (row == nullptr || row->collection != ids::kVisit || row->dead)
        return foreign_parent(request);
    Operation child = new_visit(random_.chance(300) ? row->id : RecordId{});
    if (child.cells[0].values[0] == Value::id(RecordId{})) {
        child.cells[0].values = {Value::id(child.record)};  // its own parent
        return add(request, {std::move(child)});
    }
    Operation turn = edit_of(*row);
    turn.cells = {{ids::kVisitDeal, {Value::id(child.record)}}};
    add(request, {std::move(child)});
    add(request, {std::move(turn)});
}

void Attacker::stamp_of_another_age(SyncRequest& request) {
    const ServerRow* row = some_row(true);
    Changeset changeset = draft();
    changeset.operations = {row == nullptr ? new_deal() : edit_of(*row)};
    const std::vector<std::int64_t> times{0, 1, server_.now() - 100 * kYearMs / 2,
                                          server_.now() + kYearMs, kMaxTimeMs};
    changeset.header.stamp =
        Stamp::at(random_.pick(times), static_cast<std::uint16_t>(random_.below(65'536)));
    changeset.header.committed_at = random_.pick(times);
    request.device_now = random_.pick(times);
    add(request, std::move(changeset), make_change_id(random_));
}

// Somebody else's next changes, so that they would be replaced as soon as they come.
void Attacker::clock_of_the_future(SyncRequest& request) {
    const ServerRow* row = some_row(!random_.chance(300));
    if (row == nullptr || row->record.state.clock.empty()) return honest_looking(request);
    Operation edit = edit_of(*row);
    Dot victim = random_.pick(row->record.state.clock.entries());
    victim.counter = random_.chance(200) ? INT64_MAX : victim.counter + 1 + random_.below(20);
    edit.clock.advance(victim);
    add(request, {std::move(edit)});
}

void Attacker::clock_of_nobody(SyncRequest& request) {
    const ServerRow* row = some_row(true);
    Operation edit = row == nullptr ? new_deal() : edit_of(*row);
    edit.clock.advance({{random_.next(), 1 + static_cast<std::uint32_t>(random_.below(9))},
                        1 + random_.below(1000)});
    if (random_.chance(200)) edit.clock.advance({self_, request.last_counter + 1 + 5});
    add(request, {std::move(edit)});
}

void Attacker::giant_clock(SyncRequest& request) {
    const ServerRow* row = some_row(true);
    Operation edit = row == nullptr ? new_deal() : edit_of(*row);
    const auto known = history_.replicas();
    for (const ReplicaId& replica : known)
        edit.clock.advance({replica, 1 + random_.below(30)});
    if (random_.chance(300))
        for (std::size_t i = 0; i < kMaxClockEntries; ++i)
            edit.clock.advance({{random_.next(), 1}, 1});
    add(request, {std::move(edit)});
}

void Attacker::unknown_cell(SyncRequest& request) {
    Operation deal = new_deal();
    if (random_.chance(300)) deal.collection = CollectionId{4'000'000};
    if (random_.chance(500)) deal.cells.push_back(text_cell(FieldId{60'000}));
    if (random_.chance(300)) deal.cells[0].values.push_back(unique_text());
    if (random_.chance(300)) deal.sets = {{FieldId{61'000}, unique_text(), true}};
    add(request, {std::move(deal)});
}

void Attacker::wrong_value(SyncRequest& request) {
    const std::vector<Value> values{Value(INT64_MIN),
                                    Value::bytes("1234567"),
                                    Value::text("\xff\xfe"),
                                    Value::text("e\xcc\x81"),  // not NFC
                                    Value::text("\xed\xa0\x80"),
                                    Value::text(Bytes(kMaxTextBytes + 1, 'x')),
                                    Value()};
    Operation deal = new_deal();
    deal.cells[random_.below(2)].values = {random_.pick(values)};
    if (deal.cells[0].values[0].is_null()) deal.cells[0] = text_cell(ids::kTitle);
    add(request, {std::move(deal)});
}

void Attacker::giant_step(SyncRequest& request) {
    const ServerRow* row = some_row(true);
    if (row == nullptr || row->collection != ids::kDeal) return honest_looking(request);
    Operation edit = edit_of(*row);
    edit.cells.clear();
    const std::vector<std::int64_t> steps{INT64_MIN, INT64_MAX, kMaxCounter + 1, -1};
    edit.counters = {{ids::kVisits, random_.pick(steps)}};
    for (std::uint64_t i = random_.chance(100) ? kMaxSetElements + 1 : 0; i > 0; --i)
        edit.sets.push_back({ids::kTags, Value::text("evil" + std::to_string(10'000 + i)), true});
    add(request, {std::move(edit)});
}

void Attacker::system_record(SyncRequest& request) {
    Operation change;
    change.collection = CollectionId{static_cast<std::uint32_t>(1 + random_.below(20))};
    change.record = ids_.next(server_.now(), random_);
    for (const ServerRow& row : server_.rows())
        if (number(row.collection) < system_ids::kFirstFree && random_.chance(300)) {
            change.collection = row.collection;
            change.record = row.id;
            change.clock = row.record.state.clock;
        }
    change.cells = {text_cell(FieldId{1}), text_cell(FieldId{2})};
    add(request, {std::move(change)});
}

void Attacker::dots_of_another(SyncRequest& request) {
    const KnownChange* victim = somebodys_change();
    honest_looking(request);
    if (victim == nullptr) return;
    auto changeset = decode_changeset(request.changesets.back().bytes);
    if (!changeset) return;
    changeset->header.replica = {victim->replica, 1};
    if (random_.chance(500)) changeset->header.first_counter += random_.below(3);
    request.changesets.back().bytes = encode(*changeset);
}

// What was taken under these counters was something else.
void Attacker::same_dot_again(SyncRequest& request) {
    if (chain_.size() < 2) return honest_looking(request);
    const std::uint64_t before =
        std::prev(chain_.find(counter_ == 0 ? chain_.rbegin()->first : counter_))->first;
    request.base_counter = request.last_counter = before;
    request.base_hash = chain_.at(before);
    honest_looking(request);
    if (random_.chance(500)) request.last_counter = std::max(counter_, request.last_counter);
}

void Attacker::stolen_change_id(SyncRequest& request) {
    const KnownChange* victim = somebodys_change();
    if (victim == nullptr) return honest_looking(request);
    Changeset changeset = draft();
    changeset.operations = {new_deal()};
    if (random_.chance(500)) {  // word for word
        changeset.operations.clear();
        for (const Index index : victim->operations)
            changeset.operations.push_back(history_.operations()[index].operation);
    }
    add(request, std::move(changeset), victim->id);
}

}  // namespace satchel::simulation
