#include "tests/soak/judge.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace satchel::soak {
namespace {

using Place = std::pair<RecordId, std::uint32_t>;  // a cell, set or counter of a record

// All that the ledgers say about one cell.
struct CellStory {
    std::map<std::string, const Deed*> writes;    // by value, whatever became of them
    std::map<std::string, std::string> accepted;  // value, change
};

struct SetStory {
    std::map<std::string, std::string> added;  // element, change; accepted ones
    std::set<std::string> dropped;
};

class Court {
  public:
    Court(storage::SqliteServerStore& store, Judgement& judgement)
        : store_(store), judgement_(judgement) {}

    Status hear(std::uint64_t replica, const Attempt& attempt);
    Status look_at_records();
    void conclude();

  private:
    Result<bool> accepted(std::uint64_t replica, const std::string& change);
    void note(const Deed& deed, const std::string& change, bool accepted);
    void take_state(const RecordId& id, const RecordState& state);
    void judge_cell(const Place& place, const CellStory& story);
    void judge_set(const Place& place, const SetStory& story);
    void violate(const Place& place, const std::string& what) {
        judgement_.violations.push_back("record " + place.first.text() + ", field " +
                                        std::to_string(place.second) + ": " + what);
    }

    storage::SqliteServerStore& store_;
    Judgement& judgement_;
    std::map<Place, CellStory> cells_;
    std::map<Place, SetStory> sets_;
    std::map<Place, std::int64_t> sums_;
    std::set<RecordId> removed_, alive_or_dead_, dead_;
    std::map<Place, std::set<std::string>> standing_;  // values of cells, elements of sets
    std::map<Place, std::int64_t> totals_;
};

// Whether head office merged it; what is nowhere, or waits, is a violation.
Result<bool> Court::accepted(std::uint64_t replica, const std::string& change) {
    SATCHEL_ASSIGN(const ChangeId id, ChangeId::parse(change));
    SATCHEL_ASSIGN(const auto entry, store_.log_entry(replica, id));
    if (!entry) {
        judgement_.violations.push_back("the change " + change + " never came to head office");
        return false;
    }
    const Verdict& verdict = entry->verdict;
    if (verdict.kind == VerdictKind::held)
        judgement_.violations.push_back("the change " + change +
                                        " is held, and nothing is missing");
    if (verdict.kind == VerdictKind::quarantined && verdict.reason == Reason::none)
        judgement_.violations.push_back("the change " + change + " is refused without a reason");
    return verdict.kind == VerdictKind::accepted;
}

void Court::note(const Deed& deed, const std::string& change, bool accepted) {
    const Place place{deed.record, number(deed.field)};
    if (deed.kind == DeedKind::write) {
        CellStory& story = cells_[place];
        story.writes[deed.value] = &deed;
        if (accepted) story.accepted[deed.value] = change;
    }
    if (!accepted) return;
    if (deed.kind == DeedKind::add) sets_[place].added[deed.value] = change;
    if (deed.kind == DeedKind::drop) sets_[place].dropped.insert(deed.value);
    if (deed.kind == DeedKind::count) sums_[place] += deed.step;
    if (deed.kind == DeedKind::remove) removed_.insert(deed.record);
}

Status Court::hear(std::uint64_t replica, const Attempt& attempt) {
    if (attempt.outcome == Outcome::open)
        judgement_.violations.emplace_back("a ledger still has an open attempt");
    if (attempt.outcome != Outcome::done) {
        ++judgement_.never_written;
        return {};
    }
    ++judgement_.writes;
    SATCHEL_ASSIGN(const bool good, accepted(replica, attempt.change));
    ++(good ? judgement_.accepted : judgement_.not_accepted);
    for (const Deed& deed : attempt.deeds)
        note(deed, attempt.change, good);
    return {};
}

void Court::take_state(const RecordId& id, const RecordState& state) {
    for (const CellState& cell : state.cells) {
        std::set<std::string>& here = standing_[{id, number(cell.cell)}];
        for (const Sibling& sibling : cell.siblings)
            here.insert(text_of(sibling.values));
        if (here.size() > 1) ++judgement_.conflicts;
    }
    for (const SetState& set : state.sets)
        for (const SetElement& element : set.elements)
            standing_[{id, number(set.field)}].insert(element.element.text_form());
    for (const CounterState& counter : state.counters)
        totals_[{id, number(counter.field)}] = total(counter);
}

Status Court::look_at_records() {
    for (const Collection& collection : store_.schema()->collections()) {
        if (number(collection.id) < system_ids::kFirstFree) continue;
        SATCHEL_ASSIGN(const auto ids, store_.record_ids(collection.id));
        for (const RecordId& id : ids) {
            SATCHEL_ASSIGN(const auto record, store_.load(collection.id, id));
            if (!record) return {ErrorCode::corrupt, "record " + id.text() + " cannot be read"};
            alive_or_dead_.insert(id);
            if (is_dead(record->state, collection.delete_policy)) dead_.insert(id);
            take_state(id, record->state);
        }
    }
    judgement_.records = alive_or_dead_.size();
    judgement_.deleted = dead_.size();
    return {};
}

void Court::judge_cell(const Place& place, const CellStory& story) {
    // What everybody who was accepted had seen, and what those had seen whom they saw.
    std::set<std::string> replaced;
    std::vector<std::string> to_follow;
    for (const auto& [value, change] : story.accepted)
        to_follow.push_back(value);
    while (!to_follow.empty()) {
        const auto by = story.writes.find(to_follow.back());
        to_follow.pop_back();
        if (by == story.writes.end()) continue;
        for (const std::string& seen : by->second->seen)
            if (replaced.insert(seen).second) to_follow.push_back(seen);
    }
    const std::set<std::string>& standing = standing_[place];
    for (const auto& [value, change] : story.accepted) {
        const bool gone_rightly = replaced.contains(value);
        if (gone_rightly) ++judgement_.values_replaced;
        if (!standing.contains(value) && !gone_rightly)
            violate(place, value + " of the change " + change + " is gone, and nobody replaced it");
        if (standing.contains(value) && gone_rightly)
            violate(place, value + " of the change " + change + " stands, though it was replaced");
    }
    for (const std::string& value : standing)
        if (!story.accepted.contains(value))
            violate(place, value + " stands there, and nobody wrote it, or it was refused");
}

void Court::judge_set(const Place& place, const SetStory& story) {
    const std::set<std::string>& standing = standing_[place];
    for (const auto& [element, change] : story.added)
        if (standing.contains(element) == story.dropped.contains(element))
            violate(place, element + " of the change " + change +
                               (standing.contains(element) ? " stands, though it was taken out"
                                                           : " is gone, and nobody took it out"));
    for (const std::string& element : standing)
        if (!story.added.contains(element)) violate(place, element + " was never added");
}

void Court::conclude() {
    for (const auto& [place, story] : cells_) {
        if (!story.accepted.empty() && !alive_or_dead_.contains(place.first))
            violate(place, "there is no such record");
        judge_cell(place, story);
    }
    for (const auto& [place, story] : sets_)
        judge_set(place, story);
    for (const auto& [place, sum] : sums_) {
        ++judgement_.counters;
        if (totals_[place] != sum)
            violate(place, "the counter shows " + std::to_string(totals_[place]) +
                               ", its steps are " + std::to_string(sum));
    }
    for (const RecordId& id : dead_)
        if (!removed_.contains(id)) violate({id, 0}, "is deleted, and nobody deleted it");
}

}  // namespace

Result<Judgement> judge(storage::SqliteServerStore& store,
                        const std::vector<Testimony>& testimonies) {
    Judgement judgement;
    Court court(store, judgement);
    SATCHEL_TRY(store.begin_read());
    for (const Testimony& testimony : testimonies)
        for (const Attempt& attempt : testimony.attempts)
            SATCHEL_TRY(court.hear(testimony.replica, attempt));
    SATCHEL_TRY(court.look_at_records());
    SATCHEL_TRY(store.commit());
    court.conclude();
    return judgement;
}

}  // namespace satchel::soak
