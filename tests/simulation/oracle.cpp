// What must hold of the server's state when everything is quiet.
#include "tests/simulation/oracle.hpp"

#include <algorithm>

#include "sync/chain.hpp"
#include "sync/limits.hpp"

namespace satchel::simulation {

bool meet(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    return std::any_of(a.begin(), a.end(), [&b](const std::string& scope) {
        return std::find(b.begin(), b.end(), scope) != b.end();
    });
}

namespace {

// Whether any operation of these is such.
template <typename Is>
bool any(const Seen& seen, const Is& is) {
    return std::any_of(seen.begin(), seen.end(), [&is](const auto& field) {
        return std::any_of(field.second.begin(), field.second.end(), is);
    });
}

// The last writer's value of a cell of one field; null when nobody wrote it.
Value last_written(const RecordState& state, FieldId cell) {
    const CellState* known = state.cell(cell);
    if (known == nullptr) return {};
    const auto last = std::max_element(
        known->siblings.begin(), known->siblings.end(), [](const Sibling& a, const Sibling& b) {
            return std::pair(a.stamp, a.dot) < std::pair(b.stamp, b.dot);
        });
    return last->values.front();
}

std::string dots(const CellState* cell) {
    if (cell == nullptr) return "nothing";
    std::string text;
    for (const Sibling& sibling : cell->siblings)
        text += (text.empty() ? "" : ", ") + sibling.dot.text() + " " +
                sibling.values.front().text_form();
    return text;
}

}  // namespace

std::vector<std::string> Oracle::scopes_of(const ServerRow& row, std::size_t depth) {
    if (depth > kMaxScopeDepth) return row.record.scopes;
    if (number(row.collection) < system_ids::kFirstFree) return {kEveryoneScope};
    std::set<std::string> scopes;
    if (row.collection == ids::kDeal) {
        const Value owner = last_written(row.record.state, ids::kOwner);
        const Value pool = last_written(row.record.state, ids::kPool);
        if (!owner.is_null()) scopes.insert(user_scope(*RecordId::from_bytes(owner.as_bytes())));
        if (!pool.is_null()) scopes.insert(pool_scope(pool.as_bytes()));
    } else {
        const Value deal = last_written(row.record.state, ids::kVisitDeal);
        const ServerRow* parent =
            deal.is_null() ? nullptr : server_.row(*RecordId::from_bytes(deal.as_bytes()));
        if (parent != nullptr) {
            const std::vector<std::string> of_parent = scopes_of(*parent, depth + 1);
            scopes.insert(of_parent.begin(), of_parent.end());
        } else {
            return row.record.scopes;  // its deal was pruned: nothing to go by
        }
    }
    if (scopes.empty()) scopes.insert(kHeadOfficeScope);
    return {scopes.begin(), scopes.end()};
}

// What a held changeset waits for, what that waits for, and so on.
std::string Oracle::waits_of(LoggedChangeset held) {
    std::string text;
    for (int depth = 0; depth < 8; ++depth) {
        const Dot dot = held.verdict.original;
        text += ": " + held.replica.text() + " " + std::to_string(held.first_counter) +
                " waits for " + dot.text();
        if (is_declared_lost(dot)) return text + ", declared lost";
        const auto next = server_.store().logged(dot.replica, dot.counter);
        if (!next || !*next) return text + ", which is not here";
        if ((*next)->verdict.kind != VerdictKind::held) return text + ", which was decided";
        held = **next;
    }
    return text;
}

bool Oracle::is_declared_lost(const Dot& dot) {
    const auto lost = server_.store().is_declared_lost(dot);
    require(lost, "head office reads", dot.text());
    return *lost;
}

void Oracle::read_verdicts() {
    accepted_.clear();
    require(server_.store().begin_read(), "head office reads", "begin");
    for (std::size_t i = 0; i < history_.changes().size(); ++i) {
        const KnownChange& change = history_.changes()[i];
        const auto logged =
            change.hostile ? server_.store().log_entry(change.first.replica, change.first.counter)
                           : server_.store().log_entry(change.replica, change.id);
        require(logged, "head office reads", "log");
        if (change.hostile && *logged && (*logged)->id != change.id) continue;  // before a restore
        if (!*logged) {
            if (!change.holders.empty() && !change.sent_again)
                throw Violation{"I-13 liveness", "change " + change.id.text() +
                                                     " is in the journal of device " +
                                                     std::to_string(*change.holders.begin()) +
                                                     ", and head office has never taken it"};
            continue;
        }
        if ((*logged)->verdict.kind == VerdictKind::held)
            throw Violation{"I-13 liveness", "change " + change.id.text() + " is held for ever" +
                                                 waits_of(**logged)};
        if ((*logged)->verdict.kind == VerdictKind::accepted) accepted_.insert(i);
    }
    graves_.clear();
    for (const KnownOperation& known : history_.operations()) {
        const auto grave = server_.store().in_grave(known.operation.record);
        require(grave, "head office reads", "graves");
        if (*grave) graves_.insert(known.operation.record);
    }
    require(server_.store().commit(), "head office reads", "commit");
}

void Oracle::check_server() {
    read_verdicts();
    for (std::size_t i = 0; i < history_.changes().size(); ++i)
        if (accepted(i)) check_kept(history_.changes()[i]);
    for (const ServerRow& row : server_.rows())
        if (number(row.collection) >= system_ids::kFirstFree) check_record(row);
    check_chains();
    check_audit();
    const Status sums = server_.store().check_sums();
    require(sums, "scope sums", "head office");
}

void Oracle::check_kept(const KnownChange& change) {
    for (const Index index : change.operations)
        check_operation_kept(index);
}

// Whether what `index` wrote in `field` was replaced by somebody who had seen it; `writes`: where.
// `perhaps`: head office adopted it, and the author of the refused original went on writing there;
// what of that counts as seen depends on what was on that screen between refusal and adoption; or
// two branches of its author's device have used its dot; or its author wrote on after a refusal.
Oracle::Replaced Oracle::replaced(Index index, FieldId field,
                                  const std::function<bool(const Operation&)>& writes) {
    const KnownOperation& known = history_.operations()[index];
    Replaced result{Seeing::no, index};
    for (const Index other : history_.of_record(known.operation.record)) {
        const KnownOperation& later = history_.operations()[other];
        if (other == index || !accepted(later.change) || !writes(later.operation)) continue;
        if (saw(later.seen, field, index)) return {Seeing::yes, other};
        const bool adopted = known.original && author(other) == author(index);
        const bool moved = history_.may_name(other, index) || history_.wrote_on(other, index);
        if (adopted || (server_.store().epoch() > 1 && moved)) result = {Seeing::perhaps, other};
    }
    return result;
}

// What it had seen was declared lost, and may have come back under other dots since: then it stands
// beside it, which nobody can know any more. So does what was written on top of it.
bool Oracle::built_on_lost(Index index) {
    const auto names_lost = [this](Index each) {
        const std::vector<Dot> seen = history_.operations()[each].operation.clock.entries();
        return std::any_of(seen.begin(), seen.end(),
                           [this](const Dot& dot) { return is_declared_lost(dot); });
    };
    if (names_lost(index)) return true;
    return any(history_.operations()[index].seen, names_lost);
}

// What `by` had seen is under another name now, and head office could not know. Or a restore took
// it off the author's screen, where only what he had written on top of it stayed, and that was
// refused.
bool Oracle::names_may_have_moved(Index by, Index seen) {
    if (built_on_lost(by)) return true;
    if (server_.store().epoch() <= 1) return false;
    return history_.may_name(by, seen) || any(history_.operations()[by].seen, [&](Index between) {
               const KnownOperation& on_top = history_.operations()[between];
               return author(between) == author(by) && !accepted(on_top.change) &&
                      saw(on_top.seen, seen);
           });
}

// The device whose person wrote it first.
std::uint64_t Oracle::author(Index index) {
    const KnownOperation& known = history_.operations()[index];
    return known.original ? author(*known.original) : history_.change_of(index).replica;
}

// I-2: every value is there, or was replaced by a write whose author had seen it.
void Oracle::check_operation_kept(Index index) {
    const KnownOperation& known = history_.operations()[index];
    const Operation& operation = known.operation;
    if (graves_.contains(operation.record)) return;
    // After a restore an attacker may use its dots a second time: to the loss of its own values.
    if (history_.changes()[known.change].hostile && server_.store().epoch() > 1) return;
    const ServerRow* row = server_.row(operation.record);
    const std::string who = "change " + history_.changes()[known.change].id.text() + ", record " +
                            operation.record.text();
    if (row == nullptr) throw Violation{"I-2 no lost write", who + ": there is no such record"};
    for (const CellWrite& write : operation.cells) {
        if (operation.clock.empty() &&
            std::all_of(write.values.begin(), write.values.end(),
                        [](const Value& value) { return value.is_null(); }))
            continue;
        const CellState* cell = row->record.state.cell(write.cell);
        const bool there =
            cell != nullptr &&
            std::any_of(cell->siblings.begin(), cell->siblings.end(), [&](const Sibling& sibling) {
                return history_.writer(operation.record, write.cell, sibling) == index;
            });
        const Replaced by = replaced(index, write.cell, [&write](const Operation& later) {
            return written(later, write.cell) != nullptr;
        });
        if (there && by.seeing == Seeing::yes && names_may_have_moved(by.by, index)) continue;
        if (by.seeing != Seeing::perhaps && there == (by.seeing == Seeing::yes))
            throw Violation{there ? "I-19 no false conflict" : "I-2 no lost write",
                            who + ", cell " + std::to_string(number(write.cell)) + ": " +
                                write.values.front().text_form() +
                                (there ? " stands beside a write that had seen it, " +
                                             history_.change_of(by.by).id.text()
                                       : " is gone, and nobody replaced it") +
                                "; found " + dots(cell) + "; the cell's history:" +
                                history_.account(operation.record, write.cell)};
    }
    for (const SetWrite& write : operation.sets) {
        const Replaced by = replaced(index, write.field, [&write](const Operation& later) {
            return std::any_of(later.sets.begin(), later.sets.end(), [&](const SetWrite& each) {
                return each.field == write.field && each.element == write.element;
            });
        });
        if (!write.add || by.seeing != Seeing::no) continue;
        const SetState* set = row->record.state.set(write.field);
        const bool there =
            set != nullptr && std::any_of(set->elements.begin(), set->elements.end(),
                                          [&write](const SetElement& element) {
                                              return element.element == write.element;
                                          });
        if (!there)
            throw Violation{"I-2 no lost write", who + ": the element " +
                                                     write.element.text_form() +
                                                     " is gone, and nobody removed it"};
    }
}

void Oracle::check_record(const ServerRow& row) {
    if (history_.of_record(row.id).empty())
        throw Violation{"I-3 no invention", "nobody made the record " + row.id.text()};
    (void)history_.visible(row.id, row.record.state);  // throws when nobody wrote what is there
    check_stamps(row);
    check_no_false_conflict(row);
    check_counters(row);
    check_sets(row);
    check_life(row);
    const FieldId title = row.collection == ids::kDeal ? ids::kTitle : ids::kVisitTitle;
    if (row.record.state.cell(title) == nullptr)
        throw Violation{"I-5 well-formed", "record " + row.id.text() + " has no title"};
    std::vector<std::string> scopes = scopes_of(row);
    if (scopes != row.record.scopes) {
        std::string found;
        for (const std::string& scope : row.record.scopes)
            found += " " + scope;
        throw Violation{"I-7 confidentiality", "record " + row.id.text() + " has the scopes" +
                                                   found + ", its values say " + scopes.front()};
    }
}

// A clock that runs ahead wins nothing by it: head office bounds the effective times.
void Oracle::check_stamps(const ServerRow& row) {
    const std::int64_t latest = server_.clock().latest_ms() + kSkewMs;
    for (const CellState& cell : row.record.state.cells)
        for (const Sibling& sibling : cell.siblings)
            if (sibling.stamp.ms() > latest)
                throw Violation{"bounded clocks",
                                "record " + row.id.text() + ": " + sibling.dot.text() +
                                    " counts as written at " + sibling.stamp.text() + ", after " +
                                    std::to_string(latest)};
}

void Oracle::check_no_false_conflict(const ServerRow& row) {
    for (const CellState& cell : row.record.state.cells) {
        for (const Sibling& a : cell.siblings) {
            const Index writer = history_.writer(row.id, cell.cell, a);
            const KnownOperation& known = history_.operations()[writer];
            if (!accepted(known.change))
                throw Violation{"I-8 authority", "record " + row.id.text() + " shows " +
                                                     a.values.front().text_form() + " of change " +
                                                     history_.changes()[known.change].id.text() +
                                                     ", which was not accepted"};
            for (const Sibling& b : cell.siblings) {
                const Index other = history_.writer(row.id, cell.cell, b);
                if (saw(known.seen, cell.cell, other) && !names_may_have_moved(writer, other))
                    throw Violation{"I-19 no false conflict",
                                    "record " + row.id.text() + ", cell " +
                                        std::to_string(number(cell.cell)) + ": " + dots(&cell) +
                                        "; the author of " + a.dot.text() + " had seen " +
                                        b.dot.text()};
            }
        }
        if (cell.siblings.size() > 1) probes_.hit(Probe::conflict);
    }
}

// I-4: a counter is the sum of the distinct steps.
void Oracle::check_counters(const ServerRow& row) {
    std::map<FieldId, std::int64_t> sums;
    for (const Index index : history_.of_record(row.id)) {
        const KnownOperation& known = history_.operations()[index];
        if (!accepted(known.change)) continue;
        for (const CounterStep& step : known.operation.counters)
            sums[step.field] += step.step;
    }
    for (const auto& [field, sum] : sums) {
        const CounterState* counter = row.record.state.counter(field);
        const std::int64_t found = counter == nullptr ? 0 : total(*counter);
        if (found != sum)
            throw Violation{"I-4 exactly once", "record " + row.id.text() + ": the counter is " +
                                                    std::to_string(found) +
                                                    ", the accepted steps add up to " +
                                                    std::to_string(sum)};
    }
}

// Nothing removed is there: the adding of every element was not seen by an accepted removal.
void Oracle::check_sets(const ServerRow& row) {
    for (const SetState& set : row.record.state.sets)
        for (const SetElement& element : set.elements) {
            const FieldId key = element_key(set.field, element.element);
            for (const SetDot& dot : element.dots) {
                const Index adder = history_.adder(row.id, set.field, element.element, dot.dot);
                bool removed = false;
                for (const Index other : history_.of_record(row.id)) {
                    const KnownOperation& later = history_.operations()[other];
                    if (!accepted(later.change) || !saw(later.seen, key, adder)) continue;
                    if (names_may_have_moved(other, adder)) continue;
                    for (const SetWrite& write : later.operation.sets)
                        removed = removed || (!write.add && write.field == set.field &&
                                              write.element == element.element);
                }
                if (removed)
                    throw Violation{"I-6 no resurrection",
                                    "record " + row.id.text() + ": the element " +
                                        element.element.text_form() + " (" + dot.dot.text() +
                                        ") was removed by somebody who had seen it" +
                                        history_.account(row.id, set.field)};
            }
        }
}

// Deletions and undeletions that no later one had seen.
std::vector<Index> Oracle::last_marks(const RecordId& record) {
    const std::vector<KnownOperation>& operations = history_.operations();
    std::vector<Index> marks;
    for (const Index index : history_.of_record(record))
        if (accepted(operations[index].change) &&
            operations[index].operation.kind != OperationKind::write)
            marks.push_back(index);
    std::vector<Index> left;
    for (const Index mark : marks)
        if (std::none_of(marks.begin(), marks.end(),
                         [&](Index other) { return saw(operations[other].seen, kLife, mark); }))
            left.push_back(mark);
    return left;
}

// I-6, and that an edit which no deletion had seen keeps the record.
void Oracle::check_life(const ServerRow& row) {
    const std::vector<Index>& all = history_.of_record(row.id);
    const auto operation = [this](Index index) -> const KnownOperation& {
        return history_.operations()[index];
    };
    const std::vector<Index> left = last_marks(row.id);
    bool deleted = false, undeleted = false;
    std::vector<const Seen*> known_to_deleters;
    for (const Index mark : left) {
        const KnownOperation& known = operation(mark);
        (known.operation.kind == OperationKind::remove ? deleted : undeleted) = true;
        if (known.operation.kind == OperationKind::remove) known_to_deleters.push_back(&known.seen);
    }
    bool may_live = undeleted, must_live = undeleted;
    for (const Index index : all) {
        const KnownOperation& known = operation(index);
        if (!accepted(known.change) || !known.person) continue;
        const bool may_lack = server_.store().epoch() > 1;
        if (std::any_of(known_to_deleters.begin(), known_to_deleters.end(), [&](const Seen* seen) {
                return may_lack ? saw_whole(*seen, index, known.operation) : saw(*seen, index);
            }))
            continue;
        if (known.operation.kind != OperationKind::write) continue;
        may_live = true;
        if (std::any_of(known_to_deleters.begin(), known_to_deleters.end(),
                        [index](const Seen* seen) { return saw(*seen, index); }))
            continue;
        // What its author went on to write there may have replaced it, see replaced().
        const auto of_its_author = [&](Index other) { return author(other) == author(index); };
        const bool perhaps_known =
            known.original &&
            (std::any_of(left.begin(), left.end(), of_its_author) ||
             std::any_of(known_to_deleters.begin(), known_to_deleters.end(),
                         [&](const Seen* seen) { return any(*seen, of_its_author); }));
        must_live = must_live || (!perhaps_known && (!known.operation.cells.empty() ||
                                                     !known.operation.counters.empty()));
    }
    if (row.collection == ids::kVisit) may_live = must_live = false;  // delete_wins
    const bool dead = row.dead;
    if ((!deleted && dead) || (deleted && must_live && dead))
        throw Violation{"I-2 no lost write", "record " + row.id.text() +
                                                 " is dead, but somebody edited it who had not "
                                                 "seen the deletion (or nobody deleted it)" +
                                                 history_.account(row.id, kLife)};
    const bool of_lost =
        std::any_of(left.begin(), left.end(), [this](Index mark) { return built_on_lost(mark); });
    if (deleted && !may_live && !dead && !of_lost)
        throw Violation{"I-6 no resurrection", "record " + row.id.text() +
                                                   " lives, but it was deleted by somebody who "
                                                   "had seen every edit" +
                                                   history_.account(row.id, kLife)};
    if (deleted && !dead) probes_.hit(Probe::revived);
}

// I-15, and that what is in quarantine is what was written.
void Oracle::check_chains() {
    for (const ReplicaId replica : history_.replicas())
        check_chain(replica);
}

void Oracle::check_chain(ReplicaId replica) {
    Digest hash = chain_start(server_.services().hash, replica);
    Stamp stamp;
    for (std::uint64_t counter = 1;;) {
        const auto logged = server_.store().logged(replica, counter);
        require(logged, "head office reads", "log");
        if (!*logged) return;
        const LoggedChangeset& entry = **logged;
        hash = chain_link(server_.services().hash, hash, entry.bytes);
        if (history_.is_hostile(replica)) {  // all kinds of bytes, but chained
            if (entry.hash != hash || entry.first_counter != counter)
                throw Violation{"I-15 monotone identity", "an attacker broke its own chain"};
            counter = entry.last_counter + 1;
            continue;
        }
        const auto changeset = decode_changeset(entry.bytes);
        const bool fits = changeset && entry.first_counter == counter && entry.hash == hash &&
                          changeset->header.replica == replica &&
                          changeset->header.first_counter == counter &&
                          changeset->header.stamp > stamp;
        if (!fits)
            throw Violation{
                "I-15 monotone identity",
                "the chain of " + replica.text() + " is broken at " + std::to_string(counter)};
        if (!history_.knows(entry.id))
            throw Violation{"I-3 no invention", "head office has the change " + entry.id.text() +
                                                    " of " + replica.text() +
                                                    ", which nobody wrote"};
        const KnownChange& known = history_.change(entry.id);
        for (std::size_t i = 0; i < changeset->operations.size(); ++i) {
            Operation as_written = history_.operations()[known.operations[i]].operation;
            as_written.clock = changeset->operations[i].clock;  // changes when issued again
            if (as_written != changeset->operations[i])
                throw Violation{"I-3 no invention",
                                "the change " + entry.id.text() + " is not as it was written"};
        }
        stamp = changeset->header.stamp;
        counter = entry.last_counter + 1;
    }
}

}  // namespace satchel::simulation
