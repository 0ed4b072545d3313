// What an attacker sends, and that it changes nothing but its own.
#include <algorithm>

#include "tests/simulation/world.hpp"

namespace satchel::simulation {

Caller World::attacking() const {
    Caller caller;
    const Person& person = company_.person(attacker_->person);
    caller.replica = attacker_->replica_id;
    caller.user = person.id;
    caller.rank = person.rank;
    caller.scopes = company_.scopes(attacker_->person);
    return caller;
}

void World::attack(const Attacker::Message& message) {
    const Caller caller = attacking();
    const std::vector<ServerRow> before = server_.rows();
    const bool held_before = server_.store().has_held();
    log("the attacker " + message.what);
    const Answer answer = server_.handle(message.bytes, caller);
    probes_.hit(Probe::attacked);
    trace_.mix(answer.bytes);
    note_attack(answer);
    if (answer.reply) oracle_.check_reply(*answer.reply, caller.scopes);
    // What was held of others may have been decided with it.
    if (!held_before) check_attack(answer, before);
    attacker_->take(answer);
}

void World::note_attack(const Answer& answer) {
    if (answer.refusal) {
        log("head office answers the attacker: " + answer.bytes);
        const ErrorCode code = answer.refusal->code;
        probes_.hit(answer.request ? Probe::attack_refused_whole : Probe::attack_not_readable);
        const bool says_why = answer.request
                                  ? code == ErrorCode::invalid_argument ||
                                        code == ErrorCode::forbidden || code == ErrorCode::limit
                                  : code == ErrorCode::corrupt || code == ErrorCode::limit ||
                                        code == ErrorCode::newer_format;
        if (!says_why)
            throw Violation{"I-16 bounded resources",
                            "an attack makes head office fail: " + answer.refusal->message};
        return;
    }
    if (answer.reply->status == ReplyStatus::fork) probes_.hit(Probe::attack_forked);
    for (const Verdict& verdict : answer.reply->verdicts) {
        log("attacker's " + std::to_string(verdict.first_counter) + ": " +
            std::to_string(static_cast<int>(verdict.kind)) + " " +
            std::string(name(verdict.reason)) + " " + verdict.detail);
        if (verdict.kind == VerdictKind::held) probes_.hit(Probe::attack_held);
        if (verdict.kind == VerdictKind::quarantined) probes_.hit(Probe::attack_quarantined);
    }
    require(server_.store().begin_read(), "head office reads", "begin");
    for (const UploadedChangeset& sent : answer.request->changesets) {
        const auto changeset = decode_changeset(sent.bytes);
        const auto logged = server_.store().log_entry(answer.request->replica, sent.first_counter);
        require(logged, "head office reads", "log");
        const bool taken = changeset && *logged && (*logged)->id == changeset->header.id &&
                           changeset->header.replica == answer.request->replica &&
                           changeset->header.first_counter == sent.first_counter;
        if (taken) history_.record_hostile(*changeset);
    }
    require(server_.store().commit(), "head office reads", "commit");
}

// I-8, I-2: the records of others stand as they stood.
void World::check_attack(const Answer& answer, const std::vector<ServerRow>& before) {
    const std::vector<std::string> scopes = company_.scopes(attacker_->person);
    bool late = false;
    if (answer.reply)
        for (const Verdict& verdict : answer.reply->verdicts) {
            late = late || verdict.late;
            if (verdict.kind == VerdictKind::accepted) probes_.hit(Probe::attack_accepted);
        }
    for (const ServerRow& row : before) {
        if (meet(row.record.scopes, scopes) && number(row.collection) >= system_ids::kFirstFree)
            continue;
        const ServerRow* after = server_.row(row.id);
        const bool same = after != nullptr && after->record.seq == row.record.seq &&
                          after->record.state == row.record.state &&
                          after->record.scopes == row.record.scopes;
        if (!same && !late)
            throw Violation{"I-8 authority", "an attack changed the record " + row.id.text() +
                                                 ", which its person may not write"};
    }
    for (const ServerRow& row : server_.rows())
        if (!meet(row.record.scopes, scopes) &&
            std::none_of(before.begin(), before.end(),
                         [&row](const ServerRow& old) { return old.id == row.id; }))
            throw Violation{"I-8 authority", "an attack made the record " + row.id.text() +
                                                 " where its person may not write"};
}

}  // namespace satchel::simulation
