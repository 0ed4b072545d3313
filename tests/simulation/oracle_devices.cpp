// What must hold of a device: after every session, and against the server at the end.
#include <algorithm>

#include "sync/page.hpp"
#include "tests/simulation/oracle.hpp"
#include "tests/simulation/workload.hpp"

namespace satchel::simulation {
namespace {

SyncState state_of(DeviceNode& device) {
    const auto state = device.replica().sync_state();
    require(state, "device reads", device.name());
    return *state;
}

std::string collection_name(DeviceNode& device, CollectionId collection) {
    const Collection* known = device.replica().schema()->find(collection);
    if (known == nullptr)
        throw Violation{"I-1 strong convergence", device.name() + " does not know the collection " +
                                                      std::to_string(number(collection))};
    return known->name;
}

std::vector<std::string> established(const SyncState& state) {
    std::vector<std::string> scopes;
    std::set_difference(state.scopes.begin(), state.scopes.end(), state.loading.begin(),
                        state.loading.end(), std::back_inserter(scopes));
    return scopes;
}

std::string text(const Sibling& sibling) {
    std::string text = sibling.dot.text() + " at " + sibling.stamp.text() + " rank " +
                       std::to_string(sibling.rank) + (sibling.system ? " system" : "") +
                       (sibling.late ? " late" : "");
    for (const Dot& dot : sibling.inherits)
        text += " inherits " + dot.text();
    for (const Value& value : sibling.values)
        text += " " + value.text_form().substr(0, 20);
    return text;
}

std::string text(const RecordState& state) {
    std::string all = "clock " + state.clock.text();
    for (const CellState& cell : state.cells) {
        all += "\n      cell " + std::to_string(number(cell.cell)) + ":";
        for (const Sibling& sibling : cell.siblings)
            all += " [" + text(sibling) + "]";
    }
    for (const SetState& set : state.sets)
        for (const SetElement& element : set.elements) {
            all += "\n      element " + element.element.text_form() + ":";
            for (const SetDot& dot : element.dots)
                all += " " + dot.dot.text() + (dot.system ? " system" : "");
        }
    for (const CounterState& counter : state.counters)
        for (const CounterPart& part : counter.parts)
            all += "\n      counter: " + part.last.text() + " person " +
                   std::to_string(part.last_person) + " +" + std::to_string(part.added) + " -" +
                   std::to_string(part.subtracted);
    for (const LifeMark& mark : state.life)
        all += "\n      life: " + mark.dot.text() + (mark.dead ? " dead, seen " : " alive ") +
               mark.seen.text();
    return all;
}

std::string difference(const RecordState& here, const RecordState& there) {
    return "\n    here:  " + text(here) + "\n    head office: " + text(there);
}

}  // namespace

void Oracle::check_reply(const SyncReply& reply, const std::vector<std::string>& caller_scopes) {
    for (const RepairItem& item : reply.repair_items) {
        const ServerRow* row = server_.row(item.id);
        if (row == nullptr || !meet(scopes_of(*row), caller_scopes))
            throw Violation{"I-7 confidentiality", "a comparison names the record " +
                                                       item.id.text() +
                                                       " to somebody who may not see it"};
    }
    if (reply.checkpoint)
        for (const ScopeSum& sum : reply.checkpoint->scopes)
            if (!meet({sum.scope}, caller_scopes))
                throw Violation{"I-7 confidentiality",
                                "somebody is told the sum of " + sum.scope + ", not held"};
    for (const Bytes& page : reply.pages) {
        const auto reader = PageReader::open(page);
        require(reader, "I-3 no invention", "a page of head office cannot be read");
        const Status visited = reader->visit([&](const PageRow& sent) -> Status {
            const ServerRow* row = server_.row(sent.id);
            if (row != nullptr && meet(scopes_of(*row), caller_scopes)) return {};
            std::string why = row == nullptr ? " is gone" : " has the scopes";
            for (const std::string& scope :
                 row == nullptr ? std::vector<std::string>{} : scopes_of(*row))
                why += " " + scope;
            throw Violation{
                "I-7 confidentiality",
                "record " + sent.id.text() + " was sent to somebody who may not see it: it" + why};
        });
        require(visited, "I-3 no invention", "a page of head office cannot be read");
    }
}

// The device's confirmed state of one record that it must have.
void Oracle::check_confirmed(DeviceNode& device, const ServerRow& row, bool exactly) {
    const auto view = device.replica().record(collection_name(device, row.collection), row.id);
    const std::string who = device.name() + ", record " + row.id.text() + " (seq " +
                            std::to_string(number(row.record.seq)) + ")";
    if (!view) throw Violation{"I-11 cursor safety", who + " is missing: " + view.error().message};
    if (view->seq != row.record.seq)
        throw Violation{"I-11 cursor safety",
                        who + " has the seq " + std::to_string(number(view->seq)) + " there"};
    if (encode_state(view->confirmed) != encode_state(row.record.state))
        throw Violation{
            "I-1 strong convergence",
            who + ": the confirmed state differs" + difference(view->confirmed, row.record.state)};
    if (!exactly) return;
    if (encode_state(view->state) != encode_state(row.record.state) || view->dead != row.dead)
        throw Violation{"I-1 strong convergence", who + ": what is shown differs" +
                                                      difference(view->state, row.record.state)};
}

void Oracle::check_nothing_else(DeviceNode& device, const SyncState& state) {
    std::vector<std::pair<std::string, std::string>> tables{
        {"deal", "deal"},
        {"visit", "visit"},
        {"deal", "_dead WHERE collection = 100"},
        {"visit", "_dead WHERE collection = 101"},
    };
    for (const auto& [collection, table] : tables) {
        const auto here = ids_of(device.replica(), table);
        require(here, "device reads", table);
        for (const RecordId& id : *here) {
            const ServerRow* row = server_.row(id);
            if (row != nullptr && meet(scopes_of(*row), state.scopes)) continue;
            if (row != nullptr && row->record.seq > state.cursor) continue;
            const auto view = device.replica().record(collection, id);
            require(view, "device reads", id.text());
            if (view->pending && !view->confirmed.exists()) continue;  // its own, not sent yet
            const bool pruned_later = row == nullptr && server_.store().head() > state.cursor;
            if (pruned_later) continue;
            throw Violation{"I-7 confidentiality",
                            device.name() + " holds the record " + id.text() +
                                (row == nullptr ? ", which head office has not"
                                                : ", which is in none of its scopes")};
        }
    }
}

void Oracle::check_session(DeviceNode& device) {
    const SyncState state = state_of(device);
    if (state.epoch != server_.store().epoch() || device.revoked) return;
    // Of a scope that does not add up the device knows, and repairs it with its next sync: the
    // repair's own pages may have been damaged, too.
    std::vector<std::string> held = established(state);
    const auto doubted = device.replica().scopes_to_repair();
    require(doubted, "device reads", device.name());
    std::erase_if(held, [&doubted](const std::string& scope) {
        return std::find(doubted->begin(), doubted->end(), scope) != doubted->end();
    });
    for (const ServerRow& row : server_.rows())
        if (row.record.seq <= state.cursor && meet(scopes_of(row), held))
            check_confirmed(device, row, false);
    check_nothing_else(device, state);
    if (doubted->empty()) check_pairs(device);
}

// Whether all values of `a` are on `other` too. After a restore one may be missing there, when what
// stands there names it, or what a copy of its author wrote under the same dot: nobody can tell
// which (docs/decisions/0013).
bool Oracle::is_other_half(const Marks& a, const Marks& b, const RecordId& other) const {
    const bool was_restored = server_.store().epoch() > 1;
    return std::all_of(a.begin(), a.end(), [&](const auto& mark) {
        if (b.contains(mark.first) || !was_restored) return b.contains(mark.first);
        const std::vector<Index>& written = history_.change_of(mark.second).operations;
        return std::any_of(written.begin(), written.end(), [&](Index twin) {
            return history_.operations()[twin].operation.record == other &&
                   std::any_of(b.begin(), b.end(), [&](const auto& standing) {
                       return history_.may_name(standing.second, twin);
                   });
        });
    });
}

void Oracle::check_pairs(DeviceNode& device) {
    if (history_.pairs.empty() || device.revoked) return;
    // After a log-out nothing is there but what waits, until the first answer says what there is.
    const SyncState state = state_of(device);
    if (!state.loading.empty() || established(state).empty()) return;
    const auto marks = [&](const RecordId& id, std::string& story) {
        Marks found;
        const auto view = device.replica().record("deal", id);
        const CellState* cell = view ? view->state.cell(ids::kMark) : nullptr;
        if (cell == nullptr) return found;
        story += "\n      " + id.text() + " clock " + view->state.clock.text();
        for (const Sibling& sibling : cell->siblings) {
            const Index by = history_.writer(id, ids::kMark, sibling, device.index);
            found.emplace(sibling.values.front(), by);
            story += " [" + text(sibling) + "]";
        }
        return found;
    };
    for (const auto& [first, second] : history_.pairs) {
        std::string story;
        const Marks a = marks(first, story), b = marks(second, story);
        if (!is_other_half(a, b, second) || !is_other_half(b, a, first))
            throw Violation{"I-10 atomic visibility",
                            device.name() + " shows one half of a change:" + story};
        if (!a.empty()) probes_.hit(Probe::pair_checked);
    }
}

void Oracle::check_device(DeviceNode& device) {
    const auto status = device.replica().status();
    require(status, "device reads", device.name());
    if (status->pending + status->held + status->parked != 0 || status->loading)
        throw Violation{"I-13 liveness", device.name() + " still has " +
                                             std::to_string(status->pending) + " pending, " +
                                             std::to_string(status->held) + " held, " +
                                             std::to_string(status->parked) + " parked changes" +
                                             (status->loading ? ", and is loading" : "")};
    const SyncState state = state_of(device);
    if (device.revoked) return;
    if (state.scopes != company_.scopes(device.person))
        throw Violation{"I-7 confidentiality", device.name() +
                                                   " holds other scopes than its "
                                                   "person's rights give"};
    if (state.cursor != server_.store().head())
        throw Violation{"I-13 liveness",
                        device.name() + " stands at " + std::to_string(number(state.cursor)) +
                            ", head office at " + std::to_string(number(server_.store().head()))};
    for (const ServerRow& row : server_.rows())
        if (meet(scopes_of(row), state.scopes)) check_confirmed(device, row, true);
    check_nothing_else(device, state);
    check_pairs(device);
    const auto here = device.replica().sums();
    require(here, "scope sums", device.name());
    const auto there = server_.store().sums(state.scopes);
    require(there, "scope sums", "head office");
    if (here->scopes != *there)
        throw Violation{"scope sums", device.name() + " adds its scopes up to something else"};
}

}  // namespace satchel::simulation
