#include "tests/simulation/causal.hpp"

#include <algorithm>

#include "tests/simulation/server_node.hpp"
#include "tests/simulation/workload.hpp"

namespace satchel::simulation {
Screen screen_of(DeviceNode& device, const History& history) {
    Screen screen;
    for (const char* collection : {"deal", "visit"}) {
        const Collection* known = device.replica().schema()->find(collection);
        const std::string dead = "_dead WHERE collection = " + std::to_string(number(known->id));
        for (const std::string& table : {std::string(collection), dead}) {
            const auto ids = ids_of(device.replica(), table);
            require(ids, "device reads", table);
            for (const RecordId& id : *ids) {
                const auto view = device.replica().record(collection, id);
                require(view, "device reads", id.text());
                if (view->confirmed.exists())
                    screen[id] = history.visible(id, view->state, device.index);
            }
        }
    }
    return screen;
}

void CausalChecker::Session::learn(const Known& known_now) {
    if (there.insert(known_now).second) known.push_back(known_now);
}

std::size_t CausalChecker::session_of(std::size_t device) {
    if (!current_.contains(device)) start(device, {});
    return current_.at(device);
}

void CausalChecker::start(std::size_t device, Session session) {
    session.device = device;
    current_[device] = sessions_.size();
    sessions_.push_back(std::move(session));
}

void CausalChecker::put_back(std::size_t device) {
    take_in_writes();
    start(device, {});
}

void CausalChecker::office_restored() {
    take_in_writes();
    since_restore_ = next_change_;
}

void CausalChecker::copied(std::size_t from, std::size_t to) {
    take_in_writes();
    start(to, sessions_[session_of(from)]);
}

void CausalChecker::leaves(std::size_t device) {
    take_in_writes();
    Session& session = sessions_[session_of(device)];
    session.safe = session.known.size();
}

void CausalChecker::power_lost(std::size_t device) {
    take_in_writes();
    Session session = sessions_[session_of(device)];
    session.known.resize(session.safe);
    session.there = {session.known.begin(), session.known.end()};
    start(device, std::move(session));
}

void CausalChecker::take_in_writes() {
    for (; next_change_ < history_.changes().size(); ++next_change_) {
        const KnownChange& change = history_.changes()[next_change_];
        if (change.device == kHeadOffice) continue;
        const std::size_t number = session_of(change.device);
        Session& session = sessions_[number];
        for (const Index index : change.operations)
            writes_[index] = {number, session.known.size()};
        for (const Index index : change.operations)
            for (const FieldId field : fields_of(history_.operations()[index].operation))
                session.learn({field, index});
    }
}

void CausalChecker::look(std::size_t device, std::uint64_t epoch, const Screen& screen,
                         bool complete) {
    take_in_writes();
    const std::uint64_t before = sessions_[session_of(device)].epoch;
    if (before != 0 && before != epoch) put_back(device);
    Session& session = sessions_[session_of(device)];
    session.epoch = epoch;
    check_own(session, screen);
    if (complete) check_others(session, screen);
    for (const auto& [record, seen] : screen)
        for (const auto& [field, operations] : seen) {
            if (is_element_key(field)) continue;  // an element may be taken out again
            for (const Index index : operations)
                if (wrote_there(index, field)) session.learn({field, index});
        }
}

void CausalChecker::check_own(const Session& session, const Screen& screen) {
    for (const Known& known : session.known)
        expect(session, known, screen,
               wrote(session, known.operation) ? "read your writes" : "monotonic reads");
}

// Of each session the last write on the screen: it brings all that the session knew before.
void CausalChecker::check_others(const Session& viewer, const Screen& screen) {
    std::map<std::size_t, std::size_t> brought;
    for (const auto& [record, seen] : screen)
        for (const auto& [field, operations] : seen) {
            if (is_element_key(field)) continue;
            if (attacked_there(seen, field)) continue;  // it claims to have seen what it likes
            for (const Index index : operations) {
                const auto place = writes_.find(index);
                if (place == writes_.end()) continue;
                std::size_t& most = brought[place->second.session];
                most = std::max(most, place->second.before);
            }
        }
    for (const auto& [number, count] : brought) {
        const Session& author = sessions_[number];
        if (author.epoch != viewer.epoch) continue;
        for (std::size_t i = 0; i < count; ++i) {
            const Index index = author.known[i].operation;
            const bool may_return = history_.operations()[index].change < since_restore_;
            if (may_return || history_.change_of(index).was_held) continue;
            expect(viewer, author.known[i], screen,
                   wrote(author, index) ? "monotonic writes" : "writes follow reads");
        }
    }
}

void CausalChecker::expect(const Session& viewer, const Known& known, const Screen& screen,
                           const std::string& guarantee) {
    const KnownOperation& operation = history_.operations()[known.operation];
    const auto shown = screen.find(operation.operation.record);
    if (shown == screen.end()) return;
    ++judged_;
    if (saw(shown->second, known.field, known.operation)) return;
    if (operation.original && saw(shown->second, known.field, *operation.original)) return;
    if (removed(known) || adopted_there(shown->second, known)) return;
    if (attacked_there(shown->second, known.field) || twin_there(shown->second, known)) return;
    if (!merged_(history_.changes()[operation.change])) return;
    if (went_with_refused(viewer, known) || named_there(shown->second, known)) return;
    std::string there;
    const auto field = shown->second.find(known.field);
    if (field != shown->second.end())
        for (const Index index : field->second)
            there += " #" + std::to_string(index);
    throw Violation{
        "I-9 session guarantees",
        guarantee + ": on device " + std::to_string(viewer.device) + ", record " +
            operation.operation.record.text() + ", field " + std::to_string(number(known.field)) +
            ": what the change " + history_.changes()[operation.change].id.text() +
            " wrote there is not on the screen, nor anything that had seen it; "
            "with what is under it there are" +
            (there.empty() ? " none" : there) +
            "; its history:" + history_.account(operation.operation.record, known.field)};
}

// An element that was taken out, or added anew, by somebody who had seen its adding.
bool CausalChecker::removed(const Known& known) const {
    const Operation& added = history_.operations()[known.operation].operation;
    const auto touches = [&](const Operation& later) {
        return std::any_of(added.sets.begin(), added.sets.end(), [&](const SetWrite& adding) {
            return adding.field == known.field &&
                   std::any_of(later.sets.begin(), later.sets.end(), [&](const SetWrite& write) {
                       return write.field == adding.field && write.element == adding.element;
                   });
        });
    };
    const std::vector<Index>& all = history_.of_record(added.record);
    return std::any_of(all.begin(), all.end(), [&](Index other) {
        const KnownOperation& later = history_.operations()[other];
        return saw(later.seen, known.field, known.operation) && touches(later.operation);
    });
}

// Written on the same device, or on a copy of it that has the refused change in its journal too.
bool CausalChecker::is_by_author_of(Index refused, Index later) const {
    const KnownChange& change = history_.change_of(refused);
    const std::size_t device = history_.change_of(later).device;
    return device == change.device || change.holders.contains(device);
}

bool CausalChecker::adopted_there(const Seen& seen, const Known& known) const {
    const auto there = seen.find(known.field);
    if (there == seen.end()) return false;
    const auto& copied = history_.operations()[known.operation].original;
    return std::any_of(there->second.begin(), there->second.end(), [&](Index index) {
        return (copied && is_by_author_of(*copied, index)) ||
               history_.operations()[index].original.has_value();
    });
}

bool CausalChecker::attacked_there(const Seen& seen, FieldId field) const {
    const auto there = seen.find(field);
    return there != seen.end() &&
           std::any_of(there->second.begin(), there->second.end(),
                       [&](Index index) { return history_.change_of(index).hostile; });
}

// What two copies of a device wrote under one dot may look the same: what is there may as well be
// the other one, with all that it had seen.
bool CausalChecker::twin_there(const Seen& seen, const Known& known) const {
    const auto there = seen.find(known.field);
    if (there == seen.end()) return false;
    const RecordId& record = history_.operations()[known.operation].operation.record;
    std::vector<Index> bearers = {known.operation};
    for (const Index later : history_.of_record(record))
        if (saw(history_.operations()[later].seen, known.field, known.operation))
            bearers.push_back(later);
    return std::any_of(there->second.begin(), there->second.end(), [&](Index index) {
        return std::any_of(bearers.begin(), bearers.end(), [&](Index bearer) {
            return index != bearer && history_.look_alike(index, bearer, known.field);
        });
    });
}

// After a restore the device had it on the screen only under what it wrote on top, and that was
// refused.
bool CausalChecker::went_with_refused(const Session& viewer, const Known& known) const {
    const KnownOperation& missing = history_.operations()[known.operation];
    if (missing.change >= since_restore_) return false;
    const std::vector<Index>& all = history_.of_record(missing.operation.record);
    return std::any_of(all.begin(), all.end(), [&](Index index) {
        const KnownOperation& later = history_.operations()[index];
        return wrote(viewer, index) && saw(later.seen, known.field, known.operation) &&
               !merged_(history_.changes()[later.change]);
    });
}

// After a restore: under a dot that two branches of its device have used, as an attacker does that
// goes on under its old name, or of who wrote on when it was refused.
bool CausalChecker::named_there(const Seen& seen, const Known& known) const {
    if (since_restore_ == 0) return false;
    if (history_.change_of(known.operation).hostile) return true;
    const auto there = seen.find(known.field);
    return there != seen.end() &&
           std::any_of(there->second.begin(), there->second.end(), [&](Index index) {
               return history_.may_name(index, known.operation) ||
                      history_.wrote_on(index, known.operation);
           });
}

// An attacker claims to have seen what it likes, under any field.
bool CausalChecker::wrote_there(Index index, FieldId field) const {
    const std::vector<FieldId> fields = fields_of(history_.operations()[index].operation);
    return std::find(fields.begin(), fields.end(), field) != fields.end();
}

bool CausalChecker::wrote(const Session& session, Index operation) const {
    return history_.change_of(operation).device == session.device;
}

}  // namespace satchel::simulation
