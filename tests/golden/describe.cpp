#include "tests/golden/describe.hpp"

#include <algorithm>

#include "storage/text.hpp"
#include "tests/golden/company.hpp"

namespace satchel::golden {
namespace {

std::string number_text(std::uint64_t value) {
    return std::to_string(value);
}

std::string hex(const Digest& digest) {
    std::string out;
    for (const std::uint8_t byte : digest) {
        out += "0123456789abcdef"[byte >> 4U];
        out += "0123456789abcdef"[byte & 15U];
    }
    return out;
}

std::string describe(const Sibling& sibling) {
    std::string out = " " + sibling.dot.text() + " at " + sibling.stamp.text() + " rank " +
                      number_text(sibling.rank);
    if (sibling.system) out += " system";
    if (sibling.late) out += " late";
    for (const Dot& dot : sibling.inherits)
        out += " inherits " + dot.text();
    out += ":";
    for (const Value& value : sibling.values)
        out += " " + value.text_form();
    return out + ";";
}

std::string describe(const CellState& cell) {
    std::string out = "  cell " + number_text(number(cell.cell)) + ":";
    for (const Sibling& sibling : cell.siblings)
        out += describe(sibling);
    return out + "\n";
}

std::string describe(const SetState& set) {
    std::string out = "  set " + number_text(number(set.field)) + ":";
    for (const SetElement& element : set.elements) {
        out += " " + element.element.text_form();
        for (const SetDot& dot : element.dots)
            out += " " + dot.dot.text() + (dot.system ? " system" : "");
        out += ";";
    }
    return out + "\n";
}

std::string describe(const CounterState& counter) {
    std::string out = "  counter " + number_text(number(counter.field)) + ":";
    for (const CounterPart& part : counter.parts)
        out += " " + part.last.text() + " person " + number_text(part.last_person) + " +" +
               std::to_string(part.added) + " -" + std::to_string(part.subtracted) + ";";
    return out + "\n";
}

std::string describe(const RecordState& state) {
    std::string out = "  clock " + state.clock.text() + "\n";
    for (const CellState& cell : state.cells)
        out += describe(cell);
    for (const SetState& set : state.sets)
        out += describe(set);
    for (const CounterState& counter : state.counters)
        out += describe(counter);
    for (const LifeMark& mark : state.life)
        out += "  life: " + mark.dot.text() + (mark.dead ? " dead, saw " : " undeleted ") +
               mark.seen.text() + "\n";
    return out;
}

std::string describe(const storage::JournalEntry& entry) {
    return "entry " + std::to_string(entry.number) + " " + entry.id.text() + " " +
           Dot{entry.replica, entry.first_counter}.text() + "-" + number_text(entry.last_counter) +
           " at " + std::to_string(entry.committed_at) + " " + std::string(name(entry.state)) +
           " seq " + number_text(number(entry.seq)) + " reason " + std::string(name(entry.reason)) +
           " " + entry.detail + "\n";
}

std::string describe(const storage::RecordView& view, const std::string& collection) {
    std::string out = collection + " " + view.id.text() + " seq " + number_text(number(view.seq)) +
                      (view.dead ? " dead" : "") + (view.pending ? " pending" : "") + "\n  shown";
    for (const Value& value : view.shown)
        out += " " + value.text_form();
    out += "\n" + describe(view.state);
    if (view.confirmed == view.state) return out;
    return out + "  confirmed:\n" + describe(view.confirmed);
}

std::string describe(const LoggedChangeset& entry) {
    static constexpr const char* kKinds[] = {"accepted", "held", "quarantined", "alias"};
    const Verdict& verdict = entry.verdict;
    std::string out = "log " + Dot{entry.replica, entry.first_counter}.text() + "-" +
                      number_text(entry.last_counter) + " " + entry.id.text() + " received " +
                      std::to_string(entry.receipt) + " by " + entry.author.text() + " " +
                      kKinds[static_cast<std::size_t>(verdict.kind)] + " seq " +
                      number_text(number(verdict.seq)) + " at " + verdict.effective.text() +
                      " rank " + number_text(verdict.rank) + " reason " +
                      std::string(name(verdict.reason)) + " " + verdict.detail;
    if (verdict.original.counter != 0) out += " original " + verdict.original.text();
    return out + "\n  hash " + hex(entry.hash) + "\n";
}

std::string describe_place(storage::Replica& replica) {
    const auto state = must(replica.sync_state(), "its place");
    const auto status = must(replica.status(), "its status");
    std::string out = "replica " + status.replica.text() + " epoch " + number_text(state.epoch) +
                      " cursor " + number_text(number(state.cursor)) + " position " +
                      number_text(number(state.position.seq)) + " " + state.position.id.text() +
                      "\n";
    out += "chain " + Dot{state.replica, state.last_counter}.text() + " acknowledged " +
           number_text(state.acked_counter) + " sent " + number_text(state.sent_counter) +
           (state.closed ? " closed" : "") + (state.doubts_states ? " doubts" : "") + "\n";
    const auto head = must(replica.chain_hash(state.replica, state.last_counter), "its chain");
    out += "head " + (head ? hex(*head) : std::string("none")) + "\n";
    out += "pending " + number_text(status.pending) + " held " + number_text(status.held) +
           " refused " + number_text(status.not_accepted) + " conflicts " +
           number_text(status.conflicts) + " parked " + number_text(status.parked) + " oldest " +
           std::to_string(status.oldest_pending_at) + " last success " +
           std::to_string(status.last_success_at) + "\n";
    for (const ScopeSum& sum : must(replica.sums(), "its sums").scopes)
        out += "scope " + sum.scope + " " + number_text(sum.count) + " " +
               number_text(sum.checksum) + "\n";
    for (const std::string& scope : state.loading)
        out += "loading " + scope + "\n";
    for (const std::string& scope : must(replica.scopes_to_repair(), "what to repair"))
        out += "repair " + scope + "\n";
    for (const RecordId& id : must(replica.wanted(100), "what is wanted"))
        out += "wanted " + id.text() + "\n";
    return out + "server.url " + must(replica.setting("server.url"), "a setting") + "\n";
}

std::string describe_replicas(storage::SqliteServerStore& store) {
    std::string out;
    auto rows = must(store.database().prepare("SELECT id, incarnation FROM _replica ORDER BY 2, 1"),
                     "the replicas");
    while (must(rows.step(), "a replica")) {
        const ReplicaId id{static_cast<std::uint64_t>(rows.integer(0)),
                           static_cast<std::uint32_t>(rows.integer(1))};
        const KnownReplica known = *must(store.replica(id), "a replica");
        out += "replica " + Dot{id, known.high}.text() + " given " +
               number_text(number(known.cursor_given)) + " confirmed " +
               number_text(number(known.cursor_confirmed)) + " horizon " +
               number_text(must(store.horizon_counter(id), "its horizon")) + "\n";
        for (std::uint64_t counter = 1; counter <= known.high;) {
            const LoggedChangeset entry = *must(store.logged(id, counter), "the log");
            out += describe(entry);
            counter = entry.last_counter + 1;
        }
    }
    return out;
}

std::string describe_record(storage::SqliteServerStore& store, const Collection& collection,
                            const RecordId& id) {
    const ServerRecord record = *must(store.load(collection.id, id), "a record");
    std::string out = collection.name + " " + id.text() + " seq " +
                      number_text(number(record.seq)) +
                      (is_dead(record.state, collection.delete_policy) ? " dead" : "") + " made " +
                      number_text(number(record.created));
    for (const auto& [cell, seq] : record.cell_seqs)
        out += " cell " + number_text(number(cell)) + " " + number_text(number(seq));
    for (const std::string& scope : record.scopes)
        out += " in " + scope;
    out += "\n" + describe(record.state);
    for (const std::string& scope : {user_scope(li()), user_scope(wang()), pool_scope("north")}) {
        const auto left = must(store.departure(scope, id), "a departure");
        if (left)
            out += "  left " + scope + " seq " + number_text(number(left->seq)) + " at " +
                   std::to_string(left->at) + "\n";
    }
    return out;
}

std::string count_text(storage::SqliteServerStore& store, const char* of) {
    const std::string sql = std::string("SELECT count(*) FROM ") + of;
    return std::to_string(must(store.database().integer(sql), of));
}

std::string describe_figures(storage::SqliteServerStore& store) {
    const storage::ServerFigures figures = must(store.figures(), "the figures");
    return "workspace " + store.workspace() + " epoch " + number_text(figures.epoch) + " head " +
           number_text(number(figures.head)) + " own " + store.own_replica().text() +
           " restored at " + number_text(number(store.restored_head(1))) + "\naccepted " +
           number_text(figures.accepted) + " held " + number_text(figures.held) + " quarantined " +
           number_text(figures.quarantined) + " aliases " +
           count_text(store, "_log WHERE kind = 3") + " graves " + number_text(figures.graves) +
           " lost " + count_text(store, "_lost") + " records " + number_text(figures.records) +
           " dead " + number_text(figures.dead) + " conflicts " + count_text(store, "_conflict") +
           "\n";
}

}  // namespace

std::vector<RecordId> record_ids(storage::Database& database, const Collection& collection) {
    auto rows = must(database.prepare("SELECT id FROM " + storage::quoted(collection.name) +
                                      " UNION ALL SELECT id FROM _dead WHERE collection = " +
                                      std::to_string(number(collection.id))),
                     "the records");
    std::vector<RecordId> ids;
    while (must(rows.step(), "a record"))
        ids.push_back(must(RecordId::from_bytes(rows.blob(0)), "an id"));
    std::sort(ids.begin(), ids.end());
    return ids;
}

std::string describe(storage::Replica& replica) {
    std::string out = describe_place(replica);
    auto journal = must(replica.journal(1'000), "the journal");
    std::reverse(journal.begin(), journal.end());
    for (const storage::JournalEntry& entry : journal)
        out += describe(entry);
    for (const Collection& collection : replica.schema()->collections())
        for (const RecordId& id : record_ids(replica.database(), collection))
            out += describe(must(replica.record(collection.name, id), "a record"), collection.name);
    for (const storage::OpenConflict& conflict : must(replica.conflicts(), "the conflicts"))
        out += "conflict " + number_text(number(conflict.collection)) + " " +
               conflict.record.text() + " cell " + number_text(number(conflict.cell)) + "\n";
    return out;
}

std::string describe(storage::SqliteServerStore& store) {
    must(store.begin_read(), "reading the workspace");
    std::string out = describe_figures(store) + describe_replicas(store);
    for (const Collection& collection : store.schema()->collections())
        for (const RecordId& id : record_ids(store.database(), collection))
            out += describe_record(store, collection, id);
    const std::vector<std::string> scopes = {kEveryoneScope,      kHeadOfficeScope,
                                             pool_scope("north"), pool_scope("south"),
                                             user_scope(li()),    user_scope(wang())};
    for (const ScopeSum& sum : must(store.sums(scopes), "the sums"))
        out += "scope " + sum.scope + " " + number_text(sum.count) + " " +
               number_text(sum.checksum) + "\n";
    must(store.commit(), "reading the workspace");
    for (const auto& refused : must(store.quarantine(100, true), "the quarantine"))
        out += "quarantined " + std::to_string(refused.number) +
               (refused.adopted ? " adopted" : "") + "\n";
    return out;
}

}  // namespace satchel::golden
